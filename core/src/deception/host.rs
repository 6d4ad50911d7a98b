//! Host names: scripts, look-alikes, hidden IP addresses, and names of others.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::unicode::{Restriction, ScriptSet, digit_zero, prototype, restriction, scripts};
use super::{
    CodePoint, Finding, Place, Protected, Reason, Severity, Shown, check_hidden, is_bidi_control,
    is_invisible, listed,
};

/// Longest host that is looked into, in bytes; of a longer one only its length is told. DNS names
/// have at most 253, percent-escapes and other scripts take more.
const MAX_HOST_BYTES: usize = 1024;

/// A host has as many characters at most before it is called long. The longest that is common
/// (cloud providers' internal names) has some 80.
const LONG_HOST: usize = 100;

/// A host has as many labels at most before it is called long.
const MANY_LABELS: usize = 7;

/// How an IP address was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpForm {
    /// One decimal number: `3232235777`.
    Decimal,
    /// With octal parts: `0300.0250.1.1`.
    Octal,
    /// With hexadecimal parts: `0xc0.0xa8.1.1`.
    Hexadecimal,
    /// With fewer than four parts: `127.1`.
    Short,
    /// An IPv4 address in an IPv6 one: `[::ffff:c0a8:101]`.
    Mapped,
    /// With digits that are not ASCII, or percent-escapes: `１２７.0.0.1`.
    OtherCharacters,
}

impl fmt::Display for IpForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decimal => "written as one number",
            Self::Octal => "written in octal",
            Self::Hexadecimal => "written in hexadecimal",
            Self::Short => "written with parts left out",
            Self::Mapped => "written inside an IPv6 address",
            Self::OtherCharacters => "written with other characters than digits and dots",
        })
    }
}

/// A host as browsers read it.
pub(super) enum Host {
    Ip(IpAddr),
    Name(Name),
}

/// A host name in both forms, lower case, without a final dot.
pub(super) struct Name {
    pub(super) ascii: String,
    pub(super) unicode: String,
    /// Whether IDNA accepts it.
    pub(super) valid: bool,
}

impl Host {
    /// Reads a host as a browser does, percent-escapes and number forms included; a name that
    /// browsers refuse is kept as far as it can be read.
    pub(super) fn read(written: &str) -> Self {
        let written = &written[..written.floor_char_boundary(MAX_HOST_BYTES)];
        if let Ok(host) = url::Host::parse(written) {
            match host {
                url::Host::Ipv4(v4) => return Self::Ip(v4.into()),
                url::Host::Ipv6(v6) => return Self::Ip(v6.into()),
                url::Host::Domain(ascii) => {
                    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
                    let (unicode, _) = idna::domain_to_unicode(ascii);
                    return Self::Name(Name {
                        ascii: ascii.to_owned(),
                        unicode,
                        valid: true,
                    });
                }
            }
        }
        if let Ok(v6) = written.parse::<Ipv6Addr>() {
            return Self::Ip(v6.into());
        }
        let decoded = percent_decoded(written);
        let decoded = decoded.strip_suffix('.').unwrap_or(&decoded);
        let (unicode, result) = idna::domain_to_unicode(decoded);
        let ascii = idna::domain_to_ascii(decoded).unwrap_or_else(|_| decoded.to_ascii_lowercase());
        // What the URL Standard refuses beside IDNA is punctuation, of which people see enough.
        Self::Name(Name {
            ascii,
            unicode,
            valid: result.is_ok(),
        })
    }

    /// The host in ASCII, as it is compared; IPv6 without brackets.
    pub(super) fn ascii(&self) -> Cow<'_, str> {
        match self {
            Self::Ip(ip) => ip.to_string().into(),
            Self::Name(name) => name.ascii.as_str().into(),
        }
    }

    /// The host as a finding quotes it.
    pub(super) fn shown(&self) -> Shown {
        match self {
            Self::Ip(ip) => Shown::from(ip.to_string().as_str()),
            Self::Name(name) if name.unicode == name.ascii => Shown::from(name.ascii.as_str()),
            Self::Name(name) => Shown::from(format!("{} ({})", name.unicode, name.ascii).as_str()),
        }
    }
}

/// A host name in Unicode and as the DNS has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothWays {
    /// As people write it.
    pub unicode: Shown,
    /// As the DNS has it, international labels in punycode.
    pub ascii: Shown,
}

/// A host both ways, whichever way it is written.
///
/// ```
/// use quorum_core::deception::host_both_ways;
/// let both = host_both_ways("xn--bcher-kva.example");
/// assert_eq!((both.unicode.as_str(), both.ascii.as_str()), ("bücher.example", "xn--bcher-kva.example"));
/// ```
pub fn host_both_ways(host: &str) -> BothWays {
    match Host::read(host.trim()) {
        Host::Ip(ip) => {
            let text = Shown::from(ip.to_string().as_str());
            BothWays {
                unicode: text.clone(),
                ascii: text,
            }
        }
        Host::Name(name) => BothWays {
            unicode: Shown::from(name.unicode.as_str()),
            ascii: Shown::from(name.ascii.as_str()),
        },
    }
}

/// What about a host is made to deceive. The host may be written in any way that a browser takes:
/// in Unicode or punycode, with percent-escapes, as a number; IPv6 addresses with or without
/// brackets.
///
/// ```
/// use quorum_core::deception::{Protected, Reason, check_host};
/// let protected = Protected::well_known();
/// let findings = check_host("p\u{430}ypal.com", &protected);
/// assert!(matches!(&findings[0].reason, Reason::MixedScripts { ascii, .. } if ascii.as_str() == "xn--pypal-4ve"));
/// assert_eq!(check_host("bücher.example", &protected), []);
/// ```
pub fn check_host(host: &str, protected: &Protected) -> Vec<Finding> {
    let mut findings = Vec::new();
    let host = host.trim();
    check(host, &Host::read(host), protected, &mut findings);
    findings
}

pub(super) fn check(
    written: &str,
    host: &Host,
    protected: &Protected,
    findings: &mut Vec<Finding>,
) {
    if written.len() > MAX_HOST_BYTES {
        let start = written.ceil_char_boundary(written.len() - 60);
        findings.push(
            Reason::LongHost {
                end: Shown::from(&written[start..]),
                characters: written.chars().count(),
                labels: written.split('.').count(),
            }
            .warning(),
        );
        return;
    }
    check_writing(written, host, findings);
    match host {
        Host::Ip(ip) => check_ip(written, *ip, findings),
        Host::Name(name) => {
            check_name(name, findings);
            let mut imitations = Vec::new();
            protected.check(name, &mut imitations);
            findings.extend(
                imitations
                    .into_iter()
                    .map(|(severity, reason)| reason.with(severity)),
            );
        }
    }
}

/// How the host is written, whatever it is.
fn check_writing(written: &str, host: &Host, findings: &mut Vec<Finding>) {
    // What is a joiner to IDNA is no trick: Persian and Hindi are written with them.
    let kept = matches!(host, Host::Name(name) if name.valid && name.unicode.contains(is_joiner));
    let hidden: String = written
        .chars()
        .filter(|c| !(kept && is_joiner(*c)))
        .collect();
    let before = findings.len();
    check_hidden(&hidden, Place::Host, findings);
    let decoded = percent_decoded(written);
    if decoded != written {
        findings.push(
            Reason::EncodedHost {
                written: Shown::from(written),
                host: host.shown(),
            }
            .warning(),
        );
        if findings.len() == before + 1 {
            check_hidden(&decoded, Place::Host, findings);
        }
    }
    if let Host::Name(_) = host {
        let disguised =
            |c: char| !c.is_ascii() && !is_invisible(c) && !is_bidi_control(c) && becomes_ascii(c);
        let severity = decoded
            .chars()
            .filter(|c| disguised(*c))
            .fold(None, |severity, c| {
                // The East Asian full stops are what the keyboard gives there.
                let dot = matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
                severity.max(Some(if dot {
                    Severity::Notice
                } else {
                    Severity::Warning
                }))
            });
        if let Some(severity) = severity {
            findings.push(
                Reason::DisguisedHost {
                    written: Shown::from(&*decoded),
                    host: host.shown(),
                }
                .with(severity),
            );
        }
    }
}

/// Zero-width joiner and non-joiner.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether IDNA turns a character into ASCII.
fn becomes_ascii(c: char) -> bool {
    let (mapped, _) = idna::domain_to_unicode(c.encode_utf8(&mut [0; 4]));
    !mapped.is_empty() && mapped.is_ascii()
}

fn check_ip(written: &str, ip: IpAddr, findings: &mut Vec<Finding>) {
    let (address, form) = match ip {
        IpAddr::V4(v4) => {
            if written.strip_suffix('.').unwrap_or(written) == v4.to_string() {
                return;
            }
            let parts: Vec<&str> = written.trim_end_matches('.').split('.').collect();
            let form = if !written
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || b".xX".contains(&byte))
            {
                IpForm::OtherCharacters
            } else if written.contains(['x', 'X']) {
                IpForm::Hexadecimal
            } else if parts
                .iter()
                .any(|part| part.len() > 1 && part.starts_with('0'))
            {
                IpForm::Octal
            } else if parts.len() == 1 {
                IpForm::Decimal
            } else {
                IpForm::Short
            };
            (ip, form)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => (v4.into(), IpForm::Mapped),
            None => return,
        },
    };
    findings.push(
        Reason::ObfuscatedIp {
            written: Shown::from(written),
            address,
            form,
        }
        .warning(),
    );
}

fn check_name(name: &Name, findings: &mut Vec<Finding>) {
    let labels = name.ascii.split('.').count();
    let characters = name.unicode.chars().count();
    // Reverse look-ups spell out an address digit by digit.
    if (characters > LONG_HOST || labels > MANY_LABELS) && !name.ascii.ends_with(".arpa") {
        let start = name
            .unicode
            .char_indices()
            .rev()
            .nth(60)
            .map_or(0, |(at, _)| at);
        findings.push(
            Reason::LongHost {
                end: Shown::from(&name.unicode[start..]),
                characters,
                labels,
            }
            .notice(),
        );
    }
    if !name.valid {
        findings.push(
            Reason::InvalidName {
                host: Shown::from(name.ascii.as_str()),
            }
            .notice(),
        );
    }
    if name.unicode.is_ascii() {
        return;
    }
    let top_level = name.unicode.rsplit('.').next().unwrap_or_default();
    // IDNA maps between the two label by label, so both have the same number of labels.
    for (label, ascii) in name.unicode.split('.').zip(name.ascii.split('.')) {
        // IDNA puts a replacement character where it refuses one, which is told already.
        if !label.is_ascii() && !label.contains(char::REPLACEMENT_CHARACTER) {
            // Where IDNA takes a joiner, it belongs to the writing.
            let letters = label.replace(is_joiner, "");
            check_label(&letters, label, ascii, top_level, findings);
        }
    }
}

fn check_label(
    label: &str,
    written: &str,
    ascii: &str,
    top_level: &str,
    findings: &mut Vec<Finding>,
) {
    let (shown, ascii) = (Shown::from(written), Shown::from(ascii));
    let fake = listed(label, is_fake_punctuation);
    if !fake.is_empty() {
        findings.push(
            Reason::FakePunctuation {
                place: Place::Host,
                text: shown.clone(),
                characters: fake,
            }
            .warning(),
        );
    }
    let digits = listed(label, |c| !c.is_ascii() && digit_zero(c).is_some());
    if !digits.is_empty() {
        let first = label.chars().find_map(digit_zero);
        let mixed = label
            .chars()
            .filter_map(digit_zero)
            .any(|zero| Some(zero) != first);
        if mixed || label.contains(|c: char| c.is_ascii_alphabetic()) {
            findings.push(
                Reason::ForeignDigits {
                    label: shown,
                    ascii,
                    characters: digits,
                }
                .warning(),
            );
            return;
        }
    }
    let reads_as = reads_as(label);
    match restriction(label) {
        Restriction::Unrestricted => {
            let characters = listed(label, |c| scripts(c).is_none() && !is_fake_punctuation(c));
            if !characters.is_empty() {
                let severity = if reads_as.is_some() {
                    Severity::Warning
                } else {
                    Severity::Notice
                };
                findings.push(
                    Reason::UncommonCharacters {
                        label: shown,
                        ascii,
                        characters,
                        reads_as,
                    }
                    .with(severity),
                );
            }
        }
        level @ (Restriction::Minimally | Restriction::Moderately) => {
            let severity = if level == Restriction::Minimally || reads_as.is_some() {
                Severity::Warning
            } else {
                Severity::Notice
            };
            let (names, characters) = mixture(label);
            findings.push(
                Reason::MixedScripts {
                    label: shown,
                    ascii,
                    scripts: names,
                    characters,
                    reads_as,
                }
                .with(severity),
            );
        }
        Restriction::Highly => {
            let script = label
                .chars()
                .filter_map(scripts)
                .find(|set| *set != ScriptSet::ALL);
            if let (Some(reads_as), Some(script)) = (reads_as, script)
                && let Some(script) = script.names().next()
                && !label
                    .chars()
                    .any(|c| scripts(c).is_some_and(ScriptSet::is_latin))
                && !is_home_of(top_level, script)
            {
                findings.push(
                    Reason::WholeScriptConfusable {
                        label: shown,
                        ascii,
                        script: script.to_owned(),
                        reads_as,
                    }
                    .warning(),
                );
            }
        }
    }
}

/// The scripts that a label mixes, in order, and its letters that are not of the one to expect:
/// Latin if there is any, else the first.
fn mixture(label: &str) -> (Vec<String>, Vec<CodePoint>) {
    let of = |c: char| scripts(c).filter(|set| *set != ScriptSet::ALL);
    let mut names: Vec<String> = Vec::new();
    for set in label.chars().filter_map(of) {
        // A character of several scripts adds none if one of them is there already.
        if !set
            .names()
            .any(|name| names.iter().any(|known| known == name))
        {
            names.extend(set.names().next().map(str::to_owned));
        }
    }
    let expected = if names.iter().any(|name| name == "Latin") {
        "Latin"
    } else {
        names.first().map_or("", String::as_str)
    };
    let characters = listed(label, |c| {
        of(c).is_some_and(|set| !set.names().any(|name| name == expected))
    });
    (names, characters)
}

/// The ASCII name that a label looks like letter by letter, if it does.
fn reads_as(label: &str) -> Option<Shown> {
    let mut out = String::with_capacity(label.len());
    for c in label.chars() {
        match prototype(c) {
            Some(prototype) => out.push_str(prototype),
            None => out.push(c),
        }
    }
    out.make_ascii_lowercase();
    out.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        .then(|| Shown::from(out.as_str()))
}

/// Whether a character looks like what ends a host or a label.
pub(super) fn is_fake_punctuation(c: char) -> bool {
    !c.is_ascii()
        && prototype(c).is_some_and(|prototype| {
            prototype.contains(['/', '\\', '?', '#', '.', ':', '@', '%', '&', '='])
        })
}

/// Whether names in a script are at home below a top-level domain, so that a word that happens to
/// look Latin is no trick. Countries by the scripts of their languages.
fn is_home_of(top_level: &str, script: &str) -> bool {
    const HOMES: [(&str, &[&str]); 4] = [
        (
            "Cyrillic",
            &[
                "ba", "bg", "by", "kg", "kz", "md", "me", "mk", "mn", "rs", "ru", "su", "tj", "ua",
                "uz",
            ],
        ),
        ("Greek", &["cy", "gr"]),
        ("Armenian", &["am"]),
        ("Georgian", &["ge"]),
    ];
    let own = |c: char| {
        scripts(c)
            .is_some_and(|set| set != ScriptSet::ALL && set.names().any(|name| name == script))
    };
    top_level.chars().any(own)
        || HOMES
            .iter()
            .any(|(home, countries)| *home == script && countries.contains(&top_level))
}

/// A text with its percent-escapes decoded; what is no UTF-8 then stays as it is.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes
            .get(at + 1..at + 3)
            .filter(|hex| bytes[at] == b'%' && hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).map_or_else(|_| text.into(), Cow::from)
}
