//! Addresses, links and names: as lists know them, shortened, and what about them is made to deceive.

use std::cell::RefCell;

use quorum_core::deception::{self, Finding, Protected, Reason, Severity};
use quorum_core::indicator::Domain;
use quorum_core::privacy::{self, Level, What};
use quorum_core::safe_browsing::SafeUrl;
use quorum_core::suffix;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::plain;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "ListedUrl | undefined")]
    /// An address as lists know it.
    pub type ListedUrlJs;
    #[wasm_bindgen(typescript_type = "PublicSuffix")]
    /// A public suffix.
    pub type PublicSuffixJs;
    #[wasm_bindgen(typescript_type = "ShortenLevel")]
    /// A level's name.
    pub type LevelJs;
    #[wasm_bindgen(typescript_type = "Shortened")]
    /// A shortened address.
    pub type ShortenedJs;
    #[wasm_bindgen(typescript_type = "BothWays")]
    /// A host both ways.
    pub type BothWaysJs;
    #[wasm_bindgen(typescript_type = "Finding[]")]
    /// What was noticed.
    pub type FindingsJs;
}

#[derive(Serialize)]
struct ListedWire {
    canonical: String,
    expressions: Vec<ExpressionWire>,
}

#[derive(Serialize)]
struct ExpressionWire {
    expression: String,
    sha256: String,
}

/// The Safe Browsing form of an address, and the expressions under which lists name it; `undefined` for
/// what has no host.
#[wasm_bindgen(js_name = listedUrl)]
pub fn listed_url(url: &str) -> Result<ListedUrlJs, JsError> {
    let Ok(safe) = SafeUrl::parse(url.as_bytes()) else {
        return Ok(JsValue::UNDEFINED.unchecked_into());
    };
    let expressions = safe.expressions().map(|expression| ExpressionWire {
        expression: expression.to_string(),
        sha256: expression.hash().to_string(),
    });
    plain(&ListedWire {
        canonical: safe.as_str().to_owned(),
        expressions: expressions.collect(),
    })
}

/// The name below which anybody can register, and one label more: `example.co.uk`. The host in lower case
/// and in ASCII, as `parse("domain", …)` gives it.
#[wasm_bindgen(js_name = registrableDomain)]
pub fn registrable_domain(host: &str) -> Option<String> {
    suffix::registrable_domain(host).map(str::to_owned)
}

#[derive(Serialize)]
struct SuffixWire<'a> {
    text: &'a str,
    known: bool,
    private: bool,
}

/// The end of a name below which names are registered, by the Public Suffix List. The host as for
/// `registrableDomain`.
#[wasm_bindgen(js_name = publicSuffix)]
pub fn public_suffix(host: &str) -> Result<PublicSuffixJs, JsError> {
    let suffix::Suffix {
        text,
        known,
        private,
    } = suffix::public_suffix(host);
    plain(&SuffixWire {
        text,
        known,
        private,
    })
}

#[derive(Serialize)]
struct ShortenedWire {
    text: String,
    differences: Vec<DifferenceWire>,
}

#[derive(Serialize)]
struct DifferenceWire {
    start: usize,
    end: usize,
    what: What,
    replacement: &'static str,
}

/// Takes out of an address what is about a person rather than about the place: by default user name and
/// password, the fragment, and what looks like a secret in the query.
#[wasm_bindgen]
pub fn shorten(url: &str, level: Option<LevelJs>) -> Result<ShortenedJs, JsError> {
    let level = match level {
        None => Level::default(),
        Some(name) => serde_wasm_bindgen::from_value(name.into())?,
    };
    let shortened = privacy::shorten(url, level);
    // The differences ascend, so that each byte is counted once.
    let (mut bytes, mut units) = (0, 0);
    let mut utf16 = |at: usize| {
        units += url[bytes..at].encode_utf16().count();
        bytes = at;
        units
    };
    let differences = shortened
        .differences
        .iter()
        .map(|difference| DifferenceWire {
            start: utf16(difference.start),
            end: utf16(difference.end),
            what: difference.what,
            replacement: difference.replacement,
        });
    let differences = differences.collect();
    plain(&ShortenedWire {
        text: shortened.text,
        differences,
    })
}

/// Writes what cannot be seen, or turns the reading direction, by its number: `[U+202E]`.
#[wasm_bindgen(js_name = showSafely)]
pub fn show_safely(text: &str) -> String {
    deception::show_safely(text)
}

/// A host in Unicode and as the DNS has it, whichever way it is written; safe to show.
#[wasm_bindgen(js_name = hostBothWays)]
pub fn host_both_ways(host: &str) -> Result<BothWaysJs, JsError> {
    plain(&deception::host_both_ways(host))
}

#[derive(Serialize)]
struct FindingWire<'a> {
    severity: Severity,
    message: String,
    #[serde(flatten)]
    reason: &'a Reason,
}

fn findings(found: &[Finding]) -> Result<FindingsJs, JsError> {
    let wire: Vec<_> = found
        .iter()
        .map(|finding| FindingWire {
            severity: finding.severity,
            message: finding.to_string(),
            reason: &finding.reason,
        })
        .collect();
    plain(&wire)
}

thread_local! {
    /// The domains of one's own that were given last, and what was made of them with the well-known ones:
    /// that takes longer than to check an address, and most callers give the same ones each time.
    static LAST: RefCell<Option<(Vec<String>, Protected)>> = const { RefCell::new(None) };
}

fn with_protected(
    own: Option<Vec<String>>,
    check: impl FnOnce(&Protected) -> Vec<Finding>,
) -> Result<FindingsJs, JsError> {
    let own = own.unwrap_or_default();
    LAST.with_borrow_mut(|last| {
        let known = last.take().filter(|(domains, _)| *domains == own);
        let (_, protected) = last.insert(match known {
            Some(known) => known,
            None => {
                let domains = own.iter().map(|domain| domain.parse::<Domain>());
                let domains = domains.collect::<Result<Vec<_>, _>>()?;
                let mut protected = Protected::well_known();
                protected.extend(domains);
                (own, protected)
            }
        });
        findings(&check(protected))
    })
}

/// What about an address is made to deceive; `protected` are domains of one's own that others may
/// imitate, besides those that are well known. Throws where one of these is no domain.
#[wasm_bindgen(js_name = checkUrl)]
pub fn check_url(url: &str, protected: Option<Vec<String>>) -> Result<FindingsJs, JsError> {
    with_protected(protected, |list| deception::check_url(url, list))
}

/// What about a host is made to deceive, written in any way that a browser takes; `protected` as for `checkUrl`.
#[wasm_bindgen(js_name = checkHost)]
pub fn check_host(host: &str, protected: Option<Vec<String>>) -> Result<FindingsJs, JsError> {
    with_protected(protected, |list| deception::check_host(host, list))
}

/// What about a link is made to deceive: its text against where it leads; `protected` as for `checkUrl`.
#[wasm_bindgen(js_name = checkLink)]
pub fn check_link(
    text: &str,
    target: &str,
    protected: Option<Vec<String>>,
) -> Result<FindingsJs, JsError> {
    with_protected(protected, |list| deception::check_link(text, target, list))
}

/// What about a file's name is made to deceive.
#[wasm_bindgen(js_name = checkFileName)]
pub fn check_file_name(name: &str) -> Result<FindingsJs, JsError> {
    findings(&deception::check_file_name(name))
}
