//! The least function behind a queue that Melange makes, for `cargo xtask lambda`, which measures it.

use melange::{Event, EventBus, subscriber};
use melange_aws::lambda;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

#[subscriber(listens_to = OrderPlaced)]
async fn print(order: &OrderPlaced) {
    println!("{} {}", order.order_id, order.total_cents);
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let bus = EventBus::builder().linked().build()?;
    lambda_runtime::run(lambda::from_sqs(bus)).await
}
