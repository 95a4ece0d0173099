//! The body of an answer: whole, or broken off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The connection is to be closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed by a fault")
    }
}

impl std::error::Error for Closed {}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Payload {
    data: Option<Bytes>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Closed,
    Stalled,
}

impl Payload {
    pub(super) fn whole(data: Bytes) -> Self {
        Self { data: Some(data), end: End::Whole }
    }

    /// Half of it, then the connection is closed.
    pub(super) fn truncated(data: &Bytes) -> Self {
        Self { data: Some(data.slice(..data.len() / 2)), end: End::Closed }
    }

    /// Half of it, then nothing more.
    pub(super) fn stalled(data: &Bytes) -> Self {
        Self { data: Some(data.slice(..data.len() / 2)), end: End::Stalled }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        match (self.data.take().filter(|data| !data.is_empty()), self.end) {
            (Some(data), _) => Poll::Ready(Some(Ok(Frame::data(data)))),
            (None, End::Whole) => Poll::Ready(None),
            (None, End::Closed) => Poll::Ready(Some(Err(Closed))),
            // Whoever waits is not woken: the client's going ends it.
            (None, End::Stalled) => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Whole && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self.end {
            End::Whole => SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64)),
            // The header says how much there should be.
            End::Closed | End::Stalled => SizeHint::default(),
        }
    }
}
