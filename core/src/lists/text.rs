//! Lists as people write them: an entry a line, made into lists that can be looked things up in.
//!
//! What a line may be: a hash (MD5, SHA-1, SHA-256; what stands behind it is its name), an address, a host
//! with or without a path, the form of a `hosts` file (`0.0.0.0 bad.example`), `||bad.example^`,
//! `*.bad.example`. `#` and `!` begin a comment.

use super::look::place;
use super::{HashKind, ListKind};
use crate::blocklist::{BuildError, Builder, Version};
use crate::indicator::FileHash;

/// Bytes of each digest: a list that is made here need not be short, and a hit by eight bytes of something
/// else does not happen.
const PREFIX_BYTES: u8 = 8;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A Safe Browsing expression: `host/`, `host/path`.
    Expression(String),
    /// A file.
    File(FileHash),
}

/// What a line has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Nothing: it is empty, or a comment.
    Nothing,
    /// An entry.
    Entry(Entry),
    /// Something that cannot be read.
    Unreadable,
}

impl Line {
    /// Reads a line.
    pub fn read(line: &str) -> Self {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with(['#', '!', ';']) || line.starts_with("[Adblock") {
            return Self::Nothing;
        }
        let mut fields = line.split_whitespace();
        let first = fields.next().unwrap_or_default();
        // A line of a hosts file sends a name to nowhere.
        const NOWHERE: [&str; 5] = ["0.0.0.0", "127.0.0.1", "::", "::1", "0"];
        let second = fields.next().filter(|field| !field.starts_with('#'));
        let field = match second {
            // What each such file begins with names this machine: `localhost`, `broadcasthost`.
            Some(host) if NOWHERE.contains(&first) && !host.contains('.') => return Self::Nothing,
            Some(host) if NOWHERE.contains(&first) => host,
            _ => first,
        };
        if let Ok(hash) = field.parse() {
            return Self::Entry(Entry::File(hash));
        }
        let bare = field
            .strip_prefix("||")
            .map(|rest| rest.strip_suffix('^').unwrap_or(rest))
            .or(field.strip_prefix("*."))
            .unwrap_or(field);
        match place(bare).map(|place| place.exact()) {
            Some(text) => Self::Entry(Entry::Expression(text)),
            None => Self::Unreadable,
        }
    }
}

/// A list that was made of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// What it is called: its kind.
    pub name: &'static str,
    /// What its entries are.
    pub kind: ListKind,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// The entries of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    entries: Vec<Entry>,
    /// How many lines are none.
    pub skipped: u32,
}

impl Entries {
    /// Reads a text. Of files that are known to be good only SHA-256 counts: two files with one MD5 or one
    /// SHA-1 can be made, and a list of good ones would then vouch for the other.
    pub fn read(text: &str, good: bool) -> Self {
        let mut read = Self::default();
        for line in text.lines() {
            match Line::read(line) {
                Line::Nothing => {}
                Line::Entry(Entry::File(FileHash::Md5(_) | FileHash::Sha1(_))) if good => {
                    read.skipped += 1;
                }
                Line::Entry(entry) => read.entries.push(entry),
                Line::Unreadable => read.skipped += 1,
            }
        }
        read.entries.sort_unstable();
        read.entries.dedup();
        read
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The lists of them, one for each kind that there is. `made` is in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// There are more than can be counted.
    pub fn build(&self, good: bool, sequence: u64, made: i64) -> Result<Vec<Built>, BuildError> {
        let files = |hash| match good {
            true => ListKind::GoodFiles(hash),
            false => ListKind::BadFiles(hash),
        };
        let kinds = [
            ("addresses", ListKind::Addresses),
            ("files-sha256", files(HashKind::Sha256)),
            ("files-sha1", files(HashKind::Sha1)),
            ("files-md5", files(HashKind::Md5)),
        ];
        let mut built = Vec::new();
        for (name, kind) in kinds {
            let mut builder = Builder::new(kind.into(), PREFIX_BYTES)?;
            let mut any = false;
            for entry in &self.entries {
                match (entry, kind) {
                    (Entry::Expression(text), ListKind::Addresses) => builder.add_expression(text),
                    (
                        Entry::File(hash),
                        ListKind::BadFiles(wanted) | ListKind::GoodFiles(wanted),
                    ) => match (hash, wanted) {
                        (FileHash::Sha256(hash), HashKind::Sha256) => {
                            builder.add(hash.as_bytes())?
                        }
                        (FileHash::Sha1(hash), HashKind::Sha1) => builder.add(hash.as_bytes())?,
                        (FileHash::Md5(hash), HashKind::Md5) => builder.add(hash.as_bytes())?,
                        _ => continue,
                    },
                    _ => continue,
                };
                any = true;
            }
            if any {
                let version = Version {
                    sequence,
                    token: b"",
                };
                let bytes = builder.build(name, version, made.unsigned_abs())?;
                built.push(Built { name, kind, bytes });
            }
        }
        Ok(built)
    }

    /// Whether a text has an entry, compared in full.
    pub fn in_text(text: &str, entry: &Entry) -> bool {
        let is_it = |line| matches!(Line::read(line), Line::Entry(found) if found == *entry);
        text.lines().any(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocklist::Blocklist;

    #[test]
    fn lines_are_read_as_people_write_them() {
        let expression = |line| match Line::read(line) {
            Line::Entry(Entry::Expression(text)) => text,
            other => panic!("{line:?}: {other:?}"),
        };
        for line in [
            "bad.example",
            "  BAD.example.  ",
            "0.0.0.0 bad.example",
            "127.0.0.1\tbad.example # a comment",
            "||bad.example^",
            "*.bad.example",
            "bad.example\tBotnet",
            "http://bad.example",
        ] {
            assert_eq!(expression(line), "bad.example/", "{line:?}");
        }
        assert_eq!(
            expression("https://bad.example/a?b=c#d"),
            "bad.example/a?b=c"
        );
        assert_eq!(expression("bad.example/a"), "bad.example/a");
        assert_eq!(expression("192.0.2.7"), "192.0.2.7/");
        assert_eq!(expression("[2001:db8::1]"), "[2001:db8::1]/");
        let hash = "a".repeat(64);
        let file = Entry::File(hash.parse().unwrap());
        for line in [hash.clone(), format!("{} *setup.exe", hash.to_uppercase())] {
            assert_eq!(Line::read(&line), Line::Entry(file.clone()));
        }
        for line in [
            "",
            "# x",
            "! x",
            "127.0.0.1 localhost",
            "[Adblock Plus 2.0]",
        ] {
            assert_eq!(Line::read(line), Line::Nothing, "{line:?}");
        }
        for line in ["bad", "a b c", "/ads/*", "mailto:a@b.example"] {
            assert_eq!(Line::read(line), Line::Unreadable, "{line:?}");
        }
    }

    #[test]
    fn a_list_that_is_made_holds_its_entries_and_no_others() {
        let text = format!(
            "bad.example\n{}\n{}\nnonsense\n",
            "1".repeat(64),
            "2".repeat(32)
        );
        let entries = Entries::read(&text, false);
        assert_eq!((entries.len(), entries.skipped), (3, 1));
        let built = entries.build(false, 1, 5).unwrap();
        let kinds: Vec<_> = built.iter().map(|list| list.kind).collect();
        let bad = ListKind::BadFiles;
        assert_eq!(
            kinds,
            [
                ListKind::Addresses,
                bad(HashKind::Sha256),
                bad(HashKind::Md5)
            ]
        );
        let list = Blocklist::open(&built[0].bytes).unwrap();
        assert!(list.lookup_expression("bad.example/").is_some());
        assert!(list.lookup_expression("good.example/").is_none());
        // Digests that can be forged vouch for nothing.
        let good = Entries::read(&text, true);
        assert_eq!((good.len(), good.skipped), (2, 2));
    }

    #[test]
    fn an_entry_is_found_in_its_text_in_full() {
        let entry = Entry::Expression("bad.example/".to_owned());
        assert!(Entries::in_text("# x\n0.0.0.0 bad.example\n", &entry));
        assert!(!Entries::in_text("# bad.example\nworse.example\n", &entry));
    }
}
