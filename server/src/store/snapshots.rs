//! The epochs of PostgreSQL, which any number of processes write to.
//!
//! A snapshot names the transactions whose changes a statement sees
//! (<https://www.postgresql.org/docs/current/functions-info.html>, `pg_current_snapshot`). Where the
//! one of now sees no more of them than an earlier one, what was read then is what would be read
//! now. A transaction is in every snapshot that is taken after its commit was answered, so who was
//! told that something is done finds it done in every process.
//!
//! One question is out at a time, and answers all who came before it was asked: nobody is answered
//! by a snapshot from before they came. Who comes later waits for the next.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::sync::{mpsc, oneshot};

use super::epoch::{Epoch, locked};

/// How long an answer may take. After that nothing is kept, and whoever reads finds out by themselves
/// what is wrong.
const PATIENCE: Duration = Duration::from_secs(1);

/// Which transactions a statement sees.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Snapshot {
    /// All before this one had ended.
    xmin: u64,
    /// None from this one on had.
    xmax: u64,
    /// Those between that had not.
    running: Vec<u64>,
}

impl Snapshot {
    /// Reads `xmin:xmax:xid,xid,…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mut number = || parts.next()?.parse().ok();
        let (xmin, xmax) = (number()?, number()?);
        let running = parts.next()?.split(',').filter(|xid| !xid.is_empty());
        let running = running.map(|xid| xid.parse().ok());
        Some(Self {
            xmin,
            xmax,
            running: running.collect::<Option<_>>()?,
        })
    }

    /// Whether a transaction had ended. Parts of one that runs count as ended before it has: that
    /// one itself, which is older, tells when they have.
    fn has(&self, xid: u64) -> bool {
        xid < self.xmax && !self.running.contains(&xid)
    }

    /// Whether something had ended that had not for an earlier one, besides these.
    fn has_more_than(&self, earlier: &Self, besides: &BTreeSet<u64>) -> bool {
        let open = earlier.running.iter().copied();
        open.chain(earlier.xmax..self.xmax)
            .any(|xid| self.has(xid) && !besides.contains(&xid))
    }
}

#[derive(Default)]
struct State {
    snapshot: Option<Snapshot>,
    epoch: Epoch,
    /// Transactions of this process that write what no look-up reads.
    books: BTreeSet<u64>,
}

impl State {
    fn turn(&mut self, now: Snapshot) -> Epoch {
        let is_other = |earlier: &Snapshot| now.has_more_than(earlier, &self.books);
        if self.snapshot.as_ref().is_none_or(is_other) {
            self.epoch = self.epoch.next();
        }
        self.books.retain(|xid| *xid >= now.xmin);
        self.snapshot = Some(now);
        self.epoch
    }
}

type Asked = oneshot::Sender<Option<Epoch>>;

/// Asks for snapshots, on a connection of its own.
pub(super) struct Snapshots {
    state: Arc<Mutex<State>>,
    asked: mpsc::UnboundedSender<Asked>,
}

impl Snapshots {
    /// Nothing is connected to before somebody asks; all ends when this is dropped.
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let (asked, waiting) = mpsc::unbounded_channel();
        let line = Line {
            options,
            connection: None,
        };
        tokio::spawn(answer(line, state.clone(), waiting));
        Self { state, asked }
    }

    /// The epoch of now; `None` where the server does not say.
    pub(super) async fn epoch(&self) -> Option<Epoch> {
        let (ask, answer) = oneshot::channel();
        self.asked.send(ask).ok()?;
        answer.await.ok().flatten()
    }

    /// To be called before a transaction commits that writes what no look-up reads.
    pub(super) fn note_books(&self, xid: u64) {
        locked(&self.state).books.insert(xid);
    }
}

/// Where snapshots are had from.
trait Source: Send {
    /// One from after the call.
    fn take(&mut self) -> impl Future<Output = Option<Snapshot>> + Send;
}

/// A connection of its own.
struct Line {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Line {
    async fn ask(&mut self) -> sqlx::Result<String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        sqlx::query_scalar("SELECT pg_current_snapshot()::text")
            .fetch_one(connection)
            .await
    }
}

impl Source for Line {
    async fn take(&mut self) -> Option<Snapshot> {
        match tokio::time::timeout(PATIENCE, self.ask()).await {
            Ok(Ok(text)) => Snapshot::parse(&text),
            failed => {
                self.connection = None;
                tracing::debug!(?failed, "no snapshot");
                None
            }
        }
    }
}

/// Answers whoever waits, until nobody can any more.
async fn answer(
    mut source: impl Source,
    state: Arc<Mutex<State>>,
    mut asked: mpsc::UnboundedReceiver<Asked>,
) {
    let mut waiting = Vec::new();
    while let Some(first) = asked.recv().await {
        waiting.push(first);
        // This task runs as soon as one asks. Those who are about to ask come along.
        tokio::task::yield_now().await;
        while let Ok(next) = asked.try_recv() {
            waiting.push(next);
        }
        let now = source.take().await;
        let epoch = now.map(|now| locked(&state).turn(now));
        for one in waiting.drain(..) {
            // Whoever has gone away does not need it.
            let _ = one.send(epoch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        Snapshot::parse(text).unwrap()
    }

    #[test]
    fn an_epoch_ends_with_a_commit_and_with_nothing_else() {
        let mut state = State::default();
        let mut turn = |text| state.turn(snapshot(text));
        let first = turn("10:10:");
        assert_eq!(turn("10:10:"), first);
        // Two have begun.
        assert_eq!(turn("10:12:10,11"), first);
        let second = turn("10:12:10");
        assert_eq!(second, first.next());
        // The other one, and one that nobody saw running.
        let third = turn("13:13:");
        assert_eq!(third, second.next());
        state.books.extend([13, 15]);
        let mut turn = |text| state.turn(snapshot(text));
        assert_eq!(turn("14:15:14"), third);
        assert_eq!(turn("14:16:14"), third);
        assert_eq!(turn("16:16:"), third.next());
        assert!(state.books.is_empty());
    }

    /// Says that it was asked, and answers when it is told what.
    struct Told(mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<Snapshot>);

    impl Source for Told {
        async fn take(&mut self) -> Option<Snapshot> {
            let _ = self.0.send(());
            self.1.recv().await
        }
    }

    #[tokio::test]
    async fn nobody_is_answered_by_a_question_from_before_they_came() {
        let (began, mut begun) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let (asked, waiting) = mpsc::unbounded_channel();
        tokio::spawn(answer(Told(began, told), Arc::default(), waiting));
        let ask = || {
            let (ask, answer) = oneshot::channel();
            asked.send(ask).unwrap();
            answer
        };
        let (first, second) = (ask(), ask());
        begun.recv().await.unwrap();
        let mut late = ask();
        tell.send(snapshot("10:10:")).unwrap();
        let before = first.await.unwrap().unwrap();
        // Who came before it was asked shares it.
        assert_eq!(second.await.unwrap(), Some(before));
        let again = tokio::time::timeout(Duration::from_secs(10), begun.recv());
        assert!(again.await.is_ok(), "it was asked before they came");
        assert!(late.try_recv().is_err());
        tell.send(snapshot("11:11:")).unwrap();
        assert_eq!(late.await.unwrap(), Some(before.next()));
    }

    #[test]
    fn what_is_no_snapshot_is_none() {
        for text in ["", "1", "1:2", "1:2:x", "a:2:", "1:2:3,"] {
            let read = Snapshot::parse(text);
            assert_eq!(read.is_some(), text == "1:2:3,", "{text:?}");
        }
    }
}
