//! What is wrong with the program, and what is only wrong if it is asked for.

use serde_json::json;

use super::{ran, ran_with};

#[test]
fn a_check_that_finds_nothing_says_what_it_looked_at() {
    let check = ran(&["check"]);
    assert_eq!(
        (check.code, check.out.as_str()),
        (Some(0), "no problems: 6 events, 4 subscribers, 2 queues over memory\n")
    );
    let json = ran(&["check", "--output", "json"]).json();
    assert_eq!(json, json!({ "problems": [], "events": 6, "subscribers": 4, "queues": 2 }));
}

/// What is asked for, and how the report begins, by a problem's line; none if there is nothing to report.
#[track_caller]
fn finds(options: &[&str], problems: &[&str]) {
    let check = ran(&[&["check"], options].concat());
    let code = if problems.is_empty() { 0 } else { 2 };
    assert_eq!((check.code, check.err.as_str()), (Some(code), ""), "{check:?}");
    assert_eq!(check.out.matches("fix: ").count(), problems.len(), "{check:?}");
    assert_eq!(check.out.starts_with("the topology has "), code == 2, "{check:?}");
    for problem in problems {
        assert!(check.out.contains(problem), "`{problem}` is not in: {}", check.out);
    }
}

#[test]
fn events_that_nobody_listens_to_are_found_if_asked_for() {
    let unheard = ["nobody listens to ClockTicked v1", "nobody listens to SeatTaken v1"];
    finds(&["--handled"], &unheard);
    finds(&["--handled-elsewhere", "SeatTaken"], &unheard[..1]);
    finds(&["--handled-elsewhere", "SeatTaken,ClockTicked"], &[]);
    finds(&["--handled", "--handled-elsewhere=SeatTaken", "--handled-elsewhere", "ClockTicked@1"], &[]);
}

#[test]
fn a_closure_listens_as_well() {
    let check = ran_with(("HEARD", "1"), &["check", "--handled-elsewhere", "ClockTicked"]);
    assert_eq!(check.code, Some(0), "{check:?}");
}

#[test]
fn events_that_nobody_publishes_are_found_if_asked_for() {
    let unpublished =
        ["`write_down` listens to OrderCancelled v2, which nobody publishes", "`follow` listens to ParcelMoved v1"];
    finds(&["--publishes", "OrderPlaced"], &unpublished);
    finds(&["--publishes", "OrderPlaced,OrderCancelled@1", "--published-elsewhere", "ParcelMoved"], &[]);
}

#[test]
fn an_event_in_two_queues_is_found_if_asked_for() {
    finds(&["--one-queue-per-event"], &["OrderPlaced v1 is consumed from 2 queues: billing, audit"]);
    finds(&["--ordered"], &[]);
}

#[test]
fn the_queue_is_that_of_the_bus() {
    let lost = ran_with(("HEARD", "1"), &["check", "--ordered"]);
    assert_eq!(lost.code, Some(2), "{lost:?}");
    assert!(lost.out.contains("from the queue \"billing\", which forgets the order"), "{lost:?}");
}

#[test]
fn programs_are_told_the_same() {
    let check = ran(&["check", "--handled-elsewhere", "ClockTicked", "--output", "json"]);
    assert_eq!(check.code, Some(2), "{check:?}");
    let json = check.json();
    let [problem] = json["problems"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!((&problem["kind"], &problem["what"]), (&json!("Unhandled"), &json!("nobody listens to SeatTaken v1")));
    assert!(problem["file"].as_str().unwrap().ends_with("orders.rs"), "{problem}");
}
