//! `consume_event` keeps the lease on what it has in hand, whatever the handler does to its thread and whoever else consumes.

mod orders;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use melange::{Consumed, Fate, MemoryTransport, MessageConsumer, MessagePublisher};
use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use tokio::time::sleep;

use orders::OrderPlaced;

const SECOND: Duration = Duration::from_secs(1);

/// Blocks its thread until it is told to go on, or for ten seconds.
fn block(blocked: &AtomicUsize, go_on: &AtomicBool) {
    blocked.fetch_add(1, Ordering::SeqCst);
    let begun = std::time::Instant::now();
    while !go_on.load(Ordering::SeqCst) && begun.elapsed() < 10 * SECOND {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// On the clock on the wall, since a thread that is blocked is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_keeps_its_lease() {
    let account = MemoryTransport::new();
    let transport = Faulty::over(account.queue("billing")).with_visibility(SECOND);
    let (blocked, go_on) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (of_handler, until_told) = (Arc::clone(&blocked), Arc::clone(&go_on));
    let consumer = MessageConsumer::builder()
        .transport(transport.clone())
        .subscribe(move |_: &OrderPlaced| block(&of_handler, &until_told))
        .wait(SECOND)
        .build()
        .unwrap();
    consumer.prepare().await.unwrap();
    MessagePublisher::new(account.clone()).publish(OrderPlaced { number: 1 }).await.unwrap();

    let consuming = tokio::spawn(async move { (consumer.consume_event().await, consumer) });
    let calls = || transport.calls(Op::ChangeVisibility).len();
    sleep(3 * SECOND).await;
    let (extended, depth) = (calls(), account.depth("billing"));
    go_on.store(true, Ordering::SeqCst);
    let (consumed, consumer) = consuming.await.unwrap();
    assert_eq!((depth.visible, depth.in_hand), (0, 1), "it was lost after {extended} extensions");
    assert_eq!(consumed.unwrap().message().unwrap().fate, Fate::Handled);
    assert_eq!((blocked.load(Ordering::SeqCst), account.depth("billing").total()), (1, 0));
    // Nothing is left that would go on extending.
    assert!(matches!(consumer.consume_event().await.unwrap(), Consumed::Nothing));
    assert!(extended >= 3 && calls() <= extended + 1, "{extended} extensions, and then {}", calls());
}

/// The lease ends with the call: whoever drops it lets others have the message.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_keeps_nothing() {
    let transport = Faulty::new("billing");
    let begun = Arc::new(AtomicUsize::new(0));
    let begins = Arc::clone(&begun);
    let consumer = MessageConsumer::builder()
        .transport(transport.clone())
        .subscribe(move |_: Arc<OrderPlaced>| {
            let slow = begins.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if slow {
                    sleep(3600 * SECOND).await;
                }
            }
        })
        .build()
        .unwrap();
    consumer.prepare().await.unwrap();
    MessagePublisher::new(transport.clone()).publish(OrderPlaced { number: 1 }).await.unwrap();
    assert!(tokio::time::timeout(100 * SECOND, consumer.consume_event()).await.is_err());
    let extended = transport.calls(Op::ChangeVisibility).len();
    assert!(extended >= 3, "it was kept while it lasted: {extended}");
    sleep(100 * SECOND).await;
    assert_eq!(transport.calls(Op::ChangeVisibility).len(), extended, "nobody has it any more");
    assert_eq!(consumer.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
}

/// Who is done first was asking for more time for the other one, too: that must not be forgotten with it.
#[tokio::test(start_paused = true)]
async fn calls_side_by_side_do_not_take_each_others_leases_along() {
    // Either of them may be the one that asks.
    for brief in 0..2 {
        side_by_side(brief).await;
    }
}

async fn side_by_side(brief: u32) {
    let transport = Faulty::new("billing");
    transport.always(Op::ChangeVisibility, Act::Delay(3 * SECOND));
    let begun = Arc::new(AtomicUsize::new(0));
    let begins = Arc::clone(&begun);
    let consumer = MessageConsumer::builder()
        .transport(transport.clone())
        .subscribe(move |order: Arc<OrderPlaced>| {
            begins.fetch_add(1, Ordering::SeqCst);
            // This one is done in the middle of the call that extends both.
            async move { sleep(if order.number == brief { Duration::from_millis(12_500) } else { 100 * SECOND }).await }
        })
        .build()
        .unwrap();
    consumer.prepare().await.unwrap();
    let publisher = MessagePublisher::new(transport.clone());
    for number in 0..2 {
        publisher.publish(OrderPlaced { number }).await.unwrap();
    }
    let (first, second) = tokio::join!(consumer.consume_event(), async {
        until("the first runs", || begun.load(Ordering::SeqCst) == 1).await;
        consumer.consume_event().await
    });
    for consumed in [first, second] {
        assert_eq!(consumed.unwrap().message().unwrap().fate, Fate::Handled);
    }
    assert_eq!((begun.load(Ordering::SeqCst), transport.account().depth("billing").total()), (2, 0));
}
