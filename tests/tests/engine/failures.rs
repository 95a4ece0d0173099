//! Events, transports and brokers that fail, panic or hang.

use std::sync::Arc;
use std::time::Duration;

use melange::transport::TransportErrorKind as Kind;
use melange::transport::memory::Outgoing;
use melange::{Event, EventBus, Outcome, QueueState, State, subscriber};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::{Job, Seen, publish, running, started};

/// Cannot be read if its number is odd, and does not say so in good order.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs", name = "Trap")]
struct Trap {
    #[serde(deserialize_with = "even")]
    number: u64,
}

fn even<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(from)?;
    assert!(number % 4 != 1, "{number} is odd");
    if number % 4 == 3 {
        std::panic::panic_any(Thrown);
    }
    Ok(number)
}

/// Panics again when it is dropped.
struct Thrown;

impl Drop for Thrown {
    fn drop(&mut self) {
        panic!("again");
    }
}

#[subscriber(listens_to = Trap)]
async fn step_on(trap: &Trap, State(seen): State<Seen>) {
    seen.note(trap.number);
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_reading_panics_is_dead_lettered_and_holds_up_nothing() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = started(EventBus::builder().subscribers(melange::subscribers![step_on]), &transport, &seen).await;
    let traps = (0..100).map(|number| Trap { number });
    assert!(bus.publish_all(traps).await.iter().all(Result::is_ok));
    until("all are settled", || transport.account().depth("workers").total() == 0).await;
    assert_eq!((seen.counts().len(), seen.numbers().len()), (50, 50));
    assert_eq!((bus.metrics().received, bus.metrics().dead_lettered), (100, 50));
    let letters = bus.dead_letters("workers").list(1).await.unwrap();
    assert!(letters[0].reason().contains("panicked"), "{letters:?}");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn polls_that_fail_back_off_never_spin_and_go_on() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let kinds = [Kind::Unavailable, Kind::Throttled, Kind::Denied, Kind::NotFound, Kind::Configuration];
    transport.rule(move |call| match call.op {
        Op::Receive if call.number % 7 == 0 => Act::Panic,
        Op::Receive => Act::Fail(kinds[call.number % kinds.len()]),
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..20, 0).await;
    sleep(Duration::from_secs(20)).await;
    let health = bus.health();
    assert!(!health.is_healthy(), "in time for a probe: {health}");
    assert_eq!(health.queues[0].state, QueueState::Failing);
    assert!(health.queues[0].last_error.is_some() && health.queues[0].consecutive_errors >= 3);
    sleep(Duration::from_secs(600)).await;
    let asked = transport.calls(Op::Receive).len();
    assert!((15..=80).contains(&asked), "{asked} polls in ten minutes");
    transport.rule(|_| Act::Pass);
    until("all are handled", || bus.metrics().handled == 20).await;
    assert!(bus.health().is_healthy(), "{}", bus.health());
    assert_eq!(seen.check(20), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_has_failed_no_more() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| match call.op {
        Op::Prepare | Op::Receive => Act::Pass,
        // The leases of those that take long are extended by then.
        _ if call.number <= 3 => Act::Panic,
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 10).await;
    for _ in 0..3 {
        let error = bus.publish(Job { number: 0, takes_ms: 0 }).await.unwrap_err();
        assert!(error.is_uncertain() && error.to_string().contains("panicked while publishing"), "{error}");
    }
    publish(&bus, 0..20, 40_000).await;
    until("all are handled", || bus.metrics().handled == 20).await;
    assert_eq!((seen.check(20), bus.metrics().received), (0, 20), "nothing comes twice");
    assert!(transport.calls(Op::Delete).len() > 3 && transport.calls(Op::ChangeVisibility).len() > 3);
    assert_eq!(transport.account().depth("workers").total(), 0);
    assert!(bus.health().is_healthy(), "{}", bus.health());
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_whose_sending_panics_is_sent_again() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| if call.op == Op::DeadLetter && call.number < 3 { Act::Panic } else { Act::Pass });
    let bus = EventBus::builder()
        .subscribe(|_job: Arc<Job>| async { Outcome::Reject })
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&bus, [0], 0).await;
    until("it is dead-lettered", || bus.metrics().dead_lettered == 1).await;
    assert_eq!((transport.calls(Op::DeadLetter).len(), seen.numbers().len()), (3, 0));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_hangs_shows_in_the_health() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.always(Op::Receive, Act::Hang);
    let bus = running(&transport, &seen, 10).await;
    sleep(Duration::from_secs(25)).await;
    assert!(bus.health().is_healthy());
    sleep(Duration::from_secs(30)).await;
    assert_eq!(bus.health().queues[0].state, QueueState::Hanging);
    let begun = Instant::now();
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
    assert!(begun.elapsed() <= Duration::from_secs(2), "an open poll holds up nothing: {:?}", begun.elapsed());
    assert_eq!(bus.health().queues[0].state, QueueState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn lost_receive_answers_lose_nothing() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    transport.rule(|call| match call.op {
        Op::Receive if call.number % 3 == 1 => Act::LoseAnswer,
        _ => Act::Pass,
    });
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..60, 1).await;
    until("all are handled", || seen.counts().len() == 60).await;
    assert_eq!(seen.check(60), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_call_that_is_never_answered_holds_up_a_queue_for_ever() {
    for hangs in [Op::Receive, Op::DeadLetter, Op::IsWanted] {
        let (transport, seen) = (Faulty::new("workers"), Seen::default());
        transport.rule(move |call| if call.op == hangs && call.number == 1 { Act::Hang } else { Act::Pass });
        let bus = running(&transport, &seen, 1).await;
        let account = transport.account().account();
        account.send("workers", Outgoing::new(r#"{"event_type_name": "Nobodys"}"#)).unwrap();
        account.send("workers", Outgoing::new(r#"{"event_type_name": "Job", "number": "none"}"#)).unwrap();
        publish(&bus, 0..3, 0).await;
        until("it is not held up any more", || transport.account().depth("workers").total() == 0).await;
        assert_eq!(transport.account().dead_letters("workers").len(), 1, "{hangs:?}");
        assert_eq!(seen.check(3), 0, "{hangs:?}");
        let report = bus.shutdown(Duration::from_secs(5)).await.unwrap();
        assert_eq!((report.released, report.lost), (0, 0), "{hangs:?}");
    }
}
