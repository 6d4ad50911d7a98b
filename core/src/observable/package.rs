//! Package URLs.

use packageurl::PackageUrl;

use super::{Fault, text_type};

text_type! {
    /// A package URL (ECMA-427), canonical: `pkg:type/namespace/name@version?qualifiers#subpath`
    /// with the case, the order and the percent-encoding that the specification and the package's
    /// type ask for.
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

fn purl(text: &str) -> Result<String, Fault> {
    const FORM: Fault = Fault::Form("pkg:, a type and a name");
    if !text.starts_with("pkg:") {
        return Err(FORM);
    }
    if text.len() > MAX_PURL_BYTES {
        return Err(Fault::Length(text.len()));
    }
    let package: PackageUrl<'_> = text.parse().map_err(|_| FORM)?;
    Ok(package.to_string())
}
