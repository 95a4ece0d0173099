//! How many at once, and for how long.

use std::sync::Arc;

use melange::{EventBus, MemoryTransport, MessageConsumer, Metadata, State, subscriber};
use melange_tests::until;
use tokio::time::{Instant, sleep};

use crate::{Log, MINUTE, OrderPlaced, SECOND, publish};

#[subscriber(listens_to = OrderPlaced, concurrency = 2)]
async fn narrow(order: &OrderPlaced, State(log): State<Log>) {
    log.note("begin");
    sleep(SECOND).await;
    log.note(format!("end {}", order.number));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_limits_its_own_runs_and_nobody_elses() {
    let account = MemoryTransport::new();
    for number in 0..6 {
        // Before anyone listens, so that all are there at once.
        drop(MessageConsumer::builder().transport(account.queue("billing")).subscribe(|_: &OrderPlaced| ()).build());
        publish(&account, OrderPlaced { number }).await;
    }
    let log = Log::new();
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![narrow])
        .subscribe(|_: Arc<OrderPlaced>, State(log): State<Log>| async move { log.note("wide") })
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    until("all are handled", || bus.metrics().handled == 6).await;
    let (begun, wide) = (log.times("begin"), log.times("wide"));
    assert!(wide.iter().all(|at| *at < 1_000), "the other subscriber did not wait: {wide:?}");
    let rounds: Vec<u64> = begun.iter().map(|at| at / 1_000).collect();
    assert_eq!(rounds, [0, 0, 1, 1, 2, 2], "{begun:?}");
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_keeps_its_message_and_one_that_lost_it_is_cancelled() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(|order: Arc<OrderPlaced>, meta: Metadata, State(log): State<Log>| async move {
            struct Gone(Log);
            impl Drop for Gone {
                fn drop(&mut self) {
                    self.0.note("cancelled");
                }
            }
            log.note(format!("begin {} {}", order.number, meta.attempt));
            let gone = Gone(log.clone());
            sleep(10 * MINUTE).await;
            std::mem::forget(gone);
            log.note("end");
        })
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // Ten minutes are twenty times the visibility.
    publish(&account, OrderPlaced { number: 1 }).await;
    until("it is handled", || bus.metrics().handled == 1).await;
    assert_eq!(log.words(), ["begin 1 1", "end"]);
    publish(&account, OrderPlaced { number: 2 }).await;
    until("it is in hand", || account.depth("billing").in_hand == 1).await;
    assert_eq!(account.purge("billing"), 1);
    let lost = Instant::now();
    until("the lease is found lost", || bus.metrics().leases_lost == 1).await;
    assert!(lost.elapsed() <= 31 * SECOND, "{:?}", lost.elapsed());
    assert_eq!(log.words(), ["begin 1 1", "end", "begin 2 1", "cancelled"]);
    bus.shutdown(MINUTE).await.unwrap();
}
