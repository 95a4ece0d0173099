//! From publishing to the handler, at 100 messages in a second: beside the raw loop, with the window and without.
//!
//! Each event is published by itself at a moment of its own (the gaps are random, as arrivals are), so that two of them
//! meet now and then. All take turns on one stub, for a few seconds each.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use melange::{EventBus, MessagePublisher};
use melange_aws::Aws;
use melange_aws_stub::Stub;
use support::events::{Order, Sample};
use support::report::{Measured, figure};
use support::server::Server;
use support::{Result, melange_side, raw, setting};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

const PER_SECOND: f64 = 100.0;
const QUEUE: &str = "billing";
/// The window in which publishes are gathered, unless said otherwise.
const WINDOW: Duration = Duration::from_millis(5);

static START: OnceLock<Instant> = OnceLock::new();
/// When each event was published, in microseconds since the start; by its number.
static PUBLISHED: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// How long each took, in microseconds.
static TOOK: Mutex<Vec<u64>> = Mutex::new(Vec::new());
static ARRIVED: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let rounds = setting("MELANGE_BENCH_ROUNDS", 5);
    let count = setting("MELANGE_BENCH_MESSAGES", 500);
    let stub = Stub::start().await;
    let server = Server::stub(&stub);
    stub.create_topic(Order::TOPIC);
    stub.create_queue(QUEUE);
    stub.subscribe(Order::TOPIC, QUEUE, true);
    let sample = Order::sized(512)?;

    let ways = [Way::Raw, Way::NoWindow, Way::Window];
    let mut taken: [Measured; 3] = Default::default();
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let at = (turn + round) % ways.len();
            let (Some(way), Some(all)) = (ways.get(at), taken.get_mut(at)) else { continue };
            for micros in way.run(&server, &sample, count).await? {
                all.add(micros as f64);
            }
        }
    }

    println!("publish to handler, {PER_SECOND} messages of 512 B in a second, {} of each", rounds * count);
    println!("{:<34}{:>12}{:>12}{:>12}", "", "p50 ms", "p90 ms", "p99 ms");
    for (way, all) in ways.iter().zip(&taken) {
        let ms = |part| all.quantile(part) / 1000.0;
        println!("{:<34}{:>12.2}{:>12.2}{:>12.2}", way.name(), ms(0.5), ms(0.9), ms(0.99));
    }
    let [raw, without, with] = taken.map(|all| all.quantile(0.99));
    println!("the window of {WINDOW:?} adds {:.2} ms at p99 to Melange without it", (with - without) / 1000.0);
    figure("latency_p99_vs_raw", with / raw);
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Raw,
    NoWindow,
    Window,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw loop, one receive at a time",
            Self::NoWindow => "Melange without a window",
            Self::Window => "Melange",
        }
    }

    /// How long each event took, in microseconds.
    async fn run(self, server: &Server, sample: &Order, count: usize) -> Result<Vec<u64>> {
        ARRIVED.store(0, Ordering::SeqCst);
        TOOK.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner) = vec![0; count];
        let url = server.sqs.get_queue_url().queue_name(QUEUE).send().await?.queue_url.ok_or("no queue")?;
        let (by_hand, bus): (Option<raw::Consumer>, Option<EventBus>) = match self {
            Self::Raw => (Some(raw::Consumer::start(&server.sqs, &url, 1, arrived, Duration::ZERO)), None),
            _ => (None, Some(melange_side::consume(server, QUEUE, arrived).await?)),
        };
        let arn = server.topic(Order::TOPIC).await?;
        let linger = if matches!(self, Self::NoWindow) { Duration::ZERO } else { WINDOW };
        let publisher = MessagePublisher::new(Aws::from_config(&server.config).linger(linger));

        let mut publishing: JoinSet<Result<()>> = JoinSet::new();
        let mut at = tokio::time::Instant::now() + Duration::from_millis(200);
        for number in 0..count as u64 {
            // Arrivals that know nothing of each other.
            at += Duration::from_secs_f64(-(1.0 - fastrand::f64()).ln() / PER_SECOND);
            sleep_until(at).await;
            let (sns, arn, publisher, sample) = (server.sns.clone(), arn.clone(), publisher.clone(), sample.clone());
            publishing.spawn(async move {
                published(number);
                match self {
                    Self::Raw => raw::publish_batch(&sns, &arn, &sample, &[number]).await?,
                    _ => drop(publisher.publish(sample.numbered(number)).await?),
                }
                Ok(())
            });
        }
        while let Some(published) = publishing.join_next().await {
            published??;
        }
        while ARRIVED.load(Ordering::Relaxed) < count as u64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if let Some(consumer) = by_hand {
            while consumer.deleted() < count as u64 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            consumer.stop().await;
        }
        if let Some(bus) = bus {
            melange_side::stop(bus, count as u64).await?;
        }
        Ok(TOOK.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn now() -> u64 {
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn published(number: u64) {
    let now = now();
    if let Some(at) = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number as usize) {
        *at = now;
    }
}

fn arrived(order: &Order) {
    let now = now();
    let at = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner).get(order.number() as usize).copied();
    TOOK.lock().unwrap_or_else(PoisonError::into_inner).push(now - at.unwrap_or(now));
    ARRIVED.fetch_add(1, Ordering::SeqCst);
}
