//! One round: so many messages consumed or published, by the raw loop or by Melange, and how fast that was.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::events::{Body, Sample};
use super::server::Server;
use super::{Result, cpu, gathering, marks, melange_side, raw};

/// How fast a round was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Messages in a second.
    pub(crate) rate: f64,
    /// Microseconds of processor time for a message, that of the server not counted.
    pub(crate) cpu: f64,
}

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Raw,
    /// The loop by hand, which gathers the events of callers that have one each.
    RawGathering,
    Melange,
    /// Melange, with ten events at a call, as the raw loop has them at hand.
    MelangeAll,
}

/// The whole work of a handler here.
fn handle<E: Sample>(event: &E) {
    black_box(event.number());
    marks::handled();
}

/// The name of a queue that nobody has used yet.
pub(crate) fn fresh<E: Sample>() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let suffix = if E::TOPIC.ends_with(".fifo") { ".fifo" } else { "" };
    format!("billing-{number}{suffix}")
}

/// Consumes what is in a queue: these bodies.
pub(crate) async fn consume<E: Sample>(server: &Server, side: Side, bodies: &[Body]) -> Result<Rate> {
    let name = fresh::<E>();
    let url = server.queue(&name).await?;
    server.fill(&url, E::DESCRIPTOR.name(), bodies).await?;
    let count = bodies.len() as u64;
    server.measure();
    marks::begin(count);
    let before = cpu::used();
    if side == Side::Raw {
        let consumer = raw::Consumer::start(&server.sqs, &url, raw::RECEIVES, handle::<E>, Duration::ZERO);
        marks::all_handled().await?;
        while consumer.deleted() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        consumer.stop().await;
    } else {
        let bus = melange_side::consume(server, &name, handle::<E>).await?;
        marks::all_handled().await?;
        melange_side::stop(bus, count).await?;
    }
    let rate = finish(count, before);
    server.measured();
    server.delete(&url).await?;
    rate
}

/// Publishes so many.
pub(crate) async fn publish<E: Sample>(server: &Server, side: Side, sample: &E, count: u64) -> Result<Rate> {
    let arn = server.topic(E::TOPIC).await?;
    server.measure();
    marks::begin(count);
    let before = cpu::used();
    match side {
        Side::Raw => raw::publish(&server.sns, &arn, sample, count, marks::handled).await?,
        Side::RawGathering => gathering::publish(&server.sns, &arn, sample, count, marks::handled).await?,
        Side::Melange => melange_side::publish(server, sample, count, marks::handled).await?,
        Side::MelangeAll => melange_side::publish_all(server, sample, count, marks::handled).await?,
    }
    server.measured();
    finish(count, before)
}

pub(crate) fn finish(count: u64, before: Duration) -> Result<Rate> {
    let cpu = (cpu::used() - before).as_secs_f64() * 1e6 / count as f64;
    Ok(Rate { rate: marks::rate()?, cpu })
}
