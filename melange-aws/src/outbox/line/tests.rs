use std::collections::HashSet;

use melange::Attributes;
use melange::transport::{TransportError, TransportErrorKind as Kind};
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::settle::FIRST_PAUSE;
use super::*;
use crate::outbox::verdict::{Outcome, Verdict};
use crate::outbox::{Answer, MOST};

const LINGER: Duration = Duration::from_millis(5);
const BYTES: usize = 100;
const PATIENCE: Duration = Duration::from_secs(30);

fn rules() -> Rules {
    Rules { linger: LINGER, bytes: BYTES, patience: PATIENCE }
}

fn parcel(body: &str, group: Option<&str>) -> Parcel {
    let mut parcel = Parcel::new(body.into(), Attributes::new());
    parcel.group = group.map(str::to_owned);
    parcel.dedup_id = group.map(|_| body.to_owned());
    parcel
}

/// A line at a moment, and who waits for answers.
struct Desk {
    line: Line,
    now: Instant,
    promises: Vec<(String, Option<oneshot::Receiver<Answer>>)>,
}

impl Desk {
    fn new() -> Self {
        Self { line: Line::new(rules()), now: Instant::now(), promises: Vec::new() }
    }

    fn push(&mut self, call: &Arc<Call>, parcel: Parcel) {
        let (answer, promise) = oneshot::channel();
        self.promises.push((parcel.body.to_string(), Some(promise)));
        let held = Held { since: self.now, ..Held::new(Arc::new(parcel), Arc::clone(call), answer) };
        self.line.push(held);
    }

    fn take(&mut self) -> Option<(u64, Vec<String>)> {
        let batch = self.line.take(self.now)?;
        Some((batch.ticket, batch.parcels.iter().map(|parcel| parcel.body.to_string()).collect()))
    }

    fn settle(&mut self, ticket: u64, outcome: Outcome) {
        self.line.settle(ticket, outcome, self.now);
    }

    /// What the one with this body was answered.
    fn answer(&mut self, body: &str) -> Option<Answer> {
        let (_, promise) = self.promises.iter_mut().find(|(known, _)| known == body).unwrap();
        match promise.as_mut()?.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => panic!("{body} was dropped unanswered"),
        }
    }
}

fn unavailable() -> TransportError {
    TransportError::new(Kind::Unavailable, "no answer")
}

fn denied() -> TransportError {
    TransportError::new(Kind::Denied, "denied")
}

fn call() -> Arc<Call> {
    Arc::default()
}

#[test]
fn a_group_has_one_under_way_and_the_others_keep_their_order() {
    let mut desk = Desk::new();
    let all = call();
    for (body, group) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        desk.push(&all, parcel(body, Some(group)));
    }
    desk.now += LINGER;
    let (first, bodies) = desk.take().unwrap();
    assert_eq!(bodies, ["a1", "b1"]);
    assert!(desk.take().is_none());
    desk.settle(first, Ok(vec![Verdict::Again(unavailable()), Verdict::Taken]));
    assert!(desk.take().is_none(), "a1 rests, and a2 stays behind it");
    desk.now += FIRST_PAUSE;
    for expected in ["a1", "a2", "a3"] {
        let (ticket, bodies) = desk.take().unwrap();
        assert_eq!(bodies, [expected]);
        desk.settle(ticket, Ok(vec![Verdict::Taken]));
    }
    assert_eq!(desk.line.len(), 0);
    assert!(desk.line.behind.is_empty() && desk.line.calls.is_empty());
}

#[test]
fn behind_one_that_failed_for_good_the_rest_of_its_call_fails_too_and_others_go_on() {
    let mut desk = Desk::new();
    let (mine, theirs) = (call(), call());
    for (owner, body, group) in
        [(&mine, "a1", "a"), (&mine, "a2", "a"), (&theirs, "a3", "a"), (&mine, "b1", "b"), (&mine, "b2", "b")]
    {
        desk.push(owner, parcel(body, Some(group)));
    }
    desk.now += LINGER;
    let (ticket, bodies) = desk.take().unwrap();
    assert_eq!(bodies, ["a1", "b1"]);
    let invalid = TransportError::new(Kind::InvalidMessage, "too large");
    desk.settle(ticket, Ok(vec![Verdict::Failed(denied()), Verdict::Failed(invalid)]));
    let (ticket, bodies) = desk.take().unwrap();
    assert_eq!(bodies, ["a3", "b2"], "an invalid one holds back nothing");
    desk.settle(ticket, Ok(vec![Verdict::Taken, Verdict::Taken]));
    assert_eq!(desk.answer("a1").unwrap().unwrap_err().kind(), Kind::Denied);
    let not_sent = desk.answer("a2").unwrap().unwrap_err();
    assert!(not_sent.is_retryable() && !not_sent.is_uncertain());
    assert!(not_sent.to_string().contains("an earlier message of the same key"));
    desk.answer("a3").unwrap().unwrap();
    desk.answer("b2").unwrap().unwrap();
    // What comes later in the same call, too.
    desk.push(&mine, parcel("a4", Some("a")));
    desk.push(&mine, parcel("c1", Some("c")));
    desk.now += LINGER;
    assert_eq!(desk.take().unwrap().1, ["c1"]);
    assert!(desk.answer("a4").unwrap().is_err());
}

#[test]
fn a_request_that_was_refused_as_a_whole_is_taken_apart() {
    let mut desk = Desk::new();
    for body in ["good", "bad", "fine"] {
        desk.push(&call(), parcel(body, None));
    }
    desk.now += LINGER;
    let (ticket, bodies) = desk.take().unwrap();
    assert_eq!(bodies.len(), 3);
    let invalid = || TransportError::new(Kind::InvalidMessage, "a message is invalid");
    desk.settle(ticket, Err(invalid()));
    for expected in ["good", "bad", "fine"] {
        let (ticket, bodies) = desk.take().unwrap();
        assert_eq!(bodies, [expected]);
        desk.settle(ticket, if expected == "bad" { Err(invalid()) } else { Ok(vec![Verdict::Taken]) });
    }
    desk.answer("good").unwrap().unwrap();
    desk.answer("fine").unwrap().unwrap();
    assert_eq!(desk.answer("bad").unwrap().unwrap_err().kind(), Kind::InvalidMessage);
}

#[test]
fn what_may_have_arrived_once_stays_uncertain() {
    let mut desk = Desk::new();
    desk.push(&call(), parcel("x", None));
    desk.now += LINGER;
    let (ticket, _) = desk.take().unwrap();
    desk.settle(ticket, Err(unavailable()));
    desk.now += FIRST_PAUSE;
    let (ticket, _) = desk.take().unwrap();
    desk.settle(ticket, Err(denied()));
    let error = desk.answer("x").unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_uncertain()), (Kind::Denied, true));
}

#[test]
fn retries_end_with_the_patience_and_say_so() {
    for (kind, uncertain) in [(Kind::Unavailable, true), (Kind::Throttled, false)] {
        let mut desk = Desk::new();
        let begun = desk.now;
        desk.push(&call(), parcel("x", None));
        desk.now += LINGER;
        let mut tries = 0;
        let error = loop {
            if let Some((ticket, _)) = desk.take() {
                tries += 1;
                desk.settle(ticket, Err(TransportError::new(kind, "topic orders: it failed")));
            }
            if let Some(answer) = desk.answer("x") {
                break answer.unwrap_err();
            }
            desk.now = desk.line.due().unwrap();
        };
        assert!(desk.now - begun <= PATIENCE + LINGER, "{:?}", desk.now - begun);
        assert!((8..200).contains(&tries), "{tries} tries");
        assert_eq!((error.kind(), error.is_uncertain()), (kind, uncertain));
        assert_eq!(error.to_string(), format!("topic orders: it failed; given up after {tries} tries in 30s"));
    }
}

#[test]
fn those_who_failed_together_are_sent_again_together() {
    let mut desk = Desk::new();
    (0..10).for_each(|n| desk.push(&call(), parcel(&n.to_string(), None)));
    for _ in 0..5 {
        let (ticket, bodies) = desk.take().unwrap();
        assert_eq!(bodies.len(), 10);
        desk.settle(ticket, Err(unavailable()));
        desk.now += PATIENCE / 10;
    }
}

#[derive(Debug, Clone)]
enum Step {
    Push {
        call: usize,
        group: Option<u8>,
        bytes: usize,
    },
    Wait(u64),
    GoAway(usize),
    /// Each entry by one of the numbers; the whole request when there are none.
    Settle(usize, Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = (0..4_usize, proptest::option::weighted(0.7, 0..4_u8), 4..70_usize)
        .prop_map(|(call, group, bytes)| Step::Push { call, group, bytes });
    let settle =
        (any::<usize>(), proptest::collection::vec(0..10_u8, 0..10)).prop_map(|(which, how)| Step::Settle(which, how));
    let step = prop_oneof![
        6 => push,
        2 => (0..20_u64).prop_map(Step::Wait),
        1 => any::<usize>().prop_map(Step::GoAway),
        3 => settle,
    ];
    proptest::collection::vec(step, 1..200)
}

/// A line, and AWS as it saw what was sent.
struct World {
    desk: Desk,
    calls: Vec<Arc<Call>>,
    under_way: Vec<(u64, Vec<String>)>,
    /// By body: how often AWS took it.
    arrived: HashMap<String, usize>,
    /// What AWS took of each group, in order.
    of_group: HashMap<u8, Vec<usize>>,
    group_of: HashMap<String, u8>,
    gone: HashSet<String>,
}

impl World {
    fn new() -> Self {
        Self {
            desk: Desk::new(),
            calls: (0..4).map(|_| call()).collect(),
            under_way: Vec::new(),
            arrived: HashMap::new(),
            of_group: HashMap::new(),
            group_of: HashMap::new(),
            gone: HashSet::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Push { call, group, bytes } => {
                let body = format!("{:0>bytes$}", self.desk.promises.len());
                let call = Arc::clone(&self.calls[call]);
                let name = group.map(|group| group.to_string());
                self.group_of.extend(group.map(|group| (body.clone(), group)));
                self.desk.push(&call, parcel(&body, name.as_deref()));
            }
            Step::Wait(millis) => self.desk.now += Duration::from_millis(millis),
            Step::GoAway(which) => {
                let count = self.desk.promises.len();
                if count > 0 {
                    let (body, promise) = &mut self.desk.promises[which % count];
                    self.gone.insert(body.clone());
                    *promise = None;
                }
            }
            Step::Settle(which, how) => self.settle(which, &how),
        }
        while let Some((ticket, bodies)) = self.desk.take() {
            assert!((1..=MOST).contains(&bodies.len()));
            assert!(bodies.iter().map(String::len).sum::<usize>() <= BYTES);
            self.under_way.push((ticket, bodies));
            let groups: Vec<_> =
                self.under_way.iter().flat_map(|(_, bodies)| bodies).filter_map(|b| self.group_of.get(b)).collect();
            assert_eq!(groups.iter().collect::<HashSet<_>>().len(), groups.len(), "two of a group are under way");
        }
    }

    fn settle(&mut self, which: usize, how: &[u8]) {
        if self.under_way.is_empty() {
            return;
        }
        let (ticket, bodies) = self.under_way.swap_remove(which % self.under_way.len());
        let outcome = if how.is_empty() {
            match which % 4 {
                // The answer was lost on its way back.
                0 => {
                    bodies.iter().for_each(|body| self.arrive(body));
                    Err(unavailable())
                }
                1 => Err(unavailable()),
                2 => Err(TransportError::new(Kind::InvalidMessage, "refused as a whole")),
                _ => Err(denied()),
            }
        } else {
            let verdict = |(body, how): (&String, &u8)| match how {
                0..6 => {
                    self.arrive(body);
                    Verdict::Taken
                }
                6 | 7 => Verdict::Again(TransportError::new(Kind::Throttled, "again").certain()),
                8 => Verdict::Failed(denied()),
                _ => Verdict::Failed(TransportError::new(Kind::InvalidMessage, "never")),
            };
            Ok(bodies.iter().zip(how.iter().cycle()).map(verdict).collect())
        };
        self.desk.settle(ticket, outcome);
    }

    /// AWS takes it; under a known deduplication id it does not take it again.
    fn arrive(&mut self, body: &str) {
        let times = self.arrived.entry(body.to_owned()).or_default();
        *times += 1;
        if let Some(group) = self.group_of.get(body).filter(|_| *times == 1) {
            self.of_group.entry(*group).or_default().push(body.parse().unwrap());
        }
    }

    fn finish(&mut self) {
        while self.desk.line.len() > 0 {
            self.desk.now += PATIENCE / 10;
            self.step(Step::Wait(0));
            while !self.under_way.is_empty() {
                self.settle(0, &[0]);
                self.step(Step::Wait(0));
            }
        }
    }

    fn check(&mut self) {
        for (body, promise) in &mut self.desk.promises {
            // Exactly one answer to each that has not gone away, and it is true.
            let Some(promise) = promise else { continue };
            match promise.try_recv() {
                Ok(Ok(())) => assert!(self.arrived.contains_key(body), "{body} was lost"),
                Ok(Err(error)) => {
                    let arrived = self.arrived.contains_key(body);
                    assert!(!arrived || error.is_uncertain(), "{body} arrived, and was said not to have: {error}");
                }
                Err(_) => panic!("{body} was not answered"),
            }
        }
        for (group, order) in &self.of_group {
            assert!(order.is_sorted(), "group {group} arrived as {order:?}");
        }
        let line = &self.desk.line;
        assert!(line.waiting.is_empty() && line.resting.is_empty() && line.under_way.is_empty());
        assert!(line.behind.is_empty() && line.calls.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_lost_answered_twice_or_reordered(steps in steps()) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
        world.finish();
        world.check();
    }
}
