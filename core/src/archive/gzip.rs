//! gzip (RFC 1952). A file of several members is one content, as every gunzip gives it.

use super::inflate::{Flow, Inflater};
use super::level::{Begin, Context, Outlet};
use super::{Damage, Finding, Limit, MemberKind, Method, le};

const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const HEADER_CRC: u8 = 1 << 1;
/// Names longer than this are cut off.
const NAME_MOST: usize = 64 * 1024;

enum State {
    /// Ten bytes and then what the flags say.
    Fixed,
    ExtraLength,
    Extra(u64),
    Name,
    Comment,
    HeaderCrc,
    Data(Inflater),
    /// CRC-32 and length.
    Trailer,
    /// Another member, padding, or something else.
    Between,
    /// Zeros, with which a tape's last block is filled.
    Padding,
    /// Something else, from here on.
    Trailing(u64),
    /// The rest cannot be read.
    Dead,
}

pub(super) struct Gzip {
    state: State,
    buf: Vec<u8>,
    /// Bytes of the stream that were given, those not yet looked at included.
    read: u64,
    flags: u8,
    name: Vec<u8>,
    member: Option<u32>,
    checksum: crc32fast::Hasher,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            state: State::Fixed,
            buf: Vec::new(),
            read: 0,
            flags: 0,
            name: Vec::new(),
            member: None,
            checksum: crc32fast::Hasher::new(),
        }
    }
}

impl Gzip {
    pub(super) fn push(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, bytes: &[u8]) {
        self.read += bytes.len() as u64;
        let mut input = bytes;
        while !ctx.tally.stopped && self.step(ctx, out, &mut input) {}
    }

    fn fill(&mut self, input: &mut &[u8], want: usize) -> bool {
        let (now, later) = input.split_at(want.saturating_sub(self.buf.len()).min(input.len()));
        self.buf.extend_from_slice(now);
        *input = later;
        self.buf.len() >= want
    }

    /// One step; false when more bytes are wanted.
    fn step(&mut self, ctx: &mut Context<'_>, out: &mut Outlet, input: &mut &[u8]) -> bool {
        match &mut self.state {
            State::Fixed => {
                if !self.fill(input, 10) {
                    return false;
                }
                self.flags = self.buf[3];
                if super::kind(&self.buf) != Some(super::Kind::Gzip) {
                    out.damaged(
                        ctx,
                        self.member,
                        self.read - input.len() as u64,
                        Damage::Header,
                    );
                    self.state = State::Dead;
                    return true;
                }
                self.buf.clear();
                self.state = State::ExtraLength;
            }
            State::ExtraLength if self.flags & EXTRA == 0 => self.state = State::Name,
            State::ExtraLength => {
                if !self.fill(input, 2) {
                    return false;
                }
                self.state = State::Extra(le(&self.buf, 0, 2));
                self.buf.clear();
            }
            State::Extra(left) => {
                let taken = (*left).min(input.len() as u64);
                *input = &input[taken as usize..];
                *left -= taken;
                if *left > 0 {
                    return false;
                }
                self.state = State::Name;
            }
            State::Name => {
                if self.flags & NAME != 0 {
                    let (text, ended) = until_zero(input);
                    let room = NAME_MOST.saturating_sub(self.name.len());
                    // Only the first member's name counts.
                    if self.member.is_none() {
                        self.name.extend_from_slice(&text[..text.len().min(room)]);
                    }
                    if !ended {
                        return false;
                    }
                }
                self.state = State::Comment;
            }
            State::Comment => {
                if self.flags & COMMENT != 0 && !until_zero(input).1 {
                    return false;
                }
                self.state = State::HeaderCrc;
            }
            State::HeaderCrc => {
                if self.flags & HEADER_CRC != 0 && !self.fill(input, 2) {
                    return false;
                }
                self.buf.clear();
                if self.member.is_none() {
                    // RFC 1952 says Latin-1; what is found is UTF-8.
                    let begin = Begin {
                        text: std::str::from_utf8(&self.name).map_or_else(
                            |_| self.name.iter().copied().map(char::from).collect(),
                            str::to_owned,
                        ),
                        name: std::mem::take(&mut self.name),
                        kind: MemberKind::File,
                        method: Method::Deflate,
                        encryption: None,
                        packed: None,
                        unpacked: None,
                        readable: true,
                    };
                    self.member = out.begin(ctx, begin, 0);
                }
                self.checksum = crc32fast::Hasher::new();
                self.state = State::Data(Inflater::new());
            }
            State::Data(inflater) => {
                let ratio = ctx.limits.ratio;
                let flow = inflater.push(input, ratio, |bytes| {
                    self.checksum.update(bytes);
                    out.data(ctx, bytes)
                });
                let at = self.read - input.len() as u64;
                match flow {
                    Flow::More => return false,
                    Flow::Done => {
                        let length = inflater.unpacked;
                        self.state = State::Trailer;
                        self.buf = length.to_le_bytes()[..4].to_vec();
                    }
                    Flow::Failed => {
                        out.damaged(ctx, self.member, at, Damage::Deflate);
                        self.state = State::Dead;
                    }
                    Flow::TooDense => {
                        out.limit(ctx, Limit::Ratio);
                        self.state = State::Dead;
                    }
                    Flow::Refused => self.state = State::Dead,
                }
            }
            State::Trailer => {
                // The real length, then the eight bytes.
                if !self.fill(input, 12) {
                    return false;
                }
                let at = self.read - input.len() as u64;
                let crc = u64::from(self.checksum.clone().finalize());
                let (found, told) = (le(&self.buf, 0, 4), le(&self.buf, 8, 4));
                if le(&self.buf, 4, 4) != crc {
                    out.flawed(ctx, self.member, at, Damage::Checksum);
                }
                if told != found {
                    out.flawed(ctx, self.member, at, Damage::Size { told, found });
                }
                self.buf.clear();
                self.state = State::Between;
            }
            State::Between => {
                if self.buf.is_empty() && input.first() == Some(&0) {
                    self.state = State::Padding;
                    return true;
                }
                if !self.fill(input, 2) {
                    return false;
                }
                self.state = match &self.buf[..] {
                    b"\x1f\x8b" => State::Fixed,
                    _ => State::Trailing(2),
                };
            }
            State::Padding => {
                let zeros = input.iter().take_while(|&&byte| byte == 0).count();
                *input = &input[zeros..];
                if input.is_empty() {
                    return false;
                }
                self.state = State::Trailing(0);
            }
            State::Trailing(bytes) => {
                *bytes += input.len() as u64;
                *input = &[];
                return false;
            }
            State::Dead => {
                *input = &[];
                return false;
            }
        }
        true
    }

    pub(super) fn finish(&mut self, ctx: &mut Context<'_>, out: &mut Outlet) {
        match self.state {
            State::Dead => {}
            State::Between if self.buf.is_empty() => out.finish(ctx),
            State::Padding => out.finish(ctx),
            State::Between => {
                out.finish(ctx);
                let bytes = self.buf.len() as u64;
                out.finding(ctx, None, self.read - bytes, Finding::Trailing { bytes });
            }
            State::Trailing(bytes) => {
                out.finish(ctx);
                out.finding(ctx, None, self.read - bytes, Finding::Trailing { bytes });
            }
            _ => out.damaged(ctx, self.member, self.read, Damage::Truncated),
        }
    }
}

/// Takes the bytes before the next zero, and the zero; says whether there was one.
fn until_zero<'a>(input: &mut &'a [u8]) -> (&'a [u8], bool) {
    let end = input.iter().position(|&byte| byte == 0);
    let (text, rest) = input.split_at(end.unwrap_or(input.len()));
    *input = rest.get(1..).unwrap_or_default();
    (text, end.is_some())
}
