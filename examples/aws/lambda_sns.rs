//! A Lambda function behind an SNS topic: every record is handled, and an error fails the invocation, so that Lambda
//! retries it.
//!
//! Locally, with this repository's stub of the Lambda runtime API:
//! `cargo run -p melange-lambda-stub -- --example lambda_sns examples/aws/payloads/sns_*.json`

use melange::EventBus;
use melange_aws::lambda;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).init();
    let bus = EventBus::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws]) // A crate that nobody names is dropped by the linker.
        .build()?;
    lambda_runtime::run(lambda::from_sns(bus)).await
}
