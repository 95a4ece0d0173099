//! What tests assert of an account, with failures that say what was wanted and what happened instead.

mod happened;
mod macros;
mod wanted;

use happened::What;
pub use wanted::Wanted;

use super::account::TestAccount;
use super::fail::fail;
use super::idle::last_steps;
use super::left::Left;
use crate::event::Event;

macro_rules! wanted {
    ($($(#[$doc:meta])* $name:ident, $not:ident: $what:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name<'a, E: Event>(
            account: &'a TestAccount,
            words: &'static str,
            fits: impl Fn(&E) -> bool + 'a,
        ) -> Wanted<'a, E> {
            Wanted::new(account, What::$what, words, fits)
        }

        /// Never so.
        pub fn $not<'a, E: Event>(
            account: &'a TestAccount,
            words: &'static str,
            fits: impl Fn(&E) -> bool + 'a,
        ) -> Wanted<'a, E> {
            Wanted::new(account, What::$what, words, fits).never()
        }
    )*};
}

// Functions, so that what is no event is told so in the words of `Event`.
wanted! {
    /// Published by anyone.
    published, not_published: Published,
    /// Handled by a subscriber.
    handled, not_handled: Handled,
    /// Failed in a subscriber, to come again.
    retried, not_retried: Retried,
    /// Rejected by a subscriber.
    rejected, not_rejected: Rejected,
    /// In a dead-letter queue.
    dead_lettered, not_dead_lettered: DeadLettered,
}

/// Fails the test unless nothing is left to do. Called by [`assert_idle!`](crate::assert_idle).
#[track_caller]
pub fn check_idle(account: &TestAccount) {
    let left = Left::of(&account.shared);
    if !left.is_nothing() {
        let (lines, steps) = (left.lines(), last_steps(&account.shared));
        fail(format!("wanted nothing left to do, and there is:{lines}{steps}"));
    }
}
