//! The members of an archive, listed and hashed while it streams by, within limits.
//!
//! ZIP, gzip and tar, and each of them in each other; a ZIP is also found in the middle of something
//! else (a self-extracting program, a picture). Nothing is unpacked to anywhere: the bytes are hashed,
//! looked into, and forgotten. What is read never depends on how the stream was cut.
//!
//! # Memory
//!
//! Per level of nesting at most 196 KB for a record of ZIP (64 KB for gzip and tar), 43 KB for the
//! decompressor with its window, [`HEAD_BYTES`](crate::digest::HEAD_BYTES) for the file type and 1 KB
//! for the digests: below 2 MB for the six levels of the default [`Limits`]. Besides about 150 bytes
//! for every member of an archive that is still open, 1.5 MB at the default of 10 000.
//!
//! # Time
//!
//! Linear in the bytes that come in and those that come out, of which each depth is allowed
//! [`Limits::unpacked`].

mod gzip;
mod inflate;
mod level;
mod name;
mod tar;
mod zip;

use std::fmt;

use serde::{Serialize, Serializer};

pub use name::NameFlag;

use crate::digest::{Digests, FileType};
use level::{Context, Level, Tally};

/// The deepest nesting that can be asked for.
pub const MAX_DEPTH: u8 = 16;

/// What is read at most. Each limit ends as [`Event::Limit`], and what came before it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many archives may be around a member, up to [`MAX_DEPTH`]; deeper ones are hashed and
    /// not looked into.
    pub depth: u8,
    /// Members in all archives together; likewise directory entries; likewise findings and
    /// damages. The reading ends there.
    pub members: u32,
    /// Bytes of all members at one depth together. The reading ends there.
    pub unpacked: u64,
    /// Bytes of one member. The member is skipped.
    pub member: u64,
    /// Unpacked bytes for each packed one, once a member has given 4 MiB. The member is skipped.
    /// DEFLATE's own bound is 1032.
    pub ratio: u32,
}

impl Default for Limits {
    /// What a browser can take: depth 5, 10 000 members, 1 GiB at each depth, 512 MiB a member, 200 to 1.
    fn default() -> Self {
        Self {
            depth: 5,
            members: 10_000,
            unpacked: 1 << 30,
            member: 1 << 29,
            ratio: 200,
        }
    }
}

/// Reads an archive piece by piece and tells what is in it.
///
/// ```
/// use quorum_core::archive::{Event, Limits, Reader};
///
/// // What `printf 'hello\n' | gzip -n` gives.
/// let bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0";
/// let mut reader = Reader::new(Limits::default());
/// let mut found = Vec::new();
/// let mut tell = |event| {
///     if let Event::Finished(content) = event {
///         found.push((content.digests.md5.to_string(), content.file_type.tag));
///     }
/// };
/// for piece in bytes.chunks(3) {
///     reader.push(piece, &mut tell);
/// }
/// reader.finish(&mut tell);
/// assert_eq!(found, [("b1946ac92492d2347c6235b4d2611184".to_owned(), "text")]);
/// ```
pub struct Reader {
    limits: Limits,
    tally: Tally,
    level: Level,
}

impl Reader {
    /// A reader that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            tally: Tally::default(),
            level: Level::new(None, 1, Vec::new()),
        }
    }

    /// Takes the stream's next bytes. Once [`stopped`](Self::stopped) they change nothing any more.
    pub fn push(&mut self, bytes: &[u8], tell: &mut impl FnMut(Event)) {
        let mut ctx = Context {
            limits: &self.limits,
            tally: &mut self.tally,
            emit: tell,
        };
        self.level.push(&mut ctx, bytes);
    }

    /// The stream has ended. What was begun and did not end is told as damaged.
    pub fn finish(mut self, tell: &mut impl FnMut(Event)) {
        let mut ctx = Context {
            limits: &self.limits,
            tally: &mut self.tally,
            emit: tell,
        };
        self.level.finish(&mut ctx);
    }

    /// Whether a limit has ended the reading for good.
    pub fn stopped(&self) -> bool {
        self.tally.stopped
    }
}

/// What the reader tells. Places (`at`) count bytes from the begin of the archive's own stream;
/// `archive` is the member whose content that is, none for the outermost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An archive begins. Where `at` is not 0 it stands behind something else.
    Opened {
        /// Of which format.
        kind: Kind,
        /// Whose content it is.
        archive: Option<u32>,
        /// Where it begins.
        at: u64,
    },
    /// A member begins.
    Begun(Member),
    /// A member's bytes were all read. Members that are no files, that are encrypted, packed by
    /// an unknown method, damaged or over a limit have no such event.
    Finished(Content),
    /// A limit was reached.
    Limit {
        /// Which one.
        limit: Limit,
        /// The member at which it was reached, where it was at one.
        member: Option<u32>,
    },
    /// Something is not as the format wants it.
    Damaged {
        /// In which archive.
        archive: Option<u32>,
        /// The member that it concerns, if it concerns one.
        member: Option<u32>,
        /// Where.
        at: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// A member is packed in a way that is not read.
    Unsupported {
        /// The member.
        member: u32,
        /// How it is packed.
        method: Method,
    },
    /// Something is sound and odd.
    Finding {
        /// In which archive.
        archive: Option<u32>,
        /// The member that it concerns, if it concerns one.
        member: Option<u32>,
        /// Where.
        at: u64,
        /// What was found.
        finding: Finding,
    },
}

/// A format of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// ZIP and what is made of it: JAR, APK, Office documents, wheels.
    Zip,
    /// gzip, an archive of one member.
    Gzip,
    /// tar.
    Tar,
}

/// The archive format that a stream's first bytes show; tar needs 512 of them.
pub fn kind(head: &[u8]) -> Option<Kind> {
    const RESERVED: u8 = 0b1110_0000;
    match head {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Some(Kind::Zip),
        [0x1f, 0x8b, 8, flags, ..] if flags & RESERVED == 0 => Some(Kind::Gzip),
        _ => tar::is_header(head).then_some(Kind::Tar),
    }
}

/// A member, as it is told when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Counts the members from 0, over all archives.
    pub id: u32,
    /// The member whose content the archive is; none for the outermost.
    pub archive: Option<u32>,
    /// The archive's format.
    pub container: Kind,
    /// How many archives are around it, from 1.
    pub depth: u8,
    /// The names from the outermost member to this one, safe to show: characters that would do
    /// something instead of being seen are replaced.
    pub path: Vec<String>,
    /// The name as it is written; in JSON in hex.
    #[serde(serialize_with = "hex")]
    pub name: Vec<u8>,
    /// What it is.
    #[serde(flatten)]
    pub kind: MemberKind,
    /// What is odd about its name or its target.
    pub flags: Vec<NameFlag>,
    /// How it is packed.
    pub method: Method,
    /// How it is encrypted, if it is.
    pub encryption: Option<Encryption>,
    /// Its packed size by its header.
    pub packed: Option<u64>,
    /// Its size by its header.
    pub unpacked: Option<u64>,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MemberKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// To where.
        target: String,
    },
    /// Another name of a member.
    Hardlink {
        /// Of which.
        target: String,
    },
    /// A device or a pipe.
    Device,
    /// A tape's label.
    Label,
}

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As it is.
    Stored,
    /// DEFLATE.
    Deflate,
    /// As pieces with holes between (GNU tar).
    Sparse,
    /// Another one of ZIP's methods, by its number.
    Other(u16),
}

impl Method {
    /// ZIP's number of a method, which is 99 for "see the AES field" and never read as that here.
    fn zip(number: u16) -> Self {
        match number {
            0 => Self::Stored,
            8 => Self::Deflate,
            other => Self::Other(other),
        }
    }

    /// The name by PKWARE's APPNOTE, 4.4.5.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Stored => "stored",
            Self::Deflate => "deflate",
            Self::Sparse => "sparse",
            Self::Other(number) => match number {
                1 => "shrink",
                2..=5 => "reduce",
                6 => "implode",
                9 => "deflate64",
                10 => "pkware implode",
                12 => "bzip2",
                14 => "lzma",
                16 => "cmpsc",
                18 => "terse",
                19 => "lz77",
                20 | 93 => "zstd",
                94 => "mp3",
                95 => "xz",
                96 => "jpeg",
                97 => "wavpack",
                98 => "ppmd",
                99 => "aes",
                _ => return None,
            },
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), _) => f.write_str(name),
            (None, Self::Other(number)) => write!(f, "method {number}"),
            (None, _) => Ok(()),
        }
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a ZIP member is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// PKWARE's first, which is broken.
    Traditional,
    /// WinZip's AES with 128 bits.
    Aes128,
    /// WinZip's AES with 192 bits.
    Aes192,
    /// WinZip's AES with 256 bits.
    Aes256,
    /// PKWARE's strong encryption, or one that is not known.
    Strong,
}

/// What a member's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Content {
    /// The member's id.
    pub member: u32,
    /// Its depth.
    pub depth: u8,
    /// Its digests and its size.
    pub digests: Digests,
    /// Its type by its first bytes.
    pub file_type: FileType,
}

/// A limit that was reached; see [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// An archive is too deep inside of others and was not looked into.
    Depth,
    /// Too many members, entries or findings: the reading ended.
    Members,
    /// Too many bytes in all: the reading ended.
    Unpacked,
    /// Too many bytes in one member, which was skipped.
    Member,
    /// Too many bytes out of too few, in a member which was skipped.
    Ratio,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "damage", rename_all = "snake_case")]
pub enum Damage {
    /// No header where one has to be.
    #[error("there is no valid header here")]
    Header,
    /// The stream ends in the middle of something.
    #[error("the archive ends in the middle")]
    Truncated,
    /// The stream ends before the central directory does.
    #[error("the archive ends without its central directory")]
    NoDirectory,
    /// The packed bytes are not DEFLATE, or end too early.
    #[error("the packed bytes cannot be unpacked")]
    Deflate,
    /// The content's CRC-32 is not the one that is told.
    #[error("the checksum differs")]
    Checksum,
    /// The content's size is not the one that is told.
    #[error("it has {found} bytes and should have {told}")]
    Size {
        /// What the archive says; gzip says it modulo 2³².
        told: u64,
        /// What there is.
        found: u64,
    },
    /// Packed bytes are left over behind the end of the packed data.
    #[error("{bytes} bytes are left behind the end of the packed data")]
    Leftover {
        /// How many.
        bytes: u64,
    },
    /// No data descriptor that is right stands behind the member.
    #[error("the data descriptor is not right")]
    Descriptor,
    /// A pax header cannot be read.
    #[error("a pax record is malformed")]
    Pax,
    /// A pax header or long name is longer than 64 KiB.
    #[error("a header is too long to be one")]
    LongHeader,
}

/// What is sound and odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Another member of the archive has the same name: readers differ in which one counts.
    #[error("another member has the same name")]
    DuplicateName,
    /// The central directory has an entry and nothing streamed by where it points to.
    #[error("the directory lists {name}, which is not where it should be")]
    OnlyInDirectory {
        /// The entry's name, safe to show.
        name: String,
    },
    /// The member streamed by and the central directory does not list it.
    #[error("the directory does not list it")]
    NotInDirectory,
    /// The central directory says something else about the member than its own header.
    #[error("the directory has another {field} for it")]
    DirectoryDiffers {
        /// What differs.
        field: DirectoryField,
        /// The entry's name, safe to show.
        name: String,
    },
    /// The central directory has an entry that shares its bytes with another one.
    #[error("{name} shares its bytes with another member")]
    Overlap {
        /// The entry's name, safe to show.
        name: String,
    },
    /// The archive's end tells another number of entries than there are.
    #[error("the directory has {found} entries and should have {told}")]
    DirectoryCount {
        /// What the end says.
        told: u64,
        /// How many there are.
        found: u64,
    },
    /// The archive's end tells another place of the central directory: a reader that goes by it sees
    /// another one.
    #[error("the directory is at {found} and should be at {told}")]
    DirectoryElsewhere {
        /// What the end says.
        told: u64,
        /// Where it is.
        found: u64,
    },
    /// The comment at the end has the mark of an end: readers differ in which one counts.
    #[error("the comment looks like another end of the archive")]
    SecondEnd,
    /// Bytes between the records that belong to none.
    #[error("{bytes} bytes belong to nothing")]
    Gap {
        /// How many.
        bytes: u64,
    },
    /// Bytes behind the archive's end.
    #[error("{bytes} bytes stand behind the end")]
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// Another archive stands behind this one's end: readers differ in which one counts.
    #[error("another archive stands behind the end")]
    Concatenated,
    /// The central directory says that the member is a symbolic link.
    #[error("it is a symbolic link")]
    Symlink,
}

/// What a central directory can say otherwise than a member's own header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryField {
    /// The name.
    Name,
    /// The method.
    Method,
    /// Whether it is encrypted.
    Encryption,
    /// The CRC-32.
    Checksum,
    /// The packed size.
    Packed,
    /// The unpacked size.
    Unpacked,
}

impl fmt::Display for DirectoryField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Method => "method",
            Self::Encryption => "encryption",
            Self::Checksum => "checksum",
            Self::Packed => "packed size",
            Self::Unpacked => "size",
        })
    }
}

fn hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    struct Hex<'a>(&'a [u8]);
    impl fmt::Display for Hex<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        }
    }
    serializer.collect_str(&Hex(bytes))
}

/// A little-endian number of `width` bytes; what is not there counts as zero.
fn le(bytes: &[u8], at: usize, width: usize) -> u64 {
    let field = bytes.get(at..at + width).unwrap_or_default();
    field
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}
