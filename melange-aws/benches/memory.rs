//! The memory of a consumer, while 100,000 messages pass through it and 64 are in hand: it must not grow.
//!
//! The server and whoever fills the queue are another process; so is each consumer, which looks at its own resident size
//! every few milliseconds.

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use melange::{Event as _, EventBus, Metadata, State, subscriber, subscribers};
use melange_aws::{Aws, Provision};
use melange_aws_stub::Stub;
use support::events::{Order, bodies};
use support::report::figure;
use support::server::Server;
use support::{Result, marks, raw, setting};

const QUEUE: &str = "billing";
const BYTES: usize = 10 * 1024;
/// Messages in hand at once, as Melange has it unless told otherwise.
const WORKERS: usize = 64;
/// How long a handler holds its event.
const PAUSE: Duration = Duration::from_millis(5);
/// Most messages in the queue.
const AHEAD: usize = 2_000;
const ROLE: &str = "MELANGE_BENCH_ROLE";
const ENDPOINT: &str = "MELANGE_BENCH_ENDPOINT";
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let count = setting("MELANGE_BENCH_MESSAGES", 100_000) as u64;
    match env::var(ROLE).as_deref() {
        Ok("server") => runtime.block_on(serve(count)),
        Ok(role) => runtime.block_on(consume(role == "raw", count)),
        Err(_) => compare(count),
    }
}

fn compare(count: u64) -> Result<()> {
    println!("{count} messages of 10 KiB, {WORKERS} in hand, handlers of {PAUSE:?}; resident size in MiB");
    println!("{:<34}{:>10}{:>10}{:>10}{:>10}", "", "at 10 %", "most", "at end", "growth");
    let bound = (WORKERS * 10 * BYTES) as f64 / MIB;
    let raw = run("raw")?;
    let melange = run("melange")?;
    for (name, size) in [("raw loop", &raw), ("Melange", &melange)] {
        println!("{name:<34}{:>10.1}{:>10.1}{:>10.1}{:>10.1}", size.warm, size.most, size.end, size.growth());
    }
    println!("the bound: {WORKERS} workers x 10 messages x 10 KiB = {bound:.1} MiB");
    println!("Melange at its most beside the raw loop: {:.2}", melange.most / raw.most);
    figure("resident_growth_mib", melange.growth());
    Ok(())
}

/// Resident sizes, in MiB.
struct Sizes {
    warm: f64,
    most: f64,
    end: f64,
}

impl Sizes {
    /// From when it was warm to its most afterwards.
    fn growth(&self) -> f64 {
        self.most - self.warm
    }
}

/// Lets a child consume, while another serves.
fn run(role: &str) -> Result<Sizes> {
    let mut server = start("server", None)?;
    let stdout = server.stdout.take().ok_or("the server has no output")?;
    let mut endpoint = String::new();
    BufReader::new(stdout).read_line(&mut endpoint)?;
    let mut consumer = start(role, Some(endpoint.trim()))?;
    let mut said = String::new();
    consumer.stdout.take().ok_or("the consumer has no output")?.read_to_string(&mut said)?;
    let ended = consumer.wait()?;
    server.kill()?;
    server.wait()?;
    let sizes: Vec<f64> = said.split_whitespace().filter_map(|size| size.parse().ok()).collect();
    match sizes.as_slice() {
        [warm, most, end] if ended.success() => Ok(Sizes { warm: *warm, most: *most, end: *end }),
        _ => Err(format!("the {role} consumer ended with {ended}: {said}").into()),
    }
}

fn start(role: &str, endpoint: Option<&str>) -> Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some(endpoint) = endpoint {
        command.env(ENDPOINT, endpoint);
    }
    Ok(command.spawn()?)
}

/// Serves, and keeps the queue filled until `count` messages were sent; then until it is ended.
async fn serve(count: u64) -> Result<()> {
    let stub = Stub::start().await;
    let server = Server::stub(&stub);
    let url = server.queue(QUEUE).await?;
    println!("{}", stub.endpoint());
    let batch = bodies::<Order>(500.min(count), BYTES)?;
    let mut left = count;
    while left > 0 {
        let waiting = stub.standings(QUEUE).map_or(0, |standings| standings.visible);
        if waiting >= AHEAD {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        let next = batch.get(..(left as usize).min(batch.len())).unwrap_or_default();
        server.fill(&url, Order::DESCRIPTOR.name(), next).await?;
        left -= next.len() as u64;
    }
    std::future::pending().await
}

async fn consume(by_hand: bool, count: u64) -> Result<()> {
    let server = Server::at(&env::var(ENDPOINT)?);
    marks::begin(count);
    let watch = thread::spawn(move || watch(count));
    if by_hand {
        let url = server.sqs.get_queue_url().queue_name(QUEUE).send().await?.queue_url.ok_or("no queue")?;
        let consumer = raw::Consumer::start::<Order>(&server.sqs, &url, raw::RECEIVES, |_| marks::handled(), PAUSE);
        marks::all_handled().await?;
        consumer.stop().await;
    } else {
        let transport = Aws::from_config(&server.config).queue(QUEUE).provision(Provision::Assume);
        let bus = EventBus::builder().subscribers(subscribers![hold]).state(PAUSE).transport(transport).build()?;
        bus.start().await?;
        marks::all_handled().await?;
        bus.shutdown(Duration::from_secs(10)).await?;
    }
    OVER.store(true, Ordering::SeqCst);
    let Sizes { warm, most, end } = watch.join().map_err(|_| "whoever watched has panicked")?;
    println!("{warm} {most} {end}");
    Ok(())
}

#[subscriber(listens_to = Order)]
async fn hold(_: &Order, _: &Metadata, State(pause): State<Duration>) {
    tokio::time::sleep(pause).await;
    marks::handled();
}

static OVER: AtomicBool = AtomicBool::new(false);

/// Looks at the resident size: when a tenth is handled, and from then on.
fn watch(count: u64) -> Sizes {
    let mut sizes: Option<Sizes> = None;
    while !OVER.load(Ordering::SeqCst) {
        if marks::count() >= count / 10 {
            let now = resident();
            let sizes = sizes.get_or_insert(Sizes { warm: now, most: now, end: now });
            sizes.most = sizes.most.max(now);
            sizes.end = now;
        }
        thread::sleep(Duration::from_millis(5));
    }
    sizes.unwrap_or(Sizes { warm: f64::NAN, most: f64::NAN, end: f64::NAN })
}

fn resident() -> f64 {
    let kib = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()
    };
    fs::read_to_string("/proc/self/status").ok().and_then(kib).map_or(f64::NAN, |kib| kib / 1024.0)
}
