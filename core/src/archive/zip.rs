//! ZIP, read from front to back (PKWARE's APPNOTE 6.3.10; AES by WinZip's AE-1 and AE-2).
//!
//! Members are found by their local headers while they stream by; the central directory at the end is
//! held against what streamed. Readers differ in which of the two they believe, and a file made so that
//! they see different things is a way past a scanner: each difference is a finding.

use std::borrow::Cow;

use super::inflate::{Flow, Inflater};
use super::level::{Begin, Context, Outlet, name_key};
use super::{
    Damage, DirectoryField, Encryption, Finding, Kind, Limit, MemberKind, Method, le, name,
};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
const EXTRA_DATA: &[u8] = b"PK\x06\x08";
const SIGNATURE: &[u8] = b"PK\x05\x05";
/// The longest data descriptor: signature, CRC-32, two 64-bit sizes.
const DESCRIPTOR_MOST: usize = 24;
/// An APK's signing block, which stands before the central directory by its specification, ends so.
const APK_BLOCK: &[u8; 16] = b"APK Sig Block 42";

const ENCRYPTED: u64 = 1;
const HAS_DESCRIPTOR: u64 = 1 << 3;
const PATCH: u64 = 1 << 5;
const STRONG: u64 = 1 << 6;
const UTF8: u64 = 1 << 11;
const MASKED: u64 = 1 << 13;
/// Bits that no writer sets: 7 to 10 and 12 are unused, 14 and 15 reserved.
const UNUSED_FLAGS: u64 = 0b1101_0111_1000_0000;

/// What may be expected at this place of the stream.
enum State {
    /// A record with its signature.
    Record,
    /// Anything: a record is looked for, with the reason why.
    Seek {
        from: u64,
        why: Seek,
        tail: [u8; 16],
    },
    /// A stored member of known length: bytes left.
    Stored(u64),
    /// A deflated member, and the bytes left where its length is known.
    Deflated(Inflater, Option<u64>),
    /// Bytes that are not looked at: a member that cannot be read.
    Opaque(u64),
    /// A stored or unreadable member whose length stands behind it only.
    Scan,
    /// The data descriptor of the current member.
    Descriptor,
    /// The rest of a record that says nothing.
    Ignore(u64),
}

#[derive(Clone, Copy, PartialEq)]
enum Seek {
    /// No archive has begun yet.
    Prefix,
    /// What stands here belongs to nothing.
    Gap,
    /// The archive is damaged here, which has been told.
    Damage,
}

/// A member that streamed by.
struct Streamed {
    id: u32,
    /// Where its local header begins and its data ends, in the stream.
    offset: u64,
    end: u64,
    name: [u8; 16],
    method: u64,
    encrypted: bool,
    /// What is known of CRC-32, packed and unpacked size.
    crc: Option<u64>,
    packed: Option<u64>,
    unpacked: Option<u64>,
    listed: bool,
}

/// The member that is being read.
struct Current {
    /// The header's CRC-32 and sizes, which count where no descriptor follows.
    crc: u64,
    packed: u64,
    unpacked: u64,
    wide: bool,
    descriptor: bool,
    /// Whether its content is read: then the checks below are of everything.
    readable: bool,
    checksum: crc32fast::Hasher,
    taken: u64,
    given: u64,
}

pub(super) struct Zip {
    state: State,
    /// Bytes read ahead: a record until it is complete, at most 196 KB.
    buf: Vec<u8>,
    /// Where the first byte stands that is neither consumed nor in `buf`.
    read: u64,
    opened: bool,
    /// Where this archive begins: offsets in the directory count from here or from the stream's begin.
    start: u64,
    members: Vec<Streamed>,
    current: Option<Current>,
    /// Where the central directory begins.
    directory: Option<u64>,
    entries: u64,
    /// Entries, size and offset by the ZIP64 end record.
    end64: Option<[u64; 3]>,
    ended: bool,
}

impl Zip {
    /// A reader of a ZIP, or of something in the middle of which one may begin.
    pub(super) fn new(opened: bool) -> Self {
        let seek = State::Seek {
            from: 0,
            why: Seek::Prefix,
            tail: [0; 16],
        };
        Self {
            state: if opened { State::Record } else { seek },
            buf: Vec::new(),
            read: 0,
            opened,
            start: 0,
            members: Vec::new(),
            current: None,
            directory: None,
            entries: 0,
            end64: None,
            ended: false,
        }
    }

    /// Where `buf` begins.
    fn at(&self) -> u64 {
        self.read - self.buf.len() as u64
    }

    /// Has at least `want` bytes in `buf`, if there are as many.
    fn fill(&mut self, input: &mut &[u8], want: usize) -> bool {
        let missing = want.saturating_sub(self.buf.len()).min(input.len());
        let (now, later) = input.split_at(missing);
        self.buf.extend_from_slice(now);
        self.read += missing as u64;
        *input = later;
        self.buf.len() >= want
    }

    /// Takes up to `most` of the next bytes, those read ahead first.
    fn take<'a>(&mut self, input: &mut &'a [u8], most: u64) -> Cow<'a, [u8]> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if !self.buf.is_empty() {
            return Cow::Owned(self.buf.drain(..most.min(self.buf.len())).collect());
        }
        let (now, later) = input.split_at(most.min(input.len()));
        *input = later;
        self.read += now.len() as u64;
        Cow::Borrowed(now)
    }

    /// How many of the next bytes, those read ahead or the input's, certainly begin no signature.
    fn before_signature(&self, input: &[u8]) -> u64 {
        let bytes = if self.buf.is_empty() {
            input
        } else {
            &self.buf
        };
        let possible = |from: usize| match &bytes[from..] {
            [b'P', b'K', third @ (1 | 3 | 5 | 7), fourth, ..] => *fourth == third + 1,
            [b'P', b'K', 1 | 3 | 5 | 7] | [b'P', b'K'] | [b'P'] => true,
            _ => false,
        };
        (0..bytes.len())
            .find(|&from| possible(from))
            .unwrap_or(bytes.len()) as u64
    }

    pub(super) fn push(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, bytes: &[u8]) {
        let mut input = bytes;
        while !ctx.tally.stopped && self.step(ctx, out, &mut input) {}
    }

    /// One step; false when more bytes are wanted.
    fn step(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        match &mut self.state {
            State::Record => self.record(ctx, out, input),
            State::Seek { .. } => self.seek(ctx, out, input),
            State::Descriptor => {
                self.fill(input, DESCRIPTOR_MOST + 2) && {
                    self.descriptor(ctx, out);
                    true
                }
            }
            State::Scan => self.scan(ctx, out, input),
            State::Ignore(left) => {
                let left = *left;
                let taken = self.take(input, left).len() as u64;
                self.state = match left - taken {
                    0 => State::Record,
                    more => State::Ignore(more),
                };
                left == taken || taken > 0
            }
            State::Opaque(left) => {
                let left = *left;
                let taken = self.take(input, left).len() as u64;
                self.state = State::Opaque(left - taken);
                if let Some(current) = &mut self.current {
                    current.taken += taken;
                }
                if left == taken {
                    self.data_ended(ctx, out);
                }
                left == taken || taken > 0
            }
            State::Stored(left) => {
                let left = *left;
                let piece = self.take(input, left);
                let more = left - piece.len() as u64;
                self.state = State::Stored(more);
                if !self.give(ctx, out, &piece) {
                    self.state = State::Opaque(more);
                } else if more == 0 {
                    self.data_ended(ctx, out);
                }
                more == 0 || !piece.is_empty()
            }
            State::Deflated(..) => self.deflated(ctx, out, input),
        }
    }

    /// Gives a stored member's bytes on; false when no more are wanted.
    fn give(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, piece: &[u8]) -> bool {
        let Some(current) = &mut self.current else {
            return true;
        };
        current.taken += piece.len() as u64;
        if !current.readable {
            return true;
        }
        current.given += piece.len() as u64;
        current.checksum.update(piece);
        current.readable = out.data(ctx, piece);
        current.readable
    }

    fn deflated(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        let ratio = ctx.limits.ratio;
        let at = self.at();
        let (State::Deflated(inflater, left), Some(current)) = (&mut self.state, &mut self.current)
        else {
            return false;
        };
        let most = left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        // A search that went too far has read the first bytes ahead.
        let ahead = std::mem::take(&mut self.buf);
        let source = if ahead.is_empty() { *input } else { &ahead };
        let before = &source[..most.min(source.len())];
        let mut piece = before;
        let flow = inflater.push(&mut piece, ratio, |bytes| {
            current.checksum.update(bytes);
            out.data(ctx, bytes)
        });
        let taken = before.len() - piece.len();
        if ahead.is_empty() {
            *input = &input[taken..];
            self.read += taken as u64;
        } else {
            self.buf = ahead[taken..].to_vec();
        }
        current.taken = inflater.packed;
        current.given = inflater.unpacked;
        let left = left.map(|left| left - taken as u64);
        if let State::Deflated(_, kept) = &mut self.state {
            *kept = left;
        }
        match (flow, left) {
            (Flow::More, Some(0)) => {
                self.spoil(ctx, out, Damage::Deflate, at + taken as u64);
                self.skip(Some(0));
            }
            (Flow::More, _) => return !ahead.is_empty(),
            (Flow::Done, None | Some(0)) => self.data_ended(ctx, out),
            (Flow::Done, Some(rest)) => {
                // The bytes behind the end are nobody's; the content itself is whole.
                let id = self.members.last().map(|member| member.id);
                out.flawed(ctx, id, at + taken as u64, Damage::Leftover { bytes: rest });
                self.verify(ctx, out, None);
                self.skip(Some(rest));
            }
            (Flow::Failed, left) => {
                self.spoil(ctx, out, Damage::Deflate, at + taken as u64);
                if left.is_some() {
                    self.skip(left);
                } else {
                    self.seek_from(Seek::Damage);
                }
            }
            (Flow::TooDense, left) => {
                out.limit(ctx, Limit::Ratio);
                self.skip(left);
            }
            (Flow::Refused, left) => self.skip(left),
        }
        true
    }

    /// Goes over the rest of a member whose content is no longer wanted.
    fn skip(&mut self, left: Option<u64>) {
        if let Some(current) = &mut self.current {
            current.readable = false;
        }
        self.state = left.map_or(State::Scan, State::Opaque);
    }

    /// Tells a damage of the current member's bytes.
    fn spoil(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, damage: Damage, at: u64) {
        let id = self.members.last().map(|member| member.id);
        out.damaged(ctx, id, at, damage);
    }

    fn seek_from(&mut self, why: Seek) {
        let at = self.at();
        if let Some(member) = self.members.last_mut().filter(|_| self.current.is_some()) {
            member.end = at;
        }
        self.current = None;
        self.state = State::Seek {
            from: at,
            why,
            tail: [0; 16],
        };
    }

    fn data_ended(&mut self, ctx: &mut Context<'_>, out: &mut Outlet) {
        match &self.current {
            Some(current) if current.descriptor => self.state = State::Descriptor,
            Some(current) => {
                let told = [current.crc, current.packed, current.unpacked];
                self.verify(ctx, out, Some(told));
                self.close();
            }
            None => self.state = State::Record,
        }
    }

    /// Holds the content against the CRC-32 and the sizes that were told of it, and finishes it.
    fn verify(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, told: Option<[u64; 3]>) {
        let at = self.at();
        let (Some(current), Some(member)) = (&mut self.current, self.members.last_mut()) else {
            return;
        };
        let [crc, packed, unpacked] =
            told.unwrap_or([current.crc, current.packed, current.unpacked]);
        (member.crc, member.packed, member.unpacked) = (Some(crc), Some(packed), Some(unpacked));
        member.end = at;
        let id = Some(member.id);
        if !current.readable {
            return;
        }
        if unpacked != current.given {
            let (told, found) = (unpacked, current.given);
            out.flawed(ctx, id, at, Damage::Size { told, found });
        }
        // AE-2 has no CRC-32, but it is never readable.
        if crc != u64::from(current.checksum.clone().finalize()) {
            out.flawed(ctx, id, at, Damage::Checksum);
        }
        out.finish(ctx);
    }

    /// Ends the current member here.
    fn close(&mut self) {
        self.current = None;
        self.state = State::Record;
    }

    /// Reads the data descriptor, which has four forms and nothing that tells them apart but that its
    /// values must be right.
    fn descriptor(&mut self, ctx: &mut Context<'_>, out: &mut Outlet) {
        let Some(current) = &self.current else {
            return self.close();
        };
        let wide = current.wide;
        let forms = [(true, wide), (true, !wide), (false, wide), (false, !wide)];
        let fits = |&(signed, wide): &(bool, bool)| {
            let (told, length) = read_descriptor(&self.buf, signed, wide)?;
            let [crc, packed, unpacked] = told;
            let right = packed == current.taken
                && (!current.readable
                    || unpacked == current.given
                        && crc == u64::from(current.checksum.clone().finalize()));
            let next = &self.buf[length..];
            let followed = next.starts_with(b"PK") || next.is_empty();
            right.then_some((followed, told, length))
        };
        let found = forms.iter().filter_map(fits);
        // The stable maximum by "followed": the first form, unless only another one is followed.
        let best = found.fold(None, |best: Option<(bool, _, _)>, form| match best {
            Some(best) if best.0 || !form.0 => Some(best),
            _ => Some(form),
        });
        match best {
            Some((_, told, length)) => {
                self.buf.drain(..length);
                self.verify(ctx, out, Some(told));
                self.close();
            }
            None => {
                let (id, at) = (self.members.last().map(|member| member.id), self.at());
                out.flawed(ctx, id, at, Damage::Descriptor);
                // The content has an end of its own and was read up to it.
                if current.readable {
                    out.finish(ctx);
                }
                self.seek_from(Seek::Damage);
            }
        }
    }

    /// Looks for the descriptor that ends a member of unknown length.
    fn scan(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        let before = self.before_signature(input);
        if before > 0 {
            let piece = self.take(input, before);
            if !self.give(ctx, out, &piece) {
                self.skip(None);
            }
            return true;
        }
        if !self.fill(input, DESCRIPTOR.len()) {
            return false;
        }
        if self.buf.starts_with(DESCRIPTOR) {
            if !self.fill(input, DESCRIPTOR_MOST) {
                return false;
            }
            let Some(current) = &self.current else {
                return false;
            };
            for wide in [false, true] {
                let Some((told, length)) = read_descriptor(&self.buf, true, wide) else {
                    continue;
                };
                let [crc, packed, unpacked] = told;
                let right = packed == current.taken
                    && (!current.readable
                        || unpacked == current.given
                            && crc == u64::from(current.checksum.clone().finalize()));
                if right {
                    self.buf.drain(..length);
                    self.verify(ctx, out, Some(told));
                    self.close();
                    return true;
                }
            }
        }
        let piece = self.take(input, 1);
        if !self.give(ctx, out, &piece) {
            self.skip(None);
        }
        true
    }

    /// Looks for the next record.
    fn seek(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        let before = self.before_signature(input);
        if before > 0 {
            let passed = self.take(input, before);
            self.pass(&passed);
            return true;
        }
        if !self.fill(input, 4) {
            return false;
        }
        let (length, likely): (usize, fn(&[u8]) -> bool) = match &self.buf[..4] {
            LOCAL => (30, likely_local),
            CENTRAL if self.opened => (46, likely_central),
            END if self.opened => (22, |end| {
                le(end, 4, 2) == 0 && le(end, 8, 2) <= le(end, 10, 2)
            }),
            _ => (4, |_| false),
        };
        if !self.fill(input, length) {
            return false;
        }
        if !likely(&self.buf) {
            let passed: Vec<u8> = self.buf.drain(..1).collect();
            self.pass(&passed);
            return true;
        }
        let at = self.at();
        if let State::Seek { from, why, tail } = self.state {
            let bytes = at - from;
            if why == Seek::Gap && bytes > 0 && tail != *APK_BLOCK {
                out.finding(ctx, None, from, Finding::Gap { bytes });
            }
        }
        self.state = State::Record;
        true
    }

    /// Remembers the last 16 of the bytes that a search passes.
    fn pass(&mut self, passed: &[u8]) {
        if let State::Seek { tail, .. } = &mut self.state {
            let last = &passed[passed.len().saturating_sub(tail.len())..];
            tail.rotate_left(last.len());
            let start = tail.len() - last.len();
            tail[start..].copy_from_slice(last);
        }
    }

    fn record(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        if !self.fill(input, 4) {
            return false;
        }
        // A record's fixed length, and the places of the 16-bit lengths of what follows it.
        let (fixed, lengths): (usize, &[usize]) = match &self.buf[..4] {
            LOCAL => (30, &[26, 28]),
            CENTRAL => (46, &[28, 30, 32]),
            END => (22, &[20]),
            END64 => (56, &[]),
            LOCATOR64 => (20, &[]),
            EXTRA_DATA => (8, &[]),
            SIGNATURE => (6, &[4]),
            // The mark of an archive that was to be split and was not.
            DESCRIPTOR if self.at() == 0 => (4, &[]),
            _ => {
                self.seek_from(Seek::Gap);
                return true;
            }
        };
        if !self.fill(input, fixed) {
            return false;
        }
        let length = lengths
            .iter()
            .fold(fixed, |sum, &at| sum + le(&self.buf, at, 2) as usize);
        if !self.fill(input, length) {
            return false;
        }
        let record: Vec<u8> = self.buf.drain(..length).collect();
        let at = self.at() - length as u64;
        match &record[..4] {
            LOCAL => self.local(ctx, out, &record, at),
            CENTRAL => self.central(ctx, out, &record, at),
            END => self.end(ctx, out, &record, at),
            END64 => {
                self.end64 = Some([le(&record, 32, 8), le(&record, 40, 8), le(&record, 48, 8)]);
                // Its size counts from behind the size field itself.
                self.state = State::Ignore(le(&record, 4, 8).saturating_sub(44));
            }
            EXTRA_DATA => self.state = State::Ignore(le(&record, 4, 4)),
            _ => {}
        }
        true
    }

    fn local(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, record: &[u8], at: u64) {
        if self.ended {
            out.finding(ctx, None, at, Finding::Concatenated);
            let fresh = Self::new(true);
            let (buf, read) = (std::mem::take(&mut self.buf), self.read);
            *self = Self {
                buf,
                read,
                start: at,
                ..fresh
            };
        } else if !self.opened {
            self.opened = true;
            self.start = at;
            out.opened(ctx, Kind::Zip, at);
        }
        let entry = Entry::read(record, 4, 30);
        let extra = &record[30 + entry.name.len()..];
        let (mut packed, mut unpacked) = (entry.packed, entry.unpacked);
        let wide = widen(extra, &mut [&mut unpacked, &mut packed]);
        let (method, encryption) = entry.method(extra);
        let descriptor = entry.flags & HAS_DESCRIPTOR != 0;
        // With a descriptor the header's sizes are zero, or guesses.
        let told = |size| (!descriptor || size != 0).then_some(size);
        let patched = entry.flags & PATCH != 0;
        let supported = matches!(method, Method::Stored | Method::Deflate) && !patched;
        let readable = encryption.is_none() && supported;
        let text = entry.text(extra);
        let kind = match entry.name.last() {
            Some(b'/') => MemberKind::Directory,
            _ => MemberKind::File,
        };
        let is_file = kind == MemberKind::File;
        let begin = Begin {
            name: entry.name.to_vec(),
            text,
            kind,
            method,
            encryption,
            packed: told(packed),
            unpacked: told(unpacked),
            // An empty directory is no content; one that has bytes is.
            readable: readable && (is_file || packed != 0),
        };
        let Some(id) = out.begin(ctx, begin, at) else {
            return;
        };
        if !supported && encryption.is_none() {
            (ctx.emit)(super::Event::Unsupported { member: id, method });
        }
        self.members.push(Streamed {
            id,
            offset: at,
            end: u64::MAX,
            name: name_key(entry.name),
            method: entry.method,
            encrypted: entry.flags & ENCRYPTED != 0,
            crc: None,
            packed: None,
            unpacked: None,
            listed: false,
        });
        self.current = Some(Current {
            crc: entry.crc,
            packed,
            unpacked,
            wide,
            descriptor,
            readable,
            checksum: crc32fast::Hasher::new(),
            taken: 0,
            given: 0,
        });
        let unknown = descriptor && packed == 0;
        self.state = match method {
            // Not even the empty stream's two bytes: nothing there is nothing packed.
            _ if packed == 0 && unpacked == 0 && !descriptor => State::Stored(0),
            Method::Deflate if readable => {
                State::Deflated(Inflater::new(), (!descriptor).then_some(packed))
            }
            _ if unknown => State::Scan,
            Method::Stored if readable => State::Stored(packed),
            _ => State::Opaque(packed),
        };
    }

    fn central(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, record: &[u8], at: u64) {
        if !ctx.entry() {
            return;
        }
        self.directory.get_or_insert(at);
        self.entries += 1;
        let entry = Entry::read(record, 6, 46);
        let extra = &record[46 + entry.name.len()..][..le(record, 30, 2) as usize];
        let (mut packed, mut unpacked, mut offset) =
            (entry.packed, entry.unpacked, le(record, 42, 4));
        widen(extra, &mut [&mut unpacked, &mut packed, &mut offset]);
        // Offsets count from the archive's begin, unless whoever put something before it moved them.
        let places = [offset.saturating_add(self.start), offset];
        let members = &mut self.members;
        let found = places.iter().find_map(|place| {
            members
                .binary_search_by_key(place, |member| member.offset)
                .ok()
        });
        let shown = name::shown(&entry.text(extra));
        let Some(found) = found else {
            let before = members.partition_point(|member| member.offset < places[0]);
            let inside = before > 0 && places[0] < members[before - 1].end;
            let finding = if inside {
                Finding::Overlap { name: shown }
            } else {
                Finding::OnlyInDirectory { name: shown }
            };
            out.finding(ctx, None, at, finding);
            return;
        };
        let member = &mut members[found];
        let id = Some(member.id);
        if std::mem::replace(&mut member.listed, true) {
            out.finding(ctx, id, at, Finding::Overlap { name: shown });
            return;
        }
        let differs = |known: Option<u64>, listed| known.is_some_and(|known| known != listed);
        let masked = entry.flags & MASKED != 0;
        let fields = [
            (
                DirectoryField::Name,
                member.name != name_key(entry.name) && !masked,
            ),
            (DirectoryField::Method, member.method != entry.method),
            (
                DirectoryField::Encryption,
                member.encrypted != (entry.flags & ENCRYPTED != 0),
            ),
            (
                DirectoryField::Checksum,
                differs(member.crc, entry.crc) && !masked,
            ),
            (
                DirectoryField::Packed,
                differs(member.packed, packed) && !masked,
            ),
            (
                DirectoryField::Unpacked,
                differs(member.unpacked, unpacked) && !masked,
            ),
        ];
        for (field, differs) in fields {
            if differs {
                let name = shown.clone();
                out.finding(ctx, id, at, Finding::DirectoryDiffers { field, name });
            }
        }
        // The upper half of the external attributes is a Unix mode, if a Unix program wrote them.
        const UNIX: u64 = 3;
        if le(record, 5, 1) == UNIX && le(record, 40, 2) & 0o170_000 == 0o120_000 {
            out.finding(ctx, id, at, Finding::Symlink);
        }
    }

    fn end(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, record: &[u8], at: u64) {
        let [entries64, size64, offset64] = self.end64.map_or([None; 3], |end| end.map(Some));
        let field = |from, width: usize, wide: Option<u64>| {
            let value = le(record, from, width);
            let full = value == u64::MAX >> (64 - 8 * width);
            wide.filter(|_| full).unwrap_or(value)
        };
        let (told, found) = (field(10, 2, entries64), self.entries);
        if told != found {
            out.finding(ctx, None, at, Finding::DirectoryCount { told, found });
        }
        let (size, told) = (field(12, 4, size64), field(16, 4, offset64));
        let found = self.directory.unwrap_or(at);
        let place = found == told || found == told.saturating_add(self.start);
        if !place && self.entries > 0 || self.entries == 0 && size > 0 {
            out.finding(ctx, None, at, Finding::DirectoryElsewhere { told, found });
        }
        if record[22..].windows(END.len()).any(|window| window == END) {
            out.finding(ctx, None, at, Finding::SecondEnd);
        }
        for index in 0..self.members.len() {
            if !self.members[index].listed {
                let id = Some(self.members[index].id);
                out.finding(ctx, id, self.members[index].offset, Finding::NotInDirectory);
            }
        }
        self.ended = true;
    }

    pub(super) fn finish(&mut self, ctx: &mut Context<'_>, out: &mut Outlet) {
        if matches!(self.state, State::Descriptor) {
            self.descriptor(ctx, out);
        }
        if !self.opened || ctx.tally.stopped {
            return;
        }
        let (at, id) = (self.read, self.members.last().map(|member| member.id));
        match self.state {
            State::Record if self.ended && self.buf.is_empty() => {}
            State::Record if !self.buf.is_empty() && !self.ended => {
                out.damaged(ctx, None, at, Damage::Truncated);
            }
            State::Record | State::Seek { .. } if self.ended => {
                let from = match self.state {
                    State::Seek { from, .. } => from,
                    _ => self.at(),
                };
                let bytes = at - from;
                out.finding(ctx, None, from, Finding::Trailing { bytes });
            }
            State::Record | State::Seek { .. } => {
                out.damaged(ctx, None, at, Damage::NoDirectory);
            }
            State::Ignore(_) => out.damaged(ctx, None, at, Damage::Truncated),
            _ => out.damaged(ctx, id, at, Damage::Truncated),
        }
    }
}

/// The fields that local header and directory entry have in common, from `from` on.
struct Entry<'a> {
    flags: u64,
    method: u64,
    crc: u64,
    packed: u64,
    unpacked: u64,
    name: &'a [u8],
}

impl<'a> Entry<'a> {
    /// `from` is where "version needed" stands, `fixed` where the name begins.
    fn read(record: &'a [u8], from: usize, fixed: usize) -> Self {
        let length = le(record, from + 22, 2) as usize;
        Self {
            flags: le(record, from + 2, 2),
            method: le(record, from + 4, 2),
            crc: le(record, from + 10, 4),
            packed: le(record, from + 14, 4),
            unpacked: le(record, from + 18, 4),
            name: record.get(fixed..fixed + length).unwrap_or_default(),
        }
    }

    /// The real method and the encryption.
    fn method(&self, extra: &[u8]) -> (Method, Option<Encryption>) {
        const AES: u64 = 99;
        let aes = field(extra, 0x9901).filter(|aes| aes.len() >= 7);
        let method = match aes {
            Some(aes) if self.method == AES => le(aes, 5, 2),
            _ => self.method,
        };
        let encryption = match aes.map(|aes| le(aes, 4, 1)) {
            _ if self.flags & ENCRYPTED == 0 && self.method != AES => None,
            _ if self.flags & (STRONG | MASKED) != 0 => Some(Encryption::Strong),
            Some(1) => Some(Encryption::Aes128),
            Some(2) => Some(Encryption::Aes192),
            Some(3) => Some(Encryption::Aes256),
            _ if self.method == AES => Some(Encryption::Strong),
            _ => Some(Encryption::Traditional),
        };
        (Method::zip(method as u16), encryption)
    }

    /// The name as text: by Info-ZIP's Unicode path where that belongs to this name, by the flag, or
    /// in code page 437.
    fn text(&self, extra: &[u8]) -> String {
        let unicode = field(extra, 0x7075).filter(|unicode| {
            unicode.first() == Some(&1)
                && le(unicode, 1, 4) == u64::from(crc32fast::hash(self.name))
        });
        match unicode.and_then(|unicode| unicode.get(5..)) {
            Some(unicode) => name::utf8(unicode),
            None if self.flags & UTF8 != 0 => name::utf8(self.name),
            None => name::cp437(self.name),
        }
    }
}

/// The extra field with an id.
fn field(mut extra: &[u8], wanted: u64) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, length) = (le(extra, 0, 2), le(extra, 2, 2) as usize);
        let data = extra.get(4..4 + length)?;
        if id == wanted {
            return Some(data);
        }
        extra = &extra[4 + length..];
    }
    None
}

/// Replaces the sizes that are all ones by those of the ZIP64 field, in its order; true if there is
/// such a field.
fn widen(extra: &[u8], sizes: &mut [&mut u64]) -> bool {
    let Some(wide) = field(extra, 1) else {
        return false;
    };
    let mut values = wide.chunks_exact(8);
    for size in sizes.iter_mut().filter(|size| ***size == 0xffff_ffff) {
        if let Some(value) = values.next() {
            **size = le(value, 0, 8);
        }
    }
    true
}

/// CRC-32, packed and unpacked size of a data descriptor of one form, and its length.
fn read_descriptor(bytes: &[u8], signed: bool, wide: bool) -> Option<([u64; 3], usize)> {
    let start = if signed { 4 } else { 0 };
    let width = if wide { 8 } else { 4 };
    let length = start + 4 + 2 * width;
    if bytes.len() < length || signed && !bytes.starts_with(DESCRIPTOR) {
        return None;
    }
    let told = [
        le(bytes, start, 4),
        le(bytes, start + 4, width),
        le(bytes, start + 4 + width, width),
    ];
    Some((told, length))
}

/// Whether version, flags, method and name length are such as writers write.
fn likely(version: u64, flags: u64, method: u64, name: u64) -> bool {
    version <= 63
        && flags & UNUSED_FLAGS == 0
        && Method::zip(method as u16).name().is_some()
        && (1..=4096).contains(&name)
}

fn likely_local(header: &[u8]) -> bool {
    likely(
        le(header, 4, 2),
        le(header, 6, 2),
        le(header, 8, 2),
        le(header, 26, 2),
    )
}

/// Stricter than what readers take: a chance hit would swallow what follows as its name and comment.
fn likely_central(header: &[u8]) -> bool {
    let lengths = le(header, 30, 2) | le(header, 32, 2);
    likely(
        le(header, 6, 2),
        le(header, 8, 2),
        le(header, 10, 2),
        le(header, 28, 2),
    ) && le(header, 6, 2) >= 10
        && le(header, 34, 2) == 0
        && lengths <= 4096
}
