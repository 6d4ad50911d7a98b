//! File names, as they come from servers, archives and other people: browsers clean the names of
//! what they save, nobody cleans these.

use super::{Finding, Place, Reason, Shown, check_hidden, is_bidi_control, is_invisible};

/// Endings of files that run something when they are opened, or mount what does.
const RUNS: [&str; 58] = [
    "apk",
    "app",
    "appimage",
    "appinstaller",
    "application",
    "appx",
    "appxbundle",
    "bat",
    "chm",
    "cmd",
    "com",
    "command",
    "cpl",
    "deb",
    "desktop",
    "dll",
    "dmg",
    "exe",
    "gadget",
    "hta",
    "img",
    "inf",
    "iqy",
    "iso",
    "jar",
    "js",
    "jse",
    "library-ms",
    "lnk",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "ocx",
    "pif",
    "pkg",
    "ps1",
    "py",
    "pyw",
    "reg",
    "rpm",
    "run",
    "scf",
    "scr",
    "search-ms",
    "settingcontent-ms",
    "sh",
    "shs",
    "slk",
    "url",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "website",
    "wsf",
    "wsh",
    "xll",
];

/// Of these the ones that Windows never shows, whatever is set (`NeverShowExt` in its registry).
const NEVER_SHOWN: [&str; 8] = [
    "library-ms",
    "lnk",
    "pif",
    "scf",
    "search-ms",
    "shs",
    "url",
    "website",
];

/// Of these the ones that hardly anybody takes for a program.
const LITTLE_KNOWN: [&str; 16] = [
    "appinstaller",
    "application",
    "chm",
    "cpl",
    "gadget",
    "hta",
    "iqy",
    "jse",
    "scr",
    "settingcontent-ms",
    "slk",
    "vbe",
    "vbs",
    "wsf",
    "wsh",
    "xll",
];

/// Of these the ones that stand behind another ending for good reasons (`page.html.js`).
const SOURCE: [&str; 5] = ["deb", "js", "py", "rpm", "sh"];

/// Endings of files that people open without a thought.
const DOCUMENTS: [&str; 38] = [
    "7z", "avi", "bmp", "doc", "docm", "docx", "eml", "epub", "gif", "heic", "jpeg", "jpg", "key",
    "m4a", "mkv", "mov", "mp3", "mp4", "msg", "odp", "ods", "odt", "pages", "pdf", "png", "ppt",
    "pptx", "rar", "rtf", "tif", "tiff", "wav", "webp", "wmv", "xls", "xlsm", "xlsx", "zip",
];

/// And those that programs are made from, too.
const TEXTS: [&str; 8] = ["csv", "htm", "html", "log", "md", "svg", "txt", "xml"];

/// Longer names are cut by file managers, so that the ending is not seen.
const LONG_NAME: usize = 100;

/// What about a file's name is made to deceive. The name may have folders in front of it, as
/// archives have them.
///
/// ```
/// use quorum_core::deception::check_file_name;
/// assert_eq!(
///     check_file_name("invoice.pdf.exe")[0].to_string(),
///     "the name seems to end in .pdf and ends in .exe, which runs",
/// );
/// assert_eq!(check_file_name("backup.tar.gz"), []);
/// ```
pub fn check_file_name(name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_hidden(name, Place::FileName, &mut findings);
    let leads_elsewhere = name.starts_with('/')
        || name.contains(['\\', ':'])
        || name.split('/').any(|folder| folder == "..");
    if leads_elsewhere {
        findings.push(
            Reason::PathInName {
                name: Shown::from(name),
            }
            .warning(),
        );
    }
    let bare = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let trimmed = bare.trim_end_matches(|c: char| c == '.' || is_blank(c));
    // A name of dots only is a folder.
    if !trimmed.is_empty()
        && bare[trimmed.len()..].contains(|c: char| c == '.' || c.is_whitespace())
    {
        let reason = Reason::TrailingDotsOrSpaces {
            name: Shown::from(trimmed),
        };
        let runs =
            ending(trimmed).is_some_and(|(_, ending)| RUNS.binary_search(&ending.as_str()).is_ok());
        findings.push(if runs {
            reason.warning()
        } else {
            reason.notice()
        });
    }
    findings.extend(check_ending(trimmed));
    findings
}

/// The one finding about a name's last ending that says most.
pub(super) fn check_ending(name: &str) -> Option<Finding> {
    let (front, ending) = ending(name)?;
    let is = |list: &[&str]| list.binary_search(&ending.as_str()).is_ok();
    if !is(&RUNS) {
        return None;
    }
    let shown = Shown::from(ending.as_str());
    let unpadded = front.trim_end_matches(|c: char| is_blank(c) || matches!(c, '_' | '.' | '-'));
    if let Some(pretended) = pretended(unpadded, is(&SOURCE)) {
        return Some(
            Reason::DoubleEnding {
                pretended: Shown::from(pretended.as_str()),
                ending: shown,
            }
            .warning(),
        );
    }
    let padding = front[unpadded.len()..].chars();
    let spaces = padding.clone().filter(|c| is_blank(*c)).count();
    if spaces >= 3 || padding.count() >= 16 || name.chars().nth(LONG_NAME).is_some() {
        return Some(Reason::HiddenEnding { ending: shown }.warning());
    }
    if is(&NEVER_SHOWN) {
        return Some(Reason::EndingNeverShown { ending: shown }.notice());
    }
    is(&LITTLE_KNOWN).then(|| Reason::LittleKnownProgram { ending: shown }.notice())
}

/// What stands in front of the last dot, and the ending in lower case as the system reads it.
fn ending(name: &str) -> Option<(&str, String)> {
    let (front, ending) = name.rsplit_once('.')?;
    // No ending on the lists is as long as this.
    (ending.len() <= 20).then(|| (front, ending.to_ascii_lowercase()))
}

/// The harmless ending that a name seems to have, real dot or not.
fn pretended(front: &str, source: bool) -> Option<String> {
    let (_, last) = front.rsplit_once(is_dot)?;
    let last: String = last
        .chars()
        .take(20)
        .filter(|c| !is_invisible(*c) && !is_bidi_control(*c))
        .collect::<String>()
        .to_ascii_lowercase();
    let known = DOCUMENTS.binary_search(&last.as_str()).is_ok()
        || (!source && TEXTS.binary_search(&last.as_str()).is_ok());
    known.then_some(last)
}

/// A dot, or one of the characters that look like one.
fn is_dot(c: char) -> bool {
    matches!(
        c,
        '.' | '\u{2024}' | '\u{3002}' | '\u{a4f8}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}'
    )
}

/// What is seen as a gap, or not at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || is_bidi_control(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_for_the_binary_search() {
        for list in [
            &RUNS[..],
            &NEVER_SHOWN,
            &LITTLE_KNOWN,
            &SOURCE,
            &DOCUMENTS,
            &TEXTS,
        ] {
            assert!(list.is_sorted());
        }
        for part in NEVER_SHOWN.iter().chain(&LITTLE_KNOWN).chain(&SOURCE) {
            assert!(RUNS.contains(part), "{part}");
        }
    }
}
