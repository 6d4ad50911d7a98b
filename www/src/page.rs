//! The full report in a tab of its own: the popup's report, with room.

use quorum_core::indicator::Indicator;
use quorum_core::pointed::Written;
use quorum_core::verdict::Evidence;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use yew::prelude::*;

use crate::community::Community;
use crate::details::Details;
use crate::engines::Engines;
use crate::plain::reveal;
use crate::popup::footer;
use crate::report::Head;
use crate::sentences;
use crate::session::{Target, use_report, use_session, use_standing};
use crate::tabs::{Panel, Part, Tabs};
use crate::title::set_title;
use crate::words::key;

/// What this page's own address asks for: `?indicator=…&evidence=…&written=…&text=…`.
fn asked_for() -> Option<Target> {
    let search = web_sys::window()?.location().search().ok()?;
    let query = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    let target = Target::named(query.get("indicator")?.parse::<Indicator>().ok()?);
    let evidence = query.get("evidence").and_then(|name| {
        let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
        Evidence::deserialize(name).ok()
    });
    Some(Target {
        evidence: evidence.unwrap_or(target.evidence),
        written: Written {
            address: query.get("written").unwrap_or_default(),
            link_text: query.get("text").unwrap_or_default(),
        },
        ..target
    })
}

/// The page.
#[component]
pub(crate) fn ReportPage() -> Html {
    let words = use_session().words;
    let standing = use_standing();
    let target = use_memo((), |()| asked_for());
    let report = use_report((*target).clone());
    let part = use_state(|| Part::Engines);
    let voices = use_state(|| 0_u64);
    let view = report.load.ready().cloned();
    {
        let title = match &view {
            Some(view) => format!(
                "{} · {}",
                words.say(sentences::heading(&view.assessment)),
                reveal(&view.name)
            ),
            None => words.say(key("report_title")),
        };
        use_effect_with(title, |title| set_title(title));
    }
    let Some(target) = &*target else {
        return html! {
            <div class="report">
                <main>
                    <section class="notice">
                        <h1>{ words.say(key("report_none")) }</h1>
                        <p>{ words.say(key("report_none_text")) }</p>
                    </section>
                </main>
            </div>
        };
    };
    let on_count = {
        let voices = voices.clone();
        Callback::from(move |count| voices.set(count))
    };
    let on_select = {
        let part = part.clone();
        Callback::from(move |selected| part.set(selected))
    };
    let selected = *part;
    let panels = view.as_ref().map(|view| {
        let parts = vec![
            (Part::Engines, Some(view.engines.len() as u64)),
            (Part::Community, Some(*voices)),
            (Part::Details, None),
        ];
        html! {
            <>
                <div class="parts">
                    <Tabs {parts} {selected} {on_select} />
                    <Panel part={Part::Engines} {selected}><Engines view={view.clone()} /></Panel>
                    <Panel part={Part::Community} {selected}>
                        <Community view={view.clone()} shown={selected == Part::Community} {on_count} />
                    </Panel>
                    <Panel part={Part::Details} {selected}><Details view={view.clone()} /></Panel>
                </div>
                <aside aria-label={words.say(key("tab_details"))}>
                    <h2>{ words.say(key("tab_details")) }</h2>
                    <Details view={view.clone()} />
                </aside>
            </>
        }
    });
    html! {
        <div class="report">
            <main>
                <Head report={report.clone()} name={target.indicator.to_string()} />
                { for panels }
            </main>
            { footer(&words, view.as_deref(), standing.ready()) }
        </div>
    }
}
