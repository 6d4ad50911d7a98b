//! Checksums on the page that holds the link: in the text beside it, and lists that the page links to.
//!
//! The page is handed over as it stands around the link, from the inside outwards. How far "beside" reaches
//! ends where another file's link begins.

use serde::{Deserialize, Serialize};

use super::{Algorithm, Claim, Source, file_name, hex};

/// How many lists are fetched for one download at most.
pub const MAX_LISTS: usize = 2;

/// A page as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// Its own address.
    pub address: String,
    /// The elements around the link, from the innermost outwards; none if the page has no such link.
    pub levels: Vec<Level>,
    /// Absolute addresses that the page links to.
    pub links: Vec<String>,
}

/// An element around the link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Level {
    /// Its text.
    pub text: String,
    /// Absolute addresses that it links to, the link's own among them.
    pub links: Vec<String>,
}

/// What a page says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pointed {
    /// What stands beside the link.
    pub claims: Vec<Claim>,
    /// Addresses of lists that may have the file, the most telling first; at most [`MAX_LISTS`].
    pub lists: Vec<String>,
}

/// What a page says of the file at this address.
pub fn from_page(page: &Page, address: &str) -> Pointed {
    let name = file_name(address);
    let beside = page.levels.iter().take_while(|level| {
        let mut others = level.links.iter().filter(|link| *link != address);
        !others.any(|link| is_other_file(link, &name))
    });
    let claims = beside
        .map(|level| in_text(&level.text))
        .find(|claims| !claims.is_empty())
        .unwrap_or_default();
    let around = page.levels.iter().flat_map(|level| &level.links);
    let mut lists: Vec<(u8, &String)> = around
        .chain(&page.links)
        // A page must not have us ask just anybody.
        .filter(|link| {
            let of = origin(link);
            of.is_some() && [origin(address), origin(&page.address)].contains(&of)
        })
        .filter_map(|link| Some((list_rank(&file_name(link), &name)?, link)))
        .collect();
    // The sort is stable: what is nearer to the link comes first.
    lists.sort_by_key(|(rank, _)| *rank);
    let mut chosen: Vec<String> = Vec::new();
    for (_, list) in lists {
        let list = list.split('#').next().unwrap_or_default();
        if chosen.len() < MAX_LISTS && !chosen.iter().any(|known| known == list) {
            chosen.push(list.to_owned());
        }
    }
    Pointed {
        claims,
        lists: chosen,
    }
}

/// An address's scheme, host and port, for http and https.
fn origin(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(&address[..address.len() - rest.len() + host])
}

/// The ending of a name in lower case, empty if it has none.
fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.unwrap_or_default().to_ascii_lowercase()
}

/// Whether a link leads to a file that a checksum could be about instead.
fn is_other_file(link: &str, name: &str) -> bool {
    const PAGES: &[&str] = &["", "asp", "aspx", "htm", "html", "jsp", "md", "php", "txt"];
    const SIGNATURES: &[&str] = &["asc", "minisig", "pem", "sig", "sigstore"];
    // What leads to no path is a host, whose last label is no ending.
    let rooted = link
        .splitn(4, '/')
        .nth(3)
        .is_some_and(|path| !path.is_empty());
    let other = file_name(link);
    let ending = ending(&other);
    rooted
        && other != name
        && list_rank(&other, name).is_none()
        && !PAGES.contains(&ending.as_str())
        && !SIGNATURES.contains(&ending.as_str())
        && ending.len() <= 10
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// How telling a list with this name is about a file with that name, lower is more; `None` if it is no
/// list.
fn list_rank(list: &str, name: &str) -> Option<u8> {
    let lower = list.to_ascii_lowercase();
    let of = |text: &str| {
        // The strongest that a name speaks of.
        let known = [("sha512", 0), ("sha256", 0), ("sha1", 2), ("md5", 3)];
        known
            .into_iter()
            .find(|(word, _)| text.contains(word))
            .map(|(_, rank)| rank)
    };
    if !name.is_empty()
        && let Some(rest) = lower.strip_prefix(&name.to_ascii_lowercase())
        && let Some(rest) = rest.strip_prefix('.')
    {
        let named = ["md5", "sha1", "sha256", "sha512"].iter().any(|word| {
            rest.strip_prefix(word)
                .is_some_and(|more| ["", "sum", ".txt", "sum.txt"].contains(&more))
        });
        return named.then(|| of(rest)).flatten();
    }
    let stem = lower.strip_suffix(".txt").unwrap_or(&lower);
    let collects = ["sums", "sum", "checksums", "checksum"]
        .iter()
        .any(|word| stem.ends_with(word));
    collects.then(|| 10 + of(stem).unwrap_or(1))
}

/// The digests in a text, each with the word for it where its length alone would not tell.
fn in_text(text: &str) -> Vec<Claim> {
    const BEFORE: usize = 32;
    // What is as long as a SHA-2 digest and is none.
    const OTHER: &[&str] = &["sha3", "sha-3", "blake", "b2sum", "512/256", "fingerprint"];
    let mut claims: Vec<Claim> = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let start = at;
        at += word.len();
        // The separator behind it, of whatever length.
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        let Some((algorithm, digest)) = hex(word) else {
            continue;
        };
        let from = text.floor_char_boundary(start.saturating_sub(BEFORE));
        let before = text[from..start].to_ascii_lowercase();
        let named = |words: &[&str]| words.iter().any(|word| before.contains(word));
        let taken = match algorithm {
            Algorithm::Md5 => named(&["md5"]),
            Algorithm::Sha1 => named(&["sha1", "sha-1"]),
            Algorithm::Sha256 | Algorithm::Sha512 => !named(OTHER),
        };
        if taken {
            claims.push(Claim {
                source: Source::Page,
                algorithm,
                digest,
                perhaps: false,
            });
        }
    }
    claims
}
