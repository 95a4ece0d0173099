//! The type-erased transport: one box per batch, none per message. Its panics are treated as failures.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::panics::{all_panicked, caught, panicked};
use super::{
    Capabilities, DeadLetter, Delivery, MemoryTransport, Message, MoveStatus, Receipt, Topology, Transport,
    TransportError,
};
use crate::Problem;
use crate::dispatch::contained;
use crate::subscriber::BoxFuture;

type Answers = Vec<Result<(), TransportError>>;

/// The dyn-compatible counterpart of [`Transport`].
trait Erased: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn capabilities(&self) -> Capabilities;
    fn own_queue(&self) -> &str;
    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str;
    fn answers_at_once(&self) -> bool;
    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>>;
    #[cfg(feature = "schema")]
    fn setup(&self, topology: &Topology) -> super::Setup;
    fn prepare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>>;
    fn is_wanted<'a>(&'a self, topology: &'a Topology, queue: &'a str, event_type: &'a str) -> BoxFuture<'a, bool>;
    fn publish(&self, messages: Vec<Message>) -> BoxFuture<'_, Answers>;
    fn send<'a>(&'a self, queue: &'a str, messages: Vec<Message>, delay: Option<Duration>) -> BoxFuture<'a, Answers>;
    fn receive<'a>(
        &'a self,
        queue: &'a str,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>>;
    fn delete<'a>(&'a self, queue: &'a str, receipts: Vec<Receipt>) -> BoxFuture<'a, Answers>;
    fn change_visibility<'a>(&'a self, queue: &'a str, receipts: Vec<(Receipt, Duration)>) -> BoxFuture<'a, Answers>;
    fn dead_letter<'a>(
        &'a self,
        queue: &'a str,
        delivery: &'a Delivery,
        letter: &'a DeadLetter,
    ) -> BoxFuture<'a, Result<(), TransportError>>;
    fn backlog<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<Option<u64>, TransportError>>;
    fn dead_letter_queue(&self, queue: &str) -> String;
    fn redrive<'a>(
        &'a self,
        queue: &'a str,
        letter: &'a Delivery,
        redrives: u32,
    ) -> BoxFuture<'a, Result<(), TransportError>>;
    fn start_move<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<String, TransportError>>;
    fn move_status<'a>(&'a self, queue: &'a str, task: &'a str) -> BoxFuture<'a, Result<MoveStatus, TransportError>>;
}

impl<T: Transport> Erased for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn capabilities(&self) -> Capabilities {
        Transport::capabilities(self)
    }
    fn own_queue(&self) -> &str {
        Transport::own_queue(self)
    }
    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        Transport::without_prefix(self, queue)
    }
    fn answers_at_once(&self) -> bool {
        Transport::answers_at_once(self)
    }
    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        Transport::check(self, topology)
    }
    #[cfg(feature = "schema")]
    fn setup(&self, topology: &Topology) -> super::Setup {
        Transport::setup(self, topology)
    }
    fn prepare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        caught(|| Transport::prepare(self, topology), || Err(panicked("preparing topics and queues")))
    }
    fn is_wanted<'a>(&'a self, topology: &'a Topology, queue: &'a str, event_type: &'a str) -> BoxFuture<'a, bool> {
        // If this fails, the event is left to others, so that nothing is lost.
        caught(move || Transport::is_wanted(self, topology, queue, event_type), || true)
    }
    fn publish(&self, messages: Vec<Message>) -> BoxFuture<'_, Answers> {
        let count = messages.len();
        caught(|| Transport::publish(self, messages), move || all_panicked(count, "publishing"))
    }
    fn send<'a>(&'a self, queue: &'a str, messages: Vec<Message>, delay: Option<Duration>) -> BoxFuture<'a, Answers> {
        let count = messages.len();
        caught(move || Transport::send(self, queue, messages, delay), move || all_panicked(count, "sending to a queue"))
    }
    fn receive<'a>(
        &'a self,
        queue: &'a str,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        caught(move || Transport::receive(self, queue, max, wait), || Err(panicked("receiving")))
    }
    fn delete<'a>(&'a self, queue: &'a str, receipts: Vec<Receipt>) -> BoxFuture<'a, Answers> {
        let count = receipts.len();
        caught(move || Transport::delete(self, queue, receipts), move || all_panicked(count, "deleting"))
    }
    fn change_visibility<'a>(&'a self, queue: &'a str, receipts: Vec<(Receipt, Duration)>) -> BoxFuture<'a, Answers> {
        let count = receipts.len();
        caught(
            move || Transport::change_visibility(self, queue, receipts),
            move || all_panicked(count, "changing visibilities"),
        )
    }
    fn dead_letter<'a>(
        &'a self,
        queue: &'a str,
        delivery: &'a Delivery,
        letter: &'a DeadLetter,
    ) -> BoxFuture<'a, Result<(), TransportError>> {
        caught(
            move || Transport::dead_letter(self, queue, delivery, letter),
            || Err(panicked("sending to the dead-letter queue")),
        )
    }
    fn backlog<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<Option<u64>, TransportError>> {
        caught(move || Transport::backlog(self, queue), || Err(panicked("asking how much there is")))
    }
    fn dead_letter_queue(&self, queue: &str) -> String {
        Transport::dead_letter_queue(self, queue)
    }
    fn redrive<'a>(
        &'a self,
        queue: &'a str,
        letter: &'a Delivery,
        redrives: u32,
    ) -> BoxFuture<'a, Result<(), TransportError>> {
        caught(move || Transport::redrive(self, queue, letter, redrives), || Err(panicked("redriving")))
    }
    fn start_move<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<String, TransportError>> {
        caught(move || Transport::start_move(self, queue), || Err(panicked("starting to move messages")))
    }
    fn move_status<'a>(&'a self, queue: &'a str, task: &'a str) -> BoxFuture<'a, Result<MoveStatus, TransportError>> {
        caught(move || Transport::move_status(self, queue, task), || Err(panicked("asking how moving stands")))
    }
}

/// A transport of any kind, cheap to clone.
#[derive(Clone)]
pub(crate) struct DynTransport(Arc<dyn Erased>);

impl DynTransport {
    pub(crate) fn new<T: Transport>(transport: T) -> Self {
        Self(Arc::new(transport))
    }
    /// The transport as it was given, if it is a `T`.
    pub(crate) fn downcast<T: Transport>(&self) -> Option<&T> {
        self.0.as_any().downcast_ref()
    }
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    pub(crate) fn own_queue(&self) -> &str {
        self.0.own_queue()
    }
    pub(crate) fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        self.0.without_prefix(queue)
    }
    pub(crate) fn answers_at_once(&self) -> bool {
        self.0.answers_at_once()
    }
    pub(crate) fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        self.0.check(topology)
    }
    #[cfg(feature = "schema")]
    pub(crate) fn setup(&self, topology: &Topology) -> super::Setup {
        self.0.setup(topology)
    }
    pub(crate) async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        self.0.prepare(topology).await
    }
    pub(crate) async fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> bool {
        self.0.is_wanted(topology, queue, event_type).await
    }
    pub(crate) async fn publish(&self, messages: Vec<Message>) -> Answers {
        self.0.publish(messages).await
    }
    /// One message to the in-memory account, which answers at once: without a list, and without a future in a box.
    /// `None` for other transports.
    pub(crate) fn publish_here(&self, message: &Message) -> Option<Result<(), TransportError>> {
        let memory = self.downcast::<MemoryTransport>()?;
        Some(contained(|| memory.publish_now(message)).unwrap_or_else(|| Err(panicked("publishing"))))
    }
    pub(crate) async fn publish_one(&self, message: Message) -> Result<(), TransportError> {
        first(self.0.publish(vec![message]).await)
    }
    pub(crate) async fn send(
        &self,
        queue: &str,
        message: Message,
        delay: Option<Duration>,
    ) -> Result<(), TransportError> {
        first(self.0.send(queue, vec![message], delay).await)
    }
    pub(crate) async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, TransportError> {
        self.0.receive(queue, max, wait).await
    }
    pub(crate) async fn delete(&self, queue: &str, receipt: &Receipt) -> Result<(), TransportError> {
        first(self.0.delete(queue, vec![receipt.clone()]).await)
    }
    pub(crate) async fn delete_all(&self, queue: &str, receipts: Vec<Receipt>) -> Answers {
        self.0.delete(queue, receipts).await
    }
    pub(crate) async fn change_visibility(
        &self,
        queue: &str,
        receipt: &Receipt,
        from_now: Duration,
    ) -> Result<(), TransportError> {
        first(self.0.change_visibility(queue, vec![(receipt.clone(), from_now)]).await)
    }
    pub(crate) async fn change_visibilities(&self, queue: &str, receipts: Vec<(Receipt, Duration)>) -> Answers {
        if receipts.is_empty() {
            return Vec::new();
        }
        self.0.change_visibility(queue, receipts).await
    }
    pub(crate) async fn dead_letter(
        &self,
        queue: &str,
        delivery: &Delivery,
        letter: &DeadLetter,
    ) -> Result<(), TransportError> {
        self.0.dead_letter(queue, delivery, letter).await
    }
    pub(crate) async fn backlog(&self, queue: &str) -> Result<Option<u64>, TransportError> {
        self.0.backlog(queue).await
    }
    pub(crate) fn dead_letter_queue(&self, queue: &str) -> String {
        self.0.dead_letter_queue(queue)
    }
    pub(crate) async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.0.redrive(queue, letter, redrives).await
    }
    pub(crate) async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        self.0.start_move(queue).await
    }
    pub(crate) async fn move_status(&self, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
        self.0.move_status(queue, task).await
    }
}

/// The answer to a batch of one; none at all is a failure.
fn first(answers: Answers) -> Result<(), TransportError> {
    answers.into_iter().next().unwrap_or_else(|| Err(TransportError::no_answer()))
}
