//! Which of the many formats that are ZIP files a ZIP file is, by its members' names.
//!
//! Source: APPNOTE.TXT (PKWARE), and each format's own packaging rules.

use super::Kind::{self, *};
use super::{starts_at, u16_at, u32_at};

/// What tells a format: a name that is the whole one, or ends with (`*x`), or begins with (`x*`)
/// what is written. Of all members' names the rule that stands first here decides.
const RULES: &[(&str, Kind)] = &[
    ("AndroidManifest.xml", Apk),
    ("BundleConfig.pb", Aab),
    ("AppxManifest.xml", Msix),
    ("AppxMetadata/*", Msix),
    ("word/vbaProject.bin", Docm),
    ("xl/workbook.bin", Xlsb),
    ("xl/vbaProject.bin", Xlsm),
    ("ppt/vbaProject.bin", Pptm),
    ("word/document*", Docx),
    ("xl/workbook*", Xlsx),
    ("ppt/presentation*", Pptx),
    ("visio/document*", Vsdx),
    ("FixedDocSeq.fdseq", Xps),
    ("FixedDocumentSequence.fdseq", Xps),
    ("extension.vsixmanifest", Vsix),
    ("*.nuspec", Nupkg),
    ("*.dist-info/WHEEL", Whl),
    ("*.dist-info/METADATA", Whl),
    ("META-INF/mozilla.rsa", Xpi),
    ("META-INF/cose.manifest", Xpi),
    ("install.rdf", Xpi),
    ("Payload/*", Ipa),
    ("*.class", Jar),
    ("META-INF/MANIFEST.MF", Jar),
    ("META-INF/", Jar),
];

/// Folders that tell only in a package that declares its content types.
const OFFICE: &[(&str, Kind)] = &[
    ("word/*", Docx),
    ("xl/*", Xlsx),
    ("ppt/*", Pptx),
    ("visio/*", Vsdx),
];

/// What the stored first member `mimetype` says.
const MIME_TYPES: &[(&str, Kind)] = &[
    ("application/epub+zip", Epub),
    ("application/vnd.oasis.opendocument.text", Odt),
    ("application/vnd.oasis.opendocument.spreadsheet", Ods),
    ("application/vnd.oasis.opendocument.presentation", Odp),
    ("application/vnd.oasis.opendocument.graphics", Odg),
    ("application/vnd.oasis.opendocument.formula", Odf),
    ("application/hwp+zip", Hwp),
];

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Tells the kind from the members whose headers the head holds, and from the directory as far as
/// it lies in the tail.
pub(super) fn kind(head: &[u8], tail: &[u8]) -> Kind {
    if let Some(mime) = mimetype(head) {
        for (begin, kind) in MIME_TYPES {
            // Templates bear a suffix: `…text-template`.
            if mime.starts_with(begin.as_bytes()) {
                return *kind;
            }
        }
    }
    let names = || members(head).chain(members(directory(tail)));
    let declares = names().any(|name| name == b"[Content_Types].xml" || name == b"_rels/.rels");
    let best = |rules: &[(&str, Kind)]| {
        names()
            .filter_map(|name| rules.iter().position(|(rule, _)| matches(rule, name)))
            .min()
            .map(|at| rules[at].1)
    };
    best(RULES)
        .or_else(|| best(OFFICE).filter(|_| declares))
        .unwrap_or(Zip)
}

fn matches(rule: &str, name: &[u8]) -> bool {
    if let Some(end) = rule.strip_prefix('*') {
        name.ends_with(end.as_bytes())
    } else if let Some(begin) = rule.strip_suffix('*') {
        name.starts_with(begin.as_bytes())
    } else {
        name == rule.as_bytes()
    }
}

fn mimetype(head: &[u8]) -> Option<&[u8]> {
    let data = 38 + u16_at(head, 28);
    starts_at(head, 26, b"\x08\0")
        .then(|| head.get(30..38))
        .flatten()
        .filter(|name| *name == b"mimetype")
        .and_then(|_| head.get(data..))
}

/// The part of the tail that begins with an entry of the directory.
fn directory(tail: &[u8]) -> &[u8] {
    let Some(end) = tail.windows(4).rposition(|window| window == END) else {
        return &[];
    };
    let start = end.saturating_sub(u32_at(tail, end + 12) as usize);
    let cut = &tail[start..end];
    // The directory may begin before the tail.
    let first = cut.windows(4).position(|window| window == CENTRAL);
    &cut[first.unwrap_or(cut.len())..]
}

/// The names in a run of local headers and directory entries.
fn members(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = if bytes.starts_with(b"PK") {
        // Spanned archives begin with a marker before the first header.
        if starts_at(bytes, 4, LOCAL) { 4 } else { 0 }
    } else {
        bytes.len()
    };
    std::iter::from_fn(move || {
        let (fixed, name, tail, unknown) = if starts_at(bytes, at, LOCAL) {
            let size = u32_at(bytes, at + 18) as usize;
            // A streamed member's size stands behind it, one in ZIP64 elsewhere.
            let unknown =
                u32_at(bytes, at + 18) == u32::MAX || (size == 0 && u16_at(bytes, at + 6) & 8 != 0);
            let tail = size.saturating_add(u16_at(bytes, at + 28));
            (30, u16_at(bytes, at + 26), tail, unknown)
        } else if starts_at(bytes, at, CENTRAL) {
            let rest = u16_at(bytes, at + 30) + u16_at(bytes, at + 32);
            (46, u16_at(bytes, at + 28), rest, false)
        } else {
            return None;
        };
        let start = at + fixed;
        let found = bytes.get(start..(start + name).min(bytes.len()))?;
        at = start + name;
        if unknown {
            let rest = bytes.get(at..).unwrap_or_default();
            let next = rest
                .windows(4)
                .position(|window| window == LOCAL || window == CENTRAL);
            at += next.unwrap_or(rest.len());
        } else {
            at = at.saturating_add(tail);
        }
        Some(found)
    })
}
