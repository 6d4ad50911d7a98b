//! Deception checks. A finding is told as its severity, its kind, and the facts that matter; the
//! words for people are a subject of their own.

use quorum_core::deception::{
    Finding, Protected, check_file_name, check_host, check_link, check_url, host_both_ways,
    show_safely,
};
use serde_json::{Value, json};

use crate::harness::{string, subjects};

/// The facts of a finding that the cases name, in this order.
const FACTS: [&str; 14] = [
    "trick",
    "protected",
    "part",
    "form",
    "address",
    "script",
    "scripts",
    "reads_as",
    "effect",
    "pretended",
    "named",
    "host",
    "target",
    "ending",
];

fn told(findings: Vec<Finding>) -> Value {
    let tell = |finding: &Finding| {
        let value = serde_json::to_value(finding).unwrap();
        assert_eq!(
            serde_json::from_value::<Finding>(value.clone()).unwrap(),
            *finding
        );
        let reason = &value["reason"];
        let mut words = vec![
            string(&value["severity"]).to_owned(),
            string(&reason["kind"]).to_owned(),
        ];
        for fact in FACTS.iter().chain(&["port", "characters"]) {
            match &reason[*fact] {
                Value::Null => {}
                Value::String(text) if text.is_empty() => {}
                Value::String(text) => words.push(text.clone()),
                Value::Array(list) => {
                    words.push(list.iter().map(string).collect::<Vec<_>>().join("+"))
                }
                // How many characters a long host has is not a list.
                other => words.push(other.to_string()),
            }
        }
        json!(words.join(" "))
    };
    findings.iter().map(tell).collect()
}

/// The domains that a case names, or else the list that comes with Quorum.
fn protected(input: &Value) -> Protected {
    match input.get("protected") {
        Some(domains) => domains
            .as_array()
            .unwrap()
            .iter()
            .map(|domain| string(domain).parse().unwrap())
            .collect(),
        None => Protected::well_known(),
    }
}

fn text(input: &Value, field: &str) -> String {
    match input {
        Value::String(text) => text.clone(),
        _ => match input.get("times") {
            Some(times) => format!(
                "{}{}{}",
                input["before"].as_str().unwrap_or_default(),
                string(&input["repeat"]).repeat(times.as_u64().unwrap() as usize),
                input["after"].as_str().unwrap_or_default()
            ),
            None => string(&input[field]).to_owned(),
        },
    }
}

subjects! {
    deception_host: |input| told(check_host(&text(input, "host"), &protected(input)));
    deception_url: |input| told(check_url(&text(input, "url"), &protected(input)));
    deception_link: |input| told(check_link(string(&input["text"]), string(&input["target"]), &protected(input)));
    deception_file_name: |input| told(check_file_name(&text(input, "name")));
    deception_words: |input| {
        let protected = Protected::well_known();
        let findings = match (input.get("name"), input.get("text"), input.get("url")) {
            (Some(name), ..) => check_file_name(string(name)),
            (_, Some(text), Some(url)) => check_link(string(text), string(url), &protected),
            (_, _, Some(url)) => check_url(string(url), &protected),
            _ => panic!("no name, link or url: {input}"),
        };
        findings.iter().map(|finding| json!(finding.to_string())).collect()
    };
    deception_shown: |input| json!(show_safely(string(input)));
    deception_both_ways: |input| {
        let both = host_both_ways(string(input));
        json!([both.unicode.as_str(), both.ascii.as_str()])
    };
}
