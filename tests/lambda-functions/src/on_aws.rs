//! The same function with its bus on AWS, so that it can publish and dead-letter: for `cargo xtask lambda`, which measures it.

use melange::{Event, EventBus, subscriber};
use melange_aws::{Aws, lambda};
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
    let aws = Aws::from_env().await;
    let bus = EventBus::builder().linked().transport(aws.queue("billing")).build()?;
    lambda_runtime::run(lambda::from_sqs(bus)).await
}
