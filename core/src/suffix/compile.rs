//! Makes the table from the list's text, and holds the two against each other.

use std::collections::BTreeMap;

use super::{EXACT, EXCEPTION, PARENT, PRIVATE, TABLE, WILDCARD, WILDCARD_PRIVATE, public_suffix};

const TEXT: &str = include_str!("public_suffix_list.dat");

/// A rule: its labels without `*` and `!`, and the flags of the one that it ends at.
struct Rule {
    name: String,
    flags: u8,
}

fn rules() -> Vec<Rule> {
    let mut private = false;
    let mut rules = Vec::new();
    for line in TEXT.lines() {
        if line.contains("===BEGIN PRIVATE DOMAINS===") {
            private = true;
        }
        let rule = line.split_whitespace().next().unwrap_or_default();
        if rule.is_empty() || rule.starts_with("//") {
            continue;
        }
        let (name, flags) = if let Some(name) = rule.strip_prefix('!') {
            (name, EXCEPTION | if private { PRIVATE } else { 0 })
        } else if let Some(name) = rule.strip_prefix("*.") {
            (name, WILDCARD | if private { WILDCARD_PRIVATE } else { 0 })
        } else {
            (rule, EXACT | if private { PRIVATE } else { 0 })
        };
        let name = idna::domain_to_ascii(name).unwrap();
        assert!(
            !name.contains('*'),
            "{rule}: a form that the table cannot hold"
        );
        rules.push(Rule { name, flags });
    }
    rules
}

#[derive(Default)]
struct Node {
    flags: u8,
    below: BTreeMap<String, Node>,
}

fn compile() -> Vec<u8> {
    let mut root = Node::default();
    for rule in rules() {
        let mut node = &mut root;
        for label in rule.name.rsplit('.') {
            node = node.below.entry(label.to_owned()).or_default();
        }
        node.flags |= rule.flags;
    }
    let version = TEXT
        .lines()
        .find_map(|line| line.strip_prefix("// VERSION: "))
        .unwrap();
    let mut table = vec![version.len() as u8];
    table.extend(version.as_bytes());
    // A list that stands in several places (`com edu gov net org`) is written once.
    let mut written = BTreeMap::new();
    // Lists whose place is still to be entered, and where: first come, first written.
    let mut waiting = std::collections::VecDeque::from([(&root, None)]);
    while let Some((node, entered_at)) = waiting.pop_front() {
        let key = describe(node);
        let place = *written.entry(key).or_insert_with(|| {
            let place = table.len();
            write_list(node, &mut table, &mut waiting);
            place
        });
        if let Some(at) = entered_at {
            let at: usize = at;
            table[at..at + 3].copy_from_slice(&(place as u32).to_le_bytes()[..3]);
        }
    }
    assert!(table.len() < 1 << 24);
    table
}

/// All that is below a node, as text, so that equal lists are found.
fn describe(node: &Node) -> String {
    node.below
        .iter()
        .map(|(label, node)| format!("{label}:{}({})", node.flags, describe(node)))
        .collect()
}

fn write_list<'a>(
    node: &'a Node,
    table: &mut Vec<u8>,
    waiting: &mut std::collections::VecDeque<(&'a Node, Option<usize>)>,
) {
    let mut groups: BTreeMap<(usize, u8), Vec<(&str, &Node)>> = BTreeMap::new();
    for (label, below) in &node.below {
        let parent = if below.below.is_empty() { 0 } else { PARENT };
        groups
            .entry((label.len(), below.flags | parent))
            .or_default()
            .push((label, below));
    }
    for ((length, flags), members) in groups {
        table.extend([length as u8, flags]);
        table.extend((members.len() as u16).to_le_bytes());
        for (label, _) in &members {
            table.extend(label.as_bytes());
        }
        if flags & PARENT != 0 {
            for (_, below) in members {
                waiting.push_back((below, Some(table.len())));
                table.extend([0; 3]);
            }
        }
    }
    table.push(0);
}

#[test]
fn the_table_is_made_from_the_text() {
    let table = compile();
    if std::env::var_os("QUORUM_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/suffix/suffixes.bin");
        std::fs::write(path, &table).unwrap();
    } else {
        assert!(
            table == TABLE,
            "suffixes.bin is not what public_suffix_list.dat becomes; \
             QUORUM_WRITE=1 cargo test -p quorum-core suffix"
        );
    }
}

/// The algorithm as publicsuffix.org words it, over the rules as they are written.
#[test]
fn every_rule_is_found_and_nothing_else() {
    let rules = rules();
    let by_name: BTreeMap<&str, u8> = rules
        .iter()
        .map(|rule| (rule.name.as_str(), rule.flags))
        .collect();
    assert_eq!(by_name.len(), rules.len(), "a name has one rule");
    let expected = |host: &str| {
        let labels: Vec<&str> = host.split('.').collect();
        let tail = |from: usize| labels[from..].join(".");
        let flags = |from: usize| by_name.get(tail(from).as_str()).copied().unwrap_or(0);
        let private = |flags: u8| flags & (PRIVATE | WILDCARD_PRIVATE) != 0;
        for from in 0..labels.len() {
            if flags(from) & EXCEPTION != 0 {
                return (tail(from + 1), true, private(flags(from)));
            }
        }
        for from in 0..labels.len() {
            if flags(from) & EXACT != 0 {
                return (tail(from), true, private(flags(from)));
            }
            if from + 1 < labels.len() && flags(from + 1) & WILDCARD != 0 {
                return (tail(from), true, private(flags(from + 1)));
            }
        }
        (tail(labels.len() - 1), false, false)
    };
    for rule in &rules {
        let name = &rule.name;
        for host in [
            name.clone(),
            format!("zz.{name}"),
            format!("www.zz.{name}"),
            format!("{name}zz"),
            format!("zz{name}"),
        ] {
            let suffix = public_suffix(&host);
            assert_eq!(
                (suffix.text.to_owned(), suffix.known, suffix.private),
                expected(&host),
                "{host}"
            );
        }
    }
}
