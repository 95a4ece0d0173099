//! What `#[derive(Event)]` makes, seen through the public API: every form of an event does at run time what it says. What
//! must not compile is in `melange/tests/ui`, subscribers are in `macros_subscribers.rs`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{
    AttributeValue, Event, EventBus, EventSerializer, MemoryTransport, Metadata, SynchronousEventBus, Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders.fifo", version = 3, alias = ["order.placed", "PlacedOrder"], upcast_from = [OrderPlacedV1, OrderPlacedV2])]
struct OrderPlaced {
    #[event(key)]
    order_id: String,
    #[event(dedup_id)]
    request: u64,
    #[event(attribute)]
    country: Option<String>,
    #[event(attribute = "total")]
    total_cents: u64,
    #[event(topic)]
    topic: String,
    #[event(occurred_on)]
    occurred_on: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders.fifo", name = "OrderPlaced")]
struct OrderPlacedV1 {
    #[event(key)]
    id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders.fifo", name = "OrderPlaced", version = 2, upcast_from = OrderPlacedV1)]
struct OrderPlacedV2(#[event(key)] String, u64);

impl From<OrderPlacedV1> for OrderPlacedV2 {
    fn from(old: OrderPlacedV1) -> Self {
        Self(old.id, 1)
    }
}

fn order(order_id: &str, request: u64) -> OrderPlaced {
    OrderPlaced {
        order_id: order_id.to_owned(),
        request,
        country: Some("PT".to_owned()),
        total_cents: 4200,
        topic: String::new(),
        occurred_on: "2026-11-23T18:37:17.733359Z".parse().unwrap(),
    }
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(old: OrderPlacedV1) -> Self {
        order(&old.id, 1)
    }
}

impl From<OrderPlacedV2> for OrderPlaced {
    fn from(old: OrderPlacedV2) -> Self {
        order(&old.0, old.1)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "express.fifo")]
struct Express {
    #[event(key, dedup_id, attribute)]
    id: u64,
}

#[derive(Debug, Event)]
#[event(local)]
struct Ticked {
    #[event(key)]
    clock: &'static str,
    answer: std::sync::mpsc::SyncSender<&'static str>,
}

#[derive(Debug, Event)]
#[event(local, name = "ticks.second")]
struct Second;

#[test]
fn a_descriptor_says_what_the_attributes_say() {
    let placed = OrderPlaced::DESCRIPTOR;
    assert_eq!((placed.name(), placed.version(), placed.topic()), ("OrderPlaced", 3, Some("orders.fifo")));
    assert_eq!(placed.aliases(), ["order.placed", "PlacedOrder"]);
    assert_eq!(placed.upcasts().iter().map(|old| old.from().version()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(placed.attributes(), ["country", "total"]);
    assert!(placed.has_key() && !placed.is_local());
    assert_eq!(placed.type_name(), concat!(module_path!(), "::OrderPlaced"));
    assert!(placed.location().file().ends_with("macros.rs") && placed.location().line() > 10);

    let ticked = Ticked::DESCRIPTOR;
    assert_eq!((ticked.name(), ticked.version(), ticked.topic()), ("Ticked", 1, None));
    assert!(ticked.is_local() && ticked.has_key() && ticked.aliases().is_empty() && ticked.attributes().is_empty());
    assert_eq!((Second::DESCRIPTOR.name(), Second::DESCRIPTOR.has_key()), ("ticks.second", false));
}

#[test]
fn marked_fields_say_the_way_of_one_event() {
    let mut placed = order("o-1", 7);
    let route = placed.route();
    assert_eq!(
        (route.key.as_deref(), route.dedup_id.as_deref(), route.topic.as_deref()),
        (Some("o-1"), Some("7"), None)
    );
    assert_eq!(route.occurred_on, Some(placed.occurred_on));
    let number = |n: &str| AttributeValue::Number(n.to_owned());
    let text = |t: &str| AttributeValue::String(t.to_owned());
    assert_eq!(route.attributes, [("country", text("PT")), ("total", number("4200"))]);

    placed.topic = "express.fifo".to_owned();
    placed.country = None;
    let route = placed.route();
    assert_eq!(route.topic.as_deref(), Some("express.fifo"));
    assert_eq!(route.attributes, [("total", number("4200"))]);

    let express = Express { id: 9 };
    let route = express.route();
    assert_eq!((route.key.as_deref(), route.dedup_id.as_deref(), route.topic.as_deref()), (Some("9"), Some("9"), None));
    assert_eq!((route.occurred_on, route.attributes), (None, vec![("id", number("9"))]));
    assert_eq!(OrderPlacedV2("o-2".to_owned(), 1).route().key.as_deref(), Some("o-2"));
}

#[test]
fn an_event_is_read_under_its_old_names_and_from_its_old_versions() {
    let serializer = EventSerializer::linked().unwrap();
    let read = |json: &str| serializer.deserialize(json).unwrap().downcast::<OrderPlaced>().unwrap();
    let now = serializer.serialize(&order("o-1", 7)).unwrap();
    assert_eq!(read(&now), order("o-1", 7));
    for alias in ["order.placed", "PlacedOrder"] {
        let renamed = now.replace("\"OrderPlaced\"", &format!("\"{alias}\""));
        assert_eq!(read(&renamed).order_id, "o-1", "{renamed}");
    }
    let first = serializer.serialize(&OrderPlacedV1 { id: "o-1".to_owned() }).unwrap();
    assert_eq!(read(&first), order("o-1", 1));
    let second = serializer.serialize(&OrderPlacedV2("o-2".to_owned(), 8)).unwrap();
    assert_eq!(read(&second), order("o-2", 8));
}

#[tokio::test(start_paused = true)]
async fn marked_fields_reach_the_broker() {
    let account = MemoryTransport::new().queue("marks.fifo");
    let seen: Arc<Mutex<Vec<(OrderPlaced, Metadata)>>> = Arc::default();
    let note = Arc::clone(&seen);
    let bus = EventBus::builder()
        .subscribe(move |order: Arc<OrderPlaced>, meta: Metadata| {
            note.lock().unwrap().push(((*order).clone(), meta));
            async {}
        })
        .subscribe(|_: Arc<Express>| async {})
        .transport(account)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // One deduplication id: the second is the first again.
    bus.publish(order("o-1", 7)).await.unwrap();
    bus.publish(order("o-1", 7)).await.unwrap();
    bus.publish(order("o-1", 8)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().map(|(order, _)| order.request).collect::<Vec<_>>(), [7, 8]);
    let (order, meta) = &seen[0];
    assert_eq!((meta.occurred_on, meta.version), (order.occurred_on, 3));
    assert_eq!((meta.topic.as_ref(), order.topic.as_str()), ("orders.fifo", ""));
    assert_eq!(meta.attributes.text("country"), Some("PT"));
    assert_eq!(meta.attributes.get("total"), Some(&AttributeValue::Number("4200".to_owned())));
}

#[test]
fn a_local_event_needs_no_serde_and_stays() {
    let (answer, answers) = std::sync::mpsc::sync_channel(1);
    let bus = SynchronousEventBus::builder()
        .subscribe(|ticked: &Ticked| ticked.answer.send(ticked.clock).map_err(|_| "nobody listens"))
        .build()
        .unwrap();
    bus.publish(&Ticked { clock: "tower", answer }).unwrap();
    assert_eq!(answers.recv(), Ok("tower"));
}
