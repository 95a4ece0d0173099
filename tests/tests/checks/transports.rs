//! What a transport cannot do.

use std::time::Duration;

use melange::{EventBus, MessageConsumer, ProblemKind, SubscriberOptions};

use crate::by_hand::{functions, listeners};
use crate::{Placed, Ticked, Wire, the_only, the_only_unplaced, with};

#[test]
fn a_local_event_may_not_go_over_a_wire() {
    let words = ["`Ticked`", "Ticked v1", "local", "carrier pigeons", "in-process bus"];
    let bus = EventBus::builder().transport(Wire::new()).subscribers(listeners![Ticked]).build();
    the_only(bus.map(drop), ProblemKind::LocalOnWire, &words);
    let consumer = MessageConsumer::builder().subscribers(listeners![Ticked]).transport(Wire::new()).build();
    the_only(consumer.map(drop), ProblemKind::LocalOnWire, &words);
}

#[test]
fn a_time_out_beyond_what_a_message_can_be_kept_for_is_refused() {
    const HOUR: Duration = Duration::from_secs(3600);
    let long = functions![with(SubscriberOptions::new().with_timeout(HOUR))];
    EventBus::builder().transport(Wire::new()).subscribers(long).build().unwrap();
    let mut short = Wire::new();
    short.capabilities.max_in_hand = HOUR;
    let result = EventBus::builder().transport(short).subscribers(long).build().map(drop);
    the_only(result, ProblemKind::TimeoutTooLong, &["`send_receipt`", "3600s", "`timeout`"]);
}

#[test]
fn names_that_a_transport_refuses_are_all_reported() {
    let mut picky = Wire::new();
    picky.refused = vec!["topic \"a\" is too short".to_owned(), "queue \"b\" is taken".to_owned()];
    let result = EventBus::builder().transport(picky).subscribers(listeners![Placed]).build();
    let errors = result.map(drop).unwrap_err();
    assert_eq!(errors.iter().filter(|problem| problem.kind() == ProblemKind::IllegalName).count(), 2, "{errors}");
    assert!(errors.to_string().contains("too short") && errors.to_string().contains("taken"), "{errors}");
}

#[test]
fn a_fifo_queue_of_a_standard_topic_is_refused() {
    let result =
        EventBus::builder().subscribers(functions![with(SubscriberOptions::new().with_queue("billing.fifo"))]).build();
    the_only_unplaced(result.map(drop), ProblemKind::IllegalName, &["`billing.fifo`", "`orders`"]);
}
