//! A service with the tool in it, over AWS or what stands in for it. `PREFIX` goes before its names, `ORDERS` is the ARN
//! of a topic elsewhere, and `PATIENT=1` has a value subscribe that tries more often than SQS counts.

mod orders;

use std::error::Error;
use std::time::Duration;

use melange::{Context, EventBus, Outcome, RetryPolicy, Subscriber, SubscriberOptions};
use melange_aws::{Aws, Provision};
use orders::OrderPlaced;

struct Patient;

impl Subscriber<OrderPlaced> for Patient {
    async fn process(&self, _: &OrderPlaced, _: &Context<OrderPlaced>) -> Outcome {
        Outcome::Done
    }

    fn options(&self) -> SubscriberOptions {
        let RetryPolicy { min, max, .. } = RetryPolicy::DEFAULT;
        SubscriberOptions::new().with_retry(RetryPolicy::new(2000, min, max))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let said = |variable| std::env::var(variable).ok();
    let mut aws = Aws::from_env().await.prefix(said("PREFIX").unwrap_or_default());
    if let Some(arn) = said("ORDERS") {
        aws = aws.topic_arn("orders", arn);
    }
    let queue = aws.queue("billing").provision(Provision::Create);
    let mut builder = EventBus::builder().linked().transport(queue);
    if said("PATIENT").is_some() {
        builder = builder.subscriber(Patient);
    }
    let bus = builder.build()?;
    if let Some(done) = melange_aws::cli::run(&bus).await? {
        return done;
    }
    bus.run(Duration::from_secs(10)).await?;
    Ok(())
}
