//! What a person pointed at: the things that there are reports on, how they stood there, and what was
//! noticed about the way they are written.
//!
//! The canonical form of an address loses its tricks: `http://0x7f.1/` becomes `http://127.0.0.1/`. So
//! the text goes along with the thing ([`Pick`]) to where it is looked into ([`about`]). The types are
//! apart from the looking because they go through modules that carry none of its tables.

#[cfg(all(feature = "archive", feature = "deception", feature = "observables"))]
mod read;

#[cfg(all(feature = "archive", feature = "deception", feature = "observables"))]
pub use read::{about, pointed};

use serde::{Deserialize, Serialize};

use crate::indicator::Indicator;
use crate::privacy::What;
use crate::told::Told;

/// Longest text of a link or an address that is carried along, in characters.
pub const MAX_WRITTEN: usize = 2_000;

/// How something stood where it was pointed at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    /// As it was written; empty where that is its canonical form or is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// The text of the link that leads there; empty where it is no link or has no text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link_text: String,
}

impl Written {
    /// Whether there is nothing beyond the canonical form.
    pub fn is_empty(&self) -> bool {
        self.address.is_empty() && self.link_text.is_empty()
    }
}

/// A thing that was pointed at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// What it is.
    pub indicator: Indicator,
    /// How it stood there.
    #[serde(default, skip_serializing_if = "Written::is_empty")]
    pub written: Written,
}

impl Pick {
    /// A thing and its text, which is left out where it says nothing more.
    pub fn new(indicator: Indicator, address: &str, link_text: &str) -> Self {
        let cut = |text: &str| text.trim().chars().take(MAX_WRITTEN).collect::<String>();
        let mut address = cut(address);
        if address == indicator.to_string() {
            address.clear();
        }
        let link_text = cut(link_text);
        Self {
            indicator,
            written: Written { address, link_text },
        }
    }
}

/// All that was pointed at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pointed {
    /// What there are reports on, each once.
    pub picks: Vec<Pick>,
    /// What there is to be told of what is no web address (`javascript:`, `data:`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
}

/// What an address tells by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// What was noticed: what the link's text hides first, then warnings before notices.
    pub told: Vec<Told>,
    /// The host as people write it, where its canonical form is punycode. Safe to show beside that, and
    /// never instead of it.
    pub unicode: Option<String>,
    /// The address without what is about a person, where there is such a thing in it.
    pub shorter: Option<Shorter>,
}

/// An address without what is about a person rather than about the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shorter {
    /// The address.
    pub indicator: Indicator,
    /// What was taken out, in the order of the address.
    pub taken: Vec<Taken>,
}

/// Something that was taken out of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// What it looks like.
    pub what: What,
    /// What stood there.
    pub text: String,
}
