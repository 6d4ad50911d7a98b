//! Which kind of OLE compound document one is, by the names of its streams.
//!
//! Source: [MS-CFB]; the streams' names are those of [MS-DOC], [MS-XLS], [MS-PPT], [MS-OXMSG].

use super::Kind::{self, *};
use super::{array, u16_at, u32_at};

/// A stream or storage whose name tells the kind; the first rule that any name meets decides.
/// `begin*` is a beginning.
const NAMES: &[(&str, Kind)] = &[
    ("__properties_version1.0", Outlook),
    ("__nameid_version1.0", Outlook),
    ("WordDocument", Doc),
    ("Workbook", Xls),
    ("Book", Xls),
    ("PowerPoint Document", Ppt),
    ("PP97_DUALSTORAGE", Ppt),
    ("VisioDocument", Vsd),
    ("\u{5}HwpSummaryInformation", Hwp),
    ("Quill", Pub),
    // Windows Installer packs the names of its tables into characters from U+3800 on; this one
    // marks a table.
    ("\u{4840}*", Msi),
];

/// The class of the root storage, which some documents have and others leave empty.
const CLASSES: &[(u32, Kind)] = &[
    (0x000c_1084, Msi),
    (0x000c_1086, Msi),
    (0x0002_0906, Doc),
    (0x0002_0900, Doc),
    (0x0002_0810, Xls),
    (0x0002_0820, Xls),
    (0x6481_8d10, Ppt),
    (0x0002_1a14, Vsd),
    (0x0002_0d0b, Outlook),
];

/// How the first sector of documents begins whose directory we do not get to see.
const FIRST_SECTORS: &[(&[u8], Kind)] = &[
    (b"\xec\xa5", Doc),
    (b"\x09\x08\x10\0\0\x06\x05\0", Xls),
    (b"\x09\x08\x10\0\0\x05\x05\0", Xls),
    (b"\x0f\0\xe8\x03", Ppt),
    (b"\xa0\x46\x1d\xf0", Ppt),
    (b"\0\x6e\x1e\xf0", Ppt),
];

/// No directory that tells anything is longer; a chain that runs in circles ends here.
const MOST_SECTORS: usize = 64;

pub(super) fn kind(bytes: &[u8]) -> Kind {
    let best = entries(bytes)
        .filter_map(|entry| NAMES.iter().position(|(rule, _)| is_named(entry, rule)))
        .min()
        .map(|at| NAMES[at].1);
    let class = || {
        let class = u32_at(entries(bytes).next()?, 80);
        CLASSES
            .iter()
            .find(|(id, _)| *id == class)
            .map(|found| found.1)
    };
    let sector = || {
        let first = bytes.get(512..)?;
        FIRST_SECTORS
            .iter()
            .find(|(magic, _)| first.starts_with(magic))
            .map(|found| found.1)
    };
    best.or_else(class).or_else(sector).unwrap_or(Ole)
}

/// Whether there is a VBA project, as far as the directory can be seen.
pub(super) fn has_macros(bytes: &[u8]) -> bool {
    entries(bytes).any(|entry| is_named(entry, "_VBA_PROJECT") || is_named(entry, "VBA"))
}

/// A name of the directory is UTF-16, its length in bytes counts the NUL at its end.
fn is_named(entry: &[u8], rule: &str) -> bool {
    let length = u16_at(entry, 64).saturating_sub(2).min(62);
    let mut name = entry[..length]
        .chunks_exact(2)
        .map(|pair| u16_at(pair, 0) as u16);
    match rule.strip_suffix('*') {
        Some(begin) => begin.encode_utf16().all(|unit| name.next() == Some(unit)),
        None => name.eq(rule.encode_utf16()),
    }
}

/// The directory's entries of 128 bytes, along the chain of its sectors as far as they are there.
fn entries(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = match u16_at(bytes, 30) {
        12 => 4096,
        _ => 512,
    };
    let offset = move |sector: u32| (sector as usize).saturating_add(1).saturating_mul(size);
    let mut next = Some(u32_at(bytes, 48));
    std::iter::from_fn(move || {
        let sector = next?;
        let found = bytes.get(offset(sector)..)?;
        // The table of next sectors is cut into sectors itself; the header lists the first 109.
        let (table, slot) = (sector as usize / (size / 4), sector as usize % (size / 4));
        let at = offset(u32_at(bytes, 76 + table.min(108) * 4)).saturating_add(slot * 4);
        next = array(bytes, at).map(u32::from_le_bytes);
        Some(&found[..found.len().min(size)])
    })
    .take(MOST_SECTORS)
    .flat_map(|sector| sector.chunks_exact(128))
}
