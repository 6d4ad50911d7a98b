//! Identifiers that somebody hands out: vulnerabilities, ATT&CK objects, UUIDs, and the numbers of
//! Google's customers, which tie sites of one owner together.

use std::fmt;

use super::network::{decimal, strip_prefix_ignoring_case};
use super::{Fault, text_form, text_type};

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A vulnerability's id (CVE Record Format 5): `CVE-`, a year since 1999, and 4 to 19 digits.
/// Numbers are compared as numbers; zeros beyond four digits are dropped.
///
/// ```
/// use quorum_core::observable::Cve;
/// let cve: Cve = "cve-2021-44228".parse()?;
/// assert_eq!((cve.year(), cve.number()), (2021, 44228));
/// assert!(cve < "CVE-2021-100000".parse::<Cve>()?);
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cve(CveId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct CveId {
    year: u16,
    number: u64,
}

impl Cve {
    /// The year in which the id was reserved or the vulnerability made public.
    pub fn year(&self) -> u16 {
        self.0.year
    }

    /// The number within the year.
    pub fn number(&self) -> u64 {
        self.0.number
    }
}

fn cve(text: &str) -> Result<CveId, Fault> {
    const FORM: Fault = Fault::Form("CVE, a year and a number of 4 to 19 digits");
    if !("CVE-1999-0001".len()..="CVE-1999-".len() + 19).contains(&text.len()) {
        return Err(Fault::Length(text.len()));
    }
    let rest = strip_prefix_ignoring_case(text, "CVE-").ok_or(FORM)?;
    let (year, number) = rest.split_once('-').ok_or(FORM)?;
    if year.len() != 4 || number.len() < 4 || !all_digits(year) || !all_digits(number) {
        return Err(FORM);
    }
    let year: u16 = year.parse().map_err(|_| FORM)?;
    // All numbers of 19 digits fit.
    let number = number.parse().map_err(|_| FORM)?;
    if year < 1999 {
        return Err(Fault::Range("year"));
    }
    Ok(CveId { year, number })
}

impl fmt::Display for Cve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CVE-{}-{:04}", self.0.year, self.0.number)
    }
}

text_form!(Cve, cve);

/// What an [`Attack`] id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttackObject {
    /// `TA0001`: an adversary's goal.
    Tactic,
    /// `T1059`: a way to reach it.
    Technique,
    /// `T1059.001`: a more exact one.
    Subtechnique,
    /// `G0007`: a group of people.
    Group,
    /// `S0154`: malware or a tool.
    Software,
    /// `C0001`: a campaign.
    Campaign,
    /// `M1036`: a countermeasure.
    Mitigation,
    /// `DS0009`: where it can be seen.
    DataSource,
}

/// The id of an object of MITRE ATT&CK: a prefix and four digits, and three more behind a dot for
/// a sub-technique. Whether MITRE has given the number out is not known here.
///
/// ```
/// use quorum_core::observable::{Attack, AttackObject};
/// let sub: Attack = "T1059.001".parse()?;
/// assert_eq!(sub.object(), AttackObject::Subtechnique);
/// assert_eq!(sub.technique(), Some("T1059".parse()?));
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attack(AttackId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct AttackId {
    prefix: &'static str,
    number: u16,
    /// 0 where there is none.
    sub: u16,
}

const PREFIXES: [(&str, AttackObject); 7] = [
    ("TA", AttackObject::Tactic),
    ("DS", AttackObject::DataSource),
    ("T", AttackObject::Technique),
    ("G", AttackObject::Group),
    ("S", AttackObject::Software),
    ("C", AttackObject::Campaign),
    ("M", AttackObject::Mitigation),
];

impl Attack {
    /// What the id names.
    pub fn object(&self) -> AttackObject {
        let AttackId { prefix, sub, .. } = self.0;
        let known = PREFIXES.iter().find(|(known, _)| *known == prefix);
        match known {
            Some((_, object)) if sub == 0 => *object,
            _ => AttackObject::Subtechnique,
        }
    }

    /// The technique that a sub-technique belongs to.
    pub fn technique(&self) -> Option<Self> {
        (self.0.sub != 0).then_some(Self(AttackId { sub: 0, ..self.0 }))
    }
}

fn attack(text: &str) -> Result<AttackId, Fault> {
    const FORM: Fault = Fault::Form("a letter or two and four digits");
    if !("T1059".len()..="T1059.001".len()).contains(&text.len()) {
        return Err(Fault::Length(text.len()));
    }
    let read = |(prefix, _): &(&'static str, _)| {
        let rest = strip_prefix_ignoring_case(text, prefix)?;
        rest.starts_with(|first: char| first.is_ascii_digit())
            .then_some((*prefix, rest))
    };
    let (prefix, rest) = PREFIXES.iter().find_map(read).ok_or(FORM)?;
    let (number, sub) = match rest.split_once('.') {
        Some((number, sub)) if prefix == "T" && sub.len() == 3 && sub != "000" => (number, sub),
        Some(_) => return Err(FORM),
        None => (rest, "0"),
    };
    if number.len() != 4 || !all_digits(number) || !all_digits(sub) {
        return Err(FORM);
    }
    let (number, sub) = (
        number.parse().map_err(|_| FORM)?,
        sub.parse().map_err(|_| FORM)?,
    );
    Ok(AttackId {
        prefix,
        number,
        sub,
    })
}

impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:04}", self.0.prefix, self.0.number)?;
        match self.0.sub {
            0 => Ok(()),
            sub => write!(f, ".{sub:03}"),
        }
    }
}

text_form!(Attack, attack);

/// A UUID (RFC 9562) of any variant, since the GUIDs of old systems are written the same. In lower
/// case; braces and `urn:uuid:` around it are read and dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The bytes, in the order in which they are written.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

fn uuid(text: &str) -> Result<[u8; 16], Fault> {
    let bare = match text.len() {
        36 => Some(text),
        38 => text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}')),
        45 => strip_prefix_ignoring_case(text, "urn:uuid:"),
        other => return Err(Fault::Length(other)),
    };
    let bare = bare.ok_or(Fault::Form("32 hex digits in five groups"))?;
    let start = text.find(bare).unwrap_or_default();
    let mut out = [0; 16];
    let mut digits = 0;
    for (at, byte) in bare.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return Err(Fault::Character(start + at));
            }
        } else {
            let value = char::from(byte)
                .to_digit(16)
                .ok_or(Fault::Character(start + at))?;
            out[digits / 2] = out[digits / 2] << 4 | value as u8;
            digits += 1;
        }
    }
    Ok(out)
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, byte)| {
            let hyphen = if matches!(at, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{hyphen}{byte:02x}")
        })
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

text_form!(Uuid, uuid);

text_type! {
    /// A Google Analytics property: `G-` and ten letters or digits in upper case, or the older
    /// `UA-`, an account's number and the property's.
    GoogleAnalytics, google_analytics
}

fn google_analytics(text: &str) -> Result<String, Fault> {
    if !("UA-1000-1".len()..="UA-1000000000-1000".len()).contains(&text.len()) {
        return Err(Fault::Length(text.len()));
    }
    if let Some(id) = text.strip_prefix("G-") {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        return match id.bytes().position(|byte| !fits(byte)) {
            _ if id.len() != 10 => Err(Fault::Length(text.len())),
            Some(at) => Err(Fault::Character(2 + at)),
            None => Ok(text.to_owned()),
        };
    }
    const FORM: Fault = Fault::Form("G- and an id, or UA- and two numbers");
    let rest = strip_prefix_ignoring_case(text, "UA-").ok_or(FORM)?;
    let (account, property) = rest.split_once('-').ok_or(FORM)?;
    let account = decimal(account, 10)
        .filter(|number| *number >= 1000)
        .ok_or(FORM)?;
    let property = decimal(property, 4)
        .filter(|number| *number > 0)
        .ok_or(FORM)?;
    Ok(format!("UA-{account}-{property}"))
}

text_type! {
    /// A Google AdSense publisher: `pub-` and 16 digits. The prefixes that Google's code puts in
    /// front, `ca-` and `partner-` among them, say where it is used and are dropped.
    GoogleAdsense, google_adsense
}

fn google_adsense(text: &str) -> Result<String, Fault> {
    if !(20..="ca-video-pub-".len() + 16).contains(&text.len()) {
        return Err(Fault::Length(text.len()));
    }
    const FORM: Fault = Fault::Form("pub- and 16 digits");
    let (prefix, digits) = text.split_at_checked(text.len() - 16).ok_or(FORM)?;
    let used = ["", "ca-", "ca-mb-", "ca-video-", "partner-"];
    let prefix = prefix
        .strip_suffix("pub-")
        .filter(|prefix| used.contains(prefix));
    if prefix.is_none() || !all_digits(digits) {
        return Err(FORM);
    }
    Ok(format!("pub-{digits}"))
}
