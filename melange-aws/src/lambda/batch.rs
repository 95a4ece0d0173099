//! The records of one invocation: side by side, those of one lane one after the other, and within its time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use melange::transport::Delivery;
use melange::{CancellationToken, Intake, Settle, Taken};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::deadline::{self, Deadline};

/// A message to be handled.
pub(super) struct Work {
    pub(super) queue: Option<String>,
    /// Of those in one lane, none runs after one that failed.
    pub(super) lane: Option<String>,
    pub(super) delivery: Delivery,
    progress: Progress,
}

#[derive(Default)]
struct Progress {
    begun: AtomicBool,
    taken: OnceLock<Taken>,
}

/// What became of it.
pub(super) enum Ended<'a> {
    /// Its subscribers ran.
    Taken(&'a Taken),
    /// They had no time to end.
    Cut,
    /// It was not begun, behind one of its lane that failed, which is to come again after this long.
    Behind(Option<Duration>),
    /// It was not begun, since there was no time left.
    Late,
}

impl Work {
    pub(super) fn new(queue: Option<String>, lane: Option<String>, delivery: Delivery) -> Self {
        Self { queue, lane, delivery, progress: Progress::default() }
    }

    fn is_begun(&self) -> bool {
        self.progress.begun.load(Ordering::Relaxed)
    }
}

impl Ended<'_> {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Taken(taken) if taken.settle.is_done())
    }

    /// How long it is to rest before it comes again, if that can be said.
    pub(super) fn rests(&self) -> Option<Duration> {
        match self {
            Self::Taken(Taken { settle: Settle::Retry { after }, .. }) => Some(*after),
            Self::Behind(after) => *after,
            Self::Late => Some(Duration::ZERO),
            Self::Taken(_) | Self::Cut => None,
        }
    }

    /// Why it is not done, in words.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Taken(taken) => match (taken.failures.first(), &taken.settle) {
                (Some(failure), _) => failure.to_string(),
                (None, Settle::Rejected { reason, .. }) => reason.clone(),
                (None, Settle::Retry { .. }) => "a newer version of this program is to read it".to_owned(),
                _ => "there was no time left for it".to_owned(),
            },
            Self::Cut | Self::Late => "there was no time left for it".to_owned(),
            Self::Behind(_) => "one before it in its group failed".to_owned(),
        }
    }
}

/// Handles all of them, `most` at a time, and no longer than the deadline allows.
pub(super) async fn run(intake: &Intake, all: Vec<Work>, most: usize, deadline: Deadline) -> Arc<[Work]> {
    let mut lanes = lanes(&all).into_iter();
    let all: Arc<[Work]> = all.into();
    let stop = CancellationToken::new();
    let mut running = JoinSet::new();
    loop {
        while running.len() < most.max(1)
            && !stop.is_cancelled()
            && let Some(lane) = lanes.next()
        {
            let (intake, all, stop) = (intake.clone(), Arc::clone(&all), stop.clone());
            let run = async move { run_lane(&intake, &all, lane, &stop).await };
            running.spawn(run.instrument(tracing::Span::current()));
        }
        tokio::select! {
            // The time first: there may always be one that has ended.
            biased;
            () = deadline::at(deadline.give_up()) => break,
            () = deadline::at(deadline.stop()), if !stop.is_cancelled() => stop.cancel(),
            ended = running.join_next() => match ended {
                None => break,
                Some(Ok(())) => {}
                Some(Err(_)) => tracing::error!("a record's task died: please report this as a bug in melange-aws"),
            },
        }
    }
    // Whatever still runs is dropped here, and its handlers are told.
    drop(running);
    all
}

async fn run_lane(intake: &Intake, all: &[Work], lane: Vec<usize>, stop: &CancellationToken) {
    for work in lane.into_iter().filter_map(|index| all.get(index)) {
        if stop.is_cancelled() {
            return;
        }
        work.progress.begun.store(true, Ordering::Relaxed);
        let taken = intake.handle(work.queue.as_deref(), &work.delivery, stop).await;
        let done = taken.settle.is_done();
        // Nobody else sets it.
        let _ = work.progress.taken.set(taken);
        if !done {
            return;
        }
    }
}

/// The records of each lane, in their order, by index; what has none stands alone.
fn lanes(all: &[Work]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::with_capacity(all.len());
    let mut known: HashMap<(Option<&str>, &str), usize> = HashMap::new();
    for (index, work) in all.iter().enumerate() {
        let at = match &work.lane {
            Some(lane) => *known.entry((work.queue.as_deref(), lane)).or_insert(lanes.len()),
            None => lanes.len(),
        };
        match lanes.get_mut(at) {
            Some(lane) => lane.push(index),
            None => lanes.push(vec![index]),
        }
    }
    lanes
}

/// What became of each, in order.
pub(super) fn ended(all: &[Work]) -> Vec<Ended<'_>> {
    // How the last one of each lane that was begun ended.
    let mut failed: HashMap<(Option<&str>, &str), Option<Duration>> = HashMap::new();
    let mut ended = Vec::with_capacity(all.len());
    for work in all {
        let lane = work.lane.as_deref().map(|lane| (work.queue.as_deref(), lane));
        let one = match work.progress.taken.get() {
            Some(taken) => Ended::Taken(taken),
            None if work.is_begun() => Ended::Cut,
            None => lane.and_then(|lane| failed.get(&lane)).map_or(Ended::Late, |after| Ended::Behind(*after)),
        };
        if let (false, Some(lane), true) = (one.is_done(), lane, work.is_begun()) {
            failed.insert(lane, one.rests());
        }
        ended.push(one);
    }
    ended
}
