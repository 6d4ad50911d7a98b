//! Addresses with a host, of the schemes that lead somewhere on a network.

use std::fmt;
use std::str::FromStr;

use url::Position;

use super::{Fault, Kind, ParseError, serde_as_text};
use crate::indicator::{CanonicalUrl, DomainError, Indicator, MAX_URL_BYTES, UrlError};

/// The schemes that a [`HostUrl`] can have.
pub(crate) fn schemes() -> impl Iterator<Item = &'static str> {
    WEB.into_iter()
        .chain(SCHEMES.iter().map(|(scheme, _)| *scheme))
}

const WEB: [&str; 2] = ["http", "https"];

/// The schemes beyond the web's, each with the port that goes without saying (IANA's registry;
/// `None` where clients do not agree).
const SCHEMES: [(&str, Option<u16>); 18] = [
    ("ftp", Some(21)),
    ("ftps", Some(990)),
    ("sftp", Some(22)),
    ("ws", Some(80)),
    ("wss", Some(443)),
    ("ssh", Some(22)),
    ("tftp", Some(69)),
    ("ldap", Some(389)),
    ("ldaps", Some(636)),
    ("smb", Some(445)),
    ("telnet", Some(23)),
    ("rtsp", Some(554)),
    ("rtsps", Some(322)),
    ("irc", None),
    ("ircs", Some(6697)),
    ("git", Some(9418)),
    // No schemes of any registry: how reports and malware's settings write where a server listens.
    ("tcp", None),
    ("udp", None),
];

/// An address with a host: of the web, or of `ftp`, `ftps`, `sftp`, `ws`, `wss`, `ssh`, `tftp`,
/// `ldap`, `ldaps`, `smb`, `telnet`, `rtsp`, `rtsps`, `irc`, `ircs`, `git`, `tcp`,
/// `udp`.
///
/// A web address has the text of its [`CanonicalUrl`]. The others are made canonical by the same
/// rules: scheme and host in lower case and ASCII, no default port, `/` for an empty path, no
/// fragment, one spelling for each escape. Without a scheme a text is taken for a web address if
/// its host is a domain name or an IP address.
///
/// ```
/// use quorum_core::observable::HostUrl;
/// let url: HostUrl = "FTP://Files.Example.com:21/%7ebob#top".parse()?;
/// assert_eq!(url.to_string(), "ftp://files.example.com/~bob");
/// assert_eq!(url.indicator(), None);
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostUrl(Form);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Web(CanonicalUrl),
    /// The canonical text, and where its host begins and ends.
    Other {
        text: String,
        host_start: usize,
        host_end: usize,
    },
}

impl HostUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Web(url) => url.as_str(),
            Form::Other { text, .. } => text,
        }
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        self.as_str().split(':').next().unwrap_or_default()
    }

    /// The host as text; IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        match &self.0 {
            Form::Web(url) => url.host(),
            Form::Other {
                text,
                host_start,
                host_end,
            } => &text[*host_start..*host_end],
        }
    }

    /// The host as an indicator of its own; `None` for a name of a single label.
    pub fn host_indicator(&self) -> Option<Indicator> {
        let host = match &self.0 {
            Form::Web(url) => return url.host_indicator(),
            Form::Other { .. } => self.host(),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse() {
            Ok(ip) => Some(Indicator::Ip(ip)),
            Err(_) => host.parse().ok().map(Indicator::Domain),
        }
    }

    /// The web address that a backend has reports on, if this is one.
    pub fn indicator(&self) -> Option<&CanonicalUrl> {
        match &self.0 {
            Form::Web(url) => Some(url),
            Form::Other { .. } => None,
        }
    }
}

impl From<CanonicalUrl> for HostUrl {
    fn from(url: CanonicalUrl) -> Self {
        Self(Form::Web(url))
    }
}

fn read(text: &str) -> Result<HostUrl, Fault> {
    let url = HostUrl(parse(text)?);
    // A host of several final dots keeps all but one, and escapes make a text longer: neither
    // canonical text would be read back as itself.
    if url.host().ends_with('.') {
        return Err(DomainError::Syntax.into());
    }
    match url.as_str().len() {
        length if length > MAX_URL_BYTES => Err(UrlError::TooLong(length).into()),
        _ => Ok(url),
    }
}

fn parse(text: &str) -> Result<Form, Fault> {
    let text = text.trim();
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong(text.len()).into());
    }
    if let Some(at) = text.find(char::is_whitespace) {
        return Err(Fault::Character(at));
    }
    let (written, rest) = text.split_once("://").unwrap_or_default();
    let known = |(scheme, _): &&(&str, _)| written.eq_ignore_ascii_case(scheme);
    if let Some((scheme, default_port)) = SCHEMES.iter().find(known) {
        return other(scheme, *default_port, rest);
    }
    let url: CanonicalUrl = text.parse()?;
    let web = WEB.iter().any(|web| written.eq_ignore_ascii_case(web));
    // Without a scheme only what has a dot in its host is an address: "a/b" is not.
    if !web && url.host_indicator().is_none() {
        return Err(Fault::Form("an address with a scheme or a domain name"));
    }
    Ok(Form::Web(url))
}

/// The URL Standard leaves the hosts of schemes it doesn't know as they were written. So the
/// address is read as though it were one of the web, and given its own scheme afterwards.
fn other(scheme: &str, default_port: Option<u16>, rest: &str) -> Result<Form, Fault> {
    // The web's reader would skip these and take the path for the host.
    if rest.starts_with(['/', '\\']) {
        return Err(Fault::Form("an address with a host"));
    }
    let stand_in: CanonicalUrl = format!("https://{rest}").parse()?;
    let url = stand_in.as_url();
    // No port here is either none at all or 443.
    let port = match url.port() {
        None => format!("http://{rest}")
            .parse::<CanonicalUrl>()?
            .as_url()
            .port(),
        port => port,
    };
    let port = port.filter(|port| Some(*port) != default_port);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let user = &url[Position::BeforeUsername..Position::BeforeHost];
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let mut text = format!("{scheme}://{user}");
    let host_start = text.len();
    text.push_str(stand_in.host());
    let host_end = text.len();
    text.push_str(&port);
    text.push_str(path);
    Ok(Form::Other {
        text,
        host_start,
        host_end,
    })
}

impl FromStr for HostUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let kind = Kind::Url;
        read(text).map_err(|fault| ParseError { kind, fault })
    }
}

impl fmt::Display for HostUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(HostUrl);
