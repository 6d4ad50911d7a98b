//! Packs: rules that are served as files, with a manifest that names each with its SHA-256.
//!
//! The manifest is JSON; `docs/YARA.md` describes it for those who publish one. A pack is taken whole or
//! not at all: one byte that is not as the manifest says, and the pack that was there before stays.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{RuleSeverity, RuleText};
use crate::indicator::Sha256;

/// The longest manifest, in bytes.
pub const MAX_MANIFEST: usize = 1024 * 1024;
/// The longest file of a pack, in bytes.
pub const MAX_FILE: u64 = 8 * 1024 * 1024;
/// All files of a pack together, in bytes.
pub const MAX_TOTAL: u64 = 32 * 1024 * 1024;
/// The most files of a pack.
const MAX_FILES: usize = 2000;
/// The longest name, version, licence or path, in bytes.
const MAX_TEXT: usize = 200;

/// The manifest of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackManifest {
    /// The version of this format: 1.
    pub quorum_rules: u32,
    /// What the pack is called.
    pub name: String,
    /// Its version, in the publisher's own way of counting.
    pub version: String,
    /// The licence of the rules that name none of their own; an SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// How bad it is when a rule matches that does not say it itself; *suspicious* if left out.
    #[serde(default)]
    pub severity: Option<RuleSeverity>,
    /// The files.
    pub files: Vec<PackFile>,
}

/// A file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFile {
    /// Its path, relative to the manifest's folder: letters, digits, `.`, `_`, `-`, `/`; it ends in
    /// `.yar` or `.yara`.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// Why a pack is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PackFault {
    /// The manifest is none.
    #[error("the manifest cannot be read: {message}")]
    Manifest {
        /// What is wrong with it, for a developer.
        message: String,
    },
    /// It is of a later format.
    #[error("the manifest is of the format {version}, which is not known here")]
    Format {
        /// The format.
        version: u32,
    },
    /// It names no file, too many, too large ones, or one by a path that is not allowed.
    #[error("the manifest's list of files is not allowed: {path}")]
    List {
        /// The path it is about; empty if it is about the whole list.
        path: String,
    },
    /// A file is not what the manifest says.
    #[error("{path} is not what the manifest says")]
    Checksum {
        /// The file.
        path: String,
    },
    /// A file is no UTF-8.
    #[error("{path} is no text")]
    NotText {
        /// The file.
        path: String,
    },
}

impl PackManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is none, of a later format, or names files that are not allowed.
    pub fn read(json: &[u8]) -> Result<Self, PackFault> {
        /// The format alone: a later one may look otherwise in everything else.
        #[derive(Deserialize)]
        struct Format {
            quorum_rules: u32,
        }
        let broken = |error: serde_json::Error| PackFault::Manifest {
            message: error.to_string(),
        };
        if json.len() > MAX_MANIFEST {
            return Err(PackFault::Manifest {
                message: "it is too long".to_owned(),
            });
        }
        let Format { quorum_rules } = serde_json::from_slice(json).map_err(broken)?;
        if quorum_rules != 1 {
            return Err(PackFault::Format {
                version: quorum_rules,
            });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(broken)?;
        let long = |text: &str| text.len() > MAX_TEXT;
        if manifest.name.trim().is_empty()
            || long(&manifest.name)
            || long(&manifest.version)
            || manifest.license.as_deref().is_some_and(long)
        {
            return Err(PackFault::Manifest {
                message: "name, version or license is empty or too long".to_owned(),
            });
        }
        let mut paths = BTreeSet::new();
        let mut total = 0_u64;
        for file in &manifest.files {
            total = total.saturating_add(file.size);
            if !is_path(&file.path) || !paths.insert(&file.path) || file.size > MAX_FILE {
                return Err(PackFault::List {
                    path: file.path.clone(),
                });
            }
        }
        if paths.is_empty() || paths.len() > MAX_FILES || total > MAX_TOTAL {
            return Err(PackFault::List {
                path: String::new(),
            });
        }
        Ok(manifest)
    }
}

impl PackFile {
    /// Takes the bytes of this file.
    ///
    /// # Errors
    /// They are others than the manifest says, or no text.
    pub fn accept(&self, bytes: Vec<u8>) -> Result<RuleText, PackFault> {
        if bytes.len() as u64 != self.size || crate::digest::sha256(&bytes) != self.sha256 {
            return Err(PackFault::Checksum {
                path: self.path.clone(),
            });
        }
        let text = String::from_utf8(bytes).map_err(|_| PackFault::NotText {
            path: self.path.clone(),
        })?;
        Ok(RuleText {
            name: self.path.clone(),
            text,
        })
    }
}

/// Whether a path is one that cannot lead out of its folder, whatever reads it.
fn is_path(path: &str) -> bool {
    let good = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    path.len() <= MAX_TEXT
        && path.split('/').all(good)
        && (path.ends_with(".yar") || path.ends_with(".yara"))
}

/// The address of a pack's manifest: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackUrl(Url);

/// Why an address cannot be a pack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no address of a pack")]
pub struct PackUrlError;

impl FromStr for PackUrl {
    type Err = PackUrlError;

    fn from_str(text: &str) -> Result<Self, PackUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| PackUrlError)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(PackUrlError),
        };
        let secret = !url.username().is_empty() || url.password().is_some();
        if secret || !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
            return Err(PackUrlError);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl TryFrom<String> for PackUrl {
    type Error = PackUrlError;

    fn try_from(text: String) -> Result<Self, PackUrlError> {
        text.parse()
    }
}

impl From<PackUrl> for String {
    fn from(url: PackUrl) -> Self {
        url.0.into()
    }
}

impl fmt::Display for PackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl PackUrl {
    /// The address of a file that the manifest at this address names.
    pub fn file(&self, file: &PackFile) -> String {
        // What is read by `PackManifest::read` joins; the manifest's own address never has a file's bytes.
        self.0
            .join(&file.path)
            .map(String::from)
            .unwrap_or_else(|_| self.to_string())
    }

    /// The address that a link leads to which stands in what was fetched from here; `None` if it leads
    /// to another origin. A path is taken below the folder of this address.
    pub fn link(&self, link: &str) -> Option<Self> {
        let url = self.0.join(link).ok()?;
        (url.origin() == self.0.origin()).then_some(Self(url))
    }

    /// The host that it is fetched from, and the port where that is not the usual one.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The match pattern of its origin, which is what access is asked for.
    pub fn match_pattern(&self) -> String {
        crate::api::match_pattern(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str, size: u64) -> String {
        let sha256 = crate::digest::sha256(b"rule");
        format!(
            r#"{{"quorum_rules":1,"name":"n","version":"1","files":[{{"path":"{path}","size":{size},"sha256":"{sha256}"}}]}}"#
        )
    }

    #[test]
    fn a_path_cannot_lead_out_of_its_folder() {
        for path in ["a.yar", "a/b-c/d_1.yara"] {
            assert!(
                PackManifest::read(manifest(path, 4).as_bytes()).is_ok(),
                "{path}"
            );
        }
        for path in [
            "",
            "a",
            "../a.yar",
            "/a.yar",
            "a/../b.yar",
            "a//b.yar",
            "./a.yar",
            "//evil.example/a.yar",
            "https://evil.example/a.yar",
            "a.yar?x",
            "a%2fb.yar",
            "a b.yar",
            ".yar",
        ] {
            let fault = PackManifest::read(manifest(path, 4).as_bytes());
            assert_eq!(
                fault,
                Err(PackFault::List {
                    path: path.to_owned()
                })
            );
        }
    }

    #[test]
    fn a_file_is_taken_only_as_the_manifest_says() {
        let pack = PackManifest::read(manifest("a.yar", 4).as_bytes()).unwrap();
        assert_eq!(pack.files[0].accept(b"rule".to_vec()).unwrap().text, "rule");
        for bytes in [&b"rulf"[..], b"rule ", b"", b"rul"] {
            let path = "a.yar".to_owned();
            assert_eq!(
                pack.files[0].accept(bytes.to_vec()),
                Err(PackFault::Checksum { path })
            );
        }
    }

    #[test]
    fn limits_and_later_formats_are_refused() {
        let read = |json: &str| PackManifest::read(json.as_bytes()).unwrap_err();
        assert_eq!(
            read(r#"{"quorum_rules":2,"other":[]}"#),
            PackFault::Format { version: 2 }
        );
        assert!(matches!(read("[]"), PackFault::Manifest { .. }));
        assert!(matches!(
            read(&manifest("a.yar", MAX_FILE + 1)),
            PackFault::List { .. }
        ));
        assert!(matches!(
            read(r#"{"quorum_rules":1,"name":"n","version":"1","files":[]}"#),
            PackFault::List { .. }
        ));
    }

    #[test]
    fn a_severity_is_one_of_two_words_or_the_pack_is_refused() {
        let read = |severity: &str| {
            let json = manifest("a.yar", 4);
            let json = json.replacen('{', &format!(r#"{{"severity":{severity},"#), 1);
            PackManifest::read(json.as_bytes()).map(|pack| pack.severity)
        };
        assert_eq!(read(r#""malicious""#), Ok(Some(RuleSeverity::Malicious)));
        assert_eq!(read(r#""suspicious""#), Ok(Some(RuleSeverity::Suspicious)));
        assert_eq!(read("null"), Ok(None));
        for other in [r#""high""#, "100", "true"] {
            let fault = read(other);
            assert!(matches!(fault, Err(PackFault::Manifest { .. })), "{other}");
        }
    }

    #[test]
    fn an_address_is_https_or_of_this_machine_and_its_files_lie_beside_it() {
        let url: PackUrl = "https://rules.example/x/pack.json?v=1#top".parse().unwrap();
        let pack = PackManifest::read(manifest("a/b.yar", 4).as_bytes()).unwrap();
        assert_eq!(url.file(&pack.files[0]), "https://rules.example/x/a/b.yar");
        assert!("http://127.0.0.1:9/pack.json".parse::<PackUrl>().is_ok());
        for text in [
            "http://rules.example/p",
            "ftp://x/p",
            "https://a:b@x/p",
            "data:,x",
            "x",
            "",
        ] {
            assert!(text.parse::<PackUrl>().is_err(), "{text}");
        }
    }
}
