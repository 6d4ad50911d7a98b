//! No rule of ours may match honest files: here, files of the machine's own packages.
//!
//! `QUORUM_BENIGN_FILES=100000 cargo test -p quorum-yara --test benign -- --nocapture` takes more of them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorum_yara::{Ruleset, Scanner};

/// How many files are scanned if nothing else is asked for.
const FILES: usize = 2000;

/// Larger files would make the test slow and tell little more.
const MAX_SIZE: u64 = 4 << 20;

/// Where packages put their files. `PYENV_ROOT` is added: it brings Windows programs and PowerShell.
const ROOTS: [&str; 5] = ["/usr/bin", "/usr/lib", "/usr/share", "/usr/local", "/opt"];

/// Packages that exist to be found by scanners.
const NOT_BENIGN: [&str; 1] = ["clamav-testfiles"];

/// The kinds that our rules look at come first, with up to [`SHARE`] files each; the rest of the place is
/// for all other kinds. `program` is an executable without an extension, `plain` any other such file.
const LOOKED_AT: [&str; 32] = [
    "program", "plain", "so", "exe", "dll", "o", "a", "sh", "py", "pl", "pm", "rb", "js", "mjs",
    "php", "html", "htm", "ps1", "bat", "cmd", "vbs", "url", "pdf", "doc", "jar", "zip", "whl",
    "xml", "svg", "txt", "md", "rst",
];
const SHARE: usize = 50;

/// Every regular file below a directory, by kind.
fn collect(root: &Path, kinds: &mut BTreeMap<String, Vec<PathBuf>>) {
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            // Links are left out: what they show is found, or is not, where it stands.
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            if meta.is_dir() {
                if !NOT_BENIGN.iter().any(|name| path.ends_with(name)) {
                    pending.push(path);
                }
            } else if meta.is_file() && (1..=MAX_SIZE).contains(&meta.len()) {
                let executable = meta.permissions().mode() & 0o111 != 0;
                kinds.entry(kind(&path, executable)).or_default().push(path);
            }
        }
    }
}

/// The extension in small letters; a number (`libfoo.so.6`, `man.1`) is none.
fn kind(path: &Path, executable: bool) -> String {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension)
            if extension.len() <= 10 && !extension.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            extension.to_ascii_lowercase()
        }
        _ if executable => "program".to_owned(),
        _ => "plain".to_owned(),
    }
}

/// Chooses the same files each time on the same machine: of each kind as many as its turn gives, spread
/// evenly over its sorted list.
fn choose(kinds: &mut BTreeMap<String, Vec<PathBuf>>, wanted: usize) -> Vec<PathBuf> {
    let mut quota = BTreeMap::<String, usize>::new();
    let mut left = wanted;
    for (kind, files) in kinds.iter_mut() {
        files.sort();
        let share = if LOOKED_AT.contains(&kind.as_str()) {
            files.len().min(SHARE).min(left)
        } else {
            0
        };
        left -= share;
        quota.insert(kind.clone(), share);
    }
    // One more of each kind in turn, until there are enough or none is left.
    while left > 0 {
        let before = left;
        for (kind, taken) in &mut quota {
            if left > 0 && *taken < kinds[kind].len() {
                *taken += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    let mut chosen = Vec::new();
    for (kind, files) in kinds {
        let share = quota[kind];
        chosen.extend((0..share).map(|at| files[at * files.len() / share].clone()));
    }
    chosen
}

#[test]
fn matches_none_of_two_thousand_files_of_the_machines_own_packages() {
    let wanted =
        std::env::var("QUORUM_BENIGN_FILES").map_or(FILES, |number| number.parse().unwrap());
    let mut kinds = BTreeMap::new();
    for root in ROOTS {
        collect(Path::new(root), &mut kinds);
    }
    if let Some(root) = std::env::var_os("PYENV_ROOT") {
        collect(Path::new(&root), &mut kinds);
    }

    let chosen = choose(&mut kinds, wanted);
    let mut scanner = Scanner::new(Ruleset::embedded()).timeout(Duration::from_secs(60));
    let (mut scanned, mut bytes) = (0, 0);
    let mut matched = Vec::new();
    for path in &chosen {
        // A file that is not ours to read, or that went away meanwhile, is not counted.
        let Ok(content) = fs::read(path) else {
            continue;
        };
        scanned += 1;
        bytes += content.len();
        for found in scanner
            .scan(&content)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        {
            matched.push(format!("{} matches {}", found.rule.name, path.display()));
        }
    }
    println!(
        "{scanned} benign files of {} kinds, {bytes} bytes, {} matches",
        kinds.len(),
        matched.len()
    );
    assert!(matched.is_empty(), "\n{}", matched.join("\n"));
    assert!(
        scanned >= FILES,
        "this machine has only {scanned} files to scan, {FILES} are needed"
    );
}
