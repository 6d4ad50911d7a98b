//! From the core's facts to the words for them: which message says it, with which values, in which
//! tone and under which icon. Every variant of the core's enums has its sentence here.

use quorum_core::api::{Failure, Remaining};
use quorum_core::checksum::{Compared, Source};
use quorum_core::guard::{Disposition, PageLook, Rung, UploadError};
use quorum_core::indicator::Kind;
use quorum_core::lists::{Listing, Of, Says};
use quorum_core::message::Problem;
use quorum_core::privacy::What;
use quorum_core::report::{Category, Stats};
use quorum_core::told::{Part, Told};
use quorum_core::verdict::{Assessment, Class, CopyFailure, Evidence, Reason, Verdict};

use crate::icon::Shape;
use crate::matches;
use crate::words::{Key, Phrase, Value, key, named};

/// The CSS class that colours a verdict. The word beside it says the same.
pub(crate) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Malicious => "bad",
        Verdict::Suspicious => "warn",
        Verdict::Clean | Verdict::KnownGood => "calm",
        Verdict::Unknown | Verdict::Unchecked => "none",
    }
}

/// One of the six words.
pub(crate) fn verdict(verdict: Verdict) -> Key {
    match verdict {
        Verdict::Malicious => key("verdict_malicious"),
        Verdict::Suspicious => key("verdict_suspicious"),
        Verdict::Clean => key("verdict_clean"),
        Verdict::KnownGood => key("verdict_known_good"),
        Verdict::Unknown => key("verdict_unknown"),
        Verdict::Unchecked => key("verdict_unchecked"),
    }
}

/// The heading of a report: the class where there is one, else the verdict.
pub(crate) fn heading(assessment: &Assessment) -> Key {
    match assessment.class {
        Some(Class::Phishing) => key("class_phishing"),
        Some(Class::MalwareSite) => key("class_malware_site"),
        Some(Class::FalseAlarm) => key("class_false_alarm"),
        None => verdict(assessment.verdict),
    }
}

/// "2 of 72 engines object": the ring's name, and the first thing to be said of a report.
pub(crate) fn engines(stats: Stats) -> Phrase {
    engines_object(stats.objecting(), stats.answered())
}

fn engines_object(objecting: u32, answered: u32) -> Phrase {
    match (objecting, answered) {
        (_, 0) => key("engines_no_result").into(),
        (0, m) => Phrase::new(key("engines_object_none"), [m.into()]),
        (1, 1) => key("engines_object_sole").into(),
        // The place of the second value is the same in both sentences.
        (1, m) => Phrase::new(key("engines_object_one"), [1.into(), m.into()]),
        (n, m) => Phrase::new(key("engines_object"), [n.into(), m.into()]),
    }
}

/// A reason's sentence.
pub(crate) fn reason(reason: &Reason) -> Phrase {
    match reason {
        Reason::EnginesObject {
            objecting,
            answered,
        } => engines_object(*objecting, *answered),
        Reason::GenericLabels { objecting: 1 } => key("reason_generic_one").into(),
        Reason::GenericLabels { .. } => key("reason_generic").into(),
        Reason::Family { label } => Phrase::new(key("reason_family"), [label.as_str().into()]),
        Reason::NobodyObjects { answered } => Phrase::counted(
            (*answered).into(),
            key("reason_nobody_one"),
            key("reason_nobody"),
        ),
        Reason::Votes {
            malicious,
            harmless,
        } => {
            let all = malicious.saturating_add(*harmless);
            let (key, most) = if malicious >= harmless {
                (key("reason_votes_malicious"), malicious)
            } else {
                (key("reason_votes_harmless"), harmless)
            };
            Phrase::new(key, [(*most).into(), all.into()])
        }
        Reason::KnownOn { list, by } if by.is_empty() => {
            Phrase::new(key("reason_known_on"), [list.as_str().into()])
        }
        Reason::KnownOn { list, by } => Phrase::new(
            key("reason_known_on_by"),
            [list.as_str().into(), by.as_str().into()],
        ),
        Reason::KnownSince { first_seen, times } => {
            let key = match times {
                1 => key("reason_known_since_one"),
                _ => key("reason_known_since"),
            };
            Phrase::new(key, [Value::Day(*first_seen), Value::Count(*times)])
        }
        Reason::NeverSeen => key("reason_never_seen").into(),
        Reason::NoEngineAnswered { asked: 0 } => key("reason_no_engine").into(),
        Reason::NoEngineAnswered { asked } => Phrase::counted(
            (*asked).into(),
            key("reason_no_answer_one"),
            key("reason_no_answer"),
        ),
        Reason::HostOnly { host } => Phrase::new(key("reason_host_only"), [host.as_str().into()]),
        Reason::BytesNotRead { failure } => copy_failure(*failure).into(),
        Reason::Noticed { told } => noticed(told),
        Reason::Listed { listing } => listed(listing),
        Reason::Rule {
            rule,
            origin,
            author,
            ..
        } => {
            let mut values = vec![rule.as_str().into(), matches::origin(origin)];
            let key = match author {
                Some(_) => key("reason_rule_by"),
                None => key("reason_rule"),
            };
            values.extend(author.as_deref().map(Value::from));
            Phrase::new(key, values)
        }
        Reason::Checksum { compared } => checksum(compared),
        Reason::Member { path } => Phrase::new(key("reason_member"), [path.as_str().into()]),
        Reason::MembersNotAsked { asked, of } => Phrase::new(
            key("reason_members_not_asked"),
            [(*asked).into(), (*of).into()],
        ),
        Reason::CopyDiffers { saved, copy } if saved == copy => key("reason_copy_other").into(),
        Reason::CopyDiffers { saved, copy } => Phrase::new(
            key("reason_copy_differs"),
            [Value::Bytes(*saved), Value::Bytes(*copy)],
        ),
        Reason::CopyType { announced, copy } => Phrase::new(
            key("reason_copy_type"),
            [announced.as_str().into(), copy.as_str().into()],
        ),
        Reason::Private => key("reason_private").into(),
        Reason::Failed { failure } => self::failure(failure),
    }
}

/// On which list it is, and what that says.
fn listed(listing: &Listing) -> Phrase {
    let what = match &listing.of {
        Of::Address(expression) => {
            let host = expression
                .strip_suffix('/')
                .filter(|host| !host.contains('/'));
            Value::from(host.unwrap_or(expression))
        }
        Of::File => Value::Phrase(Box::new(key("listed_file").into())),
        Of::Member(path) => path.as_str().into(),
    };
    let mut values = vec![what, listing.list.as_str().into()];
    let own = listing.from.is_empty();
    if !own {
        let day = Value::Day(listing.made.div_euclid(1000));
        let version = match listing.version {
            0 => Phrase::new(key("listed_day"), [day]),
            version => Phrase::new(key("listed_version"), [Value::Count(version), day]),
        };
        values.push(listing.from.as_str().into());
        values.push(Value::Phrase(Box::new(version)));
    }
    let name = match (listing.says, own) {
        (Says::Bad, true) => key("listed_bad_own"),
        (Says::Bad, false) if listing.label.is_some() => key("listed_bad_as"),
        (Says::Bad, false) => key("listed_bad"),
        (Says::Hint, _) => key("listed_hint"),
        (Says::Good, _) => key("listed_good_own"),
        (Says::GoodHint, _) => key("listed_good_hint"),
    };
    values.extend(listing.label.as_deref().map(Value::from));
    Phrase::new(name, values)
}

/// How a publisher's checksum compares with the bytes.
pub(crate) fn checksum(compared: &Compared) -> Phrase {
    let place = match &compared.source {
        Source::Header(name) => Phrase::new(key("checksum_header"), [name.as_str().into()]),
        Source::Page => key("checksum_page").into(),
        Source::List(address) => Phrase::new(key("checksum_list"), [address.as_str().into()]),
    };
    let name = match compared.matches {
        true => key("reason_checksum_matches"),
        false => key("reason_checksum_differs"),
    };
    let values = [
        compared.algorithm.name().into(),
        Value::Phrase(Box::new(place)),
    ];
    Phrase::new(name, values)
}

/// That the page was not looked at for checksums, or not to the end.
pub(crate) fn page_look(look: PageLook) -> Option<Key> {
    match look {
        PageLook::Read => None,
        PageLook::ListNotRead => Some(key("page_list_not_read")),
        PageLook::NoAccess => Some(key("page_no_access")),
        PageLook::NotFound => Some(key("page_not_found")),
    }
}

/// The sentence for something that was noticed. The name comes from a module of the same version; one
/// that is not known shows as it is.
pub(crate) fn noticed(told: &Told) -> Phrase {
    let told_key = |name: &str| named(&format!("told_{name}")).unwrap_or(key("told_unknown"));
    let parts = told.parts.iter().map(|part| match part {
        Part::Text(text) => Value::Text(text.clone()),
        Part::Word(name) => Value::Phrase(Box::new(told_key(name).into())),
        Part::Count(count) => Value::Count(*count),
    });
    Phrase::new(told_key(&told.what), parts.collect::<Vec<_>>())
}

/// What was noticed, where a reason is that.
pub(crate) fn told(reason: &Reason) -> Option<&Told> {
    match reason {
        Reason::Noticed { told } => Some(told),
        _ => None,
    }
}

/// What was taken out of an address.
pub(crate) fn taken(what: What) -> Key {
    match what {
        What::UserInfo => key("taken_user_info"),
        What::Fragment => key("taken_fragment"),
        What::Token | What::Jwt => key("taken_token"),
        What::Session => key("taken_session"),
        What::Signature => key("taken_signature"),
        What::Email => key("taken_email"),
        What::Person => key("taken_person"),
        What::Tracking => key("taken_tracking"),
        What::Random => key("taken_random"),
    }
}

/// Whether a reason limits what the verdict is about; without it the others would say too much.
fn qualifies(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::HostOnly { .. }
            | Reason::BytesNotRead { .. }
            | Reason::Member { .. }
            | Reason::CopyDiffers { .. }
            | Reason::CopyType { .. }
            | Reason::Failed { .. }
    )
}

/// The reasons to be shown, at most so many: the strongest, and in the last place the first that
/// qualifies them, if it would not be among them.
pub(crate) fn chosen(reasons: &[Reason], most: usize) -> Vec<&Reason> {
    let mut chosen: Vec<_> = reasons.iter().take(most).collect();
    let cut_off = reasons.iter().skip(most).find(|reason| qualifies(reason));
    if let Some(reason) = cut_off
        && !chosen.iter().any(|reason| qualifies(reason))
    {
        chosen.pop();
        chosen.push(reason);
    }
    chosen
}

/// The strongest reason alone, and the first that qualifies it.
pub(crate) fn brief(reasons: &[Reason]) -> Vec<&Reason> {
    let (strongest, others) = match reasons.split_first() {
        Some((strongest, others)) => (Some(strongest), others),
        None => (None, reasons),
    };
    let qualifying = others.iter().find(|reason| qualifies(reason));
    strongest.into_iter().chain(qualifying).collect()
}

/// The icon beside a reason.
pub(crate) fn shape(reason: &Reason) -> Shape {
    match reason {
        Reason::EnginesObject { .. } => Shape::Flag,
        Reason::Listed { listing } => match listing.says {
            Says::Bad | Says::Hint => Shape::Flag,
            Says::Good | Says::GoodHint => Shape::Seal,
        },
        Reason::Rule { .. } => Shape::Flag,
        Reason::Checksum { .. } => Shape::Seal,
        Reason::GenericLabels { .. } | Reason::Family { .. } => Shape::Tag,
        Reason::NobodyObjects { .. } => Shape::Eye,
        Reason::Votes { .. } => Shape::People,
        Reason::KnownOn { .. } => Shape::Seal,
        Reason::KnownSince { .. } => Shape::Clock,
        Reason::NeverSeen | Reason::NoEngineAnswered { .. } => Shape::Question,
        Reason::HostOnly { .. } => Shape::Link,
        Reason::BytesNotRead { .. }
        | Reason::CopyDiffers { .. }
        | Reason::CopyType { .. }
        | Reason::Member { .. }
        | Reason::MembersNotAsked { .. } => Shape::File,
        Reason::Noticed { .. } => Shape::Eye,
        Reason::Private => Shape::Lock,
        Reason::Failed { .. } => Shape::Alert,
    }
}

fn copy_failure(failure: CopyFailure) -> Key {
    match failure {
        CopyFailure::NoPermission => key("copy_no_permission"),
        CopyFailure::Scheme => key("copy_scheme"),
        CopyFailure::Refused => key("copy_refused"),
        CopyFailure::Withdrawn => key("copy_withdrawn"),
        CopyFailure::TooSlow => key("copy_too_slow"),
        CopyFailure::Stalled => key("copy_stalled"),
        CopyFailure::PlainHttp => key("copy_plain_http"),
        CopyFailure::TooLarge => key("copy_too_large"),
        CopyFailure::Different => key("copy_different"),
        CopyFailure::DryRun => key("copy_dry_run"),
    }
}

/// What came of one way to get at the bytes.
pub(crate) fn rung(rung: &Rung) -> Key {
    match (rung.by, rung.failure) {
        (by, None) => evidence(by),
        (Evidence::SavedFile, Some(_)) => key("tried_saved"),
        (_, Some(failure)) => copy_failure(failure),
    }
}

/// What happened, what was not lost, what can be done now.
pub(crate) fn failure(failure: &Failure) -> Phrase {
    match failure {
        Failure::NoBackend => key("failure_no_backend").into(),
        Failure::NoPermission => key("failure_no_permission").into(),
        Failure::Unreachable => key("failure_unreachable").into(),
        Failure::TooSlow => key("failure_too_slow").into(),
        Failure::Redirected => key("failure_redirected").into(),
        Failure::KeyRefused => key("failure_key_refused").into(),
        Failure::Forbidden => key("failure_forbidden").into(),
        Failure::RateLimited { retry_at: None } => key("failure_rate_limited").into(),
        Failure::RateLimited { retry_at: Some(at) } => {
            Phrase::new(key("failure_rate_limited_until"), [Value::Moment(*at)])
        }
        Failure::QuotaSpent { retry_at: None } => key("failure_quota").into(),
        Failure::QuotaSpent { retry_at: Some(at) } => {
            Phrase::new(key("failure_quota_until"), [Value::Moment(*at)])
        }
        Failure::NotFound => key("failure_not_found").into(),
        Failure::Backend { status } => {
            Phrase::new(key("failure_backend"), [Value::Text(status.to_string())])
        }
        Failure::NotTheApi => key("failure_not_the_api").into(),
        Failure::TooLarge => key("failure_too_large").into(),
        Failure::DryRun => key("failure_dry_run").into(),
        Failure::Private => key("reason_private").into(),
        Failure::Interrupted => key("failure_interrupted").into(),
    }
}

/// Why a request was not carried out.
pub(crate) fn problem(problem: &Problem) -> Phrase {
    match problem {
        Problem::Malformed { message } => {
            Phrase::new(key("problem_malformed"), [message.as_str().into()])
        }
        Problem::NotAllowed => key("problem_not_allowed").into(),
        Problem::BadAddress { insecure: true } => key("problem_insecure").into(),
        Problem::BadAddress { insecure: false } => key("problem_bad_address").into(),
        Problem::BadKey => key("problem_bad_key").into(),
        Problem::KeyNeeded => key("problem_key_needed").into(),
        Problem::Gone => key("problem_gone").into(),
        Problem::OtherFile => key("problem_other_file").into(),
        Problem::FileMoved => key("problem_file_moved").into(),
        Problem::RuleName => key("problem_rule_name").into(),
        Problem::PackAddress => key("problem_pack_address").into(),
        Problem::ListText => key("problem_list_text").into(),
        Problem::Managed => key("managed_one").into(),
        Problem::Backend { failure } => self::failure(failure),
        Problem::Browser { message } => {
            Phrase::new(key("problem_browser"), [message.as_str().into()])
        }
        Problem::Lost => key("problem_lost").into(),
    }
}

/// How the thing was got at.
pub(crate) fn evidence(evidence: Evidence) -> Key {
    match evidence {
        Evidence::SavedFile => key("evidence_saved_file"),
        Evidence::SecondCopy => key("evidence_second_copy"),
        Evidence::Address => key("evidence_address"),
        Evidence::Given => key("evidence_given"),
    }
}

/// How many of three dots evidence is worth; what a person named has no grade.
pub(crate) fn dots(evidence: Evidence) -> Option<u32> {
    match evidence {
        Evidence::SavedFile => Some(3),
        Evidence::SecondCopy => Some(2),
        Evidence::Address => Some(1),
        Evidence::Given => None,
    }
}

/// What became of a download, where that is worth a word.
pub(crate) fn disposition(disposition: Disposition) -> Option<Key> {
    match disposition {
        Disposition::Held => Some(key("state_held")),
        Disposition::Released => None,
        Disposition::KeptBack => Some(key("state_kept_back")),
        Disposition::Fetching => Some(key("state_fetching")),
        Disposition::KeptAnyway => Some(key("state_kept_anyway")),
        Disposition::Gone => Some(key("state_gone")),
    }
}

/// Why an upload came to nothing.
pub(crate) fn upload_error(error: &UploadError) -> Phrase {
    match error {
        UploadError::Copy { .. } => key("upload_copy_failed").into(),
        UploadError::Backend { failure } => Phrase::new(
            key("upload_failed"),
            [Value::Phrase(Box::new(self::failure(failure)))],
        ),
    }
}

/// What an engine without a label says.
pub(crate) fn category(category: Category) -> Option<Key> {
    match category {
        Category::Malicious => Some(key("engine_malicious")),
        Category::Suspicious => Some(key("engine_suspicious")),
        Category::Harmless => Some(key("engine_harmless")),
        Category::Undetected => None,
        Category::Timeout | Category::ConfirmedTimeout => Some(key("engine_timeout")),
        Category::Failure | Category::Unrecognised => Some(key("engine_failure")),
        Category::TypeUnsupported => Some(key("engine_unsupported")),
    }
}

/// What sort of thing it is.
pub(crate) fn kind(kind: Kind) -> Key {
    match kind {
        Kind::File => key("kind_file"),
        Kind::Url => key("kind_url"),
        Kind::Domain => key("kind_domain"),
        Kind::IpAddress => key("kind_ip"),
    }
}

/// A limit a minute above this is not worth a footer's room: nobody reaches it by hand.
const SCARCE_PER_MINUTE: u32 = 60;

/// What is left of the budget, at length or for a footer.
pub(crate) fn remaining(remaining: Remaining, short: bool) -> Vec<Phrase> {
    let (per_minute, per_day) = if short {
        (key("left_minute_short"), key("left_today_short"))
    } else {
        (key("left_minute"), key("left_today"))
    };
    let scarce = |(_, allowed): &(u32, u32)| !short || *allowed <= SCARCE_PER_MINUTE;
    let minute = remaining.minute.filter(scarce).map(|(used, allowed)| {
        let left = allowed.saturating_sub(used);
        Phrase::new(per_minute, [left.into(), allowed.into()])
    });
    let today = remaining.daily.map(|(used, allowed)| {
        let left = allowed.saturating_sub(used);
        Phrase::new(per_day, [Value::Count(left), Value::Count(allowed)])
    });
    let known: Vec<_> = minute.into_iter().chain(today).collect();
    if known.is_empty() {
        vec![key("left_unlimited").into()]
    } else {
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    fn failures() -> Vec<Failure> {
        vec![
            Failure::NoBackend,
            Failure::NoPermission,
            Failure::Unreachable,
            Failure::TooSlow,
            Failure::Redirected,
            Failure::KeyRefused,
            Failure::Forbidden,
            Failure::RateLimited { retry_at: None },
            Failure::QuotaSpent { retry_at: None },
            Failure::NotFound,
            Failure::Backend { status: 503 },
            Failure::NotTheApi,
            Failure::TooLarge,
            Failure::DryRun,
            Failure::Private,
            Failure::Interrupted,
        ]
    }

    /// Texts are put in natively; numbers and dates are the browser's to format.
    fn said(phrase: &Phrase, tag: &str) -> String {
        let values = phrase.values.iter().map(|value| match value {
            Value::Text(text) => Value::Text(text.clone()),
            Value::Phrase(inner) => Value::Text(said(inner, tag)),
            other => Value::Text(format!("{other:?}")),
        });
        Words::for_tag(tag).phrase(&Phrase::new(phrase.key, values.collect::<Vec<_>>()))
    }

    #[test]
    fn every_failure_says_something_of_its_own_in_both_languages() {
        for tag in ["en", "ja"] {
            let mut sentences: Vec<_> = failures()
                .iter()
                .map(|failure| said(&self::failure(failure), tag))
                .collect();
            sentences.sort();
            let before = sentences.len();
            sentences.dedup();
            assert_eq!(sentences.len(), before);
            for sentence in sentences {
                assert!(
                    !sentence.contains('$') && sentence.contains(['.', '。']),
                    "{sentence}"
                );
            }
        }
    }

    #[test]
    fn whatever_the_core_notices_has_its_sentence_in_both_languages() {
        use quorum_core::told::{NAMES, Severity, WORDS};
        for tag in ["en", "ja"] {
            for name in NAMES {
                let parts = [
                    Part::text("a"),
                    Part::text("b"),
                    Part::text("c"),
                    Part::text("d"),
                ];
                let sentence = said(&noticed(&Told::new(Severity::Notice, name, parts)), tag);
                assert!(!sentence.contains(['$', '_']), "{sentence}");
            }
            for word in WORDS {
                let parts = [
                    Part::word((*word).to_owned()),
                    Part::text("b"),
                    Part::text("c"),
                ];
                let sentence = said(
                    &noticed(&Told::new(Severity::Notice, "bidi_control", parts)),
                    tag,
                );
                assert!(!sentence.contains(['$', '_']), "{sentence}");
            }
        }
    }

    #[test]
    fn one_engine_is_not_engines() {
        let object = |n, m| said(&engines_object(n, m), "en");
        assert_eq!(object(1, 1), "1 of 1 engine objects");
        assert!(object(1, 70).ends_with("engines objects"));
        assert!(object(2, 70).ends_with("engines object"));
        assert_eq!(object(0, 0), "No engine came to a result");
    }

    #[test]
    fn an_unlimited_budget_says_so_and_a_spent_one_has_nothing_left() {
        assert_eq!(
            remaining(Remaining::default(), true),
            vec![Phrase::from(key("left_unlimited"))]
        );
        let spent = remaining(
            Remaining {
                minute: Some((5, 4)),
                daily: None,
            },
            false,
        );
        assert_eq!(
            spent,
            vec![Phrase::new(key("left_minute"), [0.into(), 4.into()])]
        );
    }

    #[test]
    fn what_qualifies_a_verdict_is_never_cut_off() {
        let host = Reason::HostOnly {
            host: "a.example".to_owned(),
        };
        let reasons = [
            Reason::NeverSeen,
            Reason::Private,
            Reason::NeverSeen,
            host.clone(),
        ];
        assert_eq!(
            chosen(&reasons, 3),
            [&Reason::NeverSeen, &Reason::Private, &host]
        );
        assert_eq!(brief(&reasons), [&Reason::NeverSeen, &host]);
        assert_eq!(chosen(&reasons[..2], 3).len(), 2);
        assert_eq!(
            chosen(&reasons[..3], 2),
            [&Reason::NeverSeen, &Reason::Private]
        );
    }

    #[test]
    fn votes_are_told_from_the_stronger_side() {
        let votes = |malicious, harmless| {
            reason(&Reason::Votes {
                malicious,
                harmless,
            })
            .key
        };
        assert_eq!(votes(5, 1), key("reason_votes_malicious"));
        assert_eq!(votes(1, 5), key("reason_votes_harmless"));
    }
}
