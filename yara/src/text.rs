//! The text of single rules, cut out of the text that they stand in.

use yara_x_parser::Parser;
use yara_x_parser::cst::{CST, SyntaxKind};

/// Each rule of a text by its name, in their order, as it is written there: from its first keyword to its
/// closing brace, without the comments around it. Nothing for a text that cannot be parsed.
pub fn rule_texts(text: &str) -> Vec<(String, String)> {
    let Ok(tree) = CST::try_from(Parser::new(text.as_bytes())) else {
        return Vec::new();
    };
    let rules = tree.root().children();
    rules
        .filter(|node| node.kind() == SyntaxKind::RULE_DECL)
        .filter_map(|rule| {
            let name = rule
                .children_with_tokens()
                .filter_map(|part| part.into_token())
                .find(|token| token.kind() == SyntaxKind::IDENT)?;
            let place = rule.span().0;
            let written = text.get(place.start as usize..place.end as usize)?;
            Some((name.text().to_owned(), written.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_cut_out_whatever_stands_in_their_strings() {
        let one = r#"private global rule one : tag { strings: $a = "} rule no { " $b = /\/}/ condition: any of them }"#;
        let two = "rule two\n{\n  // rule no {\n  condition: filesize / 2 > 1\n}";
        let text =
            format!("import \"pe\"\n// rule zero {{\n{one}\n\n/* between */ {two}\n// after\n");
        let found = rule_texts(&text);
        let expected = [("one", one), ("two", two)].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found, expected);
        assert_eq!(rule_texts("rule {"), []);
    }
}
