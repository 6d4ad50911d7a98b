//! Names of mutexes. Nearly every word could be one, so they are read only where the text says
//! that there is one: `CreateMutexA(NULL, FALSE, "name")`, `"mutex": "name"`, `Mutex: Name_1`.

use std::ops::Range;

use super::Strictness;

/// How far behind the word the name is looked for, and its own longest length in bytes.
pub(super) const REACH: usize = 1024;
const ARGUMENTS: usize = 200;

/// Where the word `mutex` ends in a token.
pub(super) fn word(token: &[u8]) -> Option<usize> {
    token
        .windows(5)
        .position(|window| window.eq_ignore_ascii_case(b"mutex"))
        .map(|at| at + 5)
}

/// The name that `text` speaks of, where the word `mutex` ends at `word`.
pub(super) fn name(text: &[u8], word: usize, strictness: Strictness) -> Option<Range<usize>> {
    let text = &text[..text.len().min(word + REACH)];
    let mut at = word;
    let letters = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count()
    };
    let suffix = letters(at);
    at += suffix;
    if text.get(at) == Some(&b'(') {
        // The name is a string among the arguments; calls of other functions name nothing.
        let called = text[..word].to_ascii_lowercase();
        let makes = [&b"createmutex"[..], b"openmutex"]
            .iter()
            .any(|call| called.ends_with(call));
        let arguments = &text[at..text.len().min(at + ARGUMENTS)];
        let quote = arguments
            .iter()
            .position(|byte| matches!(byte, b'"' | b')' | b';'))?;
        return (makes && arguments[quote] == b'"')
            .then(|| quoted(text, at + quote))
            .flatten();
    }
    if suffix > 0 && !matches!(&text[word..at], b"es" | b"name" | b"Name" | b"s") {
        return None;
    }
    // `mutex name`, `mutex named`, `mutex object`.
    let spaces = |from: usize| {
        text[from..]
            .iter()
            .take(3)
            .take_while(|&&byte| byte == b' ')
            .count()
    };
    let next = at + spaces(at);
    if let b"name" | b"named" | b"names" | b"object" | b"called" = &text[next..next + letters(next)]
    {
        at = next + letters(next);
    }
    // A key of JSON or a word in bold.
    while matches!(text.get(at), Some(b'"' | b'\'' | b'*' | b'`')) && at < word + 16 {
        at += 1;
    }
    let next = at + spaces(at);
    let marked = matches!(text.get(next), Some(b':' | b'='));
    let mut at = next + usize::from(marked);
    at += spaces(at);
    match text.get(at)? {
        b'"' | b'\'' | b'`' => quoted(text, at),
        _ if marked => bare(text, at, strictness),
        _ => None,
    }
}

fn quoted(line: &[u8], quote: usize) -> Option<Range<usize>> {
    let length = line[quote + 1..]
        .iter()
        .position(|&byte| byte == line[quote] || byte == b'\n')?;
    (length > 0 && line[quote + 1 + length] != b'\n').then_some(quote + 1..quote + 1 + length)
}

/// A name without quotes ends with the word, and does not look like a word of a sentence.
fn bare(line: &[u8], at: usize, strictness: Strictness) -> Option<Range<usize>> {
    let length = line
        .get(at..)?
        .iter()
        .take_while(|byte| {
            !matches!(
                byte,
                0..=b' ' | b',' | b';' | b')' | b'"' | b'\'' | b'`' | b'<' | b'>'
            )
        })
        .count();
    let mut end = at + length;
    while end > at && matches!(line[end - 1], b'.' | b':' | b'*') {
        end -= 1;
    }
    let name = &line[at..end];
    let odd = name.iter().skip(1).any(|byte| !byte.is_ascii_lowercase());
    (name.len() > 2 && (odd || strictness == Strictness::Lenient)).then_some(at..end)
}
