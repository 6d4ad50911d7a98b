//! Packs: the plain-text lists in a directory, read into memory and read again when they change.
//!
//! One entry a line, `entry<TAB>label`; the label is optional and then the file's stem. Empty
//! lines and lines that begin with `#` are for people, except that `# License: …` tells the file's
//! licence to whom it is handed on. A line that is no entry is logged and skipped: one slip of an
//! administrator must not empty the list.

use std::collections::HashMap;
use std::hash::Hash;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock;

/// How often a use looks whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The files that a new server starts with. EICAR's test file is the one thing that everybody may
/// keep and every engine calls malicious.
const FIRST_PACKS: [(&str, &str); 3] = [
    (
        "hashes/eicar.txt",
        "# The harmless file that antivirus programs agree to object to: https://www.eicar.org/\n\
         # License: CC0-1.0\n\
         # One file hash a line (MD5, SHA-1 or SHA-256), then a tab and a label.\n\
         275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f\tEICAR-Test-File\n",
    ),
    (
        "urls/local.txt",
        "# One web address a line, then a tab and a label.\n",
    ),
    (
        "hosts/local.txt",
        "# One domain name (it counts for all names below it) or IP address a line, then a tab \
         and a label.\n",
    ),
];

/// Writes the first packs, unless the directory is there already: what an administrator removed
/// stays removed.
///
/// # Errors
/// The directory cannot be written.
pub(crate) fn write_first_packs(directory: &Path) -> std::io::Result<()> {
    if directory.exists() {
        return Ok(());
    }
    // Renamed into place when complete, so that a start that was cut off is done again.
    let staged = directory.with_extension("new");
    for (name, text) in FIRST_PACKS {
        let path = staged.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    std::fs::rename(staged, directory)
}

/// Entries by key, each with its value.
pub(crate) struct Entries<K, V> {
    pub(crate) by_key: HashMap<K, V>,
    /// The newest file's time of change.
    pub(crate) updated: Option<i64>,
    /// The files that they came from.
    pub(crate) sources: Vec<Source>,
}

/// A file of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its path below the packs.
    pub(crate) file: String,
    /// When it was changed.
    pub(crate) changed: i64,
    pub(crate) entries: u64,
    /// The lines that are no entries.
    pub(crate) skipped: u64,
    /// What it says of its licence.
    pub(crate) license: Option<String>,
    /// Why it could not be read to its end.
    pub(crate) error: Option<String>,
}

impl<K, V> Entries<K, V> {
    fn empty() -> Self {
        Self {
            by_key: HashMap::new(),
            updated: None,
            sources: Vec::new(),
        }
    }

    /// Day of change and number of entries: `20261124.17`.
    pub(super) fn version(&self) -> String {
        let day = clock::compact_date(self.updated.unwrap_or_default());
        format!("{day}.{}", self.by_key.len())
    }
}

/// Reads one entry's text.
type Parse<K, V> = fn(entry: &str, label: &str) -> Result<(K, V), String>;

/// The lists of one directory.
pub(super) struct Pack<K, V> {
    directory: PathBuf,
    parse: Parse<K, V>,
    current: RwLock<Arc<Entries<K, V>>>,
    /// How often they were read anew. Raised after `current` is there, so that who reads the number
    /// first has entries that are at least as new.
    version: AtomicU64,
    /// Until when nobody looks at the files, in milliseconds after `made`.
    rests: AtomicU64,
    made: Instant,
    look: Mutex<Look>,
}

struct Look {
    last: Option<Instant>,
    seen: Vec<(PathBuf, SystemTime, u64)>,
}

impl<K: Eq + Hash, V> Pack<K, V> {
    pub(super) fn new(directory: PathBuf, parse: Parse<K, V>) -> Self {
        Self {
            directory,
            parse,
            current: RwLock::new(Arc::new(Entries::empty())),
            version: AtomicU64::new(0),
            rests: AtomicU64::new(0),
            made: Instant::now(),
            look: Mutex::new(Look {
                last: None,
                seen: Vec::new(),
            }),
        }
    }

    /// The entries as the files have them now, give or take [`LOOK_EVERY`]. Reads files: call it
    /// where blocking is allowed.
    pub(super) fn current(&self) -> Arc<Entries<K, V>> {
        let first = self.read_lock().updated.is_none();
        // Whoever comes while another one looks takes what is there, except at the very start.
        let look = if first {
            self.look.lock().ok()
        } else {
            self.look.try_lock().ok()
        };
        if let Some(mut look) = look
            && look.last.is_none_or(|last| last.elapsed() >= LOOK_EVERY)
        {
            look.last = Some(Instant::now());
            let rests = self.made.elapsed() + LOOK_EVERY * 9 / 10;
            let files = files(&self.directory);
            if files != look.seen {
                let entries = self.load(&files);
                tracing::info!(
                    directory = %self.directory.display(),
                    entries = entries.by_key.len(),
                    "read the lists"
                );
                match self.current.write() {
                    Ok(mut current) => *current = Arc::new(entries),
                    Err(poisoned) => *poisoned.into_inner() = Arc::new(entries),
                }
                look.seen = files;
                self.version.fetch_add(1, Ordering::Release);
            }
            self.rests
                .store(rests.as_millis() as u64, Ordering::Release);
        }
        self.read_lock()
    }

    /// How often the files were read anew, if [`Self::current`] has looked at them so lately that it
    /// does not for a while.
    pub(super) fn version_at_hand(&self) -> Option<u64> {
        let now = self.made.elapsed().as_millis() as u64;
        (now < self.rests.load(Ordering::Acquire)).then(|| self.version.load(Ordering::Acquire))
    }

    fn read_lock(&self) -> Arc<Entries<K, V>> {
        match self.current.read() {
            Ok(current) => current.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    fn load(&self, files: &[(PathBuf, SystemTime, u64)]) -> Entries<K, V> {
        let mut entries = Entries::empty();
        let folder = self.directory.file_name().unwrap_or_default();
        for (path, changed, _) in files {
            let changed = changed
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs() as i64);
            entries.updated = entries.updated.max(Some(changed));
            let name = Path::new(folder).join(path.file_name().unwrap_or_default());
            let mut source = Source {
                file: name.to_string_lossy().into_owned(),
                changed,
                entries: 0,
                skipped: 0,
                license: None,
                error: None,
            };
            if let Err(error) = self.load_file(path, &mut entries.by_key, &mut source) {
                tracing::warn!(file = %path.display(), %error, "cannot read a list");
                source.error = Some(error.to_string());
            }
            entries.sources.push(source);
        }
        entries
    }

    fn load_file(
        &self,
        path: &Path,
        by_key: &mut HashMap<K, V>,
        source: &mut Source,
    ) -> std::io::Result<()> {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for (number, line) in BufReader::new(std::fs::File::open(path)?)
            .lines()
            .enumerate()
        {
            let line = line?;
            let line = line.trim();
            if let Some(remark) = line.strip_prefix('#') {
                let license = remark.trim().strip_prefix("License:").map(str::trim);
                if let Some(license) = license.filter(|text| !text.is_empty()) {
                    source.license = Some(license.to_owned());
                }
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let (entry, label) = line.split_once('\t').unwrap_or((line, ""));
            let label = match label.trim() {
                "" => stem.as_str(),
                label => label,
            };
            match (self.parse)(entry.trim(), label) {
                Ok((key, value)) => {
                    source.entries += 1;
                    by_key.entry(key).or_insert(value);
                }
                Err(reason) => {
                    source.skipped += 1;
                    tracing::warn!(
                        file = %path.display(), line = number + 1, reason, "skipped a line"
                    );
                }
            }
        }
        Ok(())
    }
}

/// The text files of a directory with what shows that they have changed, by name.
fn files(directory: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let Ok(listing) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<_> = listing
        .flatten()
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "txt")
        })
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((entry.path(), meta.modified().ok()?, meta.len()))
        })
        .collect();
    files.sort();
    files
}
