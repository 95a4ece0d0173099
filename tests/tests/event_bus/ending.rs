//! What becomes of queues in memory that end with their bus: a shutdown handles what is in them first.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use melange::{EventBus, MemoryTransport, MessagePublisher};
use tokio::time::{Instant, sleep};

use crate::{Log, MINUTE, OrderPaid, OrderPlaced, SECOND, noted, notes, placed};

async fn started(builder: melange::EventBusBuilder) -> EventBus {
    let bus = builder.build().unwrap();
    bus.start().await.unwrap();
    bus
}

#[tokio::test]
async fn what_was_published_just_before_is_handled() {
    let log = Log::default();
    let bus = started(EventBus::builder().subscribe(notes(&log))).await;
    for number in 0..100 {
        bus.publish(placed(number)).await.unwrap();
    }
    let report = bus.shutdown(MINUTE).await.unwrap();
    let mut heard = noted(&log);
    heard.sort_unstable();
    assert!(heard.into_iter().eq(0..100));
    assert_eq!((report.finished, report.released, report.lost), (100, 0, 0));
    assert!(bus.publish(placed(100)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn and_so_is_what_handlers_publish() {
    let log = Log::default();
    let own = Arc::new(OnceLock::<MessagePublisher>::new());
    let publisher = Arc::clone(&own);
    let pays = move |order: Arc<OrderPlaced>| {
        let publisher = publisher.get().cloned();
        async move {
            sleep(SECOND).await;
            publisher.unwrap().publish(OrderPaid { number: order.number }).await.map(drop)
        }
    };
    let paid = Arc::clone(&log);
    let bus = started(
        EventBus::builder().subscribe(pays).subscribe(move |order: &OrderPaid| paid.lock().unwrap().push(order.number)),
    )
    .await;
    own.set(bus.publisher().clone()).unwrap();
    bus.publish(placed(1)).await.unwrap();
    let report = bus.shutdown(MINUTE).await.unwrap();
    assert_eq!((noted(&log), report.finished), (vec![1], 2));
}

#[tokio::test(start_paused = true)]
async fn no_longer_than_it_may_take() {
    let log = Log::default();
    let done = Arc::clone(&log);
    let slow = move |order: Arc<OrderPlaced>| {
        let log = Arc::clone(&done);
        async move {
            sleep(MINUTE).await;
            log.lock().unwrap().push(order.number);
        }
    };
    let bus = started(EventBus::builder().concurrency(1).subscribe(slow)).await;
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    let begun = Instant::now();
    let report = bus.shutdown(MINUTE + 30 * SECOND).await.unwrap();
    assert!(begun.elapsed() >= MINUTE && begun.elapsed() < MINUTE + 35 * SECOND, "{:?}", begun.elapsed());
    assert_eq!((noted(&log).len(), report.finished, report.lost), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn neither_a_retry_nor_a_paused_queue_is_waited_for() {
    let fails = |_: &OrderPlaced| -> Result<(), &'static str> { Err("not now") };
    let bus = started(EventBus::builder().subscribe(fails)).await;
    bus.publish(placed(1)).await.unwrap();
    let begun = Instant::now();
    assert_eq!(bus.shutdown(MINUTE).await.unwrap().finished, 1);
    assert!(begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());

    let log = Log::default();
    let bus = started(EventBus::builder().subscribe(notes(&log))).await;
    bus.queue("melange").unwrap().pause();
    sleep(MINUTE).await;
    bus.publish(placed(1)).await.unwrap();
    let begun = Instant::now();
    bus.shutdown(MINUTE).await.unwrap();
    assert!(begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_somebody_holds_keeps_them_for_the_next_bus() {
    let account = MemoryTransport::new();
    let slow = |_: Arc<OrderPlaced>| sleep(SECOND);
    let bus = started(EventBus::builder().transport(account.queue("billing")).concurrency(1).subscribe(slow)).await;
    for number in 0..5 {
        bus.publish(placed(number)).await.unwrap();
    }
    let report = bus.shutdown(MINUTE).await.unwrap();
    let left = account.depth("billing").total() as u64;
    assert!(left >= 3 && report.finished + left == 5, "{left} left, {report:?}");
    // One that is given away ends with its bus.
    let bus = started(EventBus::builder().transport(MemoryTransport::new()).concurrency(1).subscribe(slow)).await;
    for number in 0..5 {
        bus.publish(placed(number)).await.unwrap();
    }
    assert_eq!(bus.shutdown(MINUTE).await.unwrap().finished, 5);
}

#[tokio::test(start_paused = true)]
async fn it_ends_as_soon_as_they_are_empty() {
    let bus =
        started(EventBus::builder().subscribe(|_: Arc<OrderPlaced>| sleep(SECOND + Duration::from_millis(1)))).await;
    bus.publish(placed(1)).await.unwrap();
    let emptied = async {
        let account = bus.transport::<MemoryTransport>().unwrap();
        while account.depth("melange").total() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        Instant::now()
    };
    let ended = async {
        bus.shutdown(MINUTE).await.unwrap();
        Instant::now()
    };
    let (emptied, ended) = tokio::join!(emptied, ended);
    assert!(ended <= emptied, "{:?} later", ended - emptied);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_paused_meanwhile_is_waited_for_no_longer() {
    let slow = |_: Arc<OrderPlaced>| sleep(SECOND);
    let bus = started(EventBus::builder().concurrency(1).subscribe(slow)).await;
    for number in 0..20 {
        bus.publish(placed(number)).await.unwrap();
    }
    let begun = Instant::now();
    let pausing = async {
        sleep(SECOND / 2).await;
        bus.queue("melange").unwrap().pause();
    };
    let (report, ()) = tokio::join!(bus.shutdown(MINUTE), pausing);
    assert_eq!(report.unwrap().lost, 0);
    assert!(begun.elapsed() < 3 * SECOND, "{:?}", begun.elapsed());
}
