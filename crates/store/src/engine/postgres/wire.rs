//! The socket under a connection, driven by whoever waits on it.
//!
//! The protocol is spoken by `tokio-postgres`, without its runtime: its futures are polled here, on the thread that
//! asks, and when nothing can go on without the server that thread sleeps in a plain `read`. So there is no reactor
//! and no second thread, and a read from inside an asynchronous test works like any other.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::Host;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};

use super::tls::{Sealed, Terms};
use crate::engine::{Result, StoreError};

/// How long one address is tried before the next.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// How long an idle connection is silent before the other side is probed, how often then, and how many probes may go
/// unanswered: a dead host is noticed within 25 seconds, the time after which the server lets our lock go (`SETTINGS`).
const PROBE_AFTER: Duration = Duration::from_secs(10);
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;
/// How long sent bytes may stay unconfirmed.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(25);
/// Bytes taken from the socket at once.
const CHUNK: usize = 64 * 1024;

/// A socket of either kind; over a network with TLS, where that was agreed.
enum Socket {
    Tcp(TcpStream, Option<Box<Sealed>>),
    Unix(UnixStream),
}

impl Socket {
    /// Connects to one of the configured hosts, by its place in the URL, and shakes hands there.
    fn connect(config: &Config, number: usize, terms: &Terms) -> Result<Self> {
        let Some(host) = config.get_hosts().get(number) else {
            return Err(told(io::Error::new(ErrorKind::InvalidInput, "the address names no host")));
        };
        let ports = config.get_ports();
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
        Self::connect_to(host, port).map_err(told)?.sealed(host, terms)
    }

    /// Agrees on TLS. A socket in the file system is read by nobody else.
    fn sealed(self, host: &Host, terms: &Terms) -> Result<Self> {
        let (Self::Tcp(stream, _), Host::Tcp(name)) = (&self, host) else { return Ok(self) };
        stream.set_read_timeout(Some(CONNECT_WAIT)).map_err(told)?;
        let sealed = terms.shake_hands(stream, name)?;
        stream.set_read_timeout(None).map_err(told)?;
        match self {
            Self::Tcp(stream, _) => Ok(Self::Tcp(stream, sealed.map(Box::new))),
            unix => Ok(unix),
        }
    }

    fn connect_to(host: &Host, port: u16) -> io::Result<Self> {
        match host {
            Host::Unix(folder) => Ok(Self::Unix(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")))?)),
            Host::Tcp(name) => {
                let mut failed = io::Error::new(ErrorKind::NotFound, format!("{name} has no address"));
                for address in (name.as_str(), port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_WAIT) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            notice_silence(&stream)?;
                            return Ok(Self::Tcp(stream, None));
                        }
                        Err(error) => failed = error,
                    }
                }
                Err(failed)
            }
        }
    }

    fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream, Some(sealed)) => sealed.read(stream, bytes),
            Self::Tcp(stream, None) => Read::read(&mut &*stream, bytes),
            Self::Unix(stream) => Read::read(&mut &*stream, bytes),
        }
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream, Some(sealed)) => sealed.write_all(stream, bytes),
            Self::Tcp(stream, None) => Write::write_all(&mut &*stream, bytes),
            Self::Unix(stream) => Write::write_all(&mut &*stream, bytes),
        }
    }

    fn wait_at_most(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream, _) => stream.set_read_timeout(time),
            Self::Unix(stream) => stream.set_read_timeout(time),
        }
    }
}

/// Lets the system notice a host that vanished without a word (power, a cable, a firewall): an idle connection is probed,
/// and bytes that nobody confirms end it. Without this a write would wait for as long as the kernel tries, a quarter of an
/// hour, and a read for ever.
fn notice_silence(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    sockopt::set_socket_keepalive(stream, true)?;
    #[cfg(target_os = "linux")]
    {
        sockopt::set_tcp_keepidle(stream, PROBE_AFTER)?;
        sockopt::set_tcp_keepintvl(stream, PROBE_EVERY)?;
        sockopt::set_tcp_keepcnt(stream, PROBES)?;
        sockopt::set_tcp_user_timeout(stream, u32::try_from(UNCONFIRMED_MAX.as_millis()).unwrap_or(u32::MAX))?;
    }
    Ok(())
}

fn told(error: io::Error) -> StoreError {
    StoreError::Engine(Box::new(error))
}

/// What the socket handed over and the protocol has not taken yet.
#[derive(Default)]
struct Inbox {
    bytes: VecDeque<u8>,
    ended: bool,
}

/// The stream that the protocol sees: reads come from the inbox, writes go straight out.
struct Stream {
    socket: Arc<Socket>,
    inbox: Arc<Mutex<Inbox>>,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inbox = self.inbox.lock();
        if inbox.bytes.is_empty() {
            return if inbox.ended { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        let (front, _) = inbox.bytes.as_slices();
        let taken = front.len().min(into.remaining());
        into.put_slice(&front[..taken]);
        inbox.bytes.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.socket.write_all(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Remembers that something may go on, instead of waking a thread.
struct Stir(AtomicBool);

impl Wake for Stir {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A connection and the thread's way to drive it.
pub(super) struct Wire {
    socket: Arc<Socket>,
    inbox: Arc<Mutex<Inbox>>,
    chunk: Vec<u8>,
    protocol: Option<Connection<Stream, NoTlsStream>>,
    stir: Arc<Stir>,
    /// Notifications came in since this was last looked at.
    pub(super) notified: bool,
}

impl Wire {
    /// Connects to a host, by its place in the URL, and signs in. A host that takes the connection and says nothing is
    /// given up after [`CONNECT_WAIT`].
    pub(super) fn connect(config: &Config, number: usize, terms: &Terms) -> Result<(Client, Self)> {
        let socket = Arc::new(Socket::connect(config, number, terms)?);
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let stream = Stream { socket: Arc::clone(&socket), inbox: Arc::clone(&inbox) };
        let mut wire = Self {
            socket,
            inbox,
            chunk: vec![0; CHUNK],
            protocol: None,
            stir: Arc::new(Stir(AtomicBool::new(false))),
            notified: false,
        };
        wire.socket.wait_at_most(Some(CONNECT_WAIT)).map_err(told)?;
        let (client, protocol) = wire.wait(config.connect_raw(stream, NoTls))??;
        wire.socket.wait_at_most(None).map_err(told)?;
        wire.protocol = Some(protocol);
        Ok((client, wire))
    }

    /// Polls a future to its end, reading from the socket whenever it needs the server.
    pub(super) fn wait<T>(&mut self, future: impl Future<Output = T>) -> Result<T> {
        let mut future = pin!(future);
        loop {
            if let Some(done) = self.step(|context| future.as_mut().poll(context)) {
                return Ok(done);
            }
            self.receive(None)?;
        }
    }

    /// Polls once, without waiting for the server: sends what was asked for. `None` when it is not done.
    pub(super) fn nudge<T>(&mut self, future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
        let mut future = future;
        self.step(|context| future.as_mut().poll(context))
    }

    /// Lets time pass until a notification comes in, at most so long. Other bytes do not end it: a server that sleeps must
    /// not wake up because the answer to its own last statement arrived.
    pub(super) fn idle(&mut self, at_most: Duration) -> Result<()> {
        let until = Instant::now() + at_most;
        self.step(|_| Poll::<()>::Pending);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // A socket takes no time limit of nothing.
            if self.notified || left < Duration::from_millis(1) {
                return Ok(());
            }
            self.receive(Some(left))?;
            self.step(|_| Poll::<()>::Pending);
        }
    }

    /// Polls protocol and future until neither can go on without the server.
    fn step<T>(&mut self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
        let waker = Waker::from(Arc::clone(&self.stir));
        let mut context = Context::from_waker(&waker);
        loop {
            self.stir.0.store(false, Ordering::SeqCst);
            self.drive(&mut context);
            if let Poll::Ready(done) = poll(&mut context) {
                return Some(done);
            }
            if !self.stir.0.load(Ordering::SeqCst) {
                return None;
            }
        }
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        while let Some(protocol) = &mut self.protocol {
            match protocol.poll_message(context) {
                Poll::Ready(Some(Ok(AsyncMessage::Notification(_)))) => self.notified = true,
                Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => tracing::debug!(%notice, "PostgreSQL"),
                Poll::Ready(Some(Ok(_))) => {}
                // The end of a connection: whoever waits for an answer is told by the client's own error.
                Poll::Ready(Some(Err(_)) | None) => self.protocol = None,
                Poll::Pending => return,
            }
        }
    }

    /// Sleeps until bytes come in. With a time limit, no bytes are no error.
    fn receive(&mut self, at_most: Option<Duration>) -> Result<()> {
        if self.inbox.lock().ended {
            return Err(told(io::Error::new(ErrorKind::UnexpectedEof, "PostgreSQL closed the connection")));
        }
        if at_most.is_some() {
            self.socket.wait_at_most(at_most).map_err(told)?;
        }
        let read = loop {
            match self.socket.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        if at_most.is_some() {
            self.socket.wait_at_most(None).map_err(told)?;
        }
        let mut inbox = self.inbox.lock();
        match read {
            Ok(0) => inbox.ended = true,
            Ok(count) => inbox.bytes.extend(&self.chunk[..count]),
            Err(error) if at_most.is_some() && matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => inbox.ended = true,
        }
        Ok(())
    }

    /// Whether the server is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.protocol.is_none() || self.inbox.lock().ended
    }
}
