//! placeholder
use super::{
    Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError,
};
use std::time::Duration;
/// placeholder
#[derive(Debug, Default, Clone)]
pub struct MemoryTransport;
impl MemoryTransport {
    /// new
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}
impl Transport for MemoryTransport {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("memory").in_process()
    }
    fn own_queue(&self) -> &str {
        "melange"
    }
    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }
    async fn publish(&self, m: Vec<Message>) -> Vec<Result<(), TransportError>> {
        m.into_iter().map(|_| Ok(())).collect()
    }
    async fn receive(
        &self,
        _: &str,
        _: usize,
        _: Duration,
    ) -> Result<Vec<Delivery>, TransportError> {
        std::future::pending().await
    }
    async fn delete(&self, _: &str, _: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        vec![]
    }
    async fn change_visibility(
        &self,
        _: &str,
        _: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        vec![]
    }
    async fn dead_letter(
        &self,
        _: &str,
        _: &Delivery,
        _: &DeadLetter,
    ) -> Result<(), TransportError> {
        Ok(())
    }
}
