//! A shop in one process, over in-memory queues: a function subscriber, a value with two handlers, shared state, a
//! retry and a dead letter. `cargo run --example quickstart`

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use melange::{Event, EventBus, MemoryTransport, Metadata, Outcome, Registry, State, subscriber};
use serde::{Deserialize, Serialize};

// --- Events: what happened.
// -------------------------------------------------------------------------------------------

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    #[event(key)]
    order_id: String,
    total_cents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderCancelled {
    #[event(key)]
    order_id: String,
    refund_cents: i64,
}

// --- A function subscriber with state. Its mail server is down at first: an error means "try again later".
// ------------

#[derive(Clone)]
struct Mailer {
    greeting: &'static str,
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "100ms..1s"))]
async fn send_receipt(order: &OrderPlaced, meta: &Metadata, State(mailer): State<Mailer>) -> Result<(), String> {
    if meta.attempt == 1 {
        println!("  send_receipt    {}: the mail server is down, so it will be tried again", order.order_id);
        return Err("mail server is down".to_owned());
    }
    println!(
        "  send_receipt    {}: \"{}, that makes {} cents\" (attempt {})",
        order.order_id, mailer.greeting, order.total_cents, meta.attempt
    );
    Ok(())
}

// --- A subscriber that is a value with two handlers.
// ------------------------------------------------------------------

#[derive(Default)]
struct Ledger {
    balance_cents: AtomicI64,
}

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, order: &OrderPlaced) -> Outcome {
        if order.total_cents < 0 {
            println!("  Ledger::placed  {}: a negative total can never be right, so it is rejected", order.order_id);
            return Outcome::reject("the total is negative");
        }
        self.book(order.total_cents, &order.order_id);
        Outcome::Done
    }

    #[listens_to]
    async fn cancelled(&self, order: &OrderCancelled) {
        self.book(-order.refund_cents, &order.order_id);
    }
}

impl Ledger {
    fn book(&self, cents: i64, order_id: &str) {
        let balance = self.balance_cents.fetch_add(cents, Ordering::Relaxed) + cents;
        println!("  Ledger          {order_id}: {cents:+} cents, balance {balance}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("What the linker found:\n\n{}", Registry::linked()?);

    let account = MemoryTransport::new();
    let ledger = Arc::new(Ledger::default());
    let bus = EventBus::builder()
        .linked()
        .state(Mailer { greeting: "Thank you" })
        .subscriber(Arc::clone(&ledger))
        .transport(account.queue("shop"))
        .build()?;
    bus.start().await?;

    println!("Publishing three events:");
    bus.publish(OrderPlaced { order_id: "o-1".into(), total_cents: 4200 }).await?;
    bus.publish(OrderCancelled { order_id: "o-2".into(), refund_cents: 700 }).await?;
    bus.publish(OrderPlaced { order_id: "o-3".into(), total_cents: -5 }).await?;
    while account.depth("shop").total() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    println!("\nDead letters of the queue \"shop\":");
    for letter in account.dead_letters("shop") {
        println!("  {} for {}: {}", letter.event_type, letter.subscriber.as_deref().unwrap_or("-"), letter.reason);
    }
    let report = bus.shutdown(Duration::from_secs(5)).await?;
    let metrics = bus.metrics();
    println!(
        "\nReceived {} messages: {} handled, {} retried, {} dead letter; at the shutdown {} were released, {} lost. Balance {} cents.",
        metrics.received,
        metrics.handled,
        metrics.retried,
        metrics.dead_letters,
        report.released,
        report.lost,
        ledger.balance_cents.load(Ordering::Relaxed)
    );
    Ok(())
}
