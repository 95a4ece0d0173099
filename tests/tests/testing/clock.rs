//! Looking at the state between the steps.

use std::sync::Arc;
use std::time::Duration;

use melange::testing::{TestBus, TestErrorKind};
use melange::{Outcome, assert_idle, subscriber, subscribers};

use crate::orders::OrderPlaced;

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3))]
async fn pay(_: &OrderPlaced, meta: &melange::Metadata) -> Outcome {
    match meta.attempt {
        1 => Outcome::retry_after("no money", Duration::from_secs(1)),
        2 => Outcome::retry_after("still no money", Duration::from_secs(5)),
        _ => Outcome::Done,
    }
}

const ALMOST: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn after_a_second_it_is_retried_and_after_five_again() {
    let bus = TestBus::builder().subscribers(subscribers![pay]).start().await;
    let attempts = || bus.attempts::<OrderPlaced>().len();
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    assert_eq!(attempts(), 0);
    bus.advance(Duration::ZERO).await;
    assert_eq!((attempts(), bus.elapsed()), (1, Duration::ZERO));
    bus.advance(SECOND - ALMOST).await;
    assert_eq!(attempts(), 1);
    bus.advance(ALMOST).await;
    assert_eq!((attempts(), bus.elapsed()), (2, SECOND));
    bus.advance(5 * SECOND - ALMOST).await;
    assert_eq!(attempts(), 2);
    bus.advance(ALMOST).await;
    assert_eq!((attempts(), bus.elapsed()), (3, 6 * SECOND));
    bus.run_until_idle().await;
    assert_idle!(bus);
    let after: Vec<_> = bus.attempts::<OrderPlaced>().iter().map(|attempt| attempt.at).collect();
    assert_eq!(after, [Duration::ZERO, SECOND, 6 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_over_when_it_is_over() {
    let bus = TestBus::builder().subscribe(|_: &OrderPlaced| ()).start().await;
    bus.send_to("melange", OrderPlaced { number: 1 }).delay(60 * SECOND).await.unwrap();
    bus.advance(60 * SECOND - ALMOST).await;
    assert!(bus.attempts::<OrderPlaced>().is_empty());
    bus.advance(ALMOST).await;
    assert_eq!(bus.handled::<OrderPlaced>().len(), 1);
    bus.memory().set_delay("melange", 10 * SECOND);
    bus.publish(OrderPlaced { number: 2 }).await.unwrap();
    bus.advance(10 * SECOND).await;
    assert_eq!(bus.handled::<OrderPlaced>().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn time_goes_by_in_its_order() {
    let seen = Arc::<std::sync::Mutex<Vec<Duration>>>::default();
    let (notes, began) = (Arc::clone(&seen), tokio::time::Instant::now());
    let bus = TestBus::builder()
        .subscribe(move |_: Arc<OrderPlaced>| {
            let notes = Arc::clone(&notes);
            async move {
                for _ in 0..3 {
                    tokio::time::sleep(SECOND).await;
                    notes.lock().unwrap().push(began.elapsed());
                }
            }
        })
        .start()
        .await;
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.advance(10 * SECOND).await;
    assert_eq!(*seen.lock().unwrap(), [SECOND, 2 * SECOND, 3 * SECOND]);
}

#[tokio::test]
async fn a_clock_that_runs_is_refused_with_the_way_out() {
    let why = TestBus::builder().subscribers(subscribers![pay]).try_start().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::ClockRuns);
    assert!(why.to_string().contains("#[tokio::test(start_paused = true)]"), "{why}");
    tokio::time::pause();
    let bus = TestBus::builder().subscribers(subscribers![pay]).start().await;
    tokio::time::resume();
    assert_eq!(bus.try_run_until_idle().await.unwrap_err().kind(), TestErrorKind::ClockRuns);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_threads_have_no_clock_to_pause() {
    let why = TestBus::builder().try_start().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::ClockRuns);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "clock.rs")]
async fn a_failure_names_the_place_of_the_call() {
    let bus = TestBus::builder().subscribers(subscribers![pay]).start().await;
    tokio::time::resume();
    bus.run_until_idle().await;
}
