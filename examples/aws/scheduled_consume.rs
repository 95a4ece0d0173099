//! A job on a schedule (a scheduled Lambda function, a cron job): handles the messages there are, up to a limit, and
//! exits. `cargo run --example scheduled_consume`

use std::time::Duration;

use melange::{Consumed, MessageConsumer};
use melange_aws::{Aws, Provision};

const AT_MOST: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let aws = Aws::from_env().await;
    let consumer = MessageConsumer::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws])
        .transport(aws.queue("billing").provision(Provision::Create))
        .wait(Duration::from_secs(2))
        .build()?;
    consumer.prepare().await?;
    for _ in 0..AT_MOST {
        match consumer.consume_event().await? {
            Consumed::Message(processed) => println!("{processed:?}"),
            _ => break,
        }
    }
    println!("{:?}", consumer.metrics());
    Ok(())
}
