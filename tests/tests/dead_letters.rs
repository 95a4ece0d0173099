//! Dead letters: listed, read, put back one, some or all, deleted; a loop guard, a dry run; nothing lost in between.

use std::sync::Mutex;
use std::time::Duration;

use melange::transport::TransportErrorKind as Kind;
use melange::{DeadLetters, Event, EventBus, EventSerializer, Outcome, Registry, State, subscriber};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentTaken {
    number: u64,
}

#[derive(Clone, Default)]
struct World {
    mended: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

#[subscriber(listens_to = PaymentTaken)]
async fn book(payment: &PaymentTaken, State(world): State<World>) -> Outcome {
    world.seen.lock().unwrap().push(("book", payment.number));
    if world.mended.load(Ordering::SeqCst) { Outcome::Done } else { Outcome::reject("the ledger is closed") }
}

#[subscriber(listens_to = PaymentTaken)]
async fn thank(payment: &PaymentTaken, State(world): State<World>) -> Outcome {
    world.seen.lock().unwrap().push(("thank", payment.number));
    if payment.number % 10 == 7 && !world.mended.load(Ordering::SeqCst) {
        Outcome::reject("no address")
    } else {
        Outcome::Done
    }
}

mod mail {
    use super::*;

    #[subscriber(listens_to = PaymentTaken)]
    pub(super) async fn on_payment(_: &PaymentTaken, State(world): State<World>) {
        world.seen.lock().unwrap().push(("mail", 0));
    }
}

mod bank {
    use super::*;

    #[subscriber(listens_to = PaymentTaken)]
    pub(super) async fn on_payment(_: &PaymentTaken, State(world): State<World>) -> Outcome {
        world.seen.lock().unwrap().push(("bank", 0));
        if world.mended.load(Ordering::SeqCst) { Outcome::Done } else { Outcome::reject("closed") }
    }
}

async fn dead(count: u64) -> (EventBus, Faulty, World) {
    let (transport, world) = (Faulty::new("ledger"), World::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![book, thank])
        .state(world.clone())
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    for answer in bus.publish_all((0..count).map(|number| PaymentTaken { number })).await {
        answer.unwrap();
    }
    until("all are given up", || bus.metrics().dead_lettered == count).await;
    world.seen.lock().unwrap().clear();
    (bus, transport, world)
}

fn serializer() -> EventSerializer {
    EventSerializer::of(&Registry::of(melange::subscribers![book, thank])).unwrap()
}

#[tokio::test(start_paused = true)]
async fn they_can_be_looked_at_and_stay_where_they_are() {
    let (bus, transport, _) = dead(35).await;
    let letters = bus.dead_letters("ledger");
    let listed = letters.list(1000).await.unwrap();
    // Thirty-five of `book`, and three of `thank`.
    assert_eq!(listed.len(), 38);
    assert_eq!(transport.account().depth("ledger-dlq").visible, 38, "handed back at once");
    let of_book: Vec<_> = listed.iter().filter(|letter| letter.subscriber() == Some("book")).collect();
    assert_eq!(of_book.len(), 35);
    assert!(of_book.iter().all(|letter| letter.reason() == "the ledger is closed"));
    assert!(listed.iter().all(|letter| letter.original_queue() == Some("ledger") && letter.redrives() == 0));
    let mut numbers: Vec<u64> = of_book
        .iter()
        .map(|letter| letter.decode(&serializer()).unwrap().downcast_ref::<PaymentTaken>().unwrap().number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..35).collect::<Vec<_>>());
    assert!(!format!("{listed:?}").contains("number"), "never the payload");
    assert_eq!(letters.list(7).await.unwrap().len(), 7);
    assert_eq!(bus.dead_letters("elsewhere").list(1).await.unwrap_err().kind(), Kind::NotFound);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_go_back_and_only_who_gave_them_up_runs() {
    let (bus, transport, world) = dead(35).await;
    world.mended.store(true, Ordering::SeqCst);
    let told = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&told);
    let would = bus.dead_letters("ledger").redrive().dry_run().await.unwrap();
    assert_eq!((would.moved, world.seen.lock().unwrap().len()), (38, 0));
    assert_eq!(transport.account().depth("ledger-dlq").visible, 38);
    let moved =
        bus.dead_letters("ledger").redrive().on_progress(move |so_far| note.lock().unwrap().push(so_far.moved)).await;
    assert_eq!(moved.unwrap().moved, 38);
    until("all that were put back are handled", || bus.metrics().handled == 38).await;
    let seen = world.seen.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|(who, _)| *who == "book").count(), 35);
    assert_eq!(seen.iter().filter(|(who, _)| *who == "thank").count(), 3);
    assert_eq!((transport.account().depth("ledger-dlq").total(), transport.account().depth("ledger").total()), (0, 0));
    let told = told.lock().unwrap().clone();
    assert!(told.is_sorted() && told.last() == Some(&38), "{told:?}");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_some_and_at_most_so_many() {
    let (bus, transport, world) = dead(20).await;
    world.mended.store(true, Ordering::SeqCst);
    let letters = bus.dead_letters("ledger");
    let first = letters.list(1).await.unwrap().remove(0);
    let moved = letters.redrive().one(first.message_id()).await.unwrap();
    assert_eq!((moved.moved, moved.skipped), (1, 21));
    let moved = letters.redrive().only(|letter| letter.subscriber() == Some("thank")).await.unwrap();
    assert_eq!(moved.moved, 2);
    assert_eq!(letters.redrive().most(5).await.unwrap().moved, 5);
    until("all that were put back are handled", || bus.metrics().handled == 8).await;
    assert_eq!(transport.account().depth("ledger-dlq").visible, 14);
    assert_eq!(letters.delete(|letter| letter.subscriber() == Some("book")).await.unwrap(), 14);
    assert_eq!(transport.account().depth("ledger-dlq").total(), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_handled_does_not_go_round_for_ever() {
    let (bus, _, world) = dead(1).await;
    let letters = bus.dead_letters("ledger");
    for round in 1..=3 {
        assert_eq!(letters.redrive().await.unwrap().moved, 1, "round {round}");
        until("it is given up again", || bus.metrics().dead_lettered == 1 + round).await;
        assert_eq!(letters.list(10).await.unwrap()[0].redrives() as u64, round);
    }
    let guarded = letters.redrive().await.unwrap();
    assert_eq!((guarded.moved, guarded.guarded), (0, 1));
    assert_eq!(world.seen.lock().unwrap().len(), 3);
    assert_eq!(letters.redrive().loop_guard(10).await.unwrap().moved, 1);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_broker_may_move_them_itself() {
    let (bus, transport, world) = dead(12).await;
    world.mended.store(true, Ordering::SeqCst);
    let refused = bus.dead_letters("ledger").redrive().most(1).natively().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Configuration);
    assert_eq!(
        DeadLetters::of(transport.clone(), "ledger").redrive().natively().await.unwrap_err().kind(),
        Kind::Configuration
    );
    let moved = DeadLetters::of(transport.account().clone(), "ledger").redrive().natively().await.unwrap();
    assert_eq!(moved.moved, 13);
    until("all that were put back are handled", || bus.metrics().handled == 13).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_redrive_that_fails_in_the_middle_loses_nothing() {
    let (bus, transport, world) = dead(20).await;
    world.mended.store(true, Ordering::SeqCst);
    // Deletes of the dead-letter queue fail from the fifth on.
    transport.forget_calls();
    transport.rule(|call| match call.op {
        Op::Delete if call.queue == "ledger-dlq" && call.number > 4 => Act::Fail(Kind::Unavailable),
        _ => Act::Pass,
    });
    let letters = DeadLetters::of(transport.clone(), "ledger");
    assert!(letters.redrive().await.is_err());
    transport.rule(|_| Act::Pass);
    letters.redrive().await.unwrap();
    until("both queues are empty", || {
        transport.account().depth("ledger-dlq").total() == 0 && transport.account().depth("ledger").total() == 0
    })
    .await;
    let seen = world.seen.lock().unwrap().clone();
    for number in 0..20 {
        assert!(seen.contains(&("book", number)), "{number} is lost");
    }
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_subscribers_of_one_name_only_the_one_that_gave_up_runs_again() {
    let (transport, world) = (Faulty::new("ledger"), World::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![mail::on_payment, bank::on_payment, thank])
        .state(world.clone())
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(PaymentTaken { number: 7 }).await.unwrap();
    until("two are given up", || bus.metrics().dead_lettered == 1).await;
    world.mended.store(true, Ordering::SeqCst);
    world.seen.lock().unwrap().clear();

    let letters = bus.dead_letters("ledger");
    let mut given_up: Vec<_> = letters.list(10).await.unwrap();
    given_up.sort_by_key(|letter| letter.subscriber().map(str::to_owned));
    let given_up: Vec<_> = given_up.iter().map(|letter| letter.subscriber()).collect();
    assert_eq!(given_up, [Some("dead_letters::bank::on_payment"), Some("thank")]);

    assert_eq!(letters.redrive().await.unwrap().moved, 2);
    until("both are handled", || bus.metrics().handled == 2).await;
    let mut seen = world.seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, [("bank", 0), ("thank", 7)]);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
