//! Splits YARA source into pieces that look different. It is no parser: what is wrong is the compiler's to
//! say, and a text that is half written is split all the same. One pass, no step back.

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything else.
    Plain,
    /// A word of the language.
    Keyword,
    /// `"text"`, `/regular expression/` or `{ hex }`.
    Pattern,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// `$a`, `#a`, `@a`, `!a`.
    Variable,
}

impl Kind {
    /// Its class in the style sheet; plain text has none.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Keyword => "k",
            Self::Pattern => "p",
            Self::Number => "n",
            Self::Comment => "c",
            Self::Variable => "v",
        }
    }
}

const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "ascii",
    "at",
    "base64",
    "base64wide",
    "condition",
    "contains",
    "defined",
    "endswith",
    "entrypoint",
    "false",
    "filesize",
    "for",
    "fullword",
    "global",
    "icontains",
    "iendswith",
    "iequals",
    "import",
    "in",
    "include",
    "istartswith",
    "matches",
    "meta",
    "nocase",
    "none",
    "not",
    "of",
    "or",
    "private",
    "rule",
    "startswith",
    "strings",
    "them",
    "true",
    "wide",
    "with",
    "xor",
];

/// The pieces of a text, in order; together they are the text.
pub(crate) fn pieces(text: &str) -> Vec<(Kind, &str)> {
    let mut pieces: Vec<(Kind, &str)> = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    // After `$a =` a brace opens hex, and not a rule.
    let mut assigned = false;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            '/' if rest.starts_with("//") => (Kind::Comment, line(rest)),
            '/' if rest.starts_with("/*") => (
                Kind::Comment,
                rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            ),
            '"' => (Kind::Pattern, quoted(rest, b'"')),
            '/' => (Kind::Pattern, quoted(rest, b'/')),
            '{' if assigned => (
                Kind::Pattern,
                rest.find('}').map_or(rest.len(), |end| end + 1),
            ),
            '$' | '#' | '@' => (Kind::Variable, 1 + word(&rest[1..])),
            '!' if !rest.starts_with("!=") => (Kind::Variable, 1 + word(&rest[1..])),
            '0'..='9' => (Kind::Number, word(rest)),
            _ => match word(rest) {
                0 => (Kind::Plain, first.len_utf8()),
                length if KEYWORDS.contains(&&rest[..length]) => (Kind::Keyword, length),
                length => (Kind::Plain, length),
            },
        };
        if !first.is_whitespace() && kind != Kind::Comment {
            assigned = first == '=';
        }
        if kind != Kind::Plain {
            if plain < at {
                pieces.push((Kind::Plain, &text[plain..at]));
            }
            pieces.push((kind, &rest[..length]));
            plain = at + length;
        }
        at += length;
    }
    if plain < text.len() {
        pieces.push((Kind::Plain, &text[plain..]));
    }
    pieces
}

/// How long the word at the start is, in bytes.
fn word(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// How long what is quoted at the start is, in bytes; it ends with its line at the latest.
fn quoted(text: &str, mark: u8) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return at,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, kind: Kind) -> Vec<&str> {
        pieces(text)
            .into_iter()
            .filter(|(it, _)| *it == kind)
            .map(|(_, piece)| piece)
            .collect()
    }

    const RULE: &str = r#"import "pe" // a module
rule Ann /* tag */ : t1 {
  strings:
    $a = "quo\"ted" nocase
    $b = { 4D 5A [2-4] ?? }
    $c = /ab\/c+/i
  condition:
    #a > 0x10 and !c[1] != 2 and pe.is_pe
}"#;

    #[test]
    fn says_what_each_piece_is() {
        assert_eq!(of(RULE, Kind::Comment), ["// a module", "/* tag */"]);
        assert_eq!(
            of(RULE, Kind::Pattern),
            ["\"pe\"", r#""quo\"ted""#, "{ 4D 5A [2-4] ?? }", r"/ab\/c+/"]
        );
        assert_eq!(of(RULE, Kind::Variable), ["$a", "$b", "$c", "#a", "!c"]);
        assert_eq!(of(RULE, Kind::Number), ["0x10", "1", "2"]);
        assert_eq!(
            of(RULE, Kind::Keyword),
            [
                "import",
                "rule",
                "strings",
                "nocase",
                "condition",
                "and",
                "and"
            ]
        );
    }

    #[test]
    fn the_pieces_are_the_text_whatever_it_is() {
        for text in [
            RULE,
            "",
            "\"open",
            "/* open",
            "$x = { 41",
            "/re",
            "規則 \"日本語\" 𝄞 $",
            "\\",
            "a\r\n\"b\r\n\"",
        ] {
            for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
                let joined: String = pieces(&text[..end])
                    .iter()
                    .map(|(_, piece)| *piece)
                    .collect();
                assert_eq!(joined, text[..end]);
            }
        }
    }
}
