//! Lists of checksums, as `sha256sum` and its kin write them: the GNU form, the BSD form, the digest behind
//! the name, and a file with one digest and nothing else.

use super::{Algorithm, Claim, Source, file_name, hex};

/// The longest list that is read, in bytes.
pub const MAX_LIST: usize = 1024 * 1024;
/// The most claims that are taken of one list: no file has more.
const MAX_FOUND: usize = 20;

/// The claims of a list about a file with one of these names. `address` is the list's own; a digest that
/// stands alone counts where the list is named after the file.
///
/// ```
/// use quorum_core::checksum::{compare, from_list};
/// use quorum_core::digest::Hasher;
/// let list = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.bin\n\
///             486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7  b.bin\n";
/// let claims = from_list(list, "https://files.example/SHA256SUMS", &["a.bin"]);
/// assert_eq!(claims.len(), 1);
/// let mut hasher = Hasher::new();
/// hasher.update(b"abc");
/// assert!(compare(&claims, &hasher.finish(), None)[0].matches);
/// ```
pub fn from_list(text: &str, address: &str, names: &[&str]) -> Vec<Claim> {
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut found = Vec::new();
    let mut alone = Vec::new();
    let mut others = 0_u32;
    for line in lines {
        match read(line) {
            Some((digest, Some(name))) if names.contains(&file_name_of(&name).as_str()) => {
                found.push(digest);
            }
            Some((_, Some(_))) => others += 1,
            Some((digest, None)) => alone.push(digest),
            None => {}
        }
    }
    if found.is_empty() && others == 0 && alone.len() == 1 {
        let list = file_name(address);
        let named = |name: &&str| !name.is_empty() && list.starts_with(*name);
        if names.iter().any(named) {
            found = alone;
        }
    }
    found
        .into_iter()
        .take(MAX_FOUND)
        .map(|(algorithm, digest)| Claim {
            source: Source::List(address.to_owned()),
            algorithm,
            digest,
            perhaps: false,
        })
        .collect()
}

type Digest = (Algorithm, String);

/// A line's digest, and the name that it is about.
fn read(line: &str) -> Option<(Digest, Option<String>)> {
    // BSD: SHA256 (name) = digest
    if let Some((front, digest)) = line.rsplit_once('=')
        && let Some(digest) = hex(digest.trim())
        && let Some((_, name)) = front.trim().split_once('(')
        && let Some(name) = name.trim().strip_suffix(')')
    {
        return Some((digest, Some(name.to_owned())));
    }
    // GNU: digest, a space, a space or an asterisk, the name; with a backslash in front, escapes in the name.
    let (escaped, bare) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let blank = [' ', '\t'];
    let (first, rest) = bare.split_once(blank).unwrap_or((bare, ""));
    if let Some(digest) = hex(first) {
        let name = rest.trim_start_matches(blank);
        let name = name.strip_prefix('*').unwrap_or(name);
        let name = match escaped {
            true => name.replace("\\n", "\n").replace("\\\\", "\\"),
            false => name.to_owned(),
        };
        return Some((digest, (!name.is_empty()).then_some(name)));
    }
    // The name first.
    let (name, last) = line.rsplit_once(blank)?;
    let name = name.trim_end_matches([' ', '\t', ':']);
    let digest = hex(last).filter(|_| !name.is_empty() && !name.starts_with('#'))?;
    Some((digest, Some(name.to_owned())))
}

/// The last part of a path in a list, which is no address: nothing in it is escaped.
fn file_name_of(path: &str) -> String {
    path.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
