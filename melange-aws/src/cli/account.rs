//! The account behind a bus.

use melange::EventBus;
use melange::cli::Failure;

use crate::{Aws, AwsQueue};

/// The way to the account of `bus`.
pub(super) fn aws(bus: &EventBus) -> Result<&Aws, Failure> {
    let queue = bus.transport::<AwsQueue>().map(AwsQueue::aws);
    queue.or_else(|| bus.transport::<Aws>()).ok_or_else(|| {
        let over = bus.capabilities().name;
        Failure::usage(format!("the bus of this program is not over AWS, but over {over}"))
            .help("give the builder a transport: `.transport(aws.queue(\"billing\"))`")
    })
}
