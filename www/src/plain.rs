//! Text from outside, with nothing hidden in it: characters that turn the reading direction, take
//! no room or control a terminal are written out, so that a name reads as it is.

/// Whether a character is there to be overlooked or to reorder others.
fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Writes hidden characters as `[U+202E]`.
pub(crate) fn reveal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            out.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::reveal;

    #[test]
    fn writes_out_what_turns_the_reading_direction_or_takes_no_room() {
        assert_eq!(reveal("invoice\u{202e}fdp.exe"), "invoice[U+202E]fdp.exe");
        assert_eq!(reveal("pay\u{200b}pal\u{0}"), "pay[U+200B]pal[U+0000]");
    }

    #[test]
    fn leaves_ordinary_text_of_any_script_alone() {
        for text in ["report.pdf", "請求書 2026年.xlsx", "żółw\tα", "עברית"] {
            assert_eq!(reveal(text), text);
        }
    }
}
