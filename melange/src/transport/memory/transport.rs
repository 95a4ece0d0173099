//! The account as a bus sees it.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::moves::{MoveState, MoveTask};
use super::queue::Ask;
use super::refused::Refused;
use super::stored::Stored;
use super::{MemoryTransport, dead_letter_queue};
use crate::Problem;
use crate::transport::{
    Capabilities, DeadLetter, Delivery, Message, MoveStatus, Receipt, Topology, Transport, TransportError,
    TransportErrorKind,
};

/// What is left of the twelve hours that a message may be in hand when it is to rest for as long as can be.
const SPARE: Duration = Duration::from_secs(5);

const CAPABILITIES: Capabilities = Capabilities::wire("memory").in_process();

impl MemoryTransport {
    /// What `publish` does for one message.
    pub(in crate::transport) fn publish_now(&self, message: &Message) -> Result<(), TransportError> {
        self.lock().publish(message, Instant::now())
    }
}

impl Transport for MemoryTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn own_queue(&self) -> &str {
        &self.own_queue
    }

    fn answers_at_once(&self) -> bool {
        true
    }

    /// Also makes the topology, so that what is published before `start()` waits in the queues.
    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        let mut account = self.lock();
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in &topology.queues {
            before.entry(plan.name.clone()).or_insert_with(|| account.event_types(&plan.name));
        }
        account.declare(&self.own_queue, topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        self.lock().declare(&self.own_queue, topology).map_err(|refused| {
            let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
            TransportError::new(TransportErrorKind::Configuration, refused.join("; "))
        })
    }

    async fn is_wanted(&self, _: &Topology, queue: &str, event_type: &str) -> bool {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let is_left_over = before.get(queue).is_some_and(|names| names.contains(event_type));
        drop(before);
        !is_left_over && self.lock().event_types(queue).contains(event_type)
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        messages.iter().map(|message| account.publish(message, now)).collect()
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        messages.iter().map(|message| account.send(queue, message, delay, now)).collect()
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let max = max.clamp(1, CAPABILITIES.max_batch);
        let signal = self.lock().queues.get(queue)?.signal();
        let ask = Ask { max, visibility: None, attempt: None, waits: !wait.is_zero() };
        let look = || self.lock().receive(queue, &ask, Instant::now(), Stored::deliver).map_err(TransportError::from);
        signal.receive(wait, look).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        match account.queues.get(queue) {
            Ok(queue) => queue.delete_all(&receipts, now).map(|answer| answer.map_err(settling)).collect(),
            Err(refused) => receipts.iter().map(|_| Err(settling(refused.clone()))).collect(),
        }
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        let mut one = |receipt, time: Duration| {
            account.queues.get(queue)?.change_visibility(receipt, time.min(CAPABILITIES.max_in_hand - SPARE), now)
        };
        receipts.iter().map(|(receipt, time)| one(receipt, *time).map_err(settling)).collect()
    }

    async fn backlog(&self, queue: &str) -> Result<Option<u64>, TransportError> {
        Ok(Some(self.depth(queue).visible as u64))
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.lock().redrive_one(queue, &letter.receipt, redrives, Instant::now()).map_err(settling)
    }

    async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        let task = MoveTask::of(dead_letter_queue(queue)).to(queue);
        self.account().start_move(task).map_err(|refused| match TransportError::from(refused) {
            error if error.kind() == TransportErrorKind::NotFound => error,
            error => TransportError::new(TransportErrorKind::Configuration, error.to_string()),
        })
    }

    async fn move_status(&self, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
        let dead = dead_letter_queue(queue);
        let report = self.account().moves(&dead)?.into_iter().find(|report| report.task == task);
        match report.map(|report| (report.state, report.moved)) {
            Some((MoveState::Running, moved)) => Ok(MoveStatus::running(moved)),
            Some((MoveState::Completed, moved)) => Ok(MoveStatus::done(moved)),
            Some((MoveState::Cancelled | MoveState::Failed, moved)) => {
                let what = format!("the move of the messages of queue `{dead}` ended after {moved} of them");
                Err(TransportError::new(TransportErrorKind::Configuration, what))
            }
            None => {
                let what = format!("nothing is known of this move of the messages of queue `{dead}`");
                Err(TransportError::new(TransportErrorKind::NotFound, what))
            }
        }
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.lock().dead_letter(queue, &delivery.receipt, letter, Instant::now()).map_err(settling)
    }
}

/// What a refusal means for a message that is to be settled: it is not ours any more, unless its queue is gone.
fn settling(refused: Refused) -> TransportError {
    let error = TransportError::from(refused);
    match error.kind() {
        TransportErrorKind::NotFound => error,
        _ => TransportError::new(TransportErrorKind::LeaseLost, error.to_string()),
    }
}
