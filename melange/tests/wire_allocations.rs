//! What is allocated for one event on the wire: what the event itself needs, and what holds the result.

#[path = "../benches/wire/order.rs"]
mod order;

use allocation_counter::measure;
use melange::transport::{Body, Inbound};
use melange::{AttributeValue, EventSerializer, Registry, subscribers};
use order::{OrderPlaced, order};

/// How often memory is asked for. What a thread keeps for the next event is there already.
fn allocations<T>(work: impl Fn() -> T) -> u64 {
    drop(work());
    measure(|| drop(work())).count_total
}

fn message(body: &str) -> Inbound {
    let mut inbound = Inbound::new(Body::Json(body.into()));
    inbound.attributes = [("event_type", AttributeValue::String("OrderPlaced".to_owned()))].into_iter().collect();
    inbound
}

#[test]
fn an_event_is_written_into_memory_that_is_kept_and_copied_once() {
    let (serializer, order) = (EventSerializer::linked().unwrap(), order());
    assert_eq!(allocations(|| serializer.serialize(&order).unwrap()), 1, "the text");
}

#[test]
fn an_event_that_is_read_needs_its_own_memory_and_two_places_more() {
    let serializer = EventSerializer::linked().unwrap();
    let alone = serde_json::to_string(&order()).unwrap();
    let own = allocations(|| serde_json::from_str::<OrderPlaced>(&alone).unwrap());
    let body = serializer.serialize(&order()).unwrap();
    // The event behind its pointer, and its metadata.
    assert_eq!(allocations(|| serializer.deserialize(&body).unwrap()), own + 2);
    let inbound = message(&body);
    assert_eq!(allocations(|| serializer.deserialize_message(&inbound).unwrap()), own + 2);

    let (head, rest) = body.split_at(body.find("\"order_id\"").unwrap());
    let foreign = format!("{{{},{}}}", rest.trim_end_matches('}'), head.trim_start_matches('{').trim_end_matches(','));
    assert_eq!(allocations(|| serializer.deserialize(&foreign).unwrap()), own + 2, "in any order");
    let inbound = message(&foreign);
    assert_eq!(allocations(|| serializer.deserialize_message(&inbound).unwrap()), own + 2, "in any order");
}

#[test]
fn an_event_that_nobody_knows_needs_what_says_so() {
    let body = EventSerializer::linked().unwrap().serialize(&order()).unwrap();
    let nobody = EventSerializer::of(&Registry::of(subscribers![])).unwrap();
    assert_eq!(allocations(|| nobody.deserialize(&body).unwrap_err()), 2, "its name, and why");
}
