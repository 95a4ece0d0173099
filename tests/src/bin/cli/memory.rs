//! A program with the tool in it, over queues in memory. `WAITING=3` lets three orders wait in them, `FAILING=2` two whose
//! subscriber fails, and `LETTERS=5` has five given up. `HEARD=1` has a closure listen to what nobody else
//! does.

mod orders;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use melange::{EventBus, MemoryTransport};
use orders::{OrderPlaced, SeatTaken};

/// The line is the same in whatever a `main` returns that can say how a command ended.
#[allow(dead_code, reason = "it is enough that they compile")]
mod mains {
    use std::process::ExitCode;

    use melange::EventBus;

    pub async fn code(bus: &EventBus) -> ExitCode {
        match melange::cli::run(bus).await {
            Ok(Some(done)) => done,
            Ok(None) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }

    pub async fn own_error(bus: &EventBus) -> Result<(), melange::cli::Failure> {
        if let Some(done) = melange::cli::run(bus).await? {
            return done;
        }
        Ok(())
    }

    pub async fn any_error(bus: &EventBus) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(done) = melange::cli::run(bus).await? {
            return done;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The commands can be run in a task.
    pub async fn spawned(bus: EventBus) -> Result<(), Box<dyn std::error::Error>> {
        let tool = tokio::spawn(async move { melange::cli::run::<ExitCode>(&bus).await });
        tool.await??;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut builder = EventBus::builder().linked().transport(MemoryTransport::new().queue("billing"));
    if std::env::var_os("HEARD").is_some() {
        builder = builder.subscribe(|_: &SeatTaken| {});
    }
    let bus = builder.build()?;
    for (variable, total_cents) in [("WAITING", 4200), ("FAILING", 0), ("LETTERS", -1)] {
        let count: u64 = std::env::var(variable).map_or(Ok(0), |count| count.parse())?;
        for number in 0..count {
            let region = if number % 2 == 0 { "eu" } else { "us" };
            bus.publish(OrderPlaced { order_id: format!("o-{number}"), total_cents, region: region.to_owned() })
                .await?;
        }
        while variable == "LETTERS" && bus.metrics().dead_lettered < count {
            tokio::time::timeout(Duration::from_secs(60), bus.consume_event()).await??;
        }
    }
    if let Some(done) = melange::cli::run(&bus).await? {
        return done;
    }
    println!("the service runs, with {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    Ok(ExitCode::from(7))
}
