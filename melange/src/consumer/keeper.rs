//! The holder of a message while its subscribers run: it tells when they should stop, and where dead letters go.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::leases::Lease;
use super::queue::Queue;
use super::unanswered::or_unanswered;
use crate::context::Stop;
use crate::transport::{DeadLetter, Delivery, TransportError};

/// The holder of a message while its subscribers run.
pub(crate) trait Keeper: Stop {
    /// Whether its subscribers are to stop.
    fn is_stopped(&self) -> bool;

    /// Why the message must be run again, whatever its subscribers returned; `None` if it need not.
    fn why_lost(&self) -> Option<&'static str>;

    /// Waits until the result of its subscribers is no longer needed.
    fn until_lost(&self) -> impl Future<Output = ()> + Send;

    /// Stores a dead letter.
    fn dead_letter(
        &self,
        engine: &Engine,
        queue: &Queue,
        delivery: &Delivery,
        letter: &DeadLetter,
    ) -> impl Future<Output = Sent> + Send;
}

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is in the dead-letter queue.
    Kept,
    /// It is not, and may be later: the message must come again.
    Later,
    /// There is no place for it: whoever has the message is told so.
    Nowhere,
}

/// To the queue's dead-letter queue.
pub(super) async fn send(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    letter: &DeadLetter,
) -> Result<(), TransportError> {
    // Boxed, so that tasks that handle a message stay small.
    let call = Box::pin(or_unanswered(Duration::ZERO, engine.transport.dead_letter(&queue.name, delivery, letter)));
    call.await.inspect(|()| {
        engine.counters.dead_letters.fetch_add(1, Ordering::Relaxed);
    })
}

/// A message that was received here.
impl Stop for Lease {
    fn token(&self) -> &CancellationToken {
        self.token()
    }
}

impl Keeper for Lease {
    fn is_stopped(&self) -> bool {
        self.is_stopped()
    }

    fn why_lost(&self) -> Option<&'static str> {
        self.is_lost().then_some("the lease was lost before the message was done")
    }

    fn until_lost(&self) -> impl Future<Output = ()> + Send {
        self.lost()
    }

    async fn dead_letter(&self, engine: &Engine, queue: &Queue, delivery: &Delivery, letter: &DeadLetter) -> Sent {
        match send(engine, queue, delivery, letter).await {
            Ok(()) => Sent::Kept,
            Err(error) => {
                let message_id = &delivery.message_id;
                tracing::error!(queue = queue.name, message_id, %error, "the dead-letter queue did not take it, will retry");
                Sent::Later
            }
        }
    }
}
