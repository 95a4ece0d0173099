//! The same work by Melange, as its users write it.

use std::sync::Arc;
use std::time::Duration;

use melange::{EventBus, MessagePublisher};
use melange_aws::{Aws, Provision};
use tokio::task::JoinSet;

use super::Result;
use super::events::Sample;
use super::server::Server;

/// Callers at once, each with one event, so that the requests under way and the next ones are full.
pub(crate) const CALLERS: usize = 320;

/// A bus that consumes from this queue.
pub(crate) async fn consume<E: Sample>(server: &Server, queue: &str, handle: fn(&E)) -> Result<EventBus> {
    let bus = EventBus::builder()
        .subscribe(move |event: Arc<E>| {
            handle(&event);
            async {}
        })
        .transport(Aws::from_config(&server.config).queue(queue).provision(Provision::Assume))
        .build()?;
    bus.start().await?;
    Ok(bus)
}

/// Waits until SQS has deleted so many, and stops the bus.
pub(crate) async fn stop(bus: EventBus, deleted: u64) -> Result<()> {
    while bus.metrics().handled < deleted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bus.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}

/// Publishes so many events, one at a call, and calls `published` when the topic has one.
pub(crate) async fn publish<E: Sample>(server: &Server, sample: &E, count: u64, published: fn()) -> Result<()> {
    let publisher = MessagePublisher::new(Aws::from_config(&server.config));
    publish_with(&publisher, sample, count, published).await
}

pub(crate) async fn publish_with<E: Sample>(
    publisher: &MessagePublisher,
    sample: &E,
    count: u64,
    published: fn(),
) -> Result<()> {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS as u64 {
        let (publisher, sample) = (publisher.clone(), sample.clone());
        callers.spawn(async move {
            for number in (caller..count).step_by(CALLERS) {
                publisher.publish(sample.numbered(number)).await?;
                published();
            }
            Ok(())
        });
    }
    all(callers).await
}

/// Publishes so many events, those of each of the raw loop's requests at a call, and calls `published` when the topic has
/// one.
pub(crate) async fn publish_all<E: Sample>(server: &Server, sample: &E, count: u64, published: fn()) -> Result<()> {
    let publisher = MessagePublisher::new(Aws::from_config(&server.config));
    let mut callers = JoinSet::new();
    for line in super::raw::lines::<E>(count) {
        let (publisher, sample) = (publisher.clone(), sample.clone());
        callers.spawn(async move {
            for batch in line {
                for sent in publisher.publish_all(batch.iter().map(|number| sample.numbered(*number))).await {
                    sent?;
                    published();
                }
            }
            Ok(())
        });
    }
    all(callers).await
}

async fn all(mut callers: JoinSet<Result<()>>) -> Result<()> {
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(())
}
