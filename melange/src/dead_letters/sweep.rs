//! Going once through a dead-letter queue: every message is received once, and those that are left are returned.

use std::collections::HashMap;
use std::time::Duration;

use crate::transport::{Delivery, DynTransport, Receipt, TransportError};

/// How long a receive waits for letters: not for new ones, only for the broker to find those it has.
const WAIT: Duration = Duration::from_secs(1);

/// One way through the dead-letter queue of a queue.
pub(super) struct Sweep<'a> {
    transport: &'a DynTransport,
    dead: String,
    batch: usize,
    /// Everything that was taken, by message id; without a receipt once it is deleted.
    taken: HashMap<String, Option<Receipt>>,
}

impl<'a> Sweep<'a> {
    pub(super) fn begin(transport: &'a DynTransport, queue: &str) -> Self {
        let batch = transport.capabilities().max_batch.max(1);
        Self { transport, dead: transport.dead_letter_queue(queue), batch, taken: HashMap::new() }
    }

    /// Up to `most` letters that have not been taken yet; none when all have.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<Delivery>, TransportError> {
        let deliveries = self.transport.receive(&self.dead, most.clamp(1, self.batch), WAIT).await?;
        let mut new = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            // One that comes again has outlasted its visibility: its new receipt is the one that counts.
            let known = self.taken.insert(delivery.message_id.clone(), Some(delivery.receipt.clone()));
            if known.is_none() {
                new.push(delivery);
            }
        }
        Ok(new)
    }

    /// The letter is done with.
    pub(super) async fn delete(&mut self, delivery: &Delivery) -> Result<(), TransportError> {
        self.transport.delete(&self.dead, &delivery.receipt).await?;
        self.taken.insert(delivery.message_id.clone(), None);
        Ok(())
    }

    /// Hands back what is left.
    pub(super) async fn end(self) {
        let left: Vec<_> = self.taken.into_values().flatten().map(|receipt| (receipt, Duration::ZERO)).collect();
        for batch in left.chunks(self.batch) {
            for answer in self.transport.change_visibilities(&self.dead, batch.to_vec()).await {
                if let Err(error) = answer {
                    tracing::debug!(queue = self.dead, %error, "a letter was not handed back: it is visible again later");
                }
            }
        }
    }
}
