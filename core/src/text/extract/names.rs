//! Whether something with dots in it is a domain name or only looks like one.

use super::{Reason, Strictness};
use crate::suffix::public_suffix;

/// What speaks for a name besides itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// It was written so that nobody clicks it.
    pub(super) deliberate: bool,
    /// It stands behind a scheme that takes a host.
    pub(super) scheme: bool,
    /// It stands behind an at-sign and a mailbox.
    pub(super) mailbox: bool,
    /// A path, a query or a port stands behind it.
    pub(super) path: bool,
    /// An opening parenthesis stands right behind it, as in a call.
    pub(super) call: bool,
}

/// Names for special use (RFC 2606, RFC 6761, RFC 6762, RFC 7686, ICANN's `internal`), and the
/// ends of names outside of the DNS that malware uses. The Public Suffix List has none of them.
const SPECIAL: &[&str] = &[
    "alt",
    "bazar",
    "bit",
    "corp",
    "emc",
    "example",
    "home",
    "i2p",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "test",
];

/// Endings of files. Those that are top-level domains too stand in [`FILES_AND_DOMAINS`].
const FILES: &[&str] = &[
    "7z", "accdb", "apk", "asax", "asp", "aspx", "avi", "bak", "bash", "bat", "bin", "bmp", "c",
    "cer", "cfg", "class", "cmd", "conf", "config", "cpl", "cpp", "crt", "cs", "csproj", "css",
    "csv", "dat", "db", "deb", "desktop", "dll", "dmg", "dmp", "doc", "docm", "docx", "dotm",
    "drv", "dylib", "elf", "eml", "env", "eps", "epub", "evtx", "exe", "flv", "gif", "go",
    "gradle", "gz", "h", "hpp", "hta", "htm", "html", "ico", "img", "ini", "ipa", "ipynb", "iso",
    "jar", "jpeg", "jpg", "js", "jse", "json", "jsonl", "jsp", "jsx", "key", "kt", "less", "lib",
    "lnk", "lock", "log", "lua", "m4a", "mdb", "mjs", "mkv", "mp3", "mp4", "msc", "msg", "msi",
    "msp", "mui", "nsi", "o", "obj", "ocx", "odt", "ogg", "ova", "pcap", "pdb", "pdf", "pem",
    "php", "plist", "png", "ppt", "pptm", "pptx", "proto", "ps1", "psd", "psm1", "pst", "py3",
    "pyc", "pyd", "r", "rar", "rb", "reg", "rpm", "rst", "rtf", "sass", "scr", "scss", "sct",
    "service", "sln", "sql", "sqlite", "svg", "swf", "swift", "sys", "tar", "tgz", "tif", "tiff",
    "tmp", "toml", "ts", "tsv", "tsx", "ttf", "txt", "url", "vb", "vba", "vbe", "vbs", "vhd",
    "vhdx", "vmdk", "vsix", "vue", "war", "wasm", "wav", "webm", "webp", "whl", "wmv", "woff",
    "woff2", "wsf", "xhtml", "xls", "xlsb", "xlsm", "xlsx", "xml", "xsl", "xz", "yaml", "yar",
    "yara", "yml",
];

/// Endings that are both: a bare name of two labels is nearly always a file's in running text.
const FILES_AND_DOMAINS: &[&str] = &[
    "app", "bz", "cab", "java", "md", "mov", "ps", "py", "rs", "sh", "so", "zip",
];

/// What programs call their objects: `console.info`, `window.open`, `self.name`.
const OBJECTS: &[&str] = &[
    "app",
    "args",
    "arr",
    "array",
    "asyncio",
    "attr",
    "base",
    "body",
    "buf",
    "buffer",
    "cfg",
    "child",
    "client",
    "cls",
    "conf",
    "config",
    "console",
    "content",
    "context",
    "ctx",
    "cur",
    "data",
    "date",
    "db",
    "dest",
    "df",
    "document",
    "dst",
    "el",
    "elem",
    "element",
    "err",
    "error",
    "event",
    "evt",
    "file",
    "form",
    "frame",
    "fs",
    "header",
    "in",
    "index",
    "info",
    "input",
    "instance",
    "it",
    "item",
    "json",
    "key",
    "left",
    "line",
    "list",
    "location",
    "log",
    "logger",
    "logging",
    "map",
    "math",
    "model",
    "module",
    "msg",
    "my",
    "navigator",
    "next",
    "node",
    "np",
    "obj",
    "object",
    "options",
    "opts",
    "os",
    "other",
    "out",
    "output",
    "page",
    "params",
    "parent",
    "parser",
    "path",
    "payload",
    "pd",
    "plt",
    "prev",
    "process",
    "props",
    "query",
    "random",
    "re",
    "record",
    "ref",
    "req",
    "request",
    "res",
    "response",
    "result",
    "ret",
    "right",
    "root",
    "row",
    "rows",
    "self",
    "sender",
    "series",
    "server",
    "session",
    "settings",
    "socket",
    "source",
    "src",
    "state",
    "str",
    "string",
    "subprocess",
    "super",
    "sys",
    "system",
    "target",
    "temp",
    "test",
    "text",
    "this",
    "thread",
    "time",
    "tmp",
    "token",
    "torch",
    "type",
    "url",
    "user",
    "util",
    "utils",
    "val",
    "value",
    "values",
    "var",
    "view",
    "win",
    "window",
];

/// Top-level domains that are names of members and methods too.
const MEMBERS: &[&str] = &[
    "at", "bar", "call", "case", "charity", "click", "contact", "data", "date", "dev", "diy",
    "domains", "events", "fit", "foo", "group", "help", "host", "id", "info", "int", "is", "link",
    "map", "name", "next", "now", "open", "pub", "read", "run", "save", "search", "select", "show",
    "store", "style", "target", "tips", "to", "today", "top", "watch", "zip", "zone",
];

/// First labels of names that programs write backwards: `com.example.app`.
const REVERSED: &[&str] = &[
    "android", "androidx", "app", "biz", "ch", "cn", "co", "com", "de", "dev", "edu", "eu", "fr",
    "gov", "info", "io", "java", "javax", "jp", "kotlin", "kr", "me", "net", "nl", "org", "ru",
    "uk", "us",
];

/// Products that are written like a domain.
const PRODUCTS: &[&[u8]] = &[
    b"ADO.NET",
    b"ASP.NET",
    b"ASP.Net",
    b"Asp.Net",
    b"B.Sc",
    b"ML.NET",
    b"Ph.D",
    b"Socket.IO",
    b"VB.NET",
    b"VB.Net",
    b"socket.io",
];

/// Judges a name. `written` is what stands in the text, `host` the same in lower case; both are
/// ASCII (or `host` is the ASCII form of a name in another script).
pub(super) fn judge(
    written: &[u8],
    host: &str,
    evidence: Evidence,
    strictness: Strictness,
) -> Result<(), Reason> {
    let suffix = public_suffix(host);
    let top = host.rsplit('.').next().unwrap_or(host);
    let labels = host.bytes().filter(|&byte| byte == b'.').count() + 1;
    let known = suffix.known || SPECIAL.binary_search(&top).is_ok();
    // Behind a scheme there is a host, whatever it is called.
    if evidence.scheme {
        return Ok(());
    }
    if !known {
        if FILES.binary_search(&top).is_ok() {
            return Err(Reason::FileName);
        }
        return match strictness {
            Strictness::Lenient if top.len() >= 2 => Ok(()),
            Strictness::Strict if evidence.deliberate && top.len() >= 2 => Ok(()),
            _ => Err(Reason::UnknownSuffix),
        };
    }
    if strictness == Strictness::Lenient || evidence.deliberate {
        return Ok(());
    }
    if suffix.known && !suffix.private && suffix.text.len() == host.len() && labels > 1 {
        return Err(Reason::PublicSuffix);
    }
    if evidence.mailbox {
        return Ok(());
    }
    if labels == 2 && FILES_AND_DOMAINS.binary_search(&top).is_ok() && !evidence.path {
        return Err(Reason::FileName);
    }
    if PRODUCTS.binary_search(&written).is_ok() {
        return Err(Reason::Code);
    }
    let first = host.split('.').next().unwrap_or(host);
    if labels == 2 && MEMBERS.binary_search(&top).is_ok() {
        let object = OBJECTS.binary_search(&first).is_ok();
        if object || evidence.call {
            return Err(Reason::Code);
        }
    }
    if evidence.path {
        return Ok(());
    }
    // `com.example.app` is a package, unless its end is registered under a name that is one too:
    // `com.com`, `uk.com`.
    if labels >= 3 && REVERSED.binary_search(&first).is_ok() && reversed(host, first) {
        return Err(Reason::ReverseName);
    }
    letter_case(written)
}

/// Whether a name that begins with a top-level label reads as a package: its end is none of the
/// common suffixes.
fn reversed(host: &str, first: &str) -> bool {
    let top = host.rsplit('.').next().unwrap_or(host);
    // `de.wikipedia.org` and `app.example.com` are hosts: a language, or a word, in front of a name
    // under one of the old suffixes or a country's.
    let common = top.len() == 2 || matches!(top, "com" | "net" | "org" | "edu" | "gov" | "info");
    !common || (first == "com" && top.len() != 2 && top != "com" && top != "org" && top != "net")
}

/// What letters in different cases say: `end.It` is a missing space, `System.IO` is code.
fn letter_case(written: &[u8]) -> Result<(), Reason> {
    let mut labels = written.split(|&byte| byte == b'.');
    let first = labels.next().unwrap_or_default();
    let last = labels.next_back().unwrap_or_default();
    let capital = |label: &[u8]| label.first().is_some_and(u8::is_ascii_uppercase);
    let shouted = |label: &[u8]| label.iter().all(|byte| !byte.is_ascii_lowercase());
    if !capital(last) {
        // `Object.map`, `String.at`: a name in camel case with a short member.
        let camel = first
            .windows(2)
            .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        let member =
            std::str::from_utf8(last).is_ok_and(|last| MEMBERS.binary_search(&last).is_ok());
        return if camel && member {
            Err(Reason::Code)
        } else {
            Ok(())
        };
    }
    match (capital(first), shouted(last)) {
        // `EXAMPLE.COM`, and `Example.Com` as a title.
        (true, true) if shouted(first) => Ok(()),
        (true, true) if matches!(last, b"COM" | b"NET" | b"ORG") => Ok(()),
        (true, true) => Err(Reason::Code),
        (true, false) if matches!(last, b"Com" | b"Net" | b"Org") => Ok(()),
        (true, false) => Err(Reason::Sentence),
        (false, true) if matches!(last, b"COM" | b"NET" | b"ORG") => Ok(()),
        (false, _) => Err(Reason::Sentence),
    }
}

/// Words in front of four numbers that make them a version or a section.
const VERSION_WORDS: &[&str] = &[
    "appendix", "build", "chapter", "clause", "driver", "figure", "firmware", "fw", "patch", "rel",
    "release", "rev", "revision", "section", "sections", "table", "update", "v", "ver", "version",
    "versions",
];

/// Whether what stands in front of four numbers says that they are no address: `version 1.2.3.4`,
/// `Firefox/1.2.3.4`, `§ 1.2.3.4`.
pub(super) fn is_version(before: &[u8]) -> bool {
    // `HIER_DIRECT/198.51.100.7` in a log is no product.
    let product = matches!(before, [.., letter, b'/'] if letter.is_ascii_lowercase());
    let trimmed = before.trim_ascii_end();
    let trimmed = match trimmed {
        [rest @ .., b':' | b'=' | b'.' | b'(' | b'"' | b'#'] => rest.trim_ascii_end(),
        rest => rest,
    };
    let word = trimmed
        .iter()
        .rev()
        .take(16)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let word = trimmed[trimmed.len() - word..].to_ascii_lowercase();
    product
        || trimmed.ends_with("§".as_bytes())
        || std::str::from_utf8(&word).is_ok_and(|word| VERSION_WORDS.binary_search(&word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_the_binary_search() {
        assert!(SPECIAL.is_sorted());
        assert!(FILES.is_sorted());
        assert!(FILES_AND_DOMAINS.is_sorted());
        assert!(OBJECTS.is_sorted());
        assert!(MEMBERS.is_sorted());
        assert!(REVERSED.is_sorted());
        assert!(PRODUCTS.is_sorted());
        assert!(VERSION_WORDS.is_sorted());
    }

    #[test]
    fn endings_are_in_the_list_that_fits_them() {
        for ending in FILES {
            let known = public_suffix(&format!("a.{ending}")).known;
            assert!(!known, "{ending} is a top-level domain");
        }
        for ending in FILES_AND_DOMAINS.iter().chain(MEMBERS) {
            let known = public_suffix(&format!("a.{ending}")).known;
            assert!(known, "{ending} is no top-level domain");
        }
    }
}
