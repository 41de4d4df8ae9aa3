//! A server in a process of its own: started, asked whether it is ready, stopped with this one.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::BenchError;
use crate::load::{Asked, once};

/// How long a start may take before it counts as failed.
const START_MAX: Duration = Duration::from_secs(120);

/// A running process; ends when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Seconds from the start of the process to its first good answer.
    pub ready_after: f64,
}

impl Server {
    /// Starts `program` with `arguments` and `--listen`, and waits until `ready` answers 200.
    ///
    /// # Errors
    /// When it does not start, or ends, or is not ready in two minutes.
    pub async fn start(program: &Path, arguments: &[&str], ready: &str) -> Result<Self, BenchError> {
        // A port that was free a moment ago; whoever takes it in between makes the start fail, not the figures wrong.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let began = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .args(["--listen", &address.to_string()])
            .env("OUTPACE_ADMIN_PASSWORD", "only for this measurement")
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = Self { child, address, ready_after: 0.0 };
        loop {
            let asked = Asked { path: ready.to_owned(), body: None, count: 1 };
            if let Ok((200, _)) = once(address, None, asked).await {
                server.ready_after = began.elapsed().as_secs_f64();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(BenchError::Http(format!("{} {arguments:?} ended with {status}", program.display())));
            }
            if began.elapsed() > START_MAX {
                return Err(BenchError::Http(format!("{} {arguments:?} is not ready", program.display())));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Memory in MB that the process holds, where the system says.
    #[must_use]
    pub fn memory_mb(&self) -> Option<u64> {
        self.status_mb("VmRSS:")
    }

    /// The most that it ever held.
    #[must_use]
    pub fn memory_peak_mb(&self) -> Option<u64> {
        self.status_mb("VmHWM:")
    }

    fn status_mb(&self, key: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(key))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
