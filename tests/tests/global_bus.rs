//! The one bus of a process. A binary of its own, and one test: there is one such bus, and its steps have an order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{Event, EventBus, GlobalBusError, MemoryTransport};
use melange_tests::until;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced(u32);

fn bus(account: &MemoryTransport, log: &Arc<Mutex<Vec<u32>>>) -> EventBus {
    let log = Arc::clone(log);
    EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: &OrderPlaced| log.lock().unwrap().push(order.0))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn there_is_none_then_there_is_one_and_it_stays() {
    let error = melange::publish(OrderPlaced(0)).await.unwrap_err();
    assert!(!error.is_closed() && !error.is_retryable() && !error.is_uncertain());
    let text = error.to_string();
    assert!(text.contains("OrderPlaced") && text.contains("EventBus::init"), "{text}");
    let error = EventBus::global().unwrap_err();
    assert_eq!(error, GlobalBusError::Missing);
    assert!(error.to_string().contains("EventBus::init"), "{error}");

    let (account, log, other) = (MemoryTransport::new(), Arc::default(), Arc::default());
    EventBus::init(bus(&account, &log)).unwrap();
    let second = EventBus::init(bus(&MemoryTransport::new(), &other)).unwrap_err();
    assert_eq!(second, GlobalBusError::AlreadyThere);
    assert!(second.to_string().contains("once"), "{second}");

    let bus = EventBus::global().unwrap();
    bus.start().await.unwrap();
    // From anywhere, in any task.
    let id = tokio::spawn(melange::publish(OrderPlaced(1))).await.unwrap().unwrap();
    assert_ne!(id, melange::publish(OrderPlaced(2)).await.unwrap());
    until("both are handled", || bus.metrics().handled == 2).await;
    let mut seen = log.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2]);
    assert!(other.lock().unwrap().is_empty());

    EventBus::global().unwrap().shutdown(Duration::from_secs(5)).await.unwrap();
    assert!(melange::publish(OrderPlaced(3)).await.unwrap_err().is_closed());
    // It is shut down, and still the one.
    assert_eq!(EventBus::init(self::bus(&account, &log)), Err(GlobalBusError::AlreadyThere));
}
