//! `quorum import`: takes in what other programs found, on the store itself, beside a running server or
//! without one.

use std::io::Read as _;
use std::path::Path;

use quorum_core::indicator::Sha256;
use serde_json::Value;

use crate::behaviour::{Behaviour, MAX_REPORT};
use crate::cli::{Failure, say};
use crate::clock;
use crate::config::Config;
use crate::store::{Actor, Store, open};

/// A file's report, read out of an object.
fn report(object: Value, sample: Option<Sha256>) -> Result<(Sha256, Behaviour), Failure> {
    let named = object["id"].as_str().and_then(|id| id.split('_').next());
    let named = named.and_then(|sha256| sha256.parse().ok());
    let sha256 = match (sample, named) {
        (Some(sample), Some(named)) if sample != named => {
            return Err(format!("the report is on {named}, not on {sample}").into());
        }
        (Some(sha256), _) | (None, Some(sha256)) => sha256,
        (None, None) => {
            return Err("the report does not say on which file it is: say --sample".into());
        }
    };
    let attributes = match object.get("attributes") {
        Some(attributes) => attributes.clone(),
        None => object,
    };
    let report: Behaviour = serde_json::from_value(attributes)?;
    report.check()?;
    Ok((sha256, report))
}

fn read(file: &Path) -> Result<Vec<Value>, Failure> {
    let mut bytes = Vec::new();
    // One answer of the API may hold a report of each of some sandboxes.
    let most = 16 * MAX_REPORT as u64;
    let length = match file.as_os_str() == "-" {
        true => std::io::stdin().take(most).read_to_end(&mut bytes)?,
        false => std::fs::File::open(file)
            .map_err(|error| format!("{}: {error}", file.display()))?
            .take(most)
            .read_to_end(&mut bytes)?,
    };
    if length as u64 == most {
        return Err(format!("{} is longer than {most} bytes", file.display()).into());
    }
    let mut value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{} is not JSON: {error}", file.display()))?;
    if value.get("data").is_some() {
        value = value["data"].take();
    }
    Ok(match value {
        Value::Array(list) => list,
        one => vec![one],
    })
}

/// Takes sandboxes' reports in, all that are in order and on files that are here.
///
/// # Errors
/// One is not, which is said before; or the file or the store cannot be read.
pub(crate) async fn behaviours(
    config: &Config,
    file: &Path,
    sample: Option<Sha256>,
) -> Result<(), Failure> {
    let objects = read(file)?;
    let store = open::store(config).await?;
    let mut refused = 0;
    for (place, object) in (1..).zip(objects) {
        match take_in(&*store, object, sample).await {
            Ok(line) => say(&line)?,
            Err(reason) => {
                refused += 1;
                say(&format!("report {place}: {reason}"))?;
            }
        }
    }
    store.close().await;
    match refused {
        0 => Ok(()),
        1 => Err("one report was not taken in".into()),
        refused => Err(format!("{refused} reports were not taken in").into()),
    }
}

async fn take_in(
    store: &dyn Store,
    object: Value,
    sample: Option<Sha256>,
) -> Result<String, Failure> {
    let (sha256, report) = report(object, sample)?;
    let name = sha256.to_string();
    if !store
        .import_behaviour(&name, &report, Actor::LOCAL, clock::now())
        .await?
    {
        return Err(format!("there is no file {sha256}").into());
    }
    Ok(format!(
        "quorum: report of {:?} on {sha256} is here",
        report.sandbox_name
    ))
}
