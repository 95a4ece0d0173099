//! Starts everything, makes it hard for everyone, and says at the end whether all is well.

use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use melange_aws_stub::{Proxy, Stub};
use melange_tests::six_counts::SixCounts;
use tokio::time::{Instant, interval_at, sleep};

use crate::chaos::Chaos;
use crate::child::Process;
use crate::events::QUEUE;
use crate::growth::Growth;
use crate::line::Line;
use crate::tally::Tally;

/// How often it says how it goes.
const REPORT: Duration = Duration::from_secs(30);

/// Longest the rest may take once all faults are over.
const REST: Duration = Duration::from_secs(120);

type Shared = Arc<Mutex<Tally>>;

/// Runs it for so long.
pub(crate) async fn run(time: Duration, seed: u64) -> ExitCode {
    println!("soak for {time:?}, seed {seed}");
    match conduct(time, seed).await {
        Ok(problems) if problems.is_empty() => {
            println!("all is well");
            ExitCode::SUCCESS
        }
        Ok(problems) => {
            problems.iter().for_each(|problem| println!("WRONG: {problem}"));
            println!("again: cargo xtask soak --minutes {} --seed {seed}", time.as_secs_f64() / 60.0);
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the soak cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn conduct(time: Duration, seed: u64) -> io::Result<Vec<String>> {
    let stub = Stub::start().await;
    let proxies = [Proxy::start(stub.port()).await, Proxy::start(stub.port()).await];
    let [to_publisher, to_consumers] = proxies.each_ref().map(Proxy::endpoint);
    let (reader, out) = io::pipe()?;
    let tally = Shared::default();
    listen(reader, Arc::clone(&tally));

    let consume = |name: &str| Process::start(&["consume", name], &to_consumers, &out);
    let (steady, mortal) = (consume("steady")?, consume("mortal")?);
    until(|| ["steady", "mortal"].iter().all(|who| lock(&tally).tasks.contains_key(*who)), Duration::from_secs(60))
        .await;
    let publisher = Process::start(&["publish"], &to_publisher, &out)?;

    let begun = Instant::now();
    let end = begun + time;
    let mut watch = Watch {
        stub: stub.clone(),
        tally: Arc::clone(&tally),
        begun,
        warm: begun + time / 4,
        ids: vec![("conductor", std::process::id()), ("publisher", publisher.id()), ("steady", steady.id())],
        growth: Growth::default(),
    };
    let mut chaos = Chaos::new(seed, &stub, &proxies);
    let mut blows = Blows { random: Rng::with_seed(seed + 1), steady: &steady, kills: 0, stops: 0, freezes: 0 };
    let (mortal, (), ()) = tokio::join!(blows.run(mortal, &to_consumers, &out, end), chaos.run(end), watch.run(end));
    let mortal = mortal?;
    println!("faults: {:?}", chaos.made);
    println!(
        "the mortal one was killed {} times and told to stop {}, the steady one frozen {}",
        blows.kills, blows.stops, blows.freezes
    );

    let mut problems = Vec::new();
    // Whoever was told to stop while nothing could be handed back has said so, and was right.
    lock(&tally).ended.clear();
    // The publisher ends what it has begun, and then everything must arrive.
    if publisher.stop(REST).await.is_none() {
        problems.push("the publisher does not end".to_owned());
    }
    let empty = || [QUEUE, "soak-steps.fifo"].iter().all(|queue| stub.messages_in(queue).is_empty());
    let rest = Instant::now();
    until(|| lock(&tally).counts().lost == 0 && empty(), REST).await;
    println!("the rest took {:?} after the last fault", rest.elapsed());
    if !empty() {
        problems.push("messages are left in the queues".to_owned());
    }
    let letters: usize = ["soak-dlq", "soak-steps-dlq.fifo"].iter().map(|queue| stub.messages_in(queue).len()).sum();
    if letters > 0 {
        problems.push(format!("{letters} messages are in dead-letter queues"));
    }
    // Connections that nobody needs any more, and what an allocator gives back late, are not what is looked for.
    sleep(Duration::from_secs(3)).await;
    watch.look();
    watch.report();
    for (name, process) in [("steady", steady), ("mortal", mortal)] {
        if !process.stop(Duration::from_secs(15)).await.is_some_and(|status| status.success()) {
            problems.push(format!("{name} did not stop in order"));
        }
    }

    let tally = lock(&tally);
    let counts = tally.counts();
    problems.extend(wrong(counts));
    let late = tally.out_of_order();
    if !late.is_empty() {
        problems.push(format!("{} came after a later one of their key: {:?}", late.len(), late.first()));
    }
    problems.extend(watch.growth.problems(&tally.tasks));
    problems.extend(tally.ended.iter().filter(|(_, how)| how != "in order").map(|(who, how)| format!("{who}: {how}")));
    println!("{:?}", stub.messages());
    println!("total: {counts}");
    Ok(problems)
}

fn wrong(counts: SixCounts) -> Vec<String> {
    let named = [("lost", counts.lost), ("unexpected", counts.unexpected)];
    let mut wrong: Vec<String> =
        named.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    if counts.acknowledged == 0 {
        wrong.push("nothing was published".to_owned());
    }
    wrong
}

/// Notes what all processes say, in a thread of its own, so that they never wait for it.
fn listen(reader: PipeReader, tally: Shared) {
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            match Line::read(&line) {
                Some(line) => lock(&tally).note(line),
                None => eprintln!("a process said: {line}"),
            }
        }
    });
}

fn lock(tally: &Shared) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn until(holds: impl Fn() -> bool, patience: Duration) {
    let begun = Instant::now();
    while !holds() && begun.elapsed() < patience {
        sleep(Duration::from_millis(50)).await;
    }
}

/// What happens to the consumers.
struct Blows<'a> {
    random: Rng,
    steady: &'a Process,
    kills: u32,
    stops: u32,
    freezes: u32,
}

impl Blows<'_> {
    /// The mortal one is killed, or told to stop, and started again; the steady one is frozen for a while.
    async fn run(
        &mut self,
        mut mortal: Process,
        endpoint: &str,
        out: &PipeWriter,
        end: Instant,
    ) -> io::Result<Process> {
        while Chaos::pause(&mut self.random, end).await {
            match self.random.u32(0..4) {
                0 => {
                    self.freezes += 1;
                    self.steady.signal("STOP");
                    sleep(Duration::from_millis(self.random.u64(500..9_000))).await;
                    self.steady.signal("CONT");
                }
                1 => {
                    self.stops += 1;
                    let _ = mortal.stop(Duration::from_secs(15)).await;
                    mortal = Process::start(&["consume", "mortal"], endpoint, out)?;
                }
                _ => {
                    self.kills += 1;
                    mortal.kill()?;
                    sleep(Duration::from_millis(self.random.u64(0..2_000))).await;
                    mortal = Process::start(&["consume", "mortal"], endpoint, out)?;
                }
            }
            if mortal.has_ended() {
                mortal = Process::start(&["consume", "mortal"], endpoint, out)?;
            }
        }
        Ok(mortal)
    }
}

/// Looks at everything, and says how it goes.
struct Watch {
    stub: Stub,
    tally: Shared,
    begun: Instant,
    warm: Instant,
    ids: Vec<(&'static str, u32)>,
    growth: Growth,
}

impl Watch {
    async fn run(&mut self, end: Instant) {
        let mut ticks = interval_at(self.begun + Duration::from_secs(1), Duration::from_secs(1));
        let mut next = self.begun + REPORT;
        while Instant::now() < end {
            ticks.tick().await;
            self.look();
            if Instant::now() >= next {
                next += REPORT;
                self.report();
            }
        }
    }

    fn look(&mut self) {
        let is_warm = Instant::now() >= self.warm;
        for (who, id) in &self.ids {
            self.growth.look(who, *id, is_warm);
        }
    }

    fn report(&mut self) {
        let requests = self.stub.requests().total();
        let (counts, tasks) = {
            let tally = lock(&self.tally);
            (tally.counts(), tally.tasks.clone())
        };
        println!("{:>5.0} s: {counts}, {requests} requests", self.begun.elapsed().as_secs_f64());
        println!("         {}", self.growth.text(&tasks));
    }
}
