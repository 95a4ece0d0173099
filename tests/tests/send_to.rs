//! Sending an event to one queue, past its topic: in memory, and over a transport that cannot.

use std::sync::Mutex;
use std::time::Duration;

use melange::transport::TransportErrorKind;
use melange::{Event, MemoryTransport, MessageConsumer, MessagePublisher, Metadata, subscriber};
use melange_tests::hands::Hands;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentDue {
    order: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: String,
    number: u64,
}

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[subscriber(listens_to = PaymentDue)]
fn remind(due: &PaymentDue, meta: &Metadata) {
    SEEN.lock().unwrap().push(format!("{} {} {}", due.order, meta.event_id, meta.topic));
}

#[tokio::test(start_paused = true)]
async fn only_that_queue_gets_it_and_not_before_its_time() {
    let account = MemoryTransport::new();
    let build = |queue| {
        let builder = MessageConsumer::builder().transport(account.queue(queue));
        builder.linked_where(|s| s.name().contains("remind")).build().unwrap()
    };
    let (billing, shipping) = (build("billing"), build("shipping"));
    let publisher = MessagePublisher::new(account.clone());

    let event_id = publisher.send_to("billing", PaymentDue { order: "o-1".into() }).await.unwrap();
    assert_eq!((account.depth("billing").total(), account.depth("shipping").total()), (1, 0));
    billing.consume_event().await.unwrap();
    assert_eq!(SEEN.lock().unwrap().drain(..).collect::<Vec<_>>(), [format!("o-1 {event_id} payments")]);

    let sending = publisher.send_to("billing", PaymentDue { order: "secret".into() }).delay(Duration::from_secs(60));
    assert!(!format!("{sending:?}").contains("secret"));
    assert_eq!(account.depth("billing").total(), 0, "nothing is sent until it is awaited");
    sending.await.unwrap();
    assert_eq!(account.depth("billing").resting, 1);
    tokio::time::advance(Duration::from_secs(60)).await;
    billing.consume_event().await.unwrap();
    assert_eq!(SEEN.lock().unwrap().len(), 1);
    drop(shipping);
}

#[tokio::test]
async fn what_the_queue_cannot_do_is_a_typed_error_that_says_what_to_do() {
    let account = MemoryTransport::new();
    let publisher = MessagePublisher::new(account.queue("steps.fifo"));
    let error = publisher.send_to("nowhere", PaymentDue { order: "o-1".into() }).await.unwrap_err();
    assert_eq!(error.transport_error().unwrap().kind(), TransportErrorKind::NotFound);
    assert!(!error.is_invalid() && error.to_string().contains("no queue `nowhere`"), "{error}");

    account.set_delay("steps.fifo", Duration::ZERO); // makes it
    let step = || Step { order: "o-1".into(), number: 1 };
    let error = publisher.send_to("steps.fifo", step()).delay(Duration::from_secs(1)).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("is FIFO"), "{error}");
    publisher.send_to("steps.fifo", step()).await.unwrap();

    account.set_delay("billing", Duration::ZERO);
    let due = PaymentDue { order: "o-1".into() };
    let error = publisher.send_to("billing", due).delay(Duration::from_secs(901)).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("15 minutes"), "{error}");
}

/// One that was written before there was such a thing as sending to a queue.
#[tokio::test]
async fn a_transport_without_a_way_to_queues_refuses() {
    let publisher = MessagePublisher::new(Hands::default());
    let error = publisher.send_to("billing", PaymentDue { order: "o-1".into() }).await.unwrap_err();
    assert_eq!(error.transport_error().unwrap().kind(), TransportErrorKind::Configuration);
    assert!(error.to_string().contains("publish to a topic instead"), "{error}");
    assert!(!error.is_retryable() && !error.is_uncertain());
}
