//! Reports: from the store where a stored answer will do, else from the backend; and their view.

use gloo_timers::future::TimeoutFuture;
use quorum_core::api::{Call, Failure, Reply};
use quorum_core::indicator::Indicator;
use quorum_core::message::ReportView;
use quorum_core::pointed::{About, Written};
use quorum_core::privacy::Sendable;
use quorum_core::report::{AnalysisStatus, Report};
use quorum_core::verdict::{Assessment, Evidence, Reason, assess, assess_host};

use crate::awake::Awake;
use crate::bindings::now;
use crate::card::about;
use crate::fetch::Cause;
use crate::store::{self, GOOD_MS, KEPT_MS, StoredReport};
use crate::task::spawn_local;
use crate::{backend, lists, settings};

/// How long a submitted address is asked after, in milliseconds.
const SUBMISSION_PATIENCE_MS: i64 = 3 * 60 * 1000;

/// How a report may be had.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// For whom. From a private window, nothing of it may be stored.
    pub(crate) cause: Cause,
    /// Whether a stored answer will not do.
    pub(crate) fresh: bool,
}

/// A report and when it was asked for, in milliseconds since the Unix epoch; `None` if the
/// backend has never seen the thing.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn get(
    indicator: &Indicator,
    manner: Manner,
) -> Result<(Option<Report>, i64), Failure> {
    let origin = settings::backend().ok_or(Failure::NoBackend)?.origin();
    let name = indicator.to_string();
    if !manner.fresh
        && let Some(stored) = kept(indicator, GOOD_MS).await
    {
        return Ok((Some(stored.report), stored.asked_at));
    }
    let call = Call::Report(Sendable::try_from(indicator.clone())?);
    let Reply::Report(report) = backend::call(&call, manner.cause).await? else {
        return Err(Failure::NotTheApi);
    };
    let asked_at = now();
    let report = report.map(|report| *report);
    if let Some(report) = report.clone()
        && !manner.cause.private
    {
        let stored = StoredReport {
            origin,
            asked_at,
            report,
        };
        store::put_report(&name, &stored).await;
    }
    Ok((report, asked_at))
}

/// A stored report that is still good, where one will do.
pub(crate) async fn stored(indicator: &Indicator, manner: Manner) -> Option<Report> {
    match manner.fresh {
        true => None,
        false => Some(kept(indicator, GOOD_MS).await?.report),
    }
}

/// The backend's answer that is kept and not older than this, in milliseconds.
async fn kept(indicator: &Indicator, oldest: i64) -> Option<StoredReport> {
    let origin = settings::backend()?.origin();
    store::report(&indicator.to_string(), &origin, now(), oldest).await
}

/// The last answer, where a new one is not to be had: better than none, and its age is shown. Not where
/// something answers that is not the API's.
async fn last(indicator: &Indicator, failure: &Failure) -> Option<StoredReport> {
    use Failure::{QuotaSpent, RateLimited, TooSlow, Unreachable};
    match failure {
        QuotaSpent { .. } | RateLimited { .. } | TooSlow | Unreachable => {
            kept(indicator, KEPT_MS).await
        }
        _ => None,
    }
}

/// The report on an address or, where there is none, on its host; the report's kind tells which.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn get_or_host(
    indicator: &Indicator,
    manner: Manner,
) -> Result<(Option<Report>, i64), Failure> {
    let found = get(indicator, manner).await?;
    match (&found, indicator) {
        ((None, _), Indicator::Url(url)) => match url.host_indicator() {
            Some(host) => get(&host, manner).await,
            None => Ok(found),
        },
        _ => Ok(found),
    }
}

/// A report, ready to be shown. It is one even if there is nothing to show but why.
pub(crate) async fn view(
    indicator: Indicator,
    evidence: Evidence,
    manner: Manner,
    written: &Written,
) -> ReportView {
    let listings = lists::of_indicator(&indicator, manner.cause.private).await;
    let (report, asked_at, assessment) = if indicator.is_private() {
        let assessment = Assessment::unchecked(evidence, Reason::Private);
        (None, now(), assessment)
    } else {
        match get_or_host(&indicator, manner).await {
            Ok((Some(report), asked_at)) => {
                let assessment = if report.kind == indicator.kind() {
                    assess(&report, evidence)
                } else {
                    assess_host(&report, evidence)
                };
                (Some(report), asked_at, assessment)
            }
            Ok((None, asked_at)) => (None, asked_at, Assessment::unknown(evidence)),
            Err(failure) => {
                let last = last(&indicator, &failure).await;
                let reason = Reason::Failed { failure };
                match last {
                    Some(StoredReport {
                        asked_at, report, ..
                    }) => {
                        let assessment = assess(&report, evidence).with(reason);
                        (Some(report), asked_at, assessment)
                    }
                    None => (None, now(), Assessment::unchecked(evidence, reason)),
                }
            }
        }
    };
    let assessment = assessment.listed(&listings);
    let about = match &indicator {
        Indicator::Url(_) | Indicator::Domain(_) => about(&indicator.to_string(), written).await,
        Indicator::File(_) | Indicator::Ip(_) => About::default(),
    };
    let backend = settings::backend().map(|backend| backend.label());
    ReportView::new(
        indicator,
        report.as_ref(),
        assessment,
        about,
        asked_at,
        backend.unwrap_or_default(),
        settings::remaining(),
    )
}

/// Sends an address in and waits until it is analysed.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn submit(indicator: &Indicator, cause: Cause) -> Result<(), Failure> {
    let _awake = Awake::new();
    let Indicator::Url(url) = indicator else {
        return Err(Failure::NotFound);
    };
    let call = Call::SubmitUrl(Sendable::try_from(url.clone())?);
    let Reply::Analysis(analysis) = backend::call(&call, cause).await? else {
        return Err(Failure::NotTheApi);
    };
    let begun = now();
    loop {
        let waited = now() - begun;
        if waited > SUBMISSION_PATIENCE_MS {
            return Err(Failure::TooSlow);
        }
        // Our own server is done in a moment; a public one has 4 requests a minute to give.
        TimeoutFuture::new(if waited < 3_000 { 1_000 } else { 15_000 }).await;
        match backend::analysis(&analysis.id, cause).await {
            Ok(AnalysisStatus::Completed) => break,
            Ok(_) | Err(Failure::RateLimited { .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
    forget(indicator).await;
    Ok(())
}

/// Forgets the stored answer about an indicator: something about it has changed.
pub(crate) async fn forget(indicator: &Indicator) {
    store::remove_report(&indicator.to_string()).await;
}

/// Removes what is too old, without anybody waiting for it.
pub(crate) fn tidy() {
    spawn_local(store::tidy(now()));
}
