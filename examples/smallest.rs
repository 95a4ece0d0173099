//! The smallest complete program.
#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
struct OrderPlaced(u64);

#[melange::subscriber(listens_to = OrderPlaced)]
async fn receipt(order: &OrderPlaced) {
    println!("{} cents", order.0)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = melange::EventBus::builder().linked().build()?;
    bus.start().await?;
    bus.publish(OrderPlaced(4200)).await?;
    bus.shutdown(std::time::Duration::from_secs(5)).await?;
    Ok(())
}
