//! Refusals of the HTTP library's own, in the API's words.
//!
//! What cannot be read as a request never reaches a handler: the library itself answers a bare 400,
//! 414 or 431 and closes. Clients expect JSON in every error, so the head of such an answer is
//! replaced on its way out.
//!
//! The library takes a line feed alone for the end of a line, and a proxy before us may not: to it
//! what stands behind is part of a header. So in the head of a request such a line feed becomes a NUL
//! on its way in, which the library refuses.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that says why it refuses what is no request.
pub(crate) struct Spoken<S> {
    inner: S,
    /// What is written in place of a bare refusal, and how much of it is out.
    instead: Option<(Vec<u8>, usize)>,
    heads: Heads,
}

/// Where in the requests of a connection one is.
enum Heads {
    /// In a head: the line so far, and what it is known to say of a body.
    Line {
        line: Vec<u8>,
        length: u64,
        first: bool,
    },
    /// In a body that is so much longer.
    Body(u64),
    /// Behind a request after which nothing is answered, or which is refused.
    Rest,
}

/// Longest line of a head that is looked into; the library refuses what is longer as a whole.
const LONGEST_LINE: usize = 1 << 20;

impl Heads {
    const START: Self = Self::Line {
        line: Vec::new(),
        length: 0,
        first: true,
    };

    /// Goes over the next bytes, and spoils line feeds that stand alone.
    fn look(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self {
                Self::Rest => return,
                Self::Body(left) => {
                    let here = (*left).min((bytes.len() - at) as u64);
                    *left -= here;
                    at += here as usize;
                    if *left == 0 {
                        *self = Self::START;
                    }
                }
                Self::Line { line, .. } => {
                    let rest = &bytes[at..];
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    let before = &rest[..end.unwrap_or(rest.len())];
                    if line.len() + before.len() > LONGEST_LINE {
                        *self = Self::Rest;
                        return;
                    }
                    let last = before.last().or(line.last()).copied();
                    line.extend_from_slice(before);
                    let Some(end) = end else { return };
                    if last != Some(b'\r') {
                        bytes[at + end] = 0;
                        *self = Self::Rest;
                        return;
                    }
                    line.push(b'\n');
                    at += end + 1;
                    self.end_line();
                }
            }
        }
    }

    /// Reads a line that is whole.
    fn end_line(&mut self) {
        let Self::Line {
            line,
            length,
            first,
        } = self
        else {
            return;
        };
        let text = line.trim_ascii_end();
        if text.is_empty() {
            // Empty lines may stand before a request.
            match (*first, *length) {
                (true, _) => line.clear(),
                (false, 0) => *self = Self::START,
                (false, length) => *self = Self::Body(length),
            }
            return;
        }
        // What is read otherwise than the library reads it must not be looked into at all: a body
        // would be spoiled.
        let tunnel = *first && text.starts_with(b"CONNECT ");
        let colon = text.iter().position(|byte| *byte == b':');
        let (name, value) = text.split_at(colon.unwrap_or(text.len()));
        let mut lost = tunnel || name.eq_ignore_ascii_case(b"transfer-encoding");
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value[1.min(value.len())..].trim_ascii();
            let read = std::str::from_utf8(digits).ok();
            let read = read.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            match read.and_then(|text| text.parse().ok()) {
                Some(said) if *length == 0 => *length = said,
                _ => lost = true,
            }
        }
        *first = false;
        line.clear();
        if lost {
            *self = Self::Rest;
        }
    }
}

impl<S> Spoken<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            instead: None,
            heads: Heads::START,
        }
    }
}

/// What to say in place of the library's own refusal, if these bytes are one. No answer of a
/// handler is: an error of theirs has a body and says of what type it is.
fn instead_of(head: &[u8]) -> Option<Vec<u8>> {
    if !head.starts_with(b"HTTP/1.") || head.get(8..10) != Some(b" 4") {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    let lower = text.to_ascii_lowercase();
    if !lower.contains("\r\ncontent-length: 0") || lower.contains("\r\ncontent-type:") {
        return None;
    }
    let status = text.get(9..text.find("\r\n")?)?;
    let message = match status.get(..3)? {
        "431" => "The headers are too large",
        "414" => "The address is too long",
        _ => "The request cannot be read: its head is malformed",
    };
    let body = json!({"error": {"code": "BadRequestError", "message": message}}).to_string();
    Some(
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\
             x-content-type-options: nosniff\r\ncache-control: no-store\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Spoken<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none() {
            this.instead = instead_of(bytes).map(|text| (text, 0));
        }
        let Some((text, out)) = &mut this.instead else {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        };
        while *out < text.len() {
            match ready!(Pin::new(&mut this.inner).poll_write(cx, &text[*out..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *out += written,
            }
        }
        this.instead = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal is one part: it has no body.
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        match (filled.next(), filled.next()) {
            (Some(only), None) => self.poll_write(cx, only),
            _ => Pin::new(&mut self.inner).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Spoken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        ready!(Pin::new(&mut this.inner).poll_read(cx, buffer))?;
        this.heads.look(&mut buffer.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Heads, instead_of};

    /// What is read in pieces of every length.
    fn looked_at(text: &str) -> Vec<String> {
        let lengths = 1..=text.len();
        lengths
            .map(|length| {
                let mut heads = Heads::START;
                let mut bytes = text.as_bytes().to_vec();
                for piece in bytes.chunks_mut(length) {
                    heads.look(piece);
                }
                String::from_utf8(bytes).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_line_feed_alone_is_spoiled_in_heads_and_nowhere_else() {
        for whole in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "\r\nPOST / HTTP/1.1\r\nContent-Length:  5 \r\n\r\n\n\n\n\nxGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\n\n\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\n\n\n\n",
            "POST / HTTP/1.1\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\n\r\n\n\n",
        ] {
            assert!(looked_at(whole).iter().all(|text| text == whole), "{whole}");
        }
        for (text, at) in [
            ("GET / HTTP/1.1\nhost: a\n\n", 14),
            ("\nGET / HTTP/1.1\r\n\r\n", 0),
            ("GET / HTTP/1.1\r\nx: a\nb: c\r\n\r\n", 20),
            ("GET / HTTP/1.1\r\nx: a\r\n\n", 22),
            ("POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n\nGET /\n", 44),
        ] {
            for seen in looked_at(text) {
                assert_eq!(seen.as_bytes()[at], 0, "{text:?}: {seen:?}");
                let feeds = |text: &str| text.matches('\n').count();
                assert_eq!(feeds(&seen) + 1, feeds(text));
            }
        }
    }

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let said = String::from_utf8(instead_of(bare).unwrap()).unwrap();
        assert!(said.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
        assert!(said.ends_with("\"message\":\"The headers are too large\"}}"));
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 12\r\n\r\n",
            "a file's bytes: HTTP/1.1 400",
        ] {
            assert_eq!(instead_of(other.as_bytes()), None, "{other}");
        }
    }
}
