//! Cursors: where the next page of a list begins, as text that clients paste into a query without
//! escaping it.
//!
//! One byte of version, eight of the last entry's number, eight of the list's digest, in base64
//! with the URL-safe alphabet and no padding. The digest turns a cursor of another list, or a made
//! up one, into a clear refusal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const VERSION: u8 = 1;

fn digest(scope: &str) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&quorum_core::digest::sha256(scope.as_bytes()).as_bytes()[..8]);
    short
}

/// The cursor to what stands before `last` in the list that `scope` names.
pub(crate) fn encode(last: i64, scope: &str) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&last.to_be_bytes());
    bytes.extend_from_slice(&digest(scope));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads it back; `None` if it is not one of this list's. Padding, which some clients add, is
/// overlooked.
pub(crate) fn decode(text: &str, scope: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let [VERSION, rest @ ..] = bytes.as_slice() else {
        return None;
    };
    let (last, list) = rest.split_first_chunk::<8>()?;
    (list == digest(scope)).then(|| i64::from_be_bytes(*last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_needs_no_escaping() {
        let cursor = encode(i64::MAX - 5, "/api/v3/comments");
        assert!(
            cursor
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(decode(&cursor, "/api/v3/comments"), Some(i64::MAX - 5));
    }

    #[test]
    fn refuses_another_lists_cursor() {
        assert_eq!(decode(&encode(1, "/a"), "/b"), None);
        assert_eq!(decode("bm9uc2Vuc2U", "/b"), None);
        assert_eq!(decode("%%", "/b"), None);
    }
}
