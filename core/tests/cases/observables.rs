//! Observables: each kind read and refused, grouping.

use quorum_core::observable::{
    Groups, Kind, Observable, ParseError, group_by_host, group_by_registrable_domain,
};
use quorum_core::stix;
use serde_json::{Value, json};

use crate::harness::{string, subjects};

/// A case names a kind and a text, `["cve", "CVE-2021-44228"]`.
fn read(input: &Value) -> Result<Observable, ParseError> {
    let kind: Kind = string(&input[0]).parse().unwrap();
    match &input[1] {
        Value::String(text) => Observable::parse_as(kind, text),
        repeated => {
            let times = repeated["times"].as_u64().unwrap() as usize;
            Observable::parse_as(kind, &string(&repeated["repeat"]).repeat(times))
        }
    }
}

fn read_all(inputs: &Value) -> Vec<Observable> {
    let inputs = inputs.as_array().unwrap();
    inputs.iter().map(|input| read(input).unwrap()).collect()
}

fn texts(observables: impl IntoIterator<Item = Observable>) -> Value {
    observables.into_iter().map(|one| one.to_string()).collect()
}

fn groups(groups: Groups) -> Value {
    let group = |(host, members): (Option<_>, _)| {
        json!([host.as_ref().map(ToString::to_string), texts(members)])
    };
    groups.into_iter().map(group).collect()
}

/// What a value says about itself beside its text.
fn parts(observable: &Observable) -> Value {
    let form = |form: &dyn std::fmt::Debug, mainnet| json!([format!("{form:?}"), mainnet]);
    match observable {
        Observable::Url(url) => json!([url.scheme(), url.host()]),
        Observable::Cidr(cidr) => json!([cidr.network(), cidr.prefix_length()]),
        Observable::Email(email) => json!([email.local_part(), email.domain()]),
        Observable::Cve(cve) => json!([cve.year(), cve.number()]),
        Observable::Asn(asn) => json!(asn.number()),
        Observable::Mac(mac) => json!(mac.as_bytes()),
        Observable::Bitcoin(address) => form(&address.form(), address.is_mainnet()),
        Observable::Monero(address) => form(&address.form(), address.is_mainnet()),
        Observable::Ethereum(address) => json!(address.as_bytes()),
        Observable::Attack(id) => json!([format!("{:?}", id.object()), id.technique()]),
        Observable::Onion(name) => json!([name.version(), name.as_domain()]),
        Observable::Uuid(uuid) => json!(uuid.as_bytes()),
        other => panic!("{} has no parts", other.kind()),
    }
}

subjects! {
    observable: |input| {
        let found = read(input).ok();
        if let Some(found) = &found {
            let again = serde_json::from_value(serde_json::to_value(found).unwrap());
            assert_eq!(again.ok().as_ref(), Some(found), "the text of {found} is not stable");
        }
        json!(found.map(|found| found.to_string()))
    };
    observable_fault: |input| json!(read(input).map_err(|error| error.to_string()).unwrap_err());
    observable_parts: |input| parts(&read(input).unwrap());
    observable_id: |input| json!(read(input).unwrap().id());
    observable_order: |input| {
        let mut all = read_all(input);
        all.sort();
        texts(all)
    };
    observable_host: |input| groups(group_by_host(read_all(input)));
    observable_registrable_domain: |input| groups(group_by_registrable_domain(read_all(input)));
    stix: |input| {
        let all = read_all(input);
        let (bundle, left_out) = stix::bundle(&all, "2026-11-24T00:00:00.000Z");
        assert_eq!((&bundle["type"], &bundle["spec_version"]), (&json!("bundle"), &Value::Null));
        json!([bundle["objects"], texts(left_out.into_iter().cloned())])
    };
}
