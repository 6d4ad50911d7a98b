//! Answers the messages of our pages. Every one gets an answer; who may ask what is decided by
//! the core from the sender that the browser names.

use quorum_core::api::{ApiKey, Backend, BackendError, Call, Failure, Purpose};
use quorum_core::guard::{Event, SecondCopy};
use quorum_core::indicator::Indicator;
use quorum_core::message::{Answer, History, Problem, Reply, Request};
use quorum_core::pointed::{Pick, Pointed, Written};
use quorum_core::privacy::Sendable;
use quorum_core::verdict::Evidence;
use wasm_bindgen::JsValue;

use crate::bindings::{from_js, platform, reader, to_js, words};
use crate::card::{self, Tell};
use crate::fetch::Cause;
use crate::reports::{self, Manner};
use crate::sender::{self, Asker, Tab};
use crate::{backend, badge, downloads, pages, rules, settings, store};

/// Answers a message with an [`Answer`].
pub(crate) async fn answer(message: JsValue, sender: JsValue) -> JsValue {
    let result = match sender::read(sender) {
        None => Err(Problem::NotAllowed),
        Some(sender) => match from_js::<Request>(message) {
            Some(request) if request.allowed_from(sender.class) => {
                carry_out(request, &sender).await
            }
            Some(_) => Err(Problem::NotAllowed),
            None => Err(Problem::Malformed {
                message: "the request is of another shape".to_owned(),
            }),
        },
    };
    to_js(&Answer::from(result))
}

fn sendable(indicator: Indicator) -> Result<Sendable<Indicator>, Failure> {
    Ok(Sendable::try_from(indicator)?)
}

async fn carry_out(request: Request, sender: &Asker) -> Result<Reply, Problem> {
    match request {
        Request::State => {}
        Request::Connect {
            address,
            key,
            remember,
        } => connect(&address, key, remember, cause(sender).await).await?,
        Request::SetDownloads { enabled } => {
            settings::set_downloads(enabled).await;
            settings::reread_permissions().await;
            pages::publish_state();
        }
        Request::CurrentPage => return Ok(Reply::Pointed(one(current_page().await))),
        Request::Read { text } => {
            return Ok(Reply::Pointed(match Indicator::read(&text) {
                Ok(indicator) => one(Some(Pick::new(indicator, &text, ""))),
                Err(_) => reader::pointed(&text).await,
            }));
        }
        Request::Card => return Ok(Reply::Pointed(card::shown(tab_of(sender)?).await)),
        Request::CardHeight { height } => {
            card::tell(tab_of(sender)?, &Tell::Height(height));
            return Ok(Reply::Done);
        }
        Request::CloseCard => {
            card::tell(tab_of(sender)?, &Tell::Close(true));
            return Ok(Reply::Done);
        }
        Request::Report {
            indicator,
            evidence,
            fresh,
            written,
        } => return report(indicator, evidence, fresh, &written, sender).await,
        Request::Submit { indicator } => {
            reports::submit(&indicator, cause(sender).await).await?;
            let written = Written::default();
            return report(indicator, Evidence::Address, true, &written, sender).await;
        }
        Request::Comments { indicator, cursor } => {
            let call = Call::Comments {
                of: sendable(indicator)?,
                cursor,
            };
            return match backend::call(&call, cause(sender).await).await? {
                quorum_core::api::Reply::Comments(page) => Ok(Reply::Comments(page)),
                _ => Err(Failure::NotTheApi.into()),
            };
        }
        Request::AddComment { indicator, text } => {
            let call = Call::AddComment {
                of: sendable(indicator.clone())?,
                text,
            };
            let reply = backend::call(&call, cause(sender).await).await?;
            reports::forget(&indicator).await;
            return match reply {
                quorum_core::api::Reply::Comment(comment) => Ok(Reply::Comment(comment)),
                _ => Err(Failure::NotTheApi.into()),
            };
        }
        Request::Vote { indicator, verdict } => {
            let call = Call::Vote {
                of: sendable(indicator.clone())?,
                verdict,
            };
            let reply = backend::call(&call, cause(sender).await).await?;
            reports::forget(&indicator).await;
            return match reply {
                quorum_core::api::Reply::Voted(counted) => Ok(Reply::Voted(counted)),
                _ => Err(Failure::NotTheApi.into()),
            };
        }
        Request::Downloads => {
            let unseen = badge::is_shown().await;
            // Whoever opens the history has seen what the badge is about.
            if sender.page == "popup.html" {
                badge::clear();
            }
            let records = downloads::newest().await;
            return Ok(Reply::Downloads(History { records, unseen }));
        }
        Request::History { filter, after } => {
            return Ok(Reply::History(downloads::page(&filter, after).await));
        }
        Request::ForgetAll => {
            downloads::forget_all().await;
            return Ok(Reply::Done);
        }
        Request::Keep { id } => return of_record(&id, Event::KeepAsked).await,
        Request::Upload { id } => return of_record(&id, Event::UploadAsked).await,
        Request::CancelUpload { id } => {
            return match downloads::cancel_upload(&id).await {
                true => Ok(Reply::Done),
                false => Err(Problem::Gone),
            };
        }
        Request::Recheck { id } => return of_record(&id, Event::CheckAsked).await,
        Request::Forget { id } => {
            return match downloads::forget(&id).await {
                true => Ok(Reply::Done),
                false => Err(Problem::Gone),
            };
        }
        Request::Sent => return Ok(Reply::Sent(store::sent().await)),
        Request::ForgetSent => {
            store::forget_sent().await;
            return Ok(Reply::Done);
        }
        Request::SetPolicy { policy } => {
            settings::set_policy(policy).await;
            pages::publish_state();
        }
        Request::SetDryRun { enabled } => {
            settings::set_dry_run(enabled).await;
            pages::publish_state();
        }
        Request::OpenReport { indicator, written } => {
            card::open_report(Some(&Pick { indicator, written })).await;
            return Ok(Reply::Done);
        }
        Request::ShowFile { id } => return downloads::show(&id).await.map(|()| Reply::Done),
        Request::GiveFile {
            id,
            name,
            digests,
            inspection,
            rules,
        } => {
            let bytes = SecondCopy {
                digests,
                mime: String::new(),
                inspection,
                sha512: None,
                published: Vec::new(),
                coded: false,
                scannable: false,
            };
            let given = downloads::given(&id, &name, bytes, rules).await;
            return given.map(|()| Reply::Done);
        }
        Request::OpenDetails => {
            settings::reread_permissions().await;
            if settings::state().saved_files == Some(false) {
                platform::open_details().await.map_err(browser)?;
            }
        }
        Request::OpenOptions => {
            platform::open_options().await.map_err(browser)?;
            return Ok(Reply::Done);
        }
        Request::OpenRules => {
            platform::open_page("rules.html").await.map_err(browser)?;
            return Ok(Reply::Done);
        }
        Request::Library(asked) => return rules::ask(&asked).await.map(Reply::Library),
    }
    Ok(Reply::State(Box::new(settings::state())))
}

fn browser(error: JsValue) -> Problem {
    Problem::Browser {
        message: words(&error),
    }
}

fn parse_address(text: &str) -> Result<Backend, Problem> {
    text.parse().map_err(|error| Problem::BadAddress {
        insecure: error == BackendError::Insecure,
    })
}

/// "Save and check": saved first, so that it need not be typed again where only the check fails.
async fn connect(
    address: &str,
    key: Option<String>,
    remember: bool,
    cause: Cause,
) -> Result<(), Problem> {
    // Where the organisation names the backend, the key is all that there is to say.
    let backend = match settings::backend() {
        Some(backend) if settings::backend_is_managed() => backend,
        _ => parse_address(address)?,
    };
    let key: Option<ApiKey> = match key.filter(|key| !key.trim().is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| Problem::BadKey)?),
        None if settings::has_key_for(&backend) => None,
        None => return Err(Problem::KeyNeeded),
    };
    let kept = settings::connect(backend, key, remember).await;
    let checked = check(cause).await;
    pages::publish_state();
    checked?;
    kept.map_err(browser)
}

async fn check(cause: Cause) -> Result<(), Problem> {
    let (_, key) = settings::connection().ok_or(Failure::NoBackend)?;
    match backend::call(&Call::Account(key), cause).await? {
        quorum_core::api::Reply::Account(account) => {
            settings::learn(account).await;
            Ok(())
        }
        _ => Err(Failure::NotTheApi.into()),
    }
}

async fn report(
    indicator: Indicator,
    evidence: Evidence,
    fresh: bool,
    written: &Written,
    sender: &Asker,
) -> Result<Reply, Problem> {
    let manner = Manner {
        cause: cause(sender).await,
        fresh,
    };
    let view = reports::view(indicator, evidence, manner, written).await;
    Ok(Reply::Report(Box::new(view)))
}

/// On whose behalf a page asks.
async fn cause(sender: &Asker) -> Cause {
    Cause {
        purpose: Purpose::User,
        private: is_private(sender).await,
    }
}

/// Whether a page of ours belongs to a private window. A popup is in no tab, but in front of one.
async fn is_private(sender: &Asker) -> bool {
    match &sender.tab {
        Some(tab) => tab.incognito,
        None => front_tab().await.is_some_and(|tab| tab.incognito),
    }
}

async fn front_tab() -> Option<Tab> {
    from_js(platform::front_tab().await.ok()?)
}

async fn current_page() -> Option<Pick> {
    card::address(&front_tab().await?.url?)
}

fn one(pick: Option<Pick>) -> Pointed {
    Pointed {
        picks: pick.into_iter().collect(),
        told: Vec::new(),
    }
}

fn tab_of(sender: &Asker) -> Result<i64, Problem> {
    sender
        .tab
        .as_ref()
        .and_then(|tab| tab.id)
        .ok_or(Problem::NotAllowed)
}

async fn of_record(id: &str, event: Event) -> Result<Reply, Problem> {
    match downloads::asked(id, event).await {
        true => Ok(Reply::Done),
        false => Err(Problem::Gone),
    }
}
