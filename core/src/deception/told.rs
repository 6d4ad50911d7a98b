//! Findings as [`Told`]: the sentence's name and its parts.

use serde::Serialize;

use super::{Finding, List, Reason};
use crate::told::{Part, Told};

/// A word by the name that serde gives a variant without fields.
fn word(kind: &str, variant: impl Serialize) -> Part {
    let name = serde_json::to_value(variant).unwrap_or_default();
    Part::word(format!("{kind}_{}", name.as_str().unwrap_or_default()))
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        let text = |text: &dyn ToString| Part::text(text.to_string());
        let (what, parts) = match &finding.reason {
            Reason::MixedScripts {
                label,
                ascii,
                scripts,
                reads_as,
                ..
            } => match reads_as {
                None => (
                    "mixed_scripts",
                    vec![text(label), text(ascii), text(&List(scripts))],
                ),
                Some(reads_as) => (
                    "mixed_scripts_read_as",
                    vec![
                        text(label),
                        text(ascii),
                        text(&List(scripts)),
                        text(reads_as),
                    ],
                ),
            },
            Reason::WholeScriptConfusable {
                label,
                ascii,
                script,
                reads_as,
            } => (
                "whole_script_confusable",
                vec![text(label), text(ascii), text(script), text(reads_as)],
            ),
            Reason::UncommonCharacters {
                label,
                ascii,
                characters,
                reads_as,
            } => match reads_as {
                None => (
                    "uncommon_characters",
                    vec![text(label), text(ascii), text(&List(characters))],
                ),
                Some(reads_as) => (
                    "uncommon_characters_read_as",
                    vec![
                        text(label),
                        text(ascii),
                        text(&List(characters)),
                        text(reads_as),
                    ],
                ),
            },
            Reason::ForeignDigits {
                label,
                ascii,
                characters,
            } => (
                "foreign_digits",
                vec![text(label), text(ascii), text(&List(characters))],
            ),
            Reason::FakePunctuation {
                place,
                text: shown,
                characters,
            } => (
                "fake_punctuation",
                vec![word("place", place), text(&List(characters)), text(shown)],
            ),
            Reason::BidiControl {
                place,
                text: shown,
                characters,
            } => (
                "bidi_control",
                vec![word("place", place), text(&List(characters)), text(shown)],
            ),
            Reason::InvisibleCharacters {
                place,
                text: shown,
                characters,
            } => (
                "invisible_characters",
                vec![word("place", place), text(&List(characters)), text(shown)],
            ),
            Reason::DisguisedHost { written, host } | Reason::EncodedHost { written, host } => {
                ("written_otherwise", vec![text(written), text(host)])
            }
            Reason::InvalidName { host } => ("invalid_name", vec![text(host)]),
            Reason::LongHost {
                end, characters, ..
            } => (
                "long_host",
                vec![Part::Count(*characters as u64), text(end)],
            ),
            Reason::ObfuscatedIp {
                written,
                address,
                form,
            } => (
                "obfuscated_ip",
                vec![text(written), text(address), word("form", form)],
            ),
            Reason::LookAlike {
                domain,
                protected,
                trick,
                ..
            } => (
                "look_alike",
                vec![text(domain), text(protected), word("trick", trick)],
            ),
            Reason::NameInsideName {
                domain, protected, ..
            } => ("name_inside_name", vec![text(domain), text(protected)]),
            Reason::NameInSubdomain {
                domain,
                part,
                protected,
            } => (
                "name_in_subdomain",
                vec![text(part), text(protected), text(domain)],
            ),
            Reason::Credentials { host } => ("credentials", vec![text(host)]),
            Reason::CredentialsLookLikeHost { pretended, host } => (
                "credentials_look_like_host",
                vec![text(pretended), text(host)],
            ),
            Reason::Backslash { host } => ("backslash", vec![text(host)]),
            Reason::HiddenWhitespace { characters } => {
                ("hidden_whitespace", vec![text(&List(characters))])
            }
            Reason::OddSlashes { host } => ("odd_slashes", vec![text(host)]),
            Reason::OddPort { port } => ("odd_port", vec![text(port)]),
            Reason::Scheme { scheme, effect } => {
                ("scheme", vec![text(scheme), word("effect", effect)])
            }
            Reason::NestedUrl { host } => ("nested_url", vec![text(host)]),
            Reason::LinkTextNamesOtherHost { named, target } if target.as_str().is_empty() => {
                ("link_without_host", vec![text(named)])
            }
            Reason::LinkTextNamesOtherHost { named, target } => (
                "link_text_names_other_host",
                vec![text(named), text(target)],
            ),
            Reason::DoubleEnding { pretended, ending } => {
                ("double_ending", vec![text(pretended), text(ending)])
            }
            Reason::HiddenEnding { ending } => ("hidden_ending", vec![text(ending)]),
            Reason::TrailingDotsOrSpaces { name } => ("trailing_dots_or_spaces", vec![text(name)]),
            Reason::EndingNeverShown { ending } => ("ending_never_shown", vec![text(ending)]),
            Reason::LittleKnownProgram { ending } => ("little_known_program", vec![text(ending)]),
            Reason::PathInName { name } => ("path_in_name", vec![text(name)]),
        };
        Self::new(finding.severity, what, parts)
    }
}
