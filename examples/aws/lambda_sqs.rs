//! A Lambda function behind an SQS queue: its response lists the records that failed, and no others.
//!
//! Locally, with this repository's stub of the Lambda runtime API:
//! `cargo run -p melange-lambda-stub -- --example lambda_sqs examples/aws/payloads/sqs_*.json`
//!
//! On AWS, enable `ReportBatchItemFailures` on the event source mapping: without it, messages that failed are deleted.

use melange::{EventBus, Outcome, subscriber};
use melange_aws::lambda;
use melange_examples_aws::OrderPlaced;

/// Beside the receipt: books the order.
#[subscriber(listens_to = OrderPlaced)]
async fn book(order: &OrderPlaced) -> Outcome {
    match order.total_cents {
        0 => Outcome::reject("an order of nothing"),
        1..1_000_000 => Outcome::Done,
        _ => Outcome::retry("the bank wants to look at it first"),
    }
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).init();
    let bus = EventBus::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws]) // A crate that nobody names is dropped by the linker.
        // On AWS: `.transport(aws.queue("billing"))`, for publishing, dead letters, and the backoff of retries.
        .build()?;
    lambda_runtime::run(lambda::from_sqs(bus)).await
}
