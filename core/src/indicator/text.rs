//! Indicators in running text: undoing the spellings that keep them from being clicked, making
//! such spellings, and finding them in a selection.

use super::Indicator;

/// Spellings of a dot, a colon, a slash and an at-sign that people use so that nobody clicks.
/// All are ASCII but the dots of other scripts, which input methods produce.
const SUBSTITUTES: &[(&str, &str)] = &[
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("<.>", "."),
    ("[.", "."),
    (".]", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("\\.", "."),
    ("\u{3002}", "."),
    ("\u{ff0e}", "."),
    ("\u{ff61}", "."),
    ("[://]", "://"),
    ("[:]", ":"),
    ("[/]", "/"),
    ("[@]", "@"),
    ("[at]", "@"),
    ("(at)", "@"),
];

/// Scheme spellings, longest first.
const SCHEMES: &[(&str, &str)] = &[
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("http[s]", "https"),
    ("meow", "http"),
];

/// Characters that are there to be overlooked.
fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

/// Undoes the spellings that keep an indicator from being clicked.
///
/// ```
/// assert_eq!(quorum_core::indicator::refang("hXXp[:]//a[.]example(dot)com"), "http://a.example.com");
/// ```
pub fn refang(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut word_start = true;
    'scan: while let Some(c) = rest.chars().next() {
        if invisible(c) {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        // No substitute contains a letter but "dot" and "at", so the common case is one compare.
        if !c.is_ascii_alphanumeric() {
            for (written, meant) in SUBSTITUTES {
                // "[2001:db8::.]" has no meaning, but "[1.2.3.4]" must keep its bracket: a lone
                // half bracket counts only between letters and digits.
                let half = written.len() == 2 && *written != "\\.";
                let between = || {
                    out.ends_with(|c: char| c.is_alphanumeric())
                        && rest[written.len()..].starts_with(char::is_alphanumeric)
                };
                if starts_with(rest, written) && (!half || between()) {
                    out.push_str(meant);
                    rest = &rest[written.len()..];
                    word_start = false;
                    continue 'scan;
                }
            }
        } else if word_start {
            for (written, meant) in SCHEMES {
                let after = rest.get(written.len()..).unwrap_or_default();
                if starts_with(rest, written) && (after.starts_with(':') || after.starts_with('['))
                {
                    out.push_str(meant);
                    rest = after;
                    word_start = false;
                    continue 'scan;
                }
            }
        }
        word_start = !c.is_alphanumeric();
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Spells an indicator so that nobody clicks it by accident; [`refang`] undoes it.
///
/// ```
/// use quorum_core::indicator::{Indicator, defang};
/// let url: Indicator = "https://a.example/x.html".parse()?;
/// assert_eq!(defang(&url), "hxxps://a[.]example/x.html");
/// # Ok::<(), quorum_core::indicator::NotAnIndicator>(())
/// ```
pub fn defang(indicator: &Indicator) -> String {
    match indicator {
        Indicator::File(hash) => hash.to_string(),
        Indicator::Domain(domain) => domain.as_str().replace('.', "[.]"),
        Indicator::Ip(ip) => {
            let text = ip.to_string();
            if text.contains(':') {
                text.replacen(':', "[:]", 1)
            } else {
                text.replace('.', "[.]")
            }
        }
        Indicator::Url(url) => {
            let text = url.as_str();
            let host = url.host();
            let scheme = url.as_url().scheme().replacen("tt", "xx", 1);
            // The host is found behind the scheme and the user info, never inside them.
            let after_scheme = url.as_url().scheme().len() + "://".len();
            let user_info = text[after_scheme..]
                .split(['/', '?'])
                .next()
                .and_then(|authority| authority.rfind('@'))
                .map_or(0, |at| at + 1);
            let host_at = after_scheme + user_info;
            format!(
                "{scheme}://{}{}{}",
                &text[after_scheme..host_at],
                host.replace('.', "[.]"),
                &text[host_at + host.len()..],
            )
        }
    }
}

/// Most indicators that [`extract`] returns.
pub const MAX_EXTRACTED: usize = 100;

/// Endings that look like a top-level domain and are, in running text, nearly always a file's.
const FILE_ENDINGS: &[&str] = &[
    "aspx", "bat", "bin", "cfg", "cmd", "conf", "cpp", "css", "csv", "dat", "dll", "doc", "docx",
    "exe", "gif", "gz", "htm", "html", "ini", "iso", "jar", "java", "jpeg", "jpg", "js", "json",
    "lnk", "lock", "log", "md", "msi", "pdf", "php", "pl", "png", "ppt", "pptx", "ps1", "py",
    "rar", "rs", "rtf", "sh", "so", "sql", "svg", "tar", "tmp", "toml", "ts", "txt", "vbs", "wasm",
    "xls", "xlsx", "xml", "yaml", "yml", "zip",
];

/// Finds the indicators in a text, each once, in the order of the text, at most
/// [`MAX_EXTRACTED`]. One pass; time grows with the text's length only.
///
/// A bare domain name counts only if its last label does not look like a file's ending, unless
/// it was written defanged, which nobody does to a file name.
pub fn extract(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    for written in
        text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '|' | ',' | '`'))
    {
        let word = refang(written);
        let defanged = word.len() != written.len();
        let Some(indicator) = read_word(&word, defanged) else {
            continue;
        };
        if !found.contains(&indicator) {
            found.push(indicator);
            if found.len() == MAX_EXTRACTED {
                break;
            }
        }
    }
    found
}

fn read_word(word: &str, defanged: bool) -> Option<Indicator> {
    let scheme = word.find("://").and_then(|at| {
        let start = at
            - word[..at]
                .bytes()
                .rev()
                .take_while(u8::is_ascii_alphabetic)
                .count();
        matches!(
            word[start..at].to_ascii_lowercase().as_str(),
            "http" | "https"
        )
        .then_some(start)
    });
    if let Some(start) = scheme {
        return trim_end(&word[start..]).parse().ok();
    }
    let word = trim_end(word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '['));
    let indicator = word.parse::<Indicator>().ok()?;
    let plausible = match &indicator {
        Indicator::File(_) => true,
        // Four numbers are an address; "::" and version numbers in hex are not worth the noise.
        Indicator::Ip(ip) => ip.is_ipv4() || word.len() > 6,
        Indicator::Domain(domain) => plausible_name(domain.top_level(), defanged),
        Indicator::Url(url) => {
            !word.contains('@')
                && match url.host_indicator() {
                    Some(Indicator::Domain(domain)) => plausible_name(domain.top_level(), defanged),
                    Some(Indicator::Ip(_)) => word.starts_with(url.host()),
                    _ => false,
                }
        }
    };
    plausible.then_some(indicator)
}

fn plausible_name(top_level: &str, defanged: bool) -> bool {
    let shape = top_level.len() >= 2
        && (top_level.starts_with("xn--") || top_level.bytes().all(|b| b.is_ascii_alphabetic()));
    shape && (defanged || FILE_ENDINGS.binary_search(&top_level).is_err())
}

/// Takes off what belongs to the sentence: punctuation, quotes, and closing brackets that were
/// not opened inside.
fn trim_end(mut word: &str) -> &str {
    while let Some(last) = word.chars().next_back() {
        let opened = match last {
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            '.' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '»' | '”' | '’' | '。' | '、'
            | '」' => None,
            _ => break,
        };
        if let Some(open) = opened
            && word.matches(open).count() >= word.matches(last).count()
        {
            break;
        }
        word = &word[..word.len() - last.len_utf8()];
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_endings_are_sorted_for_the_binary_search() {
        assert!(FILE_ENDINGS.is_sorted());
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn refang_undoes_defang(host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}\\.[a-z]{2,6}", path in "[a-z0-9./_-]{0,20}", user in "([a-z]{1,5}@)?") {
            let url: Indicator = format!("https://{user}{host}/{path}").parse().unwrap();
            proptest::prop_assert_eq!(Indicator::read(&defang(&url)), Ok(url));
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            let _ = Indicator::read(&text);
            let _ = extract(&text);
        }
    }
}
