//! Names against content: whether a file's ending promises what its bytes are.
//!
//! What the letters of a name do to the eye (right-to-left marks, two endings, blanks) is
//! [`crate::deception`]'s matter; here the last ending counts, as it does when a file is opened.

use serde::Serialize;

use super::file_type::{FileType, Kind};

/// What a name's ending has to do with the content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameCheck {
    /// The ending is one that such content bears.
    Fits,
    /// The ending belongs to something else of the same sort (an image named as another image), or
    /// to nothing we know, or the content is unknown: odd, but nothing is passed off.
    Unusual,
    /// The ending promises something else.
    Contradicts {
        /// The endings that such content bears, the usual one first; empty if it bears none.
        expected: Vec<&'static str>,
    },
    /// There is no ending, so nothing is promised.
    NoEnding,
}

/// The ending that decides how a file is opened: lower case, without the dot, `None` if there is
/// none. Blanks and dots at the end are left out, as Windows drops them; numbers are passed over
/// (`libc.so.6`, `backup.7z.001`); a name that only begins with a dot has none.
///
/// ```
/// use quorum_core::digest::ending;
/// assert_eq!(ending("Report.pdf.EXE . ").as_deref(), Some("exe"));
/// assert_eq!(ending("libc.so.6").as_deref(), Some("so"));
/// assert_eq!(ending(".bashrc"), None);
/// ```
pub fn ending(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut base = base.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    loop {
        let (stem, ending) = base.rsplit_once('.')?;
        if stem.is_empty() || ending.is_empty() || ending.contains(char::is_whitespace) {
            return None;
        }
        if !ending.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(ending.to_ascii_lowercase());
        }
        base = stem;
    }
}

/// Sorts of content within which one format named as another is odd, but no lie.
const SORTS: &[&str] = &[
    "executable",
    "document",
    "compressed",
    "image",
    "audio",
    "video",
    "font",
    "database",
    "key",
    "disk",
];

/// Compares a name's ending with the content's type.
///
/// ```
/// use quorum_core::digest::{NameCheck, check_name, file_type};
/// let script = file_type(b"<!doctype html><script>");
/// assert_eq!(check_name("index.htm", &script), NameCheck::Fits);
/// assert!(matches!(check_name("photo.jpg", &script), NameCheck::Contradicts { .. }));
/// ```
pub fn check_name(name: &str, found: &FileType) -> NameCheck {
    let Some(ending) = ending(name) else {
        return NameCheck::NoEnding;
    };
    let kind = found.kind;
    let owners: Vec<FileType> = Kind::owners(&ending)
        .into_iter()
        .map(FileType::from)
        .collect();
    let is_owned = |test: &dyn Fn(&FileType) -> bool| owners.iter().any(test);
    let promises = !owners.is_empty() && !is_owned(&|owner| owner.kind == Kind::Unknown);
    let fits = match kind {
        Kind::Empty => true,
        Kind::Unknown => owners.is_empty(),
        Kind::Text => !promises || is_owned(&|owner| owner.kind.is_text()),
        // A script is text, and what is built upon ZIP is a ZIP.
        _ if kind.is_text() => is_owned(&|owner| owner.kind == Kind::Text),
        _ => ending == "zip" && Kind::Zip.endings().any(|own| own == found.extension),
    };
    // A sort is shared, except with the containers that list what is built upon them.
    let is_sort = |owner: &FileType| {
        let is_container = matches!(owner.kind, Kind::Zip | Kind::Ole) && owner.extension != ending;
        let mut tags = owner.tags.iter().filter(|tag| SORTS.contains(tag));
        owner.kind.is_text() == kind.is_text()
            && !is_container
            && (kind.is_text() || tags.any(|tag| found.tags.iter().any(|own| own == tag)))
    };
    if fits || is_owned(&|owner| owner.kind == kind) {
        NameCheck::Fits
    } else if !promises || kind == Kind::Unknown || is_owned(&is_sort) {
        NameCheck::Unusual
    } else {
        NameCheck::Contradicts {
            expected: kind.endings().filter(|own| !own.is_empty()).collect(),
        }
    }
}

/// Where a double click on a file runs what is in it, by its ending alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RunsOn {
    /// Windows runs it, installs it, or follows what is written in it.
    pub windows: bool,
    /// macOS does.
    pub macos: bool,
    /// The usual Linux desktops do, some only once the file is marked executable.
    pub linux: bool,
}

const WINDOWS: &str = "exe com scr pif bat cmd msi msp msix appx msixbundle appxbundle appinstaller cpl \
    lnk url website js jse vbs vbe wsf wsh hta jar reg chm hlp msc scf application appref-ms gadget xll \
    settingcontent-ms diagcab library-ms search-ms rdp jnlp";
const MACOS: &str = "app command tool pkg mpkg terminal workflow action jar fileloc inetloc prefpane \
    saver mobileconfig osx jnlp";
const LINUX: &str = "desktop appimage run sh deb rpm flatpakref flatpak snap jar jnlp";

/// Tells where a file of this name runs when it is opened.
///
/// ```
/// let runs = quorum_core::digest::runs_when_opened("invoice.pdf.LNK");
/// assert!(runs.windows && !runs.macos && !runs.linux);
/// ```
pub fn runs_when_opened(name: &str) -> RunsOn {
    let ending = ending(name);
    let is_in = |list: &str| list.split(' ').any(|own| ending.as_deref() == Some(own));
    RunsOn {
        windows: is_in(WINDOWS),
        macos: is_in(MACOS),
        linux: is_in(LINUX),
    }
}
