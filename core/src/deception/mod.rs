//! What about an address, a link or a name is made to deceive, each finding with its reason.
//!
//! Nothing here says that something is harmful: a finding is what a person should have seen
//! before they trust what they read. As much care goes into being silent: a name in one's own
//! script, an accent, a Chinese name with Latin letters are not findings.
//!
//! Sources: Unicode UTS #39 (revision for Unicode 18) for scripts and look-alikes, the URL Standard
//! (WHATWG) for how browsers read addresses, the Public Suffix List for what was registered.
//!
//! Texts in findings are made safe to show when they are made ([`Shown`]).

mod host;
mod name;
mod protected;
mod shown;
mod told;
mod unicode;
mod url;

pub use self::host::{BothWays, IpForm, check_host, host_both_ways};
pub use self::name::check_file_name;
pub use self::protected::{Protected, Trick};
pub use self::shown::{
    CodePoint, MAX_SHOWN, NotACodePoint, Shown, is_bidi_control, is_invisible, show_safely,
};
pub use self::url::{SchemeEffect, check_link, check_url};

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::told::Severity;

use crate::hidden::is_needed;

/// One thing that may deceive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it means.
    pub severity: Severity,
    /// What it is, with the facts that a sentence needs.
    pub reason: Reason,
}

impl fmt::Display for Finding {
    /// The reason as an English sentence without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

/// Where in an address something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the host name.
    Host,
    /// Elsewhere in the address.
    Address,
    /// In the text of a link.
    LinkText,
    /// In the name of a file.
    FileName,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "the host name",
            Self::Address => "the address",
            Self::LinkText => "the link's text",
            Self::FileName => "the file's name",
        })
    }
}

/// What a finding is, by the facts. Serialised with the variant's name in `kind`
/// (`{"kind": "mixed_scripts", "label": …}`), by which the user interface finds its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A label mixes scripts in a way that nobody writes (UTS #39 §5.2, below "Highly
    /// Restrictive").
    MixedScripts {
        /// The label as it is shown.
        label: Shown,
        /// The label as the DNS has it.
        ascii: Shown,
        /// The scripts' names.
        scripts: Vec<String>,
        /// The letters that are not Latin (or not of the label's first script).
        characters: Vec<CodePoint>,
        /// The ASCII text that it looks like, if it does.
        reads_as: Option<Shown>,
    },
    /// A label of one script other than Latin that looks like a Latin word throughout.
    WholeScriptConfusable {
        /// The label as it is shown.
        label: Shown,
        /// The label as the DNS has it.
        ascii: Shown,
        /// The script's name.
        script: String,
        /// The ASCII text that it looks like.
        reads_as: Shown,
    },
    /// A label with characters that Unicode does not recommend for names (`Identifier_Status`).
    UncommonCharacters {
        /// The label as it is shown.
        label: Shown,
        /// The label as the DNS has it.
        ascii: Shown,
        /// The characters.
        characters: Vec<CodePoint>,
        /// The ASCII text that it looks like, if it does.
        reads_as: Option<Shown>,
    },
    /// Digits of another script beside Latin letters or digits of a second kind.
    ForeignDigits {
        /// The label as it is shown.
        label: Shown,
        /// The label as the DNS has it.
        ascii: Shown,
        /// The digits that are not ASCII.
        characters: Vec<CodePoint>,
    },
    /// A character that looks like an address's punctuation (`/`, `?`, `#`, `.`, `:`, `@`) and is
    /// none, so that the host seems to end before it does.
    FakePunctuation {
        /// Where it stands.
        place: Place,
        /// What it stands in.
        text: Shown,
        /// The characters.
        characters: Vec<CodePoint>,
    },
    /// Characters that turn the reading direction.
    BidiControl {
        /// Where they stand.
        place: Place,
        /// The text with them.
        text: Shown,
        /// The characters.
        characters: Vec<CodePoint>,
    },
    /// Characters that cannot be seen.
    InvisibleCharacters {
        /// Where they stand.
        place: Place,
        /// The text with them.
        text: Shown,
        /// The characters.
        characters: Vec<CodePoint>,
    },
    /// A host written with characters that a browser turns into plain ones (full-width letters,
    /// ligatures, circled letters).
    DisguisedHost {
        /// As it was written.
        written: Shown,
        /// The host that it is.
        host: Shown,
    },
    /// A host written with percent-escapes.
    EncodedHost {
        /// As it was written.
        written: Shown,
        /// The host that it is.
        host: Shown,
    },
    /// A name that browsers refuse: punycode that means nothing, a label that IDNA forbids.
    InvalidName {
        /// As it was written.
        host: Shown,
    },
    /// A host name that is too long to be read.
    LongHost {
        /// The host's end.
        end: Shown,
        /// How many characters it has.
        characters: usize,
        /// How many labels it has.
        labels: usize,
    },
    /// An IP address in a form that people do not recognise.
    ObfuscatedIp {
        /// As it was written.
        written: Shown,
        /// The address.
        address: std::net::IpAddr,
        /// How it was hidden.
        form: IpForm,
    },
    /// A registered name that imitates a protected one.
    LookAlike {
        /// The domain as it is shown.
        domain: Shown,
        /// The domain as the DNS has it.
        ascii: Shown,
        /// What it imitates.
        protected: Shown,
        /// How.
        trick: Trick,
    },
    /// A protected name as a part of a name that somebody else registered.
    NameInsideName {
        /// What was registered.
        domain: Shown,
        /// The part.
        part: Shown,
        /// The protected domain.
        protected: Shown,
    },
    /// A protected name in front of a domain that somebody else registered.
    NameInSubdomain {
        /// What was registered.
        domain: Shown,
        /// The part.
        part: Shown,
        /// The protected domain.
        protected: Shown,
    },
    /// A user name or password in front of the host.
    Credentials {
        /// The real host.
        host: Shown,
    },
    /// A user name that looks like a host.
    CredentialsLookLikeHost {
        /// The host that it looks like.
        pretended: Shown,
        /// The real host.
        host: Shown,
    },
    /// A backslash where browsers read a slash and other programs do not.
    Backslash {
        /// The host that browsers go to.
        host: Shown,
    },
    /// Tabs, line breaks or control characters that browsers take out of an address.
    HiddenWhitespace {
        /// The characters.
        characters: Vec<CodePoint>,
    },
    /// Not two slashes after the scheme.
    OddSlashes {
        /// The host that browsers go to.
        host: Shown,
    },
    /// A port that is not used for web pages.
    OddPort {
        /// The port.
        port: u16,
    },
    /// An address that is no web address, and what following it does.
    Scheme {
        /// The scheme, in lower case.
        scheme: Shown,
        /// What it does.
        effect: SchemeEffect,
    },
    /// An address within the address that leads elsewhere.
    NestedUrl {
        /// The inner address's host.
        host: Shown,
    },
    /// A link whose text names another host than it leads to.
    LinkTextNamesOtherHost {
        /// The host that the text names.
        named: Shown,
        /// The host that the link leads to; empty where it leads to none.
        target: Shown,
    },
    /// An ending of a harmless file in front of one that runs.
    DoubleEnding {
        /// The harmless one.
        pretended: Shown,
        /// The real one.
        ending: Shown,
    },
    /// Spaces, or a very long name, push the ending out of sight.
    HiddenEnding {
        /// The ending.
        ending: Shown,
    },
    /// Dots or spaces at the end, which Windows takes away.
    TrailingDotsOrSpaces {
        /// The name without them.
        name: Shown,
    },
    /// An ending that Windows never shows.
    EndingNeverShown {
        /// The ending.
        ending: Shown,
    },
    /// An ending of programs that few people know for one.
    LittleKnownProgram {
        /// The ending.
        ending: Shown,
    },
    /// A path, a drive or an alternate stream where a bare name belongs.
    PathInName {
        /// The name.
        name: Shown,
    },
}

impl Reason {
    fn with(self, severity: Severity) -> Finding {
        Finding {
            severity,
            reason: self,
        }
    }

    fn warning(self) -> Finding {
        self.with(Severity::Warning)
    }

    fn notice(self) -> Finding {
        self.with(Severity::Notice)
    }
}

/// `U+0430, U+0435`
struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{item}")?;
        }
        Ok(())
    }
}

/// ` and reads as "paypal"`
struct ReadsAs<'a>(&'a Option<Shown>);

impl fmt::Display for ReadsAs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, " and reads as \"{text}\""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MixedScripts {
                label,
                ascii,
                scripts,
                characters,
                reads_as,
            } => {
                write!(
                    f,
                    "\"{label}\" ({ascii}) mixes {} ({}){}",
                    List(scripts),
                    List(characters),
                    ReadsAs(reads_as)
                )
            }
            Self::WholeScriptConfusable {
                label,
                ascii,
                script,
                reads_as,
            } => {
                write!(
                    f,
                    "\"{label}\" ({ascii}) is all {script} and reads as \"{reads_as}\""
                )
            }
            Self::UncommonCharacters {
                label,
                ascii,
                characters,
                reads_as,
            } => {
                write!(
                    f,
                    "\"{label}\" ({ascii}) has characters that are unusual in names ({}){}",
                    List(characters),
                    ReadsAs(reads_as)
                )
            }
            Self::ForeignDigits {
                label,
                ascii,
                characters,
            } => {
                write!(
                    f,
                    "\"{label}\" ({ascii}) has digits of another script ({})",
                    List(characters)
                )
            }
            Self::FakePunctuation {
                place,
                text,
                characters,
            } => {
                write!(
                    f,
                    "{place} has a character that only looks like punctuation ({}): {text}",
                    List(characters)
                )
            }
            Self::BidiControl {
                place,
                text,
                characters,
            } => {
                write!(
                    f,
                    "{place} has characters that turn the reading direction ({}): {text}",
                    List(characters)
                )
            }
            Self::InvisibleCharacters {
                place,
                text,
                characters,
            } => {
                write!(
                    f,
                    "{place} has invisible characters ({}): {text}",
                    List(characters)
                )
            }
            Self::DisguisedHost { written, host } | Self::EncodedHost { written, host } => {
                write!(f, "the host is written as {written} and is {host}")
            }
            Self::InvalidName { host } => write!(f, "{host} is not a valid host name"),
            Self::LongHost {
                end,
                characters,
                labels,
            } => {
                write!(
                    f,
                    "the host has {characters} characters in {labels} parts; it ends in {end}"
                )
            }
            Self::ObfuscatedIp {
                written,
                address,
                form,
            } => {
                write!(f, "{written} is the IP address {address}, {form}")
            }
            Self::LookAlike {
                domain,
                ascii,
                protected,
                trick,
            } => {
                write!(f, "{domain}")?;
                if domain != ascii {
                    write!(f, " ({ascii})")?;
                }
                write!(f, " looks like {protected}: {trick}")
            }
            Self::NameInsideName {
                domain,
                part,
                protected,
            } => {
                write!(
                    f,
                    "{domain} has the name of {protected} in it (\"{part}\") and is another domain"
                )
            }
            Self::NameInSubdomain {
                domain,
                part,
                protected,
            } => {
                write!(
                    f,
                    "\"{part}\" stands for {protected}, but the domain is {domain}"
                )
            }
            Self::Credentials { host } => {
                write!(
                    f,
                    "there is a user name in front of the host, which is {host}"
                )
            }
            Self::CredentialsLookLikeHost { pretended, host } => {
                write!(f, "{pretended} is a user name here; the host is {host}")
            }
            Self::Backslash { host } => {
                write!(
                    f,
                    "there is a backslash, which programs read in different ways; browsers go to {host}"
                )
            }
            Self::HiddenWhitespace { characters } => {
                write!(
                    f,
                    "there are characters that browsers take out ({})",
                    List(characters)
                )
            }
            Self::OddSlashes { host } => {
                write!(
                    f,
                    "there are not two slashes after the scheme; browsers go to {host}"
                )
            }
            Self::OddPort { port } => write!(f, "port {port} is not one of web pages"),
            Self::Scheme { scheme, effect } => write!(f, "a {scheme}: address {effect}"),
            Self::NestedUrl { host } => {
                write!(f, "there is another address inside, which leads to {host}")
            }
            Self::LinkTextNamesOtherHost { named, target } if target.as_str().is_empty() => {
                write!(
                    f,
                    "the link's text names {named}, and it does not lead to a host"
                )
            }
            Self::LinkTextNamesOtherHost { named, target } => {
                write!(f, "the link's text names {named}, but it leads to {target}")
            }
            Self::DoubleEnding { pretended, ending } => {
                write!(
                    f,
                    "the name seems to end in .{pretended} and ends in .{ending}, which runs"
                )
            }
            Self::HiddenEnding { ending } => {
                write!(
                    f,
                    "the ending .{ending}, which runs, is pushed out of sight"
                )
            }
            Self::TrailingDotsOrSpaces { name } => {
                write!(
                    f,
                    "there are dots or spaces at the end; Windows makes it {name}"
                )
            }
            Self::EndingNeverShown { ending } => {
                write!(f, "Windows never shows the ending .{ending}")
            }
            Self::LittleKnownProgram { ending } => write!(f, "a file that ends in .{ending} runs"),
            Self::PathInName { name } => write!(f, "the name holds a path: {name}"),
        }
    }
}

/// Most characters that a finding lists.
const MAX_LISTED: usize = 8;

/// The characters of a text that something holds for, each once, at most [`MAX_LISTED`].
fn listed(text: &str, holds: impl Fn(char) -> bool) -> Vec<CodePoint> {
    let mut out = Vec::new();
    for c in text.chars().filter(|c| holds(*c)) {
        if !out.contains(&CodePoint(c)) {
            out.push(CodePoint(c));
            if out.len() == MAX_LISTED {
                break;
            }
        }
    }
    out
}

/// Findings about characters that nobody sees or that turn the direction, but for those that writing
/// needs where they stand.
fn check_hidden(text: &str, place: Place, findings: &mut Vec<Finding>) {
    let mut bidi = Vec::new();
    let mut invisible = Vec::new();
    let mut first = text.len();
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let list = if is_bidi_control(c) {
            &mut bidi
        } else if is_invisible(c) {
            let after = chars.peek().map_or(' ', |(_, c)| *c);
            if is_needed(before, c, after) {
                before = c;
                continue;
            }
            &mut invisible
        } else {
            before = c;
            continue;
        };
        before = c;
        first = first.min(at);
        if list.len() < MAX_LISTED && !list.contains(&CodePoint(c)) {
            list.push(CodePoint(c));
        }
    }
    // Marks only help right-to-left text along; embeddings, overrides and isolates reorder it.
    let marks = |list: &[CodePoint]| {
        list.iter()
            .all(|CodePoint(c)| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}'))
    };
    let around = || around(text, first);
    if !bidi.is_empty() {
        let severity = if place != Place::Host && marks(&bidi) {
            Severity::Notice
        } else {
            Severity::Warning
        };
        findings.push(
            Reason::BidiControl {
                place,
                text: around(),
                characters: bidi,
            }
            .with(severity),
        );
    }
    if !invisible.is_empty() {
        findings.push(
            Reason::InvisibleCharacters {
                place,
                text: around(),
                characters: invisible,
            }
            .warning(),
        );
    }
}

/// The text, or of a long one what stands around a place.
fn around(text: &str, at: usize) -> Shown {
    let start = text[..at]
        .char_indices()
        .rev()
        .nth(MAX_SHOWN / 2)
        .map_or(0, |(start, _)| start);
    Shown::from(&text[start..])
}
