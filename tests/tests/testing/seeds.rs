//! Chance, under a seed: the same again.

use std::time::Duration;

use melange::testing::TestBus;
use melange::{Event, MessagePublisher, Metadata, Outcome, State, subscriber, subscribers};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    number: u32,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentDue {
    number: u32,
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 4, backoff = "1s..1m"))]
async fn bill(order: &OrderPlaced, meta: &Metadata, State(publisher): State<MessagePublisher>) -> Outcome {
    if meta.attempt <= order.number % 3 {
        return Outcome::retry("not yet");
    }
    tokio::time::sleep(Duration::from_millis(u64::from(order.number) * 7)).await;
    match publisher.publish(PaymentDue { number: order.number }).await {
        Ok(_) => Outcome::Done,
        Err(why) => Outcome::retry(why),
    }
}

#[subscriber(listens_to = PaymentDue)]
async fn remind(_: &PaymentDue) {}

async fn story(seed: u64) -> (Vec<String>, usize) {
    let bus = TestBus::builder()
        .subscribers(subscribers![bill, remind])
        .state_with(|publisher| publisher)
        .seed(seed)
        .shuffled()
        .duplicates(0.2)
        .start()
        .await;
    for number in 0..30 {
        bus.publish(OrderPlaced { number }).await.unwrap();
    }
    bus.run_until_idle().await;
    let all: Vec<String> = bus.story().lines().map(str::to_owned).collect();
    let twice = bus.handled::<OrderPlaced>().len();
    (all, twice)
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_story_and_another_is_another() {
    let (first, again, other) = (story(7).await, story(7).await, story(8).await);
    for (number, (one, two)) in first.0.iter().zip(&again.0).enumerate() {
        assert_eq!(one, two, "at step {number}");
    }
    assert_eq!(first, again);
    assert_ne!(first.0, other.0);
    assert!(first.1 > 30, "something came twice");
}
