//! What a sandbox saw a file do: the report's form, and what follows from it for the file and for what
//! it touched.
//!
//! A report is taken with the fields that stand here and no others: a field that nobody reads would
//! look as if it counted. What another backend says of its own copy (`has_pcap` and the like) is taken
//! and passed over.

use std::collections::{BTreeMap, BTreeSet};

use quorum_core::indicator::{CanonicalUrl, Domain, Indicator, Kind, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::attack;

/// Most bytes of a report.
pub(crate) const MAX_REPORT: usize = 4 << 20;

/// Most things that a report may say were touched.
const MAX_RELATIONS: usize = 10_000;

/// Longest name of a sandbox, in characters.
const MAX_NAME: usize = 64;

/// A sandbox's report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    /// Names the sandbox; a file has one report of each.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) sandbox_name: String,
    /// Seconds since the Unix epoch.
    #[schema(minimum = 0)]
    pub(crate) analysis_date: Option<u32>,
    pub(crate) behash: Option<String>,
    pub(crate) hosts_file: Option<String>,
    pub(crate) verdicts: Vec<SandboxVerdict>,
    #[schema(maximum = 100)]
    pub(crate) verdict_confidence: Option<u8>,
    pub(crate) verdict_labels: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) calls_highlighted: Vec<String>,
    pub(crate) text_highlighted: Vec<String>,
    pub(crate) text_decoded: Vec<String>,
    pub(crate) command_executions: Vec<String>,
    pub(crate) processes_created: Vec<String>,
    pub(crate) processes_terminated: Vec<String>,
    pub(crate) processes_killed: Vec<String>,
    pub(crate) processes_injected: Vec<String>,
    pub(crate) modules_loaded: Vec<String>,
    pub(crate) files_opened: Vec<String>,
    pub(crate) files_written: Vec<String>,
    pub(crate) files_deleted: Vec<String>,
    pub(crate) files_attribute_changed: Vec<String>,
    pub(crate) registry_keys_opened: Vec<String>,
    pub(crate) registry_keys_deleted: Vec<String>,
    pub(crate) mutexes_created: Vec<String>,
    pub(crate) mutexes_opened: Vec<String>,
    pub(crate) services_created: Vec<String>,
    pub(crate) services_started: Vec<String>,
    pub(crate) services_opened: Vec<String>,
    pub(crate) services_stopped: Vec<String>,
    pub(crate) services_deleted: Vec<String>,
    pub(crate) services_bound: Vec<String>,
    pub(crate) windows_searched: Vec<String>,
    pub(crate) windows_hidden: Vec<String>,
    pub(crate) ja3_digests: Vec<String>,
    pub(crate) memory_pattern_urls: Vec<String>,
    pub(crate) memory_pattern_domains: Vec<String>,
    pub(crate) memory_pattern_ips: Vec<String>,
    pub(crate) crypto_algorithms_observed: Vec<String>,
    pub(crate) crypto_keys: Vec<String>,
    pub(crate) crypto_plain_text: Vec<String>,
    pub(crate) permissions_requested: Vec<String>,
    pub(crate) permissions_checked: Vec<String>,
    pub(crate) activities_started: Vec<String>,
    pub(crate) content_model_observers: Vec<String>,
    pub(crate) signals_observed: Vec<String>,
    pub(crate) signals_hooked: Vec<String>,
    pub(crate) invokes: Vec<String>,
    pub(crate) databases_opened: Vec<String>,
    pub(crate) databases_deleted: Vec<String>,
    pub(crate) system_property_lookups: Vec<String>,
    pub(crate) system_property_sets: Vec<String>,
    pub(crate) shared_preferences_lookups: Vec<String>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) processes_tree: Vec<Process>,
    pub(crate) files_copied: Vec<Copied>,
    pub(crate) files_dropped: Vec<Dropped>,
    pub(crate) registry_keys_set: Vec<RegistryKey>,
    pub(crate) dns_lookups: Vec<DnsLookup>,
    pub(crate) ip_traffic: Vec<IpTraffic>,
    pub(crate) http_conversations: Vec<HttpConversation>,
    pub(crate) tls: Vec<Tls>,
    pub(crate) mitre_attack_techniques: Vec<MitreTechnique>,
    #[schema(value_type = Object)]
    pub(crate) attack_techniques: BTreeMap<String, Vec<Map<String, Value>>>,
    pub(crate) signature_matches: Vec<SignatureMatch>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) memory_dumps: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) mbc: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) sigma_analysis_results: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) ids_results: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) smtp_conversations: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) shared_preferences_sets: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) sms_sent: Vec<Map<String, Value>>,
    #[schema(value_type = Vec<Object>)]
    pub(crate) content_model_sets: Vec<Map<String, Value>>,
    /// Passed over, as the following.
    pub(crate) last_modification_date: Option<i64>,
    pub(crate) has_html_report: Option<bool>,
    pub(crate) has_pcap: Option<bool>,
    pub(crate) has_evtx: Option<bool>,
    pub(crate) has_memdump: Option<bool>,
}

/// What a sandbox calls a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SandboxVerdict {
    Clean,
    Malware,
    Greyware,
    Ransom,
    Phishing,
    Banker,
    Adware,
    Exploit,
    Evader,
    Rat,
    Trojan,
    Spreader,
    Stealer,
    UnknownVerdict,
}

/// A process, and those that it started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Process {
    pub(crate) process_id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_offset: Option<i64>,
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Process>,
}

/// A file that was copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copied {
    pub(crate) source: String,
    pub(crate) destination: String,
}

/// A file that was written, and is worth a look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dropped {
    pub(crate) path: String,
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<Sha256>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) file_type: Option<String>,
}

/// A key of Windows's registry with what was written there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegistryKey {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A name that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DnsLookup {
    pub(crate) hostname: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) resolved_ips: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) txt_records: Vec<String>,
}

/// An address that was talked to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IpTraffic {
    pub(crate) destination_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination_ip_as_int: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transport_layer_protocol: Option<String>,
}

/// A request over HTTP, and its answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpConversation {
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_method: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) request_headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) response_headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_body_filetype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_body_first_ten_bytes: Option<String>,
}

/// A connection by TLS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tls {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sni: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ja3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ja3s: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thumbprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) serial_number: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) subject: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) issuer: BTreeMap<String, String>,
}

/// A technique of ATT&CK, and what was seen of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MitreTechnique {
    #[schema(examples("T1059.001"))]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) signature_description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(examples("IMPACT_SEVERITY_INFO"))]
    pub(crate) severity: String,
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) refs: Vec<Map<String, Value>>,
}

/// A signature of the sandbox that matched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignatureMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule_src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) match_data: Vec<Value>,
}

/// Something that a file touched when it ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Relation {
    /// The relationship of the file at whose other end it stands.
    pub(crate) name: &'static str,
    /// The type of the object there.
    pub(crate) kind: &'static str,
    pub(crate) target: String,
    /// The text of a URL.
    pub(crate) url: Option<String>,
}

/// Everything that a report's relationships are made of.
#[derive(Default)]
struct Relations(BTreeSet<Relation>);

impl Relations {
    fn add(&mut self, name: &'static str, kind: &'static str, target: String) {
        let url = None;
        self.0.insert(Relation {
            name,
            kind,
            target,
            url,
        });
    }

    /// A host, by the relationship for names or that for addresses. What is neither is passed over:
    /// sandboxes write down whatever a program asked for.
    fn host(&mut self, names: &'static str, addresses: &'static str, host: &str) {
        if let Ok(ip) = host.parse::<std::net::IpAddr>() {
            self.add(addresses, Kind::IpAddress.as_str(), ip.to_string());
        } else if let Ok(domain) = host.parse::<Domain>() {
            self.add(names, Kind::Domain.as_str(), domain.to_string());
        }
    }

    /// An address. A word without a scheme is passed over: in a program's memory there are many.
    fn url(&mut self, name: &'static str, text: &str) -> Option<CanonicalUrl> {
        if !text.contains("://") {
            return None;
        }
        let url: CanonicalUrl = text.parse().ok()?;
        let url = url.without_credentials();
        self.0.insert(Relation {
            name,
            kind: Kind::Url.as_str(),
            target: url.id().to_string(),
            url: Some(url.as_str().to_owned()),
        });
        Some(url)
    }
}

const DOMAINS: &str = "contacted_domains";
const ADDRESSES: &str = "contacted_ips";

impl Behaviour {
    /// Looks at what the types do not say.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = self.sandbox_name.trim();
        let length = name.chars().count();
        let odd = |c: char| c.is_control() || c == '/' || c == '\\';
        if name != self.sandbox_name || !(1..=MAX_NAME).contains(&length) || name.contains(odd) {
            return Err(format!(
                "sandbox_name must be 1 to {MAX_NAME} characters without slashes"
            ));
        }
        if self.verdict_confidence.is_some_and(|percent| percent > 100) {
            return Err("verdict_confidence must be 0 to 100".to_owned());
        }
        match self.relations().len() {
            0..=MAX_RELATIONS => Ok(()),
            _ => Err(format!(
                "the report touches more than {MAX_RELATIONS} things"
            )),
        }
    }

    /// The report as the store keeps it and the API shows it, without what is empty.
    pub(crate) fn attributes(&self) -> Map<String, Value> {
        let Value::Object(mut all) = json!(self) else {
            return Map::new();
        };
        all.retain(|name, value| {
            let passed_over = name.starts_with("has_") || name == "last_modification_date";
            let empty = match value {
                Value::Null => true,
                Value::Array(list) => list.is_empty(),
                Value::Object(map) => map.is_empty(),
                _ => false,
            };
            !passed_over && !empty
        });
        all
    }

    /// What the file touched.
    pub(crate) fn relations(&self) -> BTreeSet<Relation> {
        let mut found = Relations::default();
        for lookup in &self.dns_lookups {
            // A name that was asked for: of an address one asks for a name in another way.
            if let Ok(domain) = lookup.hostname.parse::<Domain>() {
                found.add(DOMAINS, Kind::Domain.as_str(), domain.to_string());
            }
        }
        for traffic in &self.ip_traffic {
            if let Ok(ip) = traffic.destination_ip.parse::<std::net::IpAddr>() {
                found.add(ADDRESSES, Kind::IpAddress.as_str(), ip.to_string());
            }
        }
        for talk in &self.http_conversations {
            let url = found.url("contacted_urls", &talk.url);
            if let Some(host) = url.and_then(|url| url.host_indicator())
                && matches!(host, Indicator::Domain(_) | Indicator::Ip(_))
            {
                found.host(DOMAINS, ADDRESSES, &host.to_string());
            }
        }
        for name in self.tls.iter().filter_map(|tls| tls.sni.as_deref()) {
            found.host(DOMAINS, ADDRESSES, name);
        }
        for file in self.files_dropped.iter().filter_map(|file| file.sha256) {
            found.add("dropped_files", Kind::File.as_str(), file.to_string());
        }
        let domains = "memory_pattern_domains";
        let addresses = "memory_pattern_ips";
        for host in self
            .memory_pattern_domains
            .iter()
            .chain(&self.memory_pattern_ips)
        {
            found.host(domains, addresses, host);
        }
        for text in &self.memory_pattern_urls {
            found.url("memory_pattern_urls", text);
        }
        for id in self.techniques().into_keys() {
            found.add("related_attack_techniques", "attack_technique", id);
        }
        found.0
    }

    /// The techniques that were seen, each with its signatures as trees show them.
    pub(crate) fn techniques(&self) -> BTreeMap<String, Vec<Value>> {
        let mut seen: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for one in self
            .mitre_attack_techniques
            .iter()
            .filter(|one| attack::is_technique(&one.id))
        {
            let severity = one.severity.strip_prefix("IMPACT_SEVERITY_");
            let severity = severity.filter(|word| ["HIGH", "MEDIUM", "LOW", "INFO"].contains(word));
            let signature = json!({
                "severity": severity.unwrap_or("UNKNOWN"),
                "description": one.signature_description,
            });
            let signatures = seen.entry(one.id.clone()).or_default();
            if !signatures.contains(&signature) {
                signatures.push(signature);
            }
        }
        for id in self
            .attack_techniques
            .keys()
            .filter(|id| attack::is_technique(id))
        {
            seen.entry(id.clone()).or_default();
        }
        seen
    }

    /// What the sandbox says of the file, as its report shows it; `None` where it says nothing.
    pub(crate) fn verdict(&self) -> Option<Value> {
        let has = |verdict| self.verdicts.contains(&verdict);
        let mild = [
            SandboxVerdict::Clean,
            SandboxVerdict::Greyware,
            SandboxVerdict::Adware,
            SandboxVerdict::UnknownVerdict,
        ];
        let category = if self.verdicts.is_empty() {
            return None;
        } else if self.verdicts.iter().any(|one| !mild.contains(one)) {
            "malicious"
        } else if has(SandboxVerdict::Greyware) || has(SandboxVerdict::Adware) {
            "suspicious"
        } else if has(SandboxVerdict::Clean) {
            "harmless"
        } else {
            "undetected"
        };
        let mut verdict = json!({
            "category": category,
            "sandbox_name": self.sandbox_name,
            "malware_classification": self.verdicts,
        });
        if let Some(percent) = self.verdict_confidence {
            verdict["confidence"] = percent.into();
        }
        if !self.verdict_labels.is_empty() {
            verdict["malware_names"] = json!(self.verdict_labels);
        }
        Some(verdict)
    }
}

/// What only one report can say.
const OF_ONE: &[&str] = &[
    "analysis_date",
    "behash",
    "last_modification_date",
    "sandbox_name",
];

/// Several reports on one file as one: lists with what each has, once; of numbers the greatest; of
/// texts the first.
pub(crate) fn merged<'a>(
    reports: impl Iterator<Item = &'a Map<String, Value>>,
) -> Map<String, Value> {
    let mut all = Map::new();
    for report in reports {
        for (name, value) in report {
            if !OF_ONE.contains(&name.as_str()) {
                merge(all.entry(name).or_insert(Value::Null), value);
            }
        }
    }
    all
}

fn merge(into: &mut Value, value: &Value) {
    match (into, value) {
        (Value::Array(into), Value::Array(more)) => {
            let mut seen: BTreeSet<String> = into.iter().map(Value::to_string).collect();
            let new = more.iter().filter(|one| seen.insert(one.to_string()));
            into.extend(new.cloned());
        }
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Number(into), Value::Number(more)) => {
            if more.as_f64() > into.as_f64() {
                *into = more.clone();
            }
        }
        (into, value) => {
            if into.is_null() {
                *into = value.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Behaviour {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_a_file_touched_is_read_out_of_its_report() {
        let report = read(json!({
            "sandbox_name": "Box",
            "dns_lookups": [{"hostname": "C2.example", "resolved_ips": ["203.0.113.9"]}, {"hostname": "_"}],
            "ip_traffic": [{"destination_ip": "203.0.113.9", "destination_port": 443}],
            "http_conversations": [{"url": "http://www.example/a"}, {"url": "http://192.0.2.1/x"}],
            "tls": [{"sni": "tls.example"}],
            "files_dropped": [{"path": "a.exe", "sha256": "A".repeat(64)}, {"path": "b"}],
            "memory_pattern_domains": ["mem.example"], "memory_pattern_ips": ["::1"],
            "memory_pattern_urls": ["https://mem.example/", "nonsense"],
            "mitre_attack_techniques": [{"id": "T1059", "severity": "IMPACT_SEVERITY_INFO"}, {"id": "x"}],
            "attack_techniques": {"T1106": []},
        }));
        let relations = report.relations();
        let of = |name: &str| -> Vec<_> {
            let named = relations.iter().filter(|one| one.name == name);
            named
                .map(|one| one.url.as_ref().unwrap_or(&one.target).as_str())
                .collect()
        };
        assert_eq!(
            of("contacted_domains"),
            ["c2.example", "tls.example", "www.example"]
        );
        assert_eq!(of("contacted_ips"), ["192.0.2.1", "203.0.113.9"]);
        let mut urls = of("contacted_urls");
        urls.sort_unstable();
        assert_eq!(urls, ["http://192.0.2.1/x", "http://www.example/a"]);
        assert_eq!(of("dropped_files"), ["a".repeat(64)]);
        assert_eq!(of("memory_pattern_domains"), ["mem.example"]);
        assert_eq!(of("memory_pattern_ips"), ["::1"]);
        assert_eq!(of("memory_pattern_urls"), ["https://mem.example/"]);
        assert_eq!(of("related_attack_techniques"), ["T1059", "T1106"]);
        assert_eq!(report.attributes().len(), 11);
    }

    #[test]
    fn a_verdict_is_the_worst_that_is_said() {
        for (said, category) in [
            (json!([]), None),
            (json!(["CLEAN"]), Some("harmless")),
            (json!(["UNKNOWN_VERDICT"]), Some("undetected")),
            (json!(["ADWARE", "UNKNOWN_VERDICT"]), Some("suspicious")),
            (json!(["CLEAN", "GREYWARE", "STEALER"]), Some("malicious")),
        ] {
            let report = read(json!({"sandbox_name": "Box", "verdicts": said}));
            let verdict = report.verdict();
            assert_eq!(
                verdict.as_ref().and_then(|one| one["category"].as_str()),
                category
            );
        }
    }

    #[test]
    fn reports_are_merged_without_saying_anything_twice() {
        let one = json!({"sandbox_name": "A", "tags": ["x", "y"], "verdict_confidence": 10,
            "attack_techniques": {"T1": [1]}});
        let two = json!({"sandbox_name": "B", "tags": ["y", "z"], "verdict_confidence": 90,
            "attack_techniques": {"T1": [1, 2], "T2": []}, "hosts_file": "a"});
        let maps = [one, two].map(|value| value.as_object().unwrap().clone());
        let expected = json!({"tags": ["x", "y", "z"], "verdict_confidence": 90,
            "attack_techniques": {"T1": [1, 2], "T2": []}, "hosts_file": "a"});
        assert_eq!(Value::from(merged(maps.iter())), expected);
    }

    #[test]
    fn a_name_of_a_sandbox_fits_into_an_address() {
        for (name, good) in [
            ("Zen box_1", true),
            ("", false),
            (" a", false),
            ("a/b", false),
            ("a\u{7}", false),
        ] {
            let report = read(json!({"sandbox_name": name}));
            assert_eq!(report.check().is_ok(), good, "{name:?}");
        }
        assert!(
            read(json!({"sandbox_name": "a", "verdict_confidence": 101}))
                .check()
                .is_err()
        );
    }
}
