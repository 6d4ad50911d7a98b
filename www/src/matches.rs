//! What YARA rules say of a file: each rule that matched, with who wrote it, where to read more and under
//! which licence it stands; and what a scan left out, if anything. All of it is text of the rules' authors.

use quorum_core::rules::{Origin, RuleMatch, ScanReport};
use yew::prelude::*;

use crate::plain::reveal;
use crate::session::use_session;
use crate::words::{Phrase, Value, Words, key};

#[derive(Properties, PartialEq)]
pub(crate) struct MatchesProps {
    pub(crate) report: ScanReport,
    /// Whether it is said that nothing matched.
    pub(crate) calm: bool,
}

/// The rules that matched, and what was left out.
#[component]
pub(crate) fn Matches(props: &MatchesProps) -> Html {
    let words = use_session().words;
    let report = &props.report;
    html! {
        <div class="matches">
            { for report.matches.iter().map(|found| one(&words, found)) }
            if props.calm && report.matches.is_empty() && report.rules > 0 {
                <p class="note">
                    { words.phrase(&Phrase::counted(u64::from(report.rules), key("rules_none_one"), key("rules_none"))) }
                </p>
            }
            { for left_out(report).into_iter().map(|phrase| html! { <p class="note">{ words.phrase(&phrase) }</p> }) }
        </div>
    }
}

fn one(words: &Words, found: &RuleMatch) -> Html {
    let rule = &found.rule;
    let tone = if rule.malicious { "bad" } else { "warn" };
    let facts = [
        (key("rules_author"), rule.author.as_deref()),
        (key("rules_reference"), rule.reference.as_deref()),
        (key("rules_license"), rule.license.as_deref()),
    ];
    html! {
        <details class="match">
            <summary>
                <span class={classes!("chip", tone)}>{ words.say(key("rules_chip")) }</span>
                <bdi class="label">{ reveal(&found.label) }</bdi>
            </summary>
            if let Some(description) = &rule.description { <p><bdi>{ reveal(description) }</bdi></p> }
            <dl>
                <dt>{ words.say(key("rules_rule")) }</dt>
                <dd><bdi class="code">{ reveal(&format!("{}: {}", rule.source, rule.name)) }</bdi></dd>
                <dt>{ words.say(key("rules_from")) }</dt>
                <dd><bdi>{ words.value(&origin(&rule.origin)) }</bdi></dd>
                { for facts.into_iter().filter_map(|(name, value)| Some(html! {
                    <><dt>{ words.say(name) }</dt><dd><bdi>{ reveal(value?) }</bdi></dd></>
                })) }
                if !found.tags.is_empty() {
                    <><dt>{ words.say(key("fact_tags")) }</dt><dd><bdi>{ reveal(&found.tags.join(", ")) }</bdi></dd></>
                }
                if !found.hits.is_empty() {
                    <>
                        <dt>{ words.say(key("rules_found_at")) }</dt>
                        <dd>{ for found.hits.iter().take(5).map(|hit| html! {
                            <bdi class="code">{ format!("{} @ {} ", hit.pattern, hit.offset) }</bdi>
                        }) }</dd>
                    </>
                }
            </dl>
        </details>
    }
}

/// The name of where a rule comes from.
pub(crate) fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::BuiltIn => Value::Phrase(Box::new(key("rules_built_in").into())),
        Origin::Pack(name) => Value::Text(name.clone()),
        Origin::Own => Value::Phrase(Box::new(key("rules_own").into())),
    }
}

/// What a scan did not do.
fn left_out(report: &ScanReport) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    match (&report.unfinished, &report.trouble) {
        (Some(group), None) => phrases.push(Phrase::new(key("rules_too_slow"), [origin(group)])),
        (_, Some(trouble)) => {
            phrases.push(Phrase::new(key("rules_failed"), [trouble.as_str().into()]))
        }
        (None, None) => {}
    }
    if report.too_large {
        phrases.push(key("rules_too_large").into());
    }
    if report.in_blocks {
        phrases.push(key("rules_in_blocks").into());
    }
    for fault in &report.faults {
        phrases.push(Phrase::new(
            key("rules_left_out"),
            [
                fault.source.as_str().into(),
                fault.line.into(),
                fault.column.into(),
                fault.message.as_str().into(),
            ],
        ));
    }
    phrases
}
