//! What it costs to read an event of about a kilobyte out of the envelope of SNS, beside serde_json with the type known:
//! the envelope as a struct that has its `Message`, then two typed passes over that, one for the name and one for all of
//! it.
//!
//! `cargo bench -p melange-aws --bench wire`. Rounds alternate; the ratio is the median of those of each round. Bodies without
//! an envelope are measured by the bench of the same name in `melange`.

#[allow(dead_code, reason = "nothing is written here")]
#[path = "../../melange/benches/wire/by_hand.rs"]
mod by_hand;
#[path = "../../melange/benches/wire/order.rs"]
mod order;
#[path = "../../melange/benches/wire/sides.rs"]
mod sides;
#[path = "../../melange/benches/support/mod.rs"]
mod support;

use std::hint::black_box;

use melange::{Attributes, EventSerializer, Registry, subscribers};
use serde::Deserialize;
use sides::{Compared, done};
use support::counts::{self, Counted};
use support::{Result, report};

/// What each side works on.
struct Work {
    serializer: EventSerializer,
    /// Knows no event.
    nobody: EventSerializer,
    wrapped: String,
}

fn work() -> Result<Work> {
    let serializer = EventSerializer::linked()?;
    let nobody = EventSerializer::of(&Registry::of(subscribers![]))?;
    let message = serde_json::to_string(&serializer.serialize(&order::order())?)?;
    // As SNS writes it: two spaces, and ` : ` between key and value.
    let wrapped = format!(
        r#"{{
  "Type" : "Notification",
  "MessageId" : "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:orders",
  "Message" : {message},
  "Timestamp" : "2026-11-25T17:37:17.901Z",
  "SignatureVersion" : "1",
  "Signature" : "{}==",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:orders:c7fe3a54-ab0e-4ec2-88e0-db410a0f2bee",
  "MessageAttributes" : {{
    "manifest" : {{"Type":"String","Value":"OrderPlaced"}},
    "serializer_id" : {{"Type":"Number","Value":"1"}},
    "event_type" : {{"Type":"String","Value":"OrderPlaced"}}
  }}
}}"#,
        "jvNSgHVOF9KUOKI3bmQZhURD0kDN6txhfjiyuvnV95D+".chars().cycle().take(342).collect::<String>(),
    );
    Ok(Work { serializer, nobody, wrapped })
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Message")]
    message: String,
}

fn read_by_hand(work: &Work) -> Result {
    let notification: Notification = serde_json::from_str(black_box(&work.wrapped))?;
    black_box(by_hand::read(&notification.message)?);
    Ok(())
}

fn read(work: &Work) -> Result {
    let inbound = melange_aws::open_message(black_box(&work.wrapped), Attributes::new())?;
    black_box(work.serializer.deserialize_message(&inbound)?);
    Ok(())
}

fn peek_by_hand(work: &Work) -> Result {
    let notification: Notification = serde_json::from_str(black_box(&work.wrapped))?;
    black_box(by_hand::peek(&notification.message)?);
    Ok(())
}

fn read_nobodys(work: &Work) -> Result {
    let inbound = melange_aws::open_message(black_box(&work.wrapped), Attributes::new())?;
    match black_box(work.nobody.deserialize_message(&inbound)) {
        Ok(_) => Err("somebody listens to it".into()),
        Err(_) => Ok(()),
    }
}

const COMPARED: [Compared<Work>; 2] = [
    ("decode_wrapped", "read", read_by_hand, read),
    ("decode_wrapped_nobodys", "nobody's, beside peeks by hand", peek_by_hand, read_nobodys),
];

const COUNTED: [Counted; 4] = [
    ("decode_wrapped/by_hand", |times| done(read_by_hand, &work()?, times)),
    ("decode_wrapped/melange", |times| done(read, &work()?, times)),
    ("decode_wrapped_nobodys/peeks", |times| done(peek_by_hand, &work()?, times)),
    ("decode_wrapped_nobodys/melange", |times| done(read_nobodys, &work()?, times)),
];

fn main() -> Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let work = work()?;
    println!("a body of {} bytes", work.wrapped.len());
    report::close("wire", &sides::compare(&COMPARED, &work)?);
    Ok(())
}
