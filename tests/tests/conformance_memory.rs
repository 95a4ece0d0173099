//! The promises, on queues in memory.

use melange::MemoryTransport;
use melange::testing::conformance::Harness;

struct Memory(MemoryTransport);

impl Harness for Memory {
    type Transport = MemoryTransport;

    async fn fresh() -> Self {
        Self(MemoryTransport::new())
    }

    fn queue(&self, name: &str) -> MemoryTransport {
        self.0.queue(name)
    }
}

melange::conformance!(Memory);
