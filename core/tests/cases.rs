//! Runs the behaviour data in `tests/cases`, natively and (by wasm-bindgen-test) in WebAssembly.
//!
//! A file is one subject: `{"about": …, "cases": [{"in": …, "out": …}, …]}`. A new case needs no
//! code. A failing file reports all its failing cases at once.
#![allow(clippy::unwrap_used)]

use quorum_core::api::{Backend, Body, Call, Failure, RawReply, Reply};
use quorum_core::digest::{self, Hasher};
use quorum_core::indicator::{self, CanonicalUrl, Indicator, UrlRef};
use quorum_core::report::Report;
use quorum_core::verdict::{Evidence, assess};
use serde_json::{Value, json};

macro_rules! subjects {
    ($($name:ident: $run:expr;)*) => {
        /// Every file of cases that is run.
        #[cfg(not(target_arch = "wasm32"))]
        const SUBJECTS: &[&str] = &[$(concat!(stringify!($name), ".json")),*];
        $(
            #[cfg_attr(not(target_arch = "wasm32"), test)]
            #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
            fn $name() {
                run(stringify!($name), include_str!(concat!("../../tests/cases/", stringify!($name), ".json")), $run);
            }
        )*
    };
}

fn run(name: &str, text: &str, behave: impl Fn(&Value) -> Value) {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "{name} has no cases");
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (input, expected) = (&case["in"], &case["out"]);
            let got = behave(input);
            (got != *expected).then(|| format!("{input}\n  expected {expected}\n  got      {got}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases of {name} fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Bytes of a case: a string, or `{"hex": …}`, or `{"repeat": …, "times": …}`.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(map) if map.contains_key("hex") => {
            let hex = string(&map["hex"]).replace(' ', "");
            (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
                .collect()
        }
        Value::Object(map) => string(&map["repeat"])
            .repeat(map["times"].as_u64().unwrap() as usize)
            .into_bytes(),
        other => panic!("no bytes: {other}"),
    }
}

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

fn call(value: &Value) -> Call {
    let of = || string(&value["of"]).parse::<Indicator>().unwrap();
    match string(&value["call"]) {
        "account" => Call::Account("0".repeat(64).parse().unwrap()),
        "report" => Call::Report(of()),
        "comments" => Call::Comments {
            of: of(),
            cursor: value["cursor"].as_str().map(str::to_owned),
        },
        "add_comment" => Call::AddComment {
            of: of(),
            text: string(&value["text"]).to_owned(),
        },
        "vote" => Call::Vote {
            of: of(),
            verdict: serde_json::from_value(value["verdict"].clone()).unwrap(),
        },
        "submit_url" => Call::SubmitUrl(string(&value["of"]).parse().unwrap()),
        "submit_file" => Call::SubmitFile {
            name: string(&value["name"]).to_owned(),
        },
        "analysis" => Call::Analysis(string(&value["id"]).to_owned()),
        other => panic!("no call {other}"),
    }
}

subjects! {
    canonical_url: |input| match string(input).parse::<CanonicalUrl>() {
        Ok(url) => json!(url.to_string()),
        Err(_) => Value::Null,
    };
    url_id: |input| match string(input).parse::<UrlRef>() {
        Ok(reference) => json!(reference.id().to_string()),
        Err(_) => Value::Null,
    };
    indicator: |input| match Indicator::read(string(input)) {
        Ok(found) => json!({"kind": found.kind(), "value": found.to_string()}),
        Err(_) => Value::Null,
    };
    private: |input| json!(string(input).parse::<Indicator>().map(|found| found.is_private()).ok());
    refang: |input| json!(indicator::refang(string(input)));
    defang: |input| json!(indicator::defang(&string(input).parse().unwrap()));
    extract: |input| json!(indicator::extract(string(input)));
    digest: |input| {
        let mut hasher = Hasher::new();
        // Uneven pieces: block borders must not matter.
        for piece in bytes(input).chunks(97) {
            hasher.update(piece);
        }
        serde_json::to_value(hasher.finish()).unwrap()
    };
    file_type: |input| {
        let found = digest::file_type(&bytes(input));
        json!([found.tag, found.extension])
    };
    backend: |input| match string(input).parse::<Backend>() {
        Ok(backend) => json!([backend.url("x"), backend.label(), backend.match_pattern()]),
        Err(error) => json!(error.to_string()),
    };
    request: |input| match call(input).request() {
        Ok(request) => json!([request.method, request.path, body(&request.body)]),
        Err(failure) => serde_json::to_value(failure).unwrap(),
    };
    reply: |input| outcome(call(input).interpret(
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

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file_of_cases_is_run() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.ends_with(".json") || SUBJECTS.contains(&name.as_str()),
            "tests/cases/{name} has no line in core/tests/cases.rs"
        );
    }
}
