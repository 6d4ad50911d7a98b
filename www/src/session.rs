//! What every component shares: the handle, the words, and the hooks that ask and listen.

use std::cell::Cell;
use std::rc::Rc;

use quorum_core::indicator::Indicator;
use quorum_core::message::{News, Problem, Reply, ReportView, Request, State};
use quorum_core::pointed::{Pick, Pointed, Written};
use quorum_core::verdict::Evidence;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::backend::Backend;
use crate::words::Words;

/// The page's context.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) backend: Backend,
    pub(crate) words: Rc<Words>,
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.backend == other.backend && Rc::ptr_eq(&self.words, &other.words)
    }
}

/// The session that the component is part of.
#[hook]
pub(crate) fn use_session() -> Session {
    #[allow(
        clippy::expect_used,
        reason = "the root component provides it for all others"
    )]
    use_context::<Session>().expect("the root provides the session")
}

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Load<T> {
    /// On its way.
    #[default]
    Pending,
    /// It is here.
    Ready(T),
    /// It is not to be had.
    Failed(Problem),
}

impl<T> Load<T> {
    pub(crate) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            _ => None,
        }
    }
}

impl<T> From<Result<T, Problem>> for Load<T> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::Ready(value),
            Err(problem) => Self::Failed(problem),
        }
    }
}

/// Calls back with all news for as long as the component lives.
#[hook]
pub(crate) fn use_news(on_news: Callback<News>) {
    let session = use_session();
    use_effect_with((), move |()| {
        let subscription = session.backend.listen(move |news| on_news.emit(news));
        move || drop(subscription)
    });
}

/// How things stand, kept up to date by the news.
#[hook]
pub(crate) fn use_standing() -> UseStateHandle<Load<State>> {
    let session = use_session();
    let standing = use_state(|| Load::Pending);
    {
        let standing = standing.clone();
        use_effect_with((), move |()| {
            let asked = session.backend.ask_for(&Request::State, state);
            spawn_local(async move { standing.set(asked.await.into()) });
        });
    }
    {
        let standing = standing.clone();
        use_news(Callback::from(move |news| {
            if let News::State(state) = news {
                standing.set(Load::Ready(*state));
            }
        }));
    }
    standing
}

pub(crate) fn state(reply: Reply) -> Option<State> {
    match reply {
        Reply::State(state) => Some(*state),
        _ => None,
    }
}

pub(crate) fn pointed(reply: Reply) -> Option<Pointed> {
    match reply {
        Reply::Pointed(pointed) => Some(pointed),
        _ => None,
    }
}

fn view(reply: Reply) -> Option<ReportView> {
    match reply {
        Reply::Report(view) => Some(*view),
        _ => None,
    }
}

/// What a report is on, and how that was got at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) indicator: Indicator,
    pub(crate) evidence: Evidence,
    /// How it stood where it was pointed at.
    pub(crate) written: Written,
}

impl From<Pick> for Target {
    fn from(Pick { indicator, written }: Pick) -> Self {
        Self {
            written,
            ..Self::named(indicator)
        }
    }
}

impl Target {
    /// What a person named: of a web address nothing but the address is known.
    pub(crate) fn named(indicator: Indicator) -> Self {
        let evidence = match indicator {
            Indicator::Url(_) => Evidence::Address,
            _ => Evidence::Given,
        };
        Self {
            indicator,
            evidence,
            written: Written::default(),
        }
    }

    /// The request that opens its report in a tab.
    pub(crate) fn opened(self) -> Request {
        Request::OpenReport {
            indicator: self.indicator,
            written: self.written,
        }
    }
}

/// A report and what can be done with it.
#[derive(Clone, PartialEq)]
pub(crate) struct ReportHandle {
    /// The report.
    pub(crate) load: Load<Rc<ReportView>>,
    /// Whether something about it is being asked just now, while an older answer stands.
    pub(crate) busy: bool,
    /// Why the last question about it failed, while an older answer stands.
    pub(crate) trouble: Option<Problem>,
    /// Asks again, past every stored answer.
    pub(crate) refresh: Callback<()>,
    /// Sends an address in to be analysed: the report's, or that without what is about a person. From
    /// then on the report is on what was sent.
    pub(crate) submit: Callback<Indicator>,
}

/// The report on a target, asked for whenever the target changes.
#[hook]
pub(crate) fn use_report(target: Option<Target>) -> ReportHandle {
    let session = use_session();
    let load = use_state(|| Load::Pending);
    let busy = use_state(|| false);
    let trouble = use_state(|| None);
    // An answer counts only if nothing else was asked since.
    let latest = use_memo((), |()| Cell::new(0_u32));

    let ask = {
        let (load, busy, trouble, session) = (load.clone(), busy.clone(), trouble.clone(), session);
        Callback::from(move |(request, keep): (Request, bool)| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            trouble.set(None);
            busy.set(keep);
            if !keep {
                load.set(Load::Pending);
            }
            let asked = session.backend.ask_for(&request, view);
            let (load, busy, trouble) = (load.clone(), busy.clone(), trouble.clone());
            let latest = latest.clone();
            spawn_local(async move {
                let answer = asked.await;
                if latest.get() != ticket {
                    return;
                }
                busy.set(false);
                match answer {
                    Ok(view) => load.set(Load::Ready(Rc::new(view))),
                    Err(problem) if keep => trouble.set(Some(problem)),
                    Err(problem) => load.set(Load::Failed(problem)),
                }
            });
        })
    };

    // What was sent in takes the place of what was asked about.
    let sent = use_state_eq(|| None::<Target>);
    {
        let (ask, sent) = (ask.clone(), sent.clone());
        use_effect_with(target.clone(), move |target| {
            sent.set(None);
            if let Some(target) = target {
                ask.emit((report_request(target, false), false));
            }
        });
    }
    let target = (*sent).clone().or(target);
    let refresh = {
        let (ask, target, load) = (ask.clone(), target.clone(), load.clone());
        Callback::from(move |()| {
            if let Some(target) = &target {
                ask.emit((report_request(target, true), load.ready().is_some()));
            }
        })
    };
    let submit = Callback::from(move |indicator: Indicator| {
        sent.set(Some(Target::named(indicator.clone())));
        ask.emit((Request::Submit { indicator }, true));
    });
    ReportHandle {
        load: (*load).clone(),
        busy: *busy,
        trouble: (*trouble).clone(),
        refresh,
        submit,
    }
}

fn report_request(target: &Target, fresh: bool) -> Request {
    Request::Report {
        indicator: target.indicator.clone(),
        evidence: target.evidence,
        fresh,
        written: target.written.clone(),
    }
}
