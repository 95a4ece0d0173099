//! What can be wrong with subscribers: options, arguments, states, values.

use std::sync::Arc;
use std::time::Duration;

use melange::{EventBus, ProblemKind, Registry, RetryPolicy, State, SubscriberOptions};

use crate::by_hand::{functions, here, listeners, needy};
use crate::{LONG, Ledger, Mailer, Other, Placed, checked, is_ledger, the_only, the_only_unplaced, with};

#[test]
fn queues_that_sqs_would_refuse_are_refused() {
    let words = ["`send_receipt`", "\"my queue\"", "SQS", "1 to 80"];
    let result = checked(functions![with(SubscriberOptions::new().with_queue("my queue"))]);
    the_only(result, ProblemKind::IllegalName, &words);
    const LONG_QUEUE: &str = LONG.split_at(81).0;
    let result = checked(functions![with(SubscriberOptions::new().with_queue(LONG_QUEUE))]);
    the_only(result, ProblemKind::IllegalName, &["`send_receipt`"]);
    let result = checked(functions![with(SubscriberOptions::new().with_queue(""))]);
    the_only(result, ProblemKind::IllegalName, &["\"\""]);
}

#[test]
fn zero_attempts_and_zero_concurrency_are_refused() {
    const NEVER: RetryPolicy = RetryPolicy::new(0, Duration::ZERO, Duration::ZERO);
    let words = ["`send_receipt`", "never run", "at least 1"];
    the_only(checked(functions![with(SubscriberOptions::new().with_retry(NEVER))]), ProblemKind::IllegalOption, &words);
    the_only(
        checked(functions![with(SubscriberOptions::new().with_concurrency(0))]),
        ProblemKind::IllegalOption,
        &words,
    );
}

#[test]
fn a_bus_that_may_hold_no_message_is_refused() {
    let result = EventBus::builder().subscribers(listeners![Placed]).concurrency(0).build();
    the_only_unplaced(result.map(drop), ProblemKind::IllegalOption, &["concurrency of zero"]);
}

#[test]
fn an_argument_that_can_never_be_had_is_refused() {
    let result = checked(functions![needy::<Placed>("either", here!(), |needs| needs.listens_to::<Other>())]);
    the_only(result, ProblemKind::ImpossibleArgument, &["`either`", "checks::Other", "`listens_to`"]);
}

#[test]
fn an_argument_of_another_event_is_fine_for_a_subscriber_of_both() {
    const AT: melange::Location = here!();
    checked(functions![
        needy::<Placed>("either", AT, |needs| needs.listens_to::<Other>()),
        needy::<Other>("either", AT, |needs| needs.listens_to::<Placed>()),
    ])
    .unwrap();
}

#[test]
fn a_missing_state_is_named_with_its_type() {
    let wants_mailer = functions![needy::<Placed>("send_receipt", here!(), |needs| needs.state::<Mailer>())];
    Registry::of(wants_mailer).check().unwrap();
    let result = EventBus::builder().subscribers(wants_mailer).build().map(drop);
    let words = ["`send_receipt`", "State<checks::Mailer>", "`.state(..)`"];
    the_only(result, ProblemKind::MissingState, &words);
    let given = EventBus::builder().subscribers(wants_mailer).state(Arc::new(Mailer)).build().map(drop);
    the_only(given, ProblemKind::MissingState, &words);
}

#[test]
fn a_missing_state_of_a_closure_is_at_the_closure() {
    let closure = |_: Arc<Placed>, _: State<u64>| async {};
    let (bus, line) = (EventBus::builder().subscribe(closure), line!());
    let result = bus.build().map(drop);
    let problem = the_only(result, ProblemKind::MissingState, &["State<u64>"]);
    assert_eq!(problem.location().unwrap().line(), line, "{problem}");
    EventBus::builder().subscribe(closure).state(7_u64).build().unwrap();
}

#[test]
fn a_state_that_is_given_twice_is_refused() {
    let result = EventBus::builder().subscribers(listeners![Placed]).state(1_u64).state(2_u64).build();
    the_only_unplaced(result.map(drop), ProblemKind::GivenTwice, &["`u64`", "twice"]);
}

#[test]
fn a_linked_impl_without_its_value_is_one_problem_that_names_it() {
    let result = EventBus::builder().linked_where(is_ledger).build().map(drop);
    the_only(result, ProblemKind::MissingInstance, &["`Ledger`", "`.subscriber(Ledger..)`", "`.linked_where(..)`"]);
}

#[test]
fn a_linked_impl_with_its_value_is_no_problem() {
    EventBus::builder().linked_where(is_ledger).subscriber(Ledger).build().unwrap();
    EventBus::builder().subscriber(Arc::new(Ledger)).linked_where(is_ledger).build().unwrap();
}

#[test]
fn a_linked_impl_that_is_not_wanted_needs_no_value() {
    EventBus::builder().linked_where(|_| false).build().unwrap();
}

#[test]
fn a_value_that_is_given_twice_is_refused() {
    let result = EventBus::builder().subscriber(Ledger).subscriber(Ledger).build().map(drop);
    the_only(result, ProblemKind::GivenTwice, &["`Ledger`", "twice"]);
}

#[test]
fn a_subscriber_of_an_event_that_is_not_registered_is_refused() {
    let words = ["`hears_nothing`", "Unregistered v1 (`Unregistered`)", "derive `Event`"];
    the_only(Registry::linked().unwrap().check(), ProblemKind::UnknownEvent, &words);
}
