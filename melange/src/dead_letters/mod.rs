//! Dead letters: listing, redriving and deleting them.

mod letter;
mod redrive;
mod sweep;

use std::fmt;

pub use letter::Letter;
pub use redrive::{Redrive, Redriven};

use crate::transport::{DynTransport, Transport, TransportError};
use sweep::Sweep;

/// The dead-letter queue of a queue. Made by [`EventBus::dead_letters`](crate::EventBus::dead_letters), or over any
/// transport by [`of`](Self::of).
///
/// ```rust,standalone_crate
/// use melange::{Event, EventBus, EventSerializer, MemoryTransport, Outcome, subscriber};
/// # use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { total_cents: i64 }
///
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn send_receipt(order: &OrderPlaced) -> Outcome {
///     if order.total_cents < 0 { Outcome::reject("the total is negative") } else { Outcome::Done }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = MemoryTransport::new();
/// let bus = EventBus::builder().linked().transport(account.queue("billing")).build()?;
/// bus.start().await?;
/// bus.publish(OrderPlaced { total_cents: -5 }).await?;
/// # while bus.metrics().dead_lettered == 0 { tokio::time::sleep(Duration::from_millis(5)).await }
///
/// let letters = bus.dead_letters("billing");
/// for letter in letters.list(100).await? {
///     println!("{}: {}", letter.subscriber().unwrap_or("-"), letter.reason());
///     let event = letter.decode(&EventSerializer::linked()?)?;
///     assert!(event.downcast_ref::<OrderPlaced>().is_some());
/// }
/// let would = letters.redrive().only(|letter| letter.subscriber() == Some("send_receipt")).dry_run().await?;
/// assert_eq!(would.moved, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DeadLetters {
    transport: DynTransport,
    queue: String,
}

impl DeadLetters {
    /// The dead letters of `queue`, named as in `#[subscriber(queue = "..")]` or as by the transport.
    #[must_use]
    pub fn of(transport: impl Transport, queue: impl Into<String>) -> Self {
        Self::over(DynTransport::new(transport), queue.into())
    }

    pub(crate) fn over(transport: DynTransport, queue: String) -> Self {
        Self { transport, queue }
    }

    /// Lists up to `most` of them, as far as they can be received now. They stay in the queue; for the moment that this
    /// takes, nobody else can receive them.
    ///
    /// # Errors
    /// If the broker could not be reached.
    pub async fn list(&self, most: usize) -> Result<Vec<Letter>, TransportError> {
        // No more are taken in hand than are wanted, so that others can have them.
        self.gather(most, most, |_| true).await
    }

    /// Lists up to `most` of those for which `which` returns true.
    ///
    /// # Errors
    /// If the broker could not be reached.
    pub async fn list_where(
        &self,
        most: usize,
        which: impl Fn(&Letter) -> bool,
    ) -> Result<Vec<Letter>, TransportError> {
        self.gather(most, usize::MAX, which).await
    }

    async fn gather(
        &self,
        most: usize,
        at_a_time: usize,
        which: impl Fn(&Letter) -> bool,
    ) -> Result<Vec<Letter>, TransportError> {
        let mut sweep = Sweep::begin(&self.transport, &self.queue);
        let mut letters = Vec::new();
        let listed = async {
            while letters.len() < most {
                let batch = sweep.next(at_a_time.saturating_sub(letters.len())).await?;
                if batch.is_empty() {
                    break;
                }
                letters.extend(batch.iter().map(Letter::of).filter(|letter| which(letter)));
            }
            letters.truncate(most);
            Ok(())
        };
        let listed: Result<(), TransportError> = listed.await;
        sweep.end().await;
        listed.map(|()| letters)
    }

    /// The approximate number of them; `None` if the broker does not tell.
    ///
    /// # Errors
    /// If the broker could not be reached.
    pub async fn count(&self) -> Result<Option<u64>, TransportError> {
        self.transport.backlog(&self.transport.dead_letter_queue(&self.queue)).await
    }

    /// Redrives them to their queue, each for the subscriber that gave it up: all of them, unless the returned builder
    /// is told otherwise. Await it to run it.
    pub fn redrive(&self) -> Redrive {
        Redrive::new(self.clone())
    }

    /// Deletes those for which `which` returns true, and returns how many those were.
    ///
    /// # Errors
    /// If the broker could not be reached, or did not delete; what is not deleted is still there.
    pub async fn delete(&self, which: impl Fn(&Letter) -> bool) -> Result<u64, TransportError> {
        let mut sweep = Sweep::begin(&self.transport, &self.queue);
        let mut deleted = 0;
        let all = async {
            loop {
                let batch = sweep.next(usize::MAX).await?;
                if batch.is_empty() {
                    return Ok(());
                }
                for delivery in batch.iter().filter(|delivery| which(&Letter::of(delivery))) {
                    sweep.delete(delivery).await?;
                    deleted += 1;
                }
            }
        };
        let all: Result<(), TransportError> = all.await;
        sweep.end().await;
        all.map(|()| deleted)
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("queue", &self.queue).finish_non_exhaustive()
    }
}
