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
//! Each case is a `#[tokio::test]`; the calling crate needs tokio with `macros` and `rt-multi-thread`. Attributes after
//! the type are put on every test, for example `#[ignore = "..."]`. The cases wait in real time, some of them for
//! seconds.
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
mod idle;
pub mod letters;
pub mod limits;
mod probe;
pub mod queues;
pub mod receipts;
pub mod stopping;

use std::future::Future;

use crate::transport::Transport;

/// Gives each case its own transport.
pub trait Harness: Send + Sync + Sized + 'static {
    /// What is tested.
    type Transport: Transport;

    /// Cases that are known to fail, each with the reason: where the server behind the transport is not what it stands
    /// for, and not where the transport is wrong. Such a case must fail, so that nothing stays here longer than it is
    /// true; what names no case does not compile.
    const DIFFERS: &'static [(&'static str, &'static str)] = &[];

    /// An account in which no other case has created topics or queues: a new one, or one with a new prefix.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// A service on this account whose own queue has this name. Its `prepare` creates what is missing.
    fn queue(&self, name: &str) -> Self::Transport;
}

/// Runs a case, or sees to it that it fails where it is said to.
///
/// # Panics
/// When the case does, unless it is said to fail; and when it is said to fail, and does not.
#[doc(hidden)]
pub async fn run<H: Harness, F: Future<Output = ()> + Send + 'static>(name: &str, case: impl FnOnce(H) -> F) {
    let harness = H::fresh().await;
    let Some((_, reason)) = H::DIFFERS.iter().find(|(case, _)| *case == name) else {
        return case(harness).await;
    };
    let ended = tokio::spawn(case(harness)).await;
    assert!(ended.is_err(), "`{name}` is said to fail here ({reason}), and does not any more: take it off `DIFFERS`");
}

/// Refuses what names no case: nobody would ever notice it.
///
/// # Panics
/// When it does, which is while it is compiled.
#[doc(hidden)]
pub const fn check_differs(differs: &[(&str, &str)], cases: &[&str]) {
    let mut at = 0;
    while at < differs.len() {
        let mut case = 0;
        while case < cases.len() && !is_same(differs[at].0.as_bytes(), cases[case].as_bytes()) {
            case += 1;
        }
        assert!(case < cases.len(), "`DIFFERS` names a case that is none: see `melange::conformance!` for their names");
        at += 1;
    }
}

/// What `==` cannot do in a constant.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
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
                a_copy_has_an_id_of_its_own
                names_are_compared_exactly
                attributes_of_every_type_survive_the_wire
                what_has_no_name_beside_it_comes_through
                the_broker_gives_up_after_its_own_count
            ]
            receipts: [
                an_old_receipt_deletes_nothing
                the_latest_receipt_deletes_though_its_time_is_over
                a_fifo_queue_refuses_a_receipt_whose_time_is_over
                a_receipt_whose_time_is_over_extends_nothing
                a_receipt_of_another_queue_is_refused
                what_is_deleted_may_be_deleted_again
                twelve_hours_count_from_the_receive
            ]
            limits: [
                a_topic_takes_so_many_bytes
                a_queue_takes_so_many_bytes
                a_batch_may_be_larger_than_a_request
                what_is_refused_does_not_hold_back_the_others
                attributes_that_would_not_arrive_are_refused
                a_delay_is_fifteen_minutes_at_most
            ]
            letters: [
                an_event_sent_to_a_queue_arrives_there_and_nowhere_else
                an_event_can_be_delayed
                dead_letters_can_be_listed_and_put_back
                the_broker_moves_letters_back
                what_is_moved_back_is_a_new_message
                what_is_moved_back_is_counted_anew
            ]
            fifo: [
                a_group_keeps_its_order
                nothing_of_a_group_overtakes_a_failure
                a_duplicate_is_taken_once
                an_id_is_known_in_all_groups_and_after_its_message_was_deleted
                a_group_in_hand_waits_and_comes_again_in_order
                a_fifo_queue_delays_all_alike
            ]
        }
    };
}

/// Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($harness:ty, $attributes:tt, $($module:ident: [$($case:ident)*])*) => {
        const _: () = $crate::testing::conformance::check_differs(
            <$harness as $crate::testing::conformance::Harness>::DIFFERS,
            &[$($(::core::stringify!($case)),*),*],
        );
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
            let case = $crate::testing::conformance::$module::$case::<$harness>;
            $crate::testing::conformance::run(stringify!($case), case).await;
        }
    };
}

#[cfg(test)]
mod tests {
    use super::check_differs;

    #[test]
    fn what_differs_is_a_case() {
        check_differs(&[("b", "why"), ("a", "why")], &["a", "b"]);
        for wrong in ["c", "aa", ""] {
            std::panic::catch_unwind(|| check_differs(&[("a", "why"), (wrong, "why")], &["a", "b"])).unwrap_err();
        }
    }
}
