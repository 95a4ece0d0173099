//! Starting, and what an idle bus asks its broker.

use melange::transport::TransportErrorKind as Kind;
use melange::{EventBus, MemoryTransport};
use melange_tests::faulty::{Act, Op};
use melange_tests::lines::Lines;
use melange_tests::until;
use tokio::time::{Instant, sleep, timeout};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::{Log, MINUTE, PublishAs as _, SECOND, faulty, noted, notes, noting, placed};

#[tokio::test(start_paused = true)]
async fn a_bus_that_nobody_was_given_to_says_so_when_it_starts() {
    let lines = Lines::default();
    let written = lines.clone();
    let logged = tracing_subscriber::fmt().with_ansi(false).with_writer(move || written.clone()).finish().set_default();
    let bus = EventBus::builder().build().unwrap(); // `.linked()` was forgotten
    bus.start().await.unwrap();
    bus.shutdown(MINUTE).await.unwrap();
    drop(logged);
    let lines = lines.text();
    assert!(
        lines.contains("WARN") && lines.contains("without a subscriber") && lines.contains("`.linked()`"),
        "{lines}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_published_before_the_start_waits_for_it() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let bus = EventBus::builder().transport(account.queue("billing")).subscribe(notes(&log)).build().unwrap();
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    sleep(MINUTE).await;
    assert_eq!((account.depth("billing").visible, noted(&log).len(), bus.metrics().received), (3, 0, 0));
    bus.start().await.unwrap();
    until("all are handled", || bus.metrics().handled == 3).await;
    assert_eq!((noted(&log).len(), account.depth("billing").total()), (3, 0));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_start_does_nothing_and_neither_do_many_at_once() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let transport = faulty(&account);
    let builder = EventBus::builder().transport(transport.clone()).subscribe(notes(&log));
    let bus = builder.wait(10 * SECOND).build().unwrap();
    let (first, second, third) = tokio::join!(bus.start(), bus.start(), bus.start());
    [first, second, third, bus.start().await].into_iter().for_each(Result::unwrap);
    sleep(MINUTE).await;
    let polls = transport.calls(Op::Receive).len();
    assert!((5..=8).contains(&polls), "{polls} polls of ten seconds in a minute");
    for number in 0..20 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all are handled", || bus.metrics().handled == 20).await;
    assert_eq!((noted(&log).len(), bus.metrics().received), (20, 20));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_may_be_tried_again() {
    let account = MemoryTransport::new();
    let (transport, log) = (faulty(&account), Log::default());
    transport.always(Op::Prepare, Act::Fail(Kind::Denied));
    let bus = noting(&transport, &log);
    bus.publish(placed(1)).await.unwrap();
    assert_eq!(bus.start().await.unwrap_err().kind(), Kind::Denied);
    sleep(MINUTE).await;
    assert_eq!((noted(&log).len(), transport.calls(Op::Receive).len()), (0, 0), "nothing is polled");
    transport.rule(|_| Act::Pass);
    bus.start().await.unwrap();
    until("it is handled", || bus.metrics().handled == 1).await;
    assert_eq!(noted(&log), [1]);
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_was_given_up_may_be_tried_again() {
    let account = MemoryTransport::new();
    let (transport, log) = (faulty(&account), Log::default());
    transport.always(Op::Prepare, Act::Hang);
    let bus = noting(&transport, &log);
    bus.publish(placed(1)).await.unwrap();
    assert!(timeout(MINUTE, bus.start()).await.is_err());
    transport.rule(|_| Act::Pass);
    bus.start().await.unwrap();
    until("it is handled", || bus.metrics().handled == 1).await;
    assert_eq!(noted(&log), [1]);
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_bus_waits_at_the_broker_and_does_not_spin() {
    let account = MemoryTransport::new();
    let transport = faulty(&account);
    let bus = EventBus::builder()
        .transport(transport.clone())
        .subscribe(notes(&Log::default()))
        .wait(20 * SECOND)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    sleep(10 * MINUTE).await;
    let polls = transport.calls(Op::Receive).len();
    assert!((25..=80).contains(&polls), "{polls} polls in ten minutes");
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_away_is_asked_again_ever_more_rarely() {
    let account = MemoryTransport::new();
    let (transport, log) = (faulty(&account), Log::default());
    transport.always(Op::Receive, Act::Fail(Kind::Unavailable));
    let bus = noting(&transport, &log);
    bus.start().await.unwrap();
    account.publish_as(placed(1)).await;
    sleep(10 * MINUTE).await;
    let polls = transport.calls(Op::Receive).len();
    assert!((15..200).contains(&polls), "{polls} polls in ten minutes");
    assert_eq!((bus.metrics().failed_polls, noted(&log).len()), (polls as u64, 0));
    transport.rule(|_| Act::Pass);
    let back = Instant::now();
    until("it is handled", || bus.metrics().handled == 1).await;
    assert!(back.elapsed() <= 31 * SECOND, "{:?}", back.elapsed());
    bus.shutdown(MINUTE).await.unwrap();
}
