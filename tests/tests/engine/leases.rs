//! Leases: kept, lost, and given up in time.

use std::time::Duration;

use futures_util::FutureExt as _;
use melange::transport::TransportErrorKind as Kind;
use melange::{EventBus, Metadata, Outcome, State, subscriber};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use tokio::time::Instant;

use crate::{Job, Seen, Step, heeding, publish, running, started};

#[tokio::test(start_paused = true)]
async fn all_that_is_in_hand_is_extended_in_batches_at_half_its_time() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..25, 100_000).await;
    until("all are handled", || bus.metrics().handled == 25).await;
    let extensions = transport.calls(Op::ChangeVisibility);
    assert!(extensions.iter().all(|call| call.visibilities.iter().all(|long| *long == Duration::from_secs(30))));
    // 100 seconds at about every 12 to 15: three calls for 25 messages each time.
    let rounds = extensions.len().div_ceil(3);
    println!("{} calls in {rounds} rounds", extensions.len());
    assert!((6..=9).contains(&rounds) && extensions.len() <= 27, "{}", extensions.len());
    assert_eq!(seen.check(25), 0);
    assert_eq!(bus.metrics().received, 25);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_cancels_the_handler_and_the_message_is_not_deleted() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| match call.op {
        Op::ChangeVisibility if call.number == 1 => Act::Fail(Kind::LeaseLost),
        _ => Act::Pass,
    });
    let bus = heeding(&transport, &seen).await;
    publish(&bus, [1], 40_000).await;
    until("the handler is told", || seen.numbers() == [1001]).await;
    until("the lease counts as lost", || bus.metrics().leases_lost == 1).await;
    assert!(transport.calls(Op::Delete).is_empty());
    until("it is handled when it comes again", || bus.metrics().handled == 1).await;
    assert_eq!((seen.numbers(), bus.metrics().received), (vec![1001, 1], 2));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_extended_is_given_up_before_it_ends() {
    for act in [Act::Fail(Kind::Unavailable), Act::Fail(Kind::Throttled), Act::Hang] {
        let (transport, seen) = (Faulty::new("workers"), Seen::default());
        transport.always(Op::ChangeVisibility, act.clone());
        let bus = heeding(&transport, &seen).await;
        publish(&bus, [1], 120_000).await;
        let begun = Instant::now();
        until("the handler is told", || seen.numbers() == [1001]).await;
        let told = begun.elapsed();
        assert!(told > Duration::from_secs(15) && told < Duration::from_secs(30), "{act:?}: told after {told:?}");
        if !matches!(act, Act::Hang) {
            assert!(transport.calls(Op::ChangeVisibility).len() >= 3, "it was tried again");
        }
        transport.rule(|_| Act::Pass);
        until("it is handled when it comes again", || bus.metrics().handled == 1).await;
        assert_eq!((seen.numbers(), transport.calls(Op::Delete).len()), (vec![1001, 1], 1));
        bus.shutdown(Duration::from_secs(5)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_extension_is_tried_again_and_the_handler_goes_on() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| match (call.op, call.number) {
        (Op::ChangeVisibility, 1 | 2 | 4) => Act::Fail(Kind::Throttled),
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 8).await;
    publish(&bus, 0..3, 60_000).await;
    until("all are handled", || bus.metrics().handled == 3).await;
    assert_eq!((seen.check(3), bus.metrics().received), (0, 3));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

/// The process stands still in the first attempt at number 1, for longer than the visibility: nothing else has run when it
/// goes on. Notes the attempt and the number, as in 203.
fn stand_still(number: u64, meta: &Metadata, seen: &Seen) {
    if number == 1 && meta.attempt == 1 {
        // Its first poll puts the clock forward, and there is no second.
        let _ = tokio::time::advance(Duration::from_secs(40)).now_or_never();
    }
    seen.note(u64::from(meta.attempt) * 100 + number);
}

#[subscriber(listens_to = Step)]
fn stand_still_in_a_group(step: &Step, meta: &Metadata, State(seen): State<Seen>) {
    stand_still(step.number, meta, &seen);
}

#[subscriber(listens_to = Job)]
fn stand_still_in_a_row(job: &Job, meta: &Metadata, State(seen): State<Seen>) {
    stand_still(job.number, meta, &seen);
}

/// Whoever has it by now may have gone on with its group.
#[tokio::test(start_paused = true)]
async fn what_others_may_have_by_now_is_not_begun_in_a_group() {
    let (transport, seen) = (Faulty::new("steps.fifo"), Seen::default());
    let bus = EventBus::builder().subscribers(melange::subscribers![stand_still_in_a_group]);
    let bus = started(bus, &transport, &seen).await;
    let control = bus.queue("steps.fifo").unwrap();
    control.pause();
    for number in 0..4 {
        bus.publish(Step { order: "a".to_owned(), number }).await.unwrap();
    }
    control.resume();
    until("all are handled", || bus.metrics().handled == 4).await;
    assert_eq!((seen.numbers(), bus.metrics().leases_lost), (vec![100, 101, 202, 203], 4));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_others_may_have_by_now_is_not_begun_in_a_row() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = EventBus::builder().subscribers(melange::subscribers![stand_still_in_a_row]);
    let bus = started(bus, &transport, &seen).await;
    // From now on they are known to be brief.
    publish(&bus, 10..20, 0).await;
    until("these are handled", || bus.metrics().handled == 10).await;
    publish(&bus, 0..4, 0).await;
    until("all are handled", || bus.metrics().handled == 14).await;
    let numbers = seen.numbers();
    assert_eq!((&numbers[10..], bus.metrics().leases_lost), ([100, 101, 202, 203].as_slice(), 4));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

/// Stands still the first time, and fails three times.
#[subscriber(listens_to = Step, retry(attempts = 3, backoff = "1s..1s"))]
fn stumble(step: &Step, meta: &Metadata, State(seen): State<Seen>) -> Outcome {
    stand_still(step.number, meta, &seen);
    if step.number == 2 { Outcome::retry("a test says so") } else { Outcome::Done }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_begun_has_used_up_no_attempt() {
    let (transport, seen) = (Faulty::new("steps.fifo"), Seen::default());
    let bus = started(EventBus::builder().subscribers(melange::subscribers![stumble]), &transport, &seen).await;
    let control = bus.queue("steps.fifo").unwrap();
    control.pause();
    for number in 0..4 {
        bus.publish(Step { order: "a".to_owned(), number }).await.unwrap();
    }
    control.resume();
    until("all are done with", || bus.metrics().handled + bus.metrics().dead_lettered == 4).await;
    assert_eq!(seen.numbers(), [100, 101, 202, 302, 402, 403]);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
