//! Faults at random, on and off: the same seed, the same faults.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use melange_aws_stub::{Cut, Direction, Fault, Proxy, Stub};
use tokio::time::{Instant, sleep, sleep_until};

/// What publishers and consumers call.
const ACTIONS: [&str; 5] =
    ["PublishBatch", "ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch", "GetQueueUrl"];

/// Longest a fault lasts.
const LONGEST: u64 = 5_000;

/// What makes faults.
pub(crate) struct Chaos {
    random: Rng,
    stub: Stub,
    proxies: Vec<Proxy>,
    /// How many there were of each kind.
    pub(crate) made: BTreeMap<&'static str, u64>,
}

impl Chaos {
    pub(crate) fn new(seed: u64, stub: &Stub, proxies: &[Proxy]) -> Self {
        Self { random: Rng::with_seed(seed), stub: stub.clone(), proxies: proxies.to_vec(), made: BTreeMap::new() }
    }

    /// Until then; afterwards everything is healed.
    pub(crate) async fn run(&mut self, until: Instant) {
        while Instant::now() < until {
            for _ in 0..self.random.u32(1..=3) {
                if self.random.u32(0..10) < 7 { self.answers() } else { self.connections().await }
            }
            self.last(until, 300, LONGEST).await;
            self.heal().await;
            self.last(until, 200, 3_000).await;
        }
        self.heal().await;
    }

    async fn heal(&self) {
        self.stub.clear_faults();
        for proxy in &self.proxies {
            proxy.heal().await;
        }
    }

    async fn last(&mut self, until: Instant, least: u64, most: u64) {
        let time = Duration::from_millis(self.random.u64(least..most));
        sleep_until((Instant::now() + time).min(until)).await;
    }

    /// Something wrong with what AWS answers.
    fn answers(&mut self) {
        let (name, fault) = self.fault();
        let chance = [0.1, 0.4, 1.0][self.random.usize(0..3)];
        let fault = if self.random.u32(0..6) == 0 { fault } else { fault.on(ACTIONS[self.random.usize(0..5)]) };
        self.stub.inject(fault.chance(chance, self.random.u64(..)));
        *self.made.entry(name).or_default() += 1;
    }

    fn fault(&mut self) -> (&'static str, Fault) {
        let places: Vec<usize> = (0..10).filter(|_| self.random.u32(0..3) == 0).collect();
        match self.random.u32(0..20) {
            0 => ("throttled", Fault::error("ThrottlingException")),
            1 => ("throttled 403", Fault::error("RequestThrottled")),
            2 => ("throttled 429", Fault::http(429)),
            3 => ("kms throttled", Fault::error("KMS.ThrottlingException")),
            4 => ("kms disabled", Fault::error("KMS.DisabledException")),
            5 => ("over limit", Fault::error("OverLimit")),
            6 => ("expired token", Fault::expired_token()),
            7 => ("denied", Fault::error("AccessDenied")),
            8 => ("http 500", Fault::http(500)),
            9 => ("http 503", Fault::http(503)),
            10 => ("html", Fault::html()),
            11 => ("garbage", if self.random.bool() { Fault::garbage() } else { Fault::empty() }),
            12 => ("hang", Fault::hang()),
            13 => ("delay", Fault::delay(Duration::from_millis(self.random.u64(100..4_000)))),
            14 => ("closed before", Fault::close_before()),
            15 => ("closed after", Fault::close_after()),
            16 => ("truncated", Fault::truncate()),
            17 => ("stalled", Fault::stall()),
            18 => ("entries fail", Fault::fail_entries(places, "InternalError", self.random.u32(0..4) == 0)),
            _ if self.random.bool() => ("entries omitted", Fault::omit_entries(places)),
            _ => ("entries lost", Fault::lose_entries(places)),
        }
    }

    /// Something wrong with the way to it.
    async fn connections(&mut self) {
        let proxy = &self.proxies[self.random.usize(0..self.proxies.len())];
        let name = match self.random.u32(0..7) {
            0 => {
                proxy.latency(Duration::from_millis(self.random.u64(20..1_500)));
                "latency"
            }
            1 => {
                proxy.black_hole();
                "black hole"
            }
            2 => {
                proxy.reset_all();
                "reset"
            }
            3 => {
                proxy.half_close_all();
                "half closed"
            }
            4 => {
                proxy.refuse().await;
                "refused"
            }
            _ => {
                let direction = if self.random.bool() { Direction::ToServer } else { Direction::ToClient };
                let cut = Cut::after(self.random.u64(0..8_000), direction).times(self.random.u64(1..8));
                proxy.cut(match self.random.u32(0..4) {
                    0 => cut,
                    1 => cut.closing(),
                    2 => cut.half_closing(),
                    _ => cut.stalling(),
                });
                "cut"
            }
        };
        *self.made.entry(name).or_default() += 1;
    }

    /// How long to wait before the next blow to a process.
    pub(crate) async fn pause(random: &mut Rng, until: Instant) -> bool {
        let time = Duration::from_millis(random.u64(4_000..15_000));
        if Instant::now() + time >= until {
            sleep_until(until).await;
            return false;
        }
        sleep(time).await;
        true
    }
}
