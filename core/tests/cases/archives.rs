//! Members of archives.

use quorum_core::archive::{Event, Limits, Member, MemberKind, Reader};
use serde_json::{Value, json};

use crate::harness::{bytes, subjects};

/// The limits of a case: those of the reader but for the named ones.
fn limits(input: &Value) -> Limits {
    let named = &input["limits"];
    let of = |name: &str, usual: u64| named[name].as_u64().unwrap_or(usual);
    let usual = Limits::default();
    Limits {
        depth: of("depth", usual.depth.into()) as u8,
        members: of("members", usual.members.into()) as u32,
        unpacked: of("unpacked", usual.unpacked),
        member: of("member", usual.member),
        ratio: of("ratio", usual.ratio.into()) as u32,
    }
}

/// An enum's name as it stands in JSON.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

fn begun(member: &Member) -> String {
    let mut line = format!("{} {}", member.id, member.path.join(" > "));
    match &member.kind {
        MemberKind::Symlink { target } => line += &format!(" -> {target}"),
        MemberKind::Hardlink { target } => line += &format!(" => {target}"),
        MemberKind::File => {}
        other => line += &format!(" {other:?}").to_lowercase(),
    }
    line += &format!(" {}", member.method);
    if let Some(encryption) = member.encryption {
        line += &format!(" {}", word(encryption));
    }
    let size = |size: Option<u64>| size.map_or("?".to_owned(), |size| size.to_string());
    line += &format!(" {}/{}", size(member.packed), size(member.unpacked));
    member
        .flags
        .iter()
        .fold(line, |line, flag| line + " " + &word(flag))
}

/// One event in one line; tests/cases/archives.py tells how to read it.
fn line(event: &Event) -> String {
    let of = |member: &Option<u32>| member.map_or("-".to_owned(), |id| id.to_string());
    match event {
        Event::Opened { kind, archive, at } => {
            format!("{} opens {} at {at}", of(archive), word(kind))
        }
        Event::Begun(member) => begun(member),
        Event::Finished(content) => {
            let digests = &content.digests;
            let tag = content.file_type.tag;
            format!(
                "{} = {} {} {tag}",
                content.member, digests.size, digests.md5
            )
        }
        Event::Limit { limit, member } => format!("{} limit {}", of(member), word(limit)),
        Event::Unsupported { member, method } => format!("{member} unsupported {method}"),
        Event::Damaged { member, damage, .. } => format!("{} damaged: {damage}", of(member)),
        Event::Finding {
            member, finding, ..
        } => format!("{} finding: {finding}", of(member)),
    }
}

fn read(input: &Value, piece: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let mut reader = Reader::new(limits(input));
    let mut tell = |event| events.push(event);
    for piece in bytes(&input["bytes"]).chunks(piece) {
        reader.push(piece, &mut tell);
    }
    reader.finish(&mut tell);
    events
}

subjects! {
    archives: |input| {
        let whole = read(input, usize::MAX);
        for piece in [1, 7, 97, 512] {
            assert_eq!(read(input, piece), whole, "cut into pieces of {piece}");
        }
        json!(whole.iter().map(line).collect::<Vec<_>>())
    };
}
