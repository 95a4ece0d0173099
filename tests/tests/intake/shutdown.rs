//! Shutdowns while something is taken in.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use melange::{CancellationToken, EventBus, Settle, State, subscriber};
use tokio::time::sleep;

use crate::{Followed, HANDLED, Order, World, bus, heeds, order};

/// The bus, which is there when the subscribers already are.
#[derive(Clone, Default)]
struct Later(Arc<OnceLock<EventBus>>);

#[subscriber(listens_to = Order)]
async fn follows(
    order: &Order,
    State(world): State<World>,
    State(Later(bus)): State<Later>,
) -> Result<(), melange::PublishError> {
    sleep(Duration::from_secs(1)).await;
    if let Some(bus) = bus.get() {
        bus.publish(Followed { number: order.number }).await?;
        world.note("published");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_it_and_then_refuses() {
    let (world, later) = (World::default(), Later::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![follows])
        .state(world.clone())
        .state(later.clone())
        .build()
        .unwrap();
    later.0.set(bus.clone()).unwrap();
    let pushed = order("a", 1);
    bus.start().await.unwrap();
    let intake = bus.intake();
    let stop = CancellationToken::new();
    let (taken, ()) = tokio::join!(intake.handle(None, &pushed, &stop), async {
        sleep(Duration::from_millis(1)).await;
        bus.shutdown(Duration::from_secs(5)).await.unwrap();
    });
    assert_eq!(taken.settle, HANDLED);
    assert_eq!(intake.handle(None, &pushed, &stop).await.settle, Settle::Stopped);
    assert_eq!(world.ran(), ["published"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_over_hands_it_back() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![heeds]);
    let (intake, delivery, stop) = (bus.intake(), order("a", 1), CancellationToken::new());
    let (taken, ()) = tokio::join!(intake.handle(None, &delivery, &stop), async {
        sleep(Duration::from_millis(1)).await;
        bus.shutdown(Duration::from_secs(5)).await.unwrap();
    });
    assert_eq!(taken.settle, Settle::Stopped);
    assert_eq!(world.ran(), ["told"]);
}
