//! Chance, under a seed: the same again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::testing::{Crash, Fault, TestBus};
use melange::{Event, MessagePublisher, Metadata, Outcome, State, subscriber, subscribers};
use serde::{Deserialize, Serialize};

use crate::orders::OrderPlaced;

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

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct StepTaken {
    #[event(key)]
    run: String,
    number: u32,
}

type Taken = Arc<Mutex<Vec<(String, u32)>>>;

#[subscriber(listens_to = StepTaken)]
async fn take(step: &StepTaken, meta: &Metadata, State(taken): State<Taken>) -> Result<(), &'static str> {
    tokio::time::sleep(Duration::from_millis(u64::from(step.number) * 37 % 100)).await;
    if (step.number + meta.attempt).is_multiple_of(5) {
        return Err("not yet");
    }
    taken.lock().unwrap().push((step.run.clone(), step.number));
    Ok(())
}

/// Some steps may come twice, but none after a later one was taken.
#[tokio::test(start_paused = true)]
async fn a_fifo_key_goes_on_in_order_wherever_the_bus_crashes() {
    for seed in 0..4 {
        for crash in Crash::ALL {
            let taken = Taken::default();
            let bus = TestBus::builder().queue("runner.fifo").subscribers(subscribers![take]).state(Arc::clone(&taken));
            let bus = bus.seed(seed).shuffled().duplicates(0.5).start().await;
            bus.inject(Fault::crash(crash).after(3));
            bus.inject(Fault::lose_received().after(2));
            for number in 1..=8 {
                for run in ["a", "b", "c"] {
                    bus.publisher().publish(StepTaken { run: run.into(), number }).await.unwrap();
                }
            }
            while let Err(why) = bus.try_run_until_idle().await {
                assert!(why.is_crash(), "{why}");
                bus.restart().await;
            }
            for run in ["a", "b", "c"] {
                let of_run = |(of, number): &(String, u32)| (of == run).then_some(*number);
                let mut steps: Vec<u32> = taken.lock().unwrap().iter().filter_map(of_run).collect();
                assert!(steps.is_sorted(), "seed {seed}, crash {crash}, run {run}: {steps:?}");
                steps.dedup();
                let dead = bus.dead_letters::<StepTaken>();
                let dead = dead.iter().filter(|letter| letter.event.run == run).count();
                assert_eq!(steps.len() + dead, 8, "seed {seed}, crash {crash}, run {run}: {steps:?}");
            }
        }
    }
}
