//! The details of a report: what the backend knows beside the verdict, with a way to copy what one
//! would search for.

use std::rc::Rc;

use quorum_core::indicator::Kind;
use quorum_core::message::{Fact, ReportView};
use yew::prelude::*;

use crate::copy::Copy;
use crate::plain::reveal;
use crate::session::use_session;
use crate::words::{Key, Phrase, Words, key};

/// How many of a file's names are given; some have hundreds.
const NAMES: usize = 8;

#[derive(Properties, PartialEq)]
pub(crate) struct DetailsProps {
    pub(crate) view: Rc<ReportView>,
}

/// A line: what it is, what it says, and whether it can be copied.
struct Line {
    title: Key,
    text: Vec<String>,
    /// Set in fixed width, as what is compared letter by letter.
    code: bool,
    copied: bool,
}

/// The list.
#[component]
pub(crate) fn Details(props: &DetailsProps) -> Html {
    let words = use_session().words;
    let view = &props.view;
    let mut lines: Vec<_> = view.facts.iter().map(|fact| line(&words, fact)).collect();
    if view.kind != Kind::File {
        let address = lines.iter().any(|line| line.title == key("fact_address"));
        let mut front = vec![code(key("fact_defanged"), &view.defanged)];
        if !address {
            front.insert(0, code(key("fact_address"), &view.indicator.to_string()));
        }
        lines.splice(0..0, front);
    } else if !lines.iter().any(|line| line.title == key("fact_sha256")) {
        // What was asked for can be had even where the backend knows nothing.
        let title = match view.indicator.to_string().len() {
            32 => key("fact_md5"),
            40 => key("fact_sha1"),
            _ => key("fact_sha256"),
        };
        if !lines.iter().any(|line| line.title == title) {
            lines.insert(0, code(title, &view.indicator.to_string()));
        }
    }
    if lines.is_empty() {
        return html! { <p class="empty">{ words.say(key("details_none")) }</p> };
    }
    let lines = lines.into_iter().map(|line| {
        let title = words.say(line.title);
        html! {
            <div class="fact">
                <dt>{ &title }</dt>
                <dd>
                    <span class={classes!("value", line.code.then_some("code"))}>
                        { for line.text.iter().map(|text| html! { <bdi>{ reveal(text) }</bdi> }) }
                    </span>
                    if line.copied {
                        <Copy text={line.text.join("\n")} what={title} />
                    }
                </dd>
            </div>
        }
    });
    html! { <dl class="facts">{ for lines }</dl> }
}

fn code(title: Key, text: &str) -> Line {
    Line {
        title,
        text: vec![text.to_owned()],
        code: true,
        copied: true,
    }
}

fn line(words: &Words, fact: &Fact) -> Line {
    let plain = |title: Key, text: Vec<String>| Line {
        title,
        text,
        code: false,
        copied: false,
    };
    match fact {
        Fact::Sha256(hash) => code(key("fact_sha256"), hash),
        Fact::Sha1(hash) => code(key("fact_sha1"), hash),
        Fact::Md5(hash) => code(key("fact_md5"), hash),
        Fact::Size(bytes) => plain(key("fact_size"), vec![words.size(*bytes)]),
        Fact::Type(text) => plain(key("fact_type"), vec![text.clone()]),
        Fact::Names(names) => {
            let mut some: Vec<_> = names.iter().take(NAMES).cloned().collect();
            if names.len() > NAMES {
                some.push("…".to_owned());
            }
            plain(key("fact_names"), some)
        }
        Fact::Address(address) => code(key("fact_address"), address),
        Fact::Title(text) => plain(key("fact_title"), vec![text.clone()]),
        Fact::FirstSeen(at) => plain(key("fact_first_seen"), vec![words.day(*at)]),
        Fact::Analysed(at) => plain(
            key("fact_analysed"),
            vec![words.moment(at.saturating_mul(1000))],
        ),
        Fact::TimesSubmitted(times) => plain(
            key("fact_times"),
            vec![words.phrase(&Phrase::counted(
                *times,
                key("fact_times_value_one"),
                key("fact_times_value"),
            ))],
        ),
        Fact::Reputation(score) => plain(key("fact_reputation"), vec![words.number(*score as f64)]),
        Fact::Categories(list) => plain(key("fact_categories"), vec![list.join(", ")]),
        Fact::Tags(list) => plain(key("fact_tags"), vec![list.join(", ")]),
    }
}
