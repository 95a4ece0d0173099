//! What comes out of an account, for programs without Melange.

use std::time::Duration;

use tokio::time::Instant;

use super::batch::{self, BatchAnswer};
use super::broker::MemoryAccount;
use super::limits::is_id;
use super::queue::Ask;
use super::received::{Receive, Received};
use super::refused::Refused;
use super::settings::LONGEST_VISIBILITY;
use super::stored::Stored;
use crate::transport::Receipt;

/// Longest wait for a message, and most messages of a receive. Source: the SQS API reference, `ReceiveMessage`.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const MOST: usize = 10;

impl MemoryAccount {
    /// Receives from a queue.
    ///
    /// # Errors
    /// If there is no such queue, a parameter exceeds what SQS allows, or too many messages are in flight: a standard
    /// queue returns that error to a receive that does not wait.
    pub async fn receive(&self, queue: &str, ask: Receive) -> Result<Vec<Received>, Refused> {
        let refuse = |why: &str| Err(Refused::parameter(format!("queue `{queue}`: {why}")));
        if !(1..=MOST).contains(&ask.max) {
            return refuse("a receive brings 1 to 10 messages");
        }
        if ask.wait > LONGEST_WAIT {
            return refuse("a receive waits for 20 seconds at most");
        }
        if ask.visibility.is_some_and(|time| time > LONGEST_VISIBILITY) {
            return refuse("messages are invisible for 12 hours at most");
        }
        if ask.attempt.as_deref().is_some_and(|id| !is_id(id) || !super::is_fifo(queue)) {
            return refuse(
                "only a FIFO queue knows attempts, by 1 to 128 letters, digits and punctuation marks of ASCII",
            );
        }
        let signal = self.lock().queues.get(queue)?.signal();
        let look = || {
            let attempt = ask.attempt.as_deref();
            let told = Ask { max: ask.max, visibility: ask.visibility, attempt, waits: !ask.wait.is_zero() };
            self.lock().receive(queue, &told, Instant::now(), Stored::show)
        };
        signal.receive(ask.wait, look).await
    }

    /// Deletes a message by its receipt handle. A standard queue accepts any of its receipt handles, even outdated
    /// ones: `Ok` does not mean that the message is gone.
    ///
    /// # Errors
    /// If there is no such queue, or the receipt handle is not one of it; in a FIFO queue, if the receipt handle has
    /// expired.
    pub fn delete(&self, queue: &str, receipt: &Receipt) -> Result<(), Refused> {
        self.lock().queues.get(queue)?.delete(receipt, Instant::now())
    }

    /// Deletes up to ten messages by their receipt handles, each entry with its own id. Each has its own result.
    ///
    /// # Errors
    /// When there is no such queue, or the batch as a whole is refused: empty, too many, its ids not distinct.
    pub fn delete_batch<N: Into<String>>(
        &self,
        queue: &str,
        entries: impl IntoIterator<Item = (N, Receipt)>,
    ) -> Result<BatchAnswer<()>, Refused> {
        let mut account = self.lock();
        let (known, now) = (account.queues.get(queue)?, Instant::now());
        let entries = entries.into_iter().map(|(id, receipt)| (id.into(), receipt)).collect();
        batch::each(entries, |_| Ok(()), |receipt| known.delete(&receipt, now))
    }

    /// Keeps a message invisible for `time` from now; zero returns it to the queue.
    ///
    /// # Errors
    /// If there is no such queue, the message is not in flight with this receipt handle, or it would be in flight for
    /// more than 12 hours since it was received.
    pub fn change_visibility(&self, queue: &str, receipt: &Receipt, time: Duration) -> Result<(), Refused> {
        self.lock().queues.get(queue)?.change_visibility(receipt, time, Instant::now())
    }

    /// The same for up to ten messages, each under an id of its own. Each has its own result.
    ///
    /// # Errors
    /// When there is no such queue, or the batch as a whole is refused: empty, too many, its ids not distinct.
    pub fn change_visibility_batch<N: Into<String>>(
        &self,
        queue: &str,
        entries: impl IntoIterator<Item = (N, Receipt, Duration)>,
    ) -> Result<BatchAnswer<()>, Refused> {
        let mut account = self.lock();
        let (known, now) = (account.queues.get(queue)?, Instant::now());
        let entries = entries.into_iter().map(|(id, receipt, time)| (id.into(), (receipt, time))).collect();
        batch::each(entries, |_| Ok(()), |(receipt, time)| known.change_visibility(&receipt, time, now))
    }
}

#[cfg(test)]
mod tests;
