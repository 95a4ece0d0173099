//! A transport over memory that notes every call, and does to it what a test says.

use std::collections::BTreeMap;
use std::panic::panic_any;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError, TransportErrorKind,
};
use melange::{MemoryTransport, Problem};
use tokio::time::Instant;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `Transport::prepare`.
    Prepare,
    /// `Transport::publish`.
    Publish,
    /// `Transport::receive`.
    Receive,
    /// `Transport::delete`.
    Delete,
    /// `Transport::change_visibility`.
    ChangeVisibility,
    /// `Transport::dead_letter`.
    DeadLetter,
    /// `Transport::is_wanted`.
    IsWanted,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which.
    pub op: Op,
    /// On which queue; empty when publishing and preparing.
    pub queue: String,
    /// How many messages it was about; for a receive, how many it asked for; preparing, how many queues.
    pub entries: usize,
    /// The new visibilities, in order.
    pub visibilities: Vec<Duration>,
    /// When it was made.
    pub at: Instant,
    /// Which call of this kind it is, from 1.
    pub number: usize,
}

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Act {
    /// What the account does.
    Pass,
    /// Nothing is done, and this is answered for all.
    Fail(TransportErrorKind),
    /// These entries are answered so, and not done; the others are.
    FailEntries(Vec<usize>, TransportErrorKind),
    /// It is done, and only the first so many are answered for.
    AnswerOnly(usize),
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It is done after this long.
    Delay(Duration),
    /// It is never done nor answered.
    Hang,
    /// The transport panics, and what it throws panics once more as it is dropped.
    Panic,
}

struct Thrown;

impl Drop for Thrown {
    fn drop(&mut self) {
        panic!("a test says so");
    }
}

type Rule = Box<dyn Fn(&Call) -> Act + Send + Sync>;

/// A transport over memory that notes every call, and does to it what a test says. Clones share everything.
#[derive(Clone)]
pub struct Faulty {
    inner: MemoryTransport,
    visibility: Option<Duration>,
    answers_at_once: bool,
    shared: Arc<Shared>,
}

struct Shared {
    calls: Mutex<Vec<Call>>,
    under_way: Mutex<BTreeMap<Op, (usize, usize)>>,
    rule: Mutex<Rule>,
}

impl Faulty {
    /// Over the service of this name in a new account; all calls pass.
    #[must_use]
    pub fn new(queue: &str) -> Self {
        Self::over(MemoryTransport::new().queue(queue.to_owned()))
    }

    /// Over this service of an account, which others may share; all calls pass.
    #[must_use]
    pub fn over(service: MemoryTransport) -> Self {
        let shared =
            Shared { calls: Mutex::default(), under_way: Mutex::default(), rule: Mutex::new(Box::new(|_| Act::Pass)) };
        Self { inner: service, visibility: None, answers_at_once: false, shared: Arc::new(shared) }
    }

    /// With this visibility timeout, which its queues get when they are made.
    #[must_use]
    pub fn with_visibility(self, visibility: Duration) -> Self {
        Self { visibility: Some(visibility), ..self }
    }

    /// It says of itself that it answers at once, whether or not it does.
    #[must_use]
    pub fn that_answers_at_once(self) -> Self {
        Self { answers_at_once: true, ..self }
    }

    /// From now on this is what becomes of calls.
    pub fn rule(&self, rule: impl Fn(&Call) -> Act + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// From now on this is what becomes of calls of this kind, and all others pass.
    pub fn always(&self, op: Op, act: Act) {
        self.rule(move |call| if call.op == op { act.clone() } else { Act::Pass });
    }

    /// The account below.
    #[must_use]
    pub fn account(&self) -> &MemoryTransport {
        &self.inner
    }

    /// The calls of this kind so far.
    #[must_use]
    pub fn calls(&self, op: Op) -> Vec<Call> {
        self.shared.calls.lock().unwrap().iter().filter(|call| call.op == op).cloned().collect()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.shared.calls.lock().unwrap().clear();
        self.shared.under_way.lock().unwrap().values_mut().for_each(|(now, most)| *most = *now);
    }

    /// Calls of this kind under way now, and the most there were at once.
    #[must_use]
    pub fn under_way(&self, op: Op) -> (usize, usize) {
        self.shared.under_way.lock().unwrap().get(&op).copied().unwrap_or_default()
    }

    fn begin(&self, op: Op, queue: &str, entries: usize, visibilities: Vec<Duration>) -> (Act, UnderWay) {
        let mut calls = self.shared.calls.lock().unwrap();
        let number = calls.iter().filter(|call| call.op == op).count() + 1;
        let call = Call { op, queue: queue.to_owned(), entries, visibilities, at: Instant::now(), number };
        calls.push(call.clone());
        drop(calls);
        let act = (self.shared.rule.lock().unwrap())(&call);
        let mut under_way = self.shared.under_way.lock().unwrap();
        let (now, most) = under_way.entry(op).or_default();
        *now += 1;
        *most = (*most).max(*now);
        (act, UnderWay { shared: Arc::clone(&self.shared), op })
    }

    /// A call on several messages; `go` does it for those that are left.
    async fn batch<T, F: Future<Output = Vec<Result<(), TransportError>>>>(
        &self,
        op: Op,
        queue: &str,
        entries: Vec<T>,
        visibilities: Vec<Duration>,
        go: impl FnOnce(Vec<T>) -> F,
    ) -> Vec<Result<(), TransportError>> {
        let count = entries.len();
        let (act, _under_way) = self.begin(op, queue, count, visibilities);
        let failed = |kind| Err(TransportError::new(kind, "a test says so"));
        match act {
            Act::Pass => go(entries).await,
            Act::Fail(kind) => (0..count).map(|_| failed(kind)).collect(),
            Act::FailEntries(which, kind) => {
                let (left, at): (Vec<T>, Vec<usize>) =
                    entries.into_iter().zip(0..).filter(|(_, at)| !which.contains(at)).unzip();
                let mut answers: Vec<_> = (0..count).map(|_| failed(kind)).collect();
                for (at, answer) in at.into_iter().zip(go(left).await) {
                    answers[at] = answer;
                }
                answers
            }
            Act::AnswerOnly(first) => go(entries).await.into_iter().take(first).collect(),
            Act::LoseAnswer => {
                go(entries).await;
                (0..count).map(|_| failed(TransportErrorKind::Unavailable)).collect()
            }
            Act::Delay(long) => {
                tokio::time::sleep(long).await;
                go(entries).await
            }
            Act::Hang => std::future::pending().await,
            Act::Panic => panic_any(Thrown),
        }
    }

    /// A call that is answered once.
    async fn one<T, F: Future<Output = Result<T, TransportError>>>(
        &self,
        act: Act,
        go: impl FnOnce() -> F,
    ) -> Result<T, TransportError> {
        let failed = |kind| Err(TransportError::new(kind, "a test says so"));
        match act {
            Act::Pass | Act::AnswerOnly(_) | Act::FailEntries(..) => go().await,
            Act::Fail(kind) => failed(kind),
            Act::LoseAnswer => {
                go().await?;
                failed(TransportErrorKind::Unavailable)
            }
            Act::Delay(long) => {
                tokio::time::sleep(long).await;
                go().await
            }
            Act::Hang => std::future::pending().await,
            Act::Panic => panic_any(Thrown),
        }
    }
}

struct UnderWay {
    shared: Arc<Shared>,
    op: Op,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some((now, _)) = self.shared.under_way.lock().unwrap().get_mut(&self.op) {
            *now -= 1;
        }
    }
}

impl Transport for Faulty {
    fn capabilities(&self) -> Capabilities {
        let capabilities = self.inner.capabilities();
        self.visibility.map_or(capabilities, |visibility| capabilities.with_visibility(visibility))
    }

    fn own_queue(&self) -> &str {
        self.inner.own_queue()
    }

    fn answers_at_once(&self) -> bool {
        self.answers_at_once
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        self.inner.check(topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        let (act, _under_way) = self.begin(Op::Prepare, "", topology.queues.len(), Vec::new());
        self.one(act, || self.inner.prepare(topology)).await
    }

    async fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> bool {
        let (act, _under_way) = self.begin(Op::IsWanted, queue, 1, Vec::new());
        let asked = self.one(act, || async { Ok(self.inner.is_wanted(topology, queue, event_type).await) });
        asked.await.unwrap_or(true)
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        self.batch(Op::Publish, "", messages, Vec::new(), |left| self.inner.publish(left)).await
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        self.inner.send(queue, messages, delay).await
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let (act, _under_way) = self.begin(Op::Receive, queue, max, vec![wait]);
        self.one(act, || self.inner.receive(queue, max, wait)).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        self.batch(Op::Delete, queue, receipts, Vec::new(), |left| self.inner.delete(queue, left)).await
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        let visibilities = receipts.iter().map(|(_, long)| *long).collect();
        self.batch(Op::ChangeVisibility, queue, receipts, visibilities, |left| {
            self.inner.change_visibility(queue, left)
        })
        .await
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        Transport::redrive(&self.inner, queue, letter, redrives).await
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        let (act, _under_way) = self.begin(Op::DeadLetter, queue, 1, Vec::new());
        self.one(act, || self.inner.dead_letter(queue, delivery, letter)).await
    }
}
