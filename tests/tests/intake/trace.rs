//! The trace of a message goes on with what its subscribers publish.

use melange::{AttributeValue, EventBus, State, attributes, subscriber};
use melange_tests::hands::Hands;

use crate::{Followed, HANDLED, Order, World, order, take};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(start_paused = true)]
async fn what_subscribers_publish_carries_the_trace() {
    let (world, hands) = (World::default(), Hands::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![forwards])
        .state(world.clone())
        .state(melange::MessagePublisher::new(hands.clone()))
        .build()
        .unwrap();
    let mut pushed = order("a", 1);
    let trace = AttributeValue::String(TRACEPARENT.to_owned());
    pushed.content.as_mut().unwrap().attributes.set(attributes::TRACEPARENT, trace);
    assert_eq!(take(&bus, None, &pushed).await, HANDLED);
    assert_eq!(hands.published().attributes.text(attributes::TRACEPARENT), Some(TRACEPARENT));
}

#[subscriber(listens_to = Order)]
async fn forwards(
    order: &Order,
    State(publisher): State<melange::MessagePublisher>,
) -> Result<(), melange::PublishError> {
    publisher.publish(Followed { number: order.number }).await.map(drop)
}
