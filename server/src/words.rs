//! What is found in running text by whoever wrote it or looks for it: `#tags`, `@mentions`, and the
//! words by which a comment can be searched for.
//!
//! Words are cut here and not by the databases: the full-text search of SQLite and of PostgreSQL
//! cut differently (one word of `example.com` or two), and neither finds anything inside a Japanese
//! sentence. Here what is found does not depend on where it lies.

/// Longest word that is searched for, in bytes; what is longer is found by its beginning.
const MAX_WORD: usize = 64;

/// The words of a text in lower case, each once, in the order of their letters.
///
/// A word is a run of letters, digits and `_`. Writing without spaces between words gives single
/// characters and pairs of neighbours, so that any two of them in a row find their place.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let lower = text.to_lowercase();
    for run in lower.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let dense = is_dense(first);
            let end = rest.find(|c| is_dense(c) != dense).unwrap_or(rest.len());
            let (part, next) = rest.split_at(end);
            rest = next;
            if dense {
                let mut before = None;
                for c in part.chars() {
                    words.push(c.to_string());
                    words.extend(before.map(|before| String::from_iter([before, c])));
                    before = Some(c);
                }
            } else {
                words.push(part[..part.floor_char_boundary(MAX_WORD)].to_owned());
            }
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// Characters of scripts that are written without spaces: kana and Han with their extensions.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The `#words` of a text, in lower case, each once.
///
/// A word may hold hyphens (`#cve-2026-1234`) but not end with one. What follows a letter, a digit
/// or a slash is no tag: it is the fragment of an address.
pub(crate) fn tags(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for (at, _) in text.match_indices('#') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '#' | '_' | '&')) {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        let tag = rest[..end].trim_end_matches('-').to_lowercase();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// The `@names` of a text, each once. What follows a letter or a digit is none: it is the host of
/// an address. A name does not end with a dot or a hyphen here: sentences do.
pub(crate) fn mentions(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('@') {
        if text[..at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
        {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
            .unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-']);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_words_become_tags_once_each() {
        assert_eq!(
            tags("see #Tag, #cve-2026-1- and #tag (#日本)"),
            ["tag", "cve-2026-1", "日本"]
        );
    }

    #[test]
    fn the_fragment_of_an_address_is_no_tag() {
        assert!(tags("https://a.example/#top a#b ## # &#39;").is_empty());
    }

    #[test]
    fn names_after_an_at_sign_are_mentions_once_each() {
        assert_eq!(
            mentions("@bob, ask @eve_1. (@bob) a@b.example @"),
            ["bob", "eve_1"]
        );
    }

    #[test]
    fn a_text_is_found_by_its_words_and_by_two_neighbours_where_there_are_no_spaces() {
        assert_eq!(
            words("An Emotet-loader, an EMOTET"),
            ["an", "emotet", "loader"]
        );
        let sentence = words("これは危険なfileです");
        for word in words("危険")
            .iter()
            .chain(&words("険な"))
            .chain(&words("FILE"))
        {
            assert!(sentence.contains(word), "{word}");
        }
        assert!(!sentence.contains(&"危な".to_owned()));
        assert_eq!(words(&"é".repeat(100))[0].len(), MAX_WORD);
        assert!(words("%!? ").is_empty());
    }
}
