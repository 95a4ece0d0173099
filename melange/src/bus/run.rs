//! Running until the process is told to stop.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use super::EventBus;
use crate::consumer::handle::{Shutdown, ShutdownError};
use crate::signals::Signals;
use crate::transport::TransportError;

impl EventBus {
    /// The body of a worker's `main`: [`start`](Self::start), wait until the process is told to stop, then
    /// [`shutdown`](Self::shutdown) within `grace`.
    ///
    /// The process is told to stop by SIGTERM or SIGINT (Ctrl-C), or, on platforms without these signals, by Ctrl-C. A
    /// second signal ends the shutdown early: `run` returns an error at once, and messages in flight are redelivered
    /// after their visibility timeout. From the first call on, these signals no longer end the process by themselves.
    ///
    /// `grace` must be shorter than the time the process is given to stop: 30 seconds in Kubernetes and ECS by default.
    /// Returning messages to the queue takes up to 3 seconds more.
    ///
    /// It also returns when the bus is shut down in another way.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(bus: melange::EventBus) -> Result<(), melange::RunError> {
    /// let report = bus.run(Duration::from_secs(25)).await?;
    /// println!("{} handled, {} handed back", report.finished, report.released);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A `blocking` subscriber that does not return cannot be stopped, and `#[tokio::main]` waits for it even then. If
    /// that may happen, end `main` with [`std::process::exit`].
    ///
    /// # Errors
    /// If the bus cannot be started, the process cannot listen for signals, messages could not be returned to the
    /// queue, or a second signal came.
    #[cfg_attr(docsrs, doc(cfg(feature = "signal")))]
    pub async fn run(&self, grace: Duration) -> Result<Shutdown, RunError> {
        // Listen before the start, which may take a while: a signal during it must stop the process.
        let mut signals = Signals::listen().map_err(|error| RunError(Kind::Signals(error)))?;
        tokio::select! {
            biased;
            heard = signals.next() => tracing::info!(signal = heard, "told to stop while starting"),
            started = self.start() => {
                started.map_err(|error| RunError(Kind::Start(error)))?;
                tokio::select! {
                    heard = signals.next() => tracing::info!(signal = heard, ?grace, "told to stop"),
                    () = self.inner.engine.stop.cancelled() => {}
                }
            }
        }
        tokio::select! {
            biased;
            stopped = self.shutdown(grace) => stopped.map_err(|error| RunError(Kind::Shutdown(error))),
            heard = signals.next() => {
                tracing::warn!(signal = heard, "told to stop again: the shutdown is cut short");
                // Messages that are returned now must not be received again.
                self.inner.engine.stop.cancel();
                self.inner.engine.abort.cancel();
                Err(RunError(Kind::Interrupted))
            }
        }
    }
}

/// Why a bus did not run, or did not shut down cleanly.
#[derive(Debug)]
pub struct RunError(Kind);

#[derive(Debug)]
enum Kind {
    Signals(io::Error),
    Start(TransportError),
    Shutdown(ShutdownError),
    Interrupted,
}

impl RunError {
    /// The error, if the bus did not start.
    #[must_use]
    pub fn start_error(&self) -> Option<&TransportError> {
        match &self.0 {
            Kind::Start(error) => Some(error),
            _ => None,
        }
    }

    /// What happened to the messages, if not all of them could be returned to the queue.
    #[must_use]
    pub fn shutdown_error(&self) -> Option<&ShutdownError> {
        match &self.0 {
            Kind::Shutdown(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a second signal cut the shutdown short.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0, Kind::Interrupted)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Signals(error) => write!(f, "the process cannot listen for signals: {error}"),
            Kind::Start(error) => write!(f, "the event bus did not start: {error}"),
            Kind::Shutdown(error) => error.fmt(f),
            Kind::Interrupted => f.write_str(
                "a second signal cut the shutdown short; messages that were in hand come again when their visibility ends",
            ),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // What `Display` has said already is not said again.
        match &self.0 {
            Kind::Signals(error) => error.source(),
            Kind::Start(error) => error.source(),
            Kind::Shutdown(_) | Kind::Interrupted => None,
        }
    }
}
