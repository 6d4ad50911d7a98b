//! Which of the many formats that are ZIP files a ZIP file is, by its members' names.
//!
//! Source: APPNOTE.TXT (PKWARE), and each format's own packaging rules.

use super::Kind;
use super::{starts_at, u16_at, u32_at};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Tells the kind from the members whose headers the head holds, and from the directory as far as
/// it lies in the tail.
pub(super) fn kind(head: &[u8], tail: &[u8]) -> Kind {
    let mut names = Vec::new();
    members(head, &mut names);
    members(directory(tail), &mut names);
    let is_there = |rule: &str| {
        names.iter().any(|name| {
            if let Some(end) = rule.strip_prefix('*') {
                name.ends_with(end.as_bytes())
            } else if let Some(begin) = rule.strip_suffix('*') {
                name.starts_with(begin.as_bytes())
            } else {
                *name == rule.as_bytes()
            }
        })
    };
    let declares = || is_there("[Content_Types].xml") || is_there("_rels/.rels");
    Kind::told('z', &is_there)
        .or_else(|| Kind::told('Z', &is_there).filter(|_| declares()))
        .unwrap_or(Kind::Zip)
}

/// The part of the tail that begins with an entry of the directory.
fn directory(tail: &[u8]) -> &[u8] {
    let Some(end) = tail.windows(4).rposition(|window| window == END) else {
        return &[];
    };
    let start = end.saturating_sub(u32_at(tail, end + 12) as usize);
    let cut = &tail[start..end];
    // The directory may begin before the tail.
    let first = cut.windows(4).position(|window| window == CENTRAL);
    &cut[first.unwrap_or(cut.len())..]
}

/// Adds the names in a run of local headers and directory entries. OpenDocument and EPUB store
/// their media type in the first member, `mimetype`: there what follows the name is taken with it.
fn members<'a>(bytes: &'a [u8], names: &mut Vec<&'a [u8]>) {
    // Spanned archives begin with a marker before the first header.
    let mut at = if starts_at(bytes, 4, LOCAL) { 4 } else { 0 };
    loop {
        let field = |offset: usize| u16_at(bytes, at + offset);
        let (start, length, size) = if starts_at(bytes, at, LOCAL) {
            let size = u32_at(bytes, at + 18) as usize;
            // A streamed member's size stands behind it, one in ZIP64 elsewhere.
            let is_known = size != 0xffff_ffff && (size != 0 || field(6) & 8 == 0);
            let size = is_known.then(|| size.saturating_add(field(28)));
            (at + 30, field(26), size)
        } else if starts_at(bytes, at, CENTRAL) {
            (at + 46, field(28), Some(field(30) + field(32)))
        } else {
            return;
        };
        let end = start + length;
        let Some(mut name) = bytes.get(start..end.min(bytes.len())) else {
            return;
        };
        if name == b"mimetype" {
            name = &bytes[start..bytes.len().min(end + 64)];
        }
        names.push(name);
        let rest = bytes.get(end..).unwrap_or_default();
        let next = || {
            rest.windows(4)
                .position(|four| four == LOCAL || four == CENTRAL)
        };
        match size.or_else(next) {
            Some(size) => at = end.saturating_add(size),
            None => return,
        }
    }
}
