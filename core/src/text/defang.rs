//! Spelling values so that nobody opens them by accident.

use super::refang::{may_begin, refang, spelling};
use crate::indicator::Indicator;
#[cfg(feature = "observables")]
use crate::observable::Observable;

/// How a value is spelled. [`refang`] undoes all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DefangStyle {
    /// `hxxps://a[.]example/x.html`, `joe[@]a[.]example`: what is usual. Only the host is spelled.
    #[default]
    Brackets,
    /// `hxxps[:]//a[.]example/x[.]html`: every dot, at-sign and the scheme's colon, for programs
    /// that make a link of whatever is left.
    Everywhere,
    /// `hxxps://a[dot]example/x.html`, `joe[at]a[dot]example`: for mail filters that undo brackets.
    Words,
}

/// What in a text leads somewhere.
#[derive(Clone, Copy)]
enum Shape {
    /// Scheme and host.
    Url,
    /// All of it.
    Name,
    /// Nothing, as in a digest or a path.
    Inert,
}

/// Spells a value so that nobody opens it by accident. What leads nowhere (a digest, a path) stays
/// as it is.
///
/// [`refang`] gives the value's text back, whatever it is: where the value itself has a spelling
/// that would be undone (`?q=[.]`), its first character is written as an entity (`&#X5B;`).
///
/// ```
/// use quorum_core::observable::{Kind, Observable};
/// use quorum_core::text::{DefangStyle, defang};
/// let url = Observable::parse_as(Kind::Url, "https://a.example/x.html")?;
/// assert_eq!(defang(&url, DefangStyle::Brackets), "hxxps://a[.]example/x.html");
/// assert_eq!(defang(&url, DefangStyle::Everywhere), "hxxps[:]//a[.]example/x[.]html");
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[cfg(feature = "observables")]
pub fn defang(observable: &Observable, style: DefangStyle) -> String {
    let shape = match observable {
        Observable::Url(_) => Shape::Url,
        Observable::Domain(_)
        | Observable::Onion(_)
        | Observable::Email(_)
        | Observable::Ipv4(_)
        | Observable::Ipv6(_)
        | Observable::Cidr(_) => Shape::Name,
        _ => Shape::Inert,
    };
    spell(&observable.to_string(), shape, style)
}

/// The same for an [`Indicator`].
///
/// ```
/// use quorum_core::text::{DefangStyle, defang_indicator};
/// let ip = "192.0.2.1".parse()?;
/// assert_eq!(defang_indicator(&ip, DefangStyle::default()), "192[.]0[.]2[.]1");
/// # Ok::<(), quorum_core::indicator::NotAnIndicator>(())
/// ```
pub fn defang_indicator(indicator: &Indicator, style: DefangStyle) -> String {
    let shape = match indicator {
        Indicator::Url(_) => Shape::Url,
        Indicator::Domain(_) | Indicator::Ip(_) => Shape::Name,
        Indicator::File(_) => Shape::Inert,
    };
    spell(&indicator.to_string(), shape, style)
}

fn spell(text: &str, shape: Shape, style: DefangStyle) -> String {
    let (scheme, host) = match shape {
        Shape::Url => {
            let scheme = text.find("://").unwrap_or_default();
            let authority = &text[scheme..];
            let start = scheme + "://".len().min(authority.len());
            let end = text[start..]
                .find(['/', '?', '#'])
                .map_or(text.len(), |at| start + at);
            let user = text[start..end].rfind('@').map_or(0, |at| at + 1);
            (scheme, start + user..end)
        }
        Shape::Name => (0, 0..text.len()),
        Shape::Inert => (0, 0..0),
    };
    let everywhere = style == DefangStyle::Everywhere && !matches!(shape, Shape::Inert);
    let (dot, sign) = match style {
        DefangStyle::Words => ("[dot]", "[at]"),
        _ => ("[.]", "[@]"),
    };
    // An address with colons is spelled at its first one.
    let first_colon = match shape {
        Shape::Name => text.find(':').unwrap_or(usize::MAX),
        _ if everywhere => scheme,
        _ => usize::MAX,
    };
    let mut out = hide_scheme(&text[..scheme]);
    let mut copied = scheme;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < scheme) {
        let inside = host.contains(&at) || everywhere;
        let spelled = match c {
            '.' if inside && first_colon != usize::MAX && matches!(shape, Shape::Name) => None,
            '.' if inside => Some(dot),
            '@' if inside => Some(sign),
            ':' if at == first_colon => Some("[:]"),
            _ => None,
        };
        let own = || {
            may_begin(text.as_bytes(), at)
                && spelling(text.as_bytes(), at, &text.as_bytes()[..at]).is_some()
        };
        if let Some(spelled) = spelled {
            out.push_str(&text[copied..at]);
            out.push_str(spelled);
        } else if own() {
            out.push_str(&text[copied..at]);
            escape(&mut out, c);
        } else {
            continue;
        }
        copied = at + c.len_utf8();
    }
    out.push_str(&text[copied..]);
    if refang(&out) == text {
        return out;
    }
    // What was put in can make a new spelling together with what stands around it. Then nothing
    // is left that could be a part of one.
    out.clear();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | ',' | '=' | '~') {
            out.push(c);
        } else {
            escape(&mut out, c);
        }
    }
    out
}

/// `hxxp`; schemes without a usual spelling stay.
fn hide_scheme(scheme: &str) -> String {
    match scheme {
        "http" => "hxxp",
        "https" => "hxxps",
        "ftp" => "fxp",
        "ftps" => "fxps",
        "sftp" => "sfxp",
        other => other,
    }
    .to_owned()
}

/// Writes a character as the entity that [`refang`] takes for exactly this one.
fn escape(out: &mut String, c: char) {
    out.push_str(&format!("&#X{:X};", u32::from(c)));
}
