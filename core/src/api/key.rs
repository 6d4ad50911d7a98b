//! The API key, as a type that does not show itself.

use std::fmt;
use std::str::FromStr;

/// Why a text cannot be an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key has 16 to 128 letters, digits, hyphens or underscores")]
pub struct ApiKeyError;

/// An API key: 64 hex digits at VirusTotal and at our own server; other backends of the same API
/// may have others, so any token of 16 to 128 URL-safe characters is taken.
///
/// It has no `Display` and no serde form, and `Debug` hides it: it reaches a header or a path
/// through [`ApiKey::reveal`] only, which is easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The key itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        let text = text.trim();
        let fine = (16..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(ApiKeyError)
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}
