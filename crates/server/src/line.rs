//! What a connection runs over: the socket itself, or TLS upon it. The handshake is part of the time that a connection has
//! to say its first request, and until then it counts as silent.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS handshake (RFC 8446, 5.1); no request of HTTP begins with it.
const HANDSHAKE: u8 = 22;

/// A connection as bytes go over it.
pub(crate) enum Line {
    /// The socket.
    Plain(TcpStream),
    /// TLS upon it.
    Tls(Box<TlsStream<TcpStream>>),
}

/// How the opening of a line ended.
pub(crate) enum Opened {
    /// It stands.
    Line(Line),
    /// Somebody spoke plain HTTP where TLS is spoken: there are words to say.
    NotTls(TcpStream),
    /// There is nobody to talk to.
    Nobody,
}

impl Line {
    /// Waits for the first word and, over TLS, shakes hands. Takes as long as the other side lets it: the caller bounds it.
    pub(crate) async fn open(stream: TcpStream, tls: Option<&TlsAcceptor>) -> Opened {
        let Some(tls) = tls else { return Opened::Line(Self::Plain(stream)) };
        let mut first = [0_u8; 1];
        match stream.peek(&mut first).await {
            Ok(1) if first[0] != HANDSHAKE => return Opened::NotTls(stream),
            Ok(1) => {}
            _ => return Opened::Nobody,
        }
        match tls.accept(stream).await {
            Ok(stream) => Opened::Line(Self::Tls(Box::new(stream))),
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                Opened::Nobody
            }
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
