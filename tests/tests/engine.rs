//! The consuming engine, over memory with faults and tokio's paused clock: how many requests it makes, what it does about
//! leases, errors and panics, and that nothing is lost. Every test counts what was published, handled and deleted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::TransportErrorKind as Kind;
use melange::{
    CancellationToken, Event, EventBus, Metadata, Outcome, QueueState, RetryPolicy, State, SubscriberOptions,
    subscriber,
};
use melange_tests::faulty::{Act, Faulty, Op};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs")]
struct Job {
    number: u64,
    takes_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: String,
    number: u64,
}

/// What was handled, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u64>>>);

impl Seen {
    fn note(&self, number: u64) {
        self.0.lock().unwrap().push(number);
    }

    fn numbers(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    fn counts(&self) -> BTreeMap<u64, usize> {
        self.numbers().into_iter().fold(BTreeMap::new(), |mut counts, number| {
            *counts.entry(number).or_default() += 1;
            counts
        })
    }

    /// The four counts; nothing may be lost or unexpected.
    fn check(&self, published: u64) -> usize {
        let counts = self.counts();
        let lost = (0..published).filter(|number| !counts.contains_key(number)).count();
        let unexpected = counts.keys().filter(|number| **number >= published).count();
        let duplicated = counts.values().filter(|count| **count > 1).count();
        println!(
            "published {published}, handled {}, duplicated {duplicated}, lost {lost}, unexpected {unexpected}",
            counts.len()
        );
        assert_eq!((lost, unexpected), (0, 0));
        duplicated
    }
}

#[subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..2s"))]
async fn work(job: &Job, State(seen): State<Seen>) {
    sleep(Duration::from_millis(job.takes_ms)).await;
    seen.note(job.number);
}

/// Notes the numbers of those whose token is cancelled while they run, plus 1000.
#[subscriber(listens_to = Job)]
async fn heedful(job: &Job, token: CancellationToken, State(seen): State<Seen>) {
    tokio::select! {
        () = sleep(Duration::from_millis(job.takes_ms)) => seen.note(job.number),
        () = token.cancelled() => seen.note(job.number + 1000),
    }
}

async fn running(transport: &Faulty, seen: &Seen, concurrency: usize) -> EventBus {
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![work])
        .state(seen.clone())
        .transport(transport.clone())
        .concurrency(concurrency)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus
}

async fn publish(bus: &EventBus, numbers: impl IntoIterator<Item = u64>, takes_ms: u64) {
    let jobs = numbers.into_iter().map(|number| Job { number, takes_ms });
    assert!(bus.publish_all(jobs).await.iter().all(Result::is_ok));
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(3600), wait).await.is_ok(), "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_cost_few_requests() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..1000, 0).await;
    until("all are deleted", || bus.metrics().handled == 1000).await;
    let receives = transport.calls(Op::Receive).iter().filter(|call| call.entries == 10).count();
    let deletes = transport.calls(Op::Delete).len();
    println!("receives {receives}, deletes {deletes}");
    assert!(receives <= 110 && deletes <= 102, "{receives} receives, {deletes} deletes");
    assert_eq!(seen.check(1000), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn slow_handlers_do_not_cost_a_request_for_each_message() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    // Their ends are spread, so that permits come back one by one.
    let jobs = (0..2000).map(|number| Job { number, takes_ms: 900 + number % 200 });
    let begun = Instant::now();
    bus.publish_all(jobs).await;
    until("all are handled", || bus.metrics().handled == 2000).await;
    let (receives, took) = (transport.calls(Op::Receive).len(), begun.elapsed());
    println!("{receives} receives in {took:?}");
    assert!(receives <= 450, "{receives}");
    // At best 2000 seconds of work over 64 permits.
    assert!(took < Duration::from_millis(36_500), "{took:?}");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_many_brief_handlers_those_that_wait_still_run_side_by_side() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..500, 0).await;
    until("the brief ones are deleted", || bus.metrics().handled == 500).await;
    let begun = Instant::now();
    publish(&bus, 500..550, 1_000).await;
    until("the others are handled", || seen.numbers().len() == 550).await;
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    until("and deleted", || bus.metrics().handled == 550).await;
    assert_eq!((seen.check(550), bus.metrics().received), (0, 550));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

/// Cannot be read if its number is odd, and does not say so in good order.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs", name = "Trap")]
struct Trap {
    #[serde(deserialize_with = "even")]
    number: u64,
}

fn even<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(from)?;
    assert!(number.is_multiple_of(2), "{number} is odd");
    Ok(number)
}

#[subscriber(listens_to = Trap)]
async fn step_on(trap: &Trap, State(seen): State<Seen>) {
    seen.note(trap.number);
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_reading_panics_is_dead_lettered_and_holds_up_nothing() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![step_on])
        .state(seen.clone())
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
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
async fn one_receive_is_under_way_when_idle_and_more_under_load() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    // Each receive takes a while, as over a network.
    transport.rule(|call| if call.op == Op::Receive { Act::Delay(Duration::from_millis(20)) } else { Act::Pass });
    let bus = running(&transport, &seen, 64).await;
    sleep(Duration::from_secs(120)).await;
    assert_eq!(transport.under_way(Op::Receive), (1, 1));
    let idle = transport.calls(Op::Receive).len();
    assert!(idle <= 7, "{idle} polls in two minutes");
    publish(&bus, 0..2000, 0).await;
    until("all are handled", || bus.metrics().handled == 2000).await;
    let (_, most) = transport.under_way(Op::Receive);
    assert!((4..=7).contains(&most), "{most} receives at once");
    sleep(Duration::from_secs(30)).await;
    transport.forget_calls();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(transport.under_way(Op::Receive), (1, 1));
    assert!(transport.calls(Op::Receive).len() <= 4);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

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
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![heedful])
        .state(seen.clone())
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
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
        let down = act.clone();
        transport.rule(move |call| if call.op == Op::ChangeVisibility { down.clone() } else { Act::Pass });
        let bus = EventBus::builder()
            .subscribers(melange::subscribers![heedful])
            .state(seen.clone())
            .transport(transport.clone())
            .build()
            .unwrap();
        bus.start().await.unwrap();
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
    transport.rule(|call| if call.op == Op::Delete { Act::Fail(Kind::Unavailable) } else { Act::Pass });
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
        Op::Receive => Act::Pass,
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
    transport.rule(|call| if call.op == Op::Receive { Act::Hang } else { Act::Pass });
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
async fn a_paused_queue_is_not_received_from() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 10).await;
    sleep(Duration::from_millis(10)).await;
    let queue = bus.queue("workers").unwrap();
    assert!(bus.queue("nobody's").is_none());
    queue.pause();
    // What the poll under way brings is still handled.
    publish(&bus, [0], 0).await;
    until("the poll under way ends", || bus.metrics().handled == 1).await;
    publish(&bus, 1..5, 0).await;
    transport.forget_calls();
    sleep(Duration::from_secs(300)).await;
    assert!(queue.is_paused() && transport.calls(Op::Receive).is_empty() && seen.numbers() == [0]);
    assert!(bus.health().is_healthy() && bus.health().queues[0].state == QueueState::Paused);
    queue.resume();
    until("the rest is handled", || bus.metrics().handled == 5).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_changed_while_running() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 2).await;
    publish(&bus, 0..40, 10_000).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bus.health().queues[0].in_flight, 2);
    assert_eq!(bus.health().queues[0].state, QueueState::Saturated);
    bus.set_concurrency(20);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(bus.health().queues[0].in_flight, 20);
    bus.set_concurrency(1);
    until("all are handled", || bus.metrics().handled == 40).await;
    assert_eq!(seen.check(40), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[subscriber(listens_to = Job, queue = "audit")]
async fn audit(job: &Job, State(seen): State<Seen>) {
    sleep(Duration::from_millis(job.takes_ms)).await;
    seen.note(job.number + 10_000);
}

#[tokio::test(start_paused = true)]
async fn several_queues_share_one_budget_by_weight_and_an_idle_one_takes_little() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let builder = || {
        EventBus::builder()
            .subscribers(melange::subscribers![work, audit])
            .state(seen.clone())
            .transport(transport.clone())
    };
    let problems = builder().concurrency(1).weight("audit", 0).weight("elsewhere", 2).build().unwrap_err();
    assert_eq!(problems.iter().count(), 2, "{problems}");
    let bus = builder().concurrency(40).weight("workers", 3).build().unwrap();
    bus.start().await.unwrap();
    publish(&bus, 0..1000, 500).await;
    sleep(Duration::from_secs(5)).await;
    let in_flight: BTreeMap<_, _> =
        bus.health().queues.iter().map(|queue| (queue.queue.clone(), queue.in_flight)).collect();
    println!("{in_flight:?}");
    // By weight 30 and 10, give or take a batch that is being gathered.
    assert!((24..=34).contains(&in_flight["workers"]) && (6..=16).contains(&in_flight["audit"]), "{in_flight:?}");
    until("all are handled", || bus.metrics().handled == 2000).await;

    bus.queue("audit").unwrap().pause();
    publish(&bus, 1000..1400, 500).await;
    sleep(Duration::from_secs(3)).await;
    assert!(bus.health().queues.iter().any(|queue| queue.in_flight >= 35), "{}", bus.health());
    until("one takes what the other leaves", || seen.numbers().iter().filter(|n| **n < 10_000).count() == 1400).await;
    bus.queue("audit").unwrap().resume();
    until("then the other", || bus.metrics().handled == 2800).await;

    transport.forget_calls();
    sleep(Duration::from_secs(60)).await;
    let idle = transport.calls(Op::Receive);
    assert!(idle.len() <= 8 && idle.iter().all(|call| call.entries == 1), "{}", idle.len());
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
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![step])
        .state(seen.clone())
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    for number in 0..8 {
        bus.publish(Step { order: "a".to_owned(), number }).await.unwrap();
    }
    until("all are handled", || bus.metrics().handled == 8).await;
    assert_eq!(seen.numbers(), [0, 1, 2, 3, 3, 3, 4, 5, 6, 7]);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_what_is_in_hand_goes_back_in_few_calls_and_at_once() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..80, 600_000).await;
    sleep(Duration::from_secs(1)).await;
    transport.forget_calls();
    let begun = Instant::now();
    let report = bus.shutdown(Duration::from_secs(2)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    // The poll that was open meanwhile may have brought a few more, which went back too.
    assert!(report.released >= 64 && report.finished == 0 && report.lost == 0, "{report:?}");
    let back = transport.calls(Op::ChangeVisibility).len();
    assert!(back <= 12, "{back} calls");
    assert_eq!(transport.account().depth("workers").visible, 80, "all are visible at once");
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_has_taken_back_is_no_error_of_the_shutdown() {
    // A lease that ends unseen, as in a process that stood still; and one that is found lost while handlers finish.
    for (deadline, told) in [(Duration::from_secs(2), "at the deadline"), (Duration::from_secs(60), "before")] {
        let (transport, seen) = (Faulty::new("workers"), Seen::default());
        transport.rule(|call| match call.op {
            Op::ChangeVisibility => Act::Fail(Kind::LeaseLost),
            _ => Act::Pass,
        });
        let bus = EventBus::builder()
            .subscribers(melange::subscribers![heedful])
            .state(seen.clone())
            .transport(transport.clone())
            .build()
            .unwrap();
        bus.start().await.unwrap();
        publish(&bus, 0..3, 600_000).await;
        until("they are in hand", || bus.metrics().received == 3).await;
        let report = bus.shutdown(deadline).await.unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!((report.taken_back, report.finished, report.released), (3, 0, 0), "{told}: {report:?}");
        assert_eq!((report.unreleased, report.lost), (0, 0), "{told}: {report:?}");
        assert_eq!((bus.metrics().leases_lost, bus.metrics().unsettled), (3, 0), "{told}");
        let mut told_to_stop = seen.numbers();
        told_to_stop.sort_unstable();
        assert_eq!(told_to_stop, [1000, 1001, 1002], "{told}");
        assert!(transport.calls(Op::Delete).is_empty(), "{told}");
        assert_eq!(transport.account().depth("workers").total(), 3, "{told}: they come again by themselves");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_wait_for_company_go_out_at_the_shutdown() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..3, 0).await;
    until("they are handled", || seen.numbers().len() == 3).await;
    assert!(transport.calls(Op::Delete).is_empty(), "their deletes wait for more");
    let report = bus.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!((report.finished, report.lost), (3, 0));
    assert_eq!(transport.account().depth("workers").total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_dropped_ends_its_tasks_and_finishes_what_is_in_hand() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 10).await;
    publish(&bus, 0..3, 500).await;
    sleep(Duration::from_millis(100)).await;
    drop(bus);
    until("what was in hand is deleted", || transport.account().depth("workers").total() == 0).await;
    sleep(Duration::from_secs(5)).await;
    transport.forget_calls();
    sleep(Duration::from_secs(120)).await;
    assert!(transport.calls(Op::Receive).is_empty(), "nobody polls any more");
    assert_eq!(seen.check(3), 0);
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
