//! Dead letters moved by SQS itself: `StartMessageMoveTask`, on the local AWS server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use melange::{Event, EventBus, Outcome, State, subscriber};
use melange_aws::{Aws, Provision};
use melange_tests::{server, until};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentTaken {
    number: u64,
}

#[derive(Clone, Default)]
struct Mended(Arc<AtomicBool>);

#[subscriber(listens_to = PaymentTaken)]
async fn book(_: &PaymentTaken, State(mended): State<Mended>) -> Outcome {
    if mended.0.load(Ordering::SeqCst) { Outcome::Done } else { Outcome::reject("the ledger is closed") }
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn sqs_moves_dead_letters_back_by_itself() {
    let mended = Mended::default();
    let aws = Aws::from_config(&server::config().await).prefix(server::unique());
    let bus = EventBus::builder()
        .linked()
        .state(mended.clone())
        .transport(aws.queue("ledger").provision(Provision::Create))
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    for answer in bus.publish_all((0..25).map(|number| PaymentTaken { number })).await {
        answer.unwrap();
    }
    until("all are given up", || bus.metrics().dead_lettered == 25).await;
    mended.0.store(true, Ordering::SeqCst);
    let moved = bus.dead_letters("ledger").redrive().natively().await.unwrap();
    assert_eq!(moved.moved, 25);
    until("all are handled", || bus.metrics().handled == 25).await;
    assert!(bus.dead_letters("ledger").list(10).await.unwrap().is_empty());
    bus.shutdown(Duration::from_secs(10)).await.unwrap();
}
