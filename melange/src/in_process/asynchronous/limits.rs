//! How many runs of one subscriber may be under way at once.
//!
//! Not a semaphore of its own: a worker that waits here makes no room in the queue, which the state must know at every
//! moment to tell whether a publish that waits for room will ever get it.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::shared::Shared;
use super::state::State;

pub(super) struct Limit {
    free: usize,
    line: VecDeque<Waiting>,
}

struct Waiting {
    ticket: u64,
    slot: usize,
    tell: oneshot::Sender<()>,
}

impl Limit {
    pub(super) fn new(size: usize) -> Self {
        Self { free: size, line: VecDeque::new() }
    }
}

impl State {
    /// Starts a run, or gets in line for one: what comes back says when it is time.
    fn enter(&mut self, limit: usize, slot: usize, ticket: u64) -> Option<oneshot::Receiver<()>> {
        let limit = self.limits.get_mut(limit)?;
        if limit.free > 0 {
            limit.free -= 1;
            return None;
        }
        let (tell, turn) = oneshot::channel();
        limit.line.push_back(Waiting { ticket, slot, tell });
        self.set_limited(slot, true);
        self.unstick();
        Some(turn)
    }

    /// Ends a run, or leaves the line: the next one in line may run.
    fn exit(&mut self, limit: usize, ticket: u64) {
        let Some(limit) = self.limits.get_mut(limit) else { return };
        let stood = limit.line.iter().position(|waiting| waiting.ticket == ticket);
        let slot = match stood {
            Some(at) => limit.line.remove(at).map(|waiting| waiting.slot),
            None => match limit.line.pop_front() {
                Some(next) => {
                    let _ = next.tell.send(());
                    Some(next.slot)
                }
                None => {
                    limit.free += 1;
                    None
                }
            },
        };
        if let Some(slot) = slot {
            self.set_limited(slot, false);
        }
    }

    fn set_limited(&mut self, slot: usize, limited: bool) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.limited = limited;
        }
    }
}

/// The right to run a subscriber, or a place in line for it.
pub(super) struct Permit<'a> {
    shared: &'a Shared,
    limit: usize,
    ticket: u64,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.shared.update(|state| state.exit(self.limit, self.ticket));
    }
}

impl Shared {
    /// Waits for its turn to run a subscriber under this limit.
    pub(super) async fn permit(&self, limit: usize, slot: usize) -> Permit<'_> {
        let (ticket, turn) = self.update(|state| {
            let ticket = state.ticket();
            (ticket, state.enter(limit, slot, ticket))
        });
        let permit = Permit { shared: self, limit, ticket };
        if let Some(turn) = turn {
            // The sender is not dropped while its place in line is.
            let _ = turn.await;
        }
        permit
    }
}
