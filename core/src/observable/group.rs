//! What belongs together: observables of one host, or of one registrable domain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use super::Observable;
use crate::indicator::{Domain, Indicator};
use crate::suffix::registrable_domain;

/// A host that observables belong to. Domain names come first in the order, then addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A domain name, an onion service's among them.
    Domain(Domain),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// A name in a web address that is no domain name: a single label such as `localhost`, or one
    /// that no registry would give out.
    Name(String),
}

impl Host {
    /// The registrable domain by the Public Suffix List, which all hosts of one owner share
    /// (`www.example.co.uk` has `example.co.uk`); any other host as it is.
    pub fn registrable(&self) -> Self {
        let shared = match self {
            Self::Domain(domain) => registrable_domain(domain.as_str()),
            _ => None,
        };
        // The end of a domain name, cut at a dot, reads as one unless it has a single label.
        let shared = shared.and_then(|name| name.parse().ok());
        shared.map_or_else(|| self.clone(), Self::Domain)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Observable {
    /// The host that it is, or is at: of an address, a domain name, an IP address, an e-mail
    /// address (its domain), an onion service. `None` for what is not at one host.
    pub fn host(&self) -> Option<Host> {
        Some(match self {
            Self::Url(url) => match url.host_indicator() {
                Some(Indicator::Domain(domain)) => Host::Domain(domain),
                Some(Indicator::Ip(ip)) => Host::Ip(ip),
                _ => Host::Name(url.host().to_owned()),
            },
            Self::Domain(domain) => Host::Domain(domain.clone()),
            Self::Ipv4(v4) => Host::Ip((*v4).into()),
            Self::Ipv6(v6) => Host::Ip((*v6).into()),
            Self::Email(email) => Host::Domain(email.domain().clone()),
            Self::Onion(onion) => Host::Domain(onion.as_domain().clone()),
            _ => return None,
        })
    }
}

/// Observables in order, each once, under what they belong to. Those that are at no host are under
/// `None`, which comes first.
pub type Groups = BTreeMap<Option<Host>, BTreeSet<Observable>>;

/// Puts together what belongs to one host.
pub fn group_by_host(observables: impl IntoIterator<Item = Observable>) -> Groups {
    group_by(observables, |host| host)
}

/// Puts together what belongs to one registrable domain, by [`Host::registrable`].
///
/// ```
/// use quorum_core::observable::{Kind, Observable, group_by_registrable_domain};
/// let found = [(Kind::Url, "ftp://files.example.co.uk/a"), (Kind::Email, "bob@example.co.uk")];
/// let found = found.map(|(kind, text)| Observable::parse_as(kind, text).unwrap());
/// let groups = group_by_registrable_domain(found);
/// let (host, members) = groups.first_key_value().unwrap();
/// assert_eq!(host.as_ref().unwrap().to_string(), "example.co.uk");
/// assert_eq!(members.len(), 2);
/// ```
pub fn group_by_registrable_domain(observables: impl IntoIterator<Item = Observable>) -> Groups {
    group_by(observables, |host| host.registrable())
}

fn group_by(
    observables: impl IntoIterator<Item = Observable>,
    key: impl Fn(Host) -> Host,
) -> Groups {
    let mut groups = Groups::new();
    for observable in observables {
        let host = observable.host().map(&key);
        groups.entry(host).or_default().insert(observable);
    }
    groups
}
