//! A service with the tool in it, over AWS or what stands in for it. `PREFIX` goes before its names.

mod orders;

use std::error::Error;
use std::time::Duration;

use melange::EventBus;
use melange_aws::{Aws, Provision};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let aws = Aws::from_env().await.prefix(std::env::var("PREFIX").unwrap_or_default());
    let queue = aws.queue("billing").provision(Provision::Create);
    let bus = EventBus::builder().linked().transport(queue).build()?;
    if let Some(done) = melange_aws::cli::run(&bus).await? {
        return done;
    }
    bus.run(Duration::from_secs(10)).await?;
    Ok(())
}
