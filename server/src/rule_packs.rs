//! Rule packs: folders of YARA rules that are handed to extensions, each with the manifest of
//! [`quorum_core::rules`].
//!
//! The server scans with them itself too: see [`rulebook`](crate::rulebook).
//!
//! A folder is read when somebody asks and its files have changed. It is handed out only if its
//! manifest is one that an extension takes and its rules compile: one slip of an administrator
//! reaches nobody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use quorum_core::digest::sha256;
use quorum_core::indicator::Sha256;
use quorum_core::rules::{MAX_FILE, PackFile, PackManifest};
use quorum_yara::{Ruleset, Source};
use serde::Deserialize;

/// How often a use looks whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The file that says what a pack is called.
const ABOUT: &str = "pack.json";

/// What [`ABOUT`] says where it is no whole manifest.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct About {
    name: Option<String>,
    version: Option<String>,
    license: Option<String>,
}

/// A pack that is in order.
#[derive(Debug)]
pub(crate) struct RulePack {
    pub(crate) manifest: PackManifest,
    /// SHA-256 over the lines `<sha256>  <path>` of its files.
    pub(crate) checksum: Sha256,
    /// How many rules it has that are not private.
    pub(crate) rules: usize,
    folder: PathBuf,
}

impl RulePack {
    /// A file that the manifest names.
    pub(crate) fn file(&self, path: &str) -> Option<&PackFile> {
        self.manifest.files.iter().find(|file| file.path == path)
    }

    /// Its text. Reads the file.
    ///
    /// # Errors
    /// It is not as the manifest says any more.
    pub(crate) fn text(&self, file: &PackFile) -> Result<String, String> {
        let bytes = std::fs::read(self.folder.join(&file.path)).map_err(words)?;
        let text = file.accept(bytes).map_err(words)?;
        Ok(text.text)
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// By the folder's name: a pack, or what is wrong with it.
pub(crate) type Shelf = BTreeMap<String, Result<Arc<RulePack>, String>>;

/// The folders of a directory.
pub(crate) struct RulePacks {
    directory: PathBuf,
    look: Mutex<Look>,
}

#[derive(Default)]
struct Look {
    last: Option<Instant>,
    seen: BTreeMap<String, Folder>,
    shelf: Arc<Shelf>,
}

/// What shows that a folder has changed.
type Folder = Vec<(String, SystemTime, u64)>;

impl RulePacks {
    /// The packs below `packs/rules`.
    pub(crate) fn new(packs: &Path) -> Self {
        Self {
            directory: packs.join("rules"),
            look: Mutex::default(),
        }
    }

    /// The packs as the files have them now, give or take [`LOOK_EVERY`]. Reads files: call it
    /// where blocking is allowed.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        if look.last.is_none_or(|last| last.elapsed() >= LOOK_EVERY) {
            let folders = folders(&self.directory);
            if folders != look.seen {
                let mut shelf = Shelf::new();
                for (name, folder) in &folders {
                    let known = look.shelf.get(name);
                    let known = known.filter(|_| look.seen.get(name) == Some(folder));
                    let pack = known.cloned().unwrap_or_else(|| {
                        let pack = read(name, &self.directory.join(name), folder).map(Arc::new);
                        match &pack {
                            Ok(pack) => tracing::info!(
                                pack = name,
                                version = pack.manifest.version,
                                rules = pack.rules,
                                "read a rule pack"
                            ),
                            Err(reason) => {
                                tracing::warn!(
                                    pack = name,
                                    reason,
                                    "a rule pack is not handed out"
                                );
                            }
                        }
                        pack
                    });
                    shelf.insert(name.clone(), pack);
                }
                look.shelf = Arc::new(shelf);
                look.seen = folders;
            }
            // From the end of the reading on: who waited for it need not look again.
            look.last = Some(Instant::now());
        }
        look.shelf.clone()
    }
}

/// The folders with their files. What begins with a dot is nobody's.
fn folders(directory: &Path) -> BTreeMap<String, Folder> {
    let Ok(listing) = std::fs::read_dir(directory) else {
        return BTreeMap::new();
    };
    let folders = listing.flatten().filter(|entry| entry.path().is_dir());
    let named = folders.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        (!name.starts_with('.')).then(|| (name, files(&entry.path())))
    });
    named.collect()
}

fn files(folder: &Path) -> Folder {
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(folder).ok()?;
            let path = path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
            let ours = path == ABOUT || path.ends_with(".yar") || path.ends_with(".yara");
            let meta = entry.metadata().ok()?;
            ours.then_some((path, meta.modified().ok()?, meta.len()))
        })
        .collect()
}

fn read(name: &str, folder: &Path, files: &Folder) -> Result<RulePack, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.len() > 64 || !name.bytes().all(good) {
        return Err("a folder's name is up to 64 letters, digits, dots, _ and -".to_owned());
    }
    let about = match std::fs::read(folder.join(ABOUT)) {
        Ok(json) => Some(json),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("{ABOUT}: {error}")),
    };
    let published = |json: &[u8]| {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(json);
        value.is_ok_and(|value| value.get("quorum_rules").is_some())
    };
    let mut manifest = match about {
        Some(json) if published(&json) => {
            PackManifest::read(&json).map_err(|fault| format!("{ABOUT}: {fault}"))?
        }
        about => {
            let about: About = match about {
                Some(json) => {
                    serde_json::from_slice(&json).map_err(|error| format!("{ABOUT}: {error}"))?
                }
                None => About::default(),
            };
            let mut listed = Vec::new();
            for (path, _, size) in files.iter().filter(|(path, ..)| path != ABOUT) {
                if *size > MAX_FILE {
                    return Err(format!("{path}: larger than {MAX_FILE} bytes"));
                }
                // Read again below, and held to this length and digest then.
                let bytes =
                    std::fs::read(folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
                listed.push(PackFile {
                    path: path.clone(),
                    size: *size,
                    sha256: sha256(&bytes),
                });
            }
            PackManifest {
                quorum_rules: 1,
                name: about.name.unwrap_or_else(|| name.to_owned()),
                version: about.version.unwrap_or_default(),
                license: about.license,
                // What its rules stand for is said in the pack.json of its author, or nowhere.
                severity: None,
                files: listed,
            }
        }
    };
    let mut lines = String::new();
    for file in &manifest.files {
        lines.push_str(&format!("{}  {}\n", file.sha256, file.path));
    }
    let checksum = sha256(lines.as_bytes());
    if manifest.version.is_empty() {
        manifest.version = checksum.to_string()[..12].to_owned();
    }
    // An extension reads it so, and with the same limits.
    let json = serde_json::to_vec(&manifest).map_err(words)?;
    let manifest = PackManifest::read(&json).map_err(words)?;
    let mut pack = RulePack {
        manifest,
        checksum,
        rules: 0,
        folder: folder.to_owned(),
    };
    let mut texts = Vec::new();
    for file in &pack.manifest.files {
        let text = pack
            .text(file)
            .map_err(|fault| format!("{}: {fault}", file.path))?;
        texts.push((file.path.as_str(), text));
    }
    let sources = texts.iter().map(|(name, text)| Source { name, text });
    let rules = Ruleset::compile(sources).map_err(|error| {
        format!(
            "{}:{}:{}: {}",
            error.source_name, error.line, error.column, error.message
        )
    })?;
    pack.rules = rules.rules().len();
    Ok(pack)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "rule a { strings: $a = \"needle in hay\" condition: $a }";

    /// A folder of packs for one test.
    struct Packs(PathBuf);

    impl Packs {
        fn new(test: &str) -> Self {
            let name = format!("quorum-rules-{test}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn write(&self, path: &str, text: &str) -> &Self {
            let path = self.0.join("rules").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            self
        }

        fn pack(&self, name: &str) -> Result<Arc<RulePack>, String> {
            RulePacks::new(&self.0).shelf()[name].clone()
        }
    }

    impl Drop for Packs {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_folder_of_rules_is_a_pack() {
        let packs = Packs::new("folder");
        packs
            .write("mine/a.yar", RULE)
            .write("mine/deep/b.yara", "rule b { condition: filesize == 7 }")
            .write("mine/notes.txt", "not served")
            .write("mine/.git/c.yar", "not even a rule");
        let pack = packs.pack("mine").unwrap();
        let paths: Vec<_> = pack.manifest.files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["a.yar", "deep/b.yara"]);
        assert_eq!((pack.manifest.name.as_str(), pack.rules), ("mine", 2));
        assert_eq!(pack.manifest.version, pack.checksum.to_string()[..12]);
        assert_eq!(pack.text(pack.file("a.yar").unwrap()).unwrap(), RULE);
        assert!(pack.file("notes.txt").is_none());
        packs.write("mine/a.yar", &RULE.replace("hay", "hey"));
        assert!(pack.text(pack.file("a.yar").unwrap()).is_err());
        assert_ne!(packs.pack("mine").unwrap().checksum, pack.checksum);
    }

    #[test]
    fn what_a_pack_says_of_itself_counts_and_must_be_true() {
        let packs = Packs::new("about");
        let about = r#"{"name": "Ours", "version": "7", "license": "MIT"}"#;
        packs
            .write("said/a.yar", RULE)
            .write("said/pack.json", about);
        let pack = packs.pack("said").unwrap();
        let said = &pack.manifest;
        let told = (&*said.name, &*said.version, said.license.as_deref());
        assert_eq!(told, ("Ours", "7", Some("MIT")));
        let whole = serde_json::to_string(said).unwrap();
        packs
            .write("whole/a.yar", RULE)
            .write("whole/other.yar", "rule other { condition: true }")
            .write("whole/pack.json", &whole);
        let pack = packs.pack("whole").unwrap();
        assert_eq!(pack.manifest, *said);
        packs.write("whole/a.yar", "rule a { condition: true }");
        let fault = packs.pack("whole").unwrap_err();
        assert!(fault.contains("not what the manifest says"), "{fault}");
    }

    #[test]
    fn what_an_extension_would_refuse_is_not_handed_out() {
        let packs = Packs::new("refused");
        packs
            .write("broken/a.yar", "rule a { condition: nothing }")
            .write("empty/readme.md", "")
            .write("odd name/a.yar", RULE)
            .write("path/a b.yar", RULE)
            .write("about/a.yar", RULE)
            .write("about/pack.json", r#"{"title": "no"}"#)
            .write("good/a.yar", RULE);
        for (name, why) in [
            ("broken", "a.yar:1:"),
            ("empty", "list of files"),
            ("odd name", "a folder's name"),
            ("path", "a b.yar"),
            ("about", "unknown field `title`"),
        ] {
            let fault = packs.pack(name).unwrap_err();
            assert!(fault.contains(why), "{name}: {fault}");
        }
        assert!(packs.pack("good").is_ok());
    }
}
