//! The log on standard error, and traces for an OpenTelemetry collector.
//!
//! A trace is a request with the lists that were asked for it, or an attempt at a job with the
//! engines that were at work. Its attributes are named as OpenTelemetry's semantic conventions name
//! them; like the log, it holds routes and no paths.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::cli::Failure;
use crate::config::{Config, LogFormat};

/// Target of the spans that traces are made of.
pub(crate) const TARGET: &str = "quorum::trace";

/// How long the last spans may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What has to be ended at the end.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// Begins to log, and to trace where that is wanted. To be called outside of the runtime: the
/// exporter has a thread of its own.
///
/// # Errors
/// The filter or the collector's address is none.
pub(crate) fn start(config: &Config) -> Result<Telemetry, Failure> {
    let provider = match &config.trace.url {
        Some(url) => Some(provider(url.reveal())?),
        None => None,
    };
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Human => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // The log says in each line what its spans would say before it.
    let lines = lines.with_filter(
        EnvFilter::try_new(&config.log)?.and(filter_fn(|meta| meta.target() != TARGET)),
    );
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("quorum"))
            .with_filter(filter_fn(|meta| meta.target() == TARGET))
    });
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .init();
    Ok(Telemetry(provider))
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, Failure> {
    // Fails where another part of the program has done it, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("quorum")
        .with_attribute(opentelemetry::KeyValue::new(
            "service.version",
            env!("CARGO_PKG_VERSION"),
        ))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

impl Telemetry {
    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST_WORDS)
        {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}
