//! Making the spellings that nobody clicks by accident.

use std::ops::Range;

use super::refang::{CAN_BEGIN, any, spelling, undo};
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

/// Spells an observable so that nobody clicks it by accident. Only what programs make links of is
/// changed: addresses, names, networks and mailboxes.
///
/// [`refang`](super::refang()) gives the observable's text back, whatever it is: where the text
/// itself holds a spelling (`?q=[.]`), the spelling's first character is written as an entity
/// (`&#X5B;`).
///
/// ```
/// use quorum_core::{observable::{Kind, Observable}, text::{DefangStyle, defang}};
/// let url = Observable::parse_as(Kind::Url, "https://a.example/x.html")?;
/// assert_eq!(defang(&url, DefangStyle::Brackets), "hxxps://a[.]example/x.html");
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
pub fn defang(observable: &Observable, style: DefangStyle) -> String {
    let text = observable.to_string();
    let parts = Parts::of(observable, &text, style);
    let (dot, sign, colon) = match style {
        DefangStyle::Brackets => ("[.]", "[@]", "[:]"),
        DefangStyle::Parentheses => ("(.)", "(@)", "(:)"),
        DefangStyle::Words => ("[dot]", "[at]", "[:]"),
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(hidden(&text[..parts.scheme]));
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < parts.scheme) {
        match c {
            '.' if parts.dots.contains(&at) => out.push_str(dot),
            '@' if parts.sign == Some(at) => out.push_str(sign),
            ':' if parts.colon == Some(at) => out.push_str(colon),
            _ if is_spelling(&text, at) => escape(&mut out, c),
            _ => out.push(c),
        }
    }
    if undo(&out, any) == text {
        return out;
    }
    // What was put in can make a new spelling together with what stands around it. Then nothing is
    // left that could be a part of one.
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

/// The places of a text that are spelled.
#[derive(Default)]
struct Parts {
    /// Where the scheme ends.
    scheme: usize,
    /// The stretch whose dots are.
    dots: Range<usize>,
    sign: Option<usize>,
    colon: Option<usize>,
}

impl Parts {
    fn of(observable: &Observable, text: &str, style: DefangStyle) -> Self {
        match observable {
            Observable::Url(_) => {
                let scheme = text.find("://").unwrap_or_default();
                let authority = text.len().min(scheme + "://".len());
                let end = text[authority..]
                    .find(['/', '?', '#'])
                    .map_or(text.len(), |at| authority + at);
                // The host is found behind the user info, never inside of it.
                let user = text[authority..end].rfind('@').map_or(0, |at| at + 1);
                Self {
                    scheme,
                    dots: authority + user..end,
                    colon: (style == DefangStyle::Words).then_some(scheme),
                    sign: None,
                }
            }
            // The local part may hold dots that are its own.
            Observable::Email(_) => {
                let sign = text.rfind('@');
                Self {
                    dots: sign.unwrap_or_default()..text.len(),
                    sign,
                    ..Self::default()
                }
            }
            // An IPv6 address has no dots (or only at its end); its first colon is enough.
            Observable::Ipv6(_) | Observable::Cidr(_) if text.contains(':') => Self {
                colon: text.find(':'),
                ..Self::default()
            },
            Observable::Domain(_)
            | Observable::Onion(_)
            | Observable::Ipv4(_)
            | Observable::Cidr(_) => Self {
                dots: 0..text.len(),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// The usual spelling of a scheme that programs make links of.
fn hidden(scheme: &str) -> &str {
    match scheme {
        "http" => "hxxp",
        "https" => "hxxps",
        "ftp" => "fxp",
        "ftps" => "fxps",
        other => other,
    }
}

/// Whether a spelling that would be undone begins at this place of the text itself.
fn is_spelling(text: &str, at: usize) -> bool {
    let text = text.as_bytes();
    CAN_BEGIN[usize::from(text[at])] && spelling(text, at, &text[..at], any).is_some()
}

/// Writes a character as the entity that stands for exactly this one.
fn escape(out: &mut String, c: char) {
    out.push_str(&format!("&#X{:X};", u32::from(c)));
}
