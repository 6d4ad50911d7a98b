//! The catalogue of a feed: which lists it has, of which version, and where their files are. It is what a
//! Quorum server answers to `GET /packs/lists` (`docs/QUORUM-V1.md`); a file of the same form does as well.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{HashKind, ListKind};
use crate::indicator::Sha256;
use crate::rules::PackUrl;

/// The longest catalogue, in bytes.
pub const MAX_CATALOGUE: usize = 1024 * 1024;
/// The most lists of a catalogue.
const MAX_LISTS: usize = 64;
/// The longest name, in bytes; as in the file of a list.
const MAX_NAME: usize = 64;

/// What a catalogue says, as far as it can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue(pub Vec<Offer>);

/// A list that a feed has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name: letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// What its entries are.
    pub kind: ListKind,
    /// Bytes of each digest that are in it, 4 to 8.
    pub prefix_bytes: u8,
    /// Its newest version.
    pub version: u64,
    /// The SHA-256 at the end of that version's file.
    pub checksum: Sha256,
    /// The entries' licence.
    pub license: Option<String>,
    /// Where the file is.
    pub file: PackUrl,
    /// The versions from which an update leads to the newest.
    pub versions: Vec<(u64, Sha256)>,
}

impl Offer {
    /// Where the update from an earlier version is.
    pub fn update(&self, from: u64) -> Option<PackUrl> {
        self.file.link(&format!("{}/from/{from}", self.file))
    }
}

/// Why a catalogue is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It is no catalogue.
    #[error("this is no catalogue of lists: {0}")]
    Syntax(String),
    /// It names too many lists, one twice, one by a name that is not allowed, or a file of another origin.
    #[error("the list {0:?} is not allowed")]
    List(String),
}

#[derive(Deserialize)]
struct Document {
    data: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    id: String,
    attributes: Attributes,
    links: Links,
}

#[derive(Deserialize)]
struct Attributes {
    kind: String,
    #[serde(default)]
    digest: String,
    prefix_bytes: u8,
    version: u64,
    checksum: Sha256,
    license: Option<String>,
    #[serde(default)]
    versions: Vec<Kept>,
}

#[derive(Deserialize)]
struct Kept {
    version: u64,
    checksum: Sha256,
}

#[derive(Deserialize)]
struct Links {
    file: String,
}

impl Catalogue {
    /// Reads the catalogue that was fetched from an address. Lists of a kind that is not known here are left
    /// out: a later server may have others.
    ///
    /// # Errors
    /// It is none, or names what is not allowed.
    pub fn read(json: &[u8], from: &PackUrl) -> Result<Self, CatalogueError> {
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| CatalogueError::Syntax(error.to_string()))?;
        let mut names = BTreeSet::new();
        let mut offers = Vec::new();
        for object in document.data {
            let refused = || CatalogueError::List(object.id.clone());
            if !is_name(&object.id)
                || !names.insert(object.id.clone())
                || names.len() > MAX_LISTS
                || object
                    .attributes
                    .license
                    .as_ref()
                    .is_some_and(|it| it.len() > 200)
            {
                return Err(refused());
            }
            let file = from.link(&object.links.file).ok_or_else(refused)?;
            let it = object.attributes;
            let (Some(kind), 4..=8) = (kind(&it.kind, &it.digest), it.prefix_bytes) else {
                continue;
            };
            let versions = it.versions.iter().map(|it| (it.version, it.checksum));
            offers.push(Offer {
                kind,
                prefix_bytes: it.prefix_bytes,
                version: it.version,
                checksum: it.checksum,
                license: it.license,
                file,
                versions: versions.collect(),
                name: object.id,
            });
        }
        Ok(Self(offers))
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn kind(kind: &str, digest: &str) -> Option<ListKind> {
    let hash = match digest {
        "sha256" => HashKind::Sha256,
        "sha1" => HashKind::Sha1,
        "md5" => HashKind::Md5,
        _ => return None,
    };
    match kind {
        "url" => Some(ListKind::Addresses),
        "bad_file" => Some(ListKind::BadFiles(hash)),
        "good_file" => Some(ListKind::GoodFiles(hash)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(id: &str, kind: &str, file: &str) -> Result<Catalogue, CatalogueError> {
        let checksum = "ab".repeat(32);
        let json = json!({"data": [{
            "type": "list_pack", "id": id,
            "attributes": {
                "kind": kind, "digest": "sha256", "prefix_bytes": 4, "version": 7,
                "checksum": checksum, "entries": 17, "date": 1, "license": null,
                "versions": [{"version": 7, "checksum": checksum, "entries": 17, "date": 1}],
            },
            "links": {"file": file},
        }]});
        let from = "https://lists.example/v1/packs/lists".parse().unwrap();
        Catalogue::read(json.to_string().as_bytes(), &from)
    }

    #[test]
    fn files_are_of_the_catalogues_origin_and_updates_lie_below_them() {
        for file in [
            "https://lists.example/v1/packs/lists/urls/7",
            "lists/urls/7",
        ] {
            let offer = read("urls", "url", file).unwrap().0.remove(0);
            assert_eq!(offer.kind, ListKind::Addresses);
            let file = "https://lists.example/v1/packs/lists/urls/7";
            assert_eq!(offer.file.to_string(), file);
            assert_eq!(
                offer.update(6).unwrap().to_string(),
                format!("{file}/from/6")
            );
        }
        for file in [
            "https://other.example/7",
            "http://lists.example/7",
            "//other.example/7",
        ] {
            assert_eq!(
                read("urls", "url", file),
                Err(CatalogueError::List("urls".to_owned()))
            );
        }
    }

    #[test]
    fn names_are_plain_and_kinds_of_a_later_server_are_left_out() {
        for name in ["", "../x", "a/b", ".a", "a b"] {
            assert!(read(name, "url", "x").is_err(), "{name:?}");
        }
        assert_eq!(
            read("later", "certificates", "x"),
            Ok(Catalogue(Vec::new()))
        );
        let from = "https://lists.example/".parse().unwrap();
        assert!(matches!(
            Catalogue::read(b"{}", &from),
            Err(CatalogueError::Syntax(_))
        ));
    }
}
