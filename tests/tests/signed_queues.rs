//! The signature of SNS on what comes from a queue: who may send to the queue still cannot make up events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;
use melange::transport::TransportErrorKind;
use melange::{Event, Fate, MessageConsumer, Outcome, State, subscriber};
use melange_aws::Aws;
use melange_aws::signature::SnsSignatures;
use melange_aws_stub::Stub;
use melange_tests::letters::{CERTIFICATE, Draft, Shelf, Signer, TOPIC, now};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Order {
    number: u32,
}

#[derive(Clone, Default)]
struct World(Arc<Mutex<Vec<(u32, Option<String>)>>>);

#[subscriber(listens_to = Order)]
async fn taken(order: &Order, meta: &melange::Metadata, State(world): State<World>) -> Outcome {
    world.0.lock().unwrap().push((order.number, meta.attributes.text("tenant").map(str::to_owned)));
    if order.number == 9 { Outcome::reject("nine") } else { Outcome::Done }
}

#[subscriber(listens_to = Order)]
async fn other(_: &Order) {}

/// A queue of the topic `orders` of account 123456789012, and its consumer.
struct Queue {
    stub: Stub,
    shelf: Shelf,
    world: World,
    consumer: MessageConsumer,
    /// Of topics of the stub's own account.
    sqs: aws_sdk_sqs::Client,
}

impl Queue {
    async fn new(signatures: impl FnOnce(SnsSignatures) -> SnsSignatures) -> Self {
        let (stub, shelf, world) = (Stub::start().await, Shelf::usual(), World::default());
        stub.create_queue("billing");
        stub.create_queue("billing-dlq");
        let aws = Aws::from_config(&stub.sdk_config()).topic_arn("orders", TOPIC);
        let signatures = signatures(SnsSignatures::new().certificates(shelf.certificates()).clock(now));
        let consumer = MessageConsumer::builder()
            .transport(aws.queue("billing").verify_signatures(signatures))
            .subscribers(melange::subscribers![taken, other])
            .state(world.clone())
            .wait(Duration::from_secs(1))
            .build()
            .unwrap();
        let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
        Self { stub, shelf, world, consumer, sqs }
    }

    async fn put(&self, body: impl Into<String>, beside: &[(&str, &str)]) {
        let url = format!("{}/000000000000/billing", self.stub.endpoint());
        let mut send = self.sqs.send_message().queue_url(url).message_body(body);
        for (name, value) in beside {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build().unwrap();
            send = send.message_attributes(*name, value);
        }
        send.send().await.unwrap();
    }

    /// What becomes of the next message.
    async fn fate(&self) -> Option<Fate> {
        self.consumer.consume_event().await.unwrap().message().map(|processed| processed.fate)
    }

    fn reasons(&self) -> Vec<String> {
        self.stub.messages_in("billing-dlq").iter().map(|letter| letter.attributes["melange_reason"].clone()).collect()
    }

    fn ran(&self) -> Vec<u32> {
        self.world.0.lock().unwrap().iter().map(|(number, _)| *number).collect()
    }
}

fn letter(number: u32) -> Draft {
    Draft::notification(&format!("m-{number}"), &format!(r#"{{"event_type_name":"Order","number":{number}}}"#))
}

#[tokio::test]
async fn what_sns_signed_for_the_topics_of_the_queue_is_handled() {
    let queue = Queue::new(|signatures| signatures).await;
    queue.put(letter(1).signed(), &[]).await;
    assert_eq!((queue.fate().await, queue.ran()), (Some(Fate::Handled), vec![1]));
    assert_eq!(queue.shelf.asked(), [CERTIFICATE]);
    // The age of a message does not matter: it may have been in a dead-letter queue for days.
    queue.put(letter(2).with("Timestamp", "2020-01-01T00:00:00.000Z").signed(), &[]).await;
    assert_eq!((queue.fate().await, queue.ran()), (Some(Fate::Handled), vec![1, 2]));
    assert!(queue.stub.messages_in("billing").is_empty());
}

#[tokio::test]
async fn what_is_not_verified_is_a_dead_letter_with_the_reason() {
    let queue = Queue::new(|signatures| signatures).await;
    let event = r#"{"event_type_name":"Order","number":1}"#;
    let foreign = "arn:aws:sns:us-east-1:999999999999:orders";
    for (body, reason) in [
        (event.to_owned(), "no `Type`"),
        (json!({"Message": event}).to_string(), "no `Type`"),
        ("hello".to_owned(), "not a letter of SNS"),
        (letter(1).0.to_string(), "its signature is not of what it holds"),
        (letter(1).signed().replace("\\\"number\\\":1", "\\\"number\\\":2"), "its signature is not of what it holds"),
        (letter(1).signed_by(Signer::stranger()), "its signature is not of what it holds"),
        (letter(1).with("TopicArn", foreign).signed(), "a topic that is not allowed"),
        (letter(1).with("SignatureVersion", "1").signed(), "version 1"),
        (letter(1).with("SigningCertURL", "http://169.254.169.254/").signed(), "not at SNS"),
        // It is an event to whoever looks at its first key only.
        (letter(1).signed().replacen('{', r#"{"event_type_name":"Order","number":1,"Message":"x","#, 1), "twice"),
        (Draft::confirmation("SubscriptionConfirmation", "m-1", "hunter2").signed(), "letter of SNS that asks"),
    ] {
        queue.put(&*body, &[]).await;
        assert_eq!(queue.fate().await, Some(Fate::DeadLettered), "{reason}");
        let (letters, reasons) = (queue.stub.messages_in("billing-dlq"), queue.reasons());
        assert_eq!(letters.last().unwrap().body, body);
        assert!(reasons.last().unwrap().contains(reason), "{reasons:?}");
        assert!(!reasons.last().unwrap().contains("hunter2"));
    }
    assert_eq!((queue.ran(), queue.shelf.asked().len()), (vec![], 1));
}

#[tokio::test]
async fn what_is_not_signed_says_nothing() {
    let queue = Queue::new(|signatures| signatures).await;
    let attributes = json!({"event_type": {"Type": "String", "Value": "Other"}, "serializer_id": {"Type": "Number", "Value": "2"},
        "tenant": {"Type": "String", "Value": "evil"}});
    let beside = [("manifest", "Other"), ("serializer_id", "2"), ("tenant", "evil")];
    queue.put(letter(1).with("MessageAttributes", attributes).signed(), &beside).await;
    assert_eq!(queue.fate().await, Some(Fate::Handled));
    assert_eq!(*queue.world.0.lock().unwrap(), [(1, None)]);
    let nameless = Draft::notification("m-2", r#"{"number":2}"#).signed();
    queue.put(nameless, &[("event_type", "Order"), ("manifest", "Order")]).await;
    assert_eq!(queue.fate().await, Some(Fate::DeadLettered));
}

#[tokio::test]
async fn a_letter_that_was_given_up_can_be_put_back() {
    let queue = Queue::new(|signatures| signatures).await;
    queue.put(letter(9).signed(), &[]).await;
    assert_eq!((queue.fate().await, queue.reasons()), (Some(Fate::DeadLettered), vec!["nine".to_owned()]));
    let dead = queue.stub.messages_in("billing-dlq").remove(0);
    let beside: Vec<_> = dead.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    queue.put(&*dead.body, &beside).await;
    assert_eq!(
        (queue.fate().await, queue.ran()),
        (Some(Fate::DeadLettered), vec![9, 9]),
        "for its subscriber, once more"
    );
}

#[tokio::test]
async fn while_no_certificate_can_be_had_messages_go_back() {
    let queue = Queue::new(|signatures| signatures).await;
    queue.shelf.put(CERTIFICATE, Err("no route".to_owned()));
    queue.put(letter(1).signed(), &[]).await;
    let error = queue.consumer.consume_event().await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unavailable);
    assert!(error.to_string().contains("no route") && error.to_string().contains("billing"), "{error}");
    assert_eq!((queue.reasons().len(), queue.stub.messages_in("billing").len()), (0, 1));
    // It rests, and then comes again: by now there may be one.
    assert_eq!(queue.fate().await, None);
    assert_eq!(queue.stub.requests().of("ChangeMessageVisibilityBatch"), 1);
    queue.shelf.put(CERTIFICATE, Ok(Signer::shared().usual().into()));
    queue.stub.advance(Duration::from_secs(61));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!((queue.fate().await, queue.ran()), (Some(Fate::Handled), vec![1]));
}

#[tokio::test]
async fn more_topics_can_be_allowed() {
    let foreign = "arn:aws:sns:us-east-1:999999999999:orders";
    let queue = Queue::new(|signatures| signatures.allow_topic(foreign)).await;
    for number in [1, 2] {
        let letter = if number == 1 { letter(1).with("TopicArn", foreign) } else { letter(2) };
        queue.put(letter.signed(), &[]).await;
        assert_eq!(queue.fate().await, Some(Fate::Handled));
    }
    assert_eq!(queue.ran(), [1, 2]);
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "ordered.fifo")]
struct Ordered {
    #[event(key)]
    number: u32,
}

#[subscriber(listens_to = Ordered)]
async fn in_order(_: &Ordered) {}

#[tokio::test]
async fn what_sns_does_not_sign_is_found_at_the_start() {
    let aws = Aws::from_config(&Stub::start().await.sdk_config());
    let signed = aws.queue("billing.fifo").verify_signatures(SnsSignatures::new());
    let built = MessageConsumer::builder().transport(signed).subscribers(melange::subscribers![in_order]).build();
    let error = built.unwrap_err().to_string();
    assert!(error.contains("billing.fifo") && error.contains("verify_signatures"), "{error}");
    let unsigned = aws.queue("billing.fifo");
    assert!(
        MessageConsumer::builder().transport(unsigned).subscribers(melange::subscribers![in_order]).build().is_ok()
    );
}

#[tokio::test]
async fn subscriptions_are_wrapped() {
    use melange_aws::Provision;
    let stub = Stub::start().await;
    let aws = Aws::from_config(&stub.sdk_config());
    let transport = aws.queue("billing").verify_signatures(SnsSignatures::new()).provision(Provision::Create);
    let consumer = MessageConsumer::builder().transport(transport).subscribers(melange::subscribers![other]).build();
    consumer.unwrap().prepare().await.unwrap();
    let sns = aws_sdk_sns::Client::new(&stub.sdk_config());
    let topic = "arn:aws:sns:us-east-1:000000000000:orders";
    sns.publish().topic_arn(topic).message("{}").send().await.unwrap();
    let bodies: Vec<_> = stub.messages_in("billing").into_iter().map(|message| message.body).collect();
    assert!(bodies.len() == 1 && bodies[0].contains("SigningCertURL"), "{bodies:?}");
}

#[tokio::test]
async fn topics_sign_by_sha_256() {
    use melange_aws::{ChangeKind, Provision};
    let stub = Stub::start().await;
    stub.create_topic("orders");
    let aws = Aws::from_config(&stub.sdk_config());
    let sns = aws_sdk_sns::Client::new(&stub.sdk_config());
    let version = async |name: &str| {
        let arn = format!("arn:aws:sns:us-east-1:000000000000:{name}");
        let attributes = sns.get_topic_attributes().topic_arn(arn).send().await.unwrap().attributes.unwrap();
        attributes.get("SignatureVersion").cloned()
    };
    let prepared = async |aws: &Aws, signatures: SnsSignatures, provision: Provision| {
        let transport = aws.queue("billing").verify_signatures(signatures).provision(provision);
        let consumer =
            MessageConsumer::builder().transport(transport).subscribers(melange::subscribers![other]).build();
        consumer.unwrap().prepare().await
    };
    // As it is, where SHA-1 is allowed.
    prepared(&aws, SnsSignatures::new().allow_signature_version_1(), Provision::Create).await.unwrap();
    assert_eq!(version("orders").await, None);
    // Else it is said, with the command, and mended.
    let error = prepared(&aws, SnsSignatures::new(), Provision::Verify).await.unwrap_err().to_string();
    assert!(error.contains("SHA-1") && error.contains("--attribute-name SignatureVersion"), "{error}");
    prepared(&aws, SnsSignatures::new(), Provision::Create).await.unwrap();
    assert_eq!(version("orders").await.as_deref(), Some("2"));
    prepared(&aws, SnsSignatures::new(), Provision::Verify).await.unwrap();
    // A new one has it from the start.
    let staging = Aws::from_config(&stub.sdk_config()).prefix("staging-");
    prepared(&staging, SnsSignatures::new(), Provision::Create).await.unwrap();
    assert_eq!(version("staging-orders").await.as_deref(), Some("2"));
    // What is another's is for him to mend.
    stub.create_topic("theirs");
    let theirs = Aws::from_config(&stub.sdk_config()).topic_arn("orders", "arn:aws:sns:us-east-1:000000000000:theirs");
    let transport = theirs.queue("billing").verify_signatures(SnsSignatures::new());
    let bus = melange::EventBus::builder().transport(transport.clone()).subscribers(melange::subscribers![other]);
    let plan = transport.plan(bus.build().unwrap().topology()).await.unwrap();
    assert!(plan.changes().any(|change| change.kind() == ChangeKind::ByHand && change.what().contains("owner")));
}
