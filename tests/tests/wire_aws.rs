//! What SNS and SQS wrap around bodies: every message that others sent, as SQS holds it, through `AwsQueue`; and as SNS hands
//! it to Lambda. No server is asked: the SDK's requests are answered here.

mod captured;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use captured::{Attribute, Case, ExampleEvent, Notes, ProductAdded};
use melange::transport::{Body, Transport};
use melange::{AnyEvent, MessageConsumer, Metadata, Timestamp};
use melange_aws::lambda::{ParseError, ParseErrorKind, parse_event_from_sns, parse_events_from_sns};
use melange_aws::{Aws, AwsQueue};
use serde_json::{Value, json};

const SENT: i64 = 1_767_323_045_678;

/// SQS, as far as these tests go: it hands out what it is given, and notes what is deleted and what is sent.
#[derive(Clone, Default, Debug)]
struct Sqs(Arc<Mutex<Stand>>);

#[derive(Default, Debug)]
struct Stand {
    waiting: VecDeque<Value>,
    deleted: usize,
    sent: Vec<Value>,
    calls: Vec<String>,
}

impl Sqs {
    fn give(&self, body: &str, beside: &BTreeMap<String, Attribute>) {
        let beside: BTreeMap<_, _> = beside
            .iter()
            .map(|(name, value)| (name, json!({"DataType": value.r#type, "StringValue": value.value})))
            .collect();
        let mut stand = self.0.lock().unwrap();
        let mut message = json!({
            "MessageId": format!("m-{}", stand.waiting.len() + 1),
            "ReceiptHandle": "handle",
            "Body": body,
            "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": SENT.to_string()},
        });
        if !beside.is_empty() {
            message["MessageAttributes"] = json!(beside);
        }
        stand.waiting.push_back(message);
    }

    fn answer(&self, target: &str, request: &Value) -> Value {
        let mut stand = self.0.lock().unwrap();
        stand.calls.push(target.to_owned());
        let each = |entries: &Value| {
            let ids = entries.as_array().unwrap().iter().map(|entry| json!({"Id": entry["Id"], "MessageId": "sent"}));
            json!({"Successful": ids.collect::<Vec<_>>(), "Failed": []})
        };
        match target.rsplit('.').next().unwrap() {
            "GetQueueUrl" => {
                json!({"QueueUrl": format!("http://sqs.invalid/1/{}", request["QueueName"].as_str().unwrap())})
            }
            "ReceiveMessage" => {
                let most = request["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize;
                let count = most.min(stand.waiting.len());
                json!({"Messages": stand.waiting.drain(..count).collect::<Vec<_>>()})
            }
            "DeleteMessage" => {
                stand.deleted += 1;
                json!({})
            }
            "DeleteMessageBatch" => {
                stand.deleted += request["Entries"].as_array().unwrap().len();
                each(&request["Entries"])
            }
            "ChangeMessageVisibilityBatch" => each(&request["Entries"]),
            "SendMessage" => {
                stand.sent.push(request.clone());
                json!({"MessageId": "sent"})
            }
            "SendMessageBatch" => {
                stand.sent.extend(request["Entries"].as_array().unwrap().iter().cloned());
                each(&request["Entries"])
            }
            other => panic!("{other} was called"),
        }
    }

    /// The queue `shelf`, whose every call comes here.
    async fn queue(&self) -> AwsQueue {
        let sqs = self.clone();
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(sqs.clone()));
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url("http://sqs.invalid")
            .test_credentials()
            .http_client(client)
            .load()
            .await;
        Aws::from_config(&config).queue("shelf")
    }
}

impl HttpConnector for Sqs {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let answer = self.answer(&target, &serde_json::from_slice(body).unwrap());
        let status = StatusCode::try_from(200).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer.to_string()))))
    }
}

async fn consumer(sqs: &Sqs) -> (MessageConsumer, Notes) {
    let notes = Notes::default();
    let (products, examples) = (notes.clone(), notes.clone());
    let consumer = MessageConsumer::builder()
        .transport(sqs.queue().await)
        .subscribe(move |event: Arc<ProductAdded>, meta: Metadata| {
            products.product(&event, meta);
            async {}
        })
        .subscribe(move |event: Arc<ExampleEvent>, meta: Metadata| {
            examples.example(&event, meta);
            async {}
        })
        .wait(Duration::from_secs(1))
        .build()
        .unwrap();
    (consumer, notes)
}

async fn every(cases: Vec<Case>) {
    let sqs = Sqs::default();
    let (consumer, notes) = consumer(&sqs).await;
    for case in cases {
        sqs.give(&case.body, &case.beside);
        let consumed = consumer.consume_event().await.unwrap();
        let mut stand = sqs.0.lock().unwrap();
        let letters = std::mem::take(&mut stand.sent);
        let reason = letters
            .first()
            .map(|letter| letter["MessageAttributes"]["melange_reason"]["StringValue"].as_str().unwrap());
        captured::check(&case, &consumed, &notes.take(), reason);
        assert_eq!(std::mem::take(&mut stand.deleted), 1, "{}: deleted once", case.label);
        assert!(letters.len() <= 1, "{}: one letter", case.label);
        for letter in &letters {
            // As it came, with what came beside it.
            assert!(letter["QueueUrl"].as_str().is_none_or(|url| url.ends_with("/shelf-dlq")), "{}", case.label);
            assert_eq!(letter["MessageBody"], json!(case.body), "{}", case.label);
            for (name, value) in &case.beside {
                assert_eq!(
                    letter["MessageAttributes"][name]["StringValue"],
                    json!(value.value),
                    "{}: {name}",
                    case.label
                );
            }
        }
    }
}

#[tokio::test]
async fn the_matrix_of_what_all_python_versions_were_asked_to_read() {
    every(captured::matrix()).await;
}

#[tokio::test]
async fn everything_that_python_versions_sent() {
    every(captured::captured()).await;
}

#[tokio::test]
async fn what_comes_out_of_each_wrapper_is_what_was_put_in() {
    let sqs = Sqs::default();
    let queue = sqs.queue().await;
    for case in captured::matrix().into_iter().chain(captured::captured()) {
        let label = &case.label;
        sqs.give(&case.body, &case.beside);
        let mut deliveries = queue.receive("shelf", 1, Duration::from_secs(1)).await.unwrap();
        let delivery = deliveries.pop().unwrap();
        assert_eq!((delivery.attempt, delivery.sent_at), (1, Timestamp::from_unix_millis(SENT)), "{label}");
        let inbound = delivery.content.unwrap_or_else(|error| panic!("{label}: {error}"));
        let Body::Json(content) = &inbound.body else { panic!("{label}: no JSON") };
        assert_eq!(content.as_ref(), case.content, "{label}");
        let expected = captured::attributes(&case.attributes);
        assert_eq!(inbound.attributes.len(), expected.len(), "{label}");
        for (name, value) in expected.iter() {
            assert_eq!(inbound.attributes.get(name), Some(value), "{label}: {name}");
        }
        let envelope: Value = serde_json::from_str(&case.body).unwrap_or_default();
        let topic = envelope["TopicArn"].as_str().map(|arn| arn.rsplit(':').next().unwrap());
        assert_eq!(inbound.topic.as_deref(), topic, "{label}");
        assert_eq!(inbound.wrapper_id.as_deref(), envelope["MessageId"].as_str(), "{label}");
    }
}

#[tokio::test]
async fn wrappers_that_try_a_reader_are_dead_letters_or_bodies_never_more() {
    const LEVELS: usize = 10_000;
    let sqs = Sqs::default();
    let (consumer, notes) = consumer(&sqs).await;
    let event = r#"{"event_type_name": "ProductAdded", "product_id": 7}"#;
    let deep = format!("{}0{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    // As much as SQS takes, less what the reason needs beside it.
    let long = "x".repeat((1 << 20) - 2_048);
    let notification = |rest: Value| {
        let mut body = json!({"Type": "Notification", "MessageId": "w-1", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": event});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        body.to_string()
    };
    for (body, fate) in [
        // An event that owns the key of a wrapper is an event.
        (
            r#"{"event_type_name": "ProductAdded", "product_id": 7, "Message": "{}", "Type": "Notification"}"#
                .to_owned(),
            "handled",
        ),
        (r#"{"event_type_name": "ProductAdded", "product_id": 7, "Message": "{}"}"#.to_owned(), "handled"),
        // A wrapper with something beside `Message` that is no notification is no wrapper.
        (format!(r#"{{"Message": {}, "x": 1}}"#, json!(event)), "dead-letter"),
        (format!(r#"{{"Message": {}}}"#, json!(format!(r#"{{"Message": {}}}"#, json!(event)))), "dead-letter"),
        (format!(r#"{{"Mess\u0061ge": {}}}"#, json!(event)), "handled"),
        (r#"{"Message": 5}"#.to_owned(), "dead-letter"),
        (r#"{"Message": null}"#.to_owned(), "dead-letter"),
        (r#"{"Message": "\ud83d"}"#.to_owned(), "dead-letter"),
        (r#"{"Type": "Notification"}"#.to_owned(), "dead-letter"),
        (notification(json!({"Message": 5})), "dead-letter"),
        (notification(json!({"Message": ""})), "dead-letter"),
        (notification(json!({"Message": "5"})), "dead-letter"),
        (
            notification(json!({"Subject": null, "MessageAttributes": null, "SigningCertUrl": "x", "new": {"a": []}})),
            "handled",
        ),
        (notification(json!({"MessageAttributes": {"serializer_id": {"Type": "Number", "Value": 2}}})), "dead-letter"),
        (
            notification(json!({"MessageAttributes": {"serializer_id": {"Type": "String", "Value": "2"}}})),
            "dead-letter",
        ),
        (
            notification(
                json!({"MessageAttributes": {"manifest": 5, "event_type": {"Type": "String"}, "x": {"Value": {}}}}),
            ),
            "handled",
        ),
        (notification(json!({"MessageAttributes": [1]})), "handled"),
        (
            r#"{"Type": "SubscriptionConfirmation", "TopicArn": "a", "Token": "s3cret", "Message": "m"}"#.to_owned(),
            "dead-letter",
        ),
        (format!(r#"{{"Type": "Notification", "Message": {deep}}}"#), "dead-letter"),
        (format!(r#"{{"Message": {deep}}}"#), "dead-letter"),
        (format!(r#"{{"Type": "Notification", "x": {deep}, "Message": {}}}"#, json!(event)), "handled"),
        (format!(r#"{{"Type": {deep}, "Message": {}}}"#, json!(event)), "dead-letter"),
        (format!(r#"{{"Message": "{long}"}}"#), "dead-letter"),
        (format!(r#"{{"{long}": 1, "Message": {}}}"#, json!(event)), "dead-letter"),
        (String::new(), "dead-letter"),
    ] {
        sqs.give(&body, &BTreeMap::new());
        let consumed = consumer.consume_event().await.unwrap();
        let became = format!("{:?}", consumed.message().unwrap().fate);
        let expected = if fate == "handled" { "Handled" } else { "DeadLettered" };
        assert_eq!(became, expected, "{body:.200}");
        assert_eq!(notes.take().len(), usize::from(fate == "handled"), "{body:.200}");
        let mut stand = sqs.0.lock().unwrap();
        for letter in stand.sent.drain(..) {
            let reason = letter["MessageAttributes"]["melange_reason"]["StringValue"].as_str().unwrap();
            assert!(reason.len() <= 256 && !reason.contains("s3cret") && !reason.contains("xxxx"), "{reason}");
        }
    }
}

// --- Lambda. ---

fn sample() -> Value {
    serde_json::from_str(include_str!("../wire/lambda.json")).unwrap()
}

fn record(notification: Value) -> Value {
    json!({"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": "arn", "Sns": notification})
}

#[test]
fn lambda_hands_over_the_event_of_the_documentation() {
    for payload in [sample().to_string(), serde_json::to_string_pretty(&sample()).unwrap()] {
        let event = parse_event_from_sns(payload.as_str()).unwrap();
        let meta = event.metadata();
        assert_eq!((meta.topic.as_ref(), meta.event_type_name.as_ref()), ("a_topic_name", "ExampleEvent"));
        assert_eq!(meta.event_id.to_string(), "95df01b4-ee98-5cb9-9903-4c221d41eb5e");
        assert_eq!(meta.occurred_on.to_string(), "2017-09-03T10:11:38.123456+00:00");
        assert_eq!(meta.attributes.text("serializer_id"), Some("1"));
        assert_eq!(event.downcast::<ExampleEvent>().unwrap().data, "hello");
    }
}

#[test]
fn lambda_hands_over_every_notification_that_python_versions_sent() {
    let cases: Vec<Case> = captured::matrix().into_iter().chain(captured::captured()).collect();
    let notified: Vec<(&Case, Value)> = cases
        .iter()
        .filter_map(|case| Some((case, serde_json::from_str::<Value>(&case.body).ok()?)))
        .filter(|(_, body)| body["Type"] == "Notification")
        .collect();
    assert!(notified.len() > 30, "{}", notified.len());
    let payload = json!({"Records": notified.iter().map(|(_, body)| record(body.clone())).collect::<Vec<_>>()});
    let events: Vec<Result<AnyEvent, ParseError>> = parse_events_from_sns(&payload).unwrap();
    assert_eq!(events.len(), notified.len());
    for ((case, body), all) in notified.into_iter().zip(events) {
        // One by one it is the same as all at once, and the first record is the one that is read.
        let alone = parse_event_from_sns(&json!({"Records": [record(body), {"Sns": {}}]}));
        for event in [alone, all] {
            match (case.fate.as_str(), event) {
                ("handled", Ok(event)) => {
                    let notes = Notes::default();
                    let meta = event.metadata().clone();
                    match event.downcast::<ProductAdded>() {
                        Ok(product) => notes.product(&product, meta),
                        Err(event) => notes.example(&event.downcast().unwrap(), meta),
                    }
                    let (mut seen, _) = notes.take().remove(0);
                    let expected = case.event.as_ref().unwrap();
                    seen.occurred_on = seen.occurred_on.filter(|_| expected.occurred_on.is_some());
                    assert_eq!(&seen, expected, "{}", case.label);
                }
                ("unknown", Err(error)) => assert!(error.is_unknown_event(), "{}: {error}", case.label),
                ("dead-letter", Err(error)) => {
                    assert_eq!(error.kind(), ParseErrorKind::Invalid, "{}: {error}", case.label);
                    let words = case.reason.as_deref().unwrap();
                    let mut text = error.to_string();
                    let mut source = std::error::Error::source(&error);
                    while let Some(inner) = source {
                        text.push_str(&inner.to_string());
                        source = inner.source();
                    }
                    assert!(text.contains(words), "{}: {text}", case.label);
                }
                (fate, event) => panic!("{}: {fate}, not {event:?}", case.label),
            }
        }
    }
}
