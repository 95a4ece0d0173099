//! The documents of a program on AWS say what `Provision::Create` would set up, and not what is usual.

use melange::EventBus;
use melange_aws::AwsQueue;
use serde_json::{Value, json};

use crate::program::{nowhere, registry, with_all};

/// By the bus, and by the registry, which are the same.
fn asyncapi(queue: AwsQueue) -> Value {
    let by_registry = registry().documents().transport(&queue).title("billing").asyncapi().unwrap();
    let bus = EventBus::builder().linked().transport(queue).build().unwrap();
    let by_bus = bus.documents().asyncapi().unwrap();
    assert_eq!(by_bus, by_registry);
    by_bus
}

/// How a topic feeds each queue, by the queue's name.
fn consumers(document: &Value, operation: &str) -> Value {
    let consumers = document["operations"][operation]["bindings"]["sns"]["consumers"].as_array().unwrap();
    let by_name = |consumer: &Value| {
        let mut consumer = consumer.clone();
        let endpoint = consumer["endpoint"]["name"].take();
        consumer.as_object_mut().unwrap().retain(|key, _| key != "endpoint" && key != "protocol");
        (endpoint.as_str().unwrap().to_owned(), consumer)
    };
    consumers.iter().map(by_name).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn delivery_and_filters_are_those_that_are_made() {
    let document = asyncapi(nowhere().queue("billing"));
    let filtered = |names: &[&str]| {
        let values: Vec<Value> = names.iter().map(|name| json!(name)).chain([json!({ "exists": false })]).collect();
        json!({
            "filterPolicy": { "event_type": names },
            "filterPolicyScope": "MessageAttributes",
            "rawMessageDelivery": true,
            "x-filterPolicy": { "event_type": values },
        })
    };
    assert_eq!(
        consumers(&document, "send.orders"),
        json!({
            "audit": filtered(&["OrderAborted", "OrderCancelled", "OrderPlaced"]),
            "billing": filtered(&["OrderPlaced"]),
        })
    );
    let document = asyncapi(nowhere().queue("billing").wrapped());
    assert_eq!(consumers(&document, "send.orders")["billing"]["rawMessageDelivery"], false);
    assert_eq!(consumers(&document, "send.orders")["billing"]["filterPolicy"]["event_type"][0], "OrderPlaced");
    let channel = &document["channels"]["queue.billing"];
    assert!(channel["description"].as_str().unwrap().contains("`Message`"), "{channel:#}");

    let document = asyncapi(nowhere().queue("billing").unfiltered());
    let all = json!({ "rawMessageDelivery": true });
    assert_eq!(consumers(&document, "send.orders"), json!({ "audit": all, "billing": all }));
    assert!(document["channels"]["queue.billing"].get("description").is_none());
}

#[test]
fn all_else_that_was_asked_for_is_said_too() {
    let document = asyncapi(with_all(nowhere().prefix("live-").queue("billing")));
    let billing = &document["channels"]["queue.billing"];
    assert_eq!(billing["address"], "live-billing");
    let queue = &billing["bindings"]["sqs"]["queue"];
    assert_eq!(queue["name"], "live-billing");
    assert_eq!(queue["visibilityTimeout"], 90);
    assert_eq!(queue["messageRetentionPeriod"], 86_400);
    assert_eq!(queue["redrivePolicy"]["maxReceiveCount"], 70);
    assert_eq!(queue["redrivePolicy"]["deadLetterQueue"]["name"], "live-billing-dlq");
    assert!(queue.get("deduplicationScope").is_none(), "it is no FIFO queue");
    let shipping = &document["channels"]["queue.shipping.fifo"]["bindings"]["sqs"]["queue"];
    assert_eq!(shipping["deduplicationScope"], "messageGroup");
    assert_eq!(shipping["fifoThroughputLimit"], "perMessageGroupId");
    assert_eq!(document["channels"]["topic.orders"]["address"], "live-orders");
    let feeds = consumers(&document, "send.orders");
    let undelivered = &feeds["live-billing"]["redrivePolicy"]["deadLetterQueue"]["name"];
    assert_eq!(undelivered, "live-billing-dlq");
}

#[test]
fn a_topic_of_others_keeps_its_name_whatever_the_prefix() {
    let arn = "arn:aws:sns:us-east-1:999999999999:their-orders";
    let queue = nowhere().prefix("live-").topic_arn("orders", arn).queue("billing");
    assert_eq!(asyncapi(queue.clone())["channels"]["topic.orders"]["address"], "their-orders");
    let documents = registry().documents().transport(&queue).prefix("staging-");
    let document = documents.asyncapi().unwrap();
    assert_eq!(document["channels"]["topic.orders"]["address"], "their-orders");
    assert_eq!(document["channels"]["topic.visits"]["address"], "staging-visits");
    assert_eq!(document["channels"]["queue.billing"]["address"], "staging-billing");
    let dlq = &document["channels"]["queue.billing"]["bindings"]["sqs"]["deadLetterQueue"]["name"];
    assert_eq!(dlq, "staging-billing-dlq");
}

#[test]
fn the_catalogue_says_the_same() {
    let page = |queue: AwsQueue| registry().documents().transport(&queue).catalogue().unwrap();
    let usual = page(nowhere().queue("billing"));
    assert!(usual.contains("<li><code>OrderAborted</code></li>") && !usual.contains("<em>everything</em>"));
    let unfiltered = page(nowhere().queue("billing").unfiltered().wrapped());
    assert!(!unfiltered.contains("<li><code>OrderAborted</code></li>"));
    assert!(unfiltered.contains("<em>everything</em>") && unfiltered.contains("<dt>Delivery</dt><dd>wrapped</dd>"));
}
