//! All words, in English and Japanese: `locales/*.json`, which the browser's own i18n reads too;
//! `build.rs` makes sorted tables of them. And what depends on the language beside words: numbers, sizes, dates, ages.

use js_sys::{Array, Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// A language that there are words for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Japanese,
}

impl Language {
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// Keys and messages, by key.
    const fn messages(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::English => EN,
            Self::Japanese => JA,
        }
    }
}

/// The name of a message; made by [`key`] alone, so that a test can find all that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(&'static str);

impl Key {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        self.0
    }
}

/// Names a message of the locale files.
pub(crate) const fn key(name: &'static str) -> Key {
    Key(name)
}

/// A message by a name that is only known when it is needed.
pub(crate) fn named(name: &str) -> Option<Key> {
    let at = EN.binary_search_by_key(&name, |(key, _)| key).ok()?;
    Some(Key(EN[at].0))
}

/// What stands for `$1`, `$2` … in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// As it is, with nothing hidden in it.
    Text(String),
    /// A number.
    Count(u64),
    /// A length in bytes.
    Bytes(u64),
    /// A day, in seconds since the Unix epoch.
    Day(i64),
    /// A point in time, in milliseconds since the Unix epoch.
    Moment(i64),
    /// Another message.
    Phrase(Box<Phrase>),
}

/// A message with its values: a sentence before it is put into a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) key: Key,
    pub(crate) values: Vec<Value>,
}

impl Phrase {
    pub(crate) fn new(key: Key, values: impl Into<Vec<Value>>) -> Self {
        Self {
            key,
            values: values.into(),
        }
    }

    /// `one` where the count is one, else `many` with the count as its first value.
    pub(crate) fn counted(count: u64, one: Key, many: Key) -> Self {
        match count {
            1 => one.into(),
            _ => Self::new(many, [Value::Count(count)]),
        }
    }
}

impl From<Key> for Phrase {
    fn from(key: Key) -> Self {
        Self::new(key, [])
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

/// The words of one language.
pub(crate) struct Words {
    language: Language,
    /// The user's own tag where it is of that language: British dates for a British browser.
    tag: String,
}

impl Words {
    /// The words for a BCP 47 tag, English where there are none of its own.
    pub(crate) fn for_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let language = if primary.eq_ignore_ascii_case("ja") {
            Language::Japanese
        } else {
            Language::English
        };
        let own = primary.eq_ignore_ascii_case(language.tag());
        Self {
            language,
            tag: if own { tag } else { language.tag() }.to_owned(),
        }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// A message without values.
    pub(crate) fn say(&self, key: Key) -> String {
        self.phrase(&key.into())
    }

    /// A message with texts for its values.
    pub(crate) fn fill(&self, key: Key, values: &[&str]) -> String {
        let values: Vec<_> = values.iter().map(|text| Value::from(*text)).collect();
        self.phrase(&Phrase::new(key, values))
    }

    /// A phrase in this language.
    pub(crate) fn phrase(&self, phrase: &Phrase) -> String {
        let messages = self.language.messages();
        let Ok(at) = messages.binary_search_by_key(&phrase.key.0, |(key, _)| key) else {
            return phrase.key.0.to_owned();
        };
        let mut rest = messages[at].1;
        let mut out = String::with_capacity(rest.len() + 16);
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let place = rest.chars().next().and_then(|c| c.to_digit(10));
            match place.and_then(|place| phrase.values.get((place as usize).checked_sub(1)?)) {
                Some(value) => {
                    out.push_str(&self.value(value));
                    rest = &rest[1..];
                }
                None => out.push('$'),
            }
        }
        out.push_str(rest);
        out
    }

    /// A value in this language.
    pub(crate) fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => crate::plain::reveal(text),
            Value::Count(count) => self.number(*count as f64),
            Value::Bytes(bytes) => self.size(*bytes),
            Value::Day(seconds) => self.day(*seconds),
            Value::Moment(ms) => self.soon(*ms),
            Value::Phrase(phrase) => self.phrase(phrase),
        }
    }

    /// A number as this language writes it.
    pub(crate) fn number(&self, number: f64) -> String {
        js_sys::Number::from(number)
            .to_locale_string(&self.tag)
            .into()
    }

    /// A length in bytes, in decimal units.
    pub(crate) fn size(&self, bytes: u64) -> String {
        let (unit, name) = match bytes {
            0..1_000 => {
                return self.phrase(&Phrase::counted(
                    bytes,
                    key("size_bytes_one"),
                    key("size_bytes"),
                ));
            }
            1_000..1_000_000 => (1e3, key("size_kb")),
            1_000_000..1_000_000_000 => (1e6, key("size_mb")),
            _ => (1e9, key("size_gb")),
        };
        let rounded = (bytes as f64 / unit * 10.0).round() / 10.0;
        self.fill(name, &[&self.number(rounded)])
    }

    /// A day: 30 Nov 2024, 2024年11月30日.
    pub(crate) fn day(&self, seconds: i64) -> String {
        let month = match self.language {
            Language::English => "short",
            Language::Japanese => "long",
        };
        let options = options(&[("year", "numeric"), ("month", month), ("day", "numeric")]);
        at(seconds.saturating_mul(1000))
            .to_locale_date_string(&self.tag, &options)
            .into()
    }

    /// A point in time by RFC 3339, the same in every language.
    pub(crate) fn rfc3339(ms: i64) -> String {
        at(ms).to_iso_string().into()
    }

    /// A day that is written as `YYYYMMDD`.
    pub(crate) fn stamp(&self, stamp: &str) -> Option<String> {
        let part = |range: std::ops::Range<usize>| stamp.get(range)?.parse::<u32>().ok();
        let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
        let month = i32::try_from(month).ok()?.checked_sub(1)?;
        let midnight = Date::new_with_year_month_day(year, month, i32::try_from(day).ok()?);
        Some(self.day((midnight.get_time() / 1000.0) as i64))
    }

    /// A point in time: the day and the time of the day.
    pub(crate) fn moment(&self, ms: i64) -> String {
        format!("{} {}", self.day(ms.div_euclid(1000)), self.clock(ms))
    }

    /// A point in time that is near: without the day if that is today.
    pub(crate) fn soon(&self, ms: i64) -> String {
        if at(ms).to_date_string() == Date::new_0().to_date_string() {
            self.clock(ms)
        } else {
            self.moment(ms)
        }
    }

    fn clock(&self, ms: i64) -> String {
        let time = options(&[("hour", "numeric"), ("minute", "2-digit")]);
        at(ms).to_locale_string(&self.tag, &time).into()
    }

    /// How long ago a point in time is.
    pub(crate) fn ago(&self, ms: i64) -> String {
        let seconds = (Date::now() - ms as f64) / 1000.0;
        // A clock that was set back must not tell of the future.
        let (count, unit) = match seconds.max(0.0) {
            s if s < 45.0 => return self.say(key("just_now")),
            s if s < 45.0 * 60.0 => ((s / 60.0).round().max(1.0), "minute"),
            s if s < 22.0 * 3600.0 => ((s / 3600.0).round().max(1.0), "hour"),
            s if s < 26.0 * 86_400.0 => ((s / 86_400.0).round().max(1.0), "day"),
            s if s < 320.0 * 86_400.0 => ((s / 2_629_800.0).round().max(1.0), "month"),
            s => ((s / 31_557_600.0).round().max(1.0), "year"),
        };
        let options = options(&[("numeric", "auto")]);
        let locales = Array::of1(&JsValue::from_str(&self.tag));
        Intl::RelativeTimeFormat::new(&locales, options.as_ref())
            .format(-count, unit)
            .into()
    }
}

fn at(ms: i64) -> Date {
    Date::new(&JsValue::from_f64(ms as f64))
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn messages(language: Language) -> BTreeMap<&'static str, &'static str> {
        language.messages().iter().copied().collect()
    }

    fn holes(message: &str) -> BTreeSet<char> {
        message
            .split('$')
            .skip(1)
            .filter_map(|rest| rest.chars().next())
            .collect()
    }

    /// Every name in a `key("…")` of this crate's sources.
    fn used() -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for folder in [sources.clone(), sources.join("rules")] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    continue;
                }
                let text = std::fs::read_to_string(path).unwrap();
                for rest in text.split("key(\"").skip(1) {
                    used.insert(rest.split('"').next().unwrap().to_owned());
                }
            }
        }
        used.remove("…"); // this file's own comment
        used
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_holes() {
        let (english, japanese) = (messages(Language::English), messages(Language::Japanese));
        assert_eq!(
            english.keys().collect::<Vec<_>>(),
            japanese.keys().collect::<Vec<_>>()
        );
        for (key, message) in &english {
            assert_eq!(holes(message), holes(japanese[key]), "{key}");
            assert!(!message.is_empty() && !japanese[key].is_empty(), "{key}");
        }
    }

    #[test]
    fn every_message_that_is_used_exists_and_every_message_is_used() {
        let known: BTreeSet<_> = messages(Language::English)
            .into_keys()
            .map(str::to_owned)
            .collect();
        let used = used();
        assert_eq!(
            used.difference(&known).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
        let unused: Vec<_> = known
            .difference(&used)
            // The background asks for these by the browser's own i18n, or the core names them.
            .filter(|key| {
                !["extension", "menu_", "notice_", "told_"]
                    .iter()
                    .any(|p| key.starts_with(p))
            })
            .collect();
        assert_eq!(unused, Vec::<&String>::new());
    }

    #[test]
    fn nothing_is_called_safe() {
        for (key, message) in messages(Language::English) {
            let message = message.to_lowercase();
            assert!(
                !message.contains("safe") && !message.contains("secure"),
                "{key}"
            );
            assert!(!message.contains('!'), "{key}");
        }
        for (key, message) in messages(Language::Japanese) {
            assert!(!message.contains("安全"), "{key}");
            assert!(!message.contains(['!', '！']), "{key}");
        }
    }

    #[test]
    fn a_value_goes_where_its_number_stands() {
        let words = Words::for_tag("ja-JP");
        assert_eq!(words.language(), Language::Japanese);
        assert_eq!(
            words.fill(key("card_votes"), &["2", "3"]),
            "3 票中 2 票が「危険」"
        );
        let words = Words::for_tag("fr");
        assert_eq!(
            words.fill(key("card_votes"), &["$2", "3"]),
            "$2 of 3 votes: malicious"
        );
    }
}
