//! Receives that may be asked for again, since their answers may have been lost.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::receipt::MemoryReceipt;

/// How long one can ask again. Source: the SQS API reference, `ReceiveRequestAttemptId`.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// What receives brought, by their attempt ids.
#[derive(Default)]
pub(super) struct Attempts {
    known: HashMap<String, (Instant, Vec<MemoryReceipt>)>,
    /// The oldest first.
    since: VecDeque<(Instant, String)>,
}

impl Attempts {
    /// What the receive under `id` brought, if it is known.
    pub(super) fn of(&mut self, id: &str, now: Instant) -> Option<&[MemoryReceipt]> {
        while let Some((since, old)) = self.since.pop_front_if(|(since, _)| now.duration_since(*since) >= WINDOW) {
            // It may have been used again since.
            if self.known.get(&old).is_some_and(|(used, _)| *used == since) {
                self.known.remove(&old);
            }
        }
        self.known.get(id).map(|(_, receipts)| receipts.as_slice())
    }

    pub(super) fn remember(&mut self, id: &str, receipts: Vec<MemoryReceipt>, now: Instant) {
        self.known.insert(id.to_owned(), (now, receipts));
        self.since.push_back((now, id.to_owned()));
    }

    /// The message has been dealt with: what it came with is not to come again.
    pub(super) fn forget_message(&mut self, place: u64) {
        self.known.retain(|_, (_, receipts)| receipts.iter().all(|receipt| receipt.spot.place != place));
    }
}
