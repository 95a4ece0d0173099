//! Melange beside ruststream-sqs-sns on the stub: the same messages from the same kind of queue, read into the same type,
//! with the same handler.
//!
//! RustStream receives ten at a time, one receive ahead, and deletes each message by itself. It runs as it is by default,
//! one message after the other, and with 64 workers, as many messages as Melange has in hand; the figure is against the
//! faster of the two.

#[path = "../../support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use melange::Event as _;
use melange_aws_stub::Stub;
use ruststream_sqs_sns::prelude::*;
use support::events::{self, Order, Sample};
use support::rates::{Rate, Side, consume, finish, fresh};
use support::report::{Measured, figure};
use support::server::Server;
use support::{cpu, marks, setting};

/// How long answers take beyond what the stub needs, about as long as those of AWS.
const AWAY: Duration = Duration::from_millis(5);

#[subscriber(SqsQueue)]
async fn one_by_one(order: &Order) -> HandlerOutcome {
    black_box(order.number());
    marks::handled();
    HandlerOutcome::ack()
}

#[subscriber(SqsQueue, workers(64))]
async fn side_by_side(order: &Order) -> HandlerOutcome {
    black_box(order.number());
    marks::handled();
    HandlerOutcome::ack()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> support::Result<()> {
    let rounds = setting("MELANGE_BENCH_ROUNDS", 5);
    let count = setting("MELANGE_BENCH_MESSAGES", 10_000) as u64;
    let stub = Stub::start().await;
    let mut server = Server::stub(&stub);
    server.delay = AWAY;
    // Fewer, since one of them waits for every answer.
    let away = compare(&server, rounds, count / 5).await?;
    server.delay = Duration::ZERO;
    let without = compare(&server, rounds, count).await?;
    figure("consumed_vs_ruststream", away);
    figure("consumed_vs_ruststream_without_distance", without);
    Ok(())
}

/// Melange beside the faster of the two.
async fn compare(server: &Server, rounds: usize, count: u64) -> support::Result<f64> {
    println!("answers delayed by {:?}: {rounds} rounds, {count} messages of 512 B in each", server.delay);
    println!("{:<34}{:>14}{:>14}", "consumed, standard queue", "messages/s", "CPU us each");
    let bodies = events::bodies::<Order>(count, 512)?;
    let mut table: [(Measured, Measured); 4] = Default::default();
    for round in 0..rounds {
        for turn in 0..table.len() {
            let at = (turn + round) % table.len();
            let rate = match at {
                0 => ruststream(server, false, &bodies).await?,
                1 => ruststream(server, true, &bodies).await?,
                2 => consume::<Order>(server, Side::Raw, &bodies).await?,
                _ => consume::<Order>(server, Side::Melange, &bodies).await?,
            };
            if let Some((rates, cpu)) = table.get_mut(at) {
                rates.add(rate.rate);
                cpu.add(rate.cpu);
            }
        }
    }
    let names = ["ruststream, by default", "ruststream, 64 workers", "raw loop", "Melange"];
    for (name, (rates, cpu)) in names.iter().zip(&table) {
        println!("{name:<34}{:>14}{:>14}", rates.to_string(), cpu.to_string());
    }
    let [alone, workers, raw, melange] = table;
    println!("Melange/ruststream by default: {}", melange.0.over(&alone.0));
    println!("Melange/ruststream with 64 workers: {}", melange.0.over(&workers.0));
    println!("Melange/raw: {}", melange.0.over(&raw.0));
    Ok(melange.0.over(&alone.0).median().min(melange.0.over(&workers.0).median()))
}

async fn ruststream(server: &Server, many: bool, bodies: &[events::Body]) -> support::Result<Rate> {
    let name = fresh::<Order>();
    let url = server.queue(&name).await?;
    server.fill(&url, Order::DESCRIPTOR.name(), bodies).await?;
    let count = bodies.len() as u64;
    server.measure();
    server.measure();
    marks::begin(count);
    let before = cpu::used();
    let broker = SqsBroker::from_config(server.config.clone());
    let app = RustStream::new(AppInfo::new("bench", "0.1.0")).with_broker(broker, |b| {
        if many {
            b.include(side_by_side.name(name.clone()));
        } else {
            b.include(one_by_one.name(name.clone()));
        }
    });
    let running = app.start().await?;
    marks::all_handled().await?;
    while !server.is_empty(&url).await? {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = finish(count, before);
    server.measured();
    running.shutdown().await?;
    server.delete(&url).await?;
    rate
}
