//! The bell: tells workers that a job was queued, whichever process queued it.
//!
//! The store's table is the queue and decides whose turn it is; the bell only spares the workers
//! from asking it all the time. A ring that is lost costs a nap's length and nothing else, since
//! workers also look when the nap is over. Three bells: within a process; PostgreSQL's own
//! notifications; and NATS JetStream, for many workers: there each ring is a ticket in a durable
//! work queue that one worker draws, so that a thousand workers do not all look for one job, and
//! commits do not queue up behind PostgreSQL's notification lock.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::{self, RetentionPolicy};
use async_nats::jetstream::{self, AckKind};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use sqlx::postgres::PgListener;
use tokio::sync::{Mutex, Notify};

use super::{Result, StoreError, postgres};

/// Carries the news of queued jobs.
#[async_trait]
pub(crate) trait Bell: Send + Sync {
    /// Says that there is a job. Fails silently: see above.
    async fn ring(&self);
    /// A worker that heard a ring and found a job says that there may be more.
    async fn pass_on(&self) {}
    /// Waits for a ring. May return without one, and does so in any case after `nap`.
    async fn wait(&self, nap: Duration);
}

/// The bell within a process.
#[derive(Default)]
pub(crate) struct LocalBell(Notify);

#[async_trait]
impl Bell for LocalBell {
    async fn ring(&self) {
        self.0.notify_one();
    }

    async fn pass_on(&self) {
        self.ring().await;
    }

    async fn wait(&self, nap: Duration) {
        let _ = tokio::time::timeout(nap, self.0.notified()).await;
    }
}

/// PostgreSQL's notifications. The store rings as it commits; this hears.
pub(crate) struct PostgresBell {
    local: LocalBell,
    listener: Mutex<PgListener>,
}

impl PostgresBell {
    /// Begins to listen.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn listen(address: &str) -> Result<Self> {
        Ok(Self {
            local: LocalBell::default(),
            listener: Mutex::new(postgres::listen(address).await?),
        })
    }
}

#[async_trait]
impl Bell for PostgresBell {
    async fn ring(&self) {
        self.local.ring().await;
    }

    async fn pass_on(&self) {
        self.local.ring().await;
    }

    async fn wait(&self, nap: Duration) {
        // One of this process's workers listens and wakes the next; the others wait for that.
        let heard = async {
            let mut listener = self.listener.lock().await;
            if listener.recv().await.is_err() {
                // It connects again by itself at the next call.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = heard => {}
            () = self.local.wait(nap) => {}
        }
    }
}

/// The JetStream stream of tickets, and the subject and the consumer of the same name.
const TICKETS: &str = "quorum_jobs";

/// How long NATS may take for a ticket.
const PUBLISH_TIME: Duration = Duration::from_secs(5);

/// Tickets in a JetStream work queue.
pub(crate) struct NatsBell {
    jetstream: jetstream::Context,
    consumer: PullConsumer,
}

impl NatsBell {
    /// Connects to `nats://[user:password@]host[:port]`, or `tls://…`, and makes the stream and
    /// its consumer if they are not there.
    ///
    /// # Errors
    /// The server does not answer, refuses us, or runs without JetStream.
    pub(crate) async fn connect(address: &str) -> Result<Self> {
        let failed = |reason: String| StoreError::Service {
            service: "NATS",
            reason,
        };
        let client = async_nats::ConnectOptions::new()
            .name("quorum")
            .connect(address)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let jetstream = jetstream::new(client);
        let stream = jetstream
            .get_or_create_stream(stream::Config {
                name: TICKETS.to_owned(),
                subjects: vec![TICKETS.to_owned()],
                retention: RetentionPolicy::WorkQueue,
                // More than that many say nothing new: workers look on as long as they find.
                max_messages: 100_000,
                max_age: Duration::from_secs(3600),
                ..Default::default()
            })
            .await
            .map_err(|error| failed(error.to_string()))?;
        let consumer = stream
            .get_or_create_consumer(
                TICKETS,
                pull::Config {
                    durable_name: Some(TICKETS.to_owned()),
                    ack_policy: AckPolicy::Explicit,
                    ack_wait: Duration::from_secs(30),
                    ..Default::default()
                },
            )
            .await
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            jetstream,
            consumer,
        })
    }
}

#[async_trait]
impl Bell for NatsBell {
    async fn ring(&self) {
        let jetstream = self.jetstream.clone();
        // On its own: what was accepted is accepted, whether NATS is there or not.
        tokio::spawn(async move {
            let published = async {
                let acknowledged = jetstream.publish(TICKETS, "".into()).await?;
                acknowledged.await
            };
            match tokio::time::timeout(PUBLISH_TIME, published).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "NATS takes no ticket"),
                Err(_) => tracing::warn!("NATS is late with a ticket"),
            }
        });
    }

    async fn wait(&self, nap: Duration) {
        let drawn = async {
            let mut tickets = self
                .consumer
                .fetch()
                .max_messages(1)
                .expires(nap)
                .messages()
                .await
                .ok()?;
            tickets.next().await?.ok()
        };
        match tokio::time::timeout(nap + Duration::from_secs(1), drawn).await {
            // From here on the job's lease says whose it is.
            Ok(Some(ticket)) => {
                if let Err(error) = ticket.ack_with(AckKind::Ack).await {
                    tracing::warn!(%error, "NATS takes no acknowledgement");
                }
            }
            // No ticket; or no server, and then not at once again.
            Ok(None) | Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
