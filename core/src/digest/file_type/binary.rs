//! Types that are told by signatures, and by a closer look where a signature is shared or weak.

use super::Kind::{self, *};
use super::{array, holds, ole, starts_at, text, u16_at, u32_at, zip};

/// Signatures at an offset, the special before the general. Those that several formats share are
/// looked at again in [`kind`].
const SIGNATURES: &[(u16, &[u8], Kind)] = &[
    (0, b"MZ", Mz),
    (0, b"PK\x03\x04", Zip),
    (0, b"PK\x05\x06", Zip),
    (0, b"PK\x07\x08PK\x03\x04", Zip),
    (0, b"PK00PK\x03\x04", Zip),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Ole),
    // Executables
    (0, b"\x7fELF", Elf),
    (0, b"\xfe\xed\xfa\xce", MachO),
    (0, b"\xfe\xed\xfa\xcf", MachO),
    (0, b"\xce\xfa\xed\xfe", MachO),
    (0, b"\xcf\xfa\xed\xfe", MachO),
    (0, b"\xca\xfe\xba\xbe", Class),
    (0, b"\xca\xfe\xba\xbf", MachO),
    (0, b"\xca\xfe\xd0\x0d", Jar),
    (0, b"JM\x01\0PK", Jar),
    (0, b"dyld_v", Dyld),
    (0, b"\0asm", Wasm),
    (0, b"BC\xc0\xde", Llvm),
    (0, b"\xde\xc0\x17\x0b", Llvm),
    (0, b"dex\n", Dex),
    (0, b"dey\n", Odex),
    (0, b"\x1bLua", LuaCode),
    (0, b"\x1bLJ", LuaCode),
    (0, b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9", AutoIt),
    (0, b"\xac\xed\0\x05", JavaObject),
    (0, b"\x7a\x1a\x20\x10", Symbian),
    (8, b"\x19\x04\0\x10", Symbian),
    (0, b"xar!\0", Pkg),
    (0, b"!<arch>\ndebian", Deb),
    (0, b"!<arch>\n", Ar),
    (0, b"!<thin>\n", Ar),
    (0, b"\xed\xab\xee\xdb", Rpm),
    (0x202, b"HdrS", Kernel),
    (0, b"NES\x1a", Rom),
    (0, b"\x80\x37\x12\x40", Rom),
    // Windows
    (0, b"L\0\0\0\x01\x14\x02\0", Lnk),
    (0, b"ITSF", Chm),
    (0, b"?_\x03\0", Hlp),
    (4, b"SCCA", Prefetch),
    (0, b"MAM\x04", Prefetch),
    (0, b"ElfFile\0", Evtx),
    (0, b"regf", Hive),
    (0, b"MDMP\x93\xa7", Minidump),
    (0, b"PAGEDU", Minidump),
    (0, b"Microsoft C/C++ MSF 7.00\r\n\x1aDS", Pdb),
    (0, b"!BDN", Pst),
    (0, b"\x78\x9f\x3e\x22", Tnef),
    // Documents
    (0, b"{\\rtf", Rtf),
    (0, b"%!PS", Ps),
    (0, b"\x04%!PS", Ps),
    (0, b"\xc5\xd0\xd3\xc6", Eps),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", OneNote),
    (0, b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c", OneNote),
    (0, b"HWP Document File", Hwp),
    (0, b"\xffWPC", Wpd),
    (60, b"BOOKMOBI", Mobi),
    (60, b"TEXtREAd", Mobi),
    (0, b"AT&TFORM", Djvu),
    (0, b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5", InDesign),
    // Archives
    (0, b"7z\xbc\xaf\x27\x1c", SevenZip),
    (0, b"Rar!\x1a\x07", Rar),
    (0, b"\x1f\x8b\x08", Gzip),
    (0, b"\xfd7zXZ\0", Xz),
    (0, b"\x28\xb5\x2f\xfd", Zst),
    (0, b"\x04\x22\x4d\x18", Lz4),
    (0, b"\x02\x21\x4c\x18", Lz4),
    (0, b"LZIP", Lzip),
    (0, b"Cr24", Crx),
    (0, b"MSCF\0\0\0\0", Cab),
    (0, b"SZDD\x88\xf0\x27\x33", MsCompress),
    (0, b"KWAJ\x88\xf0\x27\xd1", MsCompress),
    (0, b"MSWIM\0\0\0", Wim),
    (7, b"**ACE**", Ace),
    (0, b"070701", Cpio),
    (0, b"070702", Cpio),
    (0, b"070707", Cpio),
    (0, b"\xc7\x71", Cpio),
    (257, b"ustar", Tar),
    (0, b"StuffIt (c)", StuffIt),
    (10, b"rLau", StuffIt),
    // Disks
    (0, b"\x78\x01\x73\x0d\x62\x62\x60", Dmg),
    (0, b"encrcdsa", Dmg),
    (0, b"sprs", Dmg),
    (0, b"conectix", Vhd),
    (0, b"vhdxfile", Vhdx),
    (0, b"KDMV", Vmdk),
    (0, b"COWD", Vmdk),
    (0, b"# Disk DescriptorFile", Vmdk),
    (0, b"QFI\xfb", Qcow),
    (0x40, b"\x7f\x10\xda\xbe", Vdi),
    (0, b"hsqs", SquashFs),
    (0, b"sqsh", SquashFs),
    // Images
    (0, b"\x89PNG\r\n\x1a\n", Png),
    (0, b"\xff\xd8\xff", Jpeg),
    (0, b"GIF87a", Gif),
    (0, b"GIF89a", Gif),
    (8, b"CR\x02", RawPhoto),
    (0, b"II*\0", Tiff),
    (0, b"MM\0*", Tiff),
    (0, b"II+\0", Tiff),
    (0, b"MM\0+", Tiff),
    (0, b"IIRO", RawPhoto),
    (0, b"IIRS", RawPhoto),
    (0, b"IIU\0", RawPhoto),
    (0, b"FUJIFILMCCD-RAW", RawPhoto),
    (0, b"icns", Icns),
    (0, b"8BPS\0", Psd),
    (0, b"gimp xcf ", Gimp),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", Jxl),
    (0, b"\xff\x0a", Jxl),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", Jp2),
    (0, b"\xff\x4f\xff\x51", Jp2),
    (40, b" EMF", Emf),
    (0, b"\xd7\xcd\xc6\x9a", Wmf),
    (0, b"\x01\0\x09\0\0\x03", Wmf),
    (0, b"DDS ", Dds),
    (0, b"\x76\x2f\x31\x01", Exr),
    (128, b"DICM", Dicom),
    (0, b"AutoCAD Binary DXF", Dxf),
    // Sound and film
    (0, b"MThd", Midi),
    (0, b"OggS", Ogg),
    (0, b"fLaC", Flac),
    (0, b"ID3", Mp3),
    (0, b"#!AMR", Amr),
    (0, b".snd", Au),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Asf),
    (0, b"\x1a\x45\xdf\xa3", Mkv),
    (0, b"FLV\x01", Flv),
    (0, b"\0\0\x01\xba", Mpeg),
    (0, b"\0\0\x01\xb3", Mpeg),
    (0, b".RMF", RealMedia),
    // Fonts
    (4, b"Standard Jet DB", Mdb),
    (4, b"Standard ACE DB", Accdb),
    (0, b"ttcf\0", Ttf),
    (0, b"OTTO\0", Otf),
    (0, b"wOFF", Woff),
    (0, b"wOF2", Woff2),
    // Data
    (0, b"SQLite format 3\0", Sqlite),
    (0, b"\xd4\xc3\xb2\xa1", Cap),
    (0, b"\xa1\xb2\xc3\xd4", Cap),
    (0, b"\x4d\x3c\xb2\xa1", Cap),
    (0, b"\xa1\xb2\x3c\x4d", Cap),
    (0, b"\x0a\x0d\x0d\x0a", Cap),
    (0, b"snoop\0\0\0", Cap),
    (0, b"PAR1", Parquet),
    (0, b"\x89HDF\r\n\x1a\n", Hdf5),
    (0, b"\x93NUMPY", Npy),
    (0, b"bplist0", Plist),
    (0, b"\0\x05\x16\0", AppleSingle),
    (0, b"\0\x05\x16\x07", AppleDouble),
    (0, b"FasdUAS ", AppleScriptCode),
    // Keys
    (8, b"KBXf", Pgp),
    (0, b"\xfe\xed\xfe\xed\0\0\0", JavaKeys),
    (0, b"\xce\xce\xce\xce\0\0\0", JavaKeys),
    (0, b"\x03\xd9\xa2\x9a", Kdbx),
];

/// What may stand at offset 8 of RIFF and FORM containers.
const CHUNKS: &[(&[u8], Kind)] = &[
    (b"WEBP", Webp),
    (b"WAVE", Wav),
    (b"AVI ", Avi),
    (b"ACON", Ani),
    (b"RMID", Midi),
    (b"AIFF", Aiff),
    (b"AIFC", Aiff),
];

/// Brands of the ISO base media format, by their beginnings.
const BRANDS: &[(&[u8], Kind)] = &[
    (b"avi", Avif),
    (b"hei", Heic),
    (b"hev", Heic),
    (b"mif1", Heic),
    (b"msf1", Heic),
    (b"M4A", M4a),
    (b"M4B", M4a),
    (b"qt  ", Mov),
    (b"3g", ThreeGp),
    (b"crx ", RawPhoto),
    (b"jp2", Jp2),
    (b"", Mp4),
];

/// The type that signatures show.
pub(super) fn kind(head: &[u8], tail: &[u8]) -> Option<Kind> {
    let found = signature(head).or_else(|| weak(head));
    match found {
        // A disk image's own signature is at its end, and its first bytes may be anything.
        None | Some(Bzip | Zlib | Xz | Mbr | Fat) => {
            let iso = || {
                let names: [&[u8]; 3] = [b"CD001", b"BEA01", b"NSR0"];
                names.iter().any(|name| starts_at(head, 0x8001, name))
            };
            trailer(tail).or_else(|| iso().then_some(Iso)).or(found)
        }
        Some(Zip) => Some(zip::kind(&head[..head.len().min(super::HEAD_BYTES)], tail)),
        found => found,
    }
}

/// The type that a file's last bytes show.
fn trailer(tail: &[u8]) -> Option<Kind> {
    let block = &tail[tail.len().checked_sub(512)?..];
    if block.starts_with(b"koly") {
        Some(Dmg)
    } else if block.starts_with(b"conectix") {
        Some(Vhd)
    } else {
        block.ends_with(b"TRUEVISION-XFILE.\0").then_some(Targa)
    }
}

fn signature(head: &[u8]) -> Option<Kind> {
    let (offset, magic, kind) = SIGNATURES
        .iter()
        .find(|(offset, magic, _)| starts_at(head, usize::from(*offset), magic))?;
    // A short word is no signature in a text that goes on.
    let end = usize::from(*offset) + magic.len();
    let is_word = magic.len() <= 5 && magic.iter().all(u8::is_ascii_graphic);
    if is_word && head.len() > end + 8 && !matches!(kind, Rtf | Ps) && text::is_ascii(head) {
        return None;
    }
    Some(match kind {
        Mz => executable(head),
        Ole => ole::kind(head),
        Elf if starts_at(head, 8, b"AI\x01") || starts_at(head, 8, b"AI\x02") => AppImage,
        // Java and fat Mach-O share a magic; a class file's major version is 45 or more, a fat
        // binary's number of architectures is not.
        Class if matches!(head.get(4..8), Some([0, 0, 0, count]) if *count < 45) => MachO,
        Ps if holds(&head[..head.len().min(32)], b"EPSF") => Eps,
        Mkv if holds(&head[..head.len().min(64)], b"webm") => Webm,
        Asf => asf(head),
        Tiff => tiff(head),
        kind => *kind,
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

/// Sound or film, by the classes of the streams.
fn asf(head: &[u8]) -> Kind {
    const AUDIO: &[u8] = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11";
    const VIDEO: &[u8] = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11";
    let head = &head[..head.len().min(8192)];
    if holds(head, VIDEO) {
        Wmv
    } else if holds(head, AUDIO) {
        Wma
    } else {
        Asf
    }
}

/// Looks through the first directory: 34735 is GeoKeyDirectoryTag, 50706 is DNGVersion.
fn tiff(head: &[u8]) -> Kind {
    let little = head[0] == b'I';
    let half = |at| {
        let value = u16_at(head, at) as u16;
        if little { value } else { value.swap_bytes() }
    };
    let at = u32_at(head, 4);
    let at = (if little { at } else { at.swap_bytes() }) as usize;
    if at >= head.len() {
        return Tiff;
    }
    (0..usize::from(half(at)))
        .map(|entry| half(at + 2 + entry * 12))
        .find_map(|tag| match tag {
            34735 => Some(GeoTiff),
            50706 => Some(RawPhoto),
            _ => None,
        })
        .unwrap_or(Tiff)
}

fn lookup(table: &[(&[u8], Kind)], bytes: &[u8]) -> Option<Kind> {
    let found = table.iter().find(|(magic, _)| bytes.starts_with(magic));
    found.map(|(_, kind)| *kind)
}

/// Formats whose signature is short or spread out, so that more than it is looked at.
fn weak(head: &[u8]) -> Option<Kind> {
    let at = |offset: usize| head.get(offset..).unwrap_or_default();
    let found = match head {
        [b'R', b'I', b'F', b'F', ..]
        | [b'F', b'O', b'R', b'M', ..]
        | [b'R', b'F', b'6', b'4', ..] => lookup(CHUNKS, at(8)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            // mif1 is any image; what it is made of is among the compatible brands.
            let end = u32_at(head, 0).swap_bytes().clamp(16, 128) as usize;
            let brands = head.get(16..end.min(head.len())).unwrap_or_default();
            match lookup(BRANDS, at(8)) {
                Some(Heic) if holds(brands, b"avif") => Some(Avif),
                found => found,
            }
        }
        [0, _, _, _, atom @ ..]
            if atom.starts_with(b"moov")
                || atom.starts_with(b"mdat")
                || atom.starts_with(b"wide") =>
        {
            Some(Mov)
        }
        // A reserved field that agrees keeps texts that begin with "BM" out.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Bmp),
        [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] => {
            // The first block, or the end of an empty file.
            let magics: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];
            magics
                .iter()
                .any(|magic| block.iter().zip(*magic).all(|(a, b)| a == b))
                .then_some(Bzip)
        }
        [b'F' | b'C' | b'Z', b'W', b'S', 1..=60, ..] => Some(Flash),
        [b'A', b'C', b'1', b'0', b'0'..=b'9', b'0'..=b'9', 0, ..] => Some(Dwg),
        // Reserved, type, number of images, then the first image's reserved byte.
        [0, 0, 1, 0, 1..=64, 0, ..] if at(9).first().is_none_or(|byte| *byte == 0) => Some(Ico),
        [0, 0, 2, 0, 1..=64, 0, ..] if at(9).first().is_none_or(|byte| *byte == 0) => Some(Cur),
        // TrueType: a table of at most 64 entries, and 16 times the next lower power of two.
        [0, 1, 0, 0, 0, tables @ 1..=64, high, low, ..]
            if 16 << tables.ilog2() == u16::from_be_bytes([*high, *low]) =>
        {
            Some(Ttf)
        }
        // Skippable frames before the first of Zstandard.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Zst),
        // Properties of every encoder in use; a dictionary of 2ⁿ; a size that is unknown or real.
        [0x5d, 0, 0, _, _, size @ ..]
            if size.starts_with(&[0xff; 8]) || size.get(5..8) == Some(&[0; 3]) =>
        {
            Some(Lzma)
        }
        [_, _, b'-', b'l', b'h' | b'z', _, b'-', ..] => Some(Lha),
        [0x60, 0xea, _, 0..=10, 30..=64, ..] => Some(Arj),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] if !text::is_ascii(head) => Some(Zlib),
        // The magic of Python 3 (3000 and up) and 2 (62061 and up).
        [_, 0x0b..=0x0f | 0xf2 | 0xf3, b'\r', b'\n', ..] => Some(Pyc),
        [0x80, 2 | 3, b'}' | b']' | b'(' | b'c' | b'X' | b'K', ..] => Some(Pickle),
        [0x80, 4 | 5, 0x95, ..] => Some(Pickle),
        [0x30, ..] => der(head),
        [0x80..=0xbf, ..] if open_pgp(head).is_some() => Some(Pgp),
        [0xff, 0xe2..=0xff, ..] => frames(head),
        [0x4c | 0x64 | 0xc4, 0x01 | 0x86 | 0xaa, ..] if coff(head) => Some(Coff),
        [0x47, ..] if at(188).first() == Some(&0x47) && at(376).first() == Some(&0x47) => {
            Some(Mpeg)
        }
        [_, _, _, _, 0x47, ..]
            if at(196).first() == Some(&0x47) && at(388).first() == Some(&0x47) =>
        {
            Some(Mpeg)
        }
        _ => None,
    };
    let eot = || {
        // Embedded OpenType: the magic, and one of the three versions.
        let eot =
            starts_at(head, 34, b"LP") && matches!(u32_at(head, 8), 0x10000 | 0x20001 | 0x20002);
        eot.then_some(Eot)
    };
    found
        .or_else(eot)
        .or_else(|| is_old_tar(head).then_some(Tar))
        .or_else(|| sector(head))
        .or_else(|| pdf(head).then_some(Pdf))
}

/// Boot sectors and file systems.
fn sector(head: &[u8]) -> Option<Kind> {
    if u16_at(head, 0x438) == 0xef53 && u32_at(head, 0x44c) <= 1 {
        return Some(Ext);
    }
    if !starts_at(head, 510, b"\x55\xaa") {
        return None;
    }
    let systems: [(usize, &[u8]); 4] = [(54, b"FAT1"), (82, b"FAT32"), (3, b"NTFS"), (3, b"EXFAT")];
    if systems
        .iter()
        .any(|(offset, name)| starts_at(head, *offset, name))
    {
        return Some(Fat);
    }
    // Four partitions, each active or not, and one that is there.
    let partitions = head.get(446..510)?;
    let plausible = partitions.chunks(16).all(|entry| entry[0] & 0x7f == 0)
        && partitions.chunks(16).any(|entry| entry[4] != 0);
    plausible.then_some(Mbr)
}

/// Readers of PDF accept rubbish before the header, and so do people who hide things.
fn pdf(head: &[u8]) -> bool {
    let head = &head[..head.len().min(1024)];
    head.windows(6).enumerate().any(|(at, window)| {
        // Within a line it is a text that speaks about PDF.
        window.starts_with(b"%PDF-")
            && window[5].is_ascii_digit()
            && (at == 0 || !(b' '..=b'~').contains(&head[at - 1]))
    }) || head.starts_with(b"%PDF-")
}

/// Tar before POSIX has no magic, but a checksum: the sum of the header's bytes with the sum's own
/// field taken as blanks, in octal.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else {
        return false;
    };
    let field = header[148..156]
        .iter()
        .skip_while(|byte| **byte == b' ')
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, byte| sum * 8 + u32::from(byte - b'0'));
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let own: u32 = header[148..156].iter().map(|byte| u32::from(*byte)).sum();
    header[0] != 0 && field != 0 && sum - own + 8 * 32 == field
}

/// Certificates and their containers, in DER.
fn der(head: &[u8]) -> Option<Kind> {
    /// Behind a tag: a length of one byte, or as many bytes as the first says.
    fn inside(bytes: &[u8]) -> &[u8] {
        let skip = match bytes.get(1) {
            Some(long @ 0x80..=0x84) => 2 + usize::from(long & 0x7f),
            _ => 2,
        };
        bytes.get(skip..).unwrap_or_default()
    }
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let outer = inside(head);
    if outer.starts_with(SIGNED_DATA) {
        Some(Pkcs7)
    } else if outer.starts_with(b"\x02\x01\x03\x30") {
        Some(Pkcs12)
    } else {
        // An explicit version, which version 1 leaves out.
        (outer.first() == Some(&0x30) && inside(outer).starts_with(b"\xa0\x03\x02\x01"))
            .then_some(Crt)
    }
}

/// The first packet of an OpenPGP message (RFC 9580) in the old format, which GnuPG writes.
fn open_pgp(head: &[u8]) -> Option<()> {
    let body = head.get([2, 3, 5, 1][usize::from(head[0] & 3)]..)?;
    let algorithm = |at: usize| matches!(body.get(at), Some(1..=3 | 16..=19 | 22 | 25..=28));
    let version = *body.first()?;
    match head[0] >> 2 & 15 {
        1 => version == 3 && algorithm(9),
        2 => version == 4 && algorithm(2) && matches!(body.get(3), Some(1..=14)),
        3 => version == 4 && matches!(body.get(1..3), Some([1..=10, 0 | 1 | 3])),
        5 | 6 => version == 4 && algorithm(5),
        _ => false,
    }
    .then_some(())
}

/// MPEG audio without a tag: a frame's header, and the next one where it has to be.
fn frames(head: &[u8]) -> Option<Kind> {
    let (kind, length) = frame(head)?;
    match head.get(length..length + 4) {
        Some(next) => (frame(next)?.0 == kind).then_some(kind),
        None => (head.len() < length + 4 && head.len() >= 4).then_some(kind),
    }
}

/// The kind and the length of one frame: layer III of MPEG 1, 2 or 2.5 (ISO 11172-3), or ADTS.
fn frame(header: &[u8]) -> Option<(Kind, usize)> {
    let [0xff, b1, b2, b3] = *header.first_chunk::<4>()? else {
        return None;
    };
    if b1 & 0xf6 == 0xf0 {
        // 13 bits of length; only three of them are in these four bytes, so the caller's bytes on.
        let [.., b3, b4, b5] = *header
            .first_chunk::<6>()
            .unwrap_or(&[0, 0, 0, b3, 0xff, 0xe0]);
        let length = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
        return (b2 >> 2 & 15 < 13 && length > 7).then_some((Aac, length));
    }
    let (version, layer) = (b1 >> 3 & 3, b1 >> 1 & 3);
    let (rate, sampling) = (usize::from(b2 >> 4), usize::from(b2 >> 2 & 3));
    if b1 & 0xe0 != 0xe0 || version == 1 || layer != 1 || rate == 0 || rate == 15 || sampling == 3 {
        return None;
    }
    const FIRST: [u16; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const SECOND: [u16; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let (rates, factor, divisor) = match version {
        3 => (FIRST, 144_000, 1),
        2 => (SECOND, 72_000, 2),
        _ => (SECOND, 72_000, 4),
    };
    let sampling = [44_100, 48_000, 32_000][sampling] / divisor;
    let length = usize::from(rates[rate]) * factor / sampling + usize::from(b2 >> 1 & 1);
    Some((Mp3, length))
}

/// An object file: a machine, a few sections, no optional header, and a section's name.
fn coff(head: &[u8]) -> bool {
    matches!(u16_at(head, 0), 0x14c | 0x8664 | 0xaa64 | 0x1c4)
        && (1..=512).contains(&u16_at(head, 2))
        && u16_at(head, 16) == 0
        && matches!(head.get(20), Some(b'.' | b'/'))
        && array::<4>(head, 20).is_some()
}
