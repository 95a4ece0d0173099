//! What a transport cannot do.

use std::time::Duration;

use melange::transport::memory::{QueueSettings, Subscription, TopicSettings};
use melange::{EventBus, MemoryTransport, MessageConsumer, Problem, ProblemKind, SubscriberOptions};

use crate::by_hand::{functions, listeners};
use crate::{Placed, Ticked, Wire, checked, the_only, the_only_unplaced, with};

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
fn all_that_a_transport_refuses_is_reported_with_its_fix() {
    let mut picky = Wire::new();
    let refused = |what| Problem::new(ProblemKind::IllegalName, what, "ask the pigeons for another");
    picky.refused = vec![refused("topic \"a\" is too short"), refused("queue \"b\" is taken")];
    let result = EventBus::builder().transport(picky).subscribers(listeners![Placed]).build();
    let errors = result.map(drop).unwrap_err();
    assert_eq!(errors.iter().filter(|problem| problem.kind() == ProblemKind::IllegalName).count(), 2, "{errors}");
    assert!(errors.to_string().contains("too short") && errors.to_string().contains("taken"), "{errors}");
    assert!(errors.iter().all(|problem| problem.fix() == "ask the pigeons for another"), "{errors}");
}

/// Another name would be no way out: what is in the way is the subscription.
#[test]
fn a_queue_that_was_subscribed_by_hand_says_how_to_be_rid_of_that() {
    let transport = MemoryTransport::new();
    let account = transport.account();
    account.create_topic("orders", TopicSettings::new()).unwrap();
    for queue in ["melange", "billing"] {
        account.create_queue(queue, QueueSettings::new()).unwrap();
        account.subscribe(Subscription::new("orders", queue)).unwrap();
    }
    let build = |functions| EventBus::builder().transport(transport.clone()).subscribers(functions).build().map(drop);
    let named = || functions![with(SubscriberOptions::new().with_queue("billing"))];
    for (functions, queue, elsewhere) in [
        (listeners![Placed], "melange", "give the bus another own queue, by `.queue(..)`"),
        (named(), "billing", "name another queue at its subscribers"),
    ] {
        let problem = the_only_unplaced(build(functions), ProblemKind::QueueConflict, &["`account.subscribe(..)`"]);
        let undo = format!("`account.unsubscribe(\"orders\", {queue:?})`");
        assert!(problem.what().contains(queue) && !problem.fix().contains("prefix"), "{problem}");
        assert!(problem.fix().contains(&undo) && problem.fix().contains(elsewhere), "{problem}");
    }
    account.unsubscribe("orders", "billing").unwrap();
    build(named()).unwrap();
}

#[test]
fn a_fifo_queue_of_a_standard_topic_is_refused() {
    let named = functions![with(SubscriberOptions::new().with_queue("billing.fifo"))];
    let words = ["`send_receipt`", "\"billing.fifo\"", "\"orders\""];
    let problem = the_only(checked(named), ProblemKind::FifoMismatch, &words);
    assert!(problem.fix().contains("publish the event to \"orders.fifo\""), "{problem}");
    // The same of the bus's own queue.
    let own = MemoryTransport::new().queue("billing.fifo");
    let result = EventBus::builder().transport(own).subscribers(listeners![Placed]).build();
    the_only(result.map(drop), ProblemKind::FifoMismatch, &["Placed v1", "\"billing.fifo\"", "\"orders\""]);
}
