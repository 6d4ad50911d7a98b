//! Bytes: digests, file types, and names against content.

use quorum_core::digest::{self, Hasher, NameCheck};
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// The begin and the end of a file: bytes, or `{"head": …, "tail": …}`.
fn head_and_tail(input: &Value) -> (Vec<u8>, Vec<u8>) {
    match input.get("head") {
        Some(head) => (bytes(head), bytes(&input["tail"])),
        None => (bytes(input), vec![]),
    }
}

subjects! {
    digest: |input| {
        let mut hasher = Hasher::new();
        // Uneven pieces: block borders must not matter.
        for piece in bytes(input).chunks(97) {
            hasher.update(piece);
        }
        serde_json::to_value(hasher.finish()).unwrap()
    };
    file_type: |input| {
        let (head, tail) = head_and_tail(input);
        let found = digest::file_type_of(&head, &tail);
        assert_eq!(found.tags.iter().last(), Some(found.tag));
        if tail.is_empty() {
            assert_eq!(digest::file_type(&head), found);
        }
        json!([found.tag, found.extension])
    };
    type_tags: |input| {
        let (head, tail) = head_and_tail(input);
        let found = digest::file_type_of(&head, &tail);
        let tags: Vec<_> = found.tags.iter().collect();
        json!([found.description, tags.join(" ")])
    };
    content_tags: |input| json!(digest::content_tags(&bytes(input)));
    check_name: |input| {
        let (name, head) = (string(&input["name"]), bytes(&input["bytes"]));
        let check = |found| digest::check_name(name, &found);
        let found = check(digest::file_type(&head));
        // The broad type tells every lie that the whole one does.
        let is_lie = |check: &NameCheck| matches!(check, NameCheck::Contradicts { .. });
        assert_eq!(is_lie(&check(digest::broad_type_of(&head, &[]))), is_lie(&found));
        match serde_json::to_value(&found).unwrap() {
            Value::Object(lie) => json!(["contradicts", lie["contradicts"]["expected"][0]]),
            word => word,
        }
    };
    ending: |input| json!(digest::ending(string(input)));
    runs_when_opened: |input| {
        let on = digest::runs_when_opened(string(input));
        json!([on.windows, on.macos, on.linux])
    };
}
