//! Quotations that nobody can be deceived by: what cannot be seen, or turns the reading direction
//! ([`crate::hidden`]), is written out by its number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hidden::{push_safely, write_number};

pub use crate::hidden::{is_bidi_control, is_invisible, show_safely};

/// A character by its number: `U+202E`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodePoint(pub char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_number(f, self.0)
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
