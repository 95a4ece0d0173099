//! CloudEvents beside the format of our own.

use melange::{Event, Format};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{OrderPlaced, Stamped, WHEN, at, linked, object, placed, round_trip};

#[test]
fn cloud_events_are_written_as_the_specification_says() {
    let json = linked().format(Format::CloudEvents).serialize(&Stamped { occurred_on: at(WHEN), n: 1 }).unwrap();
    let written = object(&json);
    let text = |name: &str| written[name].as_str().unwrap().to_owned();
    // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
    assert_eq!(
        (text("specversion"), text("type"), text("source")),
        ("1.0".into(), "Stamped".into(), "/melange/times".into())
    );
    assert!(!text("id").is_empty());
    assert_eq!((text("time"), text("datacontenttype")), (WHEN.into(), "application/json".into()));
    assert_eq!(written["data"], json!({"occurred_on": WHEN, "n": 1}));
    // Names of attributes are lower-case letters and digits.
    let legal = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    assert!(written.keys().all(legal), "{json}");
}

#[test]
fn each_format_is_recognised_by_itself_whatever_the_serializer_writes() {
    let other = |format| if format == Format::Melange { Format::CloudEvents } else { Format::Melange };
    for format in [Format::Melange, Format::CloudEvents] {
        let json = linked().format(format).serialize(&placed()).unwrap();
        let read = linked().format(other(format)).deserialize(&json).unwrap();
        assert_eq!((read.metadata().topic.as_ref(), read.metadata().version), ("orders", 1));
        assert_eq!(read.downcast::<OrderPlaced>().unwrap(), placed());
    }
}

#[test]
fn cloud_events_of_others_are_read() {
    let json = r#"{
        "data": {"total_cents": 1, "order_id": "o", "unknown": [1]}, "time": "2018-04-05T17:31:00Z", "subject": "s",
        "datacontenttype": "application/json; charset=utf-8", "id": "A234-1234-1234", "source": "https://example.org/shop",
        "type": "OrderPlaced", "specversion": "1.0", "comexampleextension": {"a": 1}
    }"#;
    let read = linked().deserialize(json).unwrap();
    let meta = read.metadata();
    assert_eq!(
        (meta.event_id.to_string(), meta.occurred_on),
        ("A234-1234-1234".to_owned(), at("2018-04-05T17:31:00Z"))
    );
    assert_eq!((meta.version, meta.topic.as_ref()), (1, ""));
    assert_eq!(read.downcast::<OrderPlaced>().unwrap().order_id, "o");
}

#[test]
fn a_flat_event_that_owns_a_specversion_is_no_cloud_event() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(topic = "specs")]
    struct SpecPublished {
        specversion: String,
        id: u64,
        r#type: String,
        data: Vec<u8>,
    }
    let spec = || SpecPublished { specversion: "2.0".into(), id: 7, r#type: "draft".into(), data: vec![1] };
    round_trip(spec(), Some(json!([1])));
    let read = linked().deserialize(&linked().serialize(&spec()).unwrap()).unwrap();
    assert_ne!(read.metadata().event_id.to_string(), "7");
}
