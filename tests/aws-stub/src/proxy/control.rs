//! What a proxy is told, and what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Requests.
    ToServer,
    /// Answers.
    ToClient,
}

/// How connections end: after how many bytes, and whether by a reset.
#[derive(Debug, Clone, Copy)]
#[must_use = "a cut does nothing until the proxy is told"]
pub struct Cut {
    pub(super) direction: Direction,
    pub(super) bytes: u64,
    pub(super) end: End,
    times: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Reset,
    Close,
    HalfClose,
    Stall,
}

impl Cut {
    /// This many bytes more pass in this direction; instead of the next one, the connection is reset.
    pub fn after(bytes: u64, direction: Direction) -> Self {
        Self { direction, bytes, end: End::Reset, times: None }
    }

    /// Closed in order instead of reset: what was to come is missing.
    pub fn closing(self) -> Self {
        Self { end: End::Close, ..self }
    }

    /// Only this direction is closed.
    pub fn half_closing(self) -> Self {
        Self { end: End::HalfClose, ..self }
    }

    /// Nothing is closed, and nothing more comes in this direction.
    pub fn stalling(self) -> Self {
        Self { end: End::Stall, ..self }
    }

    /// Only so many connections.
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }
}

/// A cut that was ordered.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub(super) cut: Cut,
    /// Tells it from those before.
    pub(super) number: u64,
    left: Arc<AtomicU64>,
}

impl Ordered {
    /// Whether one more connection is to end.
    pub(super) fn claim(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// What a proxy is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    pub(super) latency: Duration,
    pub(super) paused: bool,
    pub(super) refusing: bool,
    pub(super) cut: Option<Ordered>,
    /// How often all connections were reset; those from before then are.
    pub(super) resets: u64,
    pub(super) half_closes: u64,
    cuts: u64,
}

impl Control {
    pub(super) fn cut(&mut self, cut: Cut) {
        self.cuts += 1;
        let left = Arc::new(AtomicU64::new(cut.times.unwrap_or(u64::MAX)));
        self.cut = Some(Ordered { cut, number: self.cuts, left });
    }

    pub(super) fn heal(&mut self) {
        (self.latency, self.paused, self.refusing, self.cut) = (Duration::ZERO, false, false, None);
    }
}

/// What there was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Accepted so far.
    pub accepted: u64,
    /// Open now.
    pub open: u64,
    /// Ended by a [`Cut`].
    pub cut: u64,
    /// Bytes passed on to the server.
    pub to_server: u64,
    /// Bytes passed on to clients.
    pub to_client: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) ended: AtomicU64,
    pub(super) cut: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
}

impl Counters {
    pub(super) fn passed(&self, direction: Direction, bytes: usize) {
        let counter = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Connections {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Ended first: what ends in between counts as open.
        let ended = read(&self.ended);
        let accepted = read(&self.accepted);
        Connections {
            accepted,
            open: accepted.saturating_sub(ended),
            cut: read(&self.cut),
            to_server: read(&self.to_server),
            to_client: read(&self.to_client),
        }
    }
}
