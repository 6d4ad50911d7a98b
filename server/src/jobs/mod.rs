//! Workers: take accepted analyses from the durable queue and carry them out.
//!
//! A job is begun at most a fixed number of times. What kills the whole process therefore ends
//! too: after the last attempt the engines that never answered are marked as failed and the
//! analysis is complete. Results are kept as they come, so another attempt runs only the engines
//! that have not answered yet. Whatever was begun before runs alone: if the process dies again, it
//! is known which job was at fault, and the others are not blamed with it.
//!
//! A job is leased for a short time, and on for as long as its worker lives and the attempt's
//! deadline has not passed. A worker that was stopped finds its job taken over when it goes on, and
//! lets it be: there is never a second copy of a result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quorum_core::indicator::Kind;
use quorum_core::report::EngineResult;
use serde_json::{Map, Value};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::clock;
use crate::engines::{Content, Engines, Subject};
use crate::metrics::{JobEnd, metrics};
use crate::relating::{self, Facts};
use crate::store::bell::Bell;
use crate::store::blobs::Blobs;
use crate::store::{Job, Store, StoreError};
use crate::telemetry::TARGET;

/// Longest time that a worker sleeps when nothing wakes it: how late it may notice a job whose ring
/// was lost.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// How long after a failure of ours a job is tried again, for each attempt so far.
const RETRY_AFTER: i64 = 2;

/// What a worker works with.
pub(crate) struct Workshop {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) engines: Arc<Engines>,
    /// Rung when a job was put into the queue.
    pub(crate) bell: Arc<dyn Bell>,
    pub(crate) scan_limit: u64,
    pub(crate) attempts: u32,
    pub(crate) lease: Duration,
    /// How long an attempt may take.
    pub(crate) deadline: Duration,
    /// Held for reading by first attempts, for writing by others.
    pub(crate) alone: RwLock<()>,
}

/// Starts workers. They finish the job in hand and end when `stop` turns true.
pub(crate) fn start(
    workshop: Arc<Workshop>,
    workers: usize,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    (0..workers)
        .map(|_| tokio::spawn(work(workshop.clone(), stop.clone())))
        .collect()
}

async fn work(workshop: Arc<Workshop>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match workshop.next().await {
            Ok(Some(job)) => {
                // There may be more than one job a ring: pass it on.
                workshop.bell.pass_on().await;
                workshop.carry_out(&job).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "cannot read the queue"),
        }
        tokio::select! {
            () = async { workshop.bell.wait(workshop.nap().await).await } => {}
            _ = stop.changed() => {}
        }
    }
}

impl Workshop {
    async fn next(&self) -> Result<Option<Job>, StoreError> {
        self.store
            .claim(clock::now(), self.lease.as_secs() as i64)
            .await
    }

    /// Until the next job that is put off, or leased to a worker that may be dead.
    async fn nap(&self) -> Duration {
        match self.store.next_due().await {
            Ok(Some(due)) => {
                Duration::from_secs((due - clock::now()).max(1).unsigned_abs()).min(LONGEST_NAP)
            }
            Ok(None) => LONGEST_NAP,
            Err(_) => Duration::from_secs(1),
        }
    }

    async fn carry_out(&self, job: &Job) {
        let turn = async {
            if job.attempts == 0 {
                let _beside_others = self.alone.read().await;
                self.attempt(job).await
            } else {
                let _alone = self.alone.write().await;
                self.attempt(job).await
            }
        };
        let span = tracing::info_span!(
            target: TARGET,
            "job",
            otel.name = format!("analyse {}", job.analysis.kind.as_str()),
            attempts = job.attempts,
            otel.status_code = tracing::field::Empty,
        );
        let turn = turn.instrument(span.clone());
        let outcome = tokio::select! {
            outcome = turn => outcome,
            error = self.keep_lease(job) => Err(error),
        };
        metrics().job(match outcome {
            Ok(()) => JobEnd::Completed,
            Err(_) => JobEnd::GivenBack,
        });
        if let Err(error) = outcome {
            span.record("otel.status_code", "ERROR");
            tracing::warn!(analysis = job.analysis.id, %error, "not done");
            let again = clock::now() + RETRY_AFTER * i64::from(job.attempts + 1);
            // If this fails too, the lease's end brings the job back.
            if let Err(error) = self.store.give_back(job, again, &error.to_string()).await {
                tracing::error!(%error, "cannot give a job back");
            }
        }
    }

    /// Leases the job on while this worker lives, and says why it is to stop.
    async fn keep_lease(&self, job: &Job) -> StoreError {
        loop {
            tokio::time::sleep(self.lease / 3).await;
            let until = clock::now() + self.lease.as_secs() as i64;
            match self.store.hold(job, until).await {
                Err(StoreError::LeaseLost) => return StoreError::LeaseLost,
                // The store may answer again before the lease is over.
                Err(error) => tracing::warn!(%error, "cannot lease a job on"),
                Ok(()) => {}
            }
        }
    }

    /// Makes one attempt, within its deadline.
    async fn attempt(&self, job: &Job) -> Result<(), StoreError> {
        let deadline = clock::now() + self.deadline.as_secs() as i64;
        let attempt = self.store.begin(job, deadline).await?;
        tokio::time::timeout(self.deadline, self.analyse(job, attempt))
            .await
            .unwrap_or(Err(StoreError::Late))
    }

    async fn analyse(&self, job: &Job, attempt: u32) -> Result<(), StoreError> {
        let mut results = job.analysis.results.clone();
        let mut findings = job.findings.clone();
        if attempt > self.attempts {
            tracing::error!(
                analysis = job.analysis.id,
                "given up after {} attempts",
                self.attempts
            );
            results.extend(self.engines.give_up(job.analysis.kind, &results));
        } else {
            let subject = self.subject(job).await?;
            self.relate(job, subject.clone(), &mut findings).await?;
            let mut running = self.engines.start(subject, &results);
            while let Some(verdict) = running.next().await {
                results.push(verdict.result);
                findings.extend(verdict.attributes);
                // The last one is kept by the completion.
                if !running.is_done() {
                    self.store.keep(job, &results, &findings).await?;
                }
            }
        }
        self.store
            .complete(
                job,
                &in_order(results, &self.engines),
                &findings,
                clock::now(),
            )
            .await
    }

    /// Notes what the thing itself tells of what it has to do with others. Where that cannot be read
    /// the analysis goes on without.
    async fn relate(
        &self,
        job: &Job,
        subject: Subject,
        findings: &mut Map<String, Value>,
    ) -> Result<(), StoreError> {
        let (item, password) = (job.analysis.item.clone(), job.password.clone());
        let deadline = Instant::now() + self.deadline / 4;
        let read = tokio::task::spawn_blocking(move || match subject {
            Subject::File {
                content: Some(content),
                ..
            } => relating::of_file(&item, &content, password.as_deref(), deadline),
            Subject::Url(url) => Ok(relating::of_url(&url)),
            Subject::Domain(domain) => Ok(relating::of_domain(&domain)),
            Subject::File { content: None, .. } | Subject::Ip(_) => Ok(Facts::default()),
        });
        let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
        let facts = match read {
            Ok(facts) => facts,
            Err(error) => {
                tracing::error!(analysis = job.analysis.id, %error, "cannot be read into");
                return Ok(());
            }
        };
        findings.extend(facts.attributes);
        if job.analysis.group.is_some() {
            // What is noted at others would tell them of it.
            let itself = |kind: &str, id: &str| {
                (kind, id) == (job.analysis.kind.as_str(), job.analysis.item.as_str())
            };
            let own = facts.relations.into_iter();
            let own = own.filter(|(kind, id, _)| itself(kind, id));
            let own: Vec<_> = own.flat_map(|(.., relations)| relations).collect();
            return self.store.relate_private(job, &own, clock::now()).await;
        }
        for (kind, id, relations) in &facts.relations {
            let noted = self.store.relate(kind, id, relations, clock::now());
            noted.await?;
        }
        Ok(())
    }

    async fn subject(&self, job: &Job) -> Result<Subject, StoreError> {
        let item = &job.analysis.item;
        let corrupt = || StoreError::Corrupt {
            what: "item",
            text: item.clone(),
        };
        Ok(match job.analysis.kind {
            Kind::File => {
                let digests = job.analysis.file.ok_or_else(corrupt)?;
                let content = match digests.size <= self.scan_limit {
                    true => Some(Content::of(&self.blobs, &digests).await?),
                    false => None,
                };
                Subject::File {
                    md5: Some(digests.md5),
                    sha1: Some(digests.sha1),
                    sha256: Some(digests.sha256),
                    content,
                }
            }
            Kind::Url => {
                let url = job.analysis.url.as_deref().ok_or_else(corrupt)?;
                Subject::Url(url.parse().map_err(|_| corrupt())?)
            }
            Kind::Domain => Subject::Domain(item.parse().map_err(|_| corrupt())?),
            Kind::IpAddress => Subject::Ip(item.parse().map_err(|_| corrupt())?),
        })
    }
}

/// The columns in the engines' order, not in that of their answers.
fn in_order(mut results: Vec<EngineResult>, engines: &Engines) -> Vec<EngineResult> {
    results.sort_by_key(|result| engines.names().position(|name| name == result.engine_name));
    results
}
