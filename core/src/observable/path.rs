//! Names inside a machine: files, registry keys, mutexes.

use super::network::strip_prefix_ignoring_case;
use super::{Fault, text_type};

text_type! {
    /// An absolute path.
    ///
    /// POSIX: begins with one `/`. Windows: a drive (`C:\`), a share (`\\server\share`), an
    /// environment variable (`%TEMP%\`) or a device (`\\.\`) in front. Slashes of either sort are
    /// read in a Windows path and written as `\`; the prefixes `\\?\` and `\??\`, doubled
    /// separators (as source code and JSON have them) and one at the end are dropped; drive
    /// letters and variables are in upper case. Everything else is kept as written, `..` and the
    /// case of names too: what they mean depends on the machine.
    ///
    /// ```
    /// use quorum_core::observable::FilePath;
    /// let path: FilePath = r"c:\\Users\\Public/a.exe".parse()?;
    /// assert_eq!(path.as_str(), r"C:\Users\Public\a.exe");
    /// # Ok::<(), quorum_core::observable::ParseError>(())
    /// ```
    FilePath, file_path
}

/// Longest path: Linux's `PATH_MAX`, which is also more than Windows takes without a prefix.
const MAX_PATH_BYTES: usize = 4096;
/// Longest name in a path, in characters (NTFS) or bytes (most others).
const MAX_NAME: usize = 255;

fn file_path(text: &str) -> Result<String, Fault> {
    if text.len() > MAX_PATH_BYTES {
        return Err(Fault::Length(text.len()));
    }
    if let Some(rest) = text.strip_prefix('/') {
        return posix(rest);
    }
    let (root, rest) = windows_root(text).ok_or(Fault::Form("an absolute path"))?;
    let start = text.len() - rest.len();
    // A colon leads to an alternate stream, which only the last name can have.
    let last = rest.rfind(['\\', '/']).map_or(0, |at| at + 1);
    let wrong = |(at, letter): &(usize, char)| {
        letter.is_control() || "<>\"|?*".contains(*letter) || (*letter == ':' && *at <= last)
    };
    if let Some((at, _)) = rest.char_indices().find(wrong) {
        return Err(Fault::Character(start + at));
    }
    let names = rest.split(['\\', '/']).filter(|name| !name.is_empty());
    let mut out = root;
    let mut count = 0;
    for name in names {
        if count > 0 {
            out.push('\\');
        }
        out.push_str(name);
        count += 1;
        if name.chars().count() > MAX_NAME {
            return Err(Fault::Length(name.len()));
        }
    }
    if out.starts_with(r"\\") && count < 2 && !out.starts_with(r"\\.") {
        return Err(Fault::Form("a server and a share"));
    }
    Ok(out)
}

fn posix(rest: &str) -> Result<String, Fault> {
    // POSIX leaves the meaning of exactly two to the system; URLs without a scheme look so.
    if rest.starts_with('/') {
        return Err(Fault::Character(1));
    }
    if let Some((at, _)) = rest.char_indices().find(|(_, letter)| letter.is_control()) {
        return Err(Fault::Character(1 + at));
    }
    let mut out = String::with_capacity(1 + rest.len());
    for name in rest.split('/').filter(|name| !name.is_empty()) {
        if name.len() > MAX_NAME {
            return Err(Fault::Length(name.len()));
        }
        out.push('/');
        out.push_str(name);
    }
    if out.is_empty() {
        out.push('/');
    }
    Ok(out)
}

/// What stands before the names, in canonical form, and the names.
fn windows_root(text: &str) -> Option<(String, &str)> {
    let bare = [r"\\?\", r"\??\"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    if let Some(rest) = bare.and_then(|rest| strip_prefix_ignoring_case(rest, r"UNC\")) {
        return Some((r"\\".to_owned(), rest));
    }
    let path = bare.unwrap_or(text);
    match path.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic() => {
            let drive = char::from(drive.to_ascii_uppercase());
            Some((format!(r"{drive}:\"), &path[3..]))
        }
        [b'%', ..] if bare.is_none() => {
            let (name, rest) = path[1..].split_once('%')?;
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_()-.".contains(&byte);
            let named = !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(fits);
            let below = named && rest.starts_with(['\\', '/']);
            below.then(|| (format!(r"%{}%\", name.to_ascii_uppercase()), rest))
        }
        [b'\\', b'\\', b'.', b'\\', ..] => Some((r"\\.\".to_owned(), &path[4..])),
        [b'\\', b'\\', ..] if bare.is_none() => Some((r"\\".to_owned(), &path[2..])),
        _ => None,
    }
}

text_type! {
    /// A key of the Windows registry: a hive's full name and the names below it, `\` between. Read
    /// with the short names (`HKLM`), as PowerShell writes it (`HKLM:\`, `Registry::`), as the
    /// editor does (`Computer\`) and as the kernel does (`\REGISTRY\MACHINE`). Doubled backslashes
    /// become one; the names are kept as written.
    ///
    /// ```
    /// use quorum_core::observable::RegistryKey;
    /// let key: RegistryKey = r"HKLM\Software\Microsoft".parse()?;
    /// assert_eq!(key.as_str(), r"HKEY_LOCAL_MACHINE\Software\Microsoft");
    /// # Ok::<(), quorum_core::observable::ParseError>(())
    /// ```
    RegistryKey, registry_key
}

/// Whether this is the name of a hive, long or short, in any case.
pub(crate) fn is_hive(name: &[u8]) -> bool {
    let same = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    HIVES.iter().any(|(long, short)| same(long) || same(short))
}

/// Hives, long name and short.
const HIVES: [(&str, &str); 6] = [
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CURRENT_CONFIG", "HKCC"),
    ("HKEY_PERFORMANCE_DATA", "HKPD"),
];

fn registry_key(text: &str) -> Result<String, Fault> {
    if text.len() > MAX_PATH_BYTES {
        return Err(Fault::Length(text.len()));
    }
    let shells = ["Computer\\", "Registry::"];
    let bare = shells
        .iter()
        .find_map(|shell| strip_prefix_ignoring_case(text, shell));
    let (hive, rest) = kernel_root(text)
        .or_else(|| named_root(bare.unwrap_or(text)))
        .ok_or(Fault::Form("a key below one of the hives"))?;
    let start = text.len() - rest.len();
    if let Some((at, _)) = rest.char_indices().find(|(_, letter)| letter.is_control()) {
        return Err(Fault::Character(start + at));
    }
    let mut out = hive.to_owned();
    for name in rest.split('\\').filter(|name| !name.is_empty()) {
        if name.chars().count() > MAX_NAME {
            return Err(Fault::Length(name.len()));
        }
        out.push('\\');
        out.push_str(name);
    }
    Ok(out)
}

fn kernel_root(text: &str) -> Option<(&'static str, &str)> {
    let rest = strip_prefix_ignoring_case(text, r"\REGISTRY\")?;
    let roots = [("MACHINE", HIVES[0].0), ("USER", HIVES[3].0)];
    roots.into_iter().find_map(|(root, hive)| {
        let rest = strip_prefix_ignoring_case(rest, root)?;
        (rest.is_empty() || rest.starts_with('\\')).then_some((hive, rest))
    })
}

fn named_root(text: &str) -> Option<(&'static str, &str)> {
    let end = text.find('\\').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.strip_suffix(':').unwrap_or(name);
    let named = |(long, short): &&(&str, &str)| {
        name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(short)
    };
    HIVES.iter().find(named).map(|(long, _)| (*long, rest))
}

text_type! {
    /// The name of a Windows mutex: 1 to 260 characters without a backslash, behind `Global\` or
    /// `Local\` if it says in which namespace. Case is kept, since the kernel keeps it.
    ///
    /// Nearly every word is one; texts are to be read so only where they are marked as such.
    Mutex, mutex
}

fn mutex(text: &str) -> Result<String, Fault> {
    /// The kernel's `MAX_PATH`.
    const MOST: usize = 260;
    // A character has four bytes at most.
    if text.len() > MOST * 4 || text.chars().count() > MOST {
        return Err(Fault::Length(text.len()));
    }
    let spaces = ["Global\\", "Local\\"];
    let found = spaces
        .iter()
        .find_map(|space| Some((*space, strip_prefix_ignoring_case(text, space)?)));
    let (space, name) = found.unwrap_or(("", text));
    let start = text.len() - name.len();
    if name.trim().is_empty() {
        return Err(Fault::Length(text.len()));
    }
    if let Some((at, _)) = name
        .char_indices()
        .find(|(_, letter)| *letter == '\\' || letter.is_control())
    {
        return Err(Fault::Character(start + at));
    }
    if name.trim() != name {
        return Err(Fault::Form("a name without white space around it"));
    }
    Ok(format!("{space}{name}"))
}
