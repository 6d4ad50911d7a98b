//! Package URLs.
//!
//! Read here because the crates for it weigh more than they save: `packageurl` 0.7 adds 20 KB
//! (gzipped) to a module for the browser, these lines 4; it also takes some of what the standard
//! forbids and writes characters plainly that the standard wants encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::network::strip_prefix_ignoring_case;
use super::{Fault, text_type};

text_type! {
    /// A package URL (ECMA-427), canonical: `pkg:type/namespace/name@version?qualifiers#subpath`
    /// with the case, the order and the percent-encoding that the standard and the package's type
    /// ask for. Whether a type wants a namespace is checked; what else it asks of a name is not,
    /// and types that are not registered are taken without rules.
    ///
    /// ```
    /// use quorum_core::observable::Purl;
    /// let purl: Purl = "pkg:PyPI/Django_package@1.11.1".parse()?;
    /// assert_eq!(purl.as_str(), "pkg:pypi/django-package@1.11.1");
    /// # Ok::<(), quorum_core::observable::ParseError>(())
    /// ```
    Purl, purl
}

/// Longest text that is taken, in bytes.
const MAX_PURL_BYTES: usize = 4096;

/// The standard lets these stand and asks for everything else to be encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

/// What registered types ask for beyond the standard's default, from their definitions in the
/// repository `package-url/purl-spec`: `+` a namespace, `-` none; `s`, `n`, `v` a namespace, name
/// or version in lower case; `p` a name as Python's index has it (PEP 503). The lower case is
/// ASCII's: those registries take no other letters, and Unicode's tables would be most of the code.
const TYPES: &[(&str, &str)] = &[
    ("apk", "s"),
    ("bitbucket", "sn"),
    ("bitnami", "-"),
    ("cargo", "-"),
    ("chrome-extension", "-"),
    ("cocoapods", "-"),
    ("composer", "+sn"),
    ("conda", "-"),
    ("cpan", "+"),
    ("cran", "-"),
    ("deb", "sn"),
    ("gem", "-"),
    ("github", "sn"),
    ("golang", "s"),
    ("hackage", "-"),
    ("hex", "sn"),
    ("huggingface", "+v"),
    ("julia", "-"),
    ("mlflow", "-"),
    ("npm", "sn"),
    ("nuget", "-"),
    ("oci", "-"),
    ("otp", "-"),
    ("pub", "-"),
    ("pypi", "-np"),
    ("qpkg", "s"),
    ("rpm", "s"),
    ("swift", "+"),
    ("vcpkg", "-"),
    ("vscode-extension", "+"),
];

const FORM: Fault = Fault::Form("pkg:, a type and a name");

fn purl(text: &str) -> Result<String, Fault> {
    let rest = strip_prefix_ignoring_case(text, "pkg:").ok_or(FORM)?;
    if text.len() > MAX_PURL_BYTES {
        return Err(Fault::Length(text.len()));
    }
    // From the right, so that only the last of these characters need not be encoded.
    let (rest, subpath) = rest.rsplit_once('#').unwrap_or((rest, ""));
    let (rest, pairs) = rest.rsplit_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.trim_start_matches('/').split_once('/').ok_or(FORM)?;
    let kind = name_of(kind, b".-")?;
    let rules = TYPES.iter().find(|(known, _)| *known == kind);
    let rule = |letter| rules.is_some_and(|(_, rules)| rules.contains(letter));
    let folded = |text: &str, letter| match rule(letter) {
        true => text.to_ascii_lowercase(),
        false => text.to_owned(),
    };
    // An @ with a slash behind it begins an npm scope that somebody forgot to encode.
    let (rest, version) = match rest.rsplit_once('@') {
        Some((rest, version)) if !version.contains('/') => (rest, Some(decode(version)?)),
        _ => (rest, None),
    };
    let rest = rest.trim_end_matches('/');
    let (namespace, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let mut name = folded(&decode(name)?, 'n');
    if rule('p') {
        let parts: Vec<&str> = name
            .split(['-', '_', '.'])
            .filter(|part| !part.is_empty())
            .collect();
        name = parts.join("-");
    }
    if name.is_empty() || version.as_ref().is_some_and(String::is_empty) {
        return Err(FORM);
    }

    let mut out = format!("pkg:{kind}");
    let mut add = |separator: char, part: &str| {
        out.push(separator);
        out.extend(utf8_percent_encode(part, ENCODED));
    };
    let mut has_namespace = false;
    for segment in segments(namespace)? {
        has_namespace = true;
        add('/', &folded(&segment, 's'));
    }
    if (has_namespace && rule('-')) || (!has_namespace && rule('+')) {
        return Err(Fault::Form(
            "a package URL with the namespace that its type wants, or none",
        ));
    }
    add('/', &name);
    if let Some(version) = version {
        add('@', &folded(&version, 'v'));
    }
    for (index, (key, value)) in qualifiers(pairs)?.iter().enumerate() {
        add(if index == 0 { '?' } else { '&' }, key);
        add('=', value);
    }
    // Steps within a path are discarded.
    let steps = |segment: &String| matches!(segment.as_str(), "." | "..");
    let subpath = segments(subpath)?
        .into_iter()
        .filter(|segment| !steps(segment));
    for (index, segment) in subpath.enumerate() {
        add(if index == 0 { '#' } else { '/' }, &segment);
    }
    Ok(out)
}

/// A type or a key, in lower case: a letter, then letters, digits and some others.
fn name_of(text: &str, others: &[u8]) -> Result<String, Fault> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    match text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(fits) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(FORM),
    }
}

fn decode(text: &str) -> Result<String, Fault> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(String::from)
        .map_err(|_| Fault::Form("UTF-8 where it is percent-encoded"))
}

fn segments(text: &str) -> Result<Vec<String>, Fault> {
    let written = text.split('/').filter(|segment| !segment.is_empty());
    let decoded = written.map(|segment| {
        decode(segment).and_then(|decoded| {
            // An encoded slash would become a separator.
            (!decoded.contains('/')).then_some(decoded).ok_or(FORM)
        })
    });
    decoded.collect()
}

/// Keys and values in the order of the keys, each key once; those without a value are discarded.
fn qualifiers(pairs: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut out = Vec::new();
    for pair in pairs.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = name_of(key, b".-_")?;
        if !value.is_empty() {
            let at = out.binary_search_by(|(known, _): &(String, String)| known.as_str().cmp(&key));
            match at {
                Ok(_) => return Err(Fault::Form("a package URL with each qualifier once")),
                Err(at) => out.insert(at, (key, decode(value)?)),
            }
        }
    }
    Ok(out)
}
