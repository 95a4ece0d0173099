//! Stopping: by a shutdown, and by dropping what polls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use melange::transport::TransportErrorKind;
use melange::{CancellationToken, EventBus, Fate, MemoryTransport, MessageConsumer, MessagePublisher, Metadata};
use melange_tests::faulty::{Act, Op};
use melange_tests::until;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::{Log, MINUTE, OrderPaid, OrderPlaced, PublishAs as _, SECOND, faulty, gated, noted, notes, placed};

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_handlers_finish_and_says_how_many_did() {
    let account = MemoryTransport::new();
    let (bus, gate, begun, log) = gated(&account).await;
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all have begun", || begun.load(Ordering::SeqCst) == 3).await;
    tokio::spawn(async move {
        sleep(5 * SECOND).await;
        gate.add_permits(3);
    });
    let start = Instant::now();
    let report = bus.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.finished, report.released, report.unreleased, report.lost), (3, 0, 0, 0));
    assert!(start.elapsed() >= 5 * SECOND && start.elapsed() < 8 * SECOND, "{:?}", start.elapsed());
    assert_eq!((noted(&log).len(), account.depth("billing").total()), (3, 0));
    // Again: nothing is left to do.
    let report = bus.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.finished, report.released, report.unreleased, report.lost), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_ignores_its_token_is_cut_off_and_its_message_is_there_for_others_at_once() {
    let account = MemoryTransport::new();
    let (bus, _gate, begun, log) = gated(&account).await;
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all have begun", || begun.load(Ordering::SeqCst) == 3).await;
    let start = Instant::now();
    let report = bus.shutdown(2 * SECOND).await.unwrap();
    assert_eq!((report.finished, report.unreleased, report.lost), (0, 0, 0));
    assert!(report.released >= 3, "{report:?}");
    assert!(start.elapsed() >= 2 * SECOND && start.elapsed() < 6 * SECOND, "{:?}", start.elapsed());
    assert_eq!((account.depth("billing").visible, noted(&log).len()), (3, 0));
    // Cut off is no failure: it goes on with the next process, and counts as one attempt.
    let other = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribe(|_: Arc<OrderPlaced>, meta: Metadata| async move { assert!(meta.attempt >= 2) })
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(other.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    }
}

#[tokio::test]
async fn a_handler_that_blocks_its_thread_holds_up_no_shutdown() {
    // In real time: tokio's paused clock stands still as long as a thread blocks.
    static STUCK: AtomicBool = AtomicBool::new(true);
    static BEGUN: AtomicBool = AtomicBool::new(false);

    #[melange::subscriber(listens_to = OrderPlaced, blocking)]
    fn stuck(_: &OrderPlaced, stop: CancellationToken) {
        BEGUN.store(true, Ordering::SeqCst);
        let _ = stop; // and looks at it never
        while STUCK.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    let account = MemoryTransport::new();
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![stuck])
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    until("it has begun", || BEGUN.load(Ordering::SeqCst)).await;
    let start = Instant::now();
    let report = bus.shutdown(Duration::from_millis(100)).await.unwrap_or_else(|error| error.report);
    STUCK.store(false, Ordering::SeqCst);
    assert!(start.elapsed() < 10 * SECOND, "{:?}", start.elapsed());
    assert_eq!(report.finished, 0, "{report:?}");
    assert_eq!(account.depth("billing").total(), 1, "it comes again");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_handed_back_is_said() {
    let account = MemoryTransport::new();
    let transport = faulty(&account);
    let begun = Arc::new(AtomicUsize::new(0));
    let begins = Arc::clone(&begun);
    let bus = EventBus::builder()
        .transport(transport.clone())
        .subscribe(move |_: Arc<OrderPlaced>| {
            begins.fetch_add(1, Ordering::SeqCst);
            sleep(60 * MINUTE)
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    until("it has begun", || begun.load(Ordering::SeqCst) == 1).await;
    transport.always(Op::ChangeVisibility, Act::Fail(TransportErrorKind::Unavailable));
    let error = bus.shutdown(SECOND).await.unwrap_err();
    let report = error.report;
    assert_eq!((report.finished, report.released, report.unreleased + report.lost), (0, 0, 1), "{report:?}");
    assert!(error.to_string().contains("1 message") && error.to_string().contains("visibility"), "{error}");
    // Nothing is gone: its visibility ends.
    sleep(MINUTE).await;
    assert_eq!(account.depth("billing").visible, 1);
}

#[tokio::test(start_paused = true)]
async fn handlers_publish_while_the_bus_drains_and_nobody_else_does() {
    let account = MemoryTransport::new();
    let (gate, cell) = (Arc::new(Semaphore::new(0)), Arc::new(std::sync::OnceLock::<EventBus>::new()));
    let (opened, inner) = (Arc::clone(&gate), Arc::clone(&cell));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let (gate, bus) = (Arc::clone(&opened), Arc::clone(&inner));
            async move {
                gate.acquire().await.unwrap().forget();
                bus.get().unwrap().publish(OrderPaid { number: order.number }).await.map(drop)
            }
        })
        .build()
        .unwrap();
    let paid =
        MessageConsumer::builder().transport(account.queue("paid")).subscribe(|_: &OrderPaid| ()).build().unwrap();
    cell.set(bus.clone()).unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    until("it is in hand", || account.depth("billing").in_hand == 1).await;
    let ends = tokio::spawn({
        let bus = bus.clone();
        async move { bus.shutdown(MINUTE).await }
    });
    sleep(SECOND).await;
    gate.add_permits(1);
    assert_eq!(ends.await.unwrap().unwrap().finished, 1);
    assert_eq!(paid.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    assert!(bus.publish(placed(2)).await.unwrap_err().is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_consumer_in_the_background_stops_when_its_handle_is_dropped() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let publisher = MessagePublisher::new(account.clone());
    let build = || {
        MessageConsumer::builder()
            .transport(account.queue("billing"))
            .subscribe(notes(&log))
            .wait(2 * SECOND)
            .build()
            .unwrap()
    };
    let handle = build().spawn();
    publisher.publish(placed(1)).await.unwrap();
    until("it is handled", || handle.metrics().handled == 1).await;
    drop(handle);
    sleep(MINUTE).await;
    publisher.publish(placed(2)).await.unwrap();
    sleep(MINUTE).await;
    assert_eq!((noted(&log), account.depth("billing").visible), (vec![1], 1));

    let handle = build().spawn();
    until("it is handled", || handle.metrics().handled == 1).await;
    let report = handle.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.released, report.unreleased, report.lost), (0, 0, 0));
    assert_eq!((noted(&log), account.depth("billing").total()), (vec![1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_when_the_handle_is_dropped_is_finished() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let (notes, begun) = (Arc::clone(&log), Arc::new(AtomicUsize::new(0)));
    let begins = Arc::clone(&begun);
    let handle = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let notes = Arc::clone(&notes);
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                sleep(5 * SECOND).await;
                notes.lock().unwrap().push(order.number);
            }
        })
        .build()
        .unwrap()
        .spawn();
    MessagePublisher::new(account.clone()).publish(placed(1)).await.unwrap();
    until("it has begun", || begun.load(Ordering::SeqCst) == 1).await;
    drop(handle);
    until("it is deleted", || account.depth("billing").total() == 0).await;
    assert_eq!(noted(&log), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_bus_stops_polling_when_its_last_clone_is_dropped() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(notes(&log))
        .wait(2 * SECOND)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let clone = bus.clone();
    drop(bus);
    clone.publish(placed(1)).await.unwrap();
    until("it is handled", || clone.metrics().handled == 1).await;
    drop(clone);
    sleep(MINUTE).await;
    account.publish_as(placed(2)).await;
    sleep(MINUTE).await;
    assert_eq!((noted(&log), account.depth("billing").visible), (vec![1], 1));
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "no task is left behind");
}

#[cfg(unix)]
#[tokio::test]
async fn once_it_is_told_to_stop_again_nothing_more_is_received() {
    // Its queue ends with it and is emptied first, until the second signal cuts that short.
    let begun = Arc::new(AtomicUsize::new(0));
    let begins = Arc::clone(&begun);
    let stuck = move |_: Arc<OrderPlaced>| {
        begins.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>()
    };
    let bus = EventBus::builder().subscribe(stuck).build().unwrap();
    bus.publish(placed(1)).await.unwrap();
    let signal = |name: &str| {
        let process = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args([name, process.as_str()]).status().unwrap().success());
    };
    let telling = async {
        until("it is in hand", || begun.load(Ordering::SeqCst) == 1).await;
        signal("-TERM");
        signal("-INT");
    };
    let (ran, ()) = tokio::join!(bus.run(MINUTE), telling);
    assert!(ran.unwrap_err().is_interrupted());
    until("it is handed back", || bus.metrics().released > 0).await;
    // On the clock on the wall, as signals are: time enough to come again.
    sleep(SECOND / 10).await;
    assert_eq!((bus.metrics().received, begun.load(Ordering::SeqCst)), (1, 1));
}
