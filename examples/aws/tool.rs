//! A service with the command-line tool built in: the orders of the other examples, with a queue for billing and one
//! for mail.
//!
//! `cargo xtask server` prints the exports for a local server. Then, in three terminals:
//!
//! ```text
//! cargo run --example tool --features cli                     # the service; `-- melange apply` creates topics and queues too
//! cargo run --example tool --features cli -- melange tail OrderPlaced
//! cargo run --example tool --features cli -- melange publish OrderPlaced --json '{"order_id": "o-1", "total_cents": 4200}'
//! ```
//!
//! Orders without an id are given up: `-- melange dlq ls`, `dlq show`, `dlq redrive`, `dlq drop`. And `-- melange
//! --help` lists all commands. `cargo melange -p melange-examples-aws --example tool --features cli events` works, too.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use melange::{EventBus, Outcome, subscriber};
use melange_aws::{Aws, Provision};
use melange_examples_aws::OrderPlaced;

#[subscriber(listens_to = OrderPlaced, queue = "mail")]
async fn send_mail(order: &OrderPlaced) -> Outcome {
    if order.order_id.is_empty() { Outcome::reject("an order without an id") } else { Outcome::Done }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).init();
    let aws = Aws::from_env().await;
    let bus = EventBus::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws]) // A crate that nobody names is dropped by the linker.
        .transport(aws.queue("billing").provision(Provision::Create))
        .build()?;
    if let Some(done) = melange_aws::cli::run(&bus).await? {
        return done;
    }

    let report = bus.run(Duration::from_secs(25)).await?;
    println!("stopped: {report:?}");
    Ok(ExitCode::SUCCESS)
}
