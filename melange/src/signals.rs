//! What tells the process to stop.

use std::fmt;
use std::io;

/// What tells the process to stop: SIGTERM, SIGINT (Ctrl-C), and SIGHUP where that was asked for; where there are no such
/// signals, Ctrl-C alone. From the first [`listen`](Self::listen) on they no longer end the process by themselves.
#[cfg(unix)]
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    #[cfg(feature = "cli")]
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// From now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the process cannot listen for signals.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(feature = "cli")]
            hangup: None,
        })
    }

    /// Also when the terminal is closed.
    ///
    /// # Errors
    /// If the process cannot listen for it.
    #[cfg(feature = "cli")]
    pub fn and_hangup(mut self) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        self.hangup = Some(signal(SignalKind::hangup())?);
        Ok(self)
    }

    /// The next of them, by its name.
    pub async fn next(&mut self) -> &'static str {
        #[cfg(feature = "cli")]
        if let Some(hangup) = &mut self.hangup {
            return tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
                _ = hangup.recv() => "SIGHUP",
            };
        }
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// What tells the process to stop: Ctrl-C.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// From now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the process cannot listen for it.
    pub fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// As it is: there is no more to listen for.
    ///
    /// # Errors
    /// None.
    #[cfg(feature = "cli")]
    pub fn and_hangup(self) -> io::Result<Self> {
        Ok(self)
    }

    /// The next one, by its name.
    pub async fn next(&mut self) -> &'static str {
        let _ = self.0.recv().await;
        "Ctrl-C"
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}
