//! The keeper of a message that other code holds: it is lost when that code says so.

use tokio_util::sync::CancellationToken;

use crate::consumer::engine::Engine;
use crate::consumer::keeper::{Keeper, Sent, send};
use crate::consumer::lane::HEED;
use crate::consumer::queue::Queue;
use crate::context::Stop;
use crate::transport::{DeadLetter, Delivery, TransportErrorKind};

/// A message that other code holds.
pub(super) struct Pushed<'a> {
    token: CancellationToken,
    abort: &'a CancellationToken,
}

impl<'a> Pushed<'a> {
    /// Its handlers are to stop when one of these says so.
    pub(super) fn until(stop: &CancellationToken, abort: &'a CancellationToken) -> Self {
        Self { token: stop.child_token(), abort }
    }
}

impl Stop for Pushed<'_> {
    fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Keeper for Pushed<'_> {
    fn is_stopped(&self) -> bool {
        self.token.is_cancelled()
    }

    fn why_lost(&self) -> Option<&'static str> {
        self.token.is_cancelled().then_some("the message is handed back, since its time was over before it was done")
    }

    async fn until_lost(&self) {
        tokio::select! {
            () = self.token.cancelled() => {}
            () = self.abort.cancelled() => self.token.cancel(),
        }
        tokio::time::sleep(HEED).await;
    }

    async fn dead_letter(&self, engine: &Engine, queue: &Queue, delivery: &Delivery, letter: &DeadLetter) -> Sent {
        if !engine.transport.capabilities().wire {
            return Sent::Nowhere;
        }
        let Err(error) = send(engine, queue, delivery, letter).await else { return Sent::Kept };
        let message_id = &delivery.message_id;
        tracing::error!(queue = queue.name, message_id, %error, "the dead-letter queue did not take it");
        match error.kind() {
            TransportErrorKind::NotFound | TransportErrorKind::Configuration | TransportErrorKind::InvalidMessage => {
                Sent::Nowhere
            }
            _ => Sent::Later,
        }
    }
}
