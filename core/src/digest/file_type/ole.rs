//! Which kind of OLE compound document one is, by the names of its streams.
//!
//! Source: [MS-CFB]; the streams' names are those of [MS-DOC], [MS-XLS], [MS-PPT], [MS-OXMSG].
//! Windows Installer packs the names of its tables into characters from U+3800 on and marks them
//! with U+4840.

use super::table::meets;
use super::{Kind, array, u16_at, u32_at};

/// No directory that tells anything is longer; a chain that runs in circles ends here.
const MOST_SECTORS: usize = 64;

pub(super) fn kind(bytes: &[u8]) -> Kind {
    let names = names(bytes);
    let is_there = |rule: &str| match rule.strip_suffix('*') {
        Some(begin) => names.iter().any(|name| name.starts_with(begin)),
        None => is_among(&names, rule),
    };
    Kind::told('o', &is_there)
        .or_else(|| Kind::told('f', &|pattern| meets(pattern, bytes)))
        .unwrap_or(Kind::Ole)
}

/// Whether there is a VBA project, as far as the directory can be seen.
pub(super) fn has_macros(bytes: &[u8]) -> bool {
    let names = names(bytes);
    is_among(&names, "_VBA_PROJECT") || is_among(&names, "VBA")
}

fn is_among(names: &[String], name: &str) -> bool {
    names.iter().any(|own| own == name)
}

/// The names in the directory, along the chain of its sectors as far as they are there.
fn names(bytes: &[u8]) -> Vec<String> {
    let size = if u16_at(bytes, 30) == 12 { 4096 } else { 512 };
    let offset = |sector: u32| (sector as usize).saturating_add(1).saturating_mul(size);
    let mut names = Vec::new();
    let mut sector = u32_at(bytes, 48);
    for _ in 0..MOST_SECTORS {
        let entries = bytes.get(offset(sector)..).unwrap_or_default();
        for entry in entries[..entries.len().min(size)].chunks_exact(128) {
            // UTF-16; the length is in bytes and counts the NUL at the end.
            let units = u16_at(entry, 64).saturating_sub(2).min(62) / 2;
            let units: Vec<u16> = (0..units).map(|at| u16_at(entry, at * 2) as u16).collect();
            names.push(String::from_utf16_lossy(&units));
        }
        // The table of next sectors is cut into sectors itself; the header lists the first 109.
        let (table, slot) = (sector as usize / (size / 4), sector as usize % (size / 4));
        let at = offset(u32_at(bytes, 76 + table.min(108) * 4)).saturating_add(slot * 4);
        match array(bytes, at) {
            Some(next) => sector = u32::from_le_bytes(next),
            None => break,
        }
    }
    names
}
