//! What EventBridge sends.

use serde_json::{Value, json};

use super::{ARN, beside, content_of, opened, opened_with};

/// As the user guide of EventBridge shows it, with our event in `detail`.
pub(super) fn bridge(detail: &Value) -> Value {
    json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "OrderPlaced", "source": "shop",
        "account": "111122223333", "time": "2017-12-22T18:43:48Z", "region": "us-west-1", "resources": [], "detail": detail,
    })
}

#[test]
fn what_eventbridge_sends_is_in_its_detail() {
    let inbound = opened(&bridge(&json!({"order_id": "o-1"})).to_string());
    assert_eq!(content_of(&inbound), r#"{"order_id":"o-1"}"#);
    assert_eq!(inbound.attributes.text("event_type"), Some("OrderPlaced"));
    assert_eq!(inbound.wrapper_id.as_deref(), Some("6a7e8feb-b491-4cf7-a9f1-bf3703467718"));
    // What came beside it says more.
    let named = opened_with(&bridge(&json!({})).to_string(), beside(&[("manifest", "Other")])).unwrap();
    assert_eq!((named.attributes.text("manifest"), named.attributes.text("event_type")), (Some("Other"), None));
    // By way of a topic.
    let by_topic = json!({"Type": "Notification", "MessageId": "n-1", "TopicArn": ARN,
        "Message": bridge(&json!({"order_id": "o-1"})).to_string()});
    let inbound = opened(&by_topic.to_string());
    assert_eq!((content_of(&inbound), inbound.topic.as_deref()), (r#"{"order_id":"o-1"}"#, Some("orders")));
    assert_eq!(inbound.wrapper_id.as_deref(), Some("n-1"));
}

#[test]
fn what_only_looks_like_eventbridge_is_content() {
    let mut event = bridge(&json!({}));
    event["event_type_name"] = "OrderPlaced".into();
    let mut cloud_event = bridge(&json!({}));
    cloud_event["specversion"] = "1.0".into();
    for body in [
        event,
        cloud_event,
        bridge(&json!("text")),
        bridge(&json!(null)),
        json!({"detail": {}, "source": "shop"}),
        json!({"detail": {}, "detail-type": "OrderPlaced"}),
        json!({"detail": {}, "detail-type": 7, "source": "shop"}),
    ] {
        let body = body.to_string();
        assert_eq!(content_of(&opened(&body)), body);
    }
}
