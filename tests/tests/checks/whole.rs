//! All of it at once, and what is no problem.

use std::sync::Arc;

use melange::{EventBus, Outcome, Problem, ProblemKind, State, crates};

use crate::by_hand::{Codec, flat, functions, here, listeners, needy};
use crate::{
    Backwards, BadTopic, Crowded, Keyless, Ledger, Mailer, Placed, PlacedAgain, Ticked, V3FromV1, Wire, checked,
};

#[test]
fn all_problems_come_at_once_in_the_order_of_their_places() {
    let bus = EventBus::builder()
        .subscribers(listeners![Keyless, Crowded, BadTopic, V3FromV1, Backwards, Placed, PlacedAgain, Ticked])
        .subscribers(functions![needy::<Placed>("send_receipt", here!(), |needs| needs.state::<Mailer>())])
        .subscriber(Ledger)
        .subscriber(Ledger)
        .crates(crates![serde])
        .transport(Wire::new())
        .concurrency(0);
    let errors = bus.build().map(drop).unwrap_err();
    let mut kinds: Vec<ProblemKind> = errors.iter().map(Problem::kind).collect();
    let places: Vec<_> = errors.iter().map(Problem::location).collect();
    assert!(places.is_sorted(), "{errors}");
    kinds.sort();
    use ProblemKind as Kind;
    let mut expected = [
        Kind::DuplicateEvent,
        Kind::UpcastGap,
        Kind::UpcastGap,
        Kind::MissingState,
        Kind::GivenTwice,
        Kind::LocalOnWire,
        Kind::FifoWithoutKey,
        Kind::TooManyAttributes,
        Kind::IllegalName,
        Kind::IllegalOption,
        Kind::SilentCrate,
    ];
    expected.sort();
    assert_eq!(kinds, expected, "{errors}");
    let text = errors.to_string();
    assert!(text.starts_with("11 problems:\n  1. "), "{text}");
    assert!(text.contains("\n  11. ") && text.matches("fix: ").count() == 11, "{text}");
}

#[test]
fn the_same_problem_is_said_once() {
    let errors = checked(listeners![Keyless, Keyless, Keyless]).unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{errors}");
}

#[test]
fn a_closure_that_returns_an_outcome_and_a_state_that_is_optional_need_nothing() {
    EventBus::builder()
        .subscribe(|_: &Placed| Outcome::Done)
        .subscribe(|_: Arc<Placed>, _: Option<State<u64>>| async { Outcome::Reject })
        .build()
        .unwrap();
}

#[test]
fn a_codec_says_how_it_lays_events_out() {
    let codec: Codec = flat::<Placed>();
    assert!(format!("{codec:?}").contains("Flat"));
}
