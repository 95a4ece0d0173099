//! Publishes one order, as a script or a cron job would. `cargo run --example aws_publisher -- o-7 4200`

use melange::MessagePublisher;
use melange_aws::Aws;
use melange_examples_aws::OrderPlaced;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let order_id = arguments.next().unwrap_or_else(|| "o-1".to_owned());
    let total_cents = arguments.next().map_or(Ok(4200), |cents| cents.parse())?;

    let publisher = MessagePublisher::new(Aws::from_env().await);
    let event_id = publisher.publish(OrderPlaced { order_id, total_cents }).await?;
    println!("published {event_id}");
    Ok(())
}
