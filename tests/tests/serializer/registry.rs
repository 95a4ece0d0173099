//! Which events a serializer knows, and which it does not write.

use melange::{DeserializeErrorKind, EventSerializer, Format, Registry};

use crate::{ClockTicked, OrderPlaced, Paid, linked, placed};

#[test]
fn a_local_event_is_not_serialized() {
    for format in [Format::Melange, Format::CloudEvents] {
        let error = linked().format(format).serialize(&ClockTicked { at: 1 }).unwrap_err().to_string();
        assert!(error.contains("ClockTicked") && error.contains("#[event(local)]"), "{error}");
    }
}

#[test]
fn a_serializer_of_a_registry_knows_its_events_only() {
    #[melange::subscriber(listens_to = OrderPlaced)]
    fn looks(order: &OrderPlaced) {
        let _ = order;
    }
    let serializer = EventSerializer::of(&Registry::of(melange::subscribers![looks])).unwrap();
    let json = serializer.serialize(&placed()).unwrap();
    assert_eq!(serializer.deserialize(&json).unwrap().name(), "OrderPlaced");
    let json = linked().serialize(&Paid::Cash).unwrap();
    assert_eq!(serializer.deserialize(&json).unwrap_err().kind(), DeserializeErrorKind::UnknownName);
}
