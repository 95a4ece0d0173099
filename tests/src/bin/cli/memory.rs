//! A program with the tool in it, over queues in memory. `WAITING=3` lets three orders wait in them, `FAILING=2` two whose
//! subscriber fails, and `LETTERS=5` has five given up.

mod orders;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use melange::{EventBus, MemoryTransport};
use orders::OrderPlaced;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let bus = EventBus::builder().linked().transport(MemoryTransport::new().queue("billing")).build()?;
    for (variable, total_cents) in [("WAITING", 4200), ("FAILING", 0), ("LETTERS", -1)] {
        let count: u64 = std::env::var(variable).map_or(Ok(0), |count| count.parse())?;
        for number in 0..count {
            let region = if number % 2 == 0 { "eu" } else { "us" };
            bus.publish(OrderPlaced { order_id: format!("o-{number}"), total_cents, region: region.to_owned() })
                .await?;
        }
        while variable == "LETTERS" && bus.metrics().dead_lettered < count {
            tokio::time::timeout(Duration::from_secs(10), bus.consume_event()).await??;
        }
    }
    if let Some(done) = melange::cli::run(&bus).await? {
        return done;
    }
    println!("the service runs, with {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    Ok(ExitCode::from(7))
}
