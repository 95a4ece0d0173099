//! What Python melange 1 to 7.2 really sent (captured: `tests/python/published.json`), through SNS and straight to SQS, is
//! handled and deleted; what cannot be read is dead-lettered, and blocks nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use melange::{Event, EventBus, Metadata, subscriber};
use melange_aws::{Aws, Provision};
use melange_tests::server;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "python")]
struct ProductAdded {
    product_id: u64,
    name: Option<String>,
}

/// The README's own example, from the library's first days.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "python")]
struct ExampleEvent {
    data: String,
}

static HANDLED: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[subscriber(listens_to = ProductAdded)]
fn product(event: &ProductAdded, meta: &Metadata) {
    assert!(event.product_id > 0 && event.name.as_deref().is_none_or(|name| name == "Coolérs"));
    HANDLED.lock().unwrap().push(format!("ProductAdded {} {}", event.product_id, meta.occurred_on));
}

#[subscriber(listens_to = ExampleEvent)]
fn example(event: &ExampleEvent, meta: &Metadata) {
    assert_eq!(event.data, "hello é☃ \"q\" 😀");
    HANDLED.lock().unwrap().push(format!("ExampleEvent {}", meta.occurred_on));
}

#[derive(Deserialize)]
struct Published {
    label: String,
    via: String,
    body: String,
    attributes: BTreeMap<String, Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    r#type: String,
    value: String,
}

async fn every_version(wrapped: bool) {
    let mut published: Vec<Published> = serde_json::from_str(include_str!("../python/published.json")).unwrap();
    let config = server::config().await;
    let prefix = server::unique();
    let aws = Aws::from_config(&config).prefix(&prefix);
    let queue = aws.queue("shelf").provision(Provision::Create);
    let queue = if wrapped {
        // Its `event_type` is no name, so it does not pass a filter.
        published.retain(|message| message.attributes.get("event_type").is_none_or(|name| name.value != "json"));
        queue.wrapped()
    } else {
        queue.unfiltered()
    };
    let bus = EventBus::builder().linked().transport(queue).wait(Duration::from_secs(2)).build().unwrap();
    bus.start().await.unwrap();

    let sns = aws_sdk_sns::Client::new(&config);
    let sqs = aws_sdk_sqs::Client::new(&config);
    let topic = format!("arn:aws:sns:us-east-1:000000000000:{prefix}python");
    let url = sqs.get_queue_url().queue_name(format!("{prefix}shelf")).send().await.unwrap().queue_url.unwrap();
    for message in &published {
        if message.via == "sns" {
            let mut call = sns.publish().topic_arn(&topic).message(&message.body);
            for (name, attribute) in &message.attributes {
                let value = aws_sdk_sns::types::MessageAttributeValue::builder();
                let value = value.data_type(&attribute.r#type).string_value(&attribute.value).build().unwrap();
                call = call.message_attributes(name, value);
            }
            call.send().await.unwrap();
        } else {
            let mut call = sqs.send_message().queue_url(&url).message_body(&message.body);
            for (name, attribute) in &message.attributes {
                let value = aws_sdk_sqs::types::MessageAttributeValue::builder();
                let value = value.data_type(&attribute.r#type).string_value(&attribute.value).build().unwrap();
                call = call.message_attributes(name, value);
            }
            call.send().await.unwrap();
        }
    }

    // Two pickles, and a body that names no event at all.
    let dead = published.iter().filter(|m| m.body.contains("gASV") || m.body.contains("\"{}\"")).count() as u64;
    let total = published.len() as u64;
    let done = async {
        while bus.metrics().handled + bus.metrics().dead_lettered < total {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), done).await.is_ok();
    let labels: Vec<&str> = published.iter().map(|message| message.label.as_str()).collect();
    assert!(in_time, "{:?} of {labels:?}", bus.metrics());
    bus.shutdown(Duration::from_secs(10)).await.unwrap();
    let metrics = bus.metrics();
    println!("wrapped {wrapped}: {metrics:?}");
    assert_eq!((metrics.handled, metrics.dead_lettered, metrics.received), (total - dead, dead, total));
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn every_python_version_is_read_through_sns_and_straight_from_sqs() {
    every_version(true).await;
    every_version(false).await;
    let handled = HANDLED.lock().unwrap();
    let seen = |start: &str| handled.iter().filter(|line| line.starts_with(start)).count();
    // The moment survives to the microsecond, naive time taken as UTC.
    assert_eq!(seen("ExampleEvent 2026-11-23T18:37:17.733359+00:00"), 2, "{handled:?}");
    assert_eq!(seen("ProductAdded 7 2017-11-08T12:00:00.000005+00:00"), 4, "{handled:?}");
    assert!(seen("ProductAdded 12345 2022-01-23T10:00:00.000005+00:00") >= 4, "{handled:?}");
}
