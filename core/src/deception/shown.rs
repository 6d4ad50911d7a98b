//! Text that nobody can be deceived by: what cannot be seen, or turns the reading direction, is
//! written out by its number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Writes bidirectional controls and invisible characters as `[U+XXXX]`, and keeps all others.
///
/// Invisible are control characters, Unicode's default-ignorable ones, line separators and the
/// characters that fonts draw as nothing. Spaces stay, because a gap can be seen.
///
/// ```
/// use quorum_core::deception::show_safely;
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

fn push_safely(out: &mut String, c: char) {
    if is_bidi_control(c) || is_invisible(c) {
        out.push_str(&format!("[{}]", CodePoint(c)));
    } else {
        out.push(c);
    }
}

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

/// A character by its number: `U+202E`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodePoint(pub char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// A text that does not name a character as `U+` and hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a character's number: U+ and hex digits")]
pub struct NotACodePoint;

impl FromStr for CodePoint {
    type Err = NotACodePoint;

    fn from_str(text: &str) -> Result<Self, NotACodePoint> {
        text.strip_prefix("U+")
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
            .map(Self)
            .ok_or(NotACodePoint)
    }
}

impl Serialize for CodePoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodePoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Most characters of a text that a finding quotes; the rest is an ellipsis.
pub const MAX_SHOWN: usize = 120;

/// A quotation that is safe to show: passed through [`show_safely`] and cut to [`MAX_SHOWN`]
/// characters. It cannot be made otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(String);

impl Shown {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        let mut out = String::new();
        let mut chars = text.chars();
        for c in chars.by_ref().take(MAX_SHOWN) {
            push_safely(&mut out, c);
        }
        if chars.next().is_some() {
            out.push('…');
        }
        Self(out)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not cut again: what was written out by its number may have become longer.
        Ok(Self(show_safely(&String::deserialize(deserializer)?)))
    }
}
