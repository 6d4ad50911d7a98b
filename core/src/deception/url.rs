//! Addresses in the spelling in which they were written, and links.
//!
//! A browser's canonical form hides what matters here: which backslash was read as a slash, what
//! stood in front of the `@`, how the IP address was spelled. So the address is taken apart here as the
//! URL Standard does it, and only the host is left to the `url` crate.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::host::{self, Host, percent_decoded};
use super::name::check_ending;
use super::{
    CodePoint, Finding, Place, Protected, Reason, Severity, Shown, check_hidden, is_bidi_control,
    is_invisible, listed,
};
use crate::indicator::{Domain, address};
use crate::suffix::{public_suffix, registrable_domain};

/// Ports that web servers are met on: the schemes' own, those that Cloudflare forwards, and those
/// of common development servers.
const WEB_PORTS: [u16; 25] = [
    80, 443, 2052, 2053, 2082, 2083, 2086, 2087, 2095, 2096, 3000, 4200, 4443, 5000, 5173, 8000,
    8008, 8080, 8081, 8088, 8443, 8880, 8888, 9000, 9443,
];

/// Endings that are a top-level domain and, in a link's text, nearly always a file's.
const FILE_LIKE: [&str; 12] = [
    "ai", "app", "cc", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip",
];

/// Most addresses inside an address, and names in a link's text, that are looked into.
const MAX_INSIDE: usize = 8;

/// What following an address does that is no web address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemeEffect {
    /// `javascript:`, `vbscript:`
    RunsScript,
    /// `data:` with a page or something else that can hold a script.
    InlinePage,
    /// `data:` with anything else.
    InlineContent,
    /// `blob:`, `filesystem:`
    MadeByPage,
    /// `file:` on this machine.
    LocalFile,
    /// `file:` on another machine, which is told who asks.
    RemoteFile,
    /// A scheme of Windows that starts a program with what the address says.
    StartsProgram,
}

impl fmt::Display for SchemeEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RunsScript => "runs a script in the page where it is followed",
            Self::InlinePage => "is a whole page that comes from no host",
            Self::InlineContent => "is content that comes from no host",
            Self::MadeByPage => "is content that a page has made",
            Self::LocalFile => "opens a file of this computer",
            Self::RemoteFile => "opens a file of another computer, which may learn who you are",
            Self::StartsProgram => "starts a program",
        })
    }
}

/// An address without the characters that browsers take out, and its parts.
struct Address<'a> {
    text: Cow<'a, str>,
    /// Where each part begins in the text.
    user: usize,
    host: usize,
    port: usize,
    rest: usize,
    /// How many slashes and backslashes there are in front of the authority, if there is a
    /// scheme; and whether one is a backslash.
    slashes: Option<usize>,
    backslashed: bool,
    /// In lower case; `http` if none was written.
    scheme: String,
}

impl Address<'_> {
    fn user(&self) -> &str {
        self.text[self.user..self.host]
            .strip_suffix('@')
            .unwrap_or_default()
    }

    fn has_user(&self) -> bool {
        self.host > self.user
    }

    fn host(&self) -> &str {
        &self.text[self.host..self.port]
    }

    fn port(&self) -> Option<u16> {
        self.text[self.port..self.rest]
            .strip_prefix(':')?
            .parse()
            .ok()
    }

    fn rest(&self) -> &str {
        &self.text[self.rest..]
    }

    /// The part of the rest in front of query and fragment.
    fn path(&self) -> &str {
        self.rest().split(['?', '#']).next().unwrap_or_default()
    }
}

/// What the written text is.
enum Written<'a> {
    Web(Address<'a>),
    Other { scheme: String, text: Cow<'a, str> },
}

fn is_c0_or_space(c: char) -> bool {
    c <= ' '
}

fn is_taken_out(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// Takes an address apart as the URL Standard does for "special" schemes; without a scheme it is
/// read as http.
fn read(written: &str) -> Written<'_> {
    let trimmed = written.trim_matches(is_c0_or_space);
    let text: Cow<'_, str> = if trimmed.contains(is_taken_out) {
        trimmed.replace(is_taken_out, "").into()
    } else {
        trimmed.into()
    };
    let scheme = scheme_of(&text);
    let name = scheme.map_or_else(|| "http".to_owned(), str::to_ascii_lowercase);
    let authority = scheme.map_or(0, |scheme| scheme.len() + 1);
    if !matches!(name.as_str(), "http" | "https" | "ftp" | "ws" | "wss") {
        return Written::Other { scheme: name, text };
    }
    let slashes = text[authority..]
        .bytes()
        .take_while(|byte| matches!(byte, b'/' | b'\\'))
        .count();
    if scheme.is_none() && slashes == 1 {
        // A path of some page; which, is not said.
        let [user, host, port, rest] = [0; 4];
        return Written::Web(Address {
            user,
            host,
            port,
            rest,
            slashes: None,
            backslashed: false,
            scheme: name,
            text,
        });
    }
    let user = authority + slashes;
    let backslashed = text[authority..user].contains('\\');
    let rest = text[user..]
        .find(['/', '\\', '?', '#'])
        .map_or(text.len(), |at| user + at);
    let host = text[user..rest].rfind('@').map_or(user, |at| user + at + 1);
    let after_bracket = if text[host..].starts_with('[') {
        text[host..rest].find(']').map_or(host, |at| host + at)
    } else {
        host
    };
    let port = text[after_bracket..rest]
        .find(':')
        .map_or(rest, |at| after_bracket + at);
    let slashes = scheme.is_some().then_some(slashes);
    Written::Web(Address {
        user,
        host,
        port,
        rest,
        slashes,
        backslashed,
        scheme: name,
        text,
    })
}

/// The scheme, if the text has one: `example.com:8080` and `localhost:3000` have none.
fn scheme_of(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))?;
    let scheme = &text[..end];
    let after = text[end..].strip_prefix(':')?;
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let port = after.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = scheme.contains('.') || scheme.eq_ignore_ascii_case("localhost");
    (!(is_port && is_host)).then_some(scheme)
}

/// What about an address is made to deceive, in the spelling in which it was written.
///
/// ```
/// use quorum_core::deception::{Protected, Severity, check_url};
/// let findings = check_url("https://www.paypal.com@203.0.113.5/login", &Protected::well_known());
/// assert_eq!(findings[0].severity, Severity::Warning);
/// assert_eq!(findings[0].to_string(), "www.paypal.com is a user name here; the host is 203.0.113.5");
/// assert_eq!(check_url("https://www.paypal.com/signin", &Protected::well_known()), []);
/// ```
pub fn check_url(url: &str, protected: &Protected) -> Vec<Finding> {
    let mut findings = Vec::new();
    match read(url) {
        Written::Web(address) => {
            check_taken_out(url, address.rest, &mut findings);
            check_web(&address, protected, &mut findings);
        }
        Written::Other { scheme, text } => {
            check_taken_out(url, text.len(), &mut findings);
            if let Some((severity, effect)) = effect(&scheme, &text) {
                let scheme = Shown::from(scheme.as_str());
                findings.push(Reason::Scheme { scheme, effect }.with(severity));
            }
            check_hidden(&text, Place::Address, &mut findings);
        }
    }
    findings
}

/// Characters that browsers take out: in front of the path they hide what the address is.
fn check_taken_out(written: &str, authority_end: usize, findings: &mut Vec<Finding>) {
    let start = written.trim_start_matches(is_c0_or_space);
    let in_front = &written[..written.len() - start.len()];
    let unusual = |c: char| is_c0_or_space(c) && c != ' ' && !is_taken_out(c);
    let trimmed = start.trim_end_matches(is_c0_or_space);
    let mut characters = listed(in_front, unusual);
    let hides = !characters.is_empty()
        || trimmed
            .find(is_taken_out)
            .is_some_and(|at| at < authority_end);
    characters.extend(
        listed(trimmed, is_taken_out)
            .into_iter()
            .filter(|CodePoint(c)| !in_front.contains(*c)),
    );
    if !characters.is_empty() {
        let severity = if hides {
            Severity::Warning
        } else {
            Severity::Notice
        };
        findings.push(Reason::HiddenWhitespace { characters }.with(severity));
    }
}

fn effect(scheme: &str, text: &str) -> Option<(Severity, SchemeEffect)> {
    let after = text.get(scheme.len() + 1..).unwrap_or_default();
    Some(match scheme {
        "javascript" | "vbscript" => (Severity::Warning, SchemeEffect::RunsScript),
        "data" => {
            let media = after
                .split([',', ';'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            if media.contains("html") || media.contains("xml") || media.contains("script") {
                (Severity::Warning, SchemeEffect::InlinePage)
            } else {
                (Severity::Notice, SchemeEffect::InlineContent)
            }
        }
        "blob" | "filesystem" => (Severity::Notice, SchemeEffect::MadeByPage),
        "file" => {
            let path = after.trim_start_matches(['/', '\\']);
            // Two slashes and a host; four (or five) are Windows' `\\host\share`.
            let remote = match after.len() - path.len() {
                2 => {
                    !path.starts_with("localhost/")
                        && !path
                            .get(1..2)
                            .is_some_and(|colon| colon == ":" || colon == "|")
                }
                4 | 5 => true,
                _ => false,
            };
            if remote && !path.is_empty() {
                (Severity::Warning, SchemeEffect::RemoteFile)
            } else {
                (Severity::Notice, SchemeEffect::LocalFile)
            }
        }
        "search" | "search-ms" | "shell" => (Severity::Warning, SchemeEffect::StartsProgram),
        _ if scheme.starts_with("ms-") => (Severity::Warning, SchemeEffect::StartsProgram),
        _ => return None,
    })
}

fn check_web(address: &Address<'_>, protected: &Protected, findings: &mut Vec<Finding>) {
    let host = Host::read(address.host());
    if address.host().is_empty() {
        return;
    }
    check_user(address, &host, findings);
    if address.backslashed || address.rest().starts_with('\\') {
        findings.push(Reason::Backslash { host: host.shown() }.warning());
    } else if address.path().contains('\\') {
        findings.push(Reason::Backslash { host: host.shown() }.notice());
    }
    if address.slashes.is_some_and(|slashes| slashes != 2) {
        findings.push(Reason::OddSlashes { host: host.shown() }.notice());
    }
    host::check(address.host(), &host, protected, findings);
    if let Some(port) = address.port()
        && !WEB_PORTS.contains(&port)
        && !(address.scheme == "ftp" && port == 21)
        && !is_private(&host)
    {
        findings.push(Reason::OddPort { port }.notice());
    }
    let outside = format!("{}{}", address.user(), address.rest());
    check_hidden(&outside, Place::Address, findings);
    let file = address
        .path()
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    let file = percent_decoded(file);
    if file != address.path() && !file.is_empty() {
        // Of a name inside an address only this counts: the others are for names that are saved.
        if let Some(finding) = check_ending(file.trim_end_matches(['.', ' ']))
            && finding.severity == Severity::Warning
        {
            findings.push(finding);
        }
        let turned = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let characters = listed(&file, turned);
        if !characters.is_empty() && !outside.contains(turned) {
            findings.push(
                Reason::BidiControl {
                    place: Place::FileName,
                    text: Shown::from(&*file),
                    characters,
                }
                .warning(),
            );
        }
    }
    if let Some(inner) =
        inside(address.rest()).find(|inner| !is_same_site(&inner.ascii(), &host.ascii()))
    {
        findings.push(
            Reason::NestedUrl {
                host: inner.shown(),
            }
            .notice(),
        );
    }
}

fn check_user(address: &Address<'_>, host: &Host, findings: &mut Vec<Finding>) {
    if !address.has_user() {
        return;
    }
    let user = percent_decoded(address.user());
    // Neither a long text in front of the host nor its password is looked through to the end.
    let user = &user[..user.floor_char_boundary(1024)];
    let is_host_character = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '.' | '_')
            || (!c.is_ascii() && !host::is_fake_punctuation(c))
    };
    let mut pretended = None;
    let mut before = None;
    for part in user.split_inclusive(|c| !is_host_character(c)) {
        let name = part.trim_end_matches(|c| !is_host_character(c));
        // `user@example.com` as a user name is somebody's e-mail address.
        if before != Some('@') && names_a_host(name) {
            pretended = Some(name);
            break;
        }
        before = part.chars().next_back();
    }
    findings.push(match pretended {
        Some(name) if !is_same_site(&Host::read(name).ascii(), &host.ascii()) => {
            Reason::CredentialsLookLikeHost {
                pretended: Shown::from(name),
                host: host.shown(),
            }
            .warning()
        }
        _ => Reason::Credentials { host: host.shown() }.notice(),
    });
}

/// Whether a text is a domain name below a public suffix that exists, or an IPv4 address.
fn names_a_host(text: &str) -> bool {
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    text.parse::<Domain>().is_ok_and(|domain| {
        public_suffix(domain.as_str()).known && registrable_domain(domain.as_str()).is_some()
    })
}

fn is_private(host: &Host) -> bool {
    match host {
        Host::Ip(ip) => address::is_private(*ip),
        Host::Name(name) => name
            .ascii
            .parse::<Domain>()
            .map_or(!name.ascii.contains('.'), |domain| domain.is_private()),
    }
}

/// Whether two hosts, in ASCII, lie below one registered domain.
fn is_same_site(a: &str, b: &str) -> bool {
    a == b || registrable_domain(a).is_some_and(|domain| registrable_domain(b) == Some(domain))
}

/// The hosts of the web addresses inside a path or a query, escaped at most twice.
fn inside(rest: &str) -> impl Iterator<Item = Host> {
    let once = percent_decoded(rest);
    let twice = percent_decoded(&once).into_owned();
    let mut hosts = Vec::new();
    for (at, slashes) in twice.match_indices("//") {
        let before = twice.as_bytes()[..at]
            .rsplit(|byte| matches!(byte, b'/' | b'?' | b'&' | b'=' | b'#'))
            .next()
            .unwrap_or_default();
        let led_by_scheme = before.len() <= 6
            && matches!(before.to_ascii_lowercase().as_slice(), b"http:" | b"https:");
        if !led_by_scheme && !twice[..at].ends_with('=') {
            continue;
        }
        let authority = &twice[at + slashes.len()..];
        let end = authority
            .find(|c: char| c.is_whitespace() || "/\\?#&\"'<>)".contains(c))
            .unwrap_or(authority.len());
        let host = authority[..end].rsplit('@').next().unwrap_or_default();
        let host = if host.starts_with('[') {
            host
        } else {
            host.split(':').next().unwrap_or_default()
        };
        if names_a_host(host) {
            hosts.push(Host::read(host));
            if hosts.len() == MAX_INSIDE {
                break;
            }
        }
    }
    hosts.into_iter()
}

/// A host that a link's text names.
struct Named {
    ascii: String,
    /// Whether it is written as an address, or is all of the text: then it is meant as one, and not
    /// as a company's name (`Booking.com`) in a sentence.
    meant: bool,
}

/// What about a link is made to deceive: its text names another host than it leads to, or has
/// characters that nobody sees. The target is absolute, as the browser has resolved it; what about
/// the target itself deceives is told by [`check_url`].
///
/// ```
/// use quorum_core::deception::{Protected, check_link};
/// let protected = Protected::well_known();
/// let findings = check_link("https://www.paypal.com", "https://paypal.example.net/", &protected);
/// assert_eq!(findings[0].to_string(), "the link's text names www.paypal.com, but it leads to paypal.example.net");
/// assert_eq!(check_link("paypal.com", "https://www.paypal.com/signin", &protected), []);
/// ```
pub fn check_link(text: &str, target: &str, protected: &Protected) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_hidden(text.trim(), Place::LinkText, &mut findings);
    let named = named_in(text);
    // What is meant as an address counts first.
    let meant = named.iter().find(|named| named.meant);
    let Some(first) = meant.or(named.first()) else {
        return findings;
    };
    let target = match read(target) {
        // Without a scheme or two slashes it is a path of the page where the link stands.
        Written::Web(address) if address.user > 0 && !address.host().is_empty() => address,
        Written::Other { scheme, text } if effect(&scheme, &text).is_some() => {
            let named = Shown::from(first.ascii.as_str());
            findings.push(
                Reason::LinkTextNamesOtherHost {
                    named,
                    target: Shown::from(""),
                }
                .warning(),
            );
            return findings;
        }
        _ => return findings,
    };
    let host = Host::read(target.host());
    let leads_to = |named: &Named, host: &str| {
        is_same_site(&named.ascii, host) || protected.have_one_owner(&named.ascii, host)
    };
    if named.iter().any(|named| leads_to(named, &host.ascii())) {
        return findings;
    }
    // A counter of clicks leads on to what the text names.
    let through = inside(target.rest())
        .any(|inner| named.iter().any(|named| leads_to(named, &inner.ascii())));
    let reason = Reason::LinkTextNamesOtherHost {
        named: Shown::from(first.ascii.as_str()),
        target: host.shown(),
    };
    findings.push(if first.meant && !through {
        reason.warning()
    } else {
        reason.notice()
    });
    findings
}

fn named_in(text: &str) -> Vec<Named> {
    let is_separator = |c: char| c.is_whitespace() || "<>\"'()[]{}|,;«»“”„‘’".contains(c);
    let mut out = Vec::new();
    let is_whole = text.trim().split(is_separator).count() == 1;
    for word in text.split(is_separator) {
        let word: Cow<'_, str> = if word.contains(|c| is_invisible(c) || is_bidi_control(c)) {
            word.replace(|c| is_invisible(c) || is_bidi_control(c), "")
                .into()
        } else {
            word.into()
        };
        let (scheme, after) = match word.split_once("://") {
            Some((scheme, after)) => (Some(scheme), after),
            None => (None, &*word),
        };
        if scheme.is_some_and(|scheme| {
            !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
        }) {
            continue;
        }
        let authority = after
            .split(['/', '\\', '?', '#'])
            .next()
            .unwrap_or_default();
        let host = match authority.rsplit_once('@') {
            Some((_, host)) if scheme.is_some() => host,
            Some(_) => continue,
            None => authority,
        };
        let host = host
            .split(':')
            .next()
            .unwrap_or_default()
            .trim_end_matches(['.', '!', '…']);
        if host.len() > 1024 || !names_a_host(host) {
            continue;
        }
        let ascii = Host::read(host).ascii().into_owned();
        let is_address =
            scheme.is_some() || ascii.starts_with("www.") || authority.len() < after.len();
        let file_like = ascii
            .rsplit('.')
            .next()
            .is_some_and(|top| FILE_LIKE.binary_search(&top).is_ok());
        if file_like && !is_address {
            continue;
        }
        let meant = is_address || (is_whole && !host.contains(|c: char| c.is_ascii_uppercase()));
        out.push(Named { ascii, meant });
        if out.len() == MAX_INSIDE {
            break;
        }
    }
    out
}
