//! Our rules against their own cases (`rules/tests`, whose README gives the format): each is complete, is
//! in the pack, matches what it must and nothing else.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quorum_yara::{Ruleset, Scanner};
use serde::Deserialize;

/// One file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(default)]
    fragments: BTreeMap<String, Vec<Part>>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    expect: BTreeSet<String>,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Made(Made),
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Made {
    Hex { hex: String },
    Utf16 { utf16: String },
    CountedUtf16 { counted_utf16: String },
    U16 { u16: Vec<u16> },
    U32 { u32: Vec<u32> },
    UpTo { upto: usize },
    Repeat { repeat: Box<Part>, times: usize },
    Noise { noise: usize },
    Use { r#use: String },
}

impl Cases {
    fn bytes(&self, parts: &[Part]) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(parts, &mut bytes);
        bytes
    }

    fn write(&self, parts: &[Part], bytes: &mut Vec<u8>) {
        for part in parts {
            let made = match part {
                Part::Text(text) => {
                    bytes.extend(text.as_bytes());
                    continue;
                }
                Part::Made(made) => made,
            };
            match made {
                Made::Hex { hex } => {
                    let digits: String = hex.split_whitespace().collect();
                    assert!(digits.len().is_multiple_of(2), "half a byte in {hex:?}");
                    bytes.extend(
                        (0..digits.len())
                            .step_by(2)
                            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()),
                    );
                }
                Made::Utf16 { utf16 } => {
                    bytes.extend(utf16.encode_utf16().flat_map(u16::to_le_bytes))
                }
                Made::CountedUtf16 { counted_utf16 } => {
                    let units: Vec<u16> = counted_utf16.encode_utf16().collect();
                    bytes.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
                    bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
                }
                Made::U16 { u16 } => {
                    bytes.extend(u16.iter().flat_map(|number| number.to_le_bytes()))
                }
                Made::U32 { u32 } => {
                    bytes.extend(u32.iter().flat_map(|number| number.to_le_bytes()))
                }
                Made::UpTo { upto } => {
                    assert!(
                        bytes.len() <= *upto,
                        "{} bytes are there before upto = {upto}",
                        bytes.len()
                    );
                    bytes.resize(*upto, 0);
                }
                Made::Repeat { repeat, times } => {
                    for _ in 0..*times {
                        self.write(std::slice::from_ref(repeat), bytes);
                    }
                }
                Made::Noise { noise } => {
                    // Knuth's MMIX generator; its high bits are even enough for an entropy near 8.
                    let mut state = 1_u64;
                    bytes.extend((0..*noise).map(|_| {
                        state = state
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        (state >> 56) as u8
                    }));
                }
                Made::Use { r#use } => {
                    let parts = self
                        .fragments
                        .get(r#use)
                        .unwrap_or_else(|| panic!("no fragment {:?}", r#use));
                    self.write(parts, bytes);
                }
            }
        }
    }
}

fn rules_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

fn stems(directory: &Path, extension: &str) -> BTreeSet<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn every_file_of_cases() -> Vec<(String, Cases)> {
    let directory = rules_directory().join("tests");
    stems(&directory, "toml")
        .into_iter()
        .map(|stem| {
            let text = fs::read_to_string(directory.join(&stem).with_extension("toml")).unwrap();
            let cases = toml::from_str(&text)
                .unwrap_or_else(|error| panic!("rules/tests/{stem}.toml: {error}"));
            (stem, cases)
        })
        .collect()
}

#[test]
fn holds_every_rule_file_of_the_repository() {
    let packed: BTreeSet<_> = Ruleset::embedded_sources()
        .iter()
        .map(|source| source.name.to_owned())
        .collect();
    assert_eq!(packed, stems(&rules_directory(), "yar"));

    // A rule file that somebody puts elsewhere under rules/ would be forgotten by the build script.
    let mut pending = vec![rules_directory()];
    let mut found = 0;
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yar" || extension == "yara")
            {
                found += 1;
            }
        }
    }
    assert_eq!(
        found,
        packed.len(),
        "rule files stand in rules/ itself and end in .yar"
    );
}

#[test]
fn embeds_the_text_of_every_rule_file_as_it_is() {
    for source in Ruleset::embedded_sources() {
        let path = rules_directory().join(source.name).with_extension("yar");
        assert_eq!(
            fs::read_to_string(path).unwrap(),
            source.text,
            "{}",
            source.name
        );
    }
}

#[test]
fn has_at_least_twenty_rules() {
    assert!(Ruleset::embedded().rules().len() >= 20);
}

#[test]
fn says_of_every_rule_who_what_why_and_when() {
    let mut labels = BTreeMap::new();
    for rule in Ruleset::embedded().rules() {
        let name = &rule.name;
        assert_eq!(rule.author(), Some("Quorum"), "{name}");
        assert_eq!(rule.license(), Some("Apache-2.0"), "{name}");
        assert!(
            rule.description()
                .is_some_and(|text| text.len() >= 20 && !text.ends_with('.')),
            "{name}: description"
        );
        assert!(
            rule.reference()
                .is_some_and(|text| text.starts_with("https://")),
            "{name}: reference"
        );
        assert!(
            matches!(rule.get("severity"), Some("malicious" | "suspicious")),
            "{name}: severity"
        );
        assert!(!rule.tags.is_empty(), "{name}: tags");

        let date = rule.get("date").unwrap_or_default();
        let parts: Vec<&str> = date.split('-').collect();
        assert!(
            parts.len() == 3 && date.len() == 10 && date.starts_with("20"),
            "{name}: date {date:?}"
        );

        let label = rule.get("label").unwrap_or_default();
        assert!(
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-'),
            "{name}: label"
        );
        if let Some(other) = labels.insert(label, name) {
            panic!("{name} and {other} have the same label {label}");
        }
    }
}

#[test]
fn matches_every_case_with_the_expected_rules_only() {
    let mut scanner = Scanner::new(Ruleset::embedded());
    let mut wrong = Vec::new();
    for (file, cases) in every_file_of_cases() {
        for case in &cases.case {
            let found: BTreeSet<String> = scanner
                .scan(&cases.bytes(&case.parts))
                .unwrap()
                .into_iter()
                .map(|one| one.rule.name.clone())
                .collect();
            if found != case.expect {
                wrong.push(format!(
                    "{file}: {}: expected {:?}, matched {found:?}",
                    case.name, case.expect
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn has_a_case_and_a_near_miss_for_every_rule() {
    let cases: BTreeMap<_, _> = every_file_of_cases().into_iter().collect();
    for rule in Ruleset::embedded().rules() {
        let (file, name) = (&rule.namespace, &rule.name);
        let own = &cases
            .get(file)
            .unwrap_or_else(|| panic!("rules/tests/{file}.toml is missing"))
            .case;
        assert!(
            own.iter().any(|case| case.expect.contains(name)),
            "rules/tests/{file}.toml has no case for {name}"
        );
    }
    for (file, cases) in cases {
        let rules: Vec<_> = Ruleset::embedded()
            .rules()
            .filter(|rule| rule.namespace == file)
            .collect();
        assert!(
            !rules.is_empty(),
            "rules/tests/{file}.toml belongs to no rules"
        );
        let misses = cases
            .case
            .iter()
            .filter(|case| case.expect.is_empty())
            .count();
        assert!(
            misses >= rules.len(),
            "rules/tests/{file}.toml has {misses} near misses for {} rules",
            rules.len()
        );
        // A name that no rule has would make a case pass that tests nothing.
        for case in &cases.case {
            for name in &case.expect {
                assert!(
                    Ruleset::embedded().rules().any(|rule| &rule.name == name),
                    "{file}: no rule {name}"
                );
            }
        }
    }
}

#[test]
fn keeps_the_eicar_file_out_of_the_repository() {
    let cases: BTreeMap<_, _> = every_file_of_cases().into_iter().collect();
    let eicar = &cases["eicar"];
    let whole = eicar.bytes(&eicar.case[0].parts);
    assert_eq!(whole.len(), 68);
    let mut pending = vec![
        rules_directory(),
        Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(),
    ];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let bytes = fs::read(&path).unwrap();
            assert!(
                !bytes.windows(whole.len()).any(|window| window == whole),
                "{} holds EICAR's file",
                path.display()
            );
        }
    }
}
