//! Epochs: stretches of time in which nothing was committed that a look-up reads.
//!
//! What was read from the store in the epoch of now need not be read again: the answer would be the
//! same, whichever process writes. So an answer may be kept for as long as its epoch lasts, and
//! nobody who keeps one needs to know who changes what.
//!
//! To know the epoch must cost less than to read. On the embedded store it is a read of 48 bytes
//! ([`WalIndex`]), on PostgreSQL a question that all requests share who wait at the moment
//! ([`Snapshots`](super::snapshots::Snapshots)). The books of requests ([`Usage`](super::Usage)) are
//! written all the time and read by no look-up: their commits begin no epoch, if this process makes
//! them.

use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An epoch, by its number in this process: a later one has a higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Epoch(u64);

impl Epoch {
    /// The one after it.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Locks what is whole whenever it is let go.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole before the lock is let go.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The head of the WAL-index as it was at some moment.
type Head = [u8; 48];

/// SQLite's WAL-index, the file `-shm` beside the database: each commit changes its head, whichever
/// process makes it (<https://www.sqlite.org/walformat.html>, section 2.1).
pub(super) struct WalIndex {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Option<File>,
    /// The head of the epoch.
    head: Option<Head>,
    epoch: Epoch,
    /// The head before the commit of the books that is under way.
    books: Option<Head>,
}

impl State {
    fn head(&mut self, path: &Path) -> Option<Head> {
        // The last connection to end removes the file, and the next one makes another.
        let gone = |file: &File| file.metadata().map_or(true, |about| about.nlink() == 0);
        if self.open.as_ref().is_none_or(gone) {
            self.open = File::open(path).ok();
        }
        let mut head = [0; 48];
        self.open.as_ref()?.read_exact_at(&mut head, 0).ok()?;
        // Before it is made, it is zero.
        (head != [0; 48]).then_some(head)
    }
}

/// How many transactions there have been, modulo 2³²: the head's field `iChange`.
fn changes(head: &Head) -> u32 {
    let [.., a, b, c, d] = head[..12] else {
        return 0;
    };
    u32::from_ne_bytes([a, b, c, d])
}

impl WalIndex {
    /// That of the database at this path.
    pub(super) fn of(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Self {
            path: path.into(),
            state: Mutex::default(),
        }
    }

    /// The epoch of now; `None` where the index cannot be read, and for the moment in which books are
    /// committed and it is not known yet whether they alone are.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        let mut state = locked(&self.state);
        let head = state.head(&self.path)?;
        if state.head != Some(head) {
            if state.books.is_some_and(|before| state.head == Some(before)) {
                return None;
            }
            state.head = Some(head);
            state.epoch = state.epoch.next();
        }
        Some(state.epoch)
    }

    /// To be called by who writes the books, after everybody else was kept from writing.
    pub(super) fn open_books(&self) -> Books<'_> {
        let mut state = locked(&self.state);
        let before = state.head(&self.path);
        state.books = before;
        Books {
            index: self,
            before,
        }
    }
}

/// Books that are being written; given up if it is dropped.
pub(super) struct Books<'a> {
    index: &'a WalIndex,
    before: Option<Head>,
}

impl Books<'_> {
    /// They are committed: if nothing else was since, the epoch goes on.
    pub(super) fn committed(self) {
        let mut state = locked(&self.index.state);
        let (Some(before), Some(after)) = (self.before, state.head(&self.index.path)) else {
            return;
        };
        let alone = changes(&after) == changes(&before).wrapping_add(1);
        if alone && state.head == Some(before) {
            state.head = Some(after);
        }
    }
}

impl Drop for Books<'_> {
    fn drop(&mut self) {
        let mut state = locked(&self.index.state);
        // Unless the next ones are being written already.
        if state.books == self.before {
            state.books = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index in which there were so many transactions, and its head.
    fn written(path: &Path, changes: u32) -> Head {
        let mut head = [1; 48];
        head[8..12].copy_from_slice(&changes.to_ne_bytes());
        std::fs::write(path, head).unwrap();
        head
    }

    #[test]
    fn books_let_an_epoch_go_on_only_if_nothing_else_was_committed() {
        let name = format!("quorum-epoch-{}", std::process::id());
        let database = std::env::temp_dir().join(name);
        let index = WalIndex::of(&database);
        assert_eq!(index.epoch(), None);
        let commit = |changes| written(&index.path, changes);
        commit(1);
        let first = index.epoch().unwrap();
        assert_eq!(index.epoch(), Some(first));
        commit(2);
        assert_eq!(index.epoch(), Some(first.next()));

        let first = first.next();
        let books = index.open_books();
        assert_eq!(index.epoch(), Some(first));
        commit(3);
        assert_eq!(index.epoch(), None);
        books.committed();
        assert_eq!(index.epoch(), Some(first));
        // Somebody else between the commit and the look.
        let books = index.open_books();
        commit(5);
        books.committed();
        assert_eq!(index.epoch(), Some(first.next()));
        // Somebody else before, whom nobody has noticed.
        commit(6);
        let books = index.open_books();
        commit(7);
        books.committed();
        assert_eq!(index.epoch(), Some(first.next().next()));
        // They were given up, and somebody else has committed as much.
        drop(index.open_books());
        commit(8);
        assert_eq!(index.epoch(), Some(first.next().next().next()));
        std::fs::remove_file(&index.path).unwrap();
    }
}
