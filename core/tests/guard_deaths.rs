//! Whatever dies whenever, a download's record comes to its end: a shell is played that carries out what the guard asks
//! for in any order, dies at any step, and is woken on a clock that jumps. Attack catalogue rows: E25 (the
//! worker dies), E28 (clocks that jump).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::sample::Index;
use quorum_core::api::Failure;
use quorum_core::digest::Hasher;
use quorum_core::guard::{
    Action, Disposition, Download, Event, Phase, Record, SecondCopy, Upload, UploadError,
};
use quorum_core::policy::Policy;
use quorum_core::report::{AnalysisStatus, Report};
use quorum_core::told::Inspection;
use quorum_core::verdict::CopyFailure;
use serde_json::json;

const BYTES: &[u8] = b"the bytes of the file";

/// What happens next.
#[derive(Debug, Clone)]
enum Move {
    /// One of the things under way comes to an end.
    Ends(Index),
    /// The worker dies. If a file was on its way, it had arrived or not.
    Dies {
        arrived: bool,
    },
    /// The user asks for the check again, or for the upload.
    Check,
    Upload,
    /// The clock jumps by this many milliseconds.
    Jumps(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let jump = prop_oneof![
        -4_000_000_000_000_i64..4_000_000_000_000,
        Just(3_600_000),
        Just(-3_600_000)
    ];
    let one = prop_oneof![
        8 => any::<Index>().prop_map(Move::Ends),
        3 => any::<bool>().prop_map(|arrived| Move::Dies { arrived }),
        1 => Just(Move::Check),
        2 => Just(Move::Upload),
        1 => jump.prop_map(Move::Jumps),
    ];
    prop::collection::vec(one, 0..60)
}

/// The world around a record: the browser, the backend, and what is under way.
struct World {
    record: Record,
    under_way: Vec<Action>,
    now: i64,
    /// Whether everything that can fail does.
    fails: bool,
    /// How often the backend has stored the file.
    stored: u32,
    /// Whether the user's wish to send the file in was taken.
    asked: bool,
    /// Whether the browser waits for us.
    waits: bool,
    landed: bool,
}

fn copy() -> SecondCopy {
    let mut hasher = Hasher::new();
    hasher.update(BYTES);
    SecondCopy {
        digests: hasher.finish(),
        mime: String::new(),
        inspection: Inspection::default(),
        sha512: None,
        published: Vec::new(),
        coded: false,
        scannable: true,
    }
}

fn silent() -> Box<Report> {
    let results = json!({"A": {"category": "undetected", "engine_name": "A", "result": null}});
    let object =
        json!({"type": "file", "id": "x", "attributes": {"last_analysis_results": results}});
    Box::new(Report::from_object(serde_json::from_value(object).unwrap()).unwrap())
}

impl World {
    fn new(fails: bool, lists: bool) -> Self {
        let url = "https://files.example/setup.exe";
        let mut world = Self {
            record: Record::new(Download {
                id: 7,
                url: url.to_owned(),
                name: "setup.exe".to_owned(),
                mime: String::new(),
                size: None,
                started: 1_000,
                private: false,
                held: true,
                terms: Policy::default().terms(url),
            }),
            under_way: Vec::new(),
            now: 1_764_000_000_000,
            fails,
            stored: 0,
            asked: false,
            waits: true,
            landed: false,
        };
        world.record.lists = lists;
        world.step(Event::Started);
        world
    }

    fn step(&mut self, event: Event) {
        self.under_way.extend(self.record.step(event, self.now));
        // Nothing may wait for what never comes.
        assert!(
            self.record.open == 0
                || !self.under_way.is_empty()
                || self.record.waits_until().is_some(),
            "stuck: {:?}",
            self.record
        );
    }

    fn moves(&mut self, what: &Move) {
        match what {
            Move::Ends(_) if self.under_way.is_empty() => {}
            Move::Ends(which) => {
                let action = self.under_way.remove(which.index(self.under_way.len()));
                self.ends(action);
            }
            Move::Dies { arrived } => self.dies(*arrived),
            Move::Check => self.step(Event::CheckAsked),
            Move::Upload => {
                self.asked |= self.record.can_upload();
                self.step(Event::UploadAsked);
            }
            Move::Jumps(by) => self.now += by,
        }
        // What does not wait any more lands.
        if !self.waits && !self.landed && self.record.disposition != Disposition::KeptBack {
            self.landed = true;
            self.step(Event::Landed {
                size: Some(BYTES.len() as u64),
                path: Some("/d/setup.exe".to_owned()),
            });
        }
    }

    /// The bytes of the upload that is under way are about to leave.
    fn leaves(&mut self) {
        let actions = self.record.step(Event::UploadLeaves, self.now);
        assert!(actions.is_empty());
    }

    fn dies(&mut self, arrived: bool) {
        let sending = |action: &Action| matches!(action, Action::Upload { .. });
        // Nothing leaves before it is written that it may.
        if self.under_way.iter().any(sending) && arrived && !self.fails {
            self.leaves();
            self.stored += 1;
        }
        self.under_way.clear();
        self.waits = false;
        let journal = serde_json::to_string(&self.record).unwrap();
        self.record = serde_json::from_str(&journal).unwrap();
        self.step(Event::Woken);
    }

    fn ends(&mut self, action: Action) {
        self.now += 10;
        let fails = self.fails;
        let report = |there: bool| match fails {
            true => Err(Failure::Unreachable),
            false => Ok(there.then(silent)),
        };
        let read = || match fails {
            true => Err(CopyFailure::Refused),
            false => Ok(copy()),
        };
        match action {
            Action::StartHold(_) => self.step(Event::HoldExpired),
            Action::ReadCopy(_) => self.step(Event::CopyRead(read())),
            Action::ReadSaved(_) => self.step(Event::SavedRead(read())),
            Action::AskLists(of) => self.step(Event::Listed {
                of,
                listings: Vec::new(),
            }),
            Action::AskStored(_) => self.step(Event::Stored(None)),
            Action::Scan(_) => self.step(Event::Scanned(Box::default())),
            Action::AskFile(_) => self.step(Event::FileReport(report(self.stored > 0))),
            Action::AskMember(_) => self.step(Event::MemberReport(report(false))),
            Action::AskAddress(_) => self.step(Event::AddressReport(report(false))),
            Action::AskWhetherSent { after_ms, .. } => {
                self.now += i64::from(after_ms);
                let sent = report(self.stored > 0).map(|report| report.is_some());
                self.step(Event::SentBefore(sent));
            }
            Action::Release | Action::KeepBack => self.waits = false,
            Action::Upload { .. } if fails => {
                self.leaves();
                let failure = Failure::Unreachable;
                self.step(Event::Uploaded(Err(UploadError::Backend { failure })));
            }
            Action::Upload { .. } => {
                self.leaves();
                self.stored += 1;
                self.step(Event::Uploaded(Ok("a1".to_owned())));
            }
            Action::AskAnalysis { after_ms, .. } => {
                self.now += i64::from(after_ms);
                let status = match fails {
                    true => Err(Failure::Unreachable),
                    false => Ok(AnalysisStatus::Completed),
                };
                self.step(Event::Analysis(status));
            }
            Action::Notify(notice) => self.step(Event::Notified(notice)),
            Action::FetchAgain { .. } => {}
        }
    }

    /// Nothing happens any more but what is under way.
    fn rest(&mut self) {
        for _ in 0..10_000 {
            if self.under_way.is_empty() {
                let Some(at) = self.record.waits_until() else {
                    break;
                };
                self.now = self.now.max(at);
                self.step(Event::Due);
                continue;
            }
            let action = self.under_way.remove(0);
            self.ends(action);
        }
        // The last things to end may have let the download go.
        self.moves(&Move::Jumps(0));
        while let Some(action) = self.under_way.pop() {
            self.ends(action);
        }
    }
}

proptest! {
    #[test]
    fn e25_e28_every_record_ends_and_what_was_asked_for_is_stored_once(moves in moves(), lists: bool) {
        let mut world = World::new(false, lists);
        for what in &moves {
            world.moves(what);
        }
        world.rest();
        prop_assert_eq!(world.record.open, 0);
        prop_assert_eq!(world.record.phase, Phase::Done);
        prop_assert!(!world.waits && world.landed, "the download is let go and lands");
        if world.asked {
            prop_assert_eq!(&world.record.upload, &Upload::Done);
        }
        prop_assert_eq!(world.stored, u32::from(world.asked));
    }

    #[test]
    fn e25_e26_every_record_ends_where_everything_fails(moves in moves(), lists: bool) {
        let mut world = World::new(true, lists);
        for what in &moves {
            world.moves(what);
        }
        world.rest();
        prop_assert_eq!(world.record.open, 0);
        prop_assert!(!world.waits && world.landed);
        prop_assert_eq!(world.stored, 0);
    }
}
