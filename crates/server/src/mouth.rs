//! The socket under a connection, which puts words into answers that the protocol gives without any: a request whose head
//! cannot be read never reaches a route, and is refused by name all the same.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use outpace_access::Figures;
use outpace_access::door::ADDRESS_BYTES_MAX;
use outpace_core::Refusal;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::line::Line;

/// How such an answer begins; ours are never without content.
const BEGINS: &[u8] = b"HTTP/1.1 4";
const EMPTY: &[u8] = b"content-length: 0\r\n";

/// A socket that speaks.
pub(crate) struct Mouth {
    stream: Line,
    figures: Figures,
    /// What is said instead, and how much of it went out.
    words: Option<(Vec<u8>, usize)>,
    /// Whether anything came in since the last answer.
    hears: bool,
}

impl Mouth {
    pub(crate) fn new(stream: Line, figures: Figures) -> Self {
        Self { stream, figures, words: None, hears: false }
    }

    /// Whether the other side has begun to say something that is not answered yet.
    pub(crate) fn hears(&self) -> bool {
        self.hears
    }

    pub(crate) fn into_inner(self) -> Line {
        self.stream
    }

    /// Finds words for an answer that has none.
    fn find_words(&mut self, bytes: &[u8]) {
        if self.words.is_none()
            && bytes.starts_with(BEGINS)
            && bytes.windows(EMPTY.len()).any(|part| part == EMPTY)
            && let Some(refusal) = std::str::from_utf8(&bytes[9..12]).ok().and_then(refusal_of)
        {
            self.figures.refused(&refusal);
            self.words = Some((plain_answer(refusal), 0));
        }
    }

    /// Says what was found; answers once it is out.
    fn say(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((words, said)) = &mut self.words {
            if *said == words.len() {
                self.words = None;
                break;
            }
            *said += ready!(Pin::new(&mut self.stream).poll_write(context, &words[*said..]))?;
        }
        Poll::Ready(Ok(()))
    }
}

fn refusal_of(status: &str) -> Option<Refusal> {
    match status {
        "400" => Some(Refusal::new(
            400,
            "not_http",
            "request",
            "",
            "这不是可读的 HTTP 请求,未作任何更改;请检查地址和请求头。",
            "This is no HTTP request that can be read; nothing was changed. Check its address and headers.",
        )),
        "414" => Some(Refusal::new(
            414,
            "address_too_long",
            "url",
            "",
            format!("网址过长,最多 {ADDRESS_BYTES_MAX} 字节;请把内容放进请求体。"),
            format!(
                "The address is too long, at most {ADDRESS_BYTES_MAX} bytes are read; put the content into the body."
            ),
        )),
        "431" => Some(Refusal::new(
            431,
            "headers_too_large",
            "headers",
            "",
            "请求头过大,未作任何更改;请减少或缩短请求头和网址。",
            "The headers are too large; nothing was changed. Send fewer or shorter headers, and a shorter address.",
        )),
        _ => None,
    }
}

/// The headers of every answer, for those that no route gives.
const HARDENED: &str = "cache-control: no-store\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
    content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n";

/// A refusal as the bytes of a whole answer, after which the connection ends.
pub(crate) fn plain_answer(refusal: Refusal) -> Vec<u8> {
    let status = axum::http::StatusCode::from_u16(refusal.status).unwrap_or_default();
    let retry = if refusal.status == 503 { "retry-after: 1\r\n" } else { "" };
    let body = outpace_access::problem::body(&refusal).to_string();
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{HARDENED}{retry}connection: close\r\n\r\n{body}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len(),
    )
    .into_bytes()
}

impl AsyncRead for Mouth {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        self.hears |= into.filled().len() > before;
        read
    }
}

impl AsyncWrite for Mouth {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.hears = false;
        self.find_words(bytes);
        if self.words.is_some() {
            ready!(self.say(context))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.hears = false;
        if let Some(first) = parts.iter().find(|part| !part.is_empty()) {
            self.find_words(first);
        }
        if self.words.is_some() {
            ready!(self.say(context))?;
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
