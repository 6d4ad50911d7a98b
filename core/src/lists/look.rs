//! Looking things up in the lists that are on, and what a hit comes to.

use super::{Listing, Of, Proof, Says};
use crate::blocklist::{Blocklist, Digest, Kind, OwnedBlocklist};
use crate::indicator::{CanonicalUrl, FileHash, Indicator, Sha256};
use crate::safe_browsing::SafeUrl;

use super::{Entry, HashKind, ListKind};

/// A hit by so many bytes stands for the thing itself: among a million entries something else hits once in
/// 10¹³ questions. By fewer (four: once in 4,000) it has to be confirmed.
const SURE_BITS: u8 = 64;

impl From<HashKind> for Digest {
    fn from(kind: HashKind) -> Self {
        match kind {
            HashKind::Sha256 => Self::Sha256,
            HashKind::Sha1 => Self::Sha1,
            HashKind::Md5 => Self::Md5,
        }
    }
}

impl From<ListKind> for Kind {
    fn from(kind: ListKind) -> Self {
        match kind {
            ListKind::Addresses => Self::Url,
            ListKind::BadFiles(hash) => Self::BadFile(hash.into()),
            ListKind::GoodFiles(hash) => Self::GoodFile(hash.into()),
        }
    }
}

/// An address in the form in which lists name it.
pub(super) struct Place {
    url: SafeUrl,
    /// Whether it must never be sent, in any form.
    private: bool,
}

impl Place {
    /// The expression that names exactly this.
    pub(super) fn exact(&self) -> String {
        let mut expressions = self.url.expressions();
        expressions
            .next()
            .map_or_else(String::new, |it| it.to_string())
    }
}

/// Reads what a person or a browser calls a place: an address, also that of a `blob:`, or a host.
pub(super) fn place(text: &str) -> Option<Place> {
    let text = text.strip_prefix("blob:").unwrap_or(text);
    let url: CanonicalUrl = match text.parse::<Indicator>().ok()? {
        Indicator::Url(url) => url,
        Indicator::Domain(domain) => format!("http://{domain}/").parse().ok()?,
        Indicator::Ip(ip) if ip.is_ipv6() => format!("http://[{ip}]/").parse().ok()?,
        Indicator::Ip(ip) => format!("http://{ip}/").parse().ok()?,
        Indicator::File(_) => return None,
    };
    Some(Place {
        private: url.is_private(),
        url: SafeUrl::parse(url.as_str().as_bytes()).ok()?,
    })
}

/// What is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Addresses or hosts.
    pub addresses: Vec<String>,
    /// Files.
    pub files: Vec<Wanted>,
}

/// A file that is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its path in an archive, if it is a member of one.
    pub member: Option<String>,
    /// Its digests, as far as they are known.
    pub hashes: Vec<FileHash>,
}

/// A list that is on.
#[derive(Clone)]
pub struct OnShelf {
    /// The id of the feed or of the own list that it belongs to.
    pub source: String,
    /// Its name.
    pub list: String,
    /// The host that it comes from; empty for one of the user's.
    pub from: String,
    /// Whether what is on it is good.
    pub good: bool,
    /// Its entries.
    pub file: OwnedBlocklist,
}

/// The lists that are on.
#[derive(Clone, Default)]
pub struct Shelf(pub Vec<OnShelf>);

/// Something that is found.
#[derive(Clone)]
pub struct Hit<'a> {
    /// On which list.
    pub on: &'a OnShelf,
    /// What it is.
    pub of: Of,
    /// What it was found by.
    pub entry: Entry,
    /// The digest of an expression: what a server is asked about, unless nothing of it may leave.
    pub ask: Option<Sha256>,
    sure: bool,
}

impl Shelf {
    /// What of a query is on a list. Of an address one hit a list, the most exact; what is private is not
    /// to be asked about ([`Hit::ask`]).
    pub fn look(&self, query: &Query) -> Vec<Hit<'_>> {
        let places: Vec<_> = query
            .addresses
            .iter()
            .filter_map(|text| place(text))
            .collect();
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for on in &self.0 {
            let list = on.file.list();
            for place in &places {
                let Some(found) = list.lookup_url(&place.url).next() else {
                    continue;
                };
                if list.header().kind != Kind::Url {
                    continue;
                }
                let text = found.expression.to_string();
                hits.push(Hit {
                    on,
                    of: Of::Address(text.clone()),
                    entry: Entry::Expression(text),
                    ask: (!place.private).then_some(found.hash),
                    sure: found.found.prefix_bits >= SURE_BITS,
                });
            }
            for wanted in &query.files {
                let found = wanted.hashes.iter().find_map(|hash| {
                    let found = of_kind(&list, hash)?;
                    Some((*hash, list.lookup(found)?))
                });
                let Some((hash, found)) = found else {
                    continue;
                };
                hits.push(Hit {
                    on,
                    of: wanted.member.clone().map_or(Of::File, Of::Member),
                    entry: Entry::File(hash),
                    ask: None,
                    sure: found.prefix_bits >= SURE_BITS,
                });
            }
        }
        // Two addresses of one download often come to the same.
        let mut seen = Vec::new();
        hits.retain(|hit| {
            let this = (std::ptr::from_ref(hit.on), hit.of.clone());
            let new = !seen.contains(&this);
            seen.push(this);
            new
        });
        hits
    }
}

/// The bytes of a hash, if a list is made of hashes of this kind.
fn of_kind<'h>(list: &Blocklist<'_>, hash: &'h FileHash) -> Option<&'h [u8]> {
    let (Kind::BadFile(digest) | Kind::GoodFile(digest)) = list.header().kind else {
        return None;
    };
    match (digest, hash) {
        (Digest::Sha256, FileHash::Sha256(hash)) => Some(hash.as_bytes()),
        (Digest::Sha1, FileHash::Sha1(hash)) => Some(hash.as_bytes()),
        (Digest::Md5, FileHash::Md5(hash)) => Some(hash.as_bytes()),
        _ => None,
    }
}

impl Hit<'_> {
    /// Whether the list's source has to be asked before this counts in full.
    pub fn wants_proof(&self) -> bool {
        !self.on.good && !self.sure
    }

    /// Whether the text of the user's own list has to be looked through before this counts: what is known
    /// to be good must be it in full. Eight bytes of SHA-256 can be made to fit with some effort.
    pub fn wants_text(&self) -> bool {
        self.on.good && self.on.from.is_empty()
    }

    /// What it comes to; `None` if it was by chance.
    pub fn listing(&self, proof: Proof) -> Option<Listing> {
        let says = match (self.on.good, proof == Proof::None) {
            _ if proof == Proof::Refuted => return None,
            (true, false) => Says::Good,
            (true, true) => Says::GoodHint,
            (false, true) if !self.sure => Says::Hint,
            (false, _) => Says::Bad,
        };
        let header = self.on.file.list();
        let header = header.header();
        Some(Listing {
            list: self.on.list.clone(),
            from: self.on.from.clone(),
            version: header.version.sequence,
            made: i64::try_from(header.created_at).unwrap_or(i64::MAX),
            of: self.of.clone(),
            label: match proof {
                Proof::Confirmed(label) => label,
                _ => None,
            },
            says,
        })
    }
}

impl Listing {
    /// Puts what was found in the order of what it says. A list of the user's that says something is good
    /// goes before what lists of others say against it, and not before another of the user's own.
    pub fn weigh(mut listings: Vec<Self>) -> Vec<Self> {
        let excepted: Vec<_> = listings
            .iter()
            .filter(|it| it.says == Says::Good)
            .map(|it| (it.is_address(), it.of.clone()))
            .collect();
        let about = |it: &Self| {
            let same = |(address, of): &(bool, Of)| match address {
                // That a host is good goes for all that lists have of it.
                true => it.is_address(),
                false => *of == it.of,
            };
            excepted.iter().any(same)
        };
        listings.retain(|it| it.says == Says::Good || it.from.is_empty() || !about(it));
        listings.sort_by_key(|it| it.says);
        listings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocklist::{Builder, Version};
    use crate::digest::sha256;

    fn on_shelf(from: &str, kind: Kind, bytes: u8, entries: &[&str]) -> OnShelf {
        let mut builder = Builder::new(kind, bytes).unwrap();
        for entry in entries {
            match kind {
                Kind::Url => builder.add_expression(entry),
                _ => builder.add(sha256(entry.as_bytes()).as_bytes()).unwrap(),
            };
        }
        let version = Version {
            sequence: 7,
            token: b"",
        };
        let bytes = builder.build("urls", version, 5).unwrap();
        OnShelf {
            source: "1".to_owned(),
            list: "urls".to_owned(),
            from: from.to_owned(),
            good: matches!(kind, Kind::GoodFile(_)),
            file: OwnedBlocklist::open(bytes).unwrap(),
        }
    }

    fn addresses(addresses: &[&str]) -> Query {
        Query {
            addresses: addresses.iter().map(|it| (*it).to_owned()).collect(),
            files: Vec::new(),
        }
    }

    fn file(of: &str) -> Query {
        Query {
            addresses: Vec::new(),
            files: vec![Wanted {
                member: None,
                hashes: vec![FileHash::Sha256(sha256(of.as_bytes()))],
            }],
        }
    }

    #[test]
    fn an_address_is_found_by_its_host_also_when_it_is_a_blob_or_a_bare_name() {
        let shelf = Shelf(vec![on_shelf("", Kind::Url, 8, &["bad.example/"])]);
        for text in [
            "https://www.bad.example/a?b",
            "blob:https://bad.example/0f-1",
            "bad.example",
            r"https:\\bad.example\a",
            "https://user:pw@bad.example:8443/x",
        ] {
            let hits = shelf.look(&addresses(&[text]));
            let [hit] = &hits[..] else {
                panic!("{text}: {} hits", hits.len())
            };
            let listing = hit.listing(Proof::None).unwrap();
            assert_eq!(listing.says, Says::Bad);
            assert_eq!(listing.of, Of::Address("bad.example/".to_owned()));
            assert_eq!((listing.version, listing.made), (7, 5));
        }
        let both = ["https://bad.example/a", "https://bad.example/b"];
        assert_eq!(shelf.look(&addresses(&both)).len(), 1, "told once");
        assert!(
            shelf
                .look(&addresses(&["https://good.example/"]))
                .is_empty()
        );
        assert!(shelf.look(&addresses(&["data:,x"])).is_empty());
    }

    #[test]
    fn four_bytes_are_a_hint_until_the_source_confirms_them() {
        let shelf = Shelf(vec![on_shelf(
            "lists.example",
            Kind::Url,
            4,
            &["bad.example/"],
        )]);
        let hits = shelf.look(&addresses(&["https://bad.example/a"]));
        let [hit] = &hits[..] else { panic!() };
        assert!(hit.wants_proof());
        assert_eq!(hit.ask, Some(sha256(b"bad.example/")));
        assert_eq!(hit.listing(Proof::None).unwrap().says, Says::Hint);
        assert_eq!(hit.listing(Proof::Refuted), None);
        let confirmed = Proof::Confirmed(Some("Botnet".to_owned()));
        let listing = hit.listing(confirmed).unwrap();
        assert_eq!(listing.says, Says::Bad);
        assert_eq!(listing.label.as_deref(), Some("Botnet"));
    }

    #[test]
    fn nothing_is_asked_about_a_private_address() {
        let shelf = Shelf(vec![on_shelf(
            "lists.example",
            Kind::Url,
            4,
            &["192.168.0.1/"],
        )]);
        let hits = shelf.look(&addresses(&["http://192.168.0.1/x"]));
        assert_eq!(hits[0].ask, None);
    }

    #[test]
    fn what_is_good_by_its_first_bytes_alone_is_no_known_good() {
        let good = Kind::GoodFile(Digest::Sha256);
        let theirs = Shelf(vec![on_shelf("lists.example", good, 8, &["a"])]);
        let hits = theirs.look(&file("a"));
        assert!(!hits[0].wants_text());
        assert_eq!(hits[0].listing(Proof::None).unwrap().says, Says::GoodHint);
        let own = Shelf(vec![on_shelf("", good, 8, &["a"])]);
        let hits = own.look(&file("a"));
        assert!(hits[0].wants_text());
        assert_eq!(hits[0].listing(Proof::Refuted), None);
        let confirmed = hits[0].listing(Proof::Confirmed(None)).unwrap();
        assert_eq!(confirmed.says, Says::Good);
    }

    #[test]
    fn the_users_good_list_goes_before_lists_of_others_and_not_before_their_own_bad_one() {
        let listing = |from: &str, of: Of, says| Listing {
            list: "l".to_owned(),
            from: from.to_owned(),
            version: 1,
            made: 0,
            of,
            label: None,
            says,
        };
        let host = |text: &str| Of::Address(text.to_owned());
        let others = listing("lists.example", host("cdn.example/a"), Says::Bad);
        let good = listing("", host("cdn.example/"), Says::Good);
        let own = listing("", host("cdn.example/a"), Says::Bad);
        let file = listing("lists.example", Of::File, Says::Bad);
        let weighed = Listing::weigh(vec![good.clone(), others, file.clone()]);
        assert_eq!(weighed, [file, good.clone()]);
        let weighed = Listing::weigh(vec![good.clone(), own.clone()]);
        assert_eq!(weighed, [own, good]);
    }
}
