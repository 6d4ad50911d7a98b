//! Observables as a STIX 2.1 bundle (OASIS Standard, 10 June 2021).
//!
//! Cyber-observable objects have the deterministic ids of the standard's section 2.9: the same
//! observable has the same id wherever it is written, so that tools merge them. Vulnerabilities and
//! attack patterns are domain objects, which the standard numbers at random; they get ids made in
//! the same way in a name space of our own.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::guard::Record;
use crate::observable::Observable;

/// The name space of observables' ids (STIX 2.1, section 2.9).
const OBSERVABLES: [u8; 16] = [
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
];

/// The name space of what the standard has no deterministic ids for.
const DOMAIN_OBJECTS: [u8; 16] = [
    0x6f, 0x1c, 0x0d, 0x52, 0x9b, 0x77, 0x4e, 0x3a, 0x8d, 0x21, 0x5a, 0x40, 0xc2, 0x9e, 0x71, 0x08,
];

/// A bundle of all observables that STIX has an object for, each once; and those that it has none
/// for (wallets, analytics ids, fingerprints of servers, …), which are left out of it.
///
/// `now` is the time in RFC 3339 with milliseconds and `Z`, as the domain objects' `created`.
///
/// ```
/// use quorum_core::{observable::{Kind, Observable}, stix};
/// let found = [Observable::parse_as(Kind::Domain, "example.com")?];
/// let (bundle, left_out) = stix::bundle(&found, "2026-11-24T00:00:00.000Z");
/// assert_eq!(bundle["objects"][0]["type"], "domain-name");
/// assert_eq!(bundle["objects"][0]["id"], "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7");
/// assert!(left_out.is_empty());
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
pub fn bundle<'a>(
    observables: impl IntoIterator<Item = &'a Observable>,
    now: &str,
) -> (Value, Vec<&'a Observable>) {
    let mut objects = BTreeMap::new();
    let mut left_out = Vec::new();
    for observable in observables {
        match object(observable, now) {
            Some(object) => {
                objects.insert(object["id"].to_string(), object);
            }
            None => left_out.push(observable),
        }
    }
    (pack(objects), left_out)
}

fn pack(objects: BTreeMap<String, Value>) -> Value {
    let objects: Vec<_> = objects.into_values().collect();
    // The bundle's id means nothing by the standard; the same content has the same here.
    let content = Value::from(objects.clone()).to_string();
    json!({
        "type": "bundle",
        "id": format!("bundle--{}", uuid_v5(&DOMAIN_OBJECTS, &content)),
        "objects": objects,
    })
}

fn object(observable: &Observable, now: &str) -> Option<Value> {
    let text = || observable.to_string();
    let value = || json!({"value": text()});
    let hash = |name: &str| json!({"hashes": {name: text()}});
    Some(match observable {
        Observable::Url(_) => cyber_observable("url", value()),
        Observable::Domain(_) | Observable::Onion(_) => cyber_observable("domain-name", value()),
        Observable::Ipv4(_) => cyber_observable("ipv4-addr", value()),
        Observable::Ipv6(_) => cyber_observable("ipv6-addr", value()),
        Observable::Cidr(cidr) => match cidr.network() {
            IpAddr::V4(_) => cyber_observable("ipv4-addr", value()),
            IpAddr::V6(_) => cyber_observable("ipv6-addr", value()),
        },
        Observable::Email(_) => cyber_observable("email-addr", value()),
        Observable::Mac(_) => cyber_observable("mac-addr", value()),
        Observable::Md5(_) => cyber_observable("file", hash("MD5")),
        Observable::Sha1(_) => cyber_observable("file", hash("SHA-1")),
        Observable::Sha256(_) => cyber_observable("file", hash("SHA-256")),
        Observable::Sha512(_) => cyber_observable("file", hash("SHA-512")),
        Observable::Ssdeep(_) => cyber_observable("file", hash("SSDEEP")),
        Observable::Tlsh(_) => cyber_observable("file", hash("TLSH")),
        Observable::Asn(asn) => {
            cyber_observable("autonomous-system", json!({"number": asn.number()}))
        }
        Observable::Mutex(_) => cyber_observable("mutex", json!({"name": text()})),
        Observable::RegistryKey(_) => {
            cyber_observable("windows-registry-key", json!({"key": text()}))
        }
        Observable::FilePath(_) => {
            let path = text();
            // A path of the other sort may hold this one's separator in a name.
            let separator = if path.starts_with('/') { '/' } else { '\\' };
            let (folder, name) = path.split_at(path.rfind(separator).map_or(0, |at| at + 1));
            if name.is_empty() {
                cyber_observable("directory", json!({"path": path}))
            } else {
                // The folder is told by the name alone: a file's parent would be an object of its own.
                let mut file = cyber_observable("file", json!({"name": name}));
                let bare = folder.trim_end_matches(separator);
                let is_root = bare.is_empty() || bare.ends_with(':');
                file["x_quorum_folder"] = if is_root { folder } else { bare }.into();
                file
            }
        }
        Observable::Cve(_) => domain_object("vulnerability", "cve", &text(), now),
        Observable::Attack(_) if text().starts_with('T') && !text().starts_with("TA") => {
            domain_object("attack-pattern", "mitre-attack", &text(), now)
        }
        _ => return None,
    })
}

/// A bundle of checked downloads: for each what was observed, the file and where it came from. The
/// verdict stands on the file as `x_quorum_verdict`, a property of our own. `time` writes milliseconds
/// since the Unix epoch by RFC 3339.
pub fn downloads<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    time: impl Fn(i64) -> String,
) -> Value {
    let mut objects = BTreeMap::new();
    for record in records {
        // Section 2.9: of several hashes the first of a list counts for the id, which begins with MD5.
        let mut contributing = json!({"name": record.name});
        if let Some(digests) = &record.digests {
            contributing["hashes"] = json!({"MD5": digests.md5.to_string()});
        }
        let mut file = cyber_observable("file", contributing);
        if let Some(digests) = &record.digests {
            file["hashes"] = json!({
                "MD5": digests.md5.to_string(),
                "SHA-1": digests.sha1.to_string(),
                "SHA-256": digests.sha256.to_string(),
            });
            file["size"] = digests.size.into();
        }
        if let Some(verdict) = record.verdict() {
            file["x_quorum_verdict"] = json!(verdict);
        }
        let mut seen = vec![file["id"].clone()];
        let mut keep = |object: Value| objects.insert(object["id"].to_string(), object);
        // A data: address is the file once more.
        if let Ok(url) = record.url.parse::<crate::indicator::CanonicalUrl>() {
            let url = cyber_observable("url", json!({"value": url.as_str()}));
            seen.push(url["id"].clone());
            keep(url);
        }
        keep(file);
        let at = time(record.started);
        let id = uuid_v5(&DOMAIN_OBJECTS, &format!("observed-data:{}", record.id));
        keep(json!({
            "type": "observed-data",
            "spec_version": "2.1",
            "id": format!("observed-data--{id}"),
            "created": at,
            "modified": record.checked_at.map_or(at.clone(), &time),
            "first_observed": at,
            "last_observed": at,
            "number_observed": 1,
            "object_refs": seen,
        }));
    }
    pack(objects)
}

/// An observable whose properties are all id-contributing.
fn cyber_observable(kind: &str, properties: Value) -> Value {
    // serde_json writes the keys sorted and nothing between the tokens, which is RFC 8785 for
    // properties that are strings and whole numbers.
    let id = uuid_v5(&OBSERVABLES, &properties.to_string());
    let mut object = json!({
        "type": kind,
        "spec_version": "2.1",
        "id": format!("{kind}--{id}"),
    });
    if let (Some(object), Value::Object(properties)) = (object.as_object_mut(), properties) {
        object.extend(properties);
    }
    object
}

fn domain_object(kind: &str, source: &str, name: &str, now: &str) -> Value {
    json!({
        "type": kind,
        "spec_version": "2.1",
        "id": format!("{kind}--{}", uuid_v5(&DOMAIN_OBJECTS, &format!("{kind}:{name}"))),
        "created": now,
        "modified": now,
        "name": name,
        "external_references": [{"source_name": source, "external_id": name}],
    })
}

/// RFC 9562, version 5: the SHA-1 of a name in a name space.
fn uuid_v5(space: &[u8; 16], name: &str) -> String {
    let mut hasher = Sha1::new();
    hasher.update(space);
    hasher.update(name.as_bytes());
    let digest: [u8; 20] = hasher.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let [a, b, c, d, e] = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("{a}-{b}-{c}-{d}-{e}")
}
