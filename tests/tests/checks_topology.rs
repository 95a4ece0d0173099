//! What is only wrong if somebody says so, and the one line that says it.

use melange::{BuildErrors, Checks, Event, Problem, ProblemKind, subscriber};
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($event:ident $attrs:tt $body:tt)*) => {$(
        #[derive(Serialize, Deserialize, Event)]
        #[event $attrs]
        struct $event $body
    )*};
}

events! {
    Placed (topic = "orders") {}
    Paid (topic = "payments") {}
    Moved (topic = "moves.fifo") { #[event(key)] game: String }
    Ignored (topic = "orders") {}
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders", name = "Shipped")]
struct ShippedV1 {}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders", version = 2, upcast_from = [ShippedV1])]
struct Shipped {}

impl From<ShippedV1> for Shipped {
    fn from(_: ShippedV1) -> Self {
        Self {}
    }
}

#[subscriber(listens_to = [Placed, Shipped])]
async fn bill() {}

#[subscriber(listens_to = Paid, queue = "accounts")]
async fn book(_: &Paid) {}

#[subscriber(listens_to = Moved, queue = "board.fifo")]
async fn draw(_: &Moved) {}

fn problems(checks: Checks) -> Vec<(ProblemKind, String)> {
    let text = |problem: &Problem| {
        assert!(problem.location().unwrap().file().ends_with("checks_topology.rs"), "{problem}");
        (problem.kind(), problem.to_string())
    };
    match checks.run() {
        Ok(()) => Vec::new(),
        Err(errors) => errors.iter().map(text).collect(),
    }
}

#[track_caller]
fn the_only(checks: Checks, kind: ProblemKind, words: &[&str]) {
    let problems = problems(checks);
    let [(found, text)] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(*found, kind);
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn nothing_is_wrong_unless_it_is_asked_for() {
    melange::assert_topology!();
    melange::assert_topology!(queue = "shop", prefix = "staging-", ordered, one_queue_per_event);
}

#[test]
fn an_event_that_nobody_listens_to_is_found_if_asked_for() {
    // Older versions are handled by way of newer ones.
    the_only(Checks::linked().handled(), ProblemKind::Unhandled, &["Ignored v1", "handled_elsewhere"]);
    melange::assert_topology!(handled, handled_elsewhere = [Ignored]);
}

#[test]
fn an_event_that_nobody_publishes_is_found_if_asked_for() {
    let published = || Checks::linked().publishes::<Placed>().publishes::<ShippedV1>().publishes::<Moved>();
    the_only(published(), ProblemKind::Unpublished, &["`book`", "Paid v1", "`publishes`"]);
    melange::assert_topology!(publishes = [Placed, ShippedV1, Moved], published_elsewhere = [Paid]);
}

#[test]
fn a_fifo_queue_must_be_fed_by_fifo_topics() {
    let all = problems(Checks::linked().queue("shop.fifo"));
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(kind, text)| *kind == ProblemKind::FifoMismatch && text.contains("`bill`")), "{all:?}");
}

#[test]
fn a_rule_of_ones_own_is_a_rule() {
    let rule = |checks: &Checks| {
        let short = checks.events().filter(|event| event.name().len() < 5);
        let problem = |event: &'static melange::EventDescriptor| {
            Problem::new(ProblemKind::Custom, format!("{event} has a short name"), "rename it").at(event.location())
        };
        short.map(problem).collect()
    };
    the_only(Checks::linked().rule(rule), ProblemKind::Custom, &["Paid v1 has a short name", "fix: rename it"]);
}

#[test]
#[should_panic(expected = "the topology has 1 problem: tests/tests/checks_topology.rs")]
fn the_line_fails_with_the_report() {
    melange::assert_topology!(handled);
}

#[test]
fn the_errors_are_those_of_a_builder() {
    let errors: BuildErrors = Checks::linked().handled().run().unwrap_err();
    assert!(errors.has(ProblemKind::Unhandled));
}
