//! What the server counts of itself, in the form of OpenMetrics 1.0 that Prometheus reads.
//!
//! Nothing here names a key, an address, a hash or a user: a label's values are few and ours.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use quorum_core::report::Category;
use tracing::{Instrument as _, Span};

use crate::app::App;
use crate::clock;
use crate::store::{Census, StoreError};
use crate::telemetry::TARGET;

/// Content type of the text form.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0,
];

/// How long a count over the store is good for: a scrape must cost the store next to nothing.
const CENSUS_IS_GOOD_FOR: Duration = Duration::from_secs(5);

type Labels<const N: usize> = [(&'static str, String); N];

/// All that is counted by this process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    request_seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    pub(crate) requests_in_hand: Gauge,
    pub(crate) connections: Gauge,
    turned_away: Family<Labels<1>, Counter>,
    engine_results: Family<Labels<2>, Counter>,
    engine_seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    jobs: Family<Labels<1>, Counter>,
    queued: Gauge,
    queue_age: Gauge,
    files: Gauge,
    file_bytes: Gauge,
    disk_free: Gauge,
    memory: Gauge,
    census: tokio::sync::Mutex<Option<(Instant, Census)>>,
}

/// Why a client is not served.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TurnedAway {
    /// Its address has as many connections as one may.
    Connection,
    /// There is too much to do.
    Busy,
    /// It did not shake hands as TLS wants it, or not in time.
    Handshake,
}

impl TurnedAway {
    const ALL: [Self; 3] = [Self::Connection, Self::Busy, Self::Handshake];

    fn labels(self) -> Labels<1> {
        let reason = match self {
            Self::Connection => "too many connections",
            Self::Busy => "too much to do",
            Self::Handshake => "no handshake",
        };
        [("reason", reason.to_owned())]
    }
}

/// How an attempt at a job ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum JobEnd {
    Completed,
    GivenBack,
}

impl JobEnd {
    const ALL: [Self; 2] = [Self::Completed, Self::GivenBack];

    fn labels(self) -> Labels<1> {
        let outcome = match self {
            Self::Completed => "completed",
            Self::GivenBack => "given back",
        };
        [("outcome", outcome.to_owned())]
    }
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// One of each word of [`word`].
const CATEGORIES: [Category; 7] = [
    Category::Malicious,
    Category::Suspicious,
    Category::Harmless,
    Category::Undetected,
    Category::Timeout,
    Category::Failure,
    Category::TypeUnsupported,
];

/// The label of a category.
fn word(category: Category) -> &'static str {
    match category {
        Category::Malicious => "malicious",
        Category::Suspicious => "suspicious",
        Category::Harmless => "harmless",
        Category::Undetected => "undetected",
        Category::Timeout | Category::ConfirmedTimeout => "timeout",
        Category::Failure | Category::Unrecognised => "failure",
        Category::TypeUnsupported => "type-unsupported",
    }
}

/// What this process counts.
pub(crate) fn metrics() -> &'static Metrics {
    &METRICS
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("quorum"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(histogram),
            requests_in_hand: Gauge::default(),
            connections: Gauge::default(),
            turned_away: Family::default(),
            engine_results: Family::default(),
            engine_seconds: Family::new_with_constructor(histogram),
            jobs: Family::default(),
            queued: Gauge::default(),
            queue_age: Gauge::default(),
            files: Gauge::default(),
            file_bytes: Gauge::default(),
            disk_free: Gauge::default(),
            memory: Gauge::default(),
            census: tokio::sync::Mutex::default(),
        };
        // From the start on, so that the first one shows as a rise.
        for why in TurnedAway::ALL {
            let _ = metrics.turned_away.get_or_create(&why.labels());
        }
        for end in JobEnd::ALL {
            let _ = metrics.jobs.get_or_create(&end.labels());
        }
        let version: Gauge = Gauge::default();
        version.set(1);
        let registry = &mut metrics.registry;
        registry
            .sub_registry_with_label(("version".into(), env!("CARGO_PKG_VERSION").into()))
            .register("build", "Always 1", version);
        macro_rules! register {
            ($($field:ident $name:literal $help:literal),+ $(,)?) => {
                $(registry.register($name, $help, metrics.$field.clone());)+
            };
        }
        register! {
            requests "requests" "Requests answered, by method, route and status",
            request_seconds "request_seconds" "Time from a request's headers to its answer's, by route",
            requests_in_hand "requests_in_hand" "Requests being worked on",
            connections "connections" "Open connections",
            turned_away "turned_away" "Connections and requests that were not served, by reason",
            engine_results "engine_results" "Answers of the engines, by engine and category",
            engine_seconds "engine_seconds" "Time that the engines took, by engine",
            jobs "job_attempts" "Attempts at jobs that ended in this process, by outcome",
            queued "jobs_queued" "Analyses that are accepted and not complete, in the whole store",
            queue_age "oldest_due_job_seconds" "How long the job has been due that waits longest",
            files "files" "Files that the store has rows on",
            file_bytes "file_bytes" "What those files take",
            disk_free "disk_free_bytes" "Free space where the data directory is",
            memory "resident_memory_bytes" "Memory of this process",
        }
        metrics
    }

    /// Somebody was not served.
    pub(crate) fn turn_away(&self, why: TurnedAway) {
        self.turned_away.get_or_create(&why.labels()).inc();
    }

    /// How often an engine has answered in this process, by what it said.
    pub(crate) fn engine_answers(&self, name: &str) -> BTreeMap<&'static str, u64> {
        let counted = CATEGORIES.into_iter().filter_map(|category| {
            let labels = [
                ("engine", name.to_owned()),
                ("category", word(category).to_owned()),
            ];
            let counter = self.engine_results.get(&labels)?;
            Some((word(category), counter.get()))
        });
        counted.collect()
    }

    /// An engine answered, or did not.
    pub(crate) fn engine(&self, name: &str, category: Category, took: Duration) {
        let engine = || ("engine", name.to_owned());
        self.engine_results
            .get_or_create(&[engine(), ("category", word(category).to_owned())])
            .inc();
        self.engine_seconds
            .get_or_create(&[engine()])
            .observe(took.as_secs_f64());
    }

    /// An attempt at a job ended.
    pub(crate) fn job(&self, end: JobEnd) {
        self.jobs.get_or_create(&end.labels()).inc();
    }

    /// Everything as text, with what the store and the system say now.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn text(&self, app: &App) -> Result<String, StoreError> {
        let census = self.census(app).await?;
        let due = app.store.next_due().await?;
        let age = due.map_or(0, |due| (clock::now() - due).max(0));
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.queued.set(whole(census.jobs));
        self.queue_age.set(age);
        self.files.set(whole(census.files));
        self.file_bytes.set(whole(census.bytes));
        if let Ok(disk) = rustix::fs::statvfs(&app.config.data) {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            self.disk_free.set(whole(free));
        }
        self.memory.set(resident().map_or(0, whole));
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        Ok(text)
    }

    async fn census(&self, app: &App) -> Result<Census, StoreError> {
        let mut kept = self.census.lock().await;
        if let Some((then, census)) = *kept
            && then.elapsed() < CENSUS_IS_GOOD_FOR
        {
            return Ok(census);
        }
        let census = app.store.census().await?;
        *kept = Some((Instant::now(), census));
        Ok(census)
    }
}

/// Resident memory in bytes, as Linux tells it (`proc_pid_statm(5)`).
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// A gauge that is one higher for as long as this lives.
pub(crate) struct Raised(&'static Gauge);

impl Raised {
    /// Raises it.
    pub(crate) fn new(gauge: &'static Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is being answered: counted, timed, and made a span of.
#[derive(Clone)]
pub(crate) struct Observed {
    pub(crate) began: Instant,
    method: &'static str,
    route: Cow<'static, str>,
    /// What is done to answer it belongs into this.
    pub(crate) span: Span,
}

impl Observed {
    /// Begins with a request of this route.
    pub(crate) fn begin(method: &Method, route: Cow<'static, str>) -> Self {
        let began = Instant::now();
        // A client can make up methods, and each would be a series of its own.
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PATCH => "PATCH",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            http.request.method = method,
            http.route = &*route,
            http.response.status_code = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        Self {
            began,
            method,
            route,
            span,
        }
    }

    /// It is answered.
    pub(crate) fn end(self, status: StatusCode) {
        self.span
            .record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
        let metrics = metrics();
        let route = self.route.into_owned();
        metrics
            .request_seconds
            .get_or_create(&[("route", route.clone())])
            .observe(self.began.elapsed().as_secs_f64());
        metrics
            .requests
            .get_or_create(&[
                ("method", self.method.to_owned()),
                ("route", route),
                ("status", status.as_str().to_owned()),
            ])
            .inc();
    }
}

/// Observes a request, unless the front does already.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let observed = match request.extensions().get::<Observed>() {
        Some(observed) => observed.clone(),
        None => {
            let route = request.extensions().get::<MatchedPath>();
            let route = route.map_or(Cow::Borrowed("none"), |route| {
                route.as_str().to_owned().into()
            });
            Observed::begin(request.method(), route)
        }
    };
    let response = next.run(request).instrument(observed.span.clone()).await;
    observed.end(response.status());
    response
}
