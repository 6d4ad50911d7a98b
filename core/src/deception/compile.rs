//! Makes `unicode.bin` from Unicode's data, and holds the two against each other.

use std::collections::BTreeMap;

use unicode_script::{Script, ScriptExtension, UnicodeScript};
use unicode_security::{
    GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection,
    confusable_detection::skeleton,
};

use super::*;

/// Whether IDNA (UTS #46) keeps a character as it is, alone or behind a letter of either
/// direction.
fn in_host_names(c: char) -> bool {
    ["", "a", "\u{5d0}"].iter().any(|before| {
        let label = format!("{before}{c}");
        let (unicode, result) = idna::domain_to_unicode(&label);
        (result.is_ok() && unicode == label) || {
            let label = format!("{label}\u{5d0}");
            let (unicode, result) = idna::domain_to_unicode(&label);
            result.is_ok() && unicode == label
        }
    })
}

fn set(extension: ScriptExtension) -> ScriptSet {
    if extension.is_common() || extension.is_inherited() {
        return ScriptSet::ALL;
    }
    let has = |name: &str| {
        let script = Script::from_full_name(name).unwrap();
        assert!(script.is_recommended());
        extension.contains_script(script)
    };
    let mut bits = 0;
    for (bit, name) in SCRIPTS.iter().enumerate() {
        bits |= u32::from(has(name)) << bit;
    }
    if has("Han") || has("Bopomofo") {
        bits |= ScriptSet::HAN_WITH_BOPOMOFO;
    }
    if has("Han") || has("Hiragana") || has("Katakana") {
        bits |= ScriptSet::JAPANESE;
    }
    if has("Han") || has("Hangul") {
        bits |= ScriptSet::KOREAN;
    }
    assert_ne!(
        bits, 0,
        "an allowed character belongs to a recommended script"
    );
    ScriptSet(bits)
}

/// A prototype that is ASCII, perhaps with accents.
fn is_plain(prototype: &str) -> bool {
    prototype
        .chars()
        .all(|c| c.is_ascii() || ('\u{300}'..='\u{36f}').contains(&c))
}

fn expected_prototype(c: char) -> Option<String> {
    let prototype: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    (prototype != c.to_string()
        && !('\u{ac00}'..='\u{d7a3}').contains(&c)
        && (c.identifier_allowed() || is_plain(&prototype)))
    .then_some(prototype)
}

fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn compile(characters: &[char]) -> Vec<u8> {
    let mut sets: Vec<ScriptSet> = Vec::new();
    let mut runs: Vec<(u32, u32, usize)> = Vec::new();
    let mut unbroken = false;
    for &c in characters {
        if !c.identifier_allowed() {
            unbroken = false;
            continue;
        }
        let set = set(c.script_extension());
        let number = sets
            .iter()
            .position(|known| *known == set)
            .unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
        match runs.last_mut() {
            // What lies between is in no host name, so it may belong to the run.
            Some(run) if unbroken && run.2 == number => run.1 = u32::from(c),
            _ => runs.push((u32::from(c), u32::from(c), number)),
        }
        unbroken = true;
    }
    let look_alikes: Vec<(u32, String)> = characters
        .iter()
        .filter_map(|&c| Some((u32::from(c), expected_prototype(c)?)))
        .collect();

    let mut out = Vec::new();
    put(&mut out, sets.len() as u32);
    sets.iter().for_each(|set| out.extend(set.0.to_le_bytes()));
    put(&mut out, runs.len() as u32);
    let mut end = 0;
    for run in &runs {
        put(&mut out, run.0 - end);
        end = run.1;
    }
    runs.iter().for_each(|run| put(&mut out, run.1 - run.0));
    runs.iter().for_each(|run| put(&mut out, run.2 as u32));
    put(&mut out, look_alikes.len() as u32);
    let mut before = 0;
    for (of, _) in &look_alikes {
        put(&mut out, of - before);
        before = *of;
    }
    look_alikes
        .iter()
        .for_each(|(_, prototype)| put(&mut out, prototype.len() as u32));
    look_alikes
        .iter()
        .for_each(|(_, prototype)| out.extend(prototype.as_bytes()));
    out
}

fn characters() -> Vec<char> {
    ('\u{80}'..=char::MAX)
        .filter(|c| in_host_names(*c))
        .collect()
}

#[test]
fn the_table_is_made_from_unicodes_data() {
    let characters = characters();
    let made = compile(&characters);
    if std::env::var_os("QUORUM_WRITE").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/deception/unicode.bin"),
            &made,
        )
        .unwrap();
    } else {
        assert!(
            made == TABLE,
            "unicode.bin is not what Unicode's data gives; see unicode.rs"
        );
        for c in characters {
            let expected = c.identifier_allowed().then(|| set(c.script_extension()));
            assert_eq!(scripts(c), expected, "{c:?}");
            assert_eq!(
                prototype(c).map(str::to_owned),
                expected_prototype(c),
                "{c:?}"
            );
        }
    }
}

#[test]
fn the_digits_are_those_of_unicode() {
    let zeros: Vec<char> = characters()
        .into_iter()
        .filter(|c| {
            // `char::is_numeric` takes in letters and fractions; of the allowed characters, ten in
            // a row that are numeric and of one script are digits.
            let run = || (0..10).filter_map(|n| char::from_u32(u32::from(*c) + n));
            run().all(|d| d.is_numeric() && d.identifier_allowed() && d.script() == c.script())
                && c.script() != Script::Han
        })
        .fold(Vec::new(), |mut zeros: Vec<char>, c| {
            if zeros
                .last()
                .is_none_or(|last| u32::from(c) >= u32::from(*last) + 10)
            {
                zeros.push(c);
            }
            zeros
        });
    assert_eq!(zeros, ZEROS);
}

proptest::proptest! {
    #[test]
    fn the_restriction_is_that_of_the_reference(label in proptest::collection::vec(proptest::sample::select(sample()), 1..8)) {
        // Letters and digits only: scripts that are not recommended are not kept, which makes a
        // difference between marks without a letter.
        let label: String = label.into_iter().collect();
        let expected = match label.as_str().detect_restriction_level() {
            RestrictionLevel::ASCIIOnly | RestrictionLevel::SingleScript | RestrictionLevel::HighlyRestrictive => Restriction::Highly,
            RestrictionLevel::ModeratelyRestrictive => Restriction::Moderately,
            RestrictionLevel::MinimallyRestrictive => Restriction::Minimally,
            RestrictionLevel::Unrestricted => Restriction::Unrestricted,
        };
        proptest::prop_assert_eq!(restriction(&label), expected, "{}", label);
    }
}

/// For each set of scripts a few letters that have it, and ASCII.
fn sample() -> Vec<char> {
    let mut seen: BTreeMap<Option<u32>, usize> = BTreeMap::new();
    let mut out: Vec<char> = "az09-".chars().collect();
    for c in characters().into_iter().filter(|c| c.is_alphanumeric()) {
        let count = seen.entry(scripts(c).map(|set| set.0)).or_default();
        if *count < 3 {
            *count += 1;
            out.push(c);
        }
    }
    out
}
