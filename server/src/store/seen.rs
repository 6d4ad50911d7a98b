//! What a look-up reads each time, kept for as long as nothing is written to the embedded store: a key's
//! user, a thing and whether its first reading is still free. A query costs a change of threads, which is
//! most of what a look-up costs; to know that nothing was written costs a read of 48 bytes.
//!
//! Those are the head of SQLite's WAL-index, the file `-shm` beside the database: each commit changes
//! it, whichever process makes it (<https://www.sqlite.org/walformat.html>, section 2.1). So an answer
//! from here is the one that a query would give, with a key that was revoked a moment ago in another
//! process, too. Where the head cannot be read, nothing is kept.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quorum_core::indicator::Kind;

use super::{Account, Item};
use crate::ids::SecretHash;

/// The head of the index as it was at some moment.
type Head = [u8; 48];

/// Most that is kept of each.
const MOST: usize = 2048;

/// What there is to be kept.
#[derive(Default)]
struct Kept {
    head: Option<Head>,
    /// By key and second: a key may end with any.
    // Shared, so that who finds one copies it without holding up the others.
    accounts: HashMap<(SecretHash, i64), Arc<Account>>,
    items: HashMap<(Kind, String), Arc<Item>>,
    /// Files whose first reading is not free for a group: SHA-256 and group.
    paid: HashMap<(String, String), ()>,
}

/// What was read since the last commit.
pub(super) struct Seen {
    /// The index's path, where there is an index.
    index: Option<PathBuf>,
    open: Mutex<Option<File>>,
    kept: Mutex<Kept>,
}

/// A moment at which nothing that is kept had changed, to which answers belong that are read after it.
#[derive(Clone, Copy)]
pub(super) struct Moment(Option<Head>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole before the lock is let go.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    /// For the database at this path.
    pub(super) fn of(database: &Path) -> Self {
        let mut index = database.as_os_str().to_owned();
        index.push("-shm");
        Self {
            index: Some(index.into()),
            ..Self::nothing()
        }
    }

    /// For a store of which nobody can tell at no cost whether somebody wrote.
    pub(super) fn nothing() -> Self {
        Self {
            index: None,
            open: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    fn head(&self) -> Option<Head> {
        let index = self.index.as_ref()?;
        let mut open = locked(&self.open);
        // The last connection to end removes the file, and the next one makes another.
        let gone = |file: &File| file.metadata().map_or(true, |about| about.nlink() == 0);
        if open.as_ref().is_none_or(gone) {
            *open = File::open(index).ok();
        }
        let mut head = [0; 48];
        open.as_ref()?.read_exact_at(&mut head, 0).ok()?;
        // Before it is made, it is zero.
        (head != [0; 48]).then_some(head)
    }

    /// Now. What is found in the store after this, and kept with it, is true until the next commit.
    pub(super) fn now(&self) -> Moment {
        Moment(self.head())
    }

    /// Finds something of what is kept, if that is of this moment.
    fn find<T>(&self, Moment(head): Moment, find: impl FnOnce(&Kept) -> Option<T>) -> Option<T> {
        let head = head?;
        let mut kept = locked(&self.kept);
        if kept.head != Some(head) {
            *kept = Kept {
                head: Some(head),
                ..Kept::default()
            };
        }
        find(&kept)
    }

    /// Keeps something if nothing was written since the moment that it belongs to.
    fn keep(&self, Moment(head): Moment, keep: impl FnOnce(&mut Kept)) {
        if head.is_none() {
            return;
        }
        let mut kept = locked(&self.kept);
        if kept.head == head {
            keep(&mut kept);
        }
    }

    pub(super) fn account(&self, at: Moment, key: &SecretHash, now: i64) -> Option<Account> {
        let found = self.find(at, |kept| kept.accounts.get(&(*key, now)).cloned())?;
        Some(Account::clone(&found))
    }

    pub(super) fn keep_account(&self, at: Moment, key: &SecretHash, now: i64, account: &Account) {
        self.keep(at, |kept| {
            let account = Arc::new(account.clone());
            put(&mut kept.accounts, (*key, now), account);
        });
    }

    pub(super) fn item(&self, at: Moment, kind: Kind, id: &str) -> Option<Item> {
        let key = (kind, id.to_owned());
        let found = self.find(at, |kept| kept.items.get(&key).cloned())?;
        Some(Item::clone(&found))
    }

    pub(super) fn keep_item(&self, at: Moment, kind: Kind, id: &str, item: &Item) {
        self.keep(at, |kept| {
            let item = Arc::new(item.clone());
            put(&mut kept.items, (kind, id.to_owned()), item);
        });
    }

    pub(super) fn is_paid(&self, at: Moment, sha256: &str, group: &str) -> bool {
        let key = (sha256.to_owned(), group.to_owned());
        self.find(at, |kept| kept.paid.get(&key).copied()).is_some()
    }

    pub(super) fn keep_paid(&self, at: Moment, sha256: &str, group: &str) {
        self.keep(at, |kept| {
            put(&mut kept.paid, (sha256.to_owned(), group.to_owned()), ());
        });
    }
}

fn put<K: Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(key, value);
}
