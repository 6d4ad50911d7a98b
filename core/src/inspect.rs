//! A file that streams by, looked at from all sides that need nobody else: its address, its name,
//! what its bytes are, and what is in it if it is an archive.
//!
//! It says what was noticed ([`Told`]) and which members of an archive are worth a look-up by their
//! hashes. It judges nothing.

use std::collections::BTreeMap;

use crate::archive::{self, Event, Limit, Limits, MemberKind, NameFlag};
use crate::deception::{Protected, check_file_name, check_url};
use crate::digest::{
    FileType, HEAD_BYTES, NameCheck, RunsOn, check_name, ending, file_type, runs_when_opened,
};
use crate::told::{Inspection, MOST_MEMBERS, Member, Part, Severity, Told};

/// How many things are told at most.
pub(crate) const MOST_TOLD: usize = 12;
/// What is read of an archive in a browser's background, where a download waits for it.
const LIMITS: Limits = Limits {
    depth: 3,
    members: 2_000,
    unpacked: 1 << 28,
    member: 1 << 27,
    ratio: 200,
};

/// Looks at a file while it streams by.
///
/// ```
/// use quorum_core::inspect::Inspector;
/// let mut inspector = Inspector::new("https://files.example/photo.jpg", "photo.jpg", &[]);
/// inspector.push(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
/// let found = inspector.finish();
/// assert_eq!(found.type_tag, "elf");
/// assert_eq!(found.told[0].what, "name_contradicts_content");
/// ```
pub struct Inspector {
    name: String,
    told: Vec<Told>,
    head: Vec<u8>,
    reader: archive::Reader,
    contents: Contents,
}

/// What an archive was seen to hold.
#[derive(Default)]
struct Contents {
    /// What a member is called that bears no name, as most in gzip do.
    nameless: String,
    begun: BTreeMap<u32, Begun>,
    members: Vec<(Rank, Member)>,
    files: u32,
    encrypted: u32,
    /// Places where programs read different things.
    odd: u64,
    /// Whether it unpacks to more than was read.
    bomb: bool,
    /// Whether it was not read to its end for another reason.
    cut: bool,
    told: Vec<Told>,
}

/// What a member is worth a look-up for; the first counts most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Runs,
    Holds,
    Other,
}

/// What is kept of a member between its begin and its end.
struct Begun {
    path: String,
    runs: bool,
}

impl Inspector {
    /// An inspector for what comes from this address and is to have this name; `own` are domains of
    /// one's own, which the address may imitate.
    pub fn new(url: &str, name: &str, own: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            told: before_bytes(url, name, own),
            head: Vec::new(),
            reader: archive::Reader::new(LIMITS),
            contents: Contents {
                nameless: without_gzip(name),
                ..Contents::default()
            },
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if !self.reader.stopped() {
            let contents = &mut self.contents;
            self.reader.push(bytes, &mut |event| contents.hear(event));
        }
    }

    /// The file has ended.
    pub fn finish(mut self) -> Inspection {
        let mut contents = self.contents;
        self.reader.finish(&mut |event| contents.hear(event));
        let found = file_type(&self.head);
        if let Some(told) = name_against(&self.name, &found) {
            self.told.push(told);
        }
        // An office document or a program's package is a ZIP too. Its members are parts, which
        // nobody opens one by one.
        let plain = ["zip", "gzip", "tar", "compressed"].contains(&found.tag);
        let mut members = Vec::new();
        if plain {
            self.told.append(&mut contents.finish());
            contents.members.sort_by_key(|(rank, _)| *rank);
            members.extend(contents.members.into_iter().map(|(_, member)| member));
            members.truncate(MOST_MEMBERS);
        }
        self.told
            .sort_by_key(|told| std::cmp::Reverse(told.severity));
        self.told.dedup();
        self.told.truncate(MOST_TOLD);
        Inspection {
            told: self.told,
            type_name: match found.tag {
                "unknown" => String::new(),
                _ => found.description.to_owned(),
            },
            type_tag: match found.tag {
                "unknown" => String::new(),
                tag => tag.to_owned(),
            },
            files: if plain { contents.files } else { 0 },
            members,
        }
    }
}

/// What an address and a name tell before there are bytes; `own` are domains of one's own, which the
/// address may imitate.
pub fn before_bytes(url: &str, name: &str, own: &[String]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    // That a download comes out of its page is no finding: the browser has saved it as a file.
    if !["data:", "blob:"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        told.extend(check_url(url, &Protected::with(own)).iter().map(Told::from));
    }
    told.extend(check_file_name(name).iter().map(Told::from));
    told.sort_by_key(|told| std::cmp::Reverse(told.severity));
    told.truncate(MOST_TOLD);
    told
}

fn name_against(name: &str, found: &FileType) -> Option<Told> {
    let NameCheck::Contradicts { .. } = check_name(name, found) else {
        return None;
    };
    let parts = [
        Part::text(ending(name).unwrap_or_default()),
        Part::text(found.description),
    ];
    Some(Told::new(
        Severity::Warning,
        "name_contradicts_content",
        parts,
    ))
}

fn runs(name: &str) -> bool {
    runs_when_opened(name) != RunsOn::default()
}

impl Contents {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Begun(member) => {
                if member.kind != MemberKind::File {
                    return;
                }
                self.files += 1;
                self.encrypted += u32::from(member.encryption.is_some());
                let name = |part: &String| match part.as_str() {
                    "" => self.nameless.clone(),
                    part => part.to_owned(),
                };
                let path = member.path.iter().map(name).collect::<Vec<_>>().join("/");
                let leads_out = [NameFlag::Traversal, NameFlag::Absolute, NameFlag::Drive];
                let name = member.path.last().map(String::as_str).unwrap_or_default();
                let told = if member.flags.iter().any(|flag| leads_out.contains(flag)) {
                    Some(("path_in_name", Severity::Warning))
                } else if is_deceptive(name) {
                    Some(("member_deceives", Severity::Warning))
                } else if runs(name) {
                    Some(("member_runs", Severity::Notice))
                } else {
                    None
                };
                if let Some((what, severity)) = told
                    && !self.told.iter().any(|told| told.what == what)
                {
                    self.told
                        .push(Told::new(severity, what, [Part::text(&path)]));
                }
                let runs = runs(name);
                self.begun.insert(member.id, Begun { path, runs });
            }
            Event::Finished(content) => {
                let Some(begun) = self.begun.remove(&content.member) else {
                    return;
                };
                let is = |tag: &str| content.file_type.tags.iter().any(|own| own == tag);
                let rank = if begun.runs || is("executable") || is("script") {
                    Rank::Runs
                } else if is("document") || is("compressed") {
                    Rank::Holds
                } else {
                    Rank::Other
                };
                // The worst are wanted and there may be thousands: so many of each rank are enough.
                let same = self.members.iter().filter(|(own, _)| *own == rank).count();
                if same < MOST_MEMBERS && content.digests.size > 0 {
                    let member = Member {
                        path: begun.path,
                        sha256: content.digests.sha256,
                        size: content.digests.size,
                    };
                    self.members.push((rank, member));
                }
            }
            Event::Limit { limit, .. } => match limit {
                Limit::Ratio | Limit::Unpacked => self.bomb = true,
                Limit::Depth | Limit::Members | Limit::Member => self.cut = true,
            },
            Event::Finding { finding, .. } => {
                use archive::Finding;
                // Bytes before, between and behind are what installers and signatures are made of.
                if !matches!(
                    finding,
                    Finding::Gap { .. } | Finding::Trailing { .. } | Finding::Symlink
                ) {
                    self.odd += 1;
                }
            }
            Event::Opened { .. } | Event::Damaged { .. } | Event::Unsupported { .. } => {}
        }
    }

    fn finish(&mut self) -> Vec<Told> {
        let mut told = std::mem::take(&mut self.told);
        let mut tell =
            |severity, what, parts: Vec<Part>| told.push(Told::new(severity, what, parts));
        if self.bomb {
            tell(Severity::Warning, "archive_bomb", Vec::new());
        } else if self.cut {
            tell(Severity::Notice, "archive_limit", Vec::new());
        }
        if self.odd > 0 {
            tell(
                Severity::Warning,
                "archive_odd",
                vec![Part::Count(self.odd)],
            );
        }
        if self.encrypted > 0 {
            let parts = vec![
                Part::Count(self.encrypted.into()),
                Part::Count(self.files.into()),
            ];
            tell(Severity::Notice, "archive_encrypted", parts);
        }
        told
    }
}

/// A name without the ending that gzip put behind it.
fn without_gzip(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    match ending.to_ascii_lowercase().as_str() {
        "gz" => stem.to_owned(),
        "tgz" => format!("{stem}.tar"),
        _ => name.to_owned(),
    }
}

fn is_deceptive(name: &str) -> bool {
    check_file_name(name)
        .iter()
        .any(|finding| finding.severity == Severity::Warning)
}
