//! Sending an event to one queue.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use crate::{Event, EventId, MessagePublisher, PublishError};

/// An event on its way to one queue, made by [`MessagePublisher::send_to`]. Nothing is sent until it is awaited.
#[must_use = "nothing is sent until it is awaited"]
pub struct SendTo<E> {
    publisher: MessagePublisher,
    queue: String,
    event: E,
    delay: Option<Duration>,
    /// Why it is not sent at all.
    refused: Option<PublishError>,
}

impl<E: Event> SendTo<E> {
    pub(crate) fn new(publisher: MessagePublisher, queue: String, event: E) -> Self {
        Self { publisher, queue, event, delay: None, refused: None }
    }

    pub(crate) fn refused(mut self, why: PublishError) -> Self {
        self.refused = Some(why);
        self
    }

    /// Delays the message: nobody can receive it before `delay` is over. At most 15 minutes, in whole seconds, rounded
    /// up. Without it, the queue's own delay applies. A FIFO queue has only its own: it refuses a delay longer than
    /// zero.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }
}

impl<E: Event> IntoFuture for SendTo<E> {
    type Output = Result<EventId, PublishError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.refused {
                Some(why) => Err(why),
                None => self.publisher.send(&self.queue, self.event, self.delay).await,
            }
        })
    }
}

impl<E: Event> fmt::Debug for SendTo<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the event: payloads do not belong in logs.
        f.debug_struct("SendTo")
            .field("event", &E::DESCRIPTOR.name())
            .field("queue", &self.queue)
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}
