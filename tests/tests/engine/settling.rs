//! Deletes, and messages that go back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{Body, Inbound, TransportErrorKind as Kind};
use melange::{EventBus, Metadata, Outcome, RetryPolicy, State, SubscriberOptions, subscriber};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::hands::Hands;
use melange_tests::until;
use tokio::time::{Instant, sleep};

use crate::{Job, Seen, Step, publish, running, started, work};

#[tokio::test(start_paused = true)]
async fn a_delete_that_fails_is_tried_again_for_those_entries_alone() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| match (call.op, call.number) {
        (Op::Delete, 1) => Act::FailEntries(vec![0, 3], Kind::Unavailable),
        (Op::Delete, 2) => Act::Fail(Kind::Throttled),
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..10, 0).await;
    until("all are deleted", || bus.metrics().handled == 10).await;
    let entries: Vec<_> = transport.calls(Op::Delete).iter().map(|call| call.entries).collect();
    assert_eq!((entries[0], entries[1..].iter().sum::<usize>()), (10, 4), "{entries:?}");
    assert_eq!(transport.account().depth("workers").total(), 0);
    assert_eq!((seen.check(10), bus.metrics().received), (0, 10));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_not_answered_for_has_failed() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| if call.op == Op::Delete && call.number == 1 { Act::AnswerOnly(7) } else { Act::Pass });
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..10, 0).await;
    // The three were deleted; asked again, the account says that they are not in hand. Nothing of it is handled twice.
    until("all are settled", || bus.metrics().handled + bus.metrics().leases_lost == 10).await;
    assert_eq!(seen.check(10), 0);
    assert_eq!(bus.metrics().received, 10);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deletes_that_never_succeed_end_with_the_lease_and_nobody_runs_twice() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.always(Op::Delete, Act::Fail(Kind::Unavailable));
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..5, 0).await;
    until("they are given up", || bus.metrics().unsettled >= 5).await;
    let asked = transport.calls(Op::Delete).len();
    assert!((4..=40).contains(&asked), "{asked} deletes in one lease");
    transport.rule(|_| Act::Pass);
    until("they are deleted when they come again", || bus.metrics().handled == 5).await;
    assert_eq!(seen.check(5), 0, "who is done is remembered");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_while_its_delete_hangs_is_deleted_and_not_run_again() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    // Longer than the visibility of 30 seconds.
    transport.rule(|call| match call.op {
        Op::Delete if call.number == 1 => Act::Delay(Duration::from_secs(45)),
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..5, 0).await;
    sleep(Duration::from_secs(40)).await;
    assert_eq!((bus.metrics().received, transport.account().depth("workers").total()), (10, 0));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(seen.check(5), 0, "who is done does not run again");
    assert_eq!(bus.metrics().received, 10);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[subscriber(listens_to = Step, retry(attempts = 5, backoff = "1s..1s"))]
async fn step(step: &Step, meta: &Metadata, State(seen): State<Seen>) -> Outcome {
    seen.note(step.number);
    if step.number == 3 && meta.attempt < 3 { Outcome::retry("not yet") } else { Outcome::Done }
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_rest_of_its_group_is_handed_back_in_order_without_running() {
    let (transport, seen) = (Faulty::new("steps.fifo"), Seen::default());
    let bus = started(EventBus::builder().subscribers(melange::subscribers![step]), &transport, &seen).await;
    for number in 0..8 {
        bus.publish(Step { order: "a".to_owned(), number }).await.unwrap();
    }
    until("all are handled", || bus.metrics().handled == 8).await;
    assert_eq!(seen.numbers(), [0, 1, 2, 3, 3, 3, 4, 5, 6, 7]);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retries_wait_a_random_time_within_their_policy_through_the_visibility() {
    let policy = RetryPolicy::new(4, Duration::from_secs(2), Duration::from_secs(60));
    let waits: Arc<Mutex<Vec<Instant>>> = Arc::default();
    struct Failing(Arc<Mutex<Vec<Instant>>>, RetryPolicy);
    impl melange::Subscriber<Job> for Failing {
        async fn process(&self, _: &Job, _: &melange::Context<Job>) -> Outcome {
            self.0.lock().unwrap().push(Instant::now());
            Outcome::retry("never")
        }
        fn options(&self) -> SubscriberOptions {
            SubscriberOptions::new().with_retry(self.1)
        }
    }
    let transport = Faulty::new("workers");
    let bus = EventBus::builder()
        .subscriber(Failing(Arc::clone(&waits), policy))
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&bus, 0..20, 0).await;
    until("all are dead letters", || bus.metrics().dead_lettered == 20).await;
    assert_eq!(waits.lock().unwrap().len(), 80);
    assert_eq!(transport.account().dead_letters("workers").len(), 20);
    let rests: Vec<Duration> =
        transport.calls(Op::ChangeVisibility).iter().flat_map(|c| c.visibilities.clone()).collect();
    assert_eq!(rests.len(), 60);
    assert!(
        rests.iter().all(|rest| *rest >= Duration::from_millis(1_900) && *rest <= Duration::from_secs(16)),
        "{rests:?}"
    );
    let distinct: std::collections::BTreeSet<_> = rests.iter().collect();
    assert!(distinct.len() > 40, "they are spread");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_never_answered_hold_up_nothing_for_longer_than_their_leases() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| if call.op == Op::Delete && call.number <= 8 { Act::Hang } else { Act::Pass });
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..400, 0).await;
    until("none is left", || transport.account().depth("workers").total() == 0).await;
    assert!(transport.account().dead_letters("workers").is_empty(), "all are deleted");
    assert_eq!(seen.check(400), 0, "who is done does not run again");
    let report = bus.shutdown(Duration::from_secs(5)).await.unwrap_or_else(|error| error.report);
    assert_eq!((report.released, report.lost), (0, 0), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn messages_without_an_id_do_not_pass_for_each_other() {
    let (hands, seen) = (Hands::default(), Seen::default());
    for number in 0..3 {
        let job = format!(r#"{{"event_type_name": "Job", "number": {number}, "takes_ms": 0}}"#);
        hands.give_as(Ok(Inbound::new(Body::Json(job.into()))), |delivery| {
            delivery.message_id.clear();
            delivery.attempt = 2;
        });
    }
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![work])
        .state(seen.clone())
        .transport(hands.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    until("all are deleted", || hands.0.lock().unwrap().deleted.len() == 3).await;
    assert_eq!(seen.check(3), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
