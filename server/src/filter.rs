//! Filters of lists: `name:value` terms with spaces between, all of which must hold. A value with
//! spaces stands in double quotes.

use crate::clock::{self, DAY};
use crate::error::ApiError;

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Reads a filter.
///
/// # Errors
/// A term has no name, or a quotation mark no end.
pub(crate) fn terms(filter: &str) -> Result<Vec<Term>, ApiError> {
    let mut terms = Vec::new();
    let mut rest = filter.trim_start();
    while !rest.is_empty() {
        let wrong = || {
            ApiError::invalid_argument(format!("filter has {rest:?} where name:value must stand"))
        };
        let (name, after) = rest.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if value.is_empty() {
            return Err(wrong());
        }
        terms.push(Term {
            name: name.to_ascii_lowercase(),
            value: value.to_owned(),
        });
        rest = after.trim_start();
    }
    Ok(terms)
}

impl Term {
    fn wrong(&self, what: &str) -> ApiError {
        ApiError::invalid_argument(format!(
            "filter has {}:{:?}, which is not {what}",
            self.name, self.value
        ))
    }

    /// The answer where the list cannot be filtered by this.
    pub(crate) fn unknown(&self) -> ApiError {
        ApiError::invalid_argument(format!("This list has no filter {:?}", self.name))
    }

    /// Whether a text holds the value, in any case.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.value.to_lowercase())
    }

    /// Whether a text is the value, in any case.
    pub(crate) fn is(&self, text: &str) -> bool {
        text.to_lowercase() == self.value.to_lowercase()
    }

    /// The value as `true` or `false`.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn truth(&self) -> Result<bool, ApiError> {
        self.value.parse().map_err(|_| self.wrong("true or false"))
    }

    /// The value as a span of time: a day, and with `+` behind it what comes after its beginning, with
    /// `-` what comes before. Both ends in seconds, the second not in it.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn span(&self) -> Result<std::ops::Range<i64>, ApiError> {
        let day = self.value.trim_end_matches(['+', '-']);
        let start = clock::from_any_date(day)
            .ok_or_else(|| self.wrong("a day such as 2026-11-24, 2026-11-24+ or 2026-11-24-"))?;
        Ok(match &self.value[day.len()..] {
            "" => start..start.saturating_add(DAY),
            "+" => start..i64::MAX,
            "-" => i64::MIN..start,
            _ => return Err(self.wrong("a day with one sign behind it")),
        })
    }
}

/// What a list is ordered by, and whether from the greatest down, of `order=name`, `name+` or `name-`.
/// A plus that came unescaped is a space by now.
pub(crate) fn order<'a>(asked: &'a str, names: &[&str]) -> Result<(&'a str, bool), ApiError> {
    let name = asked.trim_end_matches(['+', '-', ' ']);
    let down = match &asked[name.len()..] {
        "" | "+" | " " => false,
        "-" => true,
        _ => return Err(no_order(asked, names)),
    };
    match names.contains(&name) {
        true => Ok((name, down)),
        false => Err(no_order(asked, names)),
    }
}

fn no_order(asked: &str, names: &[&str]) -> ApiError {
    ApiError::invalid_argument(format!(
        "order is {asked:?}; it must be one of {}, with + or - behind it",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(filter: &str) -> Vec<(String, String)> {
        let terms = terms(filter).unwrap().into_iter();
        terms.map(|term| (term.name, term.value)).collect()
    }

    fn term(value: &str) -> Term {
        Term {
            name: "date".to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn terms_are_names_and_values_also_in_quotes() {
        let found = read("  enabled:true author:\"A. B: c\"Tag:x:y ");
        let expected = [("enabled", "true"), ("author", "A. B: c"), ("tag", "x:y")];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        for odd in ["x", ":x", "a b:c", "a:", "a:\"b"] {
            assert!(terms(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_day_is_a_span_and_a_sign_makes_it_open() {
        let start = 1_626_825_600;
        assert_eq!(term("2021-07-21").span().unwrap(), start..start + DAY);
        assert_eq!(term("2021-07-21+").span().unwrap(), start..i64::MAX);
        assert_eq!(term("20210721-").span().unwrap(), i64::MIN..start);
        for odd in ["2021", "2021-07-21++", "+", "yesterday"] {
            assert!(term(odd).span().is_err(), "{odd}");
        }
    }

    #[test]
    fn an_order_is_a_name_and_a_direction() {
        let names = ["a", "b"];
        for (asked, told) in [
            ("a", ("a", false)),
            ("a ", ("a", false)),
            ("b-", ("b", true)),
        ] {
            assert_eq!(order(asked, &names).unwrap(), told);
        }
        for odd in ["c+", "a--", ""] {
            assert!(order(odd, &names).is_err(), "{odd}");
        }
    }
}
