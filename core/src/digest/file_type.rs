//! What kind of file the first bytes show, in the API's own vocabulary (`type_tag` and friends).
//!
//! Signatures come from the formats' public specifications. A name is never looked at: names lie.

use serde::Serialize;

/// How many leading bytes [`file_type`] wants to see; the tar magic stands at offset 257.
pub const HEAD_BYTES: usize = 512;

/// A file type as the API v3 spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FileType {
    /// `type_tag`, the short name: `peexe`, `pdf`.
    pub tag: &'static str,
    /// `type_description`, for people: `Win32 EXE`.
    pub description: &'static str,
    /// `type_extension` without the dot, empty where there is no usual one.
    pub extension: &'static str,
    /// `type_tags`, from the general to the special, `tag` last.
    pub tags: &'static [&'static str],
}

macro_rules! types {
    ($($const:ident = $tag:literal, $description:literal, $extension:literal, [$($group:literal),*];)*) => {
        $(const $const: FileType = FileType {
            tag: $tag, description: $description, extension: $extension, tags: &[$($group,)* $tag],
        };)*
    };
}

types! {
    UNKNOWN = "unknown", "unknown", "", [];
    EMPTY = "empty", "empty file", "", [];
    TEXT = "text", "Text", "txt", [];
    PEEXE = "peexe", "Win32 EXE", "exe", ["executable", "windows", "win32", "pe"];
    PEDLL = "pedll", "Win32 DLL", "dll", ["executable", "windows", "win32", "pe"];
    MZ = "mz", "DOS EXE", "exe", ["executable", "dos"];
    ELF = "elf", "ELF", "", ["executable", "linux"];
    MACHO = "macho", "Mach-O", "", ["executable", "mac"];
    CLASS = "class", "Java class", "class", ["executable", "java"];
    WASM = "wasm", "WebAssembly", "wasm", ["executable", "internet"];
    DEX = "dex", "Android DEX", "dex", ["executable", "mobile", "android"];
    LNK = "lnk", "Windows shortcut", "lnk", ["windows"];
    CRX = "crx", "Chrome extension", "crx", ["internet", "browser"];
    PDF = "pdf", "PDF", "pdf", ["document"];
    RTF = "rtf", "Rich Text Format", "rtf", ["document"];
    OLE = "ole", "OLE compound document", "", ["document", "msoffice"];
    DOCX = "docx", "Office Open XML Document", "docx", ["document", "msoffice", "text", "word"];
    XLSX = "xlsx", "Office Open XML Spreadsheet", "xlsx", ["document", "msoffice", "spreadsheet", "excel"];
    PPTX = "pptx", "Office Open XML Presentation", "pptx", ["document", "msoffice", "presentation", "powerpoint"];
    ZIP = "zip", "ZIP", "zip", ["compressed"];
    JAR = "jar", "JAR", "jar", ["compressed", "java"];
    GZIP = "gzip", "GZIP", "gz", ["compressed"];
    BZIP = "bzip", "BZIP2", "bz2", ["compressed"];
    XZ = "xz", "XZ", "xz", ["compressed"];
    ZST = "zst", "Zstandard", "zst", ["compressed"];
    SEVENZIP = "7zip", "7ZIP", "7z", ["compressed"];
    RAR = "rar", "RAR", "rar", ["compressed"];
    CAB = "cab", "Windows cabinet", "cab", ["compressed"];
    TAR = "tar", "TAR", "tar", ["compressed"];
    DEB = "deb", "Debian package", "deb", ["executable", "linux"];
    RPM = "rpm", "RPM", "rpm", ["executable", "linux"];
    PNG = "png", "PNG", "png", ["multimedia", "image"];
    JPEG = "jpeg", "JPEG", "jpg", ["multimedia", "image"];
    GIF = "gif", "GIF", "gif", ["multimedia", "image"];
    WEBP = "webp", "WebP", "webp", ["multimedia", "image"];
    BMP = "bmp", "BMP", "bmp", ["multimedia", "image"];
    MP3 = "mp3", "MP3", "mp3", ["multimedia", "audio"];
    MP4 = "mp4", "MP4", "mp4", ["multimedia", "video"];
    OGG = "ogg", "Ogg", "ogg", ["multimedia", "audio"];
    FLAC = "flac", "FLAC", "flac", ["multimedia", "audio"];
    SQLITE = "sqlite", "SQLite database", "sqlite", ["database"];
    PCAP = "pcap", "Network capture", "pcap", ["internet"];
    HTML = "html", "HTML", "html", ["internet"];
    XML = "xml", "XML", "xml", ["text"];
    SVG = "svg", "SVG", "svg", ["multimedia", "image"];
    SHELL = "shell", "Shell script", "sh", ["source", "script"];
    PYTHON = "python", "Python", "py", ["source", "script"];
    PERL = "perl", "Perl", "pl", ["source", "script"];
    PHP = "php", "PHP", "php", ["source", "script"];
}

/// Signatures at a fixed offset, the special before the general.
const SIGNATURES: &[(usize, &[u8], FileType)] = &[
    (0, b"\x7fELF", ELF),
    (0, b"\xfe\xed\xfa\xce", MACHO),
    (0, b"\xfe\xed\xfa\xcf", MACHO),
    (0, b"\xce\xfa\xed\xfe", MACHO),
    (0, b"\xcf\xfa\xed\xfe", MACHO),
    (0, b"\0asm", WASM),
    (0, b"dex\n", DEX),
    (0, b"L\0\0\0\x01\x14\x02\0", LNK),
    (0, b"Cr24", CRX),
    (0, b"{\\rtf", RTF),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (0, b"\x1f\x8b", GZIP),
    (0, b"BZh", BZIP),
    (0, b"\xfd7zXZ\0", XZ),
    (0, b"\x28\xb5\x2f\xfd", ZST),
    (0, b"7z\xbc\xaf\x27\x1c", SEVENZIP),
    (0, b"Rar!\x1a\x07", RAR),
    (0, b"MSCF\0\0\0\0", CAB),
    (257, b"ustar", TAR),
    (0, b"!<arch>\ndebian", DEB),
    (0, b"\xed\xab\xee\xdb", RPM),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF),
    (0, b"ID3", MP3),
    (4, b"ftyp", MP4),
    (0, b"OggS", OGG),
    (0, b"fLaC", FLAC),
    (0, b"SQLite format 3\0", SQLITE),
    (0, b"\xd4\xc3\xb2\xa1", PCAP),
    (0, b"\xa1\xb2\xc3\xd4", PCAP),
    (0, b"\x0a\x0d\x0d\x0a", PCAP),
];

/// Tells the type of a file from its first [`HEAD_BYTES`] bytes (fewer if the file is shorter).
///
/// ```
/// assert_eq!(quorum_core::digest::file_type(b"%PDF-1.7").tag, "pdf");
/// ```
pub fn file_type(head: &[u8]) -> FileType {
    if head.is_empty() {
        return EMPTY;
    }
    if head.starts_with(b"MZ") {
        return portable_executable(head);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip(head);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return WEBP;
    }
    // A size field that agrees keeps texts that begin with "BM" out.
    if head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        return BMP;
    }
    // Java and fat Mach-O share a magic; a class file's major version is 45 or more, a fat
    // binary's number of architectures is not.
    if head.starts_with(b"\xca\xfe\xba\xbe") {
        return match head.get(4..8) {
            Some([0, 0, 0, count]) if *count < 45 => MACHO,
            _ => CLASS,
        };
    }
    for (offset, magic, found) in SIGNATURES {
        if head
            .get(*offset..)
            .is_some_and(|rest| rest.starts_with(magic))
        {
            return *found;
        }
    }
    // Readers of PDF accept rubbish before the header, and so do people who hide things.
    if head.windows(5).any(|window| window == b"%PDF-") {
        return PDF;
    }
    text(head)
}

fn portable_executable(head: &[u8]) -> FileType {
    let header = head
        .get(0x3c..0x40)
        .and_then(|bytes| bytes.try_into().ok())
        .map(|bytes| u32::from_le_bytes(bytes) as usize);
    let Some(header) = header else { return MZ };
    match head.get(header..header.saturating_add(24)) {
        Some(coff) if coff.starts_with(b"PE\0\0") => {
            // IMAGE_FILE_DLL in the COFF header's characteristics.
            if coff[23] & 0x20 != 0 { PEDLL } else { PEEXE }
        }
        Some(_) => MZ,
        // The header lies behind what we were shown; programs of today are all PE.
        None => PEEXE,
    }
}

fn zip(head: &[u8]) -> FileType {
    let name_length = head.get(26..28).map_or(0, |bytes| {
        usize::from(bytes[0]) | usize::from(bytes[1]) << 8
    });
    let first = head
        .get(30..(30 + name_length).min(head.len()))
        .unwrap_or(&[]);
    let holds = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    if first.starts_with(b"META-INF/") {
        JAR
    } else if first == b"[Content_Types].xml" || first.starts_with(b"_rels/") {
        if holds(b"word/") {
            DOCX
        } else if holds(b"xl/") {
            XLSX
        } else if holds(b"ppt/") {
            PPTX
        } else {
            ZIP
        }
    } else {
        ZIP
    }
}

fn text(head: &[u8]) -> FileType {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character cut by the end of the head is no reason against text.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => return UNKNOWN,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    if valid.is_empty() || valid.chars().any(control) {
        return UNKNOWN;
    }
    let start = valid.trim_start_matches('\u{feff}').trim_start();
    let starts = |prefix: &str| {
        start
            .get(..prefix.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    if let Some(line) = start
        .strip_prefix("#!")
        .and_then(|rest| rest.lines().next())
    {
        return [
            ("python", PYTHON),
            ("perl", PERL),
            ("php", PHP),
            ("sh", SHELL),
        ]
        .into_iter()
        .find(|(name, _)| line.contains(name))
        .map_or(TEXT, |(_, found)| found);
    }
    if starts("<?php") {
        PHP
    } else if starts("<!doctype html") || starts("<html") || starts("<head") || starts("<script") {
        HTML
    } else if starts("<svg") {
        SVG
    } else if starts("<?xml") {
        if valid.contains("<svg") { SVG } else { XML }
    } else {
        TEXT
    }
}
