//! What happened to the events of one type, in the kinds that a test asserts.

use std::sync::Arc;

use crate::event::Event;
use crate::testing::account::TestAccount;
use crate::testing::ending::Ending;
use crate::testing::typed::Line;

/// What may be wanted of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Published,
    Handled,
    Retried,
    Rejected,
    DeadLettered,
}

/// Something that happened to an event.
pub(super) struct Happened<E> {
    pub(super) event: Arc<E>,
    pub(super) by: Option<String>,
    pub(super) queue: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) line: String,
    /// Whether it is of the kind that is wanted, whatever its event.
    pub(super) is_it: bool,
}

/// All that happened of the kind to `E`s.
pub(super) fn happened<E: Event>(account: &TestAccount, what: What) -> Vec<Happened<E>> {
    let owned = |text: &str| Some(text.to_owned());
    match what {
        What::Published => {
            let all = account.published::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                event: one.event,
                by: None,
                queue: one.queue,
                reason: None,
                is_it: true,
            })
            .collect()
        }
        What::DeadLettered => {
            let all = account.dead_letters::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                event: one.event,
                by: one.subscriber,
                queue: Some(one.queue),
                reason: Some(one.reason),
                is_it: true,
            })
            .collect()
        }
        What::Handled | What::Retried | What::Rejected => {
            let is = |ending: &Ending| match what {
                What::Handled => ending.is_handled(),
                What::Retried => ending.is_retried(),
                _ => ending.is_rejected(),
            };
            let all = account.attempts::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                by: owned(one.subscriber),
                reason: one.ending.reason().and_then(owned),
                is_it: is(&one.ending),
                queue: Some(one.queue),
                event: one.event,
            })
            .collect()
        }
    }
}
