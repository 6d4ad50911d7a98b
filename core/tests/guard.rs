//! What the download guard does, event by event. Attack catalogue rows: E23 (other bytes to the
//! second asker), E25 (the worker dies), E26 (the backend fails).
#![allow(clippy::unwrap_used)]

use quorum_core::api::Failure;
use quorum_core::api::{Backend, Budget, Purpose};
use quorum_core::checksum::{Algorithm, Claim, Compared, Source};
use quorum_core::digest::{Hasher, sha256};
use quorum_core::guard::{
    Action, Attempt, Disposition, Download, Drift, Event, HOLD_MS, Kept, Notice, PageLook, Phase,
    Record, Rung, SecondCopy, Upload, UploadError, due, in_turn,
};
use quorum_core::lists::{Listing, Of, Says};
use quorum_core::policy::{Managed, Policy, SendRule};
use quorum_core::report::{AnalysisStatus, Report};
use quorum_core::rules::{Origin, RuleLine, RuleMatch, ScanReport};
use quorum_core::told::{Inspection, Member, Part, Severity, Told};
use quorum_core::verdict::{CopyFailure, Evidence, Reason, Verdict};
use serde_json::json;

const URL: &str = "https://files.example/setup.exe";

fn download(held: bool) -> Download {
    Download {
        id: 7,
        url: URL.to_owned(),
        name: "setup.exe".to_owned(),
        mime: "application/octet-stream".to_owned(),
        size: None,
        started: 1_000,
        private: false,
        held,
        terms: Policy::default().terms(URL),
    }
}

fn record(held: bool, url: &str) -> Record {
    Record::new(Download {
        url: url.to_owned(),
        ..download(held)
    })
}

fn bytes(bytes: &[u8], inspection: Inspection) -> SecondCopy {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    SecondCopy {
        digests: hasher.finish(),
        mime: "application/octet-stream".to_owned(),
        inspection,
        sha512: None,
        published: Vec::new(),
        coded: false,
        scannable: false,
    }
}

fn copy(of: &[u8]) -> Event {
    Event::CopyRead(Ok(bytes(of, Inspection::default())))
}

fn saved(of: &[u8]) -> Event {
    Event::SavedRead(Ok(bytes(of, Inspection::default())))
}

/// A copy whose bytes can be scanned.
fn scannable(of: &[u8]) -> Event {
    Event::CopyRead(Ok(SecondCopy {
        scannable: true,
        ..bytes(of, Inspection::default())
    }))
}

/// A scan in which these rules matched; `true` stands for malicious.
fn matched(rules: &[(&str, bool)]) -> Event {
    let found = |(name, malicious): &(&str, bool)| RuleMatch {
        rule: RuleLine {
            origin: Origin::Pack("Example rules".to_owned()),
            source: "a.yar".to_owned(),
            name: (*name).to_owned(),
            description: None,
            author: Some("A. Author".to_owned()),
            reference: None,
            license: None,
            malicious: *malicious,
        },
        label: (*name).to_owned(),
        tags: Vec::new(),
        meta: Vec::new(),
        hits: Vec::new(),
    };
    Event::Scanned(Box::new(ScanReport {
        matches: rules.iter().map(found).collect(),
        rules: 10,
        ..ScanReport::default()
    }))
}

fn landed(record: &mut Record, size: u64) -> Vec<Action> {
    let path = Some("/home/me/setup.exe".to_owned());
    record.step(
        Event::Landed {
            size: Some(size),
            path,
        },
        5,
    )
}

fn report(kind: &str, malicious: usize, silent: usize) -> Box<Report> {
    let results: serde_json::Map<_, _> = (0..malicious + silent)
        .map(|n| {
            let category = if n < malicious {
                "malicious"
            } else {
                "undetected"
            };
            let result = json!({"category": category, "engine_name": "x", "result": "Family.X"});
            (format!("E{n}"), result)
        })
        .collect();
    let object = json!({"type": kind, "id": "x", "attributes": {"last_analysis_results": results}});
    Box::new(Report::from_object(serde_json::from_value(object).unwrap()).unwrap())
}

fn seen(malicious: usize, silent: usize) -> Event {
    Event::FileReport(Ok(Some(report("file", malicious, silent))))
}

/// A held download whose second copy was read.
fn held_and_read() -> Record {
    let mut record = record(true, URL);
    assert_eq!(
        record.step(Event::Started, 0),
        [Action::StartHold(HOLD_MS), Action::ReadCopy(URL.to_owned())]
    );
    assert_eq!(record.held_until, Some(i64::from(HOLD_MS)));
    let asked = record.step(copy(b"bytes"), 1);
    assert!(matches!(asked[..], [Action::AskFile(_)]), "{asked:?}");
    record
}

#[test]
fn keeps_a_malicious_download_back_and_says_so() {
    let mut record = held_and_read();
    assert_eq!(
        record.step(seen(2, 0), 2),
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
    assert_eq!(record.disposition, Disposition::KeptBack);
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert_eq!(record.labels, ["Family.X"]);
    // The browser reports our own cancelling; that must not count as the user's.
    assert_eq!(record.step(Event::Gone, 3), []);
    assert_eq!(record.disposition, Disposition::KeptBack);
}

#[test]
fn fetches_a_kept_back_file_again_when_the_user_wants_it_and_once_only() {
    let mut record = held_and_read();
    record.step(seen(2, 0), 2);
    assert_eq!(record.step(Event::KeepAsked, 3), [fetch_again(URL, 3)]);
    assert_eq!(record.disposition, Disposition::Fetching);
    assert_eq!(record.open, 1);
    assert_eq!(record.step(Event::KeepAsked, 4), []);
    assert_eq!(record.step(Event::FetchBegan(8), 4), []);
    assert_eq!(record.download, 8);
    landed(&mut record, 5);
    assert_eq!(record.disposition, Disposition::KeptAnyway);
    // What it was kept in spite of stays, whatever is found out later.
    let despite = record.assessment.clone().unwrap();
    assert_eq!(despite.verdict, Verdict::Malicious);
    record.step(Event::CheckAsked, 5);
    record.step(seen(0, 9), 6);
    assert_eq!(record.verdict(), Some(Verdict::Clean));
    let begun = true;
    assert_eq!(
        record.kept,
        Some(Kept {
            at: 3,
            despite,
            begun
        })
    );
}

fn fetch_again(url: &str, since: i64) -> Action {
    let url = url.to_owned();
    Action::FetchAgain { url, since }
}

#[test]
fn e25_what_the_user_was_not_told_before_a_death_is_told_after_it() {
    let mut record = held_and_read();
    let told = Action::Notify(Notice::KeptBack);
    assert_eq!(record.step(seen(2, 0), 2), [Action::KeepBack, told.clone()]);
    // It is found among the unfinished ones.
    assert_eq!(record.open, 1);
    assert_eq!(record.step(Event::Woken, 9), [told]);
    record.step(Event::Notified(Notice::KeptBack), 10);
    assert_eq!(record.open, 0);
    assert_eq!(record.step(Event::Woken, 11), []);
}

#[test]
fn e25_what_is_kept_anyway_is_fetched_again_after_a_death_or_can_be_asked_for_again() {
    let fetching = || {
        let mut record = held_and_read();
        record.step(seen(2, 0), 2);
        record.step(Event::KeepAsked, 3);
        record
    };
    // Whoever died before the browser said that it has begun, looks whether it has.
    let mut record = fetching();
    assert_eq!(record.step(Event::Woken, 9), [fetch_again(URL, 3)]);
    // The end of the download that was cancelled is none of this one.
    assert_eq!(record.step(Event::Gone, 9), []);
    assert_eq!(record.disposition, Disposition::Fetching);
    record.step(Event::FetchBegan(8), 10);
    assert_eq!(record.open, 1, "it is not there yet");
    for fails in [Event::FetchFailed, Event::Gone] {
        let mut record = fetching();
        if fails == Event::Gone {
            record.step(Event::FetchBegan(8), 10);
        }
        assert_eq!(record.step(fails, 11), []);
        assert_eq!(record.disposition, Disposition::KeptBack);
        assert!(record.not_had, "and it says so");
        assert_eq!(record.open, 0);
        assert_eq!(record.step(Event::KeepAsked, 12), [fetch_again(URL, 12)]);
        assert!(!record.not_had);
    }
}

#[test]
fn e23_what_cannot_be_had_again_is_not_kept_back_and_told() {
    let listed = || Event::AddressReport(Ok(Some(report("url", 2, 0))));
    // Nobody has asked the address: it is taken to give the file once more.
    for failure in [CopyFailure::NoPermission, CopyFailure::PlainHttp] {
        let mut record = record(true, URL);
        record.step(Event::Started, 0);
        record.step(Event::CopyRead(Err(failure)), 1);
        assert_eq!(
            record.step(listed(), 2),
            [Action::KeepBack, Action::Notify(Notice::KeptBack)]
        );
    }
    // A form, a one-time link: it has refused it, or given another.
    for failure in [CopyFailure::Refused, CopyFailure::Different] {
        let mut record = record(true, URL);
        record.step(Event::Started, 0);
        record.step(Event::CopyRead(Err(failure)), 1);
        assert_eq!(
            record.step(listed(), 2),
            [Action::Release, Action::Notify(Notice::NotKeptBack)]
        );
    }
    // A second answer of another length than announced is none of the same file.
    let mut other = Record::new(Download {
        size: Some(999),
        ..download(true)
    });
    other.step(Event::Started, 0);
    assert_eq!(
        other.step(copy(b"bytes"), 1),
        [Action::AskAddress(URL.parse().unwrap())]
    );
    assert_eq!(
        other.step(listed(), 2),
        [Action::Release, Action::Notify(Notice::NotKeptBack)]
    );
    // What a page has made is read from it, and is gone with it.
    let made = "blob:https://files.example/9d6f2a";
    let mut blob = record(true, made);
    assert!(
        blob.step(Event::Started, 0)
            .contains(&Action::ReadCopy(made.to_owned()))
    );
    assert_eq!(
        blob.step(copy(b"bytes"), 1),
        [Action::AskFile(sha256(b"bytes"))]
    );
    assert_eq!(
        blob.step(Event::FileReport(Ok(Some(report("file", 40, 0)))), 2),
        [Action::Release, Action::Notify(Notice::NotKeptBack)]
    );
}

#[test]
fn a_blob_belongs_to_the_site_of_its_page() {
    let policy = Policy {
        skip_hosts: vec!["skipped.example".to_owned()],
        ..Policy::default()
    };
    let from = |url: &str| Download {
        url: url.to_owned(),
        ..download(false)
    };
    assert!(policy.skips(&from("blob:https://app.skipped.example/9d6f2a"), None));
    assert!(!policy.skips(&from("blob:https://files.example/9d6f2a"), None));
    assert!(!policy.terms("blob:http://192.168.1.7/9d6f2a").ask);
    assert!(policy.terms("blob:https://files.example/9d6f2a").ask);
}

#[test]
fn the_announced_length_of_a_content_coding_is_none_of_the_bytes() {
    let mut record = Record::new(Download {
        size: Some(999),
        ..download(true)
    });
    record.step(Event::Started, 0);
    let coded = SecondCopy {
        coded: true,
        ..bytes(b"bytes", Inspection::default())
    };
    let asked = record.step(Event::CopyRead(Ok(coded)), 1);
    assert!(matches!(asked[..], [Action::AskFile(_)]), "{asked:?}");
    assert_eq!(
        record.step(seen(2, 0), 2),
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
}

#[test]
fn e23_a_copy_that_differs_in_size_or_type_is_a_finding() {
    let differing = |size: Option<u64>, mime: &str, landed_first: bool| {
        let mut record = Record::new(Download {
            size,
            mime: "application/zip".to_owned(),
            ..download(true)
        });
        record.step(Event::Started, 0);
        if landed_first {
            record.step(Event::HoldExpired, 1);
            landed(&mut record, 999);
        }
        let copy = SecondCopy {
            mime: mime.to_owned(),
            ..bytes(b"bytes", Inspection::default())
        };
        record.step(Event::CopyRead(Ok(copy)), 2);
        if record.digests.is_some() {
            record.step(seen(0, 5), 3);
        } else {
            record.step(Event::AddressReport(Ok(None)), 3);
        }
        record
    };
    let size = Reason::CopyDiffers {
        saved: 999,
        copy: 5,
    };
    for landed_first in [true, false] {
        // Announced while it is held, or known since it landed.
        let announced = (!landed_first).then_some(999);
        let record = differing(announced, "application/zip", landed_first);
        assert!(reasons(&record).contains(&size), "{:?}", record.assessment);
        let not_read = Reason::BytesNotRead {
            failure: CopyFailure::Different,
        };
        assert!(!reasons(&record).contains(&not_read), "said once");
    }
    let other_type = differing(None, "Application/PDF; x=1", false);
    let said = Reason::CopyType {
        announced: "application/zip".to_owned(),
        copy: "application/pdf".to_owned(),
    };
    assert!(reasons(&other_type).contains(&said));
    for same in ["application/zip", "application/octet-stream", ""] {
        let record = differing(None, same, false);
        assert_eq!(record.copy_differs, None, "{same}");
    }
}

#[test]
fn plain_http_is_not_called_a_refusal_of_the_site() {
    for (url, failure) in [
        ("http://files.example/a.bin", CopyFailure::PlainHttp),
        ("http://127.0.0.1:8000/a.bin", CopyFailure::Refused),
        ("https://files.example/a.bin", CopyFailure::Refused),
    ] {
        let mut record = record(true, url);
        record.step(Event::Started, 0);
        record.step(Event::CopyRead(Err(CopyFailure::Refused)), 1);
        assert_eq!(record.copy_failure, Some(failure), "{url}");
    }
}

#[test]
fn each_rung_that_was_tried_is_kept_with_what_came_of_it() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Err(CopyFailure::Stalled)), 1);
    record.step(Event::AddressReport(Ok(None)), 2);
    landed(&mut record, 5);
    record.step(Event::SavedRead(Err(CopyFailure::NoPermission)), 3);
    let rung = |by, failure| Rung { by, failure };
    assert_eq!(
        record.tried,
        [
            rung(Evidence::SecondCopy, Some(CopyFailure::Stalled)),
            rung(Evidence::Address, None),
            rung(Evidence::SavedFile, Some(CopyFailure::NoPermission)),
        ]
    );
    record.step(saved(b"bytes"), 4);
    assert_eq!(record.tried.last(), Some(&rung(Evidence::SavedFile, None)));
    assert_eq!(record.tried.len(), 3, "one result for each");
}

#[test]
fn e26_what_the_budget_refuses_goes_on_at_the_time_it_names() {
    let mut record = held_and_read();
    let refused = Failure::RateLimited {
        retry_at: Some(60_000),
    };
    assert_eq!(
        record.step(Event::FileReport(Err(refused)), 2),
        [Action::Release]
    );
    assert_eq!(record.verdict(), Some(Verdict::Unchecked));
    assert_eq!((record.open, record.waits_until()), (1, Some(60_000)));
    assert_eq!(in_turn([&record], 9, 59_999), Vec::<String>::new());
    assert_eq!(in_turn([&record], 9, 60_000), [record.id.clone()]);
    assert_eq!(in_turn([&record], 0, 60_000), Vec::<String>::new());
    // A death does not begin it early, and a clock that was set back does not keep it for years.
    assert_eq!(record.step(Event::Woken, 5), []);
    assert_eq!(in_turn([&record], 9, -400_000_000), [record.id.clone()]);
    assert_eq!(record.goes_on_at(-400_000_000), Some(-400_000_000));
    assert_eq!(record.goes_on_at(59_999), Some(60_000));
    let asked = record.step(Event::Due, 60_000);
    assert!(matches!(asked[..], [Action::AskFile(_)]), "{asked:?}");
    assert_eq!(record.step(Event::Due, 60_000), [], "it goes on once");
    assert_eq!(
        record.step(seen(2, 0), 60_001),
        [Action::Notify(Notice::FoundLate)]
    );
    record.step(Event::Notified(Notice::FoundLate), 60_002);
    assert_eq!((record.open, record.later), (0, None));
}

#[test]
fn e26_a_backend_that_keeps_failing_is_asked_ever_more_rarely_and_not_for_ever() {
    let mut record = held_and_read();
    let down = || Event::FileReport(Err(Failure::Backend { status: 503 }));
    record.step(down(), 0);
    let mut waits = Vec::new();
    let mut now = 0;
    while let Some(at) = record.waits_until() {
        waits.push(at - now);
        now = at;
        record.step(Event::Due, now);
        record.step(down(), now);
    }
    assert_eq!(waits[..4], [30_000, 60_000, 120_000, 240_000]);
    assert_eq!(waits.len(), 10);
    assert_eq!(record.open, 0);
    // What will not be better by itself is not put off.
    let mut record = held_and_read();
    record.step(Event::FileReport(Err(Failure::KeyRefused)), 0);
    assert_eq!(record.open, 0);
}

#[test]
fn e26_two_hundred_downloads_at_once_are_all_checked_by_four_a_minute() {
    let backend: Backend = "virustotal.com".parse().unwrap();
    let mut budget = Budget::new(&backend);
    let mut left: Vec<i64> = Vec::new();
    let ask = |record: &mut Record, now: i64, left: &mut Vec<i64>, budget: &mut Budget| {
        let answer = match budget.take(Purpose::Background, now) {
            Ok(()) => {
                left.push(now);
                seen(0, 5)
            }
            Err(at) => Event::FileReport(Err(budget.why(at, now))),
        };
        record.step(answer, now);
    };
    let mut records: Vec<Record> = (0..200)
        .map(|id| {
            let mut record = Record::new(Download {
                id,
                ..download(true)
            });
            record.step(Event::Started, 0);
            record.step(copy(b"bytes"), 1);
            ask(&mut record, 2, &mut left, &mut budget);
            record
        })
        .collect();
    let waiting = |records: &[Record]| records.iter().filter(|it| it.open == 1).count();
    assert_eq!(waiting(&records), 197);
    // The alarm rings each minute.
    let mut now = 2;
    while waiting(&records) > 0 {
        now += 60_001;
        assert!(now < 75 * 60_001, "{} still wait", waiting(&records));
        let free = budget.free(Purpose::Background, now, 20);
        for id in in_turn(&records, free, now) {
            let record = records.iter_mut().find(|it| it.id == id).unwrap();
            record.step(Event::Due, now);
            ask(record, now, &mut left, &mut budget);
        }
    }
    assert_eq!(left.len(), 200, "each is asked about once");
    for at in &left {
        assert!(
            left.iter()
                .filter(|it| (*at..at + 60_000).contains(it))
                .count()
                <= 4
        );
    }
    assert!(
        records
            .iter()
            .all(|it| it.verdict() == Some(Verdict::Clean))
    );
}

/// A record whose file nobody knows, and which the user sends in.
fn sending() -> Record {
    let mut record = held_and_read();
    record.step(Event::FileReport(Ok(None)), 2);
    record.step(Event::UploadAsked, 3);
    record
}

#[test]
fn e25_an_upload_of_which_nothing_has_left_is_made_at_once_after_a_death() {
    let mut record = sending();
    let sent = record.step(Event::Woken, 4);
    assert!(matches!(sent[..], [Action::Upload { .. }]), "{sent:?}");
}

#[test]
fn e25_a_backend_that_does_not_know_yet_what_it_took_is_asked_again_before_it_gets_it_twice() {
    let mut record = sending();
    record.step(Event::UploadLeaves, 4);
    let mut asked = record.step(Event::Woken, 5);
    let mut waited = 0;
    for _ in 0..3 {
        let [Action::AskWhetherSent { after_ms, .. }] = asked[..] else {
            panic!("{asked:?}")
        };
        waited += after_ms;
        asked = record.step(Event::SentBefore(Ok(false)), 6);
    }
    assert!(waited > 0);
    // Now it does.
    let done = record.step(Event::SentBefore(Ok(true)), 7);
    assert!(matches!(done[..], [Action::AskFile(_)]), "{done:?}");
    assert_eq!(record.upload, Upload::Done);
}

#[test]
fn e26_an_upload_that_is_refused_or_cut_off_goes_on_by_itself() {
    let failed = |failure| Event::Uploaded(Err(UploadError::Backend { failure }));
    // What was refused has not arrived, and is sent again.
    let mut record = sending();
    record.step(Event::UploadLeaves, 4);
    let refused = Failure::RateLimited {
        retry_at: Some(9_000),
    };
    assert_eq!(record.step(failed(refused), 5), []);
    assert_eq!(
        (&record.upload, record.waits_until()),
        (&Upload::Sending, Some(9_000))
    );
    assert_eq!(record.step(Event::Woken, 6), [], "not before its time");
    let sent = record.step(Event::Due, 9_000);
    assert!(matches!(sent[..], [Action::Upload { .. }]), "{sent:?}");
    // What was cut off may have arrived.
    record.step(Event::UploadLeaves, 9_001);
    record.step(failed(Failure::Unreachable), 9_002);
    let at = record.waits_until().unwrap();
    let asked = record.step(Event::Due, at);
    assert!(
        matches!(asked[..], [Action::AskWhetherSent { .. }]),
        "{asked:?}"
    );
    // What will not go well later says so.
    let mut record = sending();
    record.step(failed(Failure::Forbidden), 5);
    assert!(matches!(record.upload, Upload::Failed { .. }));
    assert_eq!(record.open, 0);
}

#[test]
fn a_cancelled_upload_leaves_the_record_as_it_was_and_nothing_sends_it_again() {
    let mut record = sending();
    record.step(Event::UploadLeaves, 4);
    assert_eq!(record.step(Event::UploadCancelled, 5), []);
    assert_eq!((&record.upload, record.attempt), (&Upload::No, None));
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    assert_eq!(record.open, 0);
    // What was on its way comes to nothing.
    assert_eq!(record.step(Event::Uploaded(Ok("a1".to_owned())), 6), []);
    assert_eq!(record.step(Event::Woken, 7), []);
    assert!(record.can_upload());
    // What is at work already is not to be had back.
    record.step(Event::UploadAsked, 8);
    record.step(Event::Uploaded(Ok("a1".to_owned())), 9);
    record.step(Event::UploadCancelled, 10);
    assert!(matches!(record.upload, Upload::Analysing { .. }));
}

#[test]
fn e24_a_backend_that_got_other_bytes_than_were_checked_is_told() {
    let mut record = sending();
    record.step(Event::UploadLeaves, 4);
    record.step(Event::Uploaded(Ok("a1".to_owned())), 5);
    record.step(Event::Analysis(Ok(AnalysisStatus::Completed)), 6);
    // It has analysed something, and does not know it by the digest of what was read.
    record.step(Event::FileReport(Ok(None)), 7);
    let failure = Failure::NotFound;
    let error = UploadError::Backend { failure };
    assert_eq!(record.upload, Upload::Failed { error });
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    // One that knows it has got it, and may forget it later.
    let mut record = sending();
    record.step(Event::Uploaded(Ok("a1".to_owned())), 5);
    record.step(Event::Analysis(Ok(AnalysisStatus::Completed)), 6);
    record.step(seen(0, 5), 7);
    record.step(Event::CheckAsked, 8);
    record.step(Event::FileReport(Ok(None)), 9);
    assert_eq!(
        (&record.upload, record.attempt),
        (&Upload::Done, None::<Attempt>)
    );
}

#[test]
fn a_rule_sends_in_what_it_names_by_host_and_type_and_nothing_else() {
    let rule = |host: &str, types: &[&str]| SendRule {
        host: host.to_owned(),
        types: types.iter().map(|it| (*it).to_owned()).collect(),
    };
    let sends = |policy: &Policy, name: &str, url: &str, private: bool| {
        let mut record = Record::new(Download {
            name: name.to_owned(),
            url: url.to_owned(),
            terms: policy.terms(url),
            private,
            ..download(true)
        });
        record.step(Event::Started, 0);
        record.step(copy(b"bytes"), 1);
        let actions = record.step(Event::FileReport(Ok(None)), 2);
        actions.iter().any(|it| matches!(it, Action::Upload { .. }))
    };
    let policy = Policy {
        send: vec![rule("files.example", &["exe", ".MSI"])],
        ..Policy::default()
    };
    assert!(sends(&policy, "setup.exe", URL, false));
    assert!(sends(
        &policy,
        "setup.msi",
        "https://a.files.example/x",
        false
    ));
    assert!(!sends(&policy, "setup.zip", URL, false));
    assert!(!sends(
        &policy,
        "setup.exe",
        "https://other.example/x",
        false
    ));
    assert!(!sends(&policy, "setup.exe", URL, true), "private");
    assert!(!sends(&Policy::default(), "setup.exe", URL, false));
    // A document is no type like others.
    let mut all = Policy {
        send: vec![rule("files.example", &["*"])],
        ..Policy::default()
    };
    assert!(sends(&all, "setup.zip", URL, false));
    assert!(!sends(&all, "letter.pdf", URL, false));
    all.send_documents = true;
    assert!(sends(&all, "letter.pdf", URL, false));
    // What the user has cancelled is not sent by a rule either.
    let mut record = Record::new(Download {
        terms: policy.terms(URL),
        ..download(true)
    });
    record.step(Event::Started, 0);
    record.step(copy(b"bytes"), 1);
    record.step(Event::FileReport(Ok(None)), 2);
    assert_eq!(record.upload, Upload::Sending);
    record.step(Event::UploadCancelled, 3);
    record.step(Event::CheckAsked, 4);
    record.step(Event::FileReport(Ok(None)), 5);
    assert_eq!(record.upload, Upload::No);
}

#[test]
fn one_bad_value_of_the_organisations_does_not_take_the_others_with_it() {
    let values = json!({
        "downloads": true,
        "keep_back": ["malicious", "nonsense"],
        "skip_above": -1,
        "dry_run": "yes",
        "send": [{"host": "builds.example", "types": ["exe"]}],
        "no_such_name": 1,
        "remember": false,
        "rule_packs": ["https://soc.example/pack.json"],
        "lists": ["https://soc.example/hosts.txt", "http://soc.example/plain.txt"],
    });
    let (managed, mut bad) = Managed::read(values.as_object().unwrap().clone());
    bad.sort();
    assert_eq!(
        bad,
        [
            "dry_run",
            "keep_back",
            "lists: \"http://soc.example/plain.txt\"",
            "no_such_name",
            "skip_above"
        ]
    );
    assert_eq!(
        managed.names(),
        ["downloads", "lists", "remember", "rule_packs", "send"]
    );
    assert_eq!(
        managed.lists.unwrap_or_default(),
        ["https://soc.example/hosts.txt"]
    );
    assert_eq!(managed.remember, Some(false));
}

#[test]
fn what_the_organisation_has_set_is_not_saved_as_the_users_own() {
    let managed = Managed {
        keep_back: Some(vec![Verdict::Suspicious]),
        recheck: Some(false),
        ..Managed::default()
    };
    let own = Policy::default();
    let mut shown = managed.over(&own);
    shown.ask_intranet = true;
    let saved = managed.under(shown, &own);
    let expected = Policy {
        ask_intranet: true,
        ..own
    };
    assert_eq!(saved, expected);
}

#[test]
fn releases_what_nobody_objects_to() {
    let mut record = held_and_read();
    assert_eq!(record.step(seen(0, 5), 2), [Action::Release]);
    assert_eq!(record.verdict(), Some(Verdict::Clean));
    assert_eq!(
        record.assessment.as_ref().unwrap().evidence,
        Evidence::SecondCopy
    );
}

#[test]
fn releases_an_unknown_file_and_uploads_it_only_when_asked() {
    let mut record = held_and_read();
    assert_eq!(
        record.step(Event::FileReport(Ok(None)), 2),
        [Action::Release]
    );
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    assert!(record.can_upload());
    let sent = record.step(Event::UploadAsked, 3);
    assert!(matches!(sent[..], [Action::Upload { .. }]), "{sent:?}");
    assert!(!record.can_upload());
    assert_eq!(record.step(Event::UploadAsked, 4), []);
    record.step(Event::Uploaded(Ok("a1".to_owned())), 5);
    let asked = record.step(Event::Analysis(Ok(AnalysisStatus::Completed)), 6);
    assert!(matches!(asked[..], [Action::AskFile(_)]), "{asked:?}");
    assert_eq!(record.upload, Upload::Done);
    assert_eq!(
        record.step(seen(2, 0), 7),
        [Action::Notify(Notice::FoundLate)]
    );
}

#[test]
fn releases_whatever_fails() {
    for failure in [
        Failure::NoBackend,
        Failure::NoPermission,
        Failure::Unreachable,
        Failure::TooSlow,
        Failure::Redirected,
        Failure::KeyRefused,
        Failure::Forbidden,
        Failure::RateLimited { retry_at: None },
        Failure::QuotaSpent { retry_at: Some(9) },
        Failure::Backend { status: 500 },
        Failure::NotTheApi,
        Failure::TooLarge,
    ] {
        let mut record = held_and_read();
        let actions = record.step(Event::FileReport(Err(failure.clone())), 2);
        assert_eq!(actions, [Action::Release], "{failure}");
        let assessment = record.assessment.unwrap();
        assert_eq!(assessment.verdict, Verdict::Unchecked);
        assert_eq!(assessment.reasons, [Reason::Failed { failure }]);
    }
}

#[test]
fn lets_go_when_the_hold_expires_and_still_tells_what_comes_later() {
    let mut record = held_and_read();
    assert_eq!(record.step(Event::HoldExpired, 12_000), [Action::Release]);
    assert_eq!(record.phase, Phase::Checking);
    assert_eq!(
        record.step(seen(3, 0), 13_000),
        [Action::Notify(Notice::FoundLate)]
    );
    assert_eq!(record.disposition, Disposition::Released);
    assert_eq!(record.step(Event::HoldExpired, 14_000), []);
}

#[test]
fn asks_about_the_address_when_the_bytes_cannot_be_had() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    assert_eq!(
        record.step(Event::CopyRead(Err(CopyFailure::NoPermission)), 1),
        [Action::AskAddress(URL.parse().unwrap())]
    );
    let silent = Event::AddressReport(Ok(Some(report("url", 0, 9))));
    assert_eq!(record.step(silent, 2), [Action::Release]);
    let assessment = record.assessment.as_ref().unwrap();
    // An address that nobody objects to does not make its file clean.
    assert_eq!(assessment.verdict, Verdict::Unknown);
    assert_eq!(assessment.evidence, Evidence::Address);
    assert!(assessment.reasons.contains(&Reason::BytesNotRead {
        failure: CopyFailure::NoPermission
    }));
    assert!(!record.can_upload());
}

#[test]
fn what_cannot_be_fetched_or_is_withdrawn_is_released_as_not_checked() {
    let mut other = record(true, "filesystem:https://a.example/temporary/1");
    assert_eq!(
        other.step(Event::Started, 0),
        [Action::StartHold(HOLD_MS), Action::Release]
    );
    assert_eq!(other.verdict(), Some(Verdict::Unchecked));
    let mut blob = record(true, "blob:https://a.example/1-2");
    blob.step(Event::Started, 0);
    assert_eq!(
        blob.step(Event::CopyRead(Err(CopyFailure::Withdrawn)), 1),
        [Action::Release]
    );
    assert_eq!(blob.verdict(), Some(Verdict::Unchecked));
}

#[test]
fn a_private_address_is_not_asked_about() {
    let mut record = record(true, "http://10.0.0.1/x");
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Err(CopyFailure::Refused)), 1);
    let actions = record.step(Event::AddressReport(Err(Failure::Private)), 2);
    assert_eq!(actions, [Action::Release]);
    assert_eq!(record.assessment.unwrap().reasons[0], Reason::Private);
}

#[test]
fn a_page_that_came_instead_of_the_file_is_not_the_file() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    let mut hasher = Hasher::new();
    hasher.update(b"<html>please log in</html>");
    let login = Event::CopyRead(Ok(SecondCopy {
        digests: hasher.finish(),
        mime: "text/html; charset=utf-8".to_owned(),
        inspection: Inspection::default(),
        sha512: None,
        published: Vec::new(),
        coded: false,
        scannable: true,
    }));
    assert_eq!(
        record.step(login, 1),
        [Action::AskAddress(URL.parse().unwrap())]
    );
    assert_eq!(record.copy_failure, Some(CopyFailure::Different));
}

#[test]
fn a_copy_of_another_length_is_never_the_saved_files_verdict() {
    for landed_first in [true, false] {
        let mut record = held_and_read();
        let landed = Event::Landed {
            size: Some(999),
            path: None,
        };
        if landed_first {
            record.step(landed.clone(), 2);
            record.step(seen(0, 5), 3);
        } else {
            record.step(seen(0, 5), 2);
            record.step(landed.clone(), 3);
        }
        record.step(landed, 4);
        let assessment = record.assessment.unwrap();
        assert_eq!(assessment.verdict, Verdict::Unchecked);
        assert_eq!(assessment.evidence, Evidence::Address);
        let differs = Reason::CopyDiffers {
            saved: 999,
            copy: 5,
        };
        let said = assessment.reasons.iter().filter(|r| **r == differs).count();
        assert_eq!(said, 1);
    }
}

#[test]
fn the_same_length_leaves_the_verdict_as_it_is() {
    let mut record = held_and_read();
    record.step(seen(0, 5), 2);
    let landed = Event::Landed {
        size: Some(5),
        path: Some("/d/setup.exe".to_owned()),
    };
    assert_eq!(
        record.step(landed, 3),
        [Action::ReadSaved("/d/setup.exe".to_owned())]
    );
    assert_eq!(record.verdict(), Some(Verdict::Clean));
    assert_eq!(record.path.as_deref(), Some("/d/setup.exe"));
}

#[test]
fn goes_on_after_the_workers_death_without_a_hold() {
    let mut before = record(true, URL);
    before.step(Event::Started, 0);
    let stored = serde_json::to_string(&before).unwrap();
    let mut after: Record = serde_json::from_str(&stored).unwrap();
    assert_eq!(
        after.step(Event::Woken, 50_000),
        [Action::ReadCopy(URL.to_owned())]
    );
    after.step(copy(b"bytes"), 50_001);
    // It is on disk by now: a find is told, nothing is cancelled.
    assert_eq!(
        after.step(seen(2, 0), 50_002),
        [Action::Notify(Notice::FoundLate)]
    );
}

#[test]
fn asks_for_the_report_only_when_the_digests_are_stored_already() {
    let mut record = held_and_read();
    let actions = record.step(Event::Woken, 9);
    assert!(matches!(actions[..], [Action::AskFile(_)]), "{actions:?}");
}

#[test]
fn an_upload_that_died_goes_on_and_what_had_arrived_is_not_sent_twice() {
    let dead = || {
        let mut record = held_and_read();
        record.step(Event::FileReport(Ok(None)), 2);
        record.step(Event::UploadAsked, 3);
        record.step(Event::UploadLeaves, 3);
        let asked = record.step(Event::Woken, 4);
        assert!(
            matches!(asked[..], [Action::AskWhetherSent { after_ms: 0, .. }]),
            "{asked:?}"
        );
        record
    };
    let mut record = dead();
    let mut sent = record.step(Event::SentBefore(Ok(false)), 5);
    while let [Action::AskWhetherSent { .. }] = sent[..] {
        sent = record.step(Event::SentBefore(Ok(false)), 5);
    }
    assert!(matches!(sent[..], [Action::Upload { .. }]), "{sent:?}");
    let mut record = dead();
    let asked = record.step(Event::SentBefore(Ok(true)), 5);
    assert!(matches!(asked[..], [Action::AskFile(_)]), "{asked:?}");
    assert_eq!(record.upload, Upload::Done);
    let mut record = dead();
    assert_eq!(
        record.step(Event::SentBefore(Err(Failure::Unreachable)), 5),
        []
    );
    assert!(record.waits_until().is_some(), "it goes on");
}

#[test]
fn an_analysis_is_followed_after_a_death_even_while_the_check_is_made_again() {
    for again in [false, true] {
        let mut record = held_and_read();
        record.step(Event::FileReport(Ok(None)), 2);
        record.step(Event::UploadAsked, 3);
        record.step(Event::Uploaded(Ok("a1".to_owned())), 4);
        if again {
            record.step(Event::CheckAsked, 5);
        }
        let follow = Action::AskAnalysis {
            id: "a1".to_owned(),
            after_ms: 0,
        };
        assert!(record.step(Event::Woken, 6).contains(&follow), "{again}");
    }
}

#[test]
fn an_upload_that_fails_says_why_and_can_be_tried_again() {
    let mut record = held_and_read();
    record.step(Event::FileReport(Ok(None)), 2);
    record.step(Event::UploadAsked, 3);
    let error = UploadError::Copy {
        failure: CopyFailure::Different,
    };
    record.step(Event::Uploaded(Err(error.clone())), 4);
    assert_eq!(record.upload, Upload::Failed { error });
    assert!(record.can_upload());
}

#[test]
fn an_analysis_is_not_asked_after_for_ever() {
    let mut record = held_and_read();
    record.step(Event::FileReport(Ok(None)), 2);
    record.step(Event::UploadAsked, 3);
    let mut now = 4;
    let mut actions = record.step(Event::Uploaded(Ok("a1".to_owned())), now);
    let mut asked = 0;
    while let [Action::AskAnalysis { after_ms, .. }] = actions[..] {
        now += i64::from(after_ms);
        asked += 1;
        actions = record.step(Event::Analysis(Ok(AnalysisStatus::Queued)), now);
        assert!(asked < 100);
    }
    assert!(asked > 10);
    assert!(matches!(record.upload, Upload::Failed { .. }));
}

#[test]
fn a_download_that_the_user_cancels_is_marked_as_gone() {
    let mut record = held_and_read();
    record.step(Event::Gone, 2);
    assert_eq!(record.disposition, Disposition::Gone);
    // The answer that was on its way changes nothing in the browser any more.
    assert_eq!(record.step(seen(2, 0), 3), []);
    assert_eq!(record.step(Event::HoldExpired, 4), []);
}

#[test]
fn a_download_that_was_cut_and_gone_on_with_is_there() {
    let mut record = held_and_read();
    record.step(Event::Gone, 2);
    assert_eq!(record.step(seen(0, 5), 3), []);
    assert!(matches!(landed(&mut record, 5)[..], [Action::ReadSaved(_)]));
    assert_eq!(record.disposition, Disposition::Released);
}

#[test]
fn a_file_that_lands_although_it_was_kept_back_is_told() {
    let mut record = held_and_read();
    record.step(seen(2, 0), 2);
    let landed = Event::Landed {
        size: Some(5),
        path: None,
    };
    assert_eq!(
        record.step(landed, 3),
        [Action::Notify(Notice::NotKeptBack)]
    );
    assert_eq!(record.disposition, Disposition::Released);
}

#[test]
fn an_unlisted_host_does_not_make_a_file_clean_and_is_named() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Err(CopyFailure::Refused)), 1);
    record.step(Event::AddressReport(Ok(Some(report("domain", 0, 1)))), 2);
    let assessment = record.assessment.unwrap();
    assert_eq!(assessment.verdict, Verdict::Unknown);
    assert!(matches!(assessment.reasons[0], Reason::HostOnly { .. }));
}

#[test]
fn a_data_address_is_kept_only_while_its_file_may_be_wanted_from_us() {
    let url = format!("data:application/octet-stream,{}", "x".repeat(1000));
    for (verdict, kept) in [
        (seen(2, 0), true),
        (Event::FileReport(Ok(None)), true),
        (seen(0, 2), false),
        (Event::FileReport(Err(Failure::Unreachable)), true),
    ] {
        let mut record = record(true, &url);
        record.step(Event::Started, 0);
        record.step(copy(b"bytes"), 1);
        record.step(verdict, 2);
        assert_eq!(record.url == url, kept, "{:?}", record.verdict());
    }
}

#[test]
fn a_held_download_is_always_answered_within_the_hold() {
    // Whatever the order in which things happen, a held download is released or kept back by the
    // end of the hold, and exactly once.
    let events = || {
        [
            copy(b"bytes"),
            scannable(b"bytes"),
            Event::CopyRead(Err(CopyFailure::Refused)),
            Event::Stored(None),
            matched(&[]),
            matched(&[("bad", true)]),
            seen(2, 0),
            seen(0, 2),
            Event::FileReport(Err(Failure::Unreachable)),
            Event::AddressReport(Ok(None)),
            Event::Gone,
            Event::CheckAsked,
        ]
    };
    let answers = |actions: &[Action]| {
        actions
            .iter()
            .filter(|action| matches!(action, Action::Release | Action::KeepBack))
            .count()
    };
    for first in events() {
        for second in events() {
            for third in events() {
                let mut record = record(true, URL);
                let mut given = answers(&record.step(Event::Started, 0));
                let mut gone = false;
                for event in [first.clone(), second.clone(), third, Event::HoldExpired] {
                    gone |= event == Event::Gone && given == 0;
                    given += answers(&record.step(event, 1));
                }
                assert_eq!(given, usize::from(!gone), "{record:?}");
            }
        }
    }
}

fn reasons(record: &Record) -> &[Reason] {
    &record.assessment.as_ref().unwrap().reasons
}

#[test]
fn a_file_that_is_given_counts_as_saved_by_its_length_and_its_name_or_bytes() {
    let mut record = held_and_read();
    record.step(seen(0, 5), 2);
    let digests = |of: &[u8]| bytes(of, Inspection::default()).digests;
    assert!(
        !record.is_saved_as("setup.exe", &digests(b"bytes")),
        "nothing is saved yet"
    );
    landed(&mut record, 5);
    assert!(
        record.is_saved_as("setup.exe", &digests(b"other")),
        "its name and length"
    );
    assert!(
        record.is_saved_as("renamed.exe", &digests(b"bytes")),
        "its bytes"
    );
    assert!(!record.is_saved_as("renamed.exe", &digests(b"other")));
    assert!(
        !record.is_saved_as("setup.exe", &digests(b"longer")),
        "another length"
    );
    record.disposition = Disposition::KeptBack;
    assert!(
        !record.is_saved_as("setup.exe", &digests(b"bytes")),
        "it was kept back"
    );
}

#[test]
fn the_saved_file_raises_the_grade_of_a_copy_with_the_same_bytes() {
    let mut record = held_and_read();
    record.step(seen(0, 5), 2);
    let read = landed(&mut record, 5);
    assert_eq!(read, [Action::ReadSaved("/home/me/setup.exe".to_owned())]);
    assert_eq!(record.step(saved(b"bytes"), 6), []);
    let assessment = record.assessment.as_ref().unwrap();
    assert_eq!(assessment.evidence, Evidence::SavedFile);
    assert_eq!(assessment.verdict, Verdict::Clean);
    assert_eq!(landed(&mut record, 5), []);
}

#[test]
fn e23_other_bytes_to_the_second_asker_are_told_and_the_saved_ones_are_judged() {
    let mut record = held_and_read();
    record.step(seen(0, 5), 2);
    landed(&mut record, 5);
    let asked = record.step(saved(b"BYTES"), 6);
    let sha256 = record.digests.unwrap().sha256;
    assert_eq!(asked, [Action::AskFile(sha256)]);
    assert_eq!(
        record.step(seen(3, 0), 7),
        [Action::Notify(Notice::FoundLate)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert!(reasons(&record).contains(&Reason::CopyDiffers { saved: 5, copy: 5 }));
}

#[test]
fn the_saved_file_is_judged_where_no_second_copy_was_to_be_had() {
    let mut record = record(false, URL);
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Err(CopyFailure::Refused)), 1);
    record.step(Event::AddressReport(Ok(None)), 2);
    landed(&mut record, 5);
    assert!(matches!(
        record.step(saved(b"bytes"), 6)[..],
        [Action::AskFile(_)]
    ));
    record.step(seen(0, 9), 7);
    let assessment = record.assessment.as_ref().unwrap();
    assert_eq!(assessment.evidence, Evidence::SavedFile);
    assert_eq!(assessment.reasons, [Reason::NobodyObjects { answered: 9 }]);
}

#[test]
fn a_saved_file_that_may_not_be_read_changes_nothing() {
    let mut record = held_and_read();
    record.step(seen(0, 5), 2);
    landed(&mut record, 5);
    let before = record.clone();
    let refused = Event::SavedRead(Err(CopyFailure::NoPermission));
    assert_eq!(record.step(refused, 6), []);
    // Nothing but that it was tried.
    let rung = Rung {
        by: Evidence::SavedFile,
        failure: Some(CopyFailure::NoPermission),
    };
    assert_eq!(record.tried.pop(), Some(rung));
    assert_eq!(record, before);
    // The user lets us read it afterwards, and asks again.
    let sha256 = record.digests.unwrap().sha256;
    assert_eq!(
        record.step(Event::CheckAsked, 7),
        [
            Action::AskFile(sha256),
            Action::ReadSaved("/home/me/setup.exe".to_owned())
        ]
    );
}

#[test]
fn a_copy_that_comes_after_the_saved_file_is_only_compared() {
    let mut record = record(false, URL);
    record.step(Event::Started, 0);
    landed(&mut record, 5);
    record.step(saved(b"bytes"), 1);
    assert_eq!(record.step(copy(b"other"), 2), []);
    record.step(seen(0, 3), 3);
    assert!(reasons(&record).contains(&Reason::CopyDiffers { saved: 5, copy: 5 }));
    assert_eq!(record.digests.unwrap().size, 5);
    assert_eq!(record.read, Evidence::SavedFile);
}

/// A held archive of three members, whose own report just came.
fn archive(own: Event) -> (Record, Vec<Action>) {
    let member = |name: &str| Member {
        path: name.to_owned(),
        sha256: name.repeat(64).parse().unwrap(),
        size: 3,
    };
    let inspection = Inspection {
        members: ["a", "b", "c"].map(member).to_vec(),
        files: 3,
        ..Inspection::default()
    };
    let mut record = record(true, "https://files.example/all.zip");
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Ok(bytes(b"zip", inspection))), 1);
    let actions = record.step(own, 2);
    (record, actions)
}

fn ask_member(name: &str) -> Action {
    Action::AskMember(name.repeat(64).parse().unwrap())
}

fn member(malicious: usize, silent: usize) -> Event {
    Event::MemberReport(Ok(Some(report("file", malicious, silent))))
}

#[test]
fn the_worst_member_decides_about_an_unknown_archive_and_is_named() {
    let (mut record, actions) = archive(Event::FileReport(Ok(None)));
    assert_eq!(actions, [ask_member("a")]);
    assert_eq!(record.verdict(), None);
    assert_eq!(record.step(member(0, 9), 3), [ask_member("b")]);
    assert_eq!(
        record.step(member(4, 5), 4),
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
    assert_eq!(
        reasons(&record)[0],
        Reason::Member {
            path: "b".to_owned()
        }
    );
    assert_eq!(record.labels, ["Family.X"]);
}

#[test]
fn members_that_nobody_objects_to_leave_the_archive_what_it_is() {
    let (mut record, _) = archive(Event::FileReport(Ok(None)));
    record.step(member(0, 9), 3);
    record.step(Event::MemberReport(Ok(None)), 4);
    assert_eq!(record.step(member(0, 9), 5), [Action::Release]);
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    assert_eq!(reasons(&record), [Reason::NeverSeen]);
}

#[test]
fn a_spent_budget_ends_the_questions_about_members_and_is_told() {
    let (mut record, _) = archive(seen(0, 5));
    record.step(member(0, 9), 3);
    let spent = Event::MemberReport(Err(Failure::RateLimited { retry_at: None }));
    assert_eq!(record.step(spent, 4), [Action::Release]);
    assert_eq!(record.verdict(), Some(Verdict::Clean));
    assert!(reasons(&record).contains(&Reason::MembersNotAsked { asked: 1, of: 3 }));
}

#[test]
fn members_of_what_is_known_to_be_malicious_are_not_asked_about() {
    let (record, actions) = archive(seen(5, 0));
    assert_eq!(
        actions,
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
    assert_eq!(record.members_asked, 0);
}

#[test]
fn a_hold_that_ends_among_the_members_lets_go_and_goes_on_asking() {
    let (mut record, _) = archive(Event::FileReport(Ok(None)));
    assert_eq!(record.step(Event::HoldExpired, 12_000), [Action::Release]);
    assert_eq!(record.step(member(0, 1), 12_001), [ask_member("b")]);
    assert_eq!(
        record.step(member(4, 0), 12_002),
        [Action::Notify(Notice::FoundLate)]
    );
}

#[test]
fn what_was_noticed_is_a_doubt_of_its_own_and_never_praise() {
    let told = Told::new(
        Severity::Warning,
        "double_ending",
        [Part::text("pdf"), Part::text("exe")],
    );
    let notice = Told::new(Severity::Notice, "odd_port", [Part::text("8443")]);
    let noticed = Event::Noticed(vec![told.clone(), notice.clone()]);
    let failed = Event::AddressReport(Err(Failure::NoBackend));
    // Whichever comes first.
    for [first, second] in [[noticed.clone(), failed.clone()], [failed, noticed]] {
        let mut record = record(true, URL);
        record.step(Event::Started, 0);
        record.step(Event::CopyRead(Err(CopyFailure::NoPermission)), 1);
        let mut actions = record.step(first, 2);
        actions.extend(record.step(second, 3));
        assert_eq!(actions, [Action::Release]);
        assert_eq!(record.verdict(), Some(Verdict::Suspicious));
        assert_eq!(reasons(&record)[0], Reason::Noticed { told: told.clone() });
        assert!(reasons(&record).contains(&Reason::Noticed {
            told: notice.clone()
        }));
    }
}

#[test]
fn e21_what_comes_from_the_intranet_is_looked_at_and_asked_about_nobody() {
    let url = "http://wiki.corp.internal/setup.exe";
    let mut record = Record::new(Download {
        url: url.to_owned(),
        terms: Policy::default().terms(url),
        ..download(true)
    });
    record.step(Event::Started, 0);
    assert_eq!(record.step(copy(b"bytes"), 1), [Action::Release]);
    assert_eq!(record.verdict(), Some(Verdict::Unchecked));
    assert_eq!(reasons(&record), [Reason::Private]);
    assert_eq!(record.step(Event::CheckAsked, 2), []);
    assert!(!record.can_upload());
}

#[test]
fn a_policy_keeps_back_what_it_names_and_flags_the_rest() {
    let policy = |keep_back: &[Verdict]| Policy {
        keep_back: keep_back.to_vec(),
        ..Policy::default()
    };
    let ends = |policy: Policy, event: Event| {
        let mut record = Record::new(Download {
            terms: policy.terms(URL),
            ..download(true)
        });
        record.step(Event::Started, 0);
        record.step(copy(b"bytes"), 1);
        record.step(event, 2);
        record.disposition
    };
    let strict = [Verdict::Malicious, Verdict::Unknown];
    let unknown = || Event::FileReport(Ok(None));
    assert_eq!(ends(policy(&strict), unknown()), Disposition::KeptBack);
    assert_eq!(ends(policy(&strict), seen(0, 9)), Disposition::Released);
    assert_eq!(ends(policy(&[]), seen(9, 0)), Disposition::Released);
    // The hold's end is nobody's verdict.
    assert_eq!(
        ends(policy(&[Verdict::Unchecked]), Event::HoldExpired),
        Disposition::Released
    );
}

#[test]
fn a_document_is_not_sent_in_unless_the_policy_allows_it() {
    for (name, allowed, can) in [
        ("letter.pdf", false, false),
        ("letter.pdf", true, true),
        ("setup.exe", false, true),
    ] {
        let policy = Policy {
            send_documents: allowed,
            ..Policy::default()
        };
        let mut record = Record::new(Download {
            name: name.to_owned(),
            terms: policy.terms(URL),
            ..download(false)
        });
        record.step(Event::Started, 0);
        record.step(copy(b"bytes"), 1);
        record.step(Event::FileReport(Ok(None)), 2);
        assert_eq!(record.can_upload(), can, "{name}");
    }
}

#[test]
fn what_a_policy_skips_is_told_by_host_ending_and_size() {
    let policy = Policy {
        skip_hosts: vec!["*.Trusted.example".to_owned()],
        skip_endings: vec![".ISO".to_owned()],
        skip_above: Some(1_000),
        ..Policy::default()
    };
    let skips = |url: &str, name: &str, size| {
        let download = Download {
            url: url.to_owned(),
            name: name.to_owned(),
            ..download(true)
        };
        policy.skips(&download, size)
    };
    assert!(skips("https://a.trusted.example/x", "x", None));
    assert!(skips("https://trusted.example/x", "x", None));
    assert!(!skips("https://untrusted.example/x", "x", None));
    assert!(skips("https://b.example/", "Disk.iso", None));
    assert!(skips("https://b.example/", "x", Some(1_001)));
    assert!(!skips("https://b.example/", "x", Some(1_000)));
    assert!(!skips("https://b.example/", "x", None));
}

#[test]
fn the_organisations_word_is_stronger_than_the_users() {
    let managed = r#"{"keep_back": ["malicious", "suspicious"], "ask_intranet": true, "later": 1}"#;
    let managed: Managed = serde_json::from_str(managed).unwrap();
    assert_eq!(managed.names(), ["ask_intranet", "keep_back"]);
    let own = Policy {
        skip_above: Some(7),
        ..Policy::default()
    };
    let counts = managed.over(&own);
    assert_eq!(counts.keep_back, [Verdict::Malicious, Verdict::Suspicious]);
    assert!(counts.ask_intranet);
    assert_eq!(counts.skip_above, Some(7));
}

#[test]
fn the_published_schema_has_what_an_organisation_can_set() {
    let policy = Policy::default();
    let all = Managed {
        address: Some(String::new()),
        downloads: Some(true),
        dry_run: Some(false),
        remember: Some(true),
        send: Some(policy.send),
        keep_back: Some(policy.keep_back),
        skip_hosts: Some(policy.skip_hosts),
        skip_endings: Some(policy.skip_endings),
        skip_above: Some(0),
        send_documents: Some(policy.send_documents),
        ask_intranet: Some(policy.ask_intranet),
        recheck: Some(policy.recheck),
        protect: Some(policy.protect),
        rule_packs: Some(Vec::new()),
        lists: Some(Vec::new()),
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/managed.json");
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let mut named: Vec<&str> = properties.keys().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!(all.names(), named);
}

/// A held download that is about to be scanned, under this policy.
fn held_for_rules(keep_back: &[Verdict]) -> Record {
    let policy = Policy {
        keep_back: keep_back.to_vec(),
        ..Policy::default()
    };
    let mut record = Record::new(Download {
        terms: policy.terms(URL),
        ..download(true)
    });
    record.step(Event::Started, 0);
    let asked = record.step(scannable(b"bytes"), 1);
    let sha256 = record.digests.unwrap().sha256;
    assert_eq!(asked, [Action::AskStored(sha256)]);
    assert_eq!(record.step(Event::Stored(None), 2), [Action::Scan(sha256)]);
    assert_eq!(record.disposition, Disposition::Held);
    record
}

fn rule(name: &str, malicious: bool) -> Reason {
    Reason::Rule {
        rule: name.to_owned(),
        origin: Origin::Pack("Example rules".to_owned()),
        author: Some("A. Author".to_owned()),
        malicious,
    }
}

#[test]
fn a_rule_that_says_malicious_keeps_a_download_back_and_ends_the_asking() {
    let mut record = held_for_rules(&[Verdict::Malicious]);
    let actions = record.step(matched(&[("odd", false), ("bad", true)]), 3);
    // One notification, and nobody is asked.
    assert_eq!(
        actions,
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert_eq!(reasons(&record), [rule("bad", true)]);
    // What decides stands first, and the other match is kept.
    let names = record.rules.as_ref().unwrap().matches.iter();
    assert_eq!(
        names.map(|it| &it.label).collect::<Vec<_>>(),
        ["bad", "odd"]
    );
    // Stored and read again, it says the same.
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
}

#[test]
fn a_rule_that_says_suspicious_is_a_doubt_and_the_policy_decides() {
    for (keep_back, end) in [
        (&[Verdict::Malicious][..], Disposition::Released),
        (&[Verdict::Suspicious][..], Disposition::KeptBack),
    ] {
        let mut record = held_for_rules(keep_back);
        let sha256 = record.digests.unwrap().sha256;
        assert_eq!(
            record.step(matched(&[("odd", false)]), 3),
            [
                Action::AskFile(sha256),
                Action::Notify(Notice::RulesMatched)
            ]
        );
        record.step(seen(0, 9), 4);
        assert_eq!(record.disposition, end);
        assert_eq!(record.verdict(), Some(Verdict::Suspicious));
        assert_eq!(reasons(&record)[0], rule("odd", false));
        assert!(reasons(&record).contains(&Reason::NobodyObjects { answered: 9 }));
    }
}

#[test]
fn a_doubt_of_a_rule_does_not_soften_what_others_say() {
    let mut record = held_for_rules(&[Verdict::Malicious]);
    record.step(matched(&[("odd", false)]), 3);
    record.step(seen(9, 0), 4);
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert!(matches!(reasons(&record)[0], Reason::EnginesObject { .. }));
    assert_eq!(reasons(&record).last(), Some(&rule("odd", false)));
}

#[test]
fn rules_that_do_not_match_leave_the_question_to_the_backend() {
    let mut record = held_for_rules(&[Verdict::Malicious]);
    let sha256 = record.digests.unwrap().sha256;
    assert_eq!(record.step(matched(&[]), 3), [Action::AskFile(sha256)]);
    assert_eq!(record.step(seen(0, 9), 4), [Action::Release]);
    assert_eq!(record.verdict(), Some(Verdict::Clean));
}

#[test]
fn a_stored_answer_that_says_malicious_ends_the_asking_and_the_rules_still_run() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    record.step(scannable(b"bytes"), 1);
    let sha256 = record.digests.unwrap().sha256;
    assert_eq!(
        record.step(Event::Stored(Some(report("file", 4, 0))), 2),
        [
            Action::KeepBack,
            Action::Notify(Notice::KeptBack),
            Action::Scan(sha256)
        ]
    );
    assert_eq!(
        record.step(matched(&[("odd", false)]), 3),
        [Action::Notify(Notice::RulesMatched)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert_eq!(reasons(&record).last(), Some(&rule("odd", false)));
}

#[test]
fn a_stored_answer_that_says_anything_else_does_not_save_the_scan() {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    record.step(scannable(b"bytes"), 1);
    let sha256 = record.digests.unwrap().sha256;
    let stored = Event::Stored(Some(report("file", 0, 9)));
    assert_eq!(record.step(stored, 2), [Action::Scan(sha256)]);
    record.step(matched(&[("bad", true)]), 3);
    assert_eq!(record.disposition, Disposition::KeptBack);
}

#[test]
fn a_scan_that_outlasts_the_hold_is_told_when_it_ends() {
    let mut record = held_for_rules(&[Verdict::Malicious]);
    assert_eq!(record.step(Event::HoldExpired, 12_000), [Action::Release]);
    assert_eq!(
        record.step(matched(&[("bad", true)]), 20_000),
        [Action::Notify(Notice::FoundLate)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
}

#[test]
fn what_comes_from_the_intranet_is_scanned_and_asked_about_nobody() {
    let url = "http://wiki.corp.internal/setup.exe";
    let mut record = Record::new(Download {
        url: url.to_owned(),
        terms: Policy::default().terms(url),
        ..download(true)
    });
    record.step(Event::Started, 0);
    let asked = record.step(scannable(b"bytes"), 1);
    assert_eq!(asked, [Action::Scan(record.digests.unwrap().sha256)]);
    let actions = record.step(matched(&[("odd", false)]), 2);
    assert_eq!(
        actions,
        [Action::Release, Action::Notify(Notice::RulesMatched)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Suspicious));
    assert_eq!(reasons(&record), [rule("odd", false), Reason::Private]);
}

#[test]
fn the_saved_file_is_scanned_where_no_copy_was_and_the_verdict_follows() {
    let mut record = record(false, URL);
    record.step(Event::Started, 0);
    record.step(Event::CopyRead(Err(CopyFailure::Refused)), 1);
    record.step(Event::AddressReport(Ok(None)), 2);
    landed(&mut record, 5);
    let read = SecondCopy {
        scannable: true,
        ..bytes(b"bytes", Inspection::default())
    };
    record.step(Event::SavedRead(Ok(read)), 6);
    record.step(Event::Stored(None), 7);
    assert_eq!(
        record.step(matched(&[("bad", true)]), 8),
        [Action::Notify(Notice::FoundLate)]
    );
    let assessment = record.assessment.as_ref().unwrap();
    assert_eq!(assessment.evidence, Evidence::SavedFile);
}

#[test]
fn the_bytes_that_were_scanned_as_a_copy_are_not_scanned_again() {
    let mut record = held_for_rules(&[]);
    record.step(matched(&[("odd", false)]), 3);
    record.step(seen(0, 9), 4);
    landed(&mut record, 5);
    let read = || {
        Event::SavedRead(Ok(SecondCopy {
            scannable: true,
            ..bytes(b"bytes", Inspection::default())
        }))
    };
    assert_eq!(record.step(read(), 6), []);
    assert_eq!(record.verdict(), Some(Verdict::Suspicious));
    assert_eq!(reasons(&record)[0], rule("odd", false));
}

#[test]
fn e25_a_scan_that_the_workers_death_broke_off_is_made_after_all() {
    for landed_first in [false, true] {
        let mut record = held_for_rules(&[Verdict::Malicious]);
        if landed_first {
            landed(&mut record, 5);
        }
        let stored = serde_json::to_string(&record).unwrap();
        let mut record: Record = serde_json::from_str(&stored).unwrap();
        let mut actions = record.step(Event::Woken, 50_000);
        if landed_first {
            let path = "/home/me/setup.exe".to_owned();
            assert_eq!(actions, [Action::ReadSaved(path)]);
            // Which the user does not allow.
            actions = record.step(Event::SavedRead(Err(CopyFailure::NoPermission)), 50_001);
        }
        assert_eq!(actions, [Action::ReadCopy(URL.to_owned())]);
        record.step(scannable(b"bytes"), 50_002);
        record.step(Event::Stored(None), 50_003);
        assert_eq!(
            record.step(matched(&[("bad", true)]), 50_004),
            [Action::Notify(Notice::FoundLate)]
        );
    }
}

#[test]
fn bytes_that_cannot_be_had_once_more_are_still_asked_about() {
    for read in [
        Event::CopyRead(Err(CopyFailure::Refused)),
        // The site has another file there by now.
        scannable(b"BYTES"),
    ] {
        let mut record = held_for_rules(&[]);
        let sha256 = record.digests.unwrap().sha256;
        record.step(Event::Woken, 50_000);
        assert_eq!(record.step(read, 50_001), [Action::AskFile(sha256)]);
        record.step(seen(0, 9), 50_002);
        assert_eq!(record.digests.unwrap().sha256, sha256);
        assert_eq!(record.verdict(), Some(Verdict::Clean));
    }
}

#[test]
fn a_check_that_is_asked_for_again_asks_the_rules_again() {
    let mut record = held_for_rules(&[]);
    record.step(matched(&[("bad", true)]), 3);
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert_eq!(
        record.step(Event::CheckAsked, 4),
        [Action::ReadCopy(URL.to_owned())]
    );
    // The user has switched that rule off meanwhile, or all of them.
    for others_on in [true, false] {
        record.step(Event::CheckAsked, 5);
        if others_on {
            record.step(scannable(b"bytes"), 6);
            record.step(Event::Stored(None), 7);
            record.step(matched(&[]), 8);
        } else {
            record.step(copy(b"bytes"), 6);
        }
        record.step(seen(0, 9), 9);
        assert_eq!(record.verdict(), Some(Verdict::Clean));
    }
    assert_eq!(record.rules, None);
}

fn claim(source: Source, digest: &str) -> Claim {
    Claim {
        source,
        algorithm: Algorithm::Sha256,
        digest: digest.to_owned(),
        perhaps: false,
    }
}

fn checksum(source: Source, matches: bool) -> Reason {
    Reason::Checksum {
        compared: Compared {
            source,
            algorithm: Algorithm::Sha256,
            matches,
        },
    }
}

/// A held download whose page names this digest, up to the backend's answer.
fn held_with_claim(digest: &str, answer: Event) -> Record {
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    let published = Event::Published {
        claims: vec![claim(Source::Page, digest)],
        page: PageLook::Read,
    };
    assert_eq!(record.step(published, 1), []);
    record.step(copy(b"bytes"), 2);
    record.step(answer, 3);
    record
}

#[test]
fn a_publishers_checksum_that_holds_is_told_and_is_no_praise() {
    let own = sha256(b"bytes").to_string();
    let record = held_with_claim(&own, Event::FileReport(Ok(None)));
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    assert_eq!(
        reasons(&record),
        [Reason::NeverSeen, checksum(Source::Page, true)]
    );
    let record = held_with_claim(&own, seen(9, 0));
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
}

#[test]
fn a_publishers_checksum_that_does_not_hold_is_a_doubt() {
    let other = sha256(b"other").to_string();
    for (answer, verdict, first) in [
        (seen(0, 9), Verdict::Suspicious, true),
        (Event::FileReport(Ok(None)), Verdict::Suspicious, true),
        (
            Event::FileReport(Err(Failure::NoBackend)),
            Verdict::Suspicious,
            true,
        ),
        (seen(9, 0), Verdict::Malicious, false),
    ] {
        let record = held_with_claim(&other, answer);
        assert_eq!(record.verdict(), Some(verdict));
        let at = reasons(&record)
            .iter()
            .position(|it| *it == checksum(Source::Page, false));
        assert_eq!(at == Some(0), first, "{:?}", reasons(&record));
        assert!(at.is_some());
    }
}

#[test]
fn the_saved_bytes_are_compared_too_and_headers_speak_of_their_own_answer_only() {
    let own = sha256(b"bytes").to_string();
    let header = Source::Header("repr-digest".to_owned());
    let mut record = record(true, URL);
    record.step(Event::Started, 0);
    let published = Event::Published {
        claims: vec![claim(Source::Page, &own)],
        page: PageLook::Read,
    };
    record.step(published, 1);
    let copied = SecondCopy {
        published: vec![claim(header.clone(), &own)],
        ..bytes(b"bytes", Inspection::default())
    };
    record.step(Event::CopyRead(Ok(copied)), 2);
    record.step(seen(0, 9), 3);
    assert!(reasons(&record).contains(&checksum(header.clone(), true)));
    // The site gave the browser something else: the page's word is about that.
    landed(&mut record, 5);
    record.step(saved(b"BYTES"), 6);
    record.step(seen(0, 9), 7);
    assert_eq!(record.verdict(), Some(Verdict::Suspicious));
    assert_eq!(reasons(&record)[0], checksum(Source::Page, false));
    assert_eq!(reasons(&record)[1], checksum(header, false));
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
}

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A file that landed at this time and was unknown then.
fn old(id: i64, at: i64) -> Record {
    let mut record = Record::new(Download {
        id,
        started: at,
        ..download(false)
    });
    record.step(Event::Started, at);
    record.step(copy(b"bytes"), at);
    record.step(Event::FileReport(Ok(None)), at);
    landed(&mut record, 5);
    record
}

#[test]
fn a_file_is_asked_about_anew_once_a_day_and_after_a_week_once_a_week() {
    let mut record = old(1, 0);
    let is_due = |record: &Record, now| due([record], now) == [record.id.clone()];
    assert!(!is_due(&record, DAY - 1));
    assert!(is_due(&record, DAY));
    assert_eq!(record.step(Event::Rechecked(Ok(None)), DAY), []);
    assert!(!is_due(&record, 2 * DAY - 1));
    assert!(is_due(&record, 2 * DAY));
    record.step(Event::Rechecked(Ok(None)), 8 * DAY);
    assert!(!is_due(&record, 15 * DAY - 1));
    assert!(is_due(&record, 15 * DAY));
    // Nobody who does not answer counts as having answered.
    let failed = Event::Rechecked(Err(Failure::RateLimited { retry_at: None }));
    assert_eq!(record.step(failed, 15 * DAY), []);
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    assert!(is_due(&record, 15 * DAY));
    assert!(is_due(&record, 90 * DAY - 1));
    assert!(!is_due(&record, 90 * DAY));
    // A clock that was set back makes nothing older than it is for ever.
    record.rechecked = Some(80 * DAY);
    assert!(is_due(&record, 20 * DAY));
}

#[test]
fn what_is_not_there_or_not_to_be_asked_about_is_left_alone() {
    let good = old(1, 0);
    let with = |change: fn(&mut Record)| {
        let mut record = good.clone();
        change(&mut record);
        due([&record], DAY).len()
    };
    assert_eq!(with(|_| {}), 1);
    assert_eq!(with(|record| record.terms.ask = false), 0);
    assert_eq!(with(|record| record.private = true), 0);
    assert_eq!(with(|record| record.digests = None), 0);
    assert_eq!(with(|record| record.landed_size = None), 0);
    assert_eq!(with(|record| record.disposition = Disposition::KeptBack), 0);
    assert_eq!(with(|record| record.disposition = Disposition::Gone), 0);
    assert_eq!(
        with(|record| record.disposition = Disposition::KeptAnyway),
        1
    );
    assert_eq!(with(|record| record.phase = Phase::Checking), 0);
    for (verdict, count) in [
        (Verdict::Malicious, 0),
        (Verdict::KnownGood, 0),
        (Verdict::Suspicious, 1),
        (Verdict::Clean, 1),
        (Verdict::Unchecked, 1),
    ] {
        let mut record = good.clone();
        record.assessment.as_mut().unwrap().verdict = verdict;
        assert_eq!(due([&record], DAY).len(), count, "{verdict:?}");
    }
}

#[test]
fn a_few_are_asked_about_at_a_time_the_longest_waiting_first_and_twenty_in_a_day() {
    let mut records: Vec<_> = (0..100).map(|n| old(n, 1000 - n)).collect();
    let now = 2 * DAY;
    let first = due(&records, now);
    assert_eq!(first, ["901-99", "902-98", "903-97"]);
    let mut asked = 0;
    loop {
        let next = due(&records, now);
        for id in &next {
            let record = records.iter_mut().find(|record| record.id == *id).unwrap();
            record.step(Event::Rechecked(Ok(None)), now);
        }
        asked += next.len();
        if next.is_empty() {
            break;
        }
    }
    assert_eq!(asked, 20);
    assert_eq!(due(&records, now + DAY).len(), 3);
}

#[test]
fn a_file_that_turns_malicious_is_told_and_marked() {
    let mut record = old(1, 0);
    let turned = Event::Rechecked(Ok(Some(report("file", 9, 0))));
    assert_eq!(
        record.step(turned.clone(), 3 * DAY),
        [Action::Notify(Notice::TurnedMalicious)]
    );
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    assert_eq!(record.labels, ["Family.X"]);
    let drift = Drift {
        was: Verdict::Unknown,
        on: 0,
        since: 3 * DAY,
    };
    assert_eq!(record.drift, Some(drift));
    // Once.
    assert_eq!(record.step(turned, 4 * DAY), []);
    assert!(due([&record], 9 * DAY).is_empty());
}

#[test]
fn what_the_rules_and_the_checksums_say_outlasts_a_better_report() {
    let mut record = held_for_rules(&[Verdict::Malicious]);
    record.step(matched(&[("odd", false)]), 3);
    record.step(Event::FileReport(Ok(None)), 4);
    landed(&mut record, 5);
    record.step(Event::Rechecked(Ok(Some(report("file", 0, 60)))), DAY);
    assert_eq!(record.verdict(), Some(Verdict::Suspicious));
    assert_eq!(reasons(&record)[0], rule("odd", false));
    assert!(reasons(&record).contains(&Reason::NobodyObjects { answered: 60 }));
}

#[test]
fn what_was_said_of_a_member_outlasts_a_better_report_on_the_archive() {
    let (mut record, _) = archive(Event::FileReport(Ok(None)));
    record.step(member(4, 0), 3);
    record.step(Event::KeepAsked, 4);
    landed(&mut record, 3);
    record.assessment.as_mut().unwrap().verdict = Verdict::Suspicious;
    let before = record.assessment.clone();
    record.step(Event::Rechecked(Ok(Some(report("file", 0, 60)))), DAY);
    assert_eq!(record.assessment, before);
    assert_eq!(
        record.step(Event::Rechecked(Ok(Some(report("file", 9, 60)))), 2 * DAY),
        [Action::Notify(Notice::TurnedMalicious)]
    );
}

#[test]
fn a_data_address_that_was_kept_back_for_a_doubt_can_still_be_had() {
    let url = format!("data:application/octet-stream,{}", "x".repeat(1000));
    let policy = Policy {
        keep_back: vec![Verdict::Suspicious],
        ..Policy::default()
    };
    let mut record = Record::new(Download {
        url: url.clone(),
        terms: policy.terms(&url),
        ..download(true)
    });
    record.step(Event::Started, 0);
    record.step(scannable(b"bytes"), 1);
    record.step(Event::Stored(None), 2);
    record.step(matched(&[("odd", false)]), 3);
    record.step(Event::FileReport(Ok(None)), 4);
    assert_eq!(record.disposition, Disposition::KeptBack);
    record.step(Event::CheckAsked, 5);
    record.step(scannable(b"bytes"), 6);
    record.step(Event::Stored(None), 7);
    record.step(matched(&[("odd", false)]), 8);
    record.step(Event::FileReport(Ok(None)), 9);
    assert_eq!(record.step(Event::KeepAsked, 10), [fetch_again(&url, 10)]);
}

/// A record for which lists are on.
fn with_lists(held: bool) -> Record {
    let mut record = record(held, URL);
    record.lists = true;
    record
}

fn listing(of: Of, says: Says) -> Listing {
    Listing {
        list: "Hosts".to_owned(),
        from: "lists.example".to_owned(),
        version: 7,
        made: 1_764_000_000_000,
        of,
        label: None,
        says,
    }
}

/// What the lists say of the address.
fn address(says: Option<Says>) -> Event {
    let of = Of::Address("files.example/".to_owned());
    Event::Listed {
        of: None,
        listings: says.map(|says| listing(of, says)).into_iter().collect(),
    }
}

/// What the lists say of bytes.
fn listed(bytes: &[u8], says: Option<Says>) -> Event {
    Event::Listed {
        of: Some(sha256(bytes)),
        listings: says
            .map(|says| listing(Of::File, says))
            .into_iter()
            .collect(),
    }
}

#[test]
fn lists_are_asked_about_the_address_before_anything_leaves() {
    let mut record = with_lists(true);
    let actions = record.step(Event::Started, 1);
    assert_eq!(
        actions,
        [Action::StartHold(HOLD_MS), Action::AskLists(None)]
    );
    assert_eq!(record.open, 1);
    let actions = record.step(address(Some(Says::Bad)), 2);
    assert_eq!(
        actions,
        [Action::KeepBack, Action::Notify(Notice::KeptBack)]
    );
    let assessment = record.assessment.clone().unwrap();
    assert_eq!(assessment.verdict, Verdict::Malicious);
    assert_eq!(assessment.evidence, Evidence::Address);
    assert!(
        matches!(&assessment.reasons[..], [Reason::Listed { listing }] if listing.list == "Hosts")
    );
    // Somebody wants it all the same: what was said against it stays with it.
    record.step(Event::KeepAsked, 3);
    assert_eq!(record.kept.unwrap().despite, assessment);
}

#[test]
fn an_address_that_is_on_no_list_is_checked_as_ever_and_a_hint_is_a_doubt() {
    for (says, verdict) in [
        (None, Verdict::Unknown),
        // That a host is good says nothing of what it serves.
        (Some(Says::Good), Verdict::Unknown),
        (Some(Says::Hint), Verdict::Suspicious),
    ] {
        let mut record = with_lists(true);
        record.step(Event::Started, 1);
        let actions = record.step(address(says), 2);
        assert_eq!(actions, [Action::ReadCopy(URL.to_owned())]);
        let actions = record.step(copy(b"x"), 3);
        assert_eq!(actions, [Action::AskLists(Some(sha256(b"x")))]);
        let actions = record.step(listed(b"x", None), 4);
        assert_eq!(actions, [Action::AskFile(sha256(b"x"))]);
        record.step(Event::FileReport(Ok(None)), 5);
        assert_eq!(record.verdict(), Some(verdict), "{says:?}");
    }
}

#[test]
fn a_listed_file_ends_the_asking_and_its_rules_are_run_all_the_same() {
    for (says, verdict) in [
        (Says::Bad, Verdict::Malicious),
        (Says::Good, Verdict::KnownGood),
    ] {
        let mut record = with_lists(false);
        record.step(Event::Started, 1);
        record.step(address(None), 2);
        record.step(scannable(b"x"), 3);
        let actions = record.step(listed(b"x", Some(says)), 4);
        let asked = |action: &Action| matches!(action, Action::AskFile(_) | Action::AskStored(_));
        assert!(!actions.iter().any(asked), "{actions:?}");
        assert!(actions.contains(&Action::Scan(sha256(b"x"))));
        assert_eq!(record.verdict(), Some(verdict));
        // A rule of malicious outweighs a list of good ones.
        record.step(matched(&[("r", true)]), 5);
        assert_eq!(record.verdict(), Some(Verdict::Malicious));
    }
}

#[test]
fn the_short_form_of_a_known_good_file_is_told_and_changes_nothing() {
    let mut record = with_lists(false);
    record.step(Event::Started, 1);
    record.step(address(None), 2);
    record.step(copy(b"x"), 3);
    let actions = record.step(listed(b"x", Some(Says::GoodHint)), 4);
    assert_eq!(actions, [Action::AskFile(sha256(b"x"))]);
    record.step(Event::FileReport(Ok(None)), 5);
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    let reasons = record.assessment.unwrap().reasons;
    assert!(matches!(reasons.last(), Some(Reason::Listed { .. })));
}

#[test]
fn a_listed_member_of_an_archive_condemns_it_and_is_named() {
    let mut record = with_lists(true);
    record.step(Event::Started, 1);
    record.step(address(None), 2);
    record.step(copy(b"x"), 3);
    let of = Of::Member("a/b.exe".to_owned());
    let listings = vec![listing(of, Says::Bad)];
    let of = Some(sha256(b"x"));
    record.step(Event::Listed { of, listings }, 4);
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
    let reasons = record.assessment.unwrap().reasons;
    assert!(reasons.contains(&Reason::Member {
        path: "a/b.exe".to_owned()
    }));
}

#[test]
fn e23_what_lists_said_of_the_second_copy_does_not_count_for_other_bytes() {
    let mut record = with_lists(false);
    record.step(Event::Started, 1);
    record.step(address(None), 2);
    record.step(copy(b"x"), 3);
    record.step(listed(b"x", Some(Says::Good)), 4);
    assert_eq!(record.verdict(), Some(Verdict::KnownGood));
    landed(&mut record, 1);
    let actions = record.step(saved(b"y"), 6);
    assert_eq!(actions, [Action::AskLists(Some(sha256(b"y")))]);
    // An answer about the first bytes comes too late.
    assert_eq!(record.step(listed(b"x", Some(Says::Good)), 7), []);
    record.step(listed(b"y", None), 8);
    record.step(Event::FileReport(Ok(None)), 9);
    assert_ne!(record.verdict(), Some(Verdict::KnownGood));
}

#[test]
fn e25_a_worker_that_died_asks_the_lists_again() {
    let mut record = with_lists(true);
    record.step(Event::Started, 1);
    let actions = record.step(Event::Woken, 2);
    assert_eq!(actions, [Action::AskLists(None)]);
    assert_eq!(
        record.step(address(None), 3),
        [Action::ReadCopy(URL.to_owned())]
    );
}

#[test]
fn a_late_answer_about_the_address_still_counts() {
    let mut record = with_lists(false);
    record.step(Event::Started, 1);
    landed(&mut record, 1);
    record.step(saved(b"x"), 2);
    record.step(listed(b"x", None), 3);
    record.step(Event::FileReport(Ok(None)), 4);
    assert_eq!(record.verdict(), Some(Verdict::Unknown));
    let actions = record.step(address(Some(Says::Bad)), 5);
    assert_eq!(actions, [Action::Notify(Notice::FoundLate)]);
    assert_eq!(record.verdict(), Some(Verdict::Malicious));
}
