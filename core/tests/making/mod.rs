//! Archives for the tests, made here: sound ones and bombs.

use miniz_oxide::deflate::compress_to_vec;

/// How one member is written.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
    pub(crate) deflated: bool,
    pub(crate) descriptor: bool,
}

/// A ZIP with these members and a directory.
pub(crate) fn zip(plans: &[Plan]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for plan in plans {
        let packed = match plan.deflated {
            true => compress_to_vec(&plan.data, 6),
            false => plan.data.clone(),
        };
        let crc = crc32fast::hash(&plan.data).to_le_bytes();
        let sizes = [packed.len() as u32, plan.data.len() as u32]
            .map(u32::to_le_bytes)
            .concat();
        let flags: u16 = 0x800 | if plan.descriptor { 8 } else { 0 };
        let method: u16 = if plan.deflated { 8 } else { 0 };
        let offset = out.len() as u32;
        let fixed = |told: bool| {
            let none = [0; 12];
            let told = if told {
                [&crc[..], &sizes].concat()
            } else {
                none.to_vec()
            };
            [
                &20u16.to_le_bytes()[..],
                &flags.to_le_bytes(),
                &method.to_le_bytes(),
                &[0; 4],
                &told,
                &(plan.name.len() as u16).to_le_bytes(),
                &[0; 2],
            ]
            .concat()
        };
        out.extend(
            [
                b"PK\x03\x04",
                &fixed(!plan.descriptor)[..],
                plan.name.as_bytes(),
                &packed,
            ]
            .concat(),
        );
        if plan.descriptor {
            out.extend([b"PK\x07\x08", &crc[..], &sizes].concat());
        }
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(
            [
                &fixed(true)[..],
                &[0; 10],
                &offset.to_le_bytes(),
                plan.name.as_bytes(),
            ]
            .concat(),
        );
    }
    let end = [directory.len() as u32, out.len() as u32]
        .map(u32::to_le_bytes)
        .concat();
    let count = (plans.len() as u16).to_le_bytes();
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &end, &[0; 2]].concat());
    out
}

/// The bytes in gzip.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
    let tail = [crc32fast::hash(data), data.len() as u32]
        .map(u32::to_le_bytes)
        .concat();
    [&head[..], &compress_to_vec(data, 6), &tail].concat()
}

/// A ZIP of sixteen ZIPs of sixteen ZIPs …, and a megabyte of zeros in each of the innermost.
pub(crate) fn layers(depth: u32) -> Vec<u8> {
    let mut data = vec![0; 1 << 20];
    for _ in 0..depth {
        let plans: Vec<_> = (0..16)
            .map(|n| Plan {
                name: n.to_string(),
                data: data.clone(),
                deflated: true,
                descriptor: false,
            })
            .collect();
        data = zip(&plans);
    }
    data
}
