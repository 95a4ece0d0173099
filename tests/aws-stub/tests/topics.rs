//! Topics, subscriptions and what arrives in queues, through the SDK.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by panicking")]

mod common;

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry, Tag};
use aws_sdk_sqs::types::QueueAttributeName as Name;
use aws_smithy_types::Blob;
use common::{Account, TOPIC, bodies, code};

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

#[tokio::test]
async fn raw_delivery_brings_body_and_attributes() {
    let account = Account::with_orders(true).await;
    let body = "line\r\n <&\"'> é☃😀 + % & =";
    account
        .sns
        .publish()
        .topic_arn(TOPIC)
        .message(body)
        .message_group_id("tenant")
        .message_attributes("event_type", text("OrderPlaced"))
        .message_attributes(
            "n",
            MessageAttributeValue::builder().data_type("Number").string_value("7").build().unwrap(),
        )
        .message_attributes(
            "b",
            MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0_u8, 255])).build().unwrap(),
        )
        .send()
        .await
        .unwrap();
    let message = account.receive("billing").await.remove(0);
    assert_eq!(message.body(), Some(body));
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["event_type"].string_value(), Some("OrderPlaced"));
    assert_eq!(attributes["n"].data_type(), "Number");
    assert_eq!(attributes["b"].binary_value().unwrap().as_ref(), [0, 255]);
    assert_eq!(message.attributes().unwrap()[&"MessageGroupId".into()], "tenant");
    let messages = account.stub.messages();
    assert_eq!((messages.published, messages.delivered, messages.undeliverable), (1, 1, 0));
}

#[tokio::test]
async fn wrapped_delivery_brings_the_envelope_of_sns() {
    let account = Account::with_orders(false).await;
    let published = account.sns.publish().topic_arn(TOPIC).message("{\"a\": \"é\"}").subject("hello");
    let published = published.message_attributes("event_type", text("OrderPlaced")).send().await.unwrap();
    let message = account.receive("billing").await.remove(0);
    assert!(message.message_attributes().is_none());
    let body = message.body().unwrap();
    assert!(body.starts_with("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \""), "{body}");
    let envelope: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(envelope["MessageId"], published.message_id().unwrap());
    assert_eq!(envelope["TopicArn"], TOPIC);
    assert_eq!(envelope["Subject"], "hello");
    assert_eq!(envelope["Message"], "{\"a\": \"é\"}");
    assert_eq!(
        envelope["MessageAttributes"]["event_type"],
        serde_json::json!({"Type": "String", "Value": "OrderPlaced"})
    );
    let timestamp = envelope["Timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    assert_ne!(message.message_id(), published.message_id());
}

#[tokio::test]
async fn a_filter_policy_keeps_back_what_it_does_not_name() {
    let account = Account::with_orders(true).await;
    let arn = account.sns.list_subscriptions_by_topic().topic_arn(TOPIC).send().await.unwrap();
    let arn = arn.subscriptions()[0].subscription_arn().unwrap().to_owned();
    let set = |value: &str| {
        let request = account.sns.set_subscription_attributes().subscription_arn(&arn);
        request.attribute_name("FilterPolicy").attribute_value(value).send()
    };
    set(r#"{"event_type": ["OrderPlaced", {"exists": false}]}"#).await.unwrap();
    let publish = || account.sns.publish().topic_arn(TOPIC);
    publish().message("1").message_attributes("event_type", text("OrderPlaced")).send().await.unwrap();
    publish().message("2").message_attributes("event_type", text("OrderPaid")).send().await.unwrap();
    publish().message("3").send().await.unwrap();
    assert_eq!(bodies(&account.receive("billing").await), ["1", "3"]);
    assert_eq!(account.stub.messages().filtered, 1);
    set("{}").await.unwrap();
    publish().message("4").message_attributes("event_type", text("OrderPaid")).send().await.unwrap();
    assert_eq!(bodies(&account.receive("billing").await), ["4"]);
    assert_eq!(code(set("nonsense").await), Err("InvalidParameter".into()));
}

#[tokio::test]
async fn what_a_queue_does_not_take_is_lost_unless_the_subscription_has_a_dead_letter_queue() {
    let account = Account::with_orders(true).await;
    let publish = || account.sns.publish().topic_arn(TOPIC).message("x");
    let eleven = || (0..11).fold(publish(), |request, n| request.message_attributes(format!("a{n}"), text("x")));
    // SNS takes eleven attributes; under raw delivery the queue does not.
    eleven().send().await.unwrap();
    account.stub.set_queue("billing", [("MaximumMessageSize", "1024".to_owned())]);
    publish().message("x".repeat(1_025)).send().await.unwrap();
    assert_eq!(account.counts("billing"), (0, 0, 0));
    assert_eq!(account.stub.messages().undeliverable, 2);

    account.stub.create_queue("lost");
    let arn = account.sns.list_subscriptions_by_topic().topic_arn(TOPIC).send().await.unwrap();
    let policy = r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:lost"}"#;
    let request = account.sns.set_subscription_attributes().attribute_name("RedrivePolicy").attribute_value(policy);
    request.subscription_arn(arn.subscriptions()[0].subscription_arn().unwrap()).send().await.unwrap();
    account.stub.remove_queue("billing");
    publish().send().await.unwrap();
    assert_eq!(bodies(&account.receive("lost").await), ["x"]);
    assert_eq!(account.stub.messages().undeliverable, 3);
}

#[tokio::test]
async fn a_queue_takes_only_what_its_policy_lets_in() {
    let account = Account::new().await;
    account.stub.create_topic("orders");
    account.sqs.create_queue().queue_name("billing").send().await.unwrap();
    account.stub.subscribe("orders", "billing", true);
    let publish = |body: &str| account.sns.publish().topic_arn(TOPIC).message(body).send();
    publish("lost").await.unwrap();
    let policy = |topic: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},
            "Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:billing",
            "Condition":{{"ArnEquals":{{"aws:SourceArn":"{topic}"}}}}}}]}}"#
        )
    };
    let set = |name: Name, value: String| {
        account.sqs.set_queue_attributes().queue_url(account.url("billing")).attributes(name, value).send()
    };
    set(Name::Policy, policy("arn:aws:sns:us-east-1:000000000000:other")).await.unwrap();
    publish("lost too").await.unwrap();
    set(Name::Policy, policy(TOPIC)).await.unwrap();
    publish("arrives").await.unwrap();
    assert_eq!(bodies(&account.receive("billing").await), ["arrives"]);
    // A key of AWS's own locks SNS out.
    set(Name::KmsMasterKeyId, "alias/aws/sqs".to_owned()).await.unwrap();
    publish("lost again").await.unwrap();
    assert!(account.receive("billing").await.is_empty());
    assert_eq!(account.stub.messages().undeliverable, 3);
}

#[tokio::test]
async fn a_topic_is_made_once_and_only_as_it_is() {
    let account = Account::new().await;
    let tag = Tag::builder().key("team").value("billing").build().unwrap();
    let create = || account.sns.create_topic().name("orders");
    let made = create().tags(tag.clone()).send().await.unwrap();
    assert_eq!(made.topic_arn(), Some(TOPIC));
    create().send().await.unwrap();
    assert_eq!(code(create().attributes("DisplayName", "x").send().await), Err("InvalidParameter".into()));
    let all =
        || async { account.sns.get_topic_attributes().topic_arn(TOPIC).send().await.unwrap().attributes.unwrap() };
    assert!(!all().await.contains_key("MaximumMessageSize"), "only once it is set");
    let set = account.sns.set_topic_attributes().topic_arn(TOPIC).attribute_name("MaximumMessageSize");
    set.clone().attribute_value("1048576").send().await.unwrap();
    assert_eq!(all().await["MaximumMessageSize"], "1048576");
    assert_eq!(code(set.attribute_value("1048577").send().await), Err("InvalidParameter".into()));
    let more = Tag::builder().key("stage").value("test").build().unwrap();
    account.sns.tag_resource().resource_arn(TOPIC).tags(more).send().await.unwrap();
    let tags = account.sns.list_tags_for_resource().resource_arn(TOPIC).send().await.unwrap();
    assert_eq!(tags.tags().len(), 2);

    let missing = account.sns.get_topic_attributes().topic_arn(format!("{TOPIC}2")).send().await.unwrap_err();
    assert!(missing.into_service_error().is_not_found_exception());
    let foreign =
        account.sns.get_topic_attributes().topic_arn("arn:aws:sns:us-east-1:123456789012:orders").send().await;
    assert!(foreign.unwrap_err().into_service_error().is_authorization_error_exception());
    let far = account.sns.get_topic_attributes().topic_arn("arn:aws:sns:eu-west-1:000000000000:orders").send().await;
    assert_eq!(code(far), Err("InvalidParameter".into()));
}

#[tokio::test]
async fn a_subscription_is_made_once_and_only_as_it_is() {
    let account = Account::new().await;
    account.stub.create_topic("orders");
    let queue = account.stub.create_queue("billing");
    let subscribe = || account.sns.subscribe().topic_arn(TOPIC).protocol("sqs").endpoint(&queue);
    let first = subscribe().attributes("RawMessageDelivery", "true").send().await.unwrap();
    let second = subscribe().send().await.unwrap();
    assert_eq!(first.subscription_arn(), second.subscription_arn());
    subscribe().attributes("RawMessageDelivery", "True").send().await.unwrap();
    let different =
        subscribe().attributes("RawMessageDelivery", "false").send().await.unwrap_err().into_service_error();
    assert_eq!(
        different.meta().message(),
        Some("Invalid parameter: Attributes Reason: Subscription already exists with different attributes")
    );
    let arn = first.subscription_arn().unwrap();
    let all = account.sns.get_subscription_attributes().subscription_arn(arn).send().await.unwrap().attributes.unwrap();
    assert_eq!((all["RawMessageDelivery"].as_str(), all["Endpoint"].as_str()), ("true", queue.as_str()));
    assert!(!all.contains_key("FilterPolicy"));
}

#[tokio::test]
async fn subscriptions_come_in_pages_of_a_hundred() {
    let account = Account::new().await;
    account.stub.create_topic("orders");
    for n in 0..101 {
        let name = format!("q{n}");
        account.stub.create_queue(&name);
        account.stub.subscribe("orders", &name, true);
    }
    let list = account.sns.list_subscriptions_by_topic().topic_arn(TOPIC);
    let first = list.clone().send().await.unwrap();
    assert_eq!(first.subscriptions().len(), 100);
    let second = list.next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!(second.subscriptions().len(), 1);
    assert!(second.next_token().is_none());
}

#[tokio::test]
async fn a_batch_answers_for_each() {
    let account = Account::with_orders(true).await;
    let entry = |id: &str, body: &str| PublishBatchRequestEntry::builder().id(id).message(body).build().unwrap();
    let publish = |entries: Vec<PublishBatchRequestEntry>| {
        account.sns.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(entries)).send()
    };
    let named = PublishBatchRequestEntry::builder().id("c").message("z").message_attributes("event_type", text("E"));
    let answer = publish(vec![entry("a", "x"), entry("b", ""), named.build().unwrap()]).await.unwrap();
    let taken: Vec<_> = answer.successful().iter().filter_map(|entry| entry.id()).collect();
    assert_eq!(taken, ["a", "c"]);
    assert_eq!((answer.failed()[0].id(), answer.failed()[0].code()), ("b", "InvalidParameter"));
    let messages = account.receive("billing").await;
    assert_eq!(bodies(&messages), ["x", "z"]);
    assert_eq!(messages[1].message_attributes().unwrap()["event_type"].string_value(), Some("E"));

    let bad = |entries| async { publish(entries).await.unwrap_err().into_service_error() };
    assert!(bad(vec![entry("a", "x"), entry("a", "y")]).await.is_batch_entry_ids_not_distinct_exception());
    assert!(bad(vec![entry("a.b", "x")]).await.is_invalid_batch_entry_id_exception());
    assert!(
        bad((0..11).map(|n| entry(&n.to_string(), "x")).collect())
            .await
            .is_too_many_entries_in_batch_request_exception()
    );
    let half = "x".repeat(131_072);
    publish(vec![entry("a", &half), entry("b", &half)]).await.unwrap();
    let long = bad(vec![entry("a", &half), entry("b", &half), entry("c", "x")]).await;
    assert!(long.is_batch_request_too_long_exception(), "262,144 bytes for all together");
}

#[tokio::test]
async fn what_sns_refuses_is_refused() {
    let account = Account::with_orders(true).await;
    let publish = || account.sns.publish().topic_arn(TOPIC).message("x");
    let refused = || Err("InvalidParameter".to_owned());
    assert_eq!(code(publish().message("").send().await), refused());
    assert_eq!(code(publish().message("x".repeat(262_145)).send().await), refused());
    assert_eq!(code(publish().message_attributes("a", text("😀")).send().await), refused());
    assert_eq!(code(publish().message_attributes("a", text("")).send().await), Err("ParameterValueInvalid".into()));
    assert_eq!(code(publish().message_deduplication_id("x").send().await), refused());
    assert_eq!(code(publish().message_group_id("a b").send().await), refused());
    assert_eq!(code(publish().subject("a\nb").send().await), refused());
    assert_eq!(code(publish().topic_arn("orders").send().await), refused());
    assert_eq!(code(publish().topic_arn(format!("{TOPIC}2")).send().await), Err("NotFound".into()));
    assert_eq!(account.counts("billing"), (0, 0, 0));
}

#[tokio::test]
async fn the_caller_is_known() {
    let account = Account::new().await;
    let sts = aws_sdk_sts::Client::new(&account.stub.sdk_config());
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some("000000000000"));
}
