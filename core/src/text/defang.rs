//! Making the spellings that nobody clicks by accident.

use crate::observable::Observable;

/// How an observable is made unclickable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefangStyle {
    /// `hxxps://example[.]com`, `joe[@]example[.]com`: what most reports use.
    #[default]
    Brackets,
    /// `hxxps://example(.)com`, `joe(@)example(.)com`: for places where brackets are markup.
    Parentheses,
    /// `hxxps[:]//example[dot]com`, `joe[at]example[dot]com`: nothing left that a program could
    /// take for an address.
    Words,
}

/// Spells an observable so that nobody clicks it by accident; [`refang`](super::refang()) undoes
/// it. Only what programs make links of is changed: addresses, names, networks and mailboxes.
///
/// ```
/// use quorum_core::{observable::{Kind, Observable}, text::{DefangStyle, defang}};
/// let url = Observable::parse_as(Kind::Url, "https://a.example/x.html")?;
/// assert_eq!(defang(&url, DefangStyle::Brackets), "hxxps://a[.]example/x.html");
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
pub fn defang(observable: &Observable, style: DefangStyle) -> String {
    let (dot, at, colon) = match style {
        DefangStyle::Brackets => ("[.]", "[@]", "[:]"),
        DefangStyle::Parentheses => ("(.)", "(@)", "(:)"),
        DefangStyle::Words => ("[dot]", "[at]", "[:]"),
    };
    let text = observable.to_string();
    match observable {
        Observable::Domain(_) | Observable::Onion(_) | Observable::Ipv4(_) => {
            text.replace('.', dot)
        }
        // An IPv6 address has no dots (or only at its end); its first colon is enough.
        Observable::Ipv6(_) => text.replacen(':', colon, 1),
        Observable::Cidr(_) if text.contains(':') => text.replacen(':', colon, 1),
        Observable::Cidr(_) => text.replace('.', dot),
        Observable::Email(_) => match text.rsplit_once('@') {
            // The local part may hold dots that are its own.
            Some((local, domain)) => format!("{local}{at}{}", domain.replace('.', dot)),
            None => text,
        },
        Observable::Url(_) => url(&text, style, dot),
        _ => text,
    }
}

fn url(text: &str, style: DefangStyle, dot: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let hidden = match scheme {
        "http" => "hxxp",
        "https" => "hxxps",
        "ftp" => "fxp",
        "ftps" => "fxps",
        other => other,
    };
    let separator = if style == DefangStyle::Words {
        "[:]//"
    } else {
        "://"
    };
    // The host is found behind the user info, never inside of it.
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host_at = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    let (user, host, path) = (
        &rest[..host_at],
        &rest[host_at..authority],
        &rest[authority..],
    );
    let host = if host.starts_with('[') {
        host.to_owned()
    } else {
        host.replace('.', dot)
    };
    format!("{hidden}{separator}{user}{host}{path}")
}
