//! The history of an account: which events were published, which subscribers ran, and what was given up.

use std::fmt::Write as _;

use super::TestAccount;
use crate::attributes::REASON;
use crate::event::Event;
use crate::testing::fail::fail;
use crate::testing::is_called;
use crate::testing::left::lost;
use crate::testing::typed::{Attempt, DeadLettered, Published};
use crate::transport::memory::DeadLetterRecord;

impl TestAccount {
    /// The `E`s that were published so far, by a test or a handler, in order.
    ///
    /// # Panics
    /// If one cannot be read back from its serialized form.
    #[must_use]
    #[track_caller]
    pub fn published<E: Event>(&self) -> Vec<Published<E>> {
        let all = self.shared.journal.all_published();
        let read: Result<_, _> = all.iter().filter_map(Published::of).collect();
        match read {
            Ok(published) => published,
            Err(why) => fail(format!("{} was published, and cannot be read: {why}", E::DESCRIPTOR.name())),
        }
    }

    /// Every run of a subscriber on an `E` so far, in the order in which they began.
    #[must_use]
    pub fn attempts<E: Event>(&self) -> Vec<Attempt<E>> {
        self.shared.journal.all_runs().iter().filter_map(Attempt::of).collect()
    }

    /// The runs that handled the event.
    #[must_use]
    pub fn handled<E: Event>(&self) -> Vec<Attempt<E>> {
        self.attempts_that(|attempt| attempt.ending.is_handled())
    }

    /// Those of them by this subscriber: `send_receipt`, or for a value `Ledger` or `Ledger::placed`.
    ///
    /// # Panics
    /// If no subscriber of such an event has this name.
    #[must_use]
    #[track_caller]
    pub fn handled_by<E: Event>(&self, subscriber: &str) -> Vec<Attempt<E>> {
        if let Some(why) = self.shared.names().no_subscriber(Some(E::DESCRIPTOR), subscriber) {
            fail(why);
        }
        self.attempts_that(|attempt| attempt.ending.is_handled() && is_called(attempt.subscriber, subscriber))
    }

    /// The runs that failed, and whose event was or will be redelivered.
    #[must_use]
    pub fn retried<E: Event>(&self) -> Vec<Attempt<E>> {
        self.attempts_that(|attempt| attempt.ending.is_retried())
    }

    /// The runs that rejected the event.
    #[must_use]
    pub fn rejected<E: Event>(&self) -> Vec<Attempt<E>> {
        self.attempts_that(|attempt| attempt.ending.is_rejected())
    }

    fn attempts_that<E: Event>(&self, are: impl Fn(&Attempt<E>) -> bool) -> Vec<Attempt<E>> {
        let mut attempts = self.attempts();
        attempts.retain(are);
        attempts
    }

    /// The `E`s that are in the dead-letter queues of the buses' queues now, the oldest of each queue first.
    #[must_use]
    pub fn dead_letters<E: Event>(&self) -> Vec<DeadLettered<E>> {
        let known = |event_id: &_| self.shared.journal.event(event_id);
        let letters = self.letters();
        letters.iter().filter_map(|(queue, letter)| DeadLettered::of(queue, letter, known)).collect()
    }

    /// Everything in those dead-letter queues, even if it cannot be read, each with the queue it was on before.
    #[must_use]
    pub fn letters(&self) -> Vec<(String, DeadLetterRecord)> {
        let of = |queue: String| {
            let letters = self.shared.memory.dead_letters(&queue);
            letters.into_iter().map(move |letter| (queue.clone(), letter))
        };
        self.shared.queues().into_iter().flat_map(of).collect()
    }

    /// Everything that happened so far, one line for each step: `println!("{}", bus.story())`. What the queues themselves
    /// gave up, and what topics and queues have lost, is listed at the end, because the time of that is not known.
    #[must_use]
    pub fn story(&self) -> String {
        let mut story = self.shared.journal.to_string();
        for (queue, letter) in self.letters() {
            if letter.attributes.text(REASON).is_none() {
                let name = if letter.event_type.is_empty() { "a message" } else { &letter.event_type };
                let _ = writeln!(
                    story,
                    "       now  {name} of queue `{queue}` is in its dead-letter queue: {}",
                    letter.reason
                );
            }
        }
        for line in lost(&self.shared) {
            let _ = writeln!(story, "       now  {line}");
        }
        story
    }
}
