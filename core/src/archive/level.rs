//! One level of nesting: what kind of archive a stream is, and where its members' bytes go.

use std::collections::BTreeSet;

use super::gzip::Gzip;
use super::name::{flags, shown};
use super::tar::Tar;
use super::zip::Zip;
use super::{
    Content, Damage, Encryption, Event, Finding, Kind, Limit, Limits, MAX_DEPTH, Member,
    MemberKind, Method,
};
use crate::digest::{HEAD_BYTES, Hasher, file_type, sha256};

/// How many bytes are wanted before a stream's kind is decided: a tar header is 512 long.
const HEAD: usize = 512;

/// What was used up of the limits.
#[derive(Default)]
pub(super) struct Tally {
    members: u32,
    entries: u32,
    notes: u32,
    /// Bytes unpacked at each depth. One sum over all depths would be reached at another place
    /// when the stream is cut elsewhere, since an outer chunk is counted before the inner ones.
    unpacked: [u64; MAX_DEPTH as usize + 1],
    pub(super) stopped: bool,
}

/// What every level needs while it works.
pub(super) struct Context<'a> {
    pub(super) limits: &'a Limits,
    pub(super) tally: &'a mut Tally,
    pub(super) emit: &'a mut dyn FnMut(Event),
}

impl Context<'_> {
    /// Ends the reading for good.
    fn stop(&mut self, limit: Limit, member: Option<u32>) {
        if !self.tally.stopped {
            self.tally.stopped = true;
            (self.emit)(Event::Limit { limit, member });
        }
    }

    /// Counts one directory entry; false when there are too many.
    pub(super) fn entry(&mut self) -> bool {
        self.tally.entries += 1;
        if self.tally.entries > self.limits.members {
            self.stop(Limit::Members, None);
        }
        !self.tally.stopped
    }

    /// Tells a finding or a damage, of which a hostile stream can hold as many as it has bytes.
    fn note(&mut self, event: Event) {
        self.tally.notes += 1;
        if self.tally.notes > self.limits.members {
            self.stop(Limit::Members, None);
        }
        if !self.tally.stopped {
            (self.emit)(event);
        }
    }
}

/// What a parser knows about a member when it begins.
pub(super) struct Begin {
    pub(super) name: Vec<u8>,
    pub(super) text: String,
    pub(super) kind: MemberKind,
    pub(super) method: Method,
    pub(super) encryption: Option<Encryption>,
    pub(super) packed: Option<u64>,
    pub(super) unpacked: Option<u64>,
    /// Whether its bytes will come.
    pub(super) readable: bool,
}

/// Where a parser's members go.
pub(super) struct Outlet {
    /// The member whose content the parser reads; none for the outermost.
    pub(super) archive: Option<u32>,
    /// How many archives are around the members.
    depth: u8,
    /// The shown names of the members around.
    path: Vec<String>,
    names: BTreeSet<[u8; 16]>,
    kind: Kind,
    open: Option<Box<Open>>,
}

/// A member whose bytes are coming.
struct Open {
    id: u32,
    hasher: Hasher,
    head: Vec<u8>,
    size: u64,
    level: Level,
}

/// A name's key: 128 bits that nobody can make collide.
pub(super) fn name_key(name: &[u8]) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&sha256(name).as_bytes()[..16]);
    key
}

impl Outlet {
    /// Says that an archive begins here.
    pub(super) fn opened(&mut self, ctx: &mut Context<'_>, kind: Kind, at: u64) {
        self.kind = kind;
        (ctx.emit)(Event::Opened {
            kind,
            archive: self.archive,
            at,
        });
    }

    /// Begins a member and gives its id; none when that is one too many.
    pub(super) fn begin(&mut self, ctx: &mut Context<'_>, begin: Begin, at: u64) -> Option<u32> {
        let id = ctx.tally.members;
        if id >= ctx.limits.members {
            ctx.stop(Limit::Members, None);
            return None;
        }
        ctx.tally.members += 1;
        let mut path = self.path.clone();
        path.push(shown(&begin.text));
        let mut odd = flags(&begin.text);
        if let MemberKind::Symlink { target } | MemberKind::Hardlink { target } = &begin.kind {
            let of_target = flags(target);
            odd.extend(
                of_target
                    .into_iter()
                    .filter(|flag| !odd.contains(flag))
                    .collect::<Vec<_>>(),
            );
        }
        let duplicate = !self.names.insert(name_key(&begin.name));
        (ctx.emit)(Event::Begun(Member {
            id,
            archive: self.archive,
            container: self.kind,
            depth: self.depth,
            path: path.clone(),
            name: begin.name,
            kind: begin.kind,
            flags: odd,
            method: begin.method,
            encryption: begin.encryption,
            packed: begin.packed,
            unpacked: begin.unpacked,
        }));
        if duplicate {
            self.finding(ctx, Some(id), at, Finding::DuplicateName);
        }
        if begin.readable {
            self.open = Some(Box::new(Open {
                id,
                hasher: Hasher::new(),
                head: Vec::new(),
                size: 0,
                level: Level::new(Some(id), self.depth + 1, path),
            }));
        }
        Some(id)
    }

    /// Gives the open member's next bytes; false when it has reached a limit and wants no more.
    pub(super) fn data(&mut self, ctx: &mut Context<'_>, bytes: &[u8]) -> bool {
        let Some(open) = &mut self.open else {
            return !ctx.tally.stopped;
        };
        // Up to the limit exactly, wherever the stream is cut.
        let unpacked = &mut ctx.tally.unpacked[usize::from(self.depth.min(MAX_DEPTH))];
        let total = ctx.limits.unpacked.saturating_sub(*unpacked);
        let own = ctx.limits.member.saturating_sub(open.size);
        let allowed = usize::try_from(total.min(own)).unwrap_or(usize::MAX);
        let taken = &bytes[..bytes.len().min(allowed)];
        *unpacked += taken.len() as u64;
        open.size += taken.len() as u64;
        open.hasher.update(taken);
        if open.head.len() < HEAD_BYTES {
            let missing = taken.len().min(HEAD_BYTES - open.head.len());
            open.head.extend_from_slice(&taken[..missing]);
        }
        open.level.push(ctx, taken);
        if taken.len() < bytes.len() {
            let id = Some(open.id);
            if total <= own {
                ctx.stop(Limit::Unpacked, id);
            } else {
                self.limit(ctx, Limit::Member);
            }
            return false;
        }
        !ctx.tally.stopped
    }

    /// Gives the open member up because of a limit of its own.
    pub(super) fn limit(&mut self, ctx: &mut Context<'_>, limit: Limit) {
        if let Some(open) = self.open.take() {
            (ctx.emit)(Event::Limit {
                limit,
                member: Some(open.id),
            });
        }
    }

    /// All of the open member's bytes came.
    pub(super) fn finish(&mut self, ctx: &mut Context<'_>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        open.level.finish(ctx);
        if !ctx.tally.stopped {
            (ctx.emit)(Event::Finished(Content {
                member: open.id,
                depth: self.depth,
                digests: open.hasher.finish(),
                file_type: file_type(&open.head),
            }));
        }
    }

    /// Tells a damage and gives the open member up.
    pub(super) fn damaged(
        &mut self,
        ctx: &mut Context<'_>,
        member: Option<u32>,
        at: u64,
        damage: Damage,
    ) {
        self.open = None;
        self.flawed(ctx, member, at, damage);
    }

    /// Tells a damage that leaves the member's bytes readable.
    pub(super) fn flawed(
        &mut self,
        ctx: &mut Context<'_>,
        member: Option<u32>,
        at: u64,
        damage: Damage,
    ) {
        let archive = self.archive;
        ctx.note(Event::Damaged {
            archive,
            member,
            at,
            damage,
        });
    }

    /// Tells a finding.
    pub(super) fn finding(
        &mut self,
        ctx: &mut Context<'_>,
        member: Option<u32>,
        at: u64,
        finding: Finding,
    ) {
        let archive = self.archive;
        ctx.note(Event::Finding {
            archive,
            member,
            at,
            finding,
        });
    }
}

/// A stream that may be an archive.
pub(super) struct Level {
    format: Format,
    outlet: Outlet,
}

enum Format {
    /// Not enough bytes yet to tell.
    Undecided(Vec<u8>),
    /// Not looked into.
    Closed,
    /// A ZIP, or anything else: a ZIP may begin in the middle of it.
    Zip(Box<Zip>),
    Gzip(Box<Gzip>),
    Tar(Box<Tar>),
}

impl Level {
    pub(super) fn new(archive: Option<u32>, depth: u8, path: Vec<String>) -> Self {
        Self {
            format: Format::Undecided(Vec::new()),
            outlet: Outlet {
                archive,
                depth,
                path,
                names: BTreeSet::new(),
                kind: Kind::Zip,
                open: None,
            },
        }
    }

    /// Takes the stream's next bytes. Goes at most [`MAX_DEPTH`] calls deep.
    pub(super) fn push(&mut self, ctx: &mut Context<'_>, bytes: &[u8]) {
        let mut rest = bytes;
        if let Format::Undecided(head) = &mut self.format {
            let (now, later) = rest.split_at(rest.len().min(HEAD - head.len()));
            head.extend_from_slice(now);
            rest = later;
            if head.len() < HEAD {
                return;
            }
            self.decide(ctx);
        }
        self.parse(ctx, rest);
    }

    fn parse(&mut self, ctx: &mut Context<'_>, bytes: &[u8]) {
        if ctx.tally.stopped {
            return;
        }
        match &mut self.format {
            Format::Undecided(_) | Format::Closed => {}
            Format::Zip(zip) => zip.push(ctx, &mut self.outlet, bytes),
            Format::Gzip(gzip) => gzip.push(ctx, &mut self.outlet, bytes),
            Format::Tar(tar) => tar.push(ctx, &mut self.outlet, bytes),
        }
    }

    fn decide(&mut self, ctx: &mut Context<'_>) {
        let Format::Undecided(head) = &mut self.format else {
            return;
        };
        let head = std::mem::take(head);
        let kind = super::kind(&head);
        self.format = if self.outlet.depth > ctx.limits.depth.min(MAX_DEPTH) {
            if kind.is_some() {
                (ctx.emit)(Event::Limit {
                    limit: Limit::Depth,
                    member: self.outlet.archive,
                });
            }
            Format::Closed
        } else {
            match kind {
                Some(Kind::Gzip) => Format::Gzip(Box::default()),
                Some(Kind::Tar) => Format::Tar(Box::default()),
                Some(Kind::Zip) => Format::Zip(Box::new(Zip::new(true))),
                None => Format::Zip(Box::new(Zip::new(false))),
            }
        };
        if let Some(kind) = kind
            && !matches!(self.format, Format::Closed)
        {
            self.outlet.opened(ctx, kind, 0);
        }
        self.parse(ctx, &head);
    }

    /// The stream has ended.
    pub(super) fn finish(&mut self, ctx: &mut Context<'_>) {
        self.decide(ctx);
        if ctx.tally.stopped {
            return;
        }
        match &mut self.format {
            Format::Undecided(_) | Format::Closed => {}
            Format::Zip(zip) => zip.finish(ctx, &mut self.outlet),
            Format::Gzip(gzip) => gzip.finish(ctx, &mut self.outlet),
            Format::Tar(tar) => tar.finish(ctx, &mut self.outlet),
        }
    }
}
