//! Observables: read, put together, handed on.

use js_sys::Date;
use quorum_core::indicator::{CanonicalUrl, Indicator, address};
use quorum_core::observable::{self, Groups, Kind, Observable};
use quorum_core::{stix, text};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::extract::{KindJs, kind};
use crate::{plain, rounded};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Kind[]")]
    /// Names of kinds.
    pub type KindsJs;
    #[wasm_bindgen(typescript_type = "Observable")]
    /// An observable.
    pub type ObservableJs;
    #[wasm_bindgen(typescript_type = "Observable | undefined")]
    /// An observable, or none.
    pub type MaybeObservableJs;
    #[wasm_bindgen(typescript_type = "Pick<Observable, \"kind\" | \"value\">[]")]
    /// Observables, such as hits.
    pub type ObservablesJs;
    #[wasm_bindgen(typescript_type = "Reserved | undefined")]
    /// Why something is reserved, if it is.
    pub type ReservedJs;
    #[wasm_bindgen(typescript_type = "Group[]")]
    /// What belongs together.
    pub type GroupsJs;
    #[wasm_bindgen(typescript_type = "StixBundle")]
    /// A bundle.
    pub type StixJs;
}

#[derive(Serialize)]
struct ObservableWire {
    kind: Kind,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl From<&Observable> for ObservableWire {
    fn from(observable: &Observable) -> Self {
        Self {
            kind: observable.kind(),
            value: observable.to_string(),
            id: observable.id(),
        }
    }
}

/// The names of all kinds.
#[wasm_bindgen]
pub fn kinds() -> Result<KindsJs, JsError> {
    plain(&Kind::ALL)
}

/// Reads a text as a value of one kind; throws what is wrong with it. Spellings that keep it from being
/// clicked are for `refang`.
#[wasm_bindgen]
pub fn parse(kind: KindJs, text: &str) -> Result<ObservableJs, JsError> {
    let observable = Observable::parse_as(self::kind(kind)?, text)?;
    plain(&ObservableWire::from(&observable))
}

/// Reads what a person typed or dropped as what a backend has reports on: a file's hash, a web
/// address, a domain name, an IP address.
#[wasm_bindgen]
pub fn read(text: &str) -> Result<MaybeObservableJs, JsError> {
    let Ok(indicator) = Indicator::read(text) else {
        return Ok(JsValue::UNDEFINED.unchecked_into());
    };
    plain(&ObservableWire::from(&Observable::from(indicator)))
}

#[derive(Serialize)]
struct ReservedWire {
    reason: address::Reserved,
    message: String,
}

/// Why an address, a name or an IP address is not of the public internet and must not be sent to anybody;
/// `undefined` if it is, and for a file's hash. Throws where the text is nothing of the kind.
#[wasm_bindgen]
pub fn reserved(text: &str) -> Result<ReservedJs, JsError> {
    let reason = match Indicator::read(text) {
        Ok(Indicator::File(_)) => None,
        Ok(Indicator::Domain(domain)) => domain.reserved(),
        Ok(Indicator::Ip(ip)) => address::reserved(ip),
        Ok(Indicator::Url(url)) => url.reserved(),
        // A host alone that is no domain name: `localhost`, `intranet`.
        Err(error) => {
            let host = text::refang(text.trim());
            let url: Result<CanonicalUrl, _> = format!("http://{host}/").parse();
            match url {
                Ok(url) if url.host().eq_ignore_ascii_case(&host) => url.reserved(),
                _ => return Err(error.into()),
            }
        }
    };
    match reason {
        Some(reason) => plain(&ReservedWire {
            reason,
            message: reason.to_string(),
        }),
        None => Ok(JsValue::UNDEFINED.unchecked_into()),
    }
}

/// Observables as they come from outside; whatever else they have is not looked at.
fn observables(wire: ObservablesJs) -> Result<Vec<Observable>, JsError> {
    #[derive(Deserialize)]
    struct Given {
        kind: Kind,
        value: String,
    }
    let given: Vec<Given> = serde_wasm_bindgen::from_value(wire.into())?;
    let read = given
        .iter()
        .map(|one| Observable::parse_as(one.kind, &one.value));
    Ok(read.collect::<Result<_, _>>()?)
}

#[derive(Serialize)]
struct GroupWire {
    host: Option<String>,
    members: Vec<ObservableWire>,
}

fn groups(groups: &Groups) -> Result<GroupsJs, JsError> {
    let groups = groups.iter().map(|(host, members)| GroupWire {
        host: host.as_ref().map(ToString::to_string),
        members: members.iter().map(ObservableWire::from).collect(),
    });
    plain(&groups.collect::<Vec<_>>())
}

/// Puts together what belongs to one host; what is at no host comes first.
#[wasm_bindgen(js_name = groupByHost)]
pub fn group_by_host(observables: ObservablesJs) -> Result<GroupsJs, JsError> {
    groups(&observable::group_by_host(self::observables(observables)?))
}

/// Puts together what belongs to one registrable domain; what is at no host comes first.
#[wasm_bindgen(js_name = groupByRegistrableDomain)]
pub fn group_by_registrable_domain(observables: ObservablesJs) -> Result<GroupsJs, JsError> {
    let observables = self::observables(observables)?;
    groups(&observable::group_by_registrable_domain(observables))
}

/// A STIX 2.1 bundle of all observables that STIX has an object for, each once, made at this time.
#[wasm_bindgen(js_name = stixBundle)]
pub fn stix_bundle(observables: ObservablesJs, now: &Date) -> Result<StixJs, JsError> {
    if now.get_time().is_nan() {
        return Err(JsError::new("the time is none"));
    }
    let observables = self::observables(observables)?;
    let (bundle, left_out) = stix::bundle(&observables, &String::from(now.to_iso_string()));
    let left_out = left_out.into_iter().map(ObservableWire::from);
    rounded(&serde_json::json!({
        "bundle": bundle,
        "leftOut": left_out.collect::<Vec<_>>(),
    }))
}
