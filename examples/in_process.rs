//! Two buses without queues: one that runs every subscriber in the caller's thread, one with worker tasks.
//! `cargo run --example in_process`

use std::time::Duration;

use melange::{AsynchronousEventBus, Event, SynchronousEventBus, subscriber};

#[derive(Debug, Event)]
#[event(local)]
struct ClockTicked {
    #[event(key)]
    clock: &'static str,
    at: u64,
}

#[subscriber(listens_to = ClockTicked, queue = "domain")]
fn draw_hands(tick: &ClockTicked) {
    println!("  draw_hands  {} at {}", tick.clock, tick.at);
}

#[subscriber(listens_to = ClockTicked, queue = "domain")]
fn strike(tick: &ClockTicked) -> Result<(), String> {
    if tick.at == 2 { Err("the bell is broken".to_owned()) } else { Ok(()) }
}

#[subscriber(listens_to = ClockTicked, queue = "slow")]
async fn write_log(tick: &ClockTicked) {
    tokio::time::sleep(Duration::from_millis(10)).await;
    println!("  write_log   {} at {}", tick.clock, tick.at);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("Synchronous: when publish returns, every subscriber has run.");
    let bus = SynchronousEventBus::builder().linked_where(|s| s.queue() == Some("domain")).build()?;
    for at in 1..=2 {
        if let Err(failures) = bus.publish(&ClockTicked { clock: "hall", at }) {
            println!("  {failures}");
        }
    }

    println!("Asynchronous: same clock, same order; different clocks in parallel.");
    let bus = AsynchronousEventBus::builder()
        .linked_where(|s| s.queue() == Some("slow"))
        .workers(8)
        .capacity(10_000)
        .on_error(|failure| eprintln!("  {failure}"))
        .build()?;
    for at in 1..=3 {
        bus.publish(ClockTicked { clock: "hall", at }).await?;
        bus.publish(ClockTicked { clock: "tower", at }).await?;
    }
    let drained = bus.shutdown(Duration::from_secs(2)).await;
    println!("  delivered {}, dropped {}", drained.delivered, drained.dropped);
    Ok(())
}
