//! Verdicts and their reasons in English, for a terminal.

use quorum_core::api::Failure;
use quorum_core::verdict::{Assessment, Class, CopyFailure, Reason, Verdict};

use crate::clock;

/// A verdict's word, with the more telling one where there is one.
pub(super) fn verdict(assessment: &Assessment) -> String {
    let word = plain(assessment.verdict);
    match assessment.class {
        Some(Class::Phishing) => format!("{word}, phishing"),
        Some(Class::MalwareSite) => format!("{word}, spreads malware"),
        Some(Class::FalseAlarm) => format!("{word}, probably a false alarm"),
        None => word.to_owned(),
    }
}

/// A verdict's word, the same in every format.
pub(super) fn plain(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Malicious => "malicious",
        Verdict::Suspicious => "suspicious",
        Verdict::Clean => "clean",
        Verdict::KnownGood => "known_good",
        Verdict::Unknown => "unknown",
        Verdict::Unchecked => "unchecked",
    }
}

/// A reason as half a sentence.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::EnginesObject {
            objecting,
            answered,
        } => format!("{objecting} of {answered} engines object"),
        Reason::GenericLabels { .. } => "the objections name no family".to_owned(),
        Reason::Family { label } => format!("called {label}"),
        Reason::NobodyObjects { answered } => format!("none of {answered} engines objects"),
        Reason::Votes {
            malicious,
            harmless,
        } => format!("{malicious} votes for malicious, {harmless} for harmless"),
        Reason::KnownOn { list, by } if by.is_empty() => format!("on the list {list}"),
        Reason::KnownOn { list, by } => format!("on the list {list}, distributed by {by}"),
        Reason::KnownSince { first_seen, times } => {
            format!(
                "known since {}, sent in {times} times",
                clock::date(*first_seen)
            )
        }
        Reason::NeverSeen => "never seen there".to_owned(),
        Reason::NoEngineAnswered { asked } => format!("none of {asked} engines came to a result"),
        Reason::HostOnly { host } => format!("said of the host {host}; the address is unknown"),
        Reason::BytesNotRead { failure } => match failure {
            CopyFailure::NoPermission => "not read: no permission",
            CopyFailure::Scheme => "not read: no web address",
            CopyFailure::Refused => "not read: refused",
            CopyFailure::Withdrawn => "not read: withdrawn by its page",
            CopyFailure::TooSlow => "not read: too slow",
            CopyFailure::Stalled => "not read: it came to a halt",
            CopyFailure::PlainHttp => "not read: plain http",
            CopyFailure::TooLarge => "not read: too large",
            CopyFailure::Different => "not read: another file came",
            CopyFailure::DryRun => "not read: a dry run",
        }
        .to_owned(),
        // The rest comes of looking at a download, which this program does not.
        Reason::Listed { listing } => format!("on the list {}", listing.list),
        Reason::Rule { rule, .. } => format!("the rule {rule} matches"),
        Reason::Checksum { compared } if compared.matches => {
            "the publisher's checksum is that of the bytes".to_owned()
        }
        Reason::Checksum { .. } => "the publisher's checksum is another one".to_owned(),
        Reason::Noticed { told } => told.what.replace('_', " "),
        Reason::Member { path } => format!("said of the member {path}"),
        Reason::MembersNotAsked { asked, of } => format!("{asked} of {of} members looked up"),
        Reason::CopyDiffers { saved, copy } => {
            format!("{saved} bytes were announced and {copy} came")
        }
        Reason::CopyType { announced, copy } => {
            format!("{announced} was announced and {copy} came")
        }
        Reason::Private => Failure::Private.to_string(),
        Reason::Failed { failure } => failure.to_string(),
    }
}
