//! What the crate promises about rules and scans in general, whatever the rules are about.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use quorum_yara::{
    CompileError, ENGINE_VERSION, MAX_DATA, MAX_MATCHES, Match, Ruleset, ScanError, Scanner,
    Severity, Source,
};

fn compile(text: &str) -> Result<Ruleset, CompileError> {
    Ruleset::compile([Source { name: "mine", text }])
}

fn names(found: &[Match]) -> Vec<&str> {
    found.iter().map(|one| one.rule.name.as_str()).collect()
}

#[test]
fn says_where_a_syntax_error_is() {
    let error =
        compile("rule fine { condition: true }\n\nrule broken {\n  condition:\n    true and\n}\n")
            .unwrap_err();
    assert_eq!(
        (error.source_name.as_str(), error.line, error.column),
        ("mine", 6, 1)
    );
    assert!(error.message.starts_with("syntax error: "), "{error}");
    assert!(
        error.to_string().starts_with("mine:6:1: syntax error"),
        "{error}"
    );
}

#[test]
fn says_where_a_name_is_unknown_and_in_which_source() {
    let sources = [
        Source {
            name: "first",
            text: "rule fine { condition: true }",
        },
        Source {
            name: "second",
            text: "rule odd {\n  condition:\n    nothing_such > 1\n}",
        },
    ];
    let error = Ruleset::compile(sources).unwrap_err();
    assert_eq!(
        (
            error.source_name.as_str(),
            error.line,
            error.column,
            error.code.as_str()
        ),
        ("second", 3, 5, "E009")
    );
    assert!(
        error.message.contains("nothing_such") || error.message.contains("unknown identifier"),
        "{error}"
    );
}

#[test]
fn points_at_the_second_of_two_rules_with_one_name() {
    let error =
        compile("rule twice { condition: true }\nrule twice { condition: false }").unwrap_err();
    assert_eq!((error.line, error.column), (2, 6));
}

#[test]
fn counts_columns_in_characters() {
    let error = compile("rule a { strings: $a = \"é漢\" condition: $b }").unwrap_err();
    assert_eq!((error.line, error.column), (1, 40));
}

#[test]
fn refuses_two_sources_with_one_name() {
    let source = Source {
        name: "same",
        text: "rule a { condition: true }",
    };
    assert_eq!(
        Ruleset::compile([source, source]).unwrap_err().source_name,
        "same"
    );
}

#[test]
fn lets_two_sources_have_rules_with_one_name() {
    let text = "rule same : here { condition: true }";
    let rules =
        Ruleset::compile([Source { name: "one", text }, Source { name: "two", text }]).unwrap();
    let found = Scanner::new(&rules).scan(b"").unwrap();
    let spaces: Vec<_> = found
        .iter()
        .map(|one| one.rule.namespace.as_str())
        .collect();
    assert_eq!(spaces, ["one", "two"]);
    assert_eq!(found[0].rule.tags, ["here"]);
}

#[test]
fn refuses_to_include_a_file() {
    let error = compile("include \"/etc/passwd\"\nrule a { condition: true }").unwrap_err();
    assert_eq!((error.line, error.code.as_str()), (1, "E044"));
}

#[test]
fn refuses_a_slow_pattern() {
    let error =
        compile("rule slow {\n  strings:\n    $a = /.*a/\n  condition:\n    $a\n}").unwrap_err();
    assert_eq!((error.line, error.column), (3, 5));
}

#[test]
fn refuses_a_module_that_is_not_built_in() {
    assert_eq!(
        compile("import \"cuckoo\"\nrule a { condition: true }")
            .unwrap_err()
            .line,
        1
    );
}

#[test]
fn keeps_integers_above_2_to_the_53_in_meta() {
    let rules = compile(
        r#"rule numbers { meta: big = 9007199254740993 top = 9223372036854775807 low = -9223372036854775807
           half = 0.5 yes = true text = "é" raw = "\xff" twice = 1 twice = 2 condition: true }"#,
    )
    .unwrap();
    let rule = rules.rules().next().unwrap();
    assert_eq!(rule.get("big"), Some("9007199254740993"));
    assert_eq!(rule.get("top"), Some("9223372036854775807"));
    assert_eq!(rule.get("low"), Some("-9223372036854775807"));
    assert_eq!(rule.get("half"), Some("0.5"));
    assert_eq!(rule.get("yes"), Some("true"));
    assert_eq!(rule.get("text"), Some("é"));
    assert_eq!(rule.get("raw"), Some("\u{fffd}"));
    assert_eq!(
        rule.meta.iter().filter(|(key, _)| key == "twice").count(),
        2
    );
    // Nor does a scan or a trip through JSON lose them.
    let found = Scanner::new(&rules).scan(b"").unwrap();
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Match>>(&json).unwrap(), found);
    assert!(json.contains("\"9007199254740993\""));
}

#[test]
fn takes_a_rule_without_meta_for_suspicious_and_calls_it_by_its_name() {
    let rules = compile("rule plain { condition: true } rule loud { meta: severity = \"MALICIOUS\" label = \"L\" condition: true }").unwrap();
    let found = Scanner::new(&rules).scan(b"").unwrap();
    assert_eq!(
        (found[0].label(), found[0].severity()),
        ("plain", Severity::Suspicious)
    );
    assert_eq!(
        (found[1].label(), found[1].severity()),
        ("L", Severity::Suspicious)
    );
}

#[test]
fn takes_the_severity_from_the_word_or_else_from_the_score() {
    for (meta, stated) in [
        ("severity = \"malicious\"", Some(Severity::Malicious)),
        (
            "severity = \"suspicious\" score = 100",
            Some(Severity::Suspicious),
        ),
        ("severity = 100", None),
        ("severity = \"high\" score = 80", Some(Severity::Malicious)),
        ("score = 79", Some(Severity::Suspicious)),
        ("score = \"85\"", Some(Severity::Malicious)),
        ("score = 101", None),
        ("score = -90", None),
        ("score = 90.5", None),
        ("score = true", None),
        ("author = \"x\"", None),
    ] {
        let rules = compile(&format!("rule r {{ meta: {meta} condition: true }}")).unwrap();
        let rule = rules.rules().next().unwrap();
        assert_eq!(rule.stated_severity(), stated, "{meta}");
        assert_eq!(rule.severity(), stated.unwrap_or(Severity::Suspicious));
    }
}

#[test]
fn leaves_private_rules_out() {
    let rules =
        compile("private rule inner { condition: true } rule outer { condition: inner }").unwrap();
    assert_eq!(
        rules
            .rules()
            .map(|rule| rule.name.as_str())
            .collect::<Vec<_>>(),
        ["outer"]
    );
    assert_eq!(names(&Scanner::new(&rules).scan(b"").unwrap()), ["outer"]);
}

#[test]
fn says_where_each_pattern_was_found() {
    let rules =
        compile("rule a { strings: $x = \"abc\" $y = { 64 ?? 66 } condition: all of them }")
            .unwrap();
    let found = Scanner::new(&rules).scan(b"-abcdef-abc").unwrap();
    let places: Vec<_> = found[0]
        .patterns
        .iter()
        .map(|one| {
            (
                one.identifier.as_str(),
                one.offset,
                one.length,
                one.data.as_slice(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("$x", 1, 3, &b"abc"[..]),
            ("$x", 8, 3, b"abc"),
            ("$y", 4, 3, b"def")
        ]
    );
}

#[test]
fn limits_matches_and_their_bytes() {
    let rules = compile("rule many { strings: $a = /a{100}/ condition: #a > 1500 }").unwrap();
    let found = Scanner::new(&rules).scan(&[b'a'; 5000]).unwrap();
    assert_eq!(found[0].patterns.len(), MAX_MATCHES);
    assert!(
        found[0]
            .patterns
            .iter()
            .all(|one| one.data.len() == MAX_DATA && one.length == 100)
    );
}

#[test]
fn scans_one_file_after_another_with_one_scanner() {
    let rules = compile(
        "rule a { strings: $a = \"needle\" condition: $a } rule empty { condition: filesize == 0 }",
    )
    .unwrap();
    let mut scanner = Scanner::new(&rules);
    for _ in 0..3 {
        assert_eq!(names(&scanner.scan(b"hay needle hay").unwrap()), ["a"]);
        assert!(scanner.scan(b"hay").unwrap().is_empty());
        assert_eq!(names(&scanner.scan(b"").unwrap()), ["empty"]);
    }
}

#[test]
fn ends_a_scan_that_takes_too_long_and_goes_on_with_the_next_file() {
    let rules = compile(
        "rule endless { condition: filesize > 3 and for all i in (1..1099511627776) : (uint8(i % 3) == 97) }
         rule quick { strings: $a = \"aaa\" condition: $a }",
    )
    .unwrap();
    let mut scanner = Scanner::new(&rules).timeout(Duration::from_secs(1));
    let start = Instant::now();
    assert_eq!(scanner.scan(b"aaaa"), Err(ScanError::Timeout));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(names(&scanner.scan(b"aaa").unwrap()), ["quick"]);
}

#[test]
fn can_be_shared_between_threads() {
    let rules = Ruleset::embedded();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                assert!(
                    Scanner::new(rules)
                        .scan(b"nothing here")
                        .unwrap()
                        .is_empty()
                )
            });
        }
    });
}

#[test]
fn names_a_version_that_changes_with_name_and_text_and_nothing_else() {
    let version = |name, text| Ruleset::compile([Source { name, text }]).unwrap().version();
    let one = version("a", "rule a { condition: true }");
    assert_eq!(one, version("a", "rule a { condition: true }"));
    assert_ne!(one, version("a", "rule a { condition: true } "));
    assert_ne!(one, version("b", "rule a { condition: true }"));
    assert_eq!(one.len(), 12);
}

#[test]
fn puts_the_newest_date_before_the_version() {
    let rules = compile(
        r#"rule a { meta: date = "2026-02-03" condition: true } rule b { meta: date = "2025-12-31" condition: true }
           rule c { meta: date = "9 May 2027" condition: true }"#,
    )
    .unwrap();
    assert_eq!(rules.updated(), Some("2026-02-03"));
    assert!(
        rules.version().starts_with("2026-02-03+"),
        "{}",
        rules.version()
    );
}

#[test]
fn names_the_engine_that_is_pinned() {
    assert_eq!(ENGINE_VERSION, "1.22.1");
}
