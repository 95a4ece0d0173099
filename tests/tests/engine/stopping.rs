//! Shutdowns, and buses that are dropped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use melange::transport::TransportErrorKind as Kind;
use melange::transport::memory::{QueueSettings, Receive, Subscription, TopicSettings};
use melange::{EventBus, MessagePublisher, attributes, with_traceparent};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use tokio::time::{Instant, sleep};

use crate::{Job, Seen, Step, heeding, publish, running};

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
        let bus = heeding(&transport, &seen).await;
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
async fn a_subscriber_that_panics_as_it_is_cut_off_is_let_go() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let transport = Faulty::new("workers");
    let bus = EventBus::builder()
        .subscribe(|_: Arc<Job>| async {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
        })
        .transport(transport.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&bus, 0..3, 0).await;
    until("they are in hand", || bus.metrics().received == 3).await;
    let report = bus.shutdown(Duration::from_secs(2)).await.unwrap();
    assert_eq!((report.released, report.lost), (3, 0), "{report:?}");
    assert_eq!(transport.account().depth("workers").visible, 3, "others can have them at once");
}

#[tokio::test(start_paused = true)]
async fn what_a_subscriber_publishes_as_it_is_cut_off_carries_the_trace() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    struct Undo(MessagePublisher);
    impl Drop for Undo {
        fn drop(&mut self) {
            let published = self.0.publish(Step { order: "a".to_owned(), number: 1 }).now_or_never();
            assert!(published.is_some_and(|published| published.is_ok()));
        }
    }
    let transport = Faulty::new("workers");
    let account = transport.account().account();
    account.create_topic("steps.fifo", TopicSettings::new()).unwrap();
    account.create_queue("undone.fifo", QueueSettings::new()).unwrap();
    account.subscribe(Subscription::new("steps.fifo", "undone.fifo").raw(true)).unwrap();
    let publisher = MessagePublisher::new(transport.account().clone());
    let stuck = move |_: Arc<Job>| {
        let publisher = publisher.clone();
        async move {
            let _undo = Undo(publisher);
            std::future::pending::<()>().await;
        }
    };
    // One alone, and several side by side.
    for stuck_ones in [1, 2] {
        let mut bus = EventBus::builder().transport(transport.clone()).subscribe(stuck.clone());
        if stuck_ones > 1 {
            bus = bus.subscribe(stuck.clone());
        }
        let bus = bus.build().unwrap();
        bus.start().await.unwrap();
        with_traceparent(Some(TRACE.to_owned()), publish(&bus, 0..1, 0)).await;
        until("it is in hand", || bus.metrics().received == 1).await;
        bus.shutdown(Duration::from_secs(2)).await.unwrap();
        let undone = account.receive("undone.fifo", Receive::up_to(10)).await.unwrap();
        let traces: Vec<_> = undone.iter().map(|one| one.attributes.text(attributes::TRACEPARENT)).collect();
        assert_eq!(traces, vec![Some(TRACE); stuck_ones]);
        undone.iter().for_each(|one| account.delete("undone.fifo", &one.receipt).unwrap());
        transport.account().purge("workers");
    }
}
