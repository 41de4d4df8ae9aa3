//! What is shown while a drill runs: one line that is written over on a terminal, a line every few seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is written where it cannot be written over.
const EVERY: Duration = Duration::from_secs(5);

/// The line.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    terminal: bool,
    begun: Instant,
    last: Option<Instant>,
}

impl Progress {
    /// A line on standard output; nothing is shown where `shown` is false.
    #[must_use]
    pub fn new(shown: bool) -> Self {
        Self { shown, terminal: std::io::stdout().is_terminal(), begun: Instant::now(), last: None }
    }

    /// Says what is done before the day begins.
    pub fn note(&mut self, zh: &str, en: &str) {
        self.write(&format!("{zh} {en}"), true);
    }

    /// Shows the simulated clock and what the system counted.
    pub fn show(&mut self, clock: &str, sampled: i64, tubes: i64, orders: i64) {
        let seconds = self.begun.elapsed().as_secs();
        let line = format!("{seconds:>3} s  {clock}  采样 sampled {sampled}  管 tubes {tubes}  任务单 orders {orders}");
        self.write(&line, false);
    }

    /// Leaves the line.
    pub fn end(&mut self) {
        if self.shown && self.terminal {
            let _ = writeln!(std::io::stdout());
        }
    }

    // A terminal that is gone must not end a drill: what writing gives is let go.
    fn write(&mut self, line: &str, at_once: bool) {
        if !self.shown {
            return;
        }
        let mut out = std::io::stdout();
        if self.terminal {
            let _ = write!(out, "\r\x1b[2K{line}");
        } else if at_once || self.last.is_none_or(|last| last.elapsed() >= EVERY) {
            self.last = Some(Instant::now());
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
    }
}
