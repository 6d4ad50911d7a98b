//! Package URLs.

use packageurl::PackageUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Fault, text_type};

text_type! {
    /// A package URL (ECMA-427), canonical: `pkg:type/namespace/name@version?qualifiers#subpath`
    /// with the case, the order and the percent-encoding that the standard and the package's type
    /// ask for.
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

/// The standard lets these stand and asks for everything else to be encoded. The crate that reads
/// package URLs here writes more of them plainly (`!`, `$`, `*` and others), hence our own writing.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

fn purl(text: &str) -> Result<String, Fault> {
    const FORM: Fault = Fault::Form("pkg:, a type and what the type asks for");
    if !text.starts_with("pkg:") {
        return Err(FORM);
    }
    if text.len() > MAX_PURL_BYTES {
        return Err(Fault::Length(text.len()));
    }
    let package: PackageUrl<'_> = text.parse().map_err(|_| FORM)?;
    // The reader takes what the standard forbids: this letter, an empty version, a key twice.
    let empty_version = package.version().is_some_and(str::is_empty);
    if package.ty().contains('+') || empty_version || repeats_a_key(text, &package) {
        return Err(FORM);
    }
    let mut out = format!("pkg:{}", package.ty());
    let mut add = |separator: char, part: &str| {
        out.push(separator);
        out.extend(utf8_percent_encode(part, ENCODED));
    };
    for segment in package
        .namespace()
        .filter(|namespace| !namespace.is_empty())
        .into_iter()
        .flat_map(|all| all.split('/'))
    {
        // Encoded dots; written plainly they would be steps in a path.
        if matches!(segment, "." | "..") {
            return Err(FORM);
        }
        add('/', segment);
    }
    add('/', package.name());
    if let Some(version) = package.version() {
        add('@', version);
    }
    let mut qualifiers: Vec<_> = package.qualifiers().iter().collect();
    qualifiers.sort_unstable();
    for (index, (key, value)) in qualifiers.into_iter().enumerate() {
        add(if index == 0 { '?' } else { '&' }, key);
        add('=', value);
    }
    let subpath = package.subpath().into_iter();
    for (index, segment) in subpath.flat_map(|all| all.split('/')).enumerate() {
        add(if index == 0 { '#' } else { '/' }, segment);
    }
    Ok(out)
}

/// Whether some key has more than one value; the reader keeps the last.
fn repeats_a_key(text: &str, package: &PackageUrl<'_>) -> bool {
    let text = text.rsplit_once('#').map_or(text, |(before, _)| before);
    let pairs = text
        .rsplit_once('?')
        .map_or("", |(_, pairs)| pairs)
        .split('&');
    let with_value = pairs.filter(|pair| {
        pair.split_once('=')
            .is_some_and(|(_, value)| !value.is_empty())
    });
    with_value.count() != package.qualifiers().len()
}
