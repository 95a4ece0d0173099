//! What AWS would bill: requests from publishing to deleting, for 1,000 small messages when there is always more to do,
//! and those of a queue in which nothing happens.
//!
//! Counted by the stub, where every 64 KiB of a request is one. What makes the topology is not counted.

mod support;

use std::time::{Duration, Instant};

use melange::{EventBus, MessagePublisher, subscriber, subscribers};
use melange_aws::{Aws, Provision};
use melange_aws_stub::{Requests, Stub};
use support::events::{Order, Sample};
use support::report::figure;
use support::server::Server;
use support::{Result, marks, melange_side, raw, setting};

/// How long an idle bus is watched, in real time.
const WATCHED: Duration = Duration::from_secs(60);
/// The queues, and how long each message takes there.
const QUEUES: [&str; 3] = ["billing", "packing", "mailing"];

#[subscriber(listens_to = Order, queue = "billing")]
async fn bill(_: &Order) {
    work().await;
}

#[subscriber(listens_to = Order, queue = "packing")]
async fn pack(_: &Order) {
    work().await;
}

#[subscriber(listens_to = Order, queue = "mailing")]
async fn mail(_: &Order) {
    work().await;
}

static PAUSE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

async fn work() {
    let pause = PAUSE.load(std::sync::atomic::Ordering::Relaxed);
    if pause > 0 {
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    marks::handled();
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let count = setting("MELANGE_BENCH_MESSAGES", 10_000) as u64;
    println!("billed requests for 1,000 messages of 512 B, publish to delete, of {count} messages");
    println!("{:<34}{:>10}{:>10}{:>14}", "", "raw", "melange", "melange/raw");
    let mut figures = Vec::new();
    for (queues, name) in [(1, "requests_per_1000"), (3, "requests_per_1000_3_queues")] {
        let mut most: f64 = 0.0;
        let by_hand = raw_requests(queues, count).await?;
        for pause in [0, 20] {
            PAUSE.store(pause, std::sync::atomic::Ordering::Relaxed);
            let melange = melange_requests(queues, count).await?;
            let what = format!("{queues} queue(s), handlers of {pause} ms");
            println!("{what:<34}{by_hand:>10.1}{melange:>10.1}{:>14.3}", melange / by_hand);
            most = most.max(melange);
        }
        figures.push((name, most));
    }

    println!("requests of an idle queue in a minute, counted for {WATCHED:?} of real time");
    let (one, three, by_hand) = tokio::try_join!(idle(1), idle(3), raw_idle())?;
    println!("{:<34}{by_hand:>10.1}{one:>10.1}{:>14.3}", "1 queue", one / by_hand);
    println!("{:<34}{by_hand:>10.1}{three:>10.1}{:>14.3}", "3 queues, each", three / by_hand);
    figures.push(("idle_requests_per_minute", one.max(three)));

    figures.into_iter().for_each(|(name, value)| figure(name, value));
    Ok(())
}

/// A bus for so many of the queues.
fn bus(server: &Server, queues: usize, provision: Provision) -> Result<EventBus> {
    let subscribers = match queues {
        1 => subscribers![bill],
        _ => subscribers![bill, pack, mail],
    };
    let transport = Aws::from_config(&server.config).queue("billing").provision(provision);
    Ok(EventBus::builder().subscribers(subscribers).transport(transport).build()?)
}

/// A stub whose topic feeds so many queues.
async fn provisioned(queues: usize) -> Result<(Stub, Server)> {
    let stub = Stub::start().await;
    let server = Server::stub(&stub);
    let bus = bus(&server, queues, Provision::Create)?;
    bus.start().await?;
    bus.shutdown(Duration::from_secs(5)).await?;
    Ok((stub, server))
}

async fn melange_requests(queues: usize, count: u64) -> Result<f64> {
    let (stub, server) = provisioned(queues).await?;
    stub.reset_counts();
    let publisher = MessagePublisher::new(Aws::from_config(&server.config));
    melange_side::publish_with(&publisher, &Order::sized(512)?, count, || ()).await?;
    let bus = bus(&server, queues, Provision::Assume)?;
    let deliveries = count * queues as u64;
    marks::begin(deliveries);
    bus.start().await?;
    marks::all_handled().await?;
    melange_side::stop(bus, deliveries).await?;
    Ok(for_1000(&stub, count))
}

async fn raw_requests(queues: usize, count: u64) -> Result<f64> {
    let (stub, server) = provisioned(queues).await?;
    let arn = server.topic(Order::TOPIC).await?;
    let mut urls = Vec::new();
    for name in QUEUES.iter().take(queues) {
        urls.push(server.sqs.get_queue_url().queue_name(*name).send().await?.queue_url.ok_or("no queue")?);
    }
    stub.reset_counts();
    raw::publish(&server.sns, &arn, &Order::sized(512)?, count, || ()).await?;
    marks::begin(count * queues as u64);
    let start = |url: &String| {
        raw::Consumer::start::<Order>(&server.sqs, url, raw::RECEIVES, |_| marks::handled(), Duration::ZERO)
    };
    let consumers: Vec<_> = urls.iter().map(start).collect();
    marks::all_handled().await?;
    while consumers.iter().map(raw::Consumer::deleted).sum::<u64>() < count * queues as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let requests = for_1000(&stub, count);
    for consumer in consumers {
        consumer.stop().await;
    }
    Ok(requests)
}

/// Those under way at the end are billed too.
fn for_1000(stub: &Stub, count: u64) -> f64 {
    let requests: Requests = stub.requests();
    let billed: u64 = requests.iter().map(|(_, count)| count.billed.max(count.requests)).sum();
    billed as f64 * 1000.0 / count as f64
}

/// In a minute, for each queue.
async fn idle(queues: usize) -> Result<f64> {
    let (stub, server) = provisioned(queues).await?;
    let bus = bus(&server, queues, Provision::Assume)?;
    bus.start().await?;
    let requests = watched(&stub).await;
    bus.shutdown(Duration::from_secs(5)).await?;
    Ok(requests / queues as f64)
}

/// The hand-written loop keeps all its receives open.
async fn raw_idle() -> Result<f64> {
    let (stub, server) = provisioned(1).await?;
    let url = server.sqs.get_queue_url().queue_name("billing").send().await?.queue_url.ok_or("no queue")?;
    let consumer = raw::Consumer::start::<Order>(&server.sqs, &url, raw::RECEIVES, |_| (), Duration::ZERO);
    let requests = watched(&stub).await;
    consumer.stop().await;
    Ok(requests)
}

/// What is asked in a minute, once it has settled.
async fn watched(stub: &Stub) -> f64 {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let from = Instant::now();
    tokio::time::sleep(WATCHED).await;
    let asked = stub.calls().iter().filter(|call| call.at >= from).count();
    asked as f64 * 60.0 / from.elapsed().as_secs_f64()
}
