//! What people say: votes and comments, and the means to add one's own.

use std::rc::Rc;

use quorum_core::message::{Problem, Reply, ReportView, Request};
use quorum_core::report::{Comment, Page, TotalVotes, VoteVerdict};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::plain::reveal;
use crate::sentences;
use crate::session::{Load, use_session};
use crate::words::{Key, Phrase, Words, key};

#[derive(Properties, PartialEq)]
pub(crate) struct CommunityProps {
    pub(crate) view: Rc<ReportView>,
    /// Whether it is shown: comments cost a request, so they are not asked for before.
    pub(crate) shown: bool,
    /// Told how many votes and comments there are, as far as that is known.
    pub(crate) on_count: Callback<u64>,
}

/// The comments that were read so far.
#[derive(Clone, PartialEq, Default)]
struct Thread {
    items: Vec<Comment>,
    cursor: Option<String>,
    total: u64,
}

enum Change {
    Page(Page<Comment>),
    Written(Comment),
}

impl Reducible for Thread {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let mut next = (*self).clone();
        match change {
            Change::Page(page) => {
                for comment in page.items {
                    // A page that moved while it was read gives a comment twice.
                    if !next.items.iter().any(|known| known.id == comment.id) {
                        next.items.push(comment);
                    }
                }
                // A cursor that comes back again would never end.
                next.cursor = page
                    .cursor
                    .filter(|cursor| next.cursor.as_ref() != Some(cursor));
                next.total = page.total.unwrap_or(0);
            }
            Change::Written(comment) => {
                next.total += 1;
                next.items.insert(0, comment);
            }
        }
        next.total = next.total.max(next.items.len() as u64);
        next.into()
    }
}

pub(crate) fn comments(reply: Reply) -> Option<Page<Comment>> {
    match reply {
        Reply::Comments(page) => Some(page),
        _ => None,
    }
}

fn written(reply: Reply) -> Option<Comment> {
    match reply {
        Reply::Comment(comment) => Some(comment),
        _ => None,
    }
}

fn voted(reply: Reply) -> Option<bool> {
    match reply {
        Reply::Voted(counted) => Some(counted),
        _ => None,
    }
}

/// Votes and comments.
#[component]
pub(crate) fn Community(props: &CommunityProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let thread = use_reducer_eq(Thread::default);
    let load = use_state(|| Load::Pending);
    let asked = use_state(|| false);

    let more = {
        let (session, thread, load) = (session.clone(), thread.dispatcher(), load.clone());
        let indicator = props.view.indicator.clone();
        Callback::from(move |cursor: Option<String>| {
            load.set(Load::Pending);
            let request = Request::Comments {
                indicator: indicator.clone(),
                cursor,
            };
            let answer = session.backend.ask_for(&request, comments);
            let (thread, load) = (thread.clone(), load.clone());
            spawn_local(async move {
                load.set(match answer.await {
                    Ok(page) => {
                        thread.dispatch(Change::Page(page));
                        Load::Ready(())
                    }
                    Err(problem) => Load::Failed(problem),
                });
            });
        })
    };
    {
        let (asked, more) = (asked.clone(), more.clone());
        use_effect_with(props.shown, move |shown| {
            if *shown && !*asked {
                asked.set(true);
                more.emit(None);
            }
        });
    }
    {
        let votes = props.view.votes;
        let on_count = props.on_count.clone();
        use_effect_with((votes, thread.total), move |(votes, comments)| {
            on_count.emit(u64::from(votes.malicious) + u64::from(votes.harmless) + comments);
        });
    }

    let on_written = {
        let thread = thread.dispatcher();
        Callback::from(move |comment| thread.dispatch(Change::Written(comment)))
    };
    let again = {
        let (more, thread) = (more.clone(), thread.clone());
        Callback::from(move |_: MouseEvent| more.emit(thread.cursor.clone()))
    };
    let list = html! {
        <ul class="comments">
            { for thread.items.iter().map(|comment| entry(&words, comment)) }
        </ul>
    };
    let after = match &*load {
        Load::Pending => html! { <p class="skeleton line">{ words.say(key("loading")) }</p> },
        Load::Failed(problem) => html! {
            <p class="trouble" role="alert">
                { words.phrase(&sentences::problem(problem)) }
                <button type="button" onclick={again}>{ words.say(key("try_again")) }</button>
            </p>
        },
        Load::Ready(()) if thread.items.is_empty() => {
            html! { <p class="empty">{ words.say(key("comment_none")) }</p> }
        }
        Load::Ready(()) if thread.cursor.is_some() => html! {
            <button type="button" class="wide" onclick={again}>{ words.say(key("comment_more")) }</button>
        },
        Load::Ready(()) => html! {},
    };
    html! {
        <>
            <Votes view={props.view.clone()} />
            <Write view={props.view.clone()} {on_written} />
            { list }
            { after }
        </>
    }
}

fn entry(words: &Words, comment: &Comment) -> Html {
    let author = match comment.author.as_deref() {
        Some(author) if !author.is_empty() => reveal(author),
        _ => words.say(key("comment_someone")),
    };
    let ms = comment.date.saturating_mul(1000);
    let judged = (comment.votes.positive, comment.votes.negative);
    html! {
        <li key={comment.id.clone()}>
            <p class="meta">
                <bdi class="author">{ author }</bdi>
                <span title={words.moment(ms)}>{ words.ago(ms) }</span>
                if judged != (0, 0) {
                    <span>
                        { words.phrase(&Phrase::new(key("comment_judged"), [judged.0.into(), judged.1.into()])) }
                    </span>
                }
            </p>
            <p class="text" dir="auto">{ for tagged(&reveal(&comment.text)) }</p>
        </li>
    }
}

/// A comment's text with its `#tags` marked. Addresses in it stay text: nothing there is a link.
fn tagged(text: &str) -> Vec<Html> {
    let mut out = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('#') {
        let start = at + found;
        let length = text[start + 1..]
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(text.len() - start - 1);
        let end = start + 1 + length;
        let begins_word = text[..start]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        if length > 0 && begins_word {
            out.push(html! { { &text[plain..start] } });
            out.push(html! { <span class="tag">{ &text[start..end] }</span> });
            plain = end;
        }
        at = end;
    }
    out.push(html! { { &text[plain..] } });
    out
}

#[derive(Properties, PartialEq)]
struct VotesProps {
    view: Rc<ReportView>,
}

#[derive(Clone, PartialEq)]
enum Ballot {
    Open,
    Sending,
    /// `true` if it was counted now, on top of these votes.
    Cast(VoteVerdict, bool, TotalVotes),
    Failed(Problem),
}

#[component]
fn Votes(props: &VotesProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let ballot = use_state(|| Ballot::Open);
    let mut votes = props.view.votes;
    let mine = match &*ballot {
        Ballot::Cast(verdict, counted, before) => {
            // A report that is newer than the vote has it already.
            if *counted && votes == *before {
                let count = match verdict {
                    VoteVerdict::Harmless => &mut votes.harmless,
                    VoteVerdict::Malicious => &mut votes.malicious,
                };
                *count = count.saturating_add(1);
            }
            Some(*verdict)
        }
        _ => None,
    };
    let before = props.view.votes;
    let cast = {
        let (ballot, indicator) = (ballot.clone(), props.view.indicator.clone());
        Callback::from(move |verdict: VoteVerdict| {
            if *ballot == Ballot::Sending {
                return;
            }
            ballot.set(Ballot::Sending);
            let request = Request::Vote {
                indicator: indicator.clone(),
                verdict,
            };
            let answer = session.backend.ask_for(&request, voted);
            let ballot = ballot.clone();
            spawn_local(async move {
                ballot.set(match answer.await {
                    Ok(counted) => Ballot::Cast(verdict, counted, before),
                    Err(problem) => Ballot::Failed(problem),
                });
            });
        })
    };
    let button = |verdict: VoteVerdict, id: &'static str, name: Key, count: u32| {
        let pressed = mine == Some(verdict);
        let counted = Phrase::counted(count.into(), key("vote_count_one"), key("vote_count"));
        let class = classes!(id, pressed.then_some("mine"));
        let onclick = cast.reform(move |_: MouseEvent| verdict);
        html! {
            <button
                type="button"
                {class}
                aria-pressed={pressed.to_string()}
                aria-label={words.say(name)}
                title={words.phrase(&counted)}
                disabled={*ballot == Ballot::Sending}
                {onclick}
            >
                <span>{ words.say(name) }</span>
                <span class="count">{ words.number(count.into()) }</span>
            </button>
        }
    };
    let said = match &*ballot {
        Ballot::Cast(_, true, _) => words.say(key("vote_counted")),
        Ballot::Cast(_, false, _) => words.say(key("vote_before")),
        Ballot::Failed(problem) => words.phrase(&sentences::problem(problem)),
        Ballot::Open | Ballot::Sending => String::new(),
    };
    html! {
        <section class="votes">
            <div class="ballot" role="group" aria-label={words.say(key("vote_question"))}>
                { button(VoteVerdict::Harmless, "harmless", key("vote_harmless"), votes.harmless) }
                { button(VoteVerdict::Malicious, "malicious", key("vote_malicious"), votes.malicious) }
            </div>
            { bar(&words, votes) }
            <p class="said" role="status">{ said }</p>
        </section>
    }
}

fn bar(words: &Words, votes: TotalVotes) -> Html {
    let all = f64::from(votes.malicious) + f64::from(votes.harmless);
    if all == 0.0 {
        return html! { <p class="empty">{ words.say(key("vote_none")) }</p> };
    }
    let bad = f64::from(votes.malicious) / all * 100.0;
    let name = words.fill(
        key("vote_bar"),
        &[&words.number(votes.malicious.into()), &words.number(all)],
    );
    html! {
        <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={name}>
            <rect class="calm" x="0" y="0" width={format!("{:.1}", 100.0 - bad)} height="6" />
            <rect class="bad" x={format!("{:.1}", 100.0 - bad)} y="0" width={format!("{bad:.1}")} height="6" />
        </svg>
    }
}

#[derive(Properties, PartialEq)]
struct WriteProps {
    view: Rc<ReportView>,
    on_written: Callback<Comment>,
}

#[component]
fn Write(props: &WriteProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let text = use_state(String::new);
    let sent = use_state(|| None);
    let sending = use_state(|| false);
    let oninput = {
        let text = text.clone();
        Callback::from(move |event: InputEvent| {
            let field = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
            if let Some(field) = field {
                text.set(field.value());
            }
        })
    };
    let onsubmit = {
        let (text, sent, sending) = (text.clone(), sent.clone(), sending.clone());
        let (indicator, on_written) = (props.view.indicator.clone(), props.on_written.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if text.trim().is_empty() || *sending {
                return;
            }
            sending.set(true);
            let request = Request::AddComment {
                indicator: indicator.clone(),
                text: text.trim().to_owned(),
            };
            let answer = session.backend.ask_for(&request, written);
            let (text, sent, sending) = (text.clone(), sent.clone(), sending.clone());
            let on_written = on_written.clone();
            spawn_local(async move {
                let answer = answer.await;
                sending.set(false);
                sent.set(Some(match answer {
                    Ok(comment) => {
                        // What was written stays in the field until it has arrived.
                        text.set(String::new());
                        on_written.emit(comment);
                        Ok(())
                    }
                    Err(problem) => Err(problem),
                }));
            });
        })
    };
    let said = match &*sent {
        None => String::new(),
        Some(Ok(())) => words.say(key("comment_sent")),
        Some(Err(problem)) => words.phrase(&sentences::problem(problem)),
    };
    html! {
        <form class="write" {onsubmit}>
            <textarea
                rows="2"
                maxlength="4096"
                aria-label={words.say(key("comment_label"))}
                placeholder={words.say(key("comment_placeholder"))}
                value={(*text).clone()}
                {oninput}
            />
            <div class="row">
                <p class="note">{ words.fill(key("community_note"), &[&props.view.backend]) }</p>
                <button type="submit" disabled={text.trim().is_empty() || *sending}>
                    { words.say(key("comment_send")) }
                </button>
            </div>
            <p class="said" role="status">{ said }</p>
        </form>
    }
}
