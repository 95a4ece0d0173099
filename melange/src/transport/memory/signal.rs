//! How receivers wait for a queue.

use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, timeout_at};

use super::later;

/// Receivers take turns, first come, first served. Only the one whose turn it is waits for the queue, so one permit of
/// `changed` is enough: whoever comes next looks for himself before he waits, and no change is lost.
#[derive(Default)]
pub(super) struct Signal {
    turn: Mutex<()>,
    changed: Notify,
}

/// What a look into a queue brought.
pub(super) struct Look<T> {
    pub(super) found: Vec<T>,
    /// When something there becomes visible by itself, if nothing was found.
    pub(super) next_change: Option<Instant>,
}

impl Signal {
    /// Something in the queue is not as it was.
    pub(super) fn changed(&self) {
        self.changed.notify_one();
    }

    /// What `look` finds, as soon as it finds something, or nothing after `wait`.
    pub(super) async fn receive<T, E>(
        &self,
        wait: Duration,
        look: impl Fn() -> Result<Look<T>, E> + Send,
    ) -> Result<Vec<T>, E> {
        let deadline = later(Instant::now(), wait);
        let turn = if wait.is_zero() { None } else { timeout_at(deadline, self.turn.lock()).await.ok() };
        loop {
            let Look { found, next_change } = look()?;
            if turn.is_none() || !found.is_empty() || Instant::now() >= deadline {
                return Ok(found);
            }
            let until = next_change.map_or(deadline, |next| next.min(deadline));
            // Changed or time over: either way it is time to look.
            let _ = timeout_at(until, self.changed.notified()).await;
        }
    }
}

#[cfg(test)]
mod tests;
