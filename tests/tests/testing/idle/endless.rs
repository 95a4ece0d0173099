//! What never comes to an end is told in words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use melange::testing::{TestBus, TestErrorKind};
use melange::{MessagePublisher, Outcome, PublishError, State, assert_handled, subscriber, subscribers};
use tokio::time::sleep;

use super::{OrderPlaced, PaymentDue, order};

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_publishes_for_ever_is_told_in_words() {
    let bus = TestBus::builder()
        .subscribe({
            #[derive(Clone)]
            struct Echo(Arc<AtomicUsize>);
            let echo = Echo(Arc::default());
            move |_: Arc<PaymentDue>| {
                echo.0.fetch_add(1, Ordering::SeqCst);
                async {}
            }
        })
        .subscribers(subscribers![echo])
        .state_with(|publisher| publisher)
        .max_attempts(50)
        .start()
        .await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooManyAttempts);
    let text = why.to_string();
    for part in
        ["did not become idle within 50 attempts", "`echo` on PaymentDue", "queue `melange`:", ".max_attempts(..)"]
    {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(text.contains(r#"PaymentDue {"order_id":"o-1"}"#), "{text}");
}

#[subscriber(listens_to = PaymentDue)]
async fn echo(due: &PaymentDue, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    publisher.publish(due.clone()).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn by_default_there_is_an_end_too() {
    let began = std::time::Instant::now();
    let bus = TestBus::builder().subscribers(subscribers![echo]).state_with(|publisher| publisher).start().await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    assert_eq!(bus.try_run_until_idle().await.unwrap_err().kind(), TestErrorKind::TooManyAttempts);
    println!("10,000 attempts took {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_retried_for_ever_is_told_in_words() {
    #[subscriber(listens_to = PaymentDue, retry(attempts = 1000, backoff = "1h..1h"))]
    async fn never(_: &PaymentDue) -> Outcome {
        Outcome::retry("not yet")
    }
    let day = Duration::from_secs(24 * 60 * 60 + 60);
    let bus = TestBus::builder().subscribers(subscribers![never]).max_time(day).start().await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooLong);
    let text = why.to_string();
    for part in ["within 86460s of its clock", "`never` on PaymentDue, 25 times", "1 resting until later", "not yet"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_waits_for_ever_is_told_in_words() {
    let builder =
        || TestBus::builder().subscribe(|_: Arc<OrderPlaced>| async { sleep(Duration::from_secs(4 * 3600)).await });
    let bus = builder().start().await;
    bus.publish(order("o-1")).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooLong);
    assert!(why.to_string().contains("has been running on OrderPlaced for 7200s"), "{why}");
    let bus = builder().max_run(Duration::from_secs(5 * 3600)).start().await;
    bus.publish(order("o-1")).await.unwrap();
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced, times = 1);
}
