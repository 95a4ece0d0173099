//! Reading a body that anyone may have sent: not too large, and not too slowly.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Buf as _, BufMut as _};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

/// How long a body may take. SNS sends a few kilobytes at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// What must have come within each of these times: a byte now and then would keep a connection, and the memory of what came
/// already.
const PACE: Duration = Duration::from_secs(1);
const LEAST: usize = 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    /// The connection ended before the body did.
    Broken,
}

/// All of `body`, of at most `limit` bytes.
pub(super) async fn read<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, BodyError> {
    // It may say so before anything is read.
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut body: Pin<&mut B> = pin!(body);
    let mut read = Vec::new();
    let end = Instant::now() + PATIENCE;
    let (mut due, mut wanted) = (Instant::now() + PACE, LEAST);
    loop {
        let frame = match timeout_at(due.min(end), body.frame()).await {
            Ok(None) => return Ok(read),
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Err(_) if Instant::now() < end && read.len() >= wanted => {
                (due, wanted) = (due + PACE, read.len() + LEAST);
                continue;
            }
            Err(_) => return Err(BodyError::TooSlow),
        };
        if let Ok(mut data) = frame.into_data() {
            if data.remaining() > limit.saturating_sub(read.len()) {
                return Err(BodyError::TooLarge);
            }
            while data.has_remaining() {
                let chunk = data.chunk();
                let length = chunk.len();
                read.put_slice(chunk);
                data.advance(length);
            }
        }
        // Whoever sends all the time is not caught by the timer above.
        let now = Instant::now();
        if now >= end || (now >= due && read.len() < wanted) {
            return Err(BodyError::TooSlow);
        }
    }
}

#[cfg(test)]
mod tests;
