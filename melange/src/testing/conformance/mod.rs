//! What Melange promises, written once and run on every transport.
//!
//! ```
//! use melange::MemoryTransport;
//! use melange::testing::conformance::Harness;
//!
//! struct Memory(MemoryTransport);
//!
//! impl Harness for Memory {
//!     type Transport = MemoryTransport;
//!
//!     async fn fresh() -> Self {
//!         Self(MemoryTransport::new())
//!     }
//!
//!     fn queue(&self, name: &str) -> MemoryTransport {
//!         self.0.queue(name)
//!     }
//! }
//!
//! melange::conformance!(Memory);
//! # fn main() {}
//! ```
//!
//! Each case is a `#[tokio::test]`; the caller's crate needs tokio with `macros` and `rt-multi-thread`. Attributes after the
//! type are put on every test, `#[ignore = "..."]` for instance. The cases wait in real time, some of them for seconds.
#![allow(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are the bodies of tests: a broken promise is a panic"
)]

pub mod delivery;
mod events;
pub mod failures;
pub mod fifo;
pub mod letters;
mod probe;
pub mod queues;
pub mod stopping;

use std::future::Future;

use crate::transport::Transport;

/// Gives the cases a transport of their own each.
pub trait Harness: Send + Sync + Sized + 'static {
    /// What is tested.
    type Transport: Transport;

    /// An account in which no other case has made topics or queues: a new one, or a prefix of its own.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// A service on this account whose own queue has this name. Its `prepare` makes what is missing.
    fn queue(&self, name: &str) -> Self::Transport;
}

/// Writes one `#[tokio::test]` for each of the promises in [`testing::conformance`](crate::testing::conformance).
#[macro_export]
macro_rules! conformance {
    ($harness:ty $(, $(#[$attribute:meta])*)?) => {
        $crate::__conformance_cases! { $harness, [$($(#[$attribute])*)?],
            delivery: [
                an_event_is_handled_and_deleted
                metadata_survives_the_wire
                every_queue_gets_its_own_copy
                a_bus_can_have_several_queues
                what_nobody_listens_to_is_filtered_out
                an_unknown_name_is_acknowledged
                an_unknown_name_is_dead_lettered_if_so_told
                publish_all_answers_for_each
                awkward_text_survives_the_wire
                a_large_body_survives_the_wire
                consume_event_takes_one_at_a_time
                the_trace_goes_on
            ]
            failures: [
                only_the_failed_subscriber_runs_again
                after_its_attempts_an_event_is_dead_lettered_with_the_reason
                a_rejected_event_is_dead_lettered_at_once
                an_unreadable_body_is_dead_lettered_and_blocks_nothing
                a_panic_is_a_failure_of_one_subscriber
                a_timeout_is_a_failure
                a_redriven_letter_runs_only_who_gave_it_up
                a_retry_waits_as_long_as_it_was_told
            ]
            stopping: [
                what_is_in_hand_is_finished
                what_is_not_finished_goes_back_at_once
                nothing_is_published_after_the_shutdown
                starting_twice_and_side_by_side_is_harmless
            ]
            queues: [
                a_message_in_hand_is_invisible_until_given_back
                visibility_can_be_extended
                the_receive_count_grows
                a_deleted_message_stays_away
                a_wait_ends_when_a_message_comes
                an_unknown_queue_is_not_found
                a_batch_is_answered_one_by_one
            ]
            letters: [
                an_event_sent_to_a_queue_arrives_there_and_nowhere_else
                an_event_can_be_delayed
                dead_letters_can_be_listed_and_put_back
            ]
            fifo: [
                a_group_keeps_its_order
                nothing_of_a_group_overtakes_a_failure
                a_duplicate_is_taken_once
            ]
        }
    };
}

/// Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($harness:ty, $attributes:tt, $($module:ident: [$($case:ident)*])*) => {
        $($(
            $crate::__conformance_case! { $harness, $attributes, $module, $case }
        )*)*
    };
}

/// Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_case {
    ($harness:ty, [$($attribute:tt)*], $module:ident, $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $($attribute)*
        async fn $case() {
            let harness = <$harness as $crate::testing::conformance::Harness>::fresh().await;
            $crate::testing::conformance::$module::$case(harness).await;
        }
    };
}
