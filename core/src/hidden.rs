//! Characters that are there to be overlooked, or that turn the reading direction: the one list of
//! them. What undoes spellings drops them, what looks for deception names them, and what shows text
//! from outside writes them out.

use std::fmt;

/// Whether a character changes the direction in which its neighbours are shown (Unicode's
/// `Bidi_Control`).
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves nothing to be seen, not even a gap: control characters, Unicode's
/// `Default_Ignorable_Code_Point` but for the bidirectional controls, line and paragraph
/// separators, interlinear annotations, and the empty Braille pattern.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || (!is_bidi_control(c)
            && matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'))
}

/// Either of the two.
pub(crate) fn is_hidden(c: char) -> bool {
    is_bidi_control(c) || is_invisible(c)
}

/// Whether a hidden character is one that writing needs where it stands: a joiner between letters that
/// are not ASCII (Persian, Hindi, emoji), a selector of a glyph behind one.
pub(crate) fn is_needed(before: char, c: char, after: char) -> bool {
    let seen = |c: char| !c.is_ascii() && !is_hidden(c);
    let selector = |c: char| matches!(c, '\u{fe0e}' | '\u{fe0f}');
    match c {
        '\u{200c}' | '\u{200d}' => (seen(before) || selector(before)) && seen(after),
        _ => selector(c) && seen(before),
    }
}

/// Writes bidirectional controls and invisible characters as `[U+XXXX]`, and keeps all others.
/// Spaces stay, because a gap can be seen. For what has one line: names, addresses, quotations.
///
/// ```
/// use quorum_core::hidden::show_safely;
/// assert_eq!(show_safely("invoice\u{202e}fdp.exe"), "invoice[U+202E]fdp.exe");
/// assert_eq!(show_safely("bücher 日本語"), "bücher 日本語");
/// ```
pub fn show_safely(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_safely(&mut out, c);
    }
    out
}

/// As [`show_safely`], for what may have lines and any script: line ends and tabs stay, and so do the
/// joiners and selectors that writing and emoji need where they stand.
///
/// ```
/// use quorum_core::hidden::show_text_safely;
/// assert_eq!(show_text_safely("pay\u{200b}pal\u{0}\n"), "pay[U+200B]pal[U+0000]\n");
/// assert_eq!(show_text_safely("❤\u{fe0f} نمی\u{200c}دانم"), "❤\u{fe0f} نمی\u{200c}دانم");
/// ```
pub fn show_text_safely(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if matches!(c, '\n' | '\t') || is_needed(before, c, after) {
            out.push(c);
        } else {
            push_safely(&mut out, c);
        }
        before = c;
    }
    out
}

pub(crate) fn push_safely(out: &mut String, c: char) {
    if is_hidden(c) {
        out.push('[');
        // A string takes everything.
        let _ = write_number(out, c);
        out.push(']');
    } else {
        out.push(c);
    }
}

/// Writes a character by its number: `U+202E`.
pub(crate) fn write_number(out: &mut impl fmt::Write, c: char) -> fmt::Result {
    write!(out, "U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        // A filler, an empty pattern, a grapheme joiner, a selector behind ASCII, a tag.
        for c in [
            '\u{3164}',
            '\u{115f}',
            '\u{2800}',
            '\u{34f}',
            '\u{fe0f}',
            '\u{e0100}',
        ] {
            let number = u32::from(c);
            assert_eq!(
                show_text_safely(&format!("a{c}b")),
                format!("a[U+{number:04X}]b")
            );
        }
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in [
            "report.pdf",
            "請求書 2026年.xlsx",
            "żółw\tα\n",
            "עברית",
            "👩\u{200d}💻",
            "क्\u{200d}ष",
        ] {
            assert_eq!(show_text_safely(text), text);
        }
    }
}
