//! tar: v7, ustar and pax (POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Interchange
//! Format"), and GNU's long names and base-256 numbers (GNU tar manual, "Basic Tar Format").

use super::level::{Begin, Context, Outlet};
use super::{Damage, Event, Finding, MemberKind, Method, name};

const BLOCK: usize = 512;
/// The longest pax header or GNU long name that is read; names are never that long.
const META_MOST: u64 = 64 * 1024;

enum State {
    /// A header.
    Header,
    /// A header after something that was none, which has been told.
    Lost,
    /// A file's bytes: how many are left, and the padding behind them.
    Data(u64, u64),
    /// Bytes that are not looked at.
    Skip(u64),
    /// A header's own data: of what type, how much of it is content, how much comes with padding.
    Meta(u8, usize, u64),
    /// GNU's list of a sparse file's pieces goes on; then come so many bytes.
    SparseMap(u64),
    /// The two empty blocks were there.
    Ended,
    /// What follows the end is no tar, from here on.
    Trailing(u64),
}

/// What pax records and GNU long names say about the next member.
#[derive(Clone, Default)]
struct Overrides {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

pub(super) struct Tar {
    state: State,
    buf: Vec<u8>,
    at: u64,
    empty_blocks: u8,
    next: Overrides,
    global: Overrides,
    member: Option<u32>,
}

impl Default for Tar {
    fn default() -> Self {
        Self {
            state: State::Header,
            buf: Vec::new(),
            at: 0,
            empty_blocks: 0,
            next: Overrides::default(),
            global: Overrides::default(),
            member: None,
        }
    }
}

impl Tar {
    pub(super) fn push(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, bytes: &[u8]) {
        let mut input = bytes;
        while !ctx.tally.stopped && self.step(ctx, out, &mut input) {}
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], most: u64) -> &'a [u8] {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (now, later) = input.split_at(most.min(input.len()));
        *input = later;
        self.at += now.len() as u64;
        now
    }

    /// Has the next whole block in `buf`, if there is one.
    fn block(&mut self, input: &mut &[u8]) -> bool {
        let now = self.take(input, (BLOCK - self.buf.len()) as u64);
        self.buf.extend_from_slice(now);
        self.buf.len() == BLOCK
    }

    /// One step; false when more bytes are wanted.
    fn step(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        match self.state {
            State::Header | State::Lost | State::Ended | State::SparseMap(_) => {
                if !self.block(input) {
                    return false;
                }
                let block = std::mem::take(&mut self.buf);
                let at = self.at - BLOCK as u64;
                if let State::SparseMap(left) = self.state {
                    // The byte behind 21 pairs of twelve digits says whether another block follows.
                    if block[504] == 0 {
                        self.state = State::Skip(left);
                    }
                } else {
                    self.header(ctx, out, &block, at);
                }
            }
            State::Data(left, padding) => {
                let piece = self.take(input, left);
                let more = left - piece.len() as u64;
                self.state = State::Data(more, padding);
                if !out.data(ctx, piece) {
                    self.state = State::Skip(more.saturating_add(padding));
                } else if more == 0 {
                    out.finish(ctx);
                    self.state = State::Skip(padding);
                } else {
                    return !piece.is_empty();
                }
            }
            State::Skip(left) => {
                let taken = self.take(input, left).len() as u64;
                self.state = State::Skip(left - taken);
                if taken < left {
                    return false;
                }
                self.state = State::Header;
            }
            State::Meta(kind, size, left) => {
                let piece = self.take(input, left);
                let room = size - self.buf.len();
                self.buf.extend_from_slice(&piece[..piece.len().min(room)]);
                let more = left - piece.len() as u64;
                self.state = State::Meta(kind, size, more);
                if more > 0 {
                    return false;
                }
                self.meta(ctx, out, kind);
                self.state = State::Header;
            }
            State::Trailing(_) => {
                self.take(input, u64::MAX);
                return false;
            }
        }
        true
    }

    fn header(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, block: &[u8], at: u64) {
        if block.iter().all(|&byte| byte == 0) {
            self.empty_blocks += 1;
            if self.empty_blocks >= 2 {
                self.empty_blocks = 2;
                self.state = State::Ended;
            }
            return;
        }
        if !is_header(block) {
            match self.state {
                State::Ended => self.state = State::Trailing(at),
                State::Lost => {}
                _ => {
                    out.damaged(ctx, None, at, Damage::Header);
                    self.state = State::Lost;
                }
            }
            return;
        }
        if matches!(self.state, State::Ended) {
            out.finding(ctx, None, at, Finding::Concatenated);
        }
        self.empty_blocks = 0;
        self.state = State::Header;
        let flag = block[156];
        let Some(size) = number(&block[124..136]) else {
            out.damaged(ctx, None, at, Damage::Header);
            self.state = State::Lost;
            return;
        };
        if matches!(flag, b'x' | b'X' | b'g' | b'L' | b'K') {
            let padded = padded(size);
            self.buf.clear();
            self.state = if size > META_MOST {
                out.flawed(ctx, None, at, Damage::LongHeader);
                State::Skip(padded)
            } else {
                State::Meta(flag, size as usize, padded)
            };
            return;
        }
        self.member(ctx, out, block, at, size);
    }

    fn member(
        &mut self,
        ctx: &mut Context<'_>,
        out: &mut Outlet,
        block: &[u8],
        at: u64,
        size: u64,
    ) {
        let next = std::mem::take(&mut self.next);
        let global = &self.global;
        let plain = block.get(257..263) == Some(b"ustar\0");
        let name = next
            .name
            .or_else(|| global.name.clone())
            .unwrap_or_else(|| {
                let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
                // GNU's own form has other things where ustar has the name's front.
                match prefix {
                    [] => name.to_vec(),
                    _ if !plain => name.to_vec(),
                    _ => [prefix, b"/", name].concat(),
                }
            });
        let link = next.link.or_else(|| global.link.clone());
        let link = link.unwrap_or_else(|| text(&block[157..257]).to_vec());
        let target = name::utf8(&link);
        let size = next.size.or(global.size).unwrap_or(size);
        let flag = block[156];
        let kind = match flag {
            b'1' => MemberKind::Hardlink { target },
            b'2' => MemberKind::Symlink { target },
            b'3' | b'4' | b'6' => MemberKind::Device,
            b'5' | b'D' => MemberKind::Directory,
            b'V' => MemberKind::Label,
            // The oldest form tells directories by their names only.
            0 if name.last() == Some(&b'/') => MemberKind::Directory,
            _ => MemberKind::File,
        };
        let sparse = flag == b'S' || next.sparse || global.sparse;
        // What is no file has no bytes behind its header, whatever its size says (pax); the list of
        // GNU's dumped directory and what nobody knows have them.
        let has_data = !matches!(flag, b'1'..=b'6' | b'V');
        let is_file = kind == MemberKind::File;
        let begin = Begin {
            text: name::utf8(&name),
            name,
            kind,
            method: if sparse {
                Method::Sparse
            } else {
                Method::Stored
            },
            encryption: None,
            packed: is_file.then_some(size),
            unpacked: (is_file && !sparse).then_some(size),
            readable: is_file && !sparse,
        };
        self.member = out.begin(ctx, begin, at);
        let Some(id) = self.member else {
            return;
        };
        if sparse {
            let method = Method::Sparse;
            (ctx.emit)(Event::Unsupported { member: id, method });
        }
        let padded = if has_data { padded(size) } else { 0 };
        self.state = if flag == b'S' && block[482] != 0 {
            State::SparseMap(padded)
        } else if is_file && !sparse {
            State::Data(size, padded - size)
        } else {
            State::Skip(padded)
        };
    }

    /// Takes what a pax header or a GNU long name says.
    fn meta(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, flag: u8) {
        let data = std::mem::take(&mut self.buf);
        match flag {
            b'L' => self.next.name = Some(text(&data).to_vec()),
            b'K' => self.next.link = Some(text(&data).to_vec()),
            _ => {
                let into = if flag == b'g' {
                    &mut self.global
                } else {
                    &mut self.next
                };
                if !records(&data, into) {
                    let at = self.at;
                    out.flawed(ctx, None, at, Damage::Pax);
                }
            }
        }
    }

    pub(super) fn finish(&mut self, ctx: &mut Context<'_>, out: &mut Outlet) {
        match self.state {
            // Many writers leave the empty blocks out at the end.
            State::Header | State::Lost if self.buf.is_empty() => {}
            State::Skip(0) => {}
            State::Ended if self.buf.is_empty() => {}
            State::Ended if self.buf.iter().all(|&byte| byte == 0) => {}
            State::Ended => {
                let bytes = self.buf.len() as u64;
                out.finding(ctx, None, self.at - bytes, Finding::Trailing { bytes });
            }
            State::Trailing(from) => {
                let bytes = self.at - from;
                out.finding(ctx, None, from, Finding::Trailing { bytes });
            }
            State::Lost => {}
            State::Data(..) => out.damaged(ctx, self.member, self.at, Damage::Truncated),
            _ => out.damaged(ctx, None, self.at, Damage::Truncated),
        }
    }
}

/// A size with the padding to whole blocks. Near the end of the numbers there is no padding left; nothing
/// that long is ever read to its end.
fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64).unwrap_or(size)
}

/// A field's text, up to its NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A number: octal digits with spaces around, or, with the top bit set, base 256. Negative and too
/// large ones are none.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let (first, rest) = field.split_first()?;
        return rest.iter().try_fold(u64::from(first & 0x7f), |sum, &byte| {
            Some(sum.checked_mul(256)? | u64::from(byte))
        });
    }
    let digits = std::str::from_utf8(text(field)).ok()?.trim_matches(' ');
    match digits {
        "" => Some(0),
        _ => u64::from_str_radix(digits, 8).ok(),
    }
}

/// Whether a block is a header: its checksum, which counts its own field as spaces, is right. Some
/// old programs summed signed bytes.
pub(super) fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.get(..BLOCK) else {
        return false;
    };
    let counted = || {
        let field = 148..156;
        block
            .iter()
            .enumerate()
            .map(move |(at, &byte)| match field.contains(&at) {
                true => b' ',
                false => byte,
            })
    };
    let unsigned: u64 = counted().map(u64::from).sum();
    let signed: i64 = counted().map(|byte| i64::from(byte as i8)).sum();
    let told = number(&block[148..156]);
    block[0] != 0 && told.is_some_and(|told| told == unsigned || i64::try_from(told) == Ok(signed))
}

/// Reads pax records (`length key=value\n`); false when one is malformed.
fn records(mut data: &[u8], into: &mut Overrides) -> bool {
    while !data.is_empty() {
        let Some(record) = record(data) else {
            return false;
        };
        let (length, key, value) = record;
        data = &data[length..];
        // An empty value takes back what a global header said.
        let some = (!value.is_empty()).then(|| value.to_vec());
        match key {
            b"path" | b"GNU.sparse.name" => into.name = some,
            b"linkpath" => into.link = some,
            b"size" => {
                let size = std::str::from_utf8(value).ok();
                match size.and_then(|size| size.parse().ok()) {
                    Some(size) => into.size = Some(size),
                    None => return false,
                }
            }
            _ => into.sparse |= key.starts_with(b"GNU.sparse."),
        }
    }
    true
}

fn record(data: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let space = data.iter().take(20).position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
    let record = data.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    Some((length, &record[..equals], &record[equals + 1..]))
}
