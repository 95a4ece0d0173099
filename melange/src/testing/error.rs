//! Why a test cannot continue.

use std::fmt;

use crate::error::build::BuildErrors;
use crate::transport::TransportError;

/// Why a test cannot continue: `try_start` and `try_run_until_idle` return it, and the methods without `try` panic with
/// it.
///
/// Its text is for people who read a failed test, and may quote events. `Debug` shows the same, so that `unwrap` does.
pub struct TestError {
    kind: TestErrorKind,
    text: String,
}

/// The kind of a [`TestError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TestErrorKind {
    /// The clock is running, and must be paused.
    ClockRuns,
    /// The bus could not be built.
    Build,
    /// The bus could not be started.
    Start,
    /// Subscribers ran more often than allowed in one run until idle.
    TooManyAttempts,
    /// More time passed than allowed in one run until idle, in total or in one subscriber.
    TooLong,
    /// A bus crashed, and nobody else consumes the messages in its queues.
    Crashed,
    /// A bus was shut down or dropped, and nobody else consumes the messages in its queues.
    Stopped,
    /// A fault was injected into a subscriber that does not exist.
    NoSuchName,
    /// Everything was done before the expected crash.
    NoCrash,
}

impl TestError {
    pub(super) fn new(kind: TestErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    pub(super) fn clock_runs() -> Self {
        Self::new(
            TestErrorKind::ClockRuns,
            "the clock of this test runs, and a test bus moves a clock that stands still: write \
             `#[tokio::test(start_paused = true)]`, or call `tokio::time::pause()` first",
        )
    }

    pub(super) fn no_runtime() -> Self {
        Self::new(
            TestErrorKind::ClockRuns,
            "there is no tokio runtime here, whose clock a test bus moves: write `#[tokio::test(start_paused = true)]`",
        )
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> TestErrorKind {
        self.kind
    }

    /// Whether a bus crashed because of a fault, and must be restarted before the test can continue.
    #[must_use]
    pub fn is_crash(&self) -> bool {
        self.kind == TestErrorKind::Crashed
    }
}

impl From<BuildErrors> for TestError {
    fn from(errors: BuildErrors) -> Self {
        Self::new(TestErrorKind::Build, format!("the bus could not be built: {errors}"))
    }
}

impl From<TransportError> for TestError {
    fn from(error: TransportError) -> Self {
        Self::new(TestErrorKind::Start, format!("the bus could not be started: {error}"))
    }
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for TestError {}
