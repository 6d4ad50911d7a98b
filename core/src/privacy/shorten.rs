//! Shortens an address, and says what was taken out of it and where.

use serde::{Deserialize, Serialize};

use super::secret;

/// What stands in the place of a value that was taken out. The same for all, so that addresses that
/// differ in their secrets only become one.
pub const PLACEHOLDER: &str = "REMOVED";

/// How much is taken out; each level does what those before it do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// User name and password. These are never sent anyway.
    UserInfo,
    /// The fragment, which no server is sent.
    Fragment,
    /// What looks like a secret in the query.
    #[default]
    Query,
    /// What looks like a secret in the path. Some addresses say nothing else (`/d/1BxiMVs0XRA…`),
    /// and are then asked about as any other of their kind.
    Path,
}

/// What was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// User name and password.
    UserInfo,
    /// The fragment.
    Fragment,
    /// A password, token, key or code, told by its parameter's name or by its issuer's prefix.
    Token,
    /// A JSON web token (RFC 7519).
    Jwt,
    /// What keeps somebody logged in.
    Session,
    /// A signature that makes the address a key to something.
    Signature,
    /// An e-mail address, plain or in base64.
    Email,
    /// A name, number or account of a person, told by its parameter's name.
    Person,
    /// The mark of one click or one recipient.
    Tracking,
    /// A long random text or a UUID.
    Random,
}

/// One change: the bytes `start..end` of the original became `replacement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What stood there.
    pub what: What,
    /// What stands there now: nothing, [`PLACEHOLDER`], or a scheme that was missing.
    pub replacement: &'static str,
}

/// An address without what was taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shortened {
    /// The address now.
    pub text: String,
    /// What is different, in the order of the text; the spans do not overlap.
    pub differences: Vec<Difference>,
}

/// Takes out of an address what is about a person rather than about the place. Any text is taken,
/// read as an address without a scheme if it names none; what is a web address stays one on the same
/// host. Shortening twice changes nothing more. Time grows with the length only.
///
/// What looks like a secret is a guess by name and shape: it misses a short code with an innocent
/// name, and takes a long random name of something public for one.
///
/// ```
/// use quorum_core::privacy::{Level, What, shorten};
/// let written = "https://me:pw@shop.example/reset?lang=de&token=k3y#top";
/// let shortened = shorten(written, Level::Query);
/// assert_eq!(shortened.text, "https://shop.example/reset?lang=de&token=REMOVED");
/// let token = shortened.differences[1];
/// assert_eq!((&written[token.start..token.end], token.what), ("k3y", What::Token));
/// ```
pub fn shorten(text: &str, level: Level) -> Shortened {
    let parts = Parts::of(text);
    let mut differences = Vec::new();
    let mut differ = |start, end, what, replacement| {
        if start < end {
            differences.push(Difference {
                start,
                end,
                what,
                replacement,
            });
        }
    };
    // What is left could look as if it had a scheme, where "me@a.example:80//" did not.
    let scheme = if parts.bare { "http://" } else { "" };
    if parts.host < parts.path {
        differ(parts.authority, parts.host, What::UserInfo, scheme);
    }
    if level >= Level::Path {
        for (start, end) in pieces(text, parts.path, parts.query, &['/', '\\', ';']) {
            secrets(text, start, end, &mut differ);
        }
    }
    if level >= Level::Query {
        for (start, end) in pieces(text, parts.query, parts.fragment, &['?', '&', ';']) {
            secrets(text, start, end, &mut differ);
        }
    }
    if level >= Level::Fragment {
        differ(parts.fragment, text.len(), What::Fragment, "");
    }

    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for difference in &differences {
        out.push_str(&text[copied..difference.start]);
        out.push_str(difference.replacement);
        copied = difference.end;
    }
    out.push_str(&text[copied..]);
    Shortened {
        text: out,
        differences,
    }
}

/// Where the parts of an address begin; the fragment begins with its `#`, the query with its `?`.
struct Parts {
    /// Whether neither a scheme nor slashes stand before the authority.
    bare: bool,
    authority: usize,
    host: usize,
    path: usize,
    query: usize,
    fragment: usize,
}

impl Parts {
    /// Reads as forgivingly as the URL Standard does: any number of slashes of either kind may stand
    /// before the authority, or none after `http:` and `https:`.
    fn of(text: &str) -> Self {
        let find = |from: usize, to: usize, stops: &[char]| {
            text[from..to].find(stops).map_or(to, |at| from + at)
        };
        let fragment = find(0, text.len(), &['#']);
        let scheme_end = find(0, fragment, &[':', '/', '\\', '?', '@']);
        // What browsers drop: space around the address, tabs and line ends anywhere.
        let space = |c: char| c.is_whitespace() || c < ' ';
        let dropped = ['\t', '\r', '\n'];
        let after = text[scheme_end..fragment].strip_prefix(':');
        let has_scheme = after.is_some_and(|after| {
            let scheme = text[..scheme_end].trim_start_matches(space);
            let scheme = scheme.replace(dropped, "");
            // "example.com:8080/" names no scheme.
            after.trim_start_matches(dropped).starts_with(['/', '\\'])
                || scheme.eq_ignore_ascii_case("http")
                || scheme.eq_ignore_ascii_case("https")
        });
        let after_scheme = if has_scheme {
            scheme_end + 1
        } else {
            fragment - text[..fragment].trim_start_matches(space).len()
        };
        let slashes = ['/', '\\', '\t', '\r', '\n'];
        let authority = fragment
            - text[after_scheme..fragment]
                .trim_start_matches(slashes)
                .len();
        let path = find(authority, fragment, &['/', '\\', '?']);
        let host = text[authority..path]
            .rfind('@')
            .map_or(authority, |at| authority + at + 1);
        let query = find(path, fragment, &['?']);
        Self {
            bare: !has_scheme && !text[..authority].contains(['/', '\\']),
            authority,
            host,
            path,
            query,
            fragment,
        }
    }
}

/// The spans between separators.
fn pieces<'a>(
    text: &'a str,
    from: usize,
    to: usize,
    separators: &'a [char],
) -> impl Iterator<Item = (usize, usize)> + 'a {
    text[from..to].split(separators).scan(from, |at, piece| {
        let start = *at;
        *at += piece.len() + 1;
        Some((start, start + piece.len()))
    })
}

/// Looks at a value, or at a name and a value with `=` between them.
fn secrets(
    text: &str,
    start: usize,
    end: usize,
    differ: &mut impl FnMut(usize, usize, What, &'static str),
) {
    let piece = &text[start..end];
    let (name, value) = match piece.split_once('=') {
        Some((name, value)) => (name, value),
        None => ("", piece),
    };
    if let Some(what) = secret::by_shape(name) {
        differ(start, start + name.len(), what, PLACEHOLDER);
    }
    let value_start = end - value.len();
    if value != PLACEHOLDER
        && let Some(what) = secret::by_shape(value).or_else(|| secret::by_name(name))
    {
        differ(value_start, end, what, PLACEHOLDER);
    }
}
