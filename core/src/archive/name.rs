//! Names of members: read by the format's rules, made safe to show, and looked at for the tricks
//! that make an unpacker write somewhere else.

use serde::Serialize;

/// What is odd about a member's name or link target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameFlag {
    /// A part is `..`: unpacked carelessly it lands outside of the folder (zip slip).
    Traversal,
    /// It begins at a root: `/etc/passwd`, `\\server\share`.
    Absolute,
    /// It begins with a Windows drive: `C:x`.
    Drive,
    /// It has a control character; a NUL ends the name for some readers and not for others.
    Control,
    /// It has a character that turns the direction of the text around it.
    Bidi,
    /// It is not in the encoding that it says it is in; what is shown has replacement characters.
    Encoding,
}

/// The upper half of code page 437, in which ZIP names are that do not say otherwise.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Reads a ZIP name without the UTF-8 flag. Many programs write UTF-8 without saying so, and text in
/// code page 437 is valid UTF-8 only by rare chance: so what is valid UTF-8 is read as that.
pub(super) fn cp437(name: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(name) {
        return text.to_owned();
    }
    let upper: Vec<char> = CP437.chars().collect();
    name.iter()
        .map(|&byte| match byte {
            0..0x80 => char::from(byte),
            _ => upper[usize::from(byte - 0x80)],
        })
        .collect()
}

/// Reads a name that is to be UTF-8.
pub(super) fn utf8(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What is odd about a name, in [`NameFlag`]'s order.
pub(super) fn flags(name: &str) -> Vec<NameFlag> {
    let separator = |c| c == '/' || c == '\\';
    let bytes = name.as_bytes();
    let tests = [
        (
            NameFlag::Traversal,
            name.split(separator).any(|part| part == ".."),
        ),
        (NameFlag::Absolute, name.starts_with(separator)),
        (
            NameFlag::Drive,
            bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':'),
        ),
        (NameFlag::Control, name.chars().any(char::is_control)),
        (NameFlag::Bidi, name.chars().any(is_bidi)),
        (
            NameFlag::Encoding,
            name.contains(char::REPLACEMENT_CHARACTER),
        ),
    ];
    tests
        .into_iter()
        .filter_map(|(flag, found)| found.then_some(flag))
        .collect()
}

/// The name with everything replaced that would do something instead of being seen.
pub(super) fn shown(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            c if c.is_control() || is_bidi(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}
