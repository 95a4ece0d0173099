//! Whether anything is left to do.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::error::{TestError, TestErrorKind};
use super::life::Life;
use super::shared::{Service, Shared};
use crate::consumer::Engine;
use crate::transport::memory::{MoveState, QueueDepth};
use crate::transport::{MemoryTransport, Transport as _};

/// What is left to do.
#[derive(Default)]
pub(super) struct Left {
    /// Of queues that a living bus consumes from.
    busy: Vec<String>,
    paused: BTreeSet<String>,
    /// How many of the busy ones are paused, and have nothing in hand.
    waiting: usize,
    /// Of queues that nobody consumes from any more.
    crashed: Vec<String>,
    stopped: Vec<String>,
}

impl Left {
    pub(super) fn of(shared: &Shared) -> Self {
        let mut left = Self::default();
        let (mut served, mut others) = (BTreeSet::new(), Vec::new());
        for Service { life, queues } in shared.all() {
            // Without an engine, nobody has the bus any more.
            match life.engine().filter(|engine| !life.is_dead() && !engine.stop.is_cancelled()) {
                Some(engine) => {
                    left.in_hand(&shared.memory, &engine);
                    served.extend(queues);
                }
                None => others.push((life, queues)),
            }
        }
        for queue in &served {
            left.queue(&shared.memory, queue);
        }
        left.busy.extend(shared.journal.running());
        for (life, queues) in others {
            left.deserted(&shared.memory, &life, queues.iter().filter(|queue| !served.contains(*queue)));
        }
        left
    }

    /// Whether everything is done.
    pub(super) fn is_nothing(&self) -> bool {
        self.busy.is_empty() && self.crashed.is_empty() && self.stopped.is_empty()
    }

    /// Whether the rest is in queues that are paused.
    pub(super) fn is_only_paused(&self) -> bool {
        self.waiting > 0 && self.waiting == self.busy.len()
    }

    /// The failure, when whoever had what is left is no more, and nobody has the rest of it.
    pub(super) fn of_nobody(&self) -> Option<TestError> {
        let kind = match (self.crashed.is_empty(), self.busy.is_empty()) {
            (false, _) => TestErrorKind::Crashed,
            (true, true) => TestErrorKind::Stopped,
            (true, false) => return None,
        };
        // Where others live, what they do is not what is wrong.
        let lines = in_lines(self.crashed.iter().chain(&self.stopped));
        Some(TestError::new(kind, format!("nobody does what is left to do:{lines}")))
    }

    /// What it is, in lines.
    pub(super) fn lines(&self) -> String {
        in_lines(self.crashed.iter().chain(&self.stopped).chain(&self.busy))
    }

    /// What a bus knows to be in hand, and its broker has forgotten.
    fn in_hand(&mut self, memory: &MemoryTransport, engine: &Engine) {
        let mut holds = false;
        for queue in &engine.queues {
            let (count, _) = queue.leases.in_hand();
            holds |= count > 0;
            if count > 0 && memory.depth(&queue.name).in_hand == 0 {
                self.busy.push(format!("queue `{}`: {count} in the hands of its bus", queue.name));
            }
            if !queue.switch.is_on() {
                self.paused.insert(queue.name.clone());
            }
        }
        if !holds && self.busy.is_empty() && !engine.lanes.is_empty() {
            self.busy.push("a bus is about to be done with what it had in hand".to_owned());
        }
    }

    fn queue(&mut self, memory: &MemoryTransport, queue: &str) {
        let depth = memory.depth(queue);
        if depth.total() > 0 {
            let is_paused = self.paused.contains(queue);
            self.waiting += usize::from(is_paused && depth.in_hand == 0);
            let paused = if is_paused { "; it is paused" } else { "" };
            self.busy.push(format!("{}{paused}", in_words(queue, depth)));
        }
        let moves = memory.account().moves(&memory.dead_letter_queue(queue)).unwrap_or_default();
        if moves.iter().any(|report| report.state == MoveState::Running) {
            self.busy.push(format!("queue `{queue}`: its dead letters are being moved back"));
        }
    }

    fn deserted<'a>(&mut self, memory: &MemoryTransport, life: &Life, queues: impl Iterator<Item = &'a String>) {
        for queue in queues {
            let depth = memory.depth(queue);
            if depth.total() == 0 {
                continue;
            }
            let what = in_words(queue, depth);
            match life.why_dead() {
                Some(why) => self.crashed.push(format!(
                    "{what}; its bus crashed {why}: `restart()` it, or start another one on its account"
                )),
                None => {
                    let why = if life.engine().is_some() {
                        "was shut down: start another one on its account"
                    } else {
                        "was dropped: keep what `start` returned, in `_billing` say, since `_` drops it at once"
                    };
                    self.stopped.push(format!("{what}; its bus {why}"));
                }
            }
        }
    }
}

/// What topics and queues have lost, in lines: nobody saw when.
pub(super) fn lost(shared: &Shared) -> Vec<String> {
    let mut lines = Vec::new();
    let messages = |count| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    for queue in shared.queues() {
        for queue in [shared.memory.dead_letter_queue(&queue), queue] {
            let count = shared.memory.account().expired(&queue).unwrap_or_default();
            if let Some(kept) = shared.memory.retention(&queue).filter(|_| count > 0) {
                let messages = messages(count);
                lines.push(format!("queue `{queue}` has lost {messages}, since it keeps a message for {kept:?} only"));
            }
        }
    }
    let undelivered = shared.memory.account().undelivered();
    if undelivered > 0 {
        lines.push(format!("topics have lost {}, which their queues did not take", messages(undelivered)));
    }
    lines
}

fn in_lines<'a>(all: impl Iterator<Item = &'a String>) -> String {
    all.fold(String::new(), |mut lines, line| {
        let _ = write!(lines, "\n  {line}");
        lines
    })
}

fn in_words(queue: &str, QueueDepth { visible, in_hand, resting, .. }: QueueDepth) -> String {
    format!("queue `{queue}`: {visible} to be received, {in_hand} in hand, {resting} resting until later")
}
