//! Tasks that move dead letters back, or elsewhere.
//!
//! Source: the SQS API reference, `StartMessageMoveTask`; the SQS developer guide, dead-letter queue redrive.

use std::time::Duration;

use tokio::time::Instant;

use super::is_fifo;
use super::queues::Queues;
use super::receipt::unique;
use super::refused::{Refused, RefusedKind};

/// Most messages in a second, and as many as a task moves that was told nothing.
const FASTEST: u32 = 500;
/// Most tasks that run at once in an account.
const MOST_RUNNING: usize = 100;
/// Longest that a task runs.
const LONGEST: Duration = Duration::from_secs(36 * 60 * 60);
/// Tasks remembered for each queue.
const REMEMBERED: usize = 10;

/// A task that moves everything in a dead-letter queue back to where it came from, or to another queue.
///
/// ```
/// use melange::transport::memory::MoveTask;
///
/// let task = MoveTask::of("audit-dead").to("audit").per_second(50);
/// # let _ = task;
/// ```
#[derive(Debug, Clone)]
#[must_use = "give it to `start_move`"]
pub struct MoveTask {
    from: String,
    to: Option<String>,
    per_second: u32,
}

impl MoveTask {
    /// Moves each message of this dead-letter queue back to the queue that it came from. A message that was sent there
    /// directly has no such queue, and makes the task fail.
    pub fn of(dead_letter_queue: impl Into<String>) -> Self {
        Self { from: dead_letter_queue.into(), to: None, per_second: FASTEST }
    }

    /// Moves all of them to this queue.
    pub fn to(mut self, queue: impl Into<String>) -> Self {
        self.to = Some(queue.into());
        self
    }

    /// At most this many per second, 1 to 500.
    pub fn per_second(mut self, messages: u32) -> Self {
        self.per_second = messages;
        self
    }
}

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveState {
    /// It is running.
    Running,
    /// Everything that was there when it started has been moved.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// It came to a message it did not know where to put, or whose queue does not take it or is no longer there, or ran for
    /// 36 hours.
    Failed,
}

/// What a task has done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveReport {
    /// What `start_move` returned.
    pub task: String,
    /// Its state.
    pub state: MoveState,
    /// Messages moved so far.
    pub moved: u64,
    /// Messages that were there when it started.
    pub to_move: u64,
}

struct Move {
    report: MoveReport,
    told: MoveTask,
    started: Instant,
}

/// All tasks of an account, the newest last.
#[derive(Default)]
pub(super) struct Moves(Vec<Move>);

impl Moves {
    pub(super) fn start(&mut self, queues: &mut Queues, told: MoveTask, now: Instant) -> Result<String, Refused> {
        self.go_on(queues, now);
        let from = told.from.as_str();
        let unsupported = |what: String| Err(Refused::new(RefusedKind::Unsupported, what));
        let to_move = queues.get(from)?.visible(now);
        let is_dead_letter_queue =
            queues.iter().any(|queue| queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.to == from));
        if !is_dead_letter_queue {
            return Err(Refused::parameter(format!("queue `{from}` is the dead-letter queue of no queue")));
        }
        if let Some(to) = &told.to {
            queues.get(to)?;
            if is_fifo(to) != is_fifo(from) {
                return Err(Refused::parameter(format!("queues `{from}` and `{to}` must both be FIFO, or neither")));
            }
        }
        if !(1..=FASTEST).contains(&told.per_second) {
            return Err(Refused::parameter(format!("a task moves 1 to {FASTEST} messages in a second")));
        }
        let mut running = self.0.iter().filter(|task| task.is_running());
        if running.clone().any(|task| task.told.from == from) {
            return unsupported(format!("a task moves the messages of queue `{from}` already: one at a time"));
        }
        if running.nth(MOST_RUNNING - 1).is_some() {
            return unsupported(format!("{MOST_RUNNING} tasks run already, which is the most"));
        }
        let task = format!("move-{}", unique());
        let report = MoveReport { task: task.clone(), state: MoveState::Running, moved: 0, to_move };
        self.0.push(Move { report, told, started: now });
        self.go_on(queues, now);
        Ok(task)
    }

    /// Moves what is due of every task, and says when something is due next.
    pub(super) fn go_on(&mut self, queues: &mut Queues, now: Instant) -> Option<Instant> {
        let running = self.0.iter_mut().filter(|task| task.is_running());
        running.filter_map(|task| task.go_on(queues, now)).min()
    }

    /// The newest first.
    pub(super) fn of(&self, dead_letter_queue: &str) -> Vec<MoveReport> {
        let own = self.0.iter().rev().filter(|task| task.told.from == dead_letter_queue);
        own.take(REMEMBERED).map(|task| task.report.clone()).collect()
    }

    pub(super) fn cancel(&mut self, task: &str) -> Result<u64, Refused> {
        let known = self.0.iter_mut().find(|known| known.report.task == task);
        let Some(known) = known else {
            return Err(Refused::new(RefusedKind::NotFound, format!("there is no task `{task}`")));
        };
        if !known.is_running() {
            return Err(Refused::new(RefusedKind::Unsupported, format!("task `{task}` has ended already")));
        }
        known.report.state = MoveState::Cancelled;
        Ok(known.report.moved)
    }
}

impl Move {
    fn is_running(&self) -> bool {
        self.report.state == MoveState::Running
    }

    fn go_on(&mut self, queues: &mut Queues, now: Instant) -> Option<Instant> {
        let seconds = now.duration_since(self.started).as_secs();
        let due = u64::from(self.told.per_second).saturating_mul(seconds + 1).min(self.report.to_move);
        while self.report.moved < due {
            let Ok(dead) = queues.get(&self.told.from) else {
                self.report.state = MoveState::Failed;
                return None;
            };
            let Some((place, letter)) = dead.take(now) else {
                if dead.visible(now) > 0 {
                    // They wait for one of their group, which is in someone's hand.
                    break;
                }
                // Somebody else took them.
                self.report.state = MoveState::Completed;
                return None;
            };
            let to = self.told.to.clone().or_else(|| letter.source.as_deref().map(str::to_owned));
            let takes = |to: &String| queues.get(to).is_ok_and(|queue| letter.size() <= queue.settings.max_bytes);
            let Some(to) = to.filter(takes) else {
                if let Ok(dead) = queues.get(&self.told.from) {
                    dead.put(place, letter, Duration::ZERO, now);
                }
                self.report.state = MoveState::Failed;
                return None;
            };
            queues.put_new(&to, letter.moved(is_fifo(&to), now), now);
            self.report.moved += 1;
        }
        if self.report.moved >= self.report.to_move {
            self.report.state = MoveState::Completed;
        } else if now.duration_since(self.started) >= LONGEST {
            self.report.state = MoveState::Failed;
        }
        self.is_running().then(|| self.started + Duration::from_secs(seconds + 1))
    }
}

#[cfg(test)]
mod tests;
