//! What the feeds hand out: bzip2, and tar inside of it.

use std::io::{self, Write as _};

use bzip2::Compression;
use bzip2::write::BzEncoder;

/// The unit of a tar file, in bytes.
const RECORD: usize = 512;

/// Bytes as bzip2.
///
/// # Errors
/// None in memory; the encoder's interface has them.
pub(crate) fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Files as a tar file (POSIX.1-1988, `ustar`) in bzip2: each by its name of at most 99 bytes and the
/// time at which it was made.
///
/// # Errors
/// As [`compressed`].
pub(crate) fn tarred(files: &[(String, i64, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::default());
    for (name, time, bytes) in files {
        encoder.write_all(&header(name, *time, bytes.len())?)?;
        encoder.write_all(bytes)?;
        let rest = bytes.len().next_multiple_of(RECORD) - bytes.len();
        encoder.write_all(&[0; RECORD][..rest])?;
    }
    encoder.write_all(&[0; 2 * RECORD])?;
    encoder.finish()
}

/// What stands before a file's bytes.
fn header(name: &str, time: i64, size: usize) -> io::Result<[u8; RECORD]> {
    let mut header = [0; RECORD];
    let mut put = |place: usize, text: &str| {
        header[place..place + text.len()].copy_from_slice(text.as_bytes());
    };
    if name.len() > 99 {
        return Err(io::Error::other("a name is too long for a tar file"));
    }
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, &format!("{time:011o}\0"));
    // The sum is taken with blanks in its own place.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\0");
    put(263, "00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        for bytes in [&b""[..], &b"abc"[..], &[7; 2_000_000]] {
            let mut read = Vec::new();
            bzip2::read::BzDecoder::new(&*compressed(bytes).unwrap())
                .read_to_end(&mut read)
                .unwrap();
            assert_eq!(read, bytes);
        }
    }

    #[test]
    fn a_size_that_fills_records_is_not_filled_up() {
        let files = [
            ("a".to_owned(), 1, vec![1; RECORD]),
            ("b".to_owned(), 1, vec![2]),
        ];
        let mut read = Vec::new();
        bzip2::read::BzDecoder::new(&*tarred(&files).unwrap())
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read.len(), 6 * RECORD);
        assert_eq!(
            (read[RECORD], read[3 * RECORD], read[4 * RECORD]),
            (1, 2, 0)
        );
    }
}
