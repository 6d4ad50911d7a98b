//! Local lists.

use quorum_core::blocklist::{
    Blocklist, Builder, Changes, Digest, Kind, RiceDeltas, Version, Width, apply, diff,
};
use quorum_core::digest::Hasher;
use quorum_core::safe_browsing::SafeUrl;
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

const KINDS: [(&str, Kind); 7] = [
    ("url", Kind::Url),
    ("good-sha256", Kind::GoodFile(Digest::Sha256)),
    ("good-sha1", Kind::GoodFile(Digest::Sha1)),
    ("good-md5", Kind::GoodFile(Digest::Md5)),
    ("bad-sha256", Kind::BadFile(Digest::Sha256)),
    ("bad-sha1", Kind::BadFile(Digest::Sha1)),
    ("bad-md5", Kind::BadFile(Digest::Md5)),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(value: &Value) -> Vec<u8> {
    bytes(&json!({ "hex": value }))
}

fn number(value: &Value) -> u64 {
    u64::from_str_radix(string(value), 16).unwrap()
}

fn numbers(values: &Value) -> Vec<u64> {
    values.as_array().unwrap().iter().map(number).collect()
}

fn error(error: impl ToString) -> Value {
    json!({ "error": error.to_string() })
}

/// Builds the list that a case describes; of its entries, those of addresses are expressions and
/// all others digests.
fn build(input: &Value) -> Result<Vec<u8>, Value> {
    let kind = string(&input["kind"]);
    let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == kind).unwrap();
    let prefix_bytes = input["prefix_bytes"].as_u64().unwrap() as u8;
    let mut builder = Builder::new(kind, prefix_bytes).map_err(error)?;
    for entry in input["entries"].as_array().unwrap() {
        match kind {
            Kind::Url => builder.add_expression(string(entry)),
            _ => builder.add(&from_hex(entry)).map_err(error)?,
        };
    }
    let version = Version {
        sequence: input["sequence"].as_u64().unwrap(),
        token: &from_hex(&input["token"]),
    };
    let created_at = input["created_at"].as_u64().unwrap();
    builder
        .build(string(&input["name"]), version, created_at)
        .map_err(error)
}

fn built(input: &Value) -> Result<Value, Value> {
    let file = build(input)?;
    let list = Blocklist::open(&file).unwrap();
    let asked = input["ask"].as_array().unwrap().iter();
    let found: Vec<_> = asked
        .map(|ask| {
            let found = match list.header().kind {
                Kind::Url => list.lookup_expression(string(ask)),
                _ => list.lookup(&from_hex(ask)),
            };
            found.map(|found| {
                assert_eq!(found.prefix_bits, list.header().prefix_bytes * 8);
                found.index
            })
        })
        .collect();
    Ok(json!({"file": hex(&file), "found": found, "prefixes_sha256": hex(&list.prefixes_sha256())}))
}

fn update(input: &Value) -> Result<Value, Value> {
    let old = build(&input["old"])?;
    let old = Blocklist::open(&old).unwrap();
    if let Some(update) = input.get("update") {
        let next = apply(&old, &from_hex(update)).map_err(error)?;
        return Ok(json!({ "file": hex(&next) }));
    }
    if let Some(additions) = input.get("additions") {
        let changes = Changes {
            removals: numbers(&input["removals"]),
            additions: numbers(additions),
        };
        let token = from_hex(&input["token"]);
        let version = Version {
            sequence: 2,
            token: &token,
        };
        let next = changes.apply(&old, version, 0).map_err(error)?;
        let next = Blocklist::open(&next).unwrap();
        return Ok(next.entries().map(|value| format!("{value:x}")).collect());
    }
    let new = build(&input["new"])?;
    let new = Blocklist::open(&new).unwrap();
    let update = diff(&old, &new).map_err(error)?;
    let changes = Changes::between(&old, &new).map_err(error)?;
    let additions: Vec<_> = changes
        .additions
        .iter()
        .map(|value| format!("{value:x}"))
        .collect();
    Ok(json!({"removals": changes.removals, "additions": additions, "update": hex(&update)}))
}

fn rice(input: &Value) -> Result<Value, Value> {
    let width = match input["width"].as_u64() {
        Some(32) => Width::Bits32,
        _ => Width::Bits64,
    };
    if let Some(coded) = input.get("decode") {
        let coded = RiceDeltas {
            first_value: number(&coded["firstValue"]),
            rice_parameter: coded["riceParameter"].as_u64().unwrap() as u8,
            entries_count: coded["entriesCount"].as_u64().unwrap() as u32,
            encoded_data: from_hex(&coded["encodedData"]),
        };
        let values = coded.decode(width).map_err(error)?;
        return Ok(values.iter().map(|value| format!("{value:x}")).collect());
    }
    let coded = RiceDeltas::encode(&numbers(&input["encode"]), width).map_err(error)?;
    Ok(coded.map_or(Value::Null, |coded| {
        json!({
            "firstValue": format!("{:x}", coded.first_value),
            "riceParameter": coded.rice_parameter,
            "entriesCount": coded.entries_count,
            "encodedData": hex(&coded.encoded_data),
        })
    }))
}

fn either(result: Result<Value, Value>) -> Value {
    result.unwrap_or_else(|error| error)
}

subjects! {
    blocklist: |input| either(built(input));
    blocklist_open: |input| {
        let mut file = from_hex(&input["file"]);
        if input["reseal"] == true {
            let content = file.len() - 32;
            let checksum = quorum_core::digest::sha256(&file[..content]);
            file[content..].copy_from_slice(checksum.as_bytes());
        }
        match Blocklist::open(&file) {
            Ok(list) => {
                let header = list.header();
                json!({
                    "kind": KINDS.iter().find(|(_, kind)| *kind == header.kind).unwrap().0,
                    "prefix_bytes": header.prefix_bytes,
                    "name": header.name,
                    "sequence": header.version.sequence,
                    "token": hex(header.version.token),
                    "created_at": header.created_at,
                    "entries": header.entries,
                })
            }
            Err(error) => json!(error.to_string()),
        }
    };
    blocklist_rice: |input| either(rice(input));
    blocklist_url: |input| {
        let mut builder = Builder::new(Kind::Url, 8).unwrap();
        for entry in input["entries"].as_array().unwrap() {
            builder.add_expression(string(entry));
        }
        let file = builder.build("urls", Version { sequence: 1, token: b"" }, 0).unwrap();
        let list = Blocklist::open(&file).unwrap();
        let url = SafeUrl::parse(string(&input["url"]).as_bytes()).unwrap();
        let found = list.lookup_url(&url).map(|found| {
            assert_eq!(Some(found.found), list.lookup(found.hash.as_bytes()));
            found.expression.to_string()
        });
        json!(found.collect::<Vec<_>>())
    };
    blocklist_file: |input| {
        let kind = string(&input["kind"]);
        let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == kind).unwrap();
        let mut builder = Builder::new(kind, 4).unwrap();
        builder.add(&from_hex(&input["entry"])).unwrap();
        let file = builder.build("files", Version { sequence: 1, token: b"" }, 0).unwrap();
        let mut hasher = Hasher::new();
        hasher.update(string(&input["content"]).as_bytes());
        json!(Blocklist::open(&file).unwrap().lookup_file(&hasher.finish()).is_some())
    };
    blocklist_update: |input| either(update(input));
}
