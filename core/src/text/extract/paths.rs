//! Windows paths and registry keys, whose names may hold spaces: where they begin and how far
//! they go. They are read from the text as it stands.

use crate::observable::path::is_hive;

/// What begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    File,
    Registry,
}

/// The beginning of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathStart {
    pub(super) start: usize,
    /// The first backslash, by which it was found.
    pub(super) slash: usize,
    pub(super) kind: PathKind,
}

/// Longest path that is read; Windows takes 32767 UTF-16 units, nobody writes them.
const LONGEST: usize = 1024;

/// Whether the backslash at `slash` is the first one of a path: behind `C:`, `%TEMP%`, a hive, or
/// the first of two in front of a host.
pub(super) fn start(raw: &[u8], slash: usize) -> Option<PathStart> {
    let before = &raw[..slash];
    let found = |start, kind| Some(PathStart { start, slash, kind });
    match before {
        [.., drive, b':'] if drive.is_ascii_alphabetic() => {
            let start = slash - 2;
            let glued = match &raw[..start] {
                // `\nC:\…` in a string.
                [.., b'\\', b'n' | b'r' | b't'] => false,
                [.., last] => last.is_ascii_alphanumeric(),
                [] => false,
            };
            return (!glued).then(|| found(start, PathKind::File)).flatten();
        }
        [.., b'%'] => {
            let name = before[..slash - 1]
                .iter()
                .rev()
                .take(40)
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"_()".contains(byte))
                .count();
            let start = (slash - 1).checked_sub(name + 1)?;
            return (name > 1 && raw[start] == b'%')
                .then(|| found(start, PathKind::File))
                .flatten();
        }
        [.., last] if last.is_ascii_alphabetic() => {
            let name = before
                .iter()
                .rev()
                // One more than the longest hive has: what is glued to it shows.
                .take(22)
                .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_')
                .count();
            let start = slash - name;
            // `\nHKLM\…` has the letter of the escape in front.
            let skip = usize::from(
                start > 0 && raw[start - 1] == b'\\' && matches!(raw[start], b'n' | b'r' | b't'),
            );
            let start = start + skip;
            return is_hive(&raw[start..slash])
                .then(|| found(start, PathKind::Registry))
                .flatten();
        }
        [.., b':'] if before.ends_with(b"HKLM:") || before.ends_with(b"HKCU:") => {
            return found(slash - 5, PathKind::Registry);
        }
        [.., last] if last.is_ascii_alphanumeric() || b"\\:./)]}>_-$".contains(last) => {
            return None;
        }
        _ => {}
    }
    // `\\host\share`, `\\?\C:\…`, `\\.\pipe\…`; in a string literal each backslash is doubled.
    let slashes = raw[slash..]
        .iter()
        .take(5)
        .take_while(|&&b| b == b'\\')
        .count();
    if slashes != 2 && slashes != 4 {
        return None;
    }
    let host = raw[slash + slashes..]
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b".-_?@".contains(byte))
        .count();
    let behind = raw.get(slash + slashes + host..)?;
    let one = &b"\\\\"[..slashes / 2];
    let share = behind.get(one.len())?;
    (host > 0 && behind.starts_with(one) && (share.is_ascii_alphanumeric() || *share == b'%'))
        .then(|| found(slash, PathKind::File))
        .flatten()
}

/// How far the path goes, and whether it ends there: it may be longer than anybody writes one.
/// `quote` is the byte in front of it.
pub(super) fn end(raw: &[u8], path: PathStart, quote: Option<u8>) -> (usize, bool) {
    let limit = raw.len().min(path.start + LONGEST);
    let closing = quote
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))
        .and_then(|quote| {
            let line = raw[path.slash..limit]
                .iter()
                .take_while(|&&byte| byte >= b' ');
            line.enumerate().find(|(_, byte)| **byte == quote)
        })
        .map(|(at, _)| path.slash + at);
    let doubled = raw.get(path.slash + 1) == Some(&b'\\');
    let mut end = path.slash + 1;
    while end < limit && Some(end) != closing {
        let (before, rest) = (&raw[path.start..end], &raw[end..limit]);
        let stops = match rest[0] {
            b'?' => end > path.slash + 4,
            // These cannot stand in a name, and a quote ends a string.
            0..=0x1f | 0x7f | b'<' | b'>' | b'"' | b'|' | b'*' | b'`' => true,
            b'/' => path.kind == PathKind::File,
            b' ' => closing.is_none() && !goes_on(before, rest),
            b',' | b';' => matches!(rest.get(1), None | Some(0..=b' ')) || starts_path(&rest[1..]),
            // An escaped quote or line end of a string literal.
            b'\\' => match rest.get(1) {
                Some(b'"') => true,
                Some(b'n' | b'r') => doubled && before.last() != Some(&b'\\'),
                _ => false,
            },
            // Behind the drive a colon names a stream, and nobody writes those at the end of a sentence.
            b':' => {
                path.kind == PathKind::File
                    && !rest
                        .get(1)
                        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'\\')
            }
            // Quotes, ellipsis and East Asian punctuation.
            0xe2 => matches!(rest, [_, 0x80, 0x98..=0x9f | 0xa6, ..]),
            0xe3 => matches!(rest, [_, 0x80, 0x80..=0x82 | 0x8d, ..]),
            b']' => !before.contains(&b'['),
            b')' => !before.contains(&b'('),
            b'}' => !before.contains(&b'{'),
            _ => false,
        };
        if stops {
            break;
        }
        end += 1;
    }
    if end == limit && limit < raw.len() {
        return (end, false);
    }
    while end > path.slash + 1
        && matches!(
            raw[end - 1],
            b'.' | b',' | b';' | b':' | b'!' | b'\'' | b' ' | b'*'
        )
    {
        end -= 1;
    }
    (end, true)
}

fn starts_path(text: &[u8]) -> bool {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    matches!(text, [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
        || matches!(text, [b'%', ..] | [b'H', b'K', ..] | [b'\\', b'\\', ..])
        || text.starts_with(b"http")
}

/// Words that go on with the sentence rather than with a name.
const SENTENCE: &[&[u8]] = &[
    b"after", b"and", b"as", b"at", b"before", b"by", b"for", b"from", b"in", b"into", b"is",
    b"on", b"or", b"that", b"the", b"then", b"to", b"via", b"was", b"where", b"which", b"with",
];

/// Whether a space in a path belongs to a name: a backslash follows soon (`Program Files\`), or a
/// file's ending does and none has been seen (`My report.docx`).
fn goes_on(path: &[u8], rest: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'\\').next().unwrap_or(path);
    if has_ending(name) {
        return false;
    }
    let mut at = 0;
    for words in 1..4 {
        // One space; two are a column.
        if rest.get(at) != Some(&b' ') {
            return false;
        }
        at += 1;
        let word = rest[at..]
            .iter()
            .take(48)
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"._-+()&'{}".contains(byte)
            })
            .count();
        let text = &rest[at..at + word];
        at += word;
        if word == 0
            || SENTENCE
                .binary_search(&text.to_ascii_lowercase().as_slice())
                .is_ok()
        {
            return false;
        }
        match rest.get(at) {
            // A path of its own begins with a hive.
            Some(b'\\') => return !is_hive(text),
            _ if words < 3 && has_ending(text) => return true,
            Some(b' ') => {}
            _ => return false,
        }
    }
    false
}

/// Whether a name ends like a file: a dot and two to four letters or digits.
fn has_ending(name: &[u8]) -> bool {
    name.iter()
        .rposition(|&byte| byte == b'.')
        .is_some_and(|dot| {
            let ending = &name[dot + 1..];
            dot > 0 && matches!(ending.len(), 2..=5) && ending.iter().all(u8::is_ascii_alphanumeric)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_binary_search() {
        assert!(SENTENCE.is_sorted());
    }
}
