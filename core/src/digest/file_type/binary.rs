//! Types that are told by signatures, and by a closer look where a signature is shared or weak.

use super::Kind::{self, *};
use super::table::meets;
use super::{holds, ole, text, u16_at, u32_at, zip};

/// The type that signatures show.
pub(super) fn kind(head: &[u8], tail: &[u8]) -> Option<Kind> {
    let is_met = |pattern: &str| meets(pattern, head);
    // A short word is no signature in a text that goes on.
    let is_text = head.len() > 16 && text::is_ascii(head);
    let is_sign = |pattern: &str| (!is_text || pattern.len() > 14) && is_met(pattern);
    let found = Kind::told('+', &is_met)
        .or_else(|| Kind::told('=', &is_sign))
        .or_else(|| is_pdf(head).then_some(Pdf));
    let first = |count: usize| &head[..head.len().min(count)];
    Some(match found {
        // A disk image's own signature is at its end, or far in, and its first bytes may be
        // anything.
        None | Some(Bzip | Zlib | Xz | Lzma | Mbr) => {
            let block = tail
                .len()
                .checked_sub(512)
                .map_or(&[][..], |at| &tail[at..]);
            return Kind::told('e', &|pattern| meets(pattern, block))
                .or_else(|| Kind::told('d', &is_met))
                .or(found);
        }
        Some(Mz) => executable(head),
        Some(Zip) => zip::kind(first(super::HEAD_BYTES), tail),
        Some(Ole) => ole::kind(head),
        // Java and fat Mach-O share a magic; a class file's major version is 45 or more, a fat
        // binary's number of architectures is not.
        Some(Class) if matches!(head.get(4..8), Some([0, 0, 0, count]) if *count < 45) => MachO,
        Some(Ps) if holds(first(32), b"EPSF") => Eps,
        Some(Mkv) if holds(first(64), b"webm") => Webm,
        // `mif1` is any image; what it is made of is among the compatible brands.
        Some(Heic) if holds(first(64), b"avif") => Avif,
        // The classes of the streams: video media, audio media.
        Some(Asf) if holds(first(8192), b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11") => Wmv,
        Some(Asf) if holds(first(8192), b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11") => Wma,
        // An entry for GeoKeyDirectoryTag, of shorts, in either byte order.
        Some(Tiff)
            if holds(first(8192), b"\xaf\x87\x03\0") || holds(first(8192), b"\x87\xaf\0\x03") =>
        {
            GeoTiff
        }
        Some(kind) => kind,
    })
}

/// Tells MZ, NE, LE and PE apart.
fn executable(head: &[u8]) -> Kind {
    let at = u32_at(head, 0x3c) as usize;
    match head.get(at..).unwrap_or_default() {
        // IMAGE_FILE_DLL in the COFF header's characteristics.
        [b'P', b'E', 0, 0, coff @ ..] if coff.len() >= 20 => {
            if coff[19] & 0x20 != 0 {
                PeDll
            } else {
                PeExe
            }
        }
        // The flag of a library module.
        [b'N', b'E', rest @ ..] => {
            if rest.get(11).is_some_and(|flags| flags & 0x80 != 0) {
                NeDll
            } else {
                NeExe
            }
        }
        [b'L', b'E' | b'X', 0, 0, ..] => Le,
        // The header lies behind what we were shown: the mark of the newer formats is a table of
        // relocations that begins behind the longer DOS header.
        [] if at >= head.len() && u16_at(head, 0x18) >= 0x40 => PeExe,
        _ => Mz,
    }
}

/// The optional header of a PE file, whether it is PE32+, and where its data directories begin.
fn optional_header(head: &[u8]) -> Option<(&[u8], bool, usize)> {
    let header = head.get((u32_at(head, 0x3c) as usize).saturating_add(24)..)?;
    let wide = u16_at(header, 0) == 0x20b;
    Some((header, wide, if wide { 112 } else { 96 }))
}

pub(super) fn pe_tags(head: &[u8]) -> Vec<&'static str> {
    let Some((header, wide, directories)) = optional_header(head) else {
        return vec![];
    };
    // Directories are announced by number; what is behind the last one is no directory.
    let count = u32_at(header, directories - 4);
    let has =
        |number: u32| number < count && u32_at(header, directories + number as usize * 8) != 0;
    let subsystem = u16_at(header, 68);
    [
        (wide, "64bits"),
        (has(14), "assembly"),
        (subsystem == 1, "native"),
        ((10..=13).contains(&subsystem), "efi"),
        (has(4), "signed"),
    ]
    .into_iter()
    .filter_map(|(shown, tag)| shown.then_some(tag))
    .collect()
}

pub(super) fn elf_tags(head: &[u8]) -> Vec<&'static str> {
    let wide = head.get(4) == Some(&2);
    // ET_DYN, in the file's byte order. Position-independent programs are ET_DYN too.
    let shared = matches!(
        (head.get(5), head.get(16..18)),
        (Some(1), Some([3, 0])) | (Some(2), Some([0, 3]))
    );
    [(wide, "64bits"), (shared, "shared-lib")]
        .into_iter()
        .filter_map(|(shown, tag)| shown.then_some(tag))
        .collect()
}

/// Readers of PDF accept rubbish before the header, and so do people who hide things.
fn is_pdf(head: &[u8]) -> bool {
    let head = &head[..head.len().min(1024)];
    // Within a line it is a text that speaks about PDF.
    head.windows(6)
        .any(|window| window.ends_with(b"%PDF-") && !(b' '..=b'~').contains(&window[0]))
}
