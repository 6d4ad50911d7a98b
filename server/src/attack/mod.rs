//! The tactics and techniques of MITRE ATT&CK by their ids, and the trees in which reports show them.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// See the file's head for where it is from.
const TABLE: &str = include_str!("techniques.tsv");

/// Tactics in the order of an attack: id, the short name of the table, name.
const TACTICS: [(&str, &str, &str); 14] = [
    ("TA0043", "reconnaissance", "Reconnaissance"),
    ("TA0042", "resource-development", "Resource Development"),
    ("TA0001", "initial-access", "Initial Access"),
    ("TA0002", "execution", "Execution"),
    ("TA0003", "persistence", "Persistence"),
    ("TA0004", "privilege-escalation", "Privilege Escalation"),
    ("TA0005", "defense-evasion", "Defense Evasion"),
    ("TA0006", "credential-access", "Credential Access"),
    ("TA0007", "discovery", "Discovery"),
    ("TA0008", "lateral-movement", "Lateral Movement"),
    ("TA0009", "collection", "Collection"),
    ("TA0011", "command-and-control", "Command and Control"),
    ("TA0010", "exfiltration", "Exfiltration"),
    ("TA0040", "impact", "Impact"),
];

/// A technique, or a part of one.
#[derive(Debug, Clone, Copy)]
struct Technique {
    name: &'static str,
    /// Short names, with spaces between.
    tactics: &'static str,
}

static TECHNIQUES: LazyLock<HashMap<&str, Technique>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| {
        let (id, rest) = line.split_once('\t')?;
        let (name, tactics) = rest.split_once('\t')?;
        Some((id, Technique { name, tactics }))
    });
    rows.collect()
});

/// Whether a text has the shape of a technique's id: `T1059`, `T1059.001`.
pub(crate) fn is_technique(id: &str) -> bool {
    let digits =
        |text: &str, number| text.len() == number && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = id.strip_prefix('T') else {
        return false;
    };
    match rest.split_once('.') {
        Some((main, part)) => digits(main, 4) && digits(part, 3),
        None => digits(rest, 4),
    }
}

/// Where MITRE says more.
fn link(id: &str) -> String {
    format!(
        "https://attack.mitre.org/techniques/{}/",
        id.replace('.', "/")
    )
}

/// A technique as an object of the API. One that the table does not have is called by its id.
pub(crate) fn technique(id: &str) -> Value {
    let name = TECHNIQUES.get(id).map_or(id, |known| known.name);
    json!({
        "type": "attack_technique",
        "id": id,
        "attributes": {"name": name, "link": link(id)},
    })
}

/// The tree of what a sandbox saw: tactics with their techniques, each with its signatures. Techniques
/// that the table does not have are left out, since no tactic is theirs.
pub(crate) fn tree(signatures: &BTreeMap<String, Vec<Value>>) -> Value {
    let tactics = TACTICS.iter().filter_map(|(id, short, name)| {
        let techniques: Vec<_> = signatures
            .iter()
            .filter_map(|(id, signatures)| {
                let known = TECHNIQUES.get(id.as_str())?;
                let ours = known.tactics.split(' ').any(|one| one == *short);
                ours.then(|| {
                    json!({
                        "id": id,
                        "name": known.name,
                        "link": link(id),
                        "description": "",
                        "signatures": signatures,
                    })
                })
            })
            .collect();
        (!techniques.is_empty()).then(|| {
            json!({
                "id": id,
                "name": name,
                "link": format!("https://attack.mitre.org/tactics/{id}/"),
                "description": "",
                "techniques": techniques,
            })
        })
    });
    json!({"tactics": tactics.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_technique_has_a_name_and_tactics_that_there_are() {
        assert!(TECHNIQUES.len() > 600);
        for (id, technique) in TECHNIQUES.iter() {
            assert!(is_technique(id), "{id}");
            assert!(!technique.name.is_empty(), "{id}");
            for tactic in technique.tactics.split(' ') {
                assert!(
                    TACTICS.iter().any(|(_, short, _)| *short == tactic),
                    "{id}: {tactic}"
                );
            }
        }
        for odd in ["T105", "T10599", "T1059.1", "X1059", "T1059.", "t1059"] {
            assert!(!is_technique(odd), "{odd}");
        }
    }

    #[test]
    fn a_technique_stands_under_each_of_its_tactics() {
        let seen = BTreeMap::from([
            ("T1053.005".to_owned(), vec![json!({"severity": "INFO"})]),
            ("T9999".to_owned(), Vec::new()),
        ]);
        let tree = tree(&seen);
        let tactics = tree["tactics"].as_array().unwrap();
        let names: Vec<_> = tactics
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Execution", "Persistence", "Privilege Escalation"]);
        let technique = &tactics[0]["techniques"][0];
        assert_eq!(technique["name"], "Scheduled Task");
        assert_eq!(
            technique["link"],
            "https://attack.mitre.org/techniques/T1053/005/"
        );
        assert_eq!(technique["signatures"], json!([{"severity": "INFO"}]));
    }
}
