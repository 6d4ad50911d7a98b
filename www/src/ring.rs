//! The ring: one tick an engine, drawn from the stats alone. Engines that object are longer and
//! coloured, silent ones grey, those without an answer thin and dotted; the number in the middle
//! says how many object.

use std::f64::consts::TAU;

use js_sys::Math;
use quorum_core::report::Stats;
use yew::prelude::*;

use crate::sentences;
use crate::session::use_session;
use crate::words::key;

/// Half the side of the drawing.
const MIDDLE: f64 = 46.0;
/// Where a silent tick lies: its middle, and how long it is.
const SILENT: (f64, f64) = (35.5, 9.0);
/// Where an objecting tick lies; it begins where a silent one does and reaches further out.
const OBJECTING: (f64, f64) = (38.0, 14.0);
/// The line on which those lie that gave no answer.
const UNANSWERED: f64 = 35.5;
/// Ticks of an empty ring.
const EMPTY: u32 = 36;
/// Fewer ticks than this are so wide that they are drawn thinner.
const FEW: u32 = 12;
/// Where there are many, ticks beyond this number would run into each other.
const MOST: u32 = 120;

/// One stretch of the ring: how many ticks, in which class.
fn stretches(stats: Stats) -> Vec<(u32, &'static str)> {
    let silent = stats.harmless.saturating_add(stats.undetected);
    let all = [
        (stats.malicious, "bad"),
        (stats.suspicious, "warn"),
        (silent, "silent"),
        (stats.unanswered(), "missing"),
    ];
    let sum = all.iter().map(|(count, _)| u64::from(*count)).sum::<u64>();
    if sum == 0 {
        return vec![(EMPTY, "missing")];
    }
    if sum <= u64::from(MOST) {
        return all.to_vec();
    }
    // What objects keeps at least one tick, however many others there are.
    all.iter()
        .map(|(count, class)| {
            let share = u64::from(*count) * u64::from(MOST) / sum;
            (share.max(u64::from(*count > 0)) as u32, *class)
        })
        .collect()
}

/// An arc of a circle around the middle, from one angle to another, clockwise from the top.
fn arc(radius: f64, from: f64, to: f64) -> String {
    let at = |angle: f64| {
        (
            MIDDLE + radius * Math::sin(angle),
            MIDDLE - radius * Math::cos(angle),
        )
    };
    let ((x1, y1), (x2, y2)) = (at(from), at(to));
    let large = u8::from(to - from > TAU / 2.0);
    format!("M{x1:.2} {y1:.2}A{radius} {radius} 0 {large} 1 {x2:.2} {y2:.2}")
}

#[derive(Properties, PartialEq)]
pub(crate) struct RingProps {
    pub(crate) stats: Stats,
    /// Whether it is the small one, without "of m".
    #[prop_or_default]
    pub(crate) small: bool,
}

/// The ring.
#[component]
pub(crate) fn Ring(props: &RingProps) -> Html {
    let words = use_session().words;
    let stats = props.stats;
    let stretches = stretches(stats);
    let count: u32 = stretches.iter().map(|(count, _)| count).sum();
    let step = TAU / f64::from(count.max(1));
    // A gap of about two units at the radius of the ticks, less where they are many, and never
    // more than half a tick.
    let gap = (2.0 / SILENT.0).min(step * 0.42);
    let mut ticks = Vec::with_capacity(count as usize);
    let mut at = 0.0;
    for (many, class) in stretches {
        let radius = match class {
            "bad" | "warn" => OBJECTING.0,
            "missing" => UNANSWERED,
            _ => SILENT.0,
        };
        for _ in 0..many {
            // A single engine's tick would be a whole circle, which no arc can draw.
            let end = (at + step - gap / 2.0).min(TAU - 0.05);
            let d = arc(radius, at + gap / 2.0, end);
            ticks.push(html! { <path class={classes!("tick", class)} {d} /> });
            at += step;
        }
    }
    let name = words.phrase(&sentences::engines(stats));
    let (big, of) = match (stats.objecting(), stats.answered()) {
        (_, 0) => ("–".to_owned(), None),
        (n, m) => (
            words.number(n.into()),
            Some(words.fill(key("ring_of"), &[&words.number(m.into())])),
        ),
    };
    let tone = match stats {
        Stats { malicious: 1.., .. } => "bad",
        Stats {
            suspicious: 1.., ..
        } => "warn",
        _ => "still",
    };
    let class = classes!(
        "ring",
        tone,
        props.small.then_some("small"),
        (count < FEW).then_some("few")
    );
    html! {
        <svg {class} viewBox="0 0 92 92" role="img" aria-label={name}>
            { for ticks }
            <text class="many" x="46" y={if of.is_some() { "49" } else { "53" }}>{ big }</text>
            if let Some(of) = of { <text class="of" x="46" y="62">{ of }</text> }
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(stats: Stats) -> Vec<(u32, &'static str)> {
        stretches(stats)
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .collect()
    }

    #[test]
    fn each_engine_has_one_tick() {
        let stats = Stats {
            malicious: 2,
            undetected: 60,
            harmless: 6,
            timeout: 1,
            type_unsupported: 3,
            ..Stats::default()
        };
        assert_eq!(ticks(stats), [(2, "bad"), (66, "silent"), (4, "missing")]);
    }

    #[test]
    fn a_ring_without_engines_is_dotted_throughout() {
        assert_eq!(ticks(Stats::default()), [(EMPTY, "missing")]);
    }

    #[test]
    fn among_very_many_the_one_that_objects_is_still_seen() {
        let stats = Stats {
            malicious: 1,
            undetected: u32::MAX,
            ..Stats::default()
        };
        let ticks = ticks(stats);
        assert_eq!(ticks[0], (1, "bad"));
        assert!(ticks.iter().map(|(count, _)| count).sum::<u32>() <= MOST + 3);
    }
}
