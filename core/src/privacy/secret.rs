//! What looks like a secret: by the name of its parameter, or by its own shape.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::What;
use crate::safe_browsing::unescape;
use crate::suffix::public_suffix;

/// Names of parameters, lower case, letters and digits only.
const NAMES: &[(What, &[&str])] = &[
    (
        What::Token,
        &[
            "auth",
            "authcode",
            "authorization",
            "bearer",
            "code",
            "csrf",
            "jwt",
            "otp",
            "pass",
            "passwd",
            "pin",
            "pwd",
            "samlart",
            "samlrequest",
            "samlresponse",
            "ticket",
            "xsrf",
        ],
    ),
    (What::Session, &["cfid", "sess", "session", "sid"]),
    (
        What::Signature,
        &[
            "awsaccesskeyid",
            "googleaccessid",
            "hmac",
            "keypairid",
            "sig",
            "sign",
            "xamzcredential",
            "xgoogcredential",
        ],
    ),
    (
        What::Person,
        &[
            "birthday",
            "dob",
            "firstname",
            "fullname",
            "iban",
            "lastname",
            "login",
            "mail",
            "mobile",
            "ssn",
            "tel",
            "uid",
            "user",
        ],
    ),
    (
        What::Tracking,
        &[
            "dclid", "fbclid", "gbraid", "gclid", "hsenc", "hsmi", "igsh", "igshid", "mceid",
            "mkttok", "msclkid", "olyencid", "ttclid", "twclid", "veroid", "wbraid", "yclid",
        ],
    ),
];

/// Ends of names: `my_reset_token`, `PHPSESSID`, `user[email]`.
const NAME_ENDS: &[(What, &[&str])] = &[
    (What::Session, &["sessid", "sessionid"]),
    (
        What::Token,
        &[
            "accesskey",
            "apikey",
            "credential",
            "credentials",
            "passcode",
            "password",
            "privatekey",
            "secret",
            "token",
        ],
    ),
    (What::Signature, &["signature"]),
    (
        What::Person,
        &[
            "email",
            "emailaddress",
            "phone",
            "phonenumber",
            "userid",
            "username",
        ],
    ),
];

/// How issuers begin their tokens: GitHub, GitLab, Slack, Stripe, Amazon, Google, SendGrid, OpenAI,
/// Anthropic, DigitalOcean, Shopify.
const TOKEN_STARTS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxs-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "AKIA",
    "AIza",
    "ya29.",
    "SG.",
    "sk-proj-",
    "sk-ant-",
    "dop_v1_",
    "shpat_",
];

/// Shortest token that is told by its beginning, in bytes.
const MIN_TOKEN: usize = 20;
/// Shortest run of letters and digits that can be taken for a random one.
const MIN_RANDOM: usize = 16;
/// Longest run of small letters that can be a word.
const MAX_WORD: usize = 31;
/// Longest run of digits that can be a number of something public: those of 64 bits have 20.
const MAX_NUMBER: usize = 20;

/// What a parameter of this name holds, if that is a secret.
pub(super) fn by_name(name: &str) -> Option<What> {
    // No name in the lists is longer, however it is escaped and punctuated.
    if name.len() > 128 {
        return None;
    }
    let name: String = decoded(name)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let exact = NAMES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()));
    let end = || {
        NAME_ENDS
            .iter()
            .find(|(_, ends)| ends.iter().any(|end| name.ends_with(end)))
    };
    exact.or_else(end).map(|(what, _)| *what)
}

/// What a value is, if it looks like a secret. Escapes are undone first, nested ones too.
pub(super) fn by_shape(value: &str) -> Option<What> {
    let text = decoded(value);
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
    if words().any(is_jwt) {
        Some(What::Jwt)
    } else if words().any(|word| {
        word.len() >= MIN_TOKEN && TOKEN_STARTS.iter().any(|start| word.starts_with(start))
    }) {
        Some(What::Token)
    } else if has_email(&text) || hides_email(&text) {
        Some(What::Email)
    } else if let Some(what) = nested(&text) {
        Some(what)
    } else if has_random(&text) {
        Some(What::Random)
    } else {
        None
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('%') {
        let bytes = unescape(text.as_bytes());
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        Cow::Borrowed(text)
    }
}

/// Three parts, of which the first is JSON in base64url: `{"` is `eyJ`.
fn is_jwt(word: &str) -> bool {
    word.len() >= MIN_TOKEN && word.starts_with("eyJ") && word.split('.').count() >= 3
}

fn has_email(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let local = text[..at]
            .bytes()
            .next_back()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte));
        let domain = text[at + 1..]
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
            .next()
            .unwrap_or_default()
            .trim_end_matches(['.', '-']);
        // "lodash@4.17.21" and "logo@2x.png" are none.
        local
            && domain.len() <= 253
            && domain.contains('.')
            && public_suffix(&domain.to_ascii_lowercase()).known
    })
}

/// Links of mass mailings carry the recipient's address in base64.
fn hides_email(text: &str) -> bool {
    const LONGEST: usize = 400;
    if text.len() > LONGEST {
        return false;
    }
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&alphabet::URL_SAFE, config);
    engine
        .decode(text.replace('+', "-").replace('/', "_"))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .is_some_and(|text| has_email(&text))
}

/// An address inside of an address, with parameters of its own.
fn nested(text: &str) -> Option<What> {
    text.split(['?', '&', '#', ';'])
        .filter_map(|pair| pair.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .find_map(|(name, _)| by_name(name))
}

fn has_random(text: &str) -> bool {
    let mut lengths = [0; 5];
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
        lengths.rotate_left(1);
        lengths[4] = if hex { run.len() } else { 0 };
        // RFC 9562's text form of a UUID.
        lengths == [8, 4, 4, 4, 12] || is_random(run.as_bytes(), hex)
    })
}

/// Whether a run of letters and digits is more mixed than words and numbers are. Of base 36 every
/// second to third character is of another class than the one before, of base 64 and hexadecimal
/// every second; of "windows10pro64bit" every fifth, and so of `WordsLikeThis`, where a capital and
/// the small letter behind it count as one class.
fn is_random(run: &[u8], hex: bool) -> bool {
    if run.len() < MIN_RANDOM {
        return false;
    }
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == run.len() {
        return digits > MAX_NUMBER;
    }
    if run[1..].iter().all(u8::is_ascii_lowercase) {
        return run.len() > MAX_WORD;
    }
    if digits > 0 && hex {
        return true;
    }
    let mixed = |pair: &&[u8]| {
        let [first, second] = **pair else {
            return false;
        };
        if first.is_ascii_uppercase() {
            second.is_ascii_digit()
        } else {
            first.is_ascii_digit() != second.is_ascii_digit()
                || second.is_ascii_uppercase() && first.is_ascii_lowercase()
        }
    };
    4 * run.windows(2).filter(mixed).count() >= run.len() - 1
}
