//! Receives of FIFO queues under an id: asked again, they bring the same.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::queue::Receipt;
use crate::clock::Moment;

/// Source: the SQS API reference, `ReceiveRequestAttemptId`.
const WINDOW: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Default)]
pub(super) struct Attempts {
    by_id: HashMap<String, Vec<Receipt>>,
    by_place: HashMap<u64, String>,
    since: VecDeque<(Moment, String)>,
}

impl Attempts {
    pub(super) fn of(&mut self, id: &str, now: Moment) -> Option<&[Receipt]> {
        while let Some((_, old)) = self.since.pop_front_if(|(since, _)| now.since(*since) >= WINDOW) {
            self.forget(&old);
        }
        self.by_id.get(id).map(Vec::as_slice)
    }

    pub(super) fn remember(&mut self, id: &str, receipts: Vec<Receipt>, now: Moment) {
        self.by_place.extend(receipts.iter().map(|receipt| (receipt.place, id.to_owned())));
        self.by_id.insert(id.to_owned(), receipts);
        self.since.push_back((now, id.to_owned()));
    }

    pub(super) fn forget(&mut self, id: &str) {
        for receipt in self.by_id.remove(id).unwrap_or_default() {
            if self.by_place.get(&receipt.place).is_some_and(|of| of == id) {
                self.by_place.remove(&receipt.place);
            }
        }
    }

    /// The message was changed, and so the receive that brought it cannot be repeated.
    pub(super) fn forget_message(&mut self, place: u64) {
        if let Some(id) = self.by_place.remove(&place) {
            self.forget(&id);
        }
    }
}
