//! Three services that know nothing of each other but their events: orders, payments and shipping, on one account in
//! memory. Queues hand out in any order and some messages twice, calls fail and answers are lost, handlers fail, panic and
//! reject. Whatever the seed: nothing is lost, nothing is made up, every order comes to its end once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::TransportErrorKind;
use melange::{Event, EventBus, MemoryTransport, MessagePublisher, Metadata, Outcome, State, subscriber, subscribers};
use melange_tests::faulty::{Act, Call, Faulty, Op};
use melange_tests::six_counts::SixCounts;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

const SEEDS: u64 = 1_000;
const ORDERS: u64 = 3;

/// The payment of this order is refused by the bank, and of this one it cannot even be asked at first.
const REFUSED: u64 = 1;
const POISON: u64 = 2;

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    id: u64,
    order: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentTaken {
    id: u64,
    order: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentRefused {
    id: u64,
    order: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "parcels.fifo")]
struct ParcelMoved {
    id: u64,
    #[event(key)]
    order: u64,
    step: u64,
}

/// What the three services have done, and what a test knows of it.
#[derive(Default)]
struct World {
    seed: u64,
    last_id: AtomicU64,
    attempted: Mutex<BTreeSet<u64>>,
    /// The ids of events that were published, with who is to handle them.
    acknowledged: Mutex<Vec<(u64, &'static [&'static str])>>,
    /// How often each handler came to its end with each event.
    handled: Mutex<BTreeMap<(u64, &'static str), usize>>,
    runs: Mutex<BTreeMap<(u64, &'static str), u64>>,
    /// The bank can be asked about everything.
    mended: AtomicBool,
    orders: Mutex<BTreeMap<u64, Order>>,
    changed: Notify,
}

/// An order, as the three services together know it.
#[derive(Default)]
struct Order {
    is_placed: bool,
    is_paid: bool,
    is_shipped: bool,
    last_step: u64,
    ended: Option<&'static str>,
}

impl World {
    fn new_id(&self) -> u64 {
        let id = self.last_id.fetch_add(1, Ordering::SeqCst) + 1;
        self.attempted.lock().unwrap().insert(id);
        id
    }

    fn with<T>(&self, order: u64, change: impl FnOnce(&mut Order) -> T) -> T {
        let changed = change(self.orders.lock().unwrap().entry(order).or_default());
        self.changed.notify_waiters();
        changed
    }

    /// What becomes of this run before it does anything, or after it has done everything: the same for the same seed.
    fn chance(&self, id: u64, handler: &'static str) -> Chance {
        let mut runs = self.runs.lock().unwrap();
        let run = runs.entry((id, handler)).or_default();
        *run += 1;
        let name = handler.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut random = fastrand::Rng::with_seed(self.seed ^ id << 32 ^ *run << 56 ^ name);
        // In the end everything succeeds.
        match random.u8(..100) {
            _ if *run > 3 => Chance::Succeed,
            0..6 => Chance::FailBefore,
            6..10 => Chance::FailAfter,
            10..12 => Chance::Panic,
            _ => Chance::Succeed,
        }
    }

    fn note(&self, id: u64, handler: &'static str) {
        *self.handled.lock().unwrap().entry((id, handler)).or_default() += 1;
    }
}

#[derive(PartialEq)]
enum Chance {
    Succeed,
    FailBefore,
    /// Done, but nobody is told so: it comes again.
    FailAfter,
    Panic,
}

/// What a handler works with.
#[derive(Clone)]
struct Desk {
    world: Arc<World>,
    publisher: MessagePublisher,
}

impl Desk {
    async fn publish<E: Event>(
        &self,
        id: u64,
        event: E,
        to: &'static [&'static str],
    ) -> Result<(), melange::PublishError> {
        self.publisher.publish(event).await?;
        self.world.acknowledged.lock().unwrap().push((id, to));
        Ok(())
    }

    /// Runs a handler with what chance has for it.
    async fn run<F: Future<Output = Outcome>>(&self, id: u64, handler: &'static str, work: F) -> Outcome {
        let chance = self.world.chance(id, handler);
        match chance {
            Chance::FailBefore => return Outcome::retry("not yet"),
            // Without the words, and the backtrace, of a panic that nobody expects.
            Chance::Panic => std::panic::resume_unwind(Box::new("a handler that was told to")),
            Chance::Succeed | Chance::FailAfter => {}
        }
        let outcome = work.await;
        if chance == Chance::FailAfter {
            return Outcome::retry("done, and nobody was told");
        }
        if matches!(outcome, Outcome::Done) {
            self.world.note(id, handler);
        }
        outcome
    }
}

// --- Payments. ---

#[subscriber(listens_to = OrderPlaced, retry(attempts = 20, backoff = "1s..10s"))]
async fn charge(event: &OrderPlaced, State(desk): State<Desk>) -> Outcome {
    desk.run(event.id, "charge", async {
        if event.order % ORDERS == POISON && !desk.world.mended.load(Ordering::SeqCst) {
            return Outcome::reject("the bank does not know this card");
        }
        let id = desk.world.new_id();
        let sent = if event.order % ORDERS == REFUSED {
            desk.publish(id, PaymentRefused { id, order: event.order }, &["cancel"]).await
        } else {
            desk.publish(id, PaymentTaken { id, order: event.order }, &["paid"]).await
        };
        if sent.is_ok() { Outcome::Done } else { Outcome::retry("could not say so") }
    })
    .await
}

// --- Shipping: it needs both, and they come in any order. ---

#[subscriber(listens_to = OrderPlaced, retry(attempts = 20, backoff = "1s..10s"))]
async fn prepare(event: &OrderPlaced, State(desk): State<Desk>) -> Outcome {
    desk.run(event.id, "prepare", async {
        desk.world.with(event.order, |order| order.is_placed = true);
        ship_if_ready(&desk, event.order).await
    })
    .await
}

#[subscriber(listens_to = PaymentTaken, retry(attempts = 20, backoff = "1s..10s"))]
async fn paid(event: &PaymentTaken, State(desk): State<Desk>) -> Outcome {
    desk.run(event.id, "paid", async {
        desk.world.with(event.order, |order| order.is_paid = true);
        ship_if_ready(&desk, event.order).await
    })
    .await
}

async fn ship_if_ready(desk: &Desk, order: u64) -> Outcome {
    if desk.world.with(order, |known| !known.is_placed || !known.is_paid || known.is_shipped) {
        return Outcome::Done;
    }
    for step in 1..=3 {
        let id = desk.world.new_id();
        if desk.publish(id, ParcelMoved { id, order, step }, &["track"]).await.is_err() {
            return Outcome::retry("could not say so");
        }
    }
    desk.world.with(order, |known| known.is_shipped = true);
    Outcome::Done
}

// --- Orders. ---

#[subscriber(listens_to = PaymentRefused, retry(attempts = 20, backoff = "1s..10s"))]
async fn cancel(event: &PaymentRefused, State(desk): State<Desk>) -> Outcome {
    desk.run(event.id, "cancel", async {
        desk.world.with(event.order, |order| order.end("cancelled"));
        Outcome::Done
    })
    .await
}

#[subscriber(listens_to = ParcelMoved, queue = "orders-parcels.fifo", retry(attempts = 20, backoff = "1s..10s"))]
async fn track(event: &ParcelMoved, meta: &Metadata, State(desk): State<Desk>) -> Outcome {
    assert_eq!(meta.topic, "parcels.fifo");
    desk.run(event.id, "track", async {
        desk.world.with(event.order, |order| {
            // What was shipped twice comes twice; what was never seen comes in its order.
            assert!(event.step <= order.last_step + 1, "step {} after {}", event.step, order.last_step);
            order.last_step = order.last_step.max(event.step);
            if event.step == 3 {
                order.end("arrived");
            }
        });
        Outcome::Done
    })
    .await
}

impl Order {
    fn end(&mut self, how: &'static str) {
        assert!(self.ended.is_none_or(|before| before == how), "{how}, though it was {:?}", self.ended);
        self.ended = Some(how);
    }
}

// --- The test. ---

/// A service over `account`, with calls that fail as `seed` says.
async fn service(account: &MemoryTransport, world: &Arc<World>, name: &str, salt: u64) -> EventBus {
    let faulty = Faulty::over(account.queue(name));
    let random = Mutex::new(fastrand::Rng::with_seed(world.seed.wrapping_mul(31).wrapping_add(salt)));
    faulty.rule(move |call: &Call| {
        if call.op == Op::Prepare {
            return Act::Pass;
        }
        let act = random.lock().unwrap().u8(..100);
        match (call.op, act) {
            (_, 0..3) => Act::Fail(TransportErrorKind::Unavailable),
            (_, 3..5) => Act::LoseAnswer,
            (Op::Publish | Op::Delete, 5..8) => Act::Delay(Duration::from_secs(3)),
            _ => Act::Pass,
        }
    });
    let desk = Desk { world: Arc::clone(world), publisher: MessagePublisher::new(faulty.clone()) };
    let builder = EventBus::builder().transport(faulty).state(desk).concurrency(20);
    let bus = match name {
        "payments" => builder.subscribers(subscribers![charge]),
        "shipping" => builder.subscribers(subscribers![prepare, paid]),
        _ => builder.subscribers(subscribers![cancel, track]),
    };
    let bus = bus.build().unwrap();
    bus.start().await.unwrap();
    bus
}

async fn until(world: &World, what: &str, holds: impl Fn(&BTreeMap<u64, Order>) -> bool) {
    let came_true = async {
        loop {
            let changed = world.changed.notified();
            if holds(&world.orders.lock().unwrap()) {
                return;
            }
            changed.await;
        }
    };
    let ten_hours = Duration::from_secs(36_000);
    assert!(timeout(ten_hours, came_true).await.is_ok(), "seed {}: {what} did not come true in ten hours", world.seed);
}

/// One run of everything, and what was counted.
async fn run(seed: u64) -> SixCounts {
    let account = MemoryTransport::builder().seed(seed).shuffled().duplicates(0.1).build();
    let world = Arc::new(World { seed, ..World::default() });
    let mut buses = Vec::new();
    for (salt, name) in (0..).zip(["orders", "payments", "shipping"]) {
        buses.push(service(&account, &world, name, salt).await);
    }
    let desk = Desk { world: Arc::clone(&world), publisher: MessagePublisher::new(account.clone()) };
    for order in 0..ORDERS {
        let id = world.new_id();
        desk.publish(id, OrderPlaced { id, order }, &["charge", "prepare"]).await.unwrap();
    }
    until(&world, "all but one have ended", |orders| {
        (0..ORDERS)
            .filter(|order| *order != POISON)
            .all(|order| orders.get(&order).is_some_and(|order| order.ended.is_some()))
    })
    .await;
    // What the bank did not know waits among the dead letters, until somebody puts it back.
    while account.dead_letters("payments").is_empty() {
        sleep(Duration::from_secs(1)).await;
    }
    world.mended.store(true, Ordering::SeqCst);
    account.redrive("payments");
    until(&world, "the last has ended", |orders| orders.get(&POISON).is_some_and(|order| order.ended.is_some())).await;
    // What is left comes again, and is done with.
    let queues = ["orders", "payments", "shipping", "orders-parcels.fifo"];
    let start = Instant::now();
    while queues.iter().any(|queue| account.depth(queue).total() > 0) {
        assert!(start.elapsed() < Duration::from_secs(36_000), "seed {seed}: queues do not run empty");
        sleep(Duration::from_secs(5)).await;
    }
    for bus in buses {
        bus.shutdown(Duration::from_secs(60)).await.unwrap();
    }
    assert_eq!(account.account().undelivered(), 0);
    for (number, order) in world.orders.lock().unwrap().iter() {
        let wanted = if *number == REFUSED { "cancelled" } else { "arrived" };
        assert_eq!(order.ended, Some(wanted), "seed {seed}: order {number}");
    }
    count(&world, &account)
}

fn count(world: &World, account: &MemoryTransport) -> SixCounts {
    let (attempted, acknowledged) = (world.attempted.lock().unwrap(), world.acknowledged.lock().unwrap());
    let handled = world.handled.lock().unwrap();
    let is_handled = |id: u64, to: &[&'static str]| to.iter().all(|handler| handled.contains_key(&(id, *handler)));
    // A duplicate of what was given up is given up again, perhaps after the letter was put back.
    let dead = account.dead_letters("payments").len();
    SixCounts {
        attempted: attempted.len(),
        acknowledged: acknowledged.len(),
        received: handled.keys().map(|(id, _)| id).collect::<BTreeSet<_>>().len() + dead,
        duplicated: handled.values().filter(|count| **count > 1).count(),
        unexpected: handled.keys().filter(|(id, _)| !attempted.contains(id)).count(),
        lost: acknowledged.iter().filter(|(id, to)| !is_handled(*id, to)).count(),
    }
}

#[test]
fn three_services_lose_nothing_whatever_happens() {
    let began = std::time::Instant::now();
    let next = AtomicU64::new(0);
    let total = Mutex::new(SixCounts::default());
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= SEEDS {
                        return;
                    }
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
                    let counts = runtime.unwrap().block_on(run(seed));
                    assert_eq!((counts.lost, counts.unexpected), (0, 0), "seed {seed}: {counts}");
                    let mut total = total.lock().unwrap();
                    total.attempted += counts.attempted;
                    total.acknowledged += counts.acknowledged;
                    total.received += counts.received;
                    total.duplicated += counts.duplicated;
                }
            });
        }
    });
    let total = *total.lock().unwrap();
    println!("{SEEDS} seeds in {:?}: {total}", began.elapsed());
    assert!(total.duplicated > 0, "nothing came twice: then nothing was tested");
    assert!(total.attempted > total.acknowledged, "no publish failed: then nothing was tested");
}
