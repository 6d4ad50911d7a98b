//! What was noticed about an address, a name or a file, in the form in which it goes to where it is
//! shown: the name of a sentence and what stands in it.
//!
//! What a file turned out to hold ([`Inspection`]) is here for the same reason.
//!
//! The checks have types of their own with all facts (`deception::Reason`, `digest::NameCheck`,
//! `archive::Event`). Those are many and carry tables along; what crosses to a page of the extension
//! and is kept with a download is this, which needs none of them.

use serde::{Deserialize, Serialize};

use crate::indicator::Sha256;

/// How much something that was noticed means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth to know; what is genuine has it too.
    Notice,
    /// Hardly ever seen where nobody is to be deceived.
    Warning,
}

/// Something that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How much it means.
    pub severity: Severity,
    /// The name of the sentence, one of [`NAMES`].
    pub what: String,
    /// What stands in the sentence, in its order.
    pub parts: Vec<Part>,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A text from outside.
    Text(String),
    /// A word that has a name, one of [`WORDS`].
    Word(String),
    /// A number.
    Count(u64),
}

/// How many members are worth a look-up at most. A backend gives four answers a minute for nothing.
pub const MOST_MEMBERS: usize = 8;
/// A member of an archive that is worth a look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name with the archives around it, safe to show.
    pub path: String,
    /// What it is looked up by.
    pub sha256: Sha256,
    /// Length in bytes.
    pub size: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inspection {
    /// What was noticed, warnings first.
    pub told: Vec<Told>,
    /// What the bytes are, by the tag of the API (`peexe`, `zip`); empty where nothing is known.
    pub type_tag: String,
    /// The same for people; empty where nothing is known.
    #[serde(default)]
    pub type_name: String,
    /// Members that are worth a look-up, what runs before what does not; at most [`MOST_MEMBERS`].
    pub members: Vec<Member>,
    /// How many files the archive has, as far as it was read.
    pub files: u32,
}

/// The names of all sentences.
pub const NAMES: &[&str] = &[
    "archive_bomb",
    "archive_encrypted",
    "archive_limit",
    "archive_odd",
    "backslash",
    "bidi_control",
    "credentials",
    "credentials_look_like_host",
    "double_ending",
    "ending_never_shown",
    "fake_punctuation",
    "foreign_digits",
    "hidden_ending",
    "hidden_whitespace",
    "invalid_name",
    "invisible_characters",
    "link_text_names_other_host",
    "link_without_host",
    "little_known_program",
    "long_host",
    "look_alike",
    "member_deceives",
    "member_runs",
    "mixed_scripts",
    "mixed_scripts_read_as",
    "name_contradicts_content",
    "name_in_subdomain",
    "name_inside_name",
    "nested_url",
    "obfuscated_ip",
    "odd_port",
    "odd_slashes",
    "path_in_name",
    "scheme",
    "trailing_dots_or_spaces",
    "uncommon_characters",
    "uncommon_characters_read_as",
    "whole_script_confusable",
    "written_otherwise",
];

/// The names of all words.
pub const WORDS: &[&str] = &[
    "effect_inline_content",
    "effect_inline_page",
    "effect_local_file",
    "effect_made_by_page",
    "effect_remote_file",
    "effect_runs_script",
    "effect_starts_program",
    "form_decimal",
    "form_hexadecimal",
    "form_mapped",
    "form_octal",
    "form_other_characters",
    "form_short",
    "place_address",
    "place_file_name",
    "place_host",
    "place_link_text",
    "trick_accent",
    "trick_bit_flip",
    "trick_doubled_letter",
    "trick_homoglyph",
    "trick_hyphen",
    "trick_insertion",
    "trick_keyboard_neighbour",
    "trick_missing_dot",
    "trick_omission",
    "trick_other_suffix",
    "trick_substitution",
    "trick_transposition",
];

impl Told {
    /// A sentence with its parts.
    pub fn new(severity: Severity, what: &str, parts: impl Into<Vec<Part>>) -> Self {
        debug_assert!(NAMES.contains(&what), "{what}");
        Self {
            severity,
            what: what.to_owned(),
            parts: parts.into(),
        }
    }
}

impl Part {
    /// A text from outside.
    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A word by its name.
    pub fn word(name: String) -> Self {
        debug_assert!(WORDS.contains(&name.as_str()), "{name}");
        Self::Word(name)
    }
}
