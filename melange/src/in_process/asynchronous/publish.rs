//! How an event gets into the queue.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::lanes::Key;
use super::shared::Shared;
use super::state::{Answer, Job, Refusal};
use crate::deprecation;
use crate::error::publish::{Kind, PublishError};
use crate::event::Event;
use crate::in_process::failures::TryPublishError;
use crate::metadata::Metadata;

/// What is asked of an event before the lock is taken, since it is the event's own code that answers.
struct Label {
    key: Option<Key>,
    metadata: Arc<Metadata>,
}

impl Label {
    fn of<E: Event>(event: &E) -> Self {
        deprecation::warn_once(E::DESCRIPTOR);
        let route = event.route();
        Self { key: route.key.as_deref().map(Key::from), metadata: Arc::new(Metadata::routed(E::DESCRIPTOR, &route)) }
    }

    fn on<E: Event>(self, event: E) -> Job {
        let Self { key, metadata } = self;
        Job { key, event: Arc::new(event), event_type: E::DESCRIPTOR.type_id(), metadata }
    }
}

impl Shared {
    pub(super) fn try_publish<E: Event>(&self, event: E) -> Result<(), TryPublishError<E>> {
        let (label, caller) = (Label::of(&event), self.caller());
        let refused = self.update(|state| match state.admits(caller) {
            Ok(()) => {
                state.push(label.on(event));
                None
            }
            Err(why) => Some((event, why)),
        });
        refused.map_or(Ok(()), |(event, why)| Err(TryPublishError::new(event, refusal::<E>(why))))
    }

    pub(super) async fn publish<E: Event>(&self, event: E) -> Result<(), PublishError> {
        let (job, caller) = (Label::of(&event).on(event), self.caller());
        let place = self.update(|state| match state.admits(caller) {
            Ok(()) => {
                state.push(job);
                Ok(None)
            }
            Err(Refusal::Full) => state.wait(job, caller).map(Some).map_err(|job| (Refusal::Full, job)),
            Err(Refusal::Closed) => Err((Refusal::Closed, job)),
        });
        let answer = match place {
            Ok(None) => Ok(()),
            Ok(Some((ticket, answer))) => Place { shared: self, ticket: Some(ticket), answer }.wait().await,
            // The event comes back out, so that it is not dropped under the lock.
            Err((why, _)) => Err(why),
        };
        answer.map_err(refusal::<E>)
    }
}

fn refusal<E: Event>(why: Refusal) -> PublishError {
    let kind = match why {
        Refusal::Closed => Kind::Closed,
        Refusal::Full => Kind::Full,
    };
    PublishError::new(E::DESCRIPTOR.name(), None, kind)
}

/// A place in line for room; dropped before there is an answer, it is given up.
struct Place<'a> {
    shared: &'a Shared,
    ticket: Option<u64>,
    answer: oneshot::Receiver<Answer>,
}

impl Place<'_> {
    async fn wait(mut self) -> Result<(), Refusal> {
        let answer = (&mut self.answer).await;
        self.ticket = None;
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err((why, _))) => Err(why),
            // The sender stands in the line and is only ever taken out to send.
            Err(_) => Err(Refusal::Closed),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let left = self.shared.update(|state| state.leave(ticket));
            drop(left);
        }
    }
}
