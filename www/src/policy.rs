//! What is done with downloads: what keeps one back, what is not looked at, what may be sent in. Where the
//! organisation has set something, that is shown and cannot be changed.

use quorum_core::message::{Problem, Request, State};
use quorum_core::policy::{Policy, SendRule};
use quorum_core::verdict::Verdict;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::sentences;
use crate::session::{state, use_session};
use crate::words::{Key, key};

const MEGABYTE: u64 = 1_000_000;
/// What an organisation sets that other pages show.
const ELSEWHERE: [&str; 2] = ["lists", "rule_packs"];

#[derive(Properties, PartialEq)]
pub(crate) struct PolicyProps {
    pub(crate) state: State,
    pub(crate) on_state: Callback<State>,
}

/// The section.
#[component]
pub(crate) fn PolicySection(props: &PolicyProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let policy = use_state(|| props.state.policy.clone());
    let trouble = use_state(|| None::<Problem>);
    let saved = use_state(|| false);
    let managed = |name: &str| props.state.managed.iter().any(|own| own == name);
    let change = {
        let (policy, saved) = (policy.clone(), saved.clone());
        Callback::from(move |next: Policy| {
            saved.set(false);
            policy.set(next);
        })
    };
    let onsubmit = {
        let (policy, trouble, saved) = (policy.clone(), trouble.clone(), saved.clone());
        let on_state = props.on_state.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let request = Request::SetPolicy {
                policy: (*policy).clone(),
            };
            let asked = session.backend.ask_for(&request, state);
            let (policy, trouble, saved) = (policy.clone(), trouble.clone(), saved.clone());
            let on_state = on_state.clone();
            spawn_local(async move {
                match asked.await {
                    Ok(state) => {
                        policy.set(state.policy.clone());
                        trouble.set(None);
                        saved.set(true);
                        on_state.emit(state);
                    }
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let outcomes = [
        Verdict::Malicious,
        Verdict::Suspicious,
        Verdict::Unknown,
        Verdict::Unchecked,
    ];
    let keep_back = outcomes.into_iter().map(|verdict| {
        let id = format!("keep-{}", sentences::verdict(verdict).name());
        let checked = policy.keep_back.contains(&verdict);
        let onclick = {
            let (policy, change) = (policy.clone(), change.clone());
            Callback::from(move |_: MouseEvent| {
                let mut next = (*policy).clone();
                match checked {
                    true => next.keep_back.retain(|own| *own != verdict),
                    false => next.keep_back.push(verdict),
                }
                change.emit(next);
            })
        };
        html! {
            <div class="check">
                <input id={id.clone()} type="checkbox" {checked} disabled={managed("keep_back")} {onclick} />
                <label for={id}>{ words.say(sentences::verdict(verdict)) }</label>
            </div>
        }
    });
    let on_send = {
        let (policy, change) = (policy.clone(), change.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() {
                let mut next = (*policy).clone();
                next.send = rules(&field.value());
                change.emit(next);
            }
        })
    };
    let list = |name: &'static str,
                label: Key,
                note: Key,
                value: &[String],
                put: fn(&mut Policy, Vec<String>)| {
        let (policy, change) = (policy.clone(), change.clone());
        let oninput = Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() {
                let lines = field
                    .value()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
                let mut next = (*policy).clone();
                put(&mut next, lines);
                change.emit(next);
            }
        });
        let id = format!("{name}-note");
        html! {
            <>
                <label for={name}>{ words.say(label) }</label>
                // Not controlled: a line break that is being typed is no entry yet.
                <textarea
                    id={name}
                    class="code"
                    rows="2"
                    spellcheck="false"
                    disabled={managed(name)}
                    aria-describedby={id.clone()}
                    defaultvalue={value.join("\n")}
                    {oninput}
                />
                <p class="note" {id}>{ words.say(note) }</p>
            </>
        }
    };
    let tick = |name: &'static str,
                label: Key,
                note: Key,
                checked: bool,
                put: fn(&mut Policy, bool)| {
        let (policy, change) = (policy.clone(), change.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            let mut next = (*policy).clone();
            put(&mut next, !checked);
            change.emit(next);
        });
        let id = format!("{name}-note");
        html! {
            <div class="check">
                <input id={name} type="checkbox" {checked} disabled={managed(name)} aria-describedby={id.clone()} {onclick} />
                <label for={name}>{ words.say(label) }</label>
                <p class="note" {id}>{ words.say(note) }</p>
            </div>
        }
    };
    let on_size = {
        let (policy, change) = (policy.clone(), change.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                let mut next = (*policy).clone();
                let size = field.value().trim().parse::<u64>().ok();
                next.skip_above = size.map(|size| size.saturating_mul(MEGABYTE));
                change.emit(next);
            }
        })
    };
    let above = props
        .state
        .policy
        .skip_above
        .map(|size| (size / MEGABYTE).to_string());
    html! {
        <section>
            <h2>{ words.say(key("policy_title")) }</h2>
            if props.state.managed.iter().any(|name| !ELSEWHERE.contains(&name.as_str())) {
                <p class="status calm">{ words.say(key("policy_managed")) }</p>
            }
            if !props.state.managed_bad.is_empty() {
                <p class="status warn">{ words.fill(key("policy_bad"), &[&props.state.managed_bad.join(", ")]) }</p>
            }
            <form {onsubmit}>
                if props.state.can_hold {
                    <fieldset>
                        <legend>{ words.say(key("policy_keep")) }</legend>
                        { for keep_back }
                        <p class="note">{ words.say(key("policy_keep_text")) }</p>
                    </fieldset>
                }
                { list("skip_hosts", key("policy_hosts"), key("policy_hosts_text"), &props.state.policy.skip_hosts, |policy, lines| policy.skip_hosts = lines) }
                { list("skip_endings", key("policy_endings"), key("policy_endings_text"), &props.state.policy.skip_endings, |policy, lines| policy.skip_endings = lines) }
                { list("protect", key("policy_protect"), key("policy_protect_text"), &props.state.policy.protect, |policy, lines| policy.protect = lines) }
                <label for="skip_above">{ words.say(key("policy_above")) }</label>
                <input id="skip_above" type="number" min="0" class="code" value={above} disabled={managed("skip_above")} oninput={on_size} />
                <label for="send">{ words.say(key("policy_send")) }</label>
                <textarea
                    id="send"
                    class="code"
                    rows="2"
                    spellcheck="false"
                    disabled={managed("send")}
                    aria-describedby="send-note"
                    defaultvalue={lines(&props.state.policy.send)}
                    oninput={on_send}
                />
                <p class="note" id="send-note">{ words.say(key("policy_send_text")) }</p>
                { tick("send_documents", key("policy_documents"), key("policy_documents_text"), policy.send_documents, |policy, on| policy.send_documents = on) }
                { tick("ask_intranet", key("policy_intranet"), key("policy_intranet_text"), policy.ask_intranet, |policy, on| policy.ask_intranet = on) }
                { tick("recheck", key("policy_recheck"), key("policy_recheck_text"), policy.recheck, |policy, on| policy.recheck = on) }
                <div class="row">
                    <button type="submit">{ words.say(key("policy_save")) }</button>
                    if *saved { <span class="note" role="status">{ words.say(key("policy_saved")) }</span> }
                </div>
                if let Some(problem) = &*trouble {
                    <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                }
            </form>
        </section>
    }
}

/// The rules of a text: in each line a host, then types. One without types is not written to its end yet.
fn rules(text: &str) -> Vec<SendRule> {
    let rules = text.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        SendRule {
            host: words.next().unwrap_or_default(),
            types: words.collect(),
        }
    });
    rules.filter(|rule| !rule.types.is_empty()).collect()
}

/// The text of rules.
fn lines(rules: &[SendRule]) -> String {
    let line = |rule: &SendRule| format!("{} {}", rule.host, rule.types.join(" "));
    rules.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_they_are_read() {
        let text = "builds.example exe msi\nlab.example *";
        assert_eq!(lines(&rules(text)), text);
        assert_eq!(rules("builds.example \n\n"), []);
    }
}
