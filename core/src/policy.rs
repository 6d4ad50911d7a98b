//! What is done with downloads: by the user's settings, or by the organisation's, which are stronger.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::ending;
use crate::guard::{Download, Terms};
use crate::indicator::CanonicalUrl;
use crate::indicator::address::Reserved;
use crate::rules::PackUrl;
use crate::verdict::Verdict;

/// A host whose files of some types are sent in without a click where nobody knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendRule {
    /// The host, and all below it.
    pub host: String,
    /// Endings of names without the dot, or the API's tags of types; `*` is every type. A document is none
    /// of them unless documents may be sent in.
    pub types: Vec<String>,
}

/// The user's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Verdicts at which a held download is kept back.
    pub keep_back: Vec<Verdict>,
    /// Hosts whose downloads are not looked at, and all below them.
    pub skip_hosts: Vec<String>,
    /// Endings of names that are not looked at, without the dot.
    pub skip_endings: Vec<String>,
    /// Size above which nothing is looked at, in bytes.
    pub skip_above: Option<u64>,
    /// What is sent in without a click.
    pub send: Vec<SendRule>,
    /// Whether a document may be sent in.
    pub send_documents: bool,
    /// Whether hashes of what comes from the intranet may be looked up.
    pub ask_intranet: bool,
    /// Whether older downloads are asked about anew.
    pub recheck: bool,
    /// Domains of one's own: names that imitate them are told of, as those are that imitate what is well
    /// known.
    pub protect: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            keep_back: vec![Verdict::Malicious],
            skip_hosts: Vec::new(),
            skip_endings: Vec::new(),
            skip_above: None,
            send: Vec::new(),
            send_documents: false,
            ask_intranet: false,
            recheck: true,
            protect: Vec::new(),
        }
    }
}

/// What an organisation has set (`storage.managed`); the names are those of `www/managed.json`, the
/// schema that goes with the extension.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Managed {
    /// The backend's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether downloads are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloads: Option<bool>,
    /// Whether nothing is sent, and only logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Whether keys may outlive the browser's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember: Option<bool>,
    /// As [`Policy::keep_back`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_back: Option<Vec<Verdict>>,
    /// As [`Policy::skip_hosts`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_hosts: Option<Vec<String>>,
    /// As [`Policy::skip_endings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_endings: Option<Vec<String>>,
    /// As [`Policy::skip_above`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_above: Option<u64>,
    /// As [`Policy::send`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<Vec<SendRule>>,
    /// As [`Policy::send_documents`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_documents: Option<bool>,
    /// As [`Policy::ask_intranet`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_intranet: Option<bool>,
    /// As [`Policy::recheck`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recheck: Option<bool>,
    /// As [`Policy::protect`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protect: Option<Vec<String>>,
    /// Addresses of packs of YARA rules, which are always on. Text, of which [`Managed::read`] takes what is a
    /// [`PackUrl`]: that type's own forms would cost the light module 2 KB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_packs: Option<Vec<String>>,
    /// Addresses of local lists, which are always on; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<Vec<String>>,
}

impl Managed {
    /// Reads what the browser hands out, name by name, and what is fetched address by address: one that is of
    /// no use does not take the others with it. Beside it those that are of no use, an address with its name
    /// before it.
    pub fn read(values: Map<String, Value>) -> (Self, Vec<String>) {
        let mut good = Map::new();
        let mut bad = Vec::new();
        for (name, mut value) in values {
            if let ("rule_packs" | "lists", Value::Array(urls)) = (name.as_str(), &mut value) {
                urls.retain(|url| {
                    let good = url
                        .as_str()
                        .is_some_and(|url| url.parse::<PackUrl>().is_ok());
                    if !good {
                        bad.push(format!("{name}: {url}"));
                    }
                    good
                });
            }
            let mut alone = Map::new();
            alone.insert(name.clone(), value.clone());
            match serde_json::from_value::<Self>(Value::Object(alone)) {
                // A name that is not known sets nothing.
                Ok(set) if set != Self::default() => {
                    good.insert(name, value);
                }
                _ => bad.push(name),
            }
        }
        let good = serde_json::from_value(Value::Object(good)).unwrap_or_default();
        (good, bad)
    }

    /// What the user's own settings become when they save `shown`, in which the organisation's word stands
    /// where there is one: that is not theirs.
    pub fn under(&self, shown: Policy, own: &Policy) -> Policy {
        let own = own.clone();
        Policy {
            keep_back: mine(&self.keep_back, shown.keep_back, own.keep_back),
            skip_hosts: mine(&self.skip_hosts, shown.skip_hosts, own.skip_hosts),
            skip_endings: mine(&self.skip_endings, shown.skip_endings, own.skip_endings),
            skip_above: mine(&self.skip_above, shown.skip_above, own.skip_above),
            send: mine(&self.send, shown.send, own.send),
            send_documents: mine(
                &self.send_documents,
                shown.send_documents,
                own.send_documents,
            ),
            ask_intranet: mine(&self.ask_intranet, shown.ask_intranet, own.ask_intranet),
            recheck: mine(&self.recheck, shown.recheck, own.recheck),
            protect: mine(&self.protect, shown.protect, own.protect),
        }
    }

    /// The names of what is set.
    pub fn names(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        if let Ok(Value::Object(set)) = serde_json::to_value(self) {
            names.extend(set.into_iter().map(|(name, _)| name));
        }
        names.into_iter().collect()
    }

    /// What counts: the organisation's word where there is one, else the user's.
    pub fn over(&self, own: &Policy) -> Policy {
        let own = own.clone();
        Policy {
            keep_back: self.keep_back.clone().unwrap_or(own.keep_back),
            skip_hosts: self.skip_hosts.clone().unwrap_or(own.skip_hosts),
            skip_endings: self.skip_endings.clone().unwrap_or(own.skip_endings),
            skip_above: self.skip_above.or(own.skip_above),
            send: self.send.clone().unwrap_or(own.send),
            send_documents: self.send_documents.unwrap_or(own.send_documents),
            ask_intranet: self.ask_intranet.unwrap_or(own.ask_intranet),
            recheck: self.recheck.unwrap_or(own.recheck),
            protect: self.protect.clone().unwrap_or(own.protect),
        }
    }
}

/// What is the user's of a setting: what they save, or what they had where it is not theirs to say.
fn mine<T, M>(managed: &Option<M>, shown: T, own: T) -> T {
    match managed {
        Some(_) => own,
        None => shown,
    }
}

/// Where a download comes from: of what a page made, the page's site. `None` for what is of no site.
pub fn site(url: &str) -> Option<CanonicalUrl> {
    url.strip_prefix("blob:").unwrap_or(url).parse().ok()
}

/// Whether a host is the named one or below it.
fn is_below(named: &str, host: &str) -> bool {
    let named = named.trim().trim_start_matches("*.").to_ascii_lowercase();
    !named.is_empty()
        && host
            .strip_suffix(&named)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

impl Policy {
    /// Whether a download is not to be looked at. `size` in bytes, where it is known.
    pub fn skips(&self, download: &Download, size: Option<u64>) -> bool {
        let host = site(&download.url);
        let host = host.as_ref().map(CanonicalUrl::host);
        let below = |named: &String| host.is_some_and(|host| is_below(named, host));
        let ending = ending(&download.name);
        let named = |own: &String| {
            let own = own.trim().trim_start_matches('.');
            ending
                .as_deref()
                .is_some_and(|ending| own.eq_ignore_ascii_case(ending))
        };
        let too_large = |most: u64| size.is_some_and(|size| size > most);
        self.skip_hosts.iter().any(below)
            || self.skip_endings.iter().any(named)
            || self.skip_above.is_some_and(too_large)
    }

    /// What goes for a download from its begin to its end, whatever is set meanwhile.
    pub fn terms(&self, url: &str) -> Terms {
        let url = site(url);
        let host = url.as_ref().map(CanonicalUrl::host);
        let rules = self.send.iter();
        let rules = rules.filter(|rule| host.is_some_and(|host| is_below(&rule.host, host)));
        let send = rules.flat_map(|rule| rule.types.iter().cloned()).collect();
        let reserved = url.as_ref().and_then(CanonicalUrl::reserved);
        // This machine is no network: nobody else is told of by what it serves itself.
        let intranet = reserved.is_some_and(|reason| reason != Reserved::Loopback);
        Terms {
            keep_back: self.keep_back.clone(),
            ask: self.ask_intranet || !intranet,
            send_documents: self.send_documents,
            send,
        }
    }
}

/// Endings of documents: what people write, and what may hold what is nobody else's business.
const DOCUMENTS: &[&str] = &[
    "csv", "doc", "docm", "docx", "dot", "dotx", "eml", "epub", "key", "mbox", "md", "msg",
    "numbers", "odg", "odp", "ods", "odt", "one", "pages", "pdf", "ppt", "pptm", "pptx", "pst",
    "rtf", "tex", "tsv", "txt", "vsd", "vsdx", "xls", "xlsb", "xlsm", "xlsx", "xps",
];

/// Whether a file is a document, by its name and by the API's tag of its type.
pub fn is_document(name: &str, type_tag: &str) -> bool {
    let is = |ending: &str| DOCUMENTS.contains(&ending);
    ending(name).as_deref().is_some_and(is) || is(type_tag)
}
