mod attributes;
mod bare;
mod bridge;
mod notification;
mod whatever;

use super::*;

const EVENT: &str = r#"{"event_type_name": "OrderPlaced", "order_id": "o-1"}"#;

const ARN: &str = "arn:aws:sns:us-west-2:123456789012:staging-orders";

/// As AWS documents it: two spaces, ` : ` between key and value, `Subject` and `MessageAttributes` only where there are any.
const OF_AWS: &str = r#"{
  "Type" : "Notification",
  "MessageId" : "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:staging-orders",
  "Subject" : "Order",
  "Message" : "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\"}",
  "Timestamp" : "2012-03-29T05:12:16.901Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLEnTrFPa3...",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:orders:c7fe",
  "MessageAttributes" : {
    "manifest" : {"Type":"String","Value":"OrderPlaced"},
    "serializer_id" : {"Type":"Number","Value":"1"},
    "picture" : {"Type":"Binary","Value":"AP8="}
  }
}"#;

fn names() -> Names {
    Names { prefix: "staging-".to_owned(), ..Names::default() }
}

fn beside(pairs: &[(&'static str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| (*name, AttributeValue::String((*value).to_owned()))).collect()
}

/// What `body` holds; it must be given back as it was.
fn opened_with(body: &str, beside: Attributes) -> Result<Inbound, Undecodable> {
    let (back, inbound) = open(body.into(), beside, &names());
    assert_eq!(&*back, body);
    inbound
}

fn opened(body: &str) -> Inbound {
    opened_with(body, Attributes::new()).unwrap()
}

fn refused(body: &str) -> String {
    opened_with(body, Attributes::new()).unwrap_err().to_string()
}

fn content_of(inbound: &Inbound) -> &str {
    match &inbound.body {
        Body::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

/// That `body` is content itself and no wrapper.
#[track_caller]
fn is_bare(body: &str) {
    let inbound = opened_with(body, beside(&[("event_type", "OrderPlaced")])).unwrap();
    assert_eq!(content_of(&inbound), body);
    assert_eq!(inbound.attributes.text("event_type"), Some("OrderPlaced"));
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
}
