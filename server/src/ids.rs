//! Identifiers: of analyses, comments, votes and submissions as the API writes them, and the
//! secrets (API keys, upload tokens) that are drawn at random.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quorum_core::digest::sha256;
use quorum_core::indicator::{Kind, Md5, Sha256};

use crate::store::Topic;

/// The letter that stands for a kind in ids.
pub(crate) fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => 'f',
        Kind::Url => 'u',
        Kind::Domain => 'd',
        Kind::IpAddress => 'i',
    }
}

/// The same for all that can be commented on.
pub(crate) fn letter_of(topic: Topic) -> char {
    match topic {
        Topic::Item(kind) => letter(kind),
        Topic::Collection => 'c',
    }
}

/// The id of an analysis: base64 of `md5:epoch` for a file, `u-<id>-<epoch>` for a URL, and the
/// SHA-256 of the name or address between `d-` or `i-` and the epoch for the others.
pub(crate) fn analysis(kind: Kind, item: &str, md5: Option<&Md5>, epoch: i64) -> String {
    match (kind, md5) {
        (Kind::File, Some(md5)) => STANDARD.encode(format!("{md5}:{epoch}")),
        (Kind::File | Kind::Url, _) => format!("{}-{item}-{epoch}", letter(kind)),
        (Kind::Domain | Kind::IpAddress, _) => {
            format!("{}-{}-{epoch}", letter(kind), sha256(item.as_bytes()))
        }
    }
}

/// The id of an analysis of something private: base64 of the file's MD5, or the URL's id, what
/// stands for the group, and the epoch, with colons between. The middle keeps two groups' apart:
/// neither can tell from the epoch that the other has the same.
pub(crate) fn private_analysis(subject: &str, group: &str, epoch: i64) -> String {
    let group = sha256(group.as_bytes()).to_string();
    STANDARD.encode(format!("{subject}:{}:{epoch}", &group[..32]))
}

/// A new id for a comment or a vote: `<letter>-<item>-<8 hex>`.
pub(crate) fn remark(letter: char, item: &str) -> Result<String, getrandom::Error> {
    Ok(format!("{letter}-{item}-{:08x}", getrandom::u32()?))
}

/// The id of a sandbox's report on a file.
pub(crate) fn behaviour(sha256: &str, sandbox: &str) -> String {
    format!("{sha256}_{sandbox}")
}

/// The id of a submission.
pub(crate) fn submission(kind: Kind, item: &str, seq: i64) -> String {
    format!("{}-{item}-{seq}", letter(kind))
}

/// Reads a submission's id back.
pub(crate) fn parse_submission(id: &str) -> Option<(Kind, &str, i64)> {
    let (letter, rest) = id.split_once('-')?;
    let kind = match letter {
        "f" => Kind::File,
        "u" => Kind::Url,
        "d" => Kind::Domain,
        "i" => Kind::IpAddress,
        _ => return None,
    };
    let (item, seq) = rest.rsplit_once('-')?;
    Some((kind, item, seq.parse().ok()?))
}

/// What a user is called where who it was is nobody's business: 8 hex digits of an HMAC under a key
/// of the store's, so that nobody outside can try names.
pub(crate) fn pseudonym(key: &[u8; 32], account: &str) -> String {
    let digest: [u8; 32] = keyed(key, account).finalize().into_bytes().into();
    let mut text = Sha256::from(digest).to_string();
    text.truncate(8);
    text
}

fn keyed(key: &[u8; 32], text: &str) -> Hmac<sha2::Sha256> {
    // A key is filled up with zeros to the digest's block (RFC 2104).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<sha2::Sha256>::new(&block.into());
    mac.update(text.as_bytes());
    mac
}

/// What stands before a pass's text under its HMAC: no pseudonym is a signature, since no user's
/// name holds a line break.
const PASS: &str = "pass\n";

/// A text that we shall know again as ours, with the time until which it counts: what lets somebody
/// fetch one thing without a key. `what` holds no dash.
pub(crate) fn pass(key: &[u8; 32], what: &str, expires: i64) -> String {
    let said = format!("{what}-{expires}");
    let digest: [u8; 32] = keyed(key, &format!("{PASS}{said}"))
        .finalize()
        .into_bytes()
        .into();
    format!("{said}-{}", Sha256::from(digest))
}

/// What a pass is for, if it is one of ours and counts at a time.
pub(crate) fn read_pass<'a>(key: &[u8; 32], pass: &'a str, now: i64) -> Option<&'a str> {
    let (said, signature) = pass.rsplit_once('-')?;
    let signature: Sha256 = signature.parse().ok()?;
    keyed(key, &format!("{PASS}{said}"))
        .verify_slice(signature.as_bytes())
        .ok()?;
    let (what, expires) = said.split_once('-')?;
    (expires.parse::<i64>().ok()? > now).then_some(what)
}

/// 256 random bits as 64 hex digits: an API key or an upload token. Shown once, kept as its hash.
pub(crate) struct Secret(Sha256);

impl Secret {
    /// Draws one.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub(crate) fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.into()))
    }

    /// The text that is given away.
    pub(crate) fn reveal(&self) -> String {
        self.0.to_string()
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(sha256(self.reveal().as_bytes()))
    }
}

/// The SHA-256 of a secret's 64 lower-case hex digits.
///
/// A secret of 256 random bits needs no slow hash, and a look-up by hash leaks nothing through
/// its timing: who can choose the hash's bytes has the secret already.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash(Sha256);

impl SecretHash {
    /// The hash of what a client sent; `None` if that cannot be a secret of ours.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let secret: Sha256 = text.parse().ok()?;
        Some(Self(sha256(secret.to_string().as_bytes())))
    }

    /// Names the secret without opening anything: the hash's first 16 hex digits.
    pub(crate) fn id(&self) -> String {
        let mut id = self.0.to_string();
        id.truncate(16);
        id
    }

    /// The hash itself, as the store kept it.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }

    /// Its bytes, for the store.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_analysis_id_is_padded_base64_of_md5_and_time() {
        let md5 = "44d88612fea8a8f36de82e1278abb02f".parse().unwrap();
        let id = analysis(Kind::File, "", Some(&md5), 1_700_000_000);
        assert_eq!(
            STANDARD.decode(&id).unwrap(),
            b"44d88612fea8a8f36de82e1278abb02f:1700000000"
        );
        assert_eq!(id.len() % 4, 0);
    }

    #[test]
    fn a_submission_id_reads_back_even_where_the_item_has_a_dash() {
        let id = submission(Kind::Domain, "a-b.example", 17);
        assert_eq!(
            parse_submission(&id),
            Some((Kind::Domain, "a-b.example", 17))
        );
    }

    #[test]
    fn a_pass_is_for_one_thing_and_ends() {
        let key = [7; 32];
        let text = pass(&key, "raw.ab", 100);
        assert_eq!(read_pass(&key, &text, 99), Some("raw.ab"));
        assert_eq!(read_pass(&key, &text, 100), None);
        assert_eq!(read_pass(&[8; 32], &text, 99), None);
        for (from, to) in [("raw", "zip"), ("ab", "ac"), ("100", "200")] {
            assert_eq!(read_pass(&key, &text.replacen(from, to, 1), 99), None);
        }
        assert_eq!(read_pass(&key, "raw.ab-100-", 99), None);
    }

    #[test]
    fn a_secret_is_found_by_its_hash_in_either_case() {
        let secret = Secret::draw().unwrap();
        let text = secret.reveal();
        assert!(SecretHash::of(&text.to_uppercase()) == Some(secret.hash()));
        assert!(SecretHash::of(&text[1..]).is_none());
    }
}
