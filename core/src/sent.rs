//! The log of what was sent: one entry a request that left this browser, or in a dry run would have.

use serde::{Deserialize, Serialize};

use crate::api::Purpose;

/// Longest text of a request that is kept, in bytes.
const MOST_TEXT: usize = 2048;
/// What stands in the log where the key stood.
pub const KEY: &str = "[key]";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The time it left, in milliseconds since the Unix epoch, and a number.
    pub id: String,
    /// When it left, in milliseconds since the Unix epoch.
    pub at: i64,
    /// For whom.
    pub why: Purpose,
    /// `GET` or `POST`.
    pub method: String,
    /// The whole address; [`KEY`] where the key stood.
    pub url: String,
    /// Whether the key went along.
    pub with_key: bool,
    /// Whether the site's cookies went along.
    pub with_cookies: bool,
    /// What it carried.
    pub body: Body,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a request carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Nothing.
    Nothing,
    /// This text, of a long one the beginning.
    Text(String),
    /// A file.
    File {
        /// Its name.
        name: String,
        /// Its length in bytes.
        size: u64,
    },
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is no answer yet, or there never was one.
    Pending,
    /// Answered with this HTTP status; 0 where a redirect was not followed.
    Answered(u16),
    /// No answer came.
    Failed,
    /// It did not leave: this is a dry run.
    Withheld,
}

impl Sent {
    /// Puts the key out of sight, wherever it stands, and cuts what is too long to be kept.
    pub fn without(mut self, key: Option<&str>) -> Self {
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            self.url = self.url.replace(key, KEY);
            if let Body::Text(text) = &mut self.body {
                *text = text.replace(key, KEY);
            }
        }
        if let Body::Text(text) = &mut self.body {
            text.truncate(text.floor_char_boundary(MOST_TEXT));
        }
        // A page's own address can be megabytes long.
        self.url.truncate(self.url.floor_char_boundary(MOST_TEXT));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_nowhere_and_what_is_long_is_cut() {
        let sent = Sent {
            id: "1-0".to_owned(),
            at: 1,
            why: Purpose::User,
            method: "GET".to_owned(),
            url: format!("https://b.example/api/v3/users/s3cret?{}", "ü".repeat(2000)),
            with_key: true,
            with_cookies: false,
            body: Body::Text("token=s3cret".to_owned()),
            outcome: Outcome::Pending,
        };
        let kept = sent.without(Some("s3cret"));
        assert!(
            kept.url
                .starts_with("https://b.example/api/v3/users/[key]?ü")
        );
        assert!(kept.url.len() <= MOST_TEXT);
        assert_eq!(kept.body, Body::Text("token=[key]".to_owned()));
    }
}
