//! The API client and what is made of its replies.

use quorum_core::api::{ApiKey, Backend, Body, Budget, Call, Failure, RawReply, Reply};
use quorum_core::indicator::{CanonicalUrl, Indicator};
use quorum_core::privacy::{NotSendable, Sendable};
use quorum_core::report::{Account, Report};
use quorum_core::verdict::{Evidence, assess};
use serde_json::{Value, json};

use crate::harness::{string, subjects};

/// Serialises the outcome of an interpretation so that a case can name it.
fn outcome(result: Result<Reply, Failure>) -> Value {
    match result {
        Ok(Reply::Report(None)) => json!("unknown"),
        Ok(Reply::Report(Some(report))) => {
            serde_json::to_value(assess(&report, Evidence::Given).verdict).unwrap()
        }
        Ok(Reply::Voted(now)) => json!({ "voted": now }),
        Ok(Reply::Account(account)) => json!({"account": account.name}),
        Ok(Reply::Comments(page)) => {
            json!({"comments": page.items.iter().map(|c| &c.text).collect::<Vec<_>>(), "cursor": page.cursor})
        }
        Ok(Reply::Comment(comment)) => json!({"comment": comment.text}),
        Ok(Reply::Analysis(analysis)) => json!({"analysis": analysis.status}),
        Err(failure) => serde_json::to_value(failure).unwrap(),
    }
}

/// A request's body. JSON is compared as a value: the order of its keys says nothing.
fn body(body: &Body) -> Value {
    match body {
        Body::Empty => Value::Null,
        Body::Json(text) => json!({"json": serde_json::from_str::<Value>(text).unwrap()}),
        Body::Form(text) => json!({ "form": text }),
        Body::File(name) => json!({ "file": name }),
    }
}

fn call(value: &Value) -> Result<Call, NotSendable> {
    let of = || Sendable::try_from(string(&value["of"]).parse::<Indicator>().unwrap());
    Ok(match string(&value["call"]) {
        "account" => Call::Account("0".repeat(64).parse().unwrap()),
        "report" => Call::Report(of()?),
        "comments" => Call::Comments {
            of: of()?,
            cursor: value["cursor"].as_str().map(str::to_owned),
        },
        "add_comment" => Call::AddComment {
            of: of()?,
            text: string(&value["text"]).to_owned(),
        },
        "vote" => Call::Vote {
            of: of()?,
            verdict: serde_json::from_value(value["verdict"].clone()).unwrap(),
        },
        "submit_url" => Call::SubmitUrl(Sendable::try_from(
            string(&value["of"]).parse::<CanonicalUrl>().unwrap(),
        )?),
        "submit_file" => Call::SubmitFile {
            name: string(&value["name"]).to_owned(),
        },
        "analysis" => Call::Analysis(string(&value["id"]).to_owned()),
        other => panic!("no call {other}"),
    })
}

/// What a budget says to one step of a case.
fn spend(budget: &mut Budget, step: &Value) -> Value {
    let now = step["at"].as_i64().unwrap_or_default();
    if let Some(purpose) = step.get("take") {
        let purpose = serde_json::from_value(purpose.clone()).unwrap();
        return match budget.take(purpose, now) {
            Ok(()) => json!("go"),
            Err(at) => json!({ "not_before": at }),
        };
    }
    if let Some(failure) = step.get("refused") {
        budget.refused(&serde_json::from_value(failure.clone()).unwrap(), now);
    } else if let Some(account) = step.get("account") {
        let account: Account = serde_json::from_value(account.clone()).unwrap();
        budget.learn(&account);
    }
    json!(budget.remaining(now))
}

subjects! {
    api_key: |input| json!(string(input).parse::<ApiKey>().is_ok_and(|key| {
        assert_eq!(key.reveal(), string(input).trim());
        !format!("{key:?}").contains(key.reveal())
    }));
    budget: |input| {
        let mut budget = Budget::new(&string(&input["backend"]).parse().unwrap());
        let steps = input["steps"].as_array().unwrap().iter();
        steps.map(|step| spend(&mut budget, step)).collect()
    };
    backend: |input| match string(input).parse::<Backend>() {
        Ok(backend) => json!([backend.url("x"), backend.label(), backend.match_pattern()]),
        Err(error) => json!(error.to_string()),
    };
    request: |input| match call(input) {
        Ok(call) => {
            let request = call.request();
            json!([request.method, request.path, body(&request.body)])
        }
        Err(refusal) => serde_json::to_value(Failure::from(refusal)).unwrap(),
    };
    reply: |input| outcome(call(input).unwrap().interpret(
        RawReply {
            status: input["status"].as_u64().unwrap() as u16,
            content_type: input["type"].as_str().unwrap_or("application/json"),
            retry_after: input["retry_after"].as_str(),
            body: &match &input["body"] {
                Value::String(text) => text.clone().into_bytes(),
                Value::Null => Vec::new(),
                body => serde_json::to_vec(body).unwrap(),
            },
        },
        1_000,
    ));
    verdict: |input| {
        let object = json!({"type": input["type"], "id": "x", "attributes": input["attributes"]});
        let report = Report::from_object(serde_json::from_value(object).unwrap()).unwrap();
        let assessment = assess(&report, Evidence::Given);
        json!({"verdict": assessment.verdict, "class": assessment.class, "reasons": assessment.reasons})
    };
}
