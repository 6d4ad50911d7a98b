//! The history: what a search takes, and the forms in which it leaves.
#![allow(clippy::unwrap_used)]

use quorum_core::digest::Hasher;
use quorum_core::guard::{Action, Disposition, Download, Event, Record, SecondCopy};
use quorum_core::history::{Filter, csv};
use quorum_core::policy::Policy;
use quorum_core::report::Report;
use quorum_core::rules::ScanReport;
use quorum_core::stix;
use quorum_core::told::Inspection;
use quorum_core::verdict::{Evidence, Verdict};
use serde_json::{Value, json};

fn record(name: &str, url: &str, malicious: bool) -> Record {
    let mut record = Record::new(Download {
        size: None,
        id: 7,
        url: url.to_owned(),
        name: name.to_owned(),
        mime: String::new(),
        started: 1_000,
        private: false,
        held: false,
        terms: Policy::default().terms(url),
    });
    record.step(Event::Started, 1_000);
    let mut hasher = Hasher::new();
    hasher.update(name.as_bytes());
    record.step(
        Event::CopyRead(Ok(SecondCopy {
            coded: false,
            digests: hasher.finish(),
            mime: String::new(),
            inspection: Inspection::default(),
            sha512: None,
            published: Vec::new(),
            scannable: false,
        })),
        1_001,
    );
    assert_eq!(record.open, 1);
    let category = if malicious { "malicious" } else { "undetected" };
    let object = json!({"type": "file", "id": "x", "attributes": {"last_analysis_results": {
        "E": {"category": category, "engine_name": "E", "result": "Family.X"},
    }}});
    let report = Report::from_object(serde_json::from_value(object).unwrap()).unwrap();
    for action in record.step(Event::FileReport(Ok(Some(Box::new(report)))), 1_002) {
        if let Action::Notify(notice) = action {
            record.step(Event::Notified(notice), 1_003);
        }
    }
    assert_eq!(record.open, 0);
    record
}

fn time(ms: i64) -> String {
    format!("T{ms}")
}

#[test]
fn a_search_takes_words_of_name_address_label_and_digests_and_a_verdict() {
    let bad = record("Invoice.exe", "https://Files.example/d/1", true);
    let sha256 = bad.digests.unwrap().sha256.to_string();
    let takes = |text: &str, verdict| {
        let text = text.to_owned();
        let filter = Filter {
            text,
            verdict,
            ..Filter::default()
        };
        filter.takes(&bad)
    };
    for text in [
        "",
        "invoice",
        "EXE files.example",
        "family.x",
        &sha256[..16],
    ] {
        assert!(takes(text, None), "{text}");
        assert!(takes(text, Some(Verdict::Malicious)), "{text}");
        assert!(!takes(text, Some(Verdict::Clean)), "{text}");
    }
    assert!(!takes("invoice pdf", None));
}

#[test]
fn a_search_takes_a_span_of_time_a_site_a_grade_what_became_of_it_and_a_rule() {
    let mut bad = record("Invoice.exe", "https://Files.example:8443/d/1", true);
    let rule = json!({
        "origin": "own", "source": "mine.yar", "name": "Hunt_Stealer", "description": null, "author": null,
        "reference": null, "license": null, "malicious": false,
    });
    let found = json!([{"rule": rule, "label": "Stealer kit", "tags": [], "meta": [], "hits": []}]);
    bad.rules = Some(ScanReport {
        matches: serde_json::from_value(found).unwrap(),
        ..ScanReport::default()
    });
    type Set = fn(&mut Filter);
    let cases: [(Set, bool); 16] = [
        (|it| it.since = Some(1_000), true),
        (|it| it.since = Some(1_001), false),
        (|it| it.until = Some(1_001), true),
        (|it| it.until = Some(1_000), false),
        (|it| it.site = "files.example".to_owned(), true),
        (|it| it.site = " Example ".to_owned(), true),
        (|it| it.site = "iles.example".to_owned(), false),
        (|it| it.site = "d".to_owned(), false),
        (|it| it.evidence = Some(Evidence::SecondCopy), true),
        (|it| it.evidence = Some(Evidence::SavedFile), false),
        (|it| it.disposition = Some(Disposition::Released), true),
        (|it| it.disposition = Some(Disposition::KeptBack), false),
        (|it| it.rule = "hunt_".to_owned(), true),
        (|it| it.rule = "stealer KIT".to_owned(), true),
        (|it| it.rule = "other".to_owned(), false),
        (|it| it.text = "nothing".to_owned(), false),
    ];
    assert!(Filter::default().is_empty());
    for (at, (set, taken)) in cases.into_iter().enumerate() {
        let mut filter = Filter::default();
        set(&mut filter);
        assert_eq!(filter.takes(&bad), taken, "case {at}: {filter:?}");
        assert!(!filter.is_empty());
    }
}

#[test]
fn a_table_quotes_what_needs_it_and_runs_nothing() {
    let records = [
        record("=cmd|' /c calc'!A0", "https://a.example/\"x\",y", false),
        record("@SUM(1)", "https://a.example/", true),
    ];
    let table = csv(&records, time);
    let lines: Vec<&str> = table.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[0].starts_with("started,name,verdict,"));
    assert!(lines[1].starts_with("T1000,'=cmd|' /c calc'!A0,clean,second_copy,released,18,"));
    assert!(
        lines[1].contains(r#","https://a.example/""x"",y","#),
        "{table}"
    );
    assert!(lines[2].starts_with("T1000,'@SUM(1),malicious,"), "{table}");
    assert!(lines[2].contains(",Family.X,"));
}

#[test]
fn a_bundle_has_the_file_its_address_and_when_it_was_observed() {
    let bundle = stix::downloads(&[record("a.exe", "https://a.example/a.exe", true)], time);
    let objects = bundle["objects"].as_array().unwrap();
    let of = |kind: &str| -> &Value {
        let mut found = objects.iter().filter(|object| object["type"] == kind);
        let one = found.next().unwrap();
        assert!(found.next().is_none());
        one
    };
    let (file, url, seen) = (of("file"), of("url"), of("observed-data"));
    assert_eq!(file["x_quorum_verdict"], "malicious");
    assert_eq!(file["size"], 5);
    assert_eq!(url["value"], "https://a.example/a.exe");
    assert_eq!(seen["object_refs"], json!([file["id"], url["id"]]));
    assert_eq!(seen["first_observed"], "T1000");
    assert_eq!(seen["modified"], "T1002");
}
