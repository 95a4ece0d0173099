//! A worker: creates its queue, subscribes it to the topics its subscribers listen to, and polls until Ctrl-C or
//! SIGTERM.
//!
//! `cargo xtask server` prints the exports for a local server; then `cargo run --example aws_worker`, and in another
//! terminal `cargo run --example aws_publisher`.

use std::time::Duration;

use melange::EventBus;
use melange_aws::{Aws, Provision};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter("info,aws_config=warn").with_writer(std::io::stderr).init();
    let aws = Aws::from_env().await;
    let bus = EventBus::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws]) // A crate that nobody names is dropped by the linker.
        .transport(aws.queue("billing").provision(Provision::Create))
        .build()?;
    let report = bus.run(Duration::from_secs(25)).await?;
    println!("stopped: {report:?}");
    Ok(())
}
