//! What a function behind a queue is without Melange: for `cargo xtask lambda`, which measures what Melange adds.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

async fn handle(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for record in event.payload.records {
        match serde_json::from_str::<OrderPlaced>(record.body.as_deref().unwrap_or_default()) {
            Ok(order) => println!("{} {}", order.order_id, order.total_cents),
            Err(_) => response.add_failure(record.message_id.unwrap_or_default()),
        }
    }
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}
