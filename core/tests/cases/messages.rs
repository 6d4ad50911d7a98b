//! What crosses between the extension's contexts: who may ask what, and how a report is shown.

use quorum_core::api::Remaining;
use quorum_core::indicator::Indicator;
use quorum_core::message::{Answer, Problem, Reply, ReportView, Request, Sender};
use quorum_core::pointed::about;
use quorum_core::report::Report;
use quorum_core::verdict::{Assessment, Evidence, assess};
use serde_json::{Value, json};

use crate::harness::{string, subjects};

/// The parts of a shown report that are not its assessment's.
fn view(input: &Value) -> Value {
    let indicator: Indicator = string(&input["of"]).parse().unwrap();
    let report = input.get("report").map(|object| {
        Report::from_object(serde_json::from_value(object.clone()).unwrap()).unwrap()
    });
    let assessment = report.as_ref().map_or_else(
        || Assessment::unknown(Evidence::Given),
        |report| assess(report, Evidence::Given),
    );
    let (backend, remaining) = ("q.example".to_owned(), Remaining::default());
    let about = about(&indicator.to_string(), &Default::default(), &[]);
    let view = ReportView::new(
        indicator,
        report.as_ref(),
        assessment,
        about,
        0,
        backend,
        remaining,
    );
    let mut view = serde_json::to_value(view).unwrap();
    let told = [
        "kind",
        "name",
        "defanged",
        "labels",
        "votes",
        "facts",
        "can_submit",
    ];
    told.map(|name| (name.to_owned(), view[name].take()))
        .into_iter()
        .collect()
}

subjects! {
    message_request: |input| match serde_json::from_value::<Request>(input.clone()) {
        Ok(request) => {
            assert_eq!(serde_json::from_value(json!(request)).ok(), Some(request.clone()));
            let senders = [("page", Sender::Page), ("card", Sender::Card), ("other", Sender::Other)];
            let allowed = senders.into_iter().filter(|(_, sender)| request.allowed_from(*sender));
            allowed.map(|(name, _)| json!(name)).collect()
        }
        Err(_) => Value::Null,
    };
    message_answer: |input| {
        let answer: Answer = serde_json::from_value(input.clone()).unwrap();
        let result: Result<Reply, Problem> = answer.into();
        // What goes over the wire comes out as it went in.
        assert_eq!(Result::from(Answer::from(result.clone())), result);
        match result {
            Ok(reply) => json!({ "reply": reply }),
            Err(problem) => json!({ "problem": problem }),
        }
    };
    report_view: view;
}
