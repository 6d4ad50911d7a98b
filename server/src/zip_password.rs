//! ZIP members that are protected by PKWARE's first encryption, opened with a password that came
//! with the file.
//!
//! The members are not unpacked here: what comes out is a ZIP of them without the encryption, as
//! long as they were, which the archive reader reads like any other, with its limits. (AES, which
//! WinZip and 7-Zip write when asked, is not opened.)

use std::io::Cursor;

use zip::ZipArchive;

/// Most members that are looked at.
const MOST: usize = 10_000;

/// Length of a local header before the name, and of what stands before a member's encrypted bytes.
const LOCAL: usize = 30;
const SALT: usize = 12;

/// A protected member, where its parts lie.
struct Member {
    name: Vec<u8>,
    header: usize,
    packed: usize,
    unpacked: u32,
    crc32: u32,
}

/// The protected members of a ZIP without their protection, as a ZIP. `None` if it is no ZIP, has
/// none, or the password opens none.
pub(crate) fn opened(bytes: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut open = Vec::new();
    let mut directory = Vec::new();
    let mut count: u16 = 0;
    for place in 0..archive.len().min(MOST) {
        let Some(member) = member(&mut archive, place) else {
            continue;
        };
        // Members that overlap would be copied more than once.
        if open.len() + member.packed > bytes.len() {
            break;
        }
        let Some((header, data)) = parts(bytes, &member) else {
            continue;
        };
        let Some(plain) = decrypt(header, data, member.crc32, password) else {
            continue;
        };
        let offset = open.len() as u32;
        let fields = fields(header, &member, plain.len() as u32);
        open.extend_from_slice(b"PK\x03\x04");
        open.extend_from_slice(&fields);
        open.extend_from_slice(&member.name);
        open.extend_from_slice(&plain);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(&member.name);
        count += 1;
    }
    if count == 0 {
        return None;
    }
    let (start, length) = (open.len() as u32, directory.len() as u32);
    open.append(&mut directory);
    open.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    open.extend_from_slice(&count.to_le_bytes());
    open.extend_from_slice(&count.to_le_bytes());
    open.extend_from_slice(&length.to_le_bytes());
    open.extend_from_slice(&start.to_le_bytes());
    open.extend_from_slice(&[0; 2]);
    Some(open)
}

/// A member's local header, and its encrypted bytes behind the name and the extra fields.
fn parts<'a>(bytes: &'a [u8], member: &Member) -> Option<(&'a [u8], &'a [u8])> {
    let (header, rest) = bytes.get(member.header..)?.split_at_checked(LOCAL)?;
    let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let data = rest.get(length(26) + length(28)..)?;
    Some((header, data.get(..member.packed)?))
}

fn member(archive: &mut ZipArchive<Cursor<&[u8]>>, place: usize) -> Option<Member> {
    let file = archive.by_index_raw(place).ok()?;
    let place = |at: u64| usize::try_from(at).ok();
    file.encrypted().then_some(Member {
        name: file.name_raw().to_vec(),
        header: place(file.header_start())?,
        packed: place(file.compressed_size())?,
        unpacked: u32::try_from(file.size()).ok()?,
        crc32: file.crc32(),
    })
}

/// What a member's two headers have in common, from the version that is needed to the length of
/// extra fields: without encryption, and with the sizes where they belong.
fn fields(header: &[u8], member: &Member, packed: u32) -> Vec<u8> {
    const UTF8: u8 = 8;
    let mut fields = vec![20, 0, 0, header[7] & UTF8];
    // Method, time and date.
    fields.extend_from_slice(&header[8..14]);
    fields.extend_from_slice(&member.crc32.to_le_bytes());
    fields.extend_from_slice(&packed.to_le_bytes());
    fields.extend_from_slice(&member.unpacked.to_le_bytes());
    fields.extend_from_slice(&(member.name.len() as u16).to_le_bytes());
    fields.extend_from_slice(&[0; 2]);
    fields
}

/// A member's packed bytes; `None` if the password does not open it, or it is not encrypted so.
fn decrypt(header: &[u8], data: &[u8], crc32: u32, password: &[u8]) -> Option<Vec<u8>> {
    const AES: [u8; 2] = [99, 0];
    const WITH_DESCRIPTOR: u8 = 8;
    if header[8..10] == AES || data.len() < SALT {
        return None;
    }
    let mut keys = Keys::new(password);
    let mut plain: Vec<u8> = data.iter().map(|byte| keys.decrypt(*byte)).collect();
    // The last byte before the data is one of the checksum's, or of the time where that was not
    // known yet (APPNOTE 6.1.6).
    let check = match header[6] & WITH_DESCRIPTOR {
        0 => (crc32 >> 24) as u8,
        _ => header[11],
    };
    if plain[SALT - 1] != check && plain[SALT - 1] != (crc32 >> 24) as u8 {
        return None;
    }
    plain.drain(..SALT);
    Some(plain)
}

/// The state of the cipher (APPNOTE 6.1).
struct Keys(u32, u32, u32);

impl Keys {
    fn new(password: &[u8]) -> Self {
        let mut keys = Self(0x1234_5678, 0x2345_6789, 0x3456_7890);
        for byte in password {
            keys.update(*byte);
        }
        keys
    }

    fn update(&mut self, byte: u8) {
        self.0 = crc(self.0, byte);
        let low = self.0 & 0xff;
        self.1 = self
            .1
            .wrapping_add(low)
            .wrapping_mul(134_775_813)
            .wrapping_add(1);
        self.2 = crc(self.2, (self.1 >> 24) as u8);
    }

    fn decrypt(&mut self, byte: u8) -> u8 {
        let word = (self.2 | 2) & 0xffff;
        let plain = byte ^ (word.wrapping_mul(word ^ 1) >> 8) as u8;
        self.update(plain);
        plain
    }
}

/// One step of CRC-32.
fn crc(state: u32, byte: u8) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut at = 0;
        while at < 256 {
            let mut entry = at as u32;
            let mut bit = 0;
            while bit < 8 {
                entry = (entry >> 1) ^ (0xedb8_8320 & (entry & 1).wrapping_neg());
                bit += 1;
            }
            table[at] = entry;
            at += 1;
        }
        table
    };
    (state >> 8) ^ TABLE[usize::from(state as u8 ^ byte)]
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::unstable::write::FileOptionsExt as _;

    use super::*;

    fn protected() -> Vec<u8> {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .with_deprecated_encryption(b"infected")
            .unwrap();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a.txt", "b.txt"] {
            zip.start_file(name, options).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn the_right_password_opens_every_member() {
        let open = opened(&protected(), b"infected").unwrap();
        let mut archive = ZipArchive::new(Cursor::new(open)).unwrap();
        assert_eq!(archive.len(), 2);
        for name in ["a.txt", "b.txt"] {
            let mut text = String::new();
            let mut file = archive.by_name(name).unwrap();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            assert_eq!(text, name);
        }
    }

    #[test]
    fn what_is_no_protected_zip_is_not_opened() {
        assert_eq!(opened(b"PK\x03\x04 no ZIP", b"infected"), None);
        assert_eq!(opened(&[], b""), None);
        let cut = protected();
        for end in 0..cut.len() {
            let _ = opened(&cut[..end], b"infected");
        }
    }
}
