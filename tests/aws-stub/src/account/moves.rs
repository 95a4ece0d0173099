//! Tasks that move dead letters back, or elsewhere.
//!
//! Source: the SQS API reference, `StartMessageMoveTask`; the SQS developer guide, dead-letter queue redrive.

use std::sync::Arc;
use std::time::Duration;

use super::{Account, new_id};
use crate::clock::Moment;
use crate::refusal::Refusal;

/// Most messages in a second.
const FASTEST: u32 = 500;

/// Tasks remembered for each queue.
const REMEMBERED: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveState {
    Running,
    Completed,
    Cancelled,
    Failed,
}

#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) handle: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) destination: Option<Arc<str>>,
    /// Without it, everything at once.
    pub(crate) per_second: Option<u32>,
    pub(crate) state: MoveState,
    pub(crate) to_move: u64,
    pub(crate) moved: u64,
    pub(crate) started: Moment,
    pub(crate) failure: Option<&'static str>,
}

#[derive(Debug, Default)]
pub(super) struct Moves(Vec<Move>);

impl Account {
    pub(crate) fn start_move(
        &mut self,
        source: &str,
        destination: Option<&str>,
        per_second: Option<u32>,
        now: Moment,
    ) -> Result<Arc<str>, Refusal> {
        let no_queue = || {
            Refusal::new(
                "ResourceNotFoundException",
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            )
        };
        let queue = self.queues.get_mut(source).ok_or_else(no_queue)?;
        let (source, to_move) = (Arc::clone(&queue.arn), queue.standings(now).visible as u64);
        let is_target = |redrive: &super::settings::Redrive| redrive.target == source;
        if !self.queues.values().any(|queue| queue.settings.redrive.as_ref().is_some_and(is_target)) {
            return Err(Refusal::new(
                "InvalidParameterValue",
                "Source queue must be configured as a Dead Letter Queue.",
            ));
        }
        if destination.is_some_and(|arn| !self.queues.contains_key(arn)) {
            return Err(Refusal::new(
                "ResourceNotFoundException",
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
            ));
        }
        if per_second.is_some_and(|rate| rate == 0 || rate > FASTEST) {
            return Err(Refusal::value(
                "MaxNumberOfMessagesPerSecond",
                per_second.unwrap_or_default(),
                "Must be between 1 and 500.",
            ));
        }
        let running = |task: &&Move| task.source == source && task.state == MoveState::Running;
        if self.moves.0.iter().any(|task| running(&task)) {
            return Err(Refusal::new("UnsupportedOperation", "There is already a task running for this queue."));
        }
        let handle = new_id();
        self.moves.0.push(Move {
            handle: Arc::clone(&handle),
            source,
            destination: destination.map(Arc::from),
            per_second,
            state: MoveState::Running,
            to_move,
            moved: 0,
            started: now,
            failure: None,
        });
        self.move_due(now);
        Ok(handle)
    }

    /// Moves what is due of every task that is running.
    pub(crate) fn move_due(&mut self, now: Moment) {
        if self.moves.0.iter().all(|task| task.state != MoveState::Running) {
            return;
        }
        let mut tasks = std::mem::take(&mut self.moves.0);
        for task in tasks.iter_mut().filter(|task| task.state == MoveState::Running) {
            let due = match task.per_second {
                None => u64::MAX,
                Some(rate) => u64::from(rate) * (now.since(task.started).as_secs() + 1),
            };
            self.go_on(task, due.min(task.to_move), now);
        }
        self.moves.0 = tasks;
    }

    fn go_on(&mut self, task: &mut Move, until: u64, now: Moment) {
        while task.moved < until {
            let Some(queue) = self.queues.get_mut(&task.source) else { break };
            let Some(mut message) = queue.drain(1, now).pop() else { break };
            let Some(to) = task.destination.clone().or_else(|| message.source.clone()) else {
                // What was sent here directly has nowhere to go back to.
                let place = self.next_place();
                if let Some(queue) = self.queues.get_mut(&task.source) {
                    queue.put(place, message, Duration::ZERO, now);
                }
                (task.state, task.failure) = (MoveState::Failed, Some("CouldNotDetermineMessageSource"));
                return;
            };
            let place = self.next_place();
            // A new message: id, age and count begin again.
            message.id = new_id();
            message.sent = now;
            message.receives = 0;
            message.first_received = None;
            message.sequence = None;
            message.source = None;
            if let Some(queue) = self.queues.get_mut(&to) {
                queue.put(place, message, Duration::ZERO, now);
            }
            task.moved += 1;
        }
        if task.moved >= task.to_move || self.queues.get_mut(&task.source).is_none_or(|q| q.standings(now).visible == 0)
        {
            task.state = MoveState::Completed;
        }
    }

    /// The newest first.
    pub(crate) fn moves_of(&self, source: &str) -> Vec<Move> {
        self.moves.0.iter().rev().filter(|task| &*task.source == source).take(REMEMBERED).cloned().collect()
    }

    /// How many were moved before it was stopped.
    pub(crate) fn cancel_move(&mut self, handle: &str) -> Result<u64, Refusal> {
        let missing = || Refusal::new("ResourceNotFoundException", "The task does not exist.");
        let task = self.moves.0.iter_mut().find(|task| &*task.handle == handle).ok_or_else(missing)?;
        if task.state != MoveState::Running {
            return Err(Refusal::new("UnsupportedOperation", "Only active tasks can be cancelled."));
        }
        task.state = MoveState::Cancelled;
        Ok(task.moved)
    }
}
