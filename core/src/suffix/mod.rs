//! The Public Suffix List: where the part of a name ends that anybody can register below.
//!
//! `public_suffix_list.dat` is the list as publicsuffix.org publishes it (MPL 2.0, see its head).
//! What the program carries is `suffixes.bin`, the same rules as a tree that is searched where it
//! lies: nothing is allocated, nothing is prepared at the start. `compile.rs` makes the one from
//! the other, and its test fails when they differ:
//!
//! ```text
//! QUORUM_WRITE=1 cargo test -p quorum-core suffix
//! ```
//!
//! # The table
//!
//! One byte that counts the version's bytes, the version, and the list of the top-level labels. A
//! list is a run of groups and a zero byte. A group holds labels of one length that have the same
//! flags, the shortest first, sorted, so that a binary search needs no index: length (1 byte), flags (1), count (2),
//! the labels end to end, and, if the flags say that there are labels below these, for each the
//! place of its list (3). Numbers are little-endian, places count from the table's start.

#[cfg(all(test, not(target_arch = "wasm32")))]
mod compile;

static TABLE: &[u8] = include_bytes!("suffixes.bin");

/// A rule ends at this label.
const EXACT: u8 = 1;
/// A rule has `*` in front of this label.
const WILDCARD: u8 = 2;
/// A rule with `!` ends at this label.
const EXCEPTION: u8 = 4;
/// The rule that ends here stands in the list's private section.
const PRIVATE: u8 = 8;
/// The rule with `*` in front stands in the list's private section.
const WILDCARD_PRIVATE: u8 = 16;
/// There are labels below this one.
const PARENT: u8 = 32;

/// The end of a name below which names are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suffix<'a> {
    /// The suffix itself: `com`, `co.uk`, `github.io`. Where no rule matches, the last label.
    pub text: &'a str,
    /// Whether a rule of the list matched. If not, the top-level domain is unknown to the list
    /// (all that are delegated in the DNS are known to it).
    pub known: bool,
    /// Whether the rule is of the private section: a company's domain below which its customers
    /// have theirs (`github.io`), rather than a registry's.
    pub private: bool,
}

/// The public suffix of a name that is held as [`Domain`](crate::indicator::Domain) holds it: lower
/// case, in ASCII, without a final dot. By the list's algorithm: of all rules that match, an
/// exception wins, else the one with the most labels; if there is none, the last label.
///
/// ```
/// use quorum_core::suffix::public_suffix;
/// let suffix = public_suffix("www.example.co.uk");
/// assert_eq!((suffix.text, suffix.known, suffix.private), ("co.uk", true, false));
/// assert!(public_suffix("someone.github.io").private);
/// assert!(!public_suffix("node.js").known);
/// ```
pub fn public_suffix(host: &str) -> Suffix<'_> {
    let mut list = TABLE.first().map(|length| 1 + usize::from(*length));
    let mut wildcard = None;
    let mut end = host.len();
    let mut suffix = Suffix {
        text: &host[last_label(host, end)..],
        known: false,
        private: false,
    };
    loop {
        let start = last_label(host, end);
        let label = &host.as_bytes()[start..end];
        let found = list.and_then(|list| find(list, label));
        let flags = found.as_ref().map_or(0, |entry| entry.flags);
        if flags & EXCEPTION != 0 {
            suffix = Suffix {
                text: host.get(end + 1..).unwrap_or_default(),
                known: true,
                private: flags & PRIVATE != 0,
            };
            break;
        }
        if flags & EXACT != 0 || (wildcard.is_some() && !label.is_empty()) {
            suffix = Suffix {
                text: &host[start..],
                known: true,
                private: if flags & EXACT != 0 {
                    flags & PRIVATE != 0
                } else {
                    wildcard == Some(true)
                },
            };
        }
        wildcard = (flags & WILDCARD != 0).then_some(flags & WILDCARD_PRIVATE != 0);
        list = found.and_then(|entry| entry.children);
        if start == 0 || (list.is_none() && wildcard.is_none()) {
            break;
        }
        end = start - 1;
    }
    suffix
}

/// The name that was registered: the public suffix and one label more. `None` for what is a public
/// suffix itself, and for what is no name (an IP address, an empty label). The host must be in the
/// form that [`public_suffix`] wants.
///
/// ```
/// use quorum_core::suffix::registrable_domain;
/// assert_eq!(registrable_domain("a.b.example.co.uk"), Some("example.co.uk"));
/// assert_eq!(registrable_domain("co.uk"), None);
/// assert_eq!(registrable_domain("192.0.2.1"), None);
/// ```
pub fn registrable_domain(host: &str) -> Option<&str> {
    let suffix = public_suffix(host).text;
    let address = host.starts_with('[')
        || host[last_label(host, host.len())..]
            .bytes()
            .all(|byte| byte.is_ascii_digit());
    // The dot in front of the suffix.
    let end = host.len().checked_sub(suffix.len() + 1)?;
    let start = last_label(host, end);
    (!address && start < end && !host.starts_with('.')).then(|| &host[start..])
}

/// The date and time of the list: `2026-10-22_08-36-41_UTC`.
pub fn version() -> &'static str {
    let length = TABLE.first().copied().map_or(0, usize::from);
    TABLE
        .get(1..1 + length)
        .and_then(|text| std::str::from_utf8(text).ok())
        .unwrap_or_default()
}

/// Where the label begins that ends at `end`.
fn last_label(host: &str, end: usize) -> usize {
    host.as_bytes()[..end]
        .iter()
        .rposition(|byte| *byte == b'.')
        .map_or(0, |dot| dot + 1)
}

struct Entry {
    flags: u8,
    children: Option<usize>,
}

/// Looks a label up in the list at `list`.
fn find(list: usize, label: &[u8]) -> Option<Entry> {
    let mut rest = TABLE.get(list..)?;
    loop {
        let &[length, flags, low, high, ref after @ ..] = rest else {
            return None;
        };
        let (length, count) = (
            usize::from(length),
            usize::from(u16::from_le_bytes([low, high])),
        );
        if length == 0 || length > label.len() {
            return None;
        }
        let (labels, mut after) = after.split_at_checked(length * count)?;
        let mut children: &[[u8; 3]] = &[];
        if flags & PARENT != 0 {
            let places;
            (places, after) = after.split_at_checked(3 * count)?;
            children = places.as_chunks().0;
        }
        if length == label.len()
            && let Some(at) = position(labels, label)
        {
            return Some(Entry {
                flags,
                children: children
                    .get(at)
                    .map(|&[a, b, c]| u32::from_le_bytes([a, b, c, 0]) as usize),
            });
        }
        rest = after;
    }
}

/// Which of the sorted labels, all as long as this one, it is.
fn position(labels: &[u8], label: &[u8]) -> Option<usize> {
    // Nearly all are short: compared as numbers, which order as their bytes do.
    let number = |text: &[u8]| {
        text.iter()
            .fold(0, |number: u64, byte| number << 8 | u64::from(*byte))
    };
    let short = label.len() <= 8;
    let wanted = number(label);
    let (mut low, mut high) = (0, labels.len() / label.len());
    while low < high {
        let middle = low.midpoint(high);
        let there = labels.get(middle * label.len()..(middle + 1) * label.len())?;
        let order = if short {
            number(there).cmp(&wanted)
        } else {
            there.cmp(label)
        };
        match order {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}
