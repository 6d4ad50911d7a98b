//! What kind of file the bytes show, in the API's own vocabulary (`type_tag` and friends).
//!
//! Signatures come from the formats' public specifications. A name is never looked at: names lie,
//! and [`check_name`](super::check_name) tells when one does.
//!
//! Formats whose first bytes say little (OLE, ZIP, PE, ISO 9660) are read as far as it takes to
//! tell their kinds apart; text is told by its first line, its structure, or the words of its
//! language. Where nothing is certain the answer is the dull one: `text` or `unknown`.

mod binary;
mod ole;
mod table;
mod text;
mod zip;

use serde::{Serialize, Serializer};

pub(super) use table::Kind;

/// How many leading bytes [`file_type`] wants to see: ISO 9660 keeps its first 32 KiB for others.
pub const HEAD_BYTES: usize = 36 * 1024;

/// How many trailing bytes [`file_type_of`] wants to see: room for a short ZIP directory; disk
/// images need the last 512.
pub const TAIL_BYTES: usize = 4096;

/// A file type as the API v3 spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FileType {
    /// `type_tag`, the short name: `peexe`, `pdf`.
    pub tag: &'static str,
    /// `type_description`, for people: `Win32 EXE`.
    pub description: &'static str,
    /// `type_extension` without the dot, empty where there is no usual one.
    pub extension: &'static str,
    /// `type_tags`, from the general to the special, `tag` last.
    pub tags: TypeTags,
    #[serde(skip)]
    pub(super) kind: Kind,
}

/// The words of `type_tags`. Serialises as a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeTags {
    groups: &'static str,
    tag: &'static str,
}

impl TypeTags {
    /// From the general to the special.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.groups.split_ascii_whitespace().chain([self.tag])
    }
}

impl Serialize for TypeTags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl From<Kind> for FileType {
    fn from(kind: Kind) -> Self {
        let [tag, description, _, groups, _] = kind.fields();
        Self {
            tag,
            description,
            extension: kind.endings().next().unwrap_or_default(),
            tags: TypeTags { groups, tag },
            kind,
        }
    }
}

/// Tells the type of a file from its first [`HEAD_BYTES`] bytes (fewer if the file is shorter).
///
/// More bytes do no harm: an OLE document is followed to its directory wherever that lies.
///
/// ```
/// let pdf = quorum_core::digest::file_type(b"%PDF-1.7");
/// assert_eq!((pdf.tag, pdf.extension), ("pdf", "pdf"));
/// ```
pub fn file_type(head: &[u8]) -> FileType {
    file_type_of(head, &[])
}

/// Like [`file_type`], with the file's last [`TAIL_BYTES`] bytes beside the first. That finds what
/// stands at the end only: a Macintosh disk image, a fixed virtual hard disk, a Targa image, and
/// what a ZIP holds behind its first large member.
///
/// ```
/// let disk = [vec![0; 1024], b"conectix".to_vec(), vec![0; 504]].concat();
/// assert_eq!(quorum_core::digest::file_type(&disk).tag, "unknown");
/// assert_eq!(quorum_core::digest::file_type_of(&disk, &disk).tag, "vhd");
/// ```
pub fn file_type_of(head: &[u8], tail: &[u8]) -> FileType {
    kind(head, tail, text::read).into()
}

/// Like [`file_type_of`], without reading further into a text than its beginning: markup, JSON and
/// what has a first line of its own are told, other code, settings and mail are `text`.
///
/// That is all that [`check_name`](super::check_name) needs to tell a lie, and it leaves the words
/// of all languages out of a module that doesn't call the other two: 6 KB of 22 gzipped.
///
/// ```
/// use quorum_core::digest::{broad_type_of, file_type};
/// let script = b"Dim shell\r\nSet shell = CreateObject(\"WScript.Shell\")\r\n";
/// assert_eq!(file_type(script).tag, "vbs");
/// assert_eq!(broad_type_of(script, &[]).tag, "text");
/// ```
pub fn broad_type_of(head: &[u8], tail: &[u8]) -> FileType {
    kind(head, tail, |_, _| None).into()
}

fn kind(head: &[u8], tail: &[u8], read: text::Reader) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    binary::kind(head, tail)
        .or_else(|| text::kind(&head[..head.len().min(HEAD_BYTES)], read))
        .unwrap_or(Kind::Unknown)
}

/// The words of the file attribute `tags` that headers alone show: `64bits`, `assembly` (.NET),
/// `native` (a driver), `efi` and `signed` (there is a signature; it is not checked) for PE,
/// `64bits` and `shared-lib` for ELF, `macros` for Office documents, `encrypted` for ZIP.
///
/// ```
/// assert!(quorum_core::digest::content_tags(b"\x7fELF\x02\x01\x01").contains(&"64bits"));
/// ```
pub fn content_tags(head: &[u8]) -> Vec<&'static str> {
    let kind = file_type(head).kind;
    match kind {
        Kind::PeExe | Kind::PeDll => binary::pe_tags(head),
        Kind::Elf | Kind::AppImage => binary::elf_tags(head),
        Kind::Docm | Kind::Xlsm | Kind::Pptm => vec!["macros"],
        Kind::Doc | Kind::Xls | Kind::Ppt if ole::has_macros(head) => vec!["macros"],
        // Bit 0 of the first member's flags.
        Kind::Zip if matches!(head, [b'P', b'K', 3, 4, _, _, flags, ..] if flags & 1 != 0) => {
            vec!["encrypted"]
        }
        _ => vec![],
    }
}

/// The `N` bytes at an offset, if they are there.
fn array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// The little-endian 16 bits at an offset, 0 if they aren't there.
fn u16_at(bytes: &[u8], offset: usize) -> usize {
    array(bytes, offset).map_or(0, |bytes| usize::from(u16::from_le_bytes(bytes)))
}

/// The little-endian 32 bits at an offset, 0 if they aren't there.
fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    array(bytes, offset).map_or(0, u32::from_le_bytes)
}

fn starts_at(bytes: &[u8], offset: usize, magic: &[u8]) -> bool {
    bytes
        .get(offset..)
        .is_some_and(|rest| rest.starts_with(magic))
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
