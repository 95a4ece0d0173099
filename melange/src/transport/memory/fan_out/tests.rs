use super::super::fixture::program::{account, all, texts};
use super::super::fixture::{bodies, message, plan, standard, topology};
use super::super::{FilterPolicy, Outgoing, QueueSettings, Subscription};
use crate::AttributeValue;
use crate::transport::{Transport, TransportErrorKind};

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_subscription_lets_through_what_its_policy_does() {
    let account = account();
    account.create_queue("p", QueueSettings::new()).unwrap();
    let on = |json| FilterPolicy::attributes(json).unwrap();
    account.subscribe(Subscription::new("t", "q").raw(true).filter(on(r#"{"kind": ["a"]}"#))).unwrap();
    account
        .subscribe(
            Subscription::new("t", "p")
                .raw(true)
                .filter(FilterPolicy::body(r#"{"n": [{"numeric": [">", 1]}]}"#).unwrap()),
        )
        .unwrap();
    account.subscribe(Subscription::new("t", "dead").raw(true)).unwrap();
    let kind = |kind: &str| AttributeValue::String(kind.to_owned());
    account.publish("t", Outgoing::new(r#"{"n": 1}"#).attribute("kind", kind("a"))).unwrap();
    account.publish("t", Outgoing::new(r#"{"n": 2}"#).attribute("kind", kind("b"))).unwrap();
    account.publish("t", Outgoing::new("no JSON")).unwrap();
    assert_eq!(texts(&account, "q").await, [r#"{"n": 1}"#]);
    assert_eq!(texts(&account, "p").await, [r#"{"n": 2}"#]);
    assert_eq!(texts(&account, "dead").await.len(), 3);
    account.unsubscribe("t", "q").unwrap();
    account.publish("t", Outgoing::new(r#"{"n": 1}"#).attribute("kind", kind("a"))).unwrap();
    assert!(texts(&account, "q").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_message_comes_in_the_envelope_of_its_topic() {
    let account = account();
    account.subscribe(Subscription::new("t", "q")).unwrap();
    let message = Outgoing::new(r#"{"n": "é\n"}"#)
        .subject("News")
        .attribute("a", AttributeValue::Number("07.0".to_owned()))
        .attribute("b", AttributeValue::Binary(vec![0, 255]))
        .array("c", r#"["x"]"#);
    let sent = account.publish("t", message).unwrap();
    let received = all(&account, "q").await.remove(0);
    assert!(received.attributes.is_empty(), "they are in the envelope");
    assert_ne!(received.message_id, sent.message_id, "the queue has ids of its own");
    let envelope = json(received.body.as_deref().unwrap());
    assert_eq!(envelope["MessageId"], *sent.message_id);
    assert_eq!(
        (&envelope["Type"], &envelope["Message"], &envelope["Subject"]),
        (&json("\"Notification\""), &json(r#""{\"n\": \"é\\n\"}""#), &json("\"News\""))
    );
    assert!(envelope["TopicArn"].as_str().unwrap().ends_with(":t"));
    assert!(
        envelope["Timestamp"].as_str().unwrap().ends_with('Z') && envelope["Timestamp"].as_str().unwrap().len() == 24
    );
    let attributes = r#"{"a": {"Type": "Number", "Value": "7"}, "b": {"Type": "Binary", "Value": "AP8="}, "c": {"Type": "String.Array", "Value": "[\"x\"]"}}"#;
    assert_eq!(envelope["MessageAttributes"], json(attributes));
    for key in ["SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"] {
        assert!(envelope[key].is_string(), "{key}");
    }
    account.publish("t", Outgoing::new("x")).unwrap();
    let envelope = json(all(&account, "q").await.remove(0).body.as_deref().unwrap());
    assert!(
        envelope.get("Subject").is_none()
            && envelope.get("MessageAttributes").is_none()
            && envelope.get("SequenceNumber").is_none()
    );
    account.subscribe(Subscription::new("t.fifo", "q.fifo")).unwrap();
    let sent = account.publish("t.fifo", Outgoing::new("x").group("g").dedup_id("1")).unwrap();
    let envelope = json(all(&account, "q.fifo").await.remove(0).body.as_deref().unwrap());
    assert_eq!(envelope["SequenceNumber"].as_str(), sent.sequence_number.as_deref());
}

#[tokio::test(start_paused = true)]
async fn a_raw_message_comes_as_it_was_published() {
    let account = account();
    account.subscribe(Subscription::new("t", "q").raw(true)).unwrap();
    let message =
        Outgoing::new("body").attribute("a", AttributeValue::Binary(vec![1])).array("c", "[1]").group("tenant");
    account.publish("t", message).unwrap();
    let received = all(&account, "q").await.remove(0);
    assert_eq!((received.body.as_deref(), received.attributes.len()), (Some("body"), 2));
    assert_eq!(
        (received.data_type("a"), received.data_type("c"), received.data_type("d")),
        (Some("Binary"), Some("String.Array"), None)
    );
    assert_eq!(received.group.as_deref(), Some("tenant"), "a standard topic passes the group on");
    assert_eq!((received.dedup_id.as_deref(), received.sequence_number.as_deref()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_group_on_a_standard_queue_holds_back_nobody() {
    let account = account();
    account.subscribe(Subscription::new("t", "q").raw(true)).unwrap();
    for i in 0..3 {
        account.send("q", Outgoing::new(format!("sent {i}")).group("tenant")).unwrap();
        account.publish("t", Outgoing::new(format!("published {i}")).group("tenant")).unwrap();
    }
    assert_eq!(all(&account, "q").await.len(), 6, "it is only a share of the queue");
    account.send("q", Outgoing::new("more").group("tenant")).unwrap();
    assert_eq!(all(&account, "q").await.len(), 1, "while others of it are in hand");
}

#[tokio::test(start_paused = true)]
async fn an_envelope_has_as_many_bytes_as_a_real_one() {
    let account = account();
    account.subscribe(Subscription::new("t", "q")).unwrap();
    account.publish("t", Outgoing::new("x".repeat(39))).unwrap();
    let envelope = texts(&account, "q").await.remove(0);
    assert!((850..=950).contains(&(envelope.len() - 39)), "{}", envelope.len());
}

#[tokio::test(start_paused = true)]
async fn a_fifo_topic_passes_the_group_to_fifo_queues_only() {
    let account = account();
    for queue in ["q", "q.fifo"] {
        account.subscribe(Subscription::new("t.fifo", queue).raw(true)).unwrap();
    }
    account.publish("t.fifo", Outgoing::new("1").group("g").dedup_id("d")).unwrap();
    assert_eq!(all(&account, "q").await[0].group, None);
    let fifo = all(&account, "q.fifo").await.remove(0);
    assert_eq!((fifo.group.as_deref(), fifo.dedup_id.as_deref()), (Some("g"), Some("d")));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_is_lost_without_a_word_or_kept_where_it_was_said() {
    let account = account();
    for queue in ["small", "small-2", "gone"] {
        account.create_queue(queue, QueueSettings::new().max_bytes(1_024)).unwrap();
    }
    account.subscribe(Subscription::new("t", "small").raw(true)).unwrap();
    account.subscribe(Subscription::new("t", "small-2").dead_letters("dead")).unwrap();
    account.subscribe(Subscription::new("t", "gone").raw(true).dead_letters("dead")).unwrap();
    account.delete_queue("gone").unwrap();
    // Its 700 bytes fit; its envelope does not.
    account.publish("t", Outgoing::new("x".repeat(700))).unwrap();
    assert_eq!((texts(&account, "small").await.len(), texts(&account, "small-2").await.len()), (1, 0));
    assert_eq!((texts(&account, "dead").await.len(), account.undelivered()), (2, 0));
    account.publish("t", Outgoing::new("x".repeat(2_000))).unwrap();
    assert_eq!((texts(&account, "dead").await.len(), account.undelivered()), (2, 1));
    let many = (0..11).fold(Outgoing::new("x"), |message, i| {
        message.attribute(format!("a{i}"), AttributeValue::Number("1".to_owned()))
    });
    account.publish("t", many.clone()).unwrap();
    assert_eq!((texts(&account, "small").await.len(), account.undelivered()), (0, 2), "more than ten attributes, raw");
    let dead = all(&account, "dead").await;
    assert_eq!(dead.len(), 2, "too many, and too large in its envelope");
    for letter in dead {
        assert!(letter.attributes.is_empty() && letter.body.unwrap().contains("\"a10\""), "there only in the envelope");
    }
    account.subscribe(Subscription::new("t", "q")).unwrap();
    account.publish("t", many).unwrap();
    assert_eq!(texts(&account, "q").await.len(), 1, "wrapped they arrive");
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_nobody_declared_refuses_what_no_topic_would_take() {
    let transport = standard();
    let refused = Err(TransportErrorKind::InvalidMessage);
    assert_eq!(transport.try_send(message("nobody-declared-it", "1")).await, Ok(()));
    for illegal in ["no topic", "a.b", ".fifo"] {
        assert_eq!(transport.try_send(message(illegal, "1")).await, refused, "{illegal}");
    }
    assert_eq!(transport.try_send(message("nobody.fifo", "1")).await, refused, "no key");
    assert_eq!(transport.try_send(message("nobody.fifo", "1").keyed("a")).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_bus_and_other_programs_share_the_account() {
    let transport = standard();
    let account = transport.account();
    account.create_queue("audit", QueueSettings::new()).unwrap();
    account
        .subscribe(
            Subscription::new("t", "audit")
                .filter(FilterPolicy::attributes(r#"{"event_type": [{"prefix": "Happ"}]}"#).unwrap()),
        )
        .unwrap();
    transport.send(message("t", "own")).await;
    let envelope = json(all(&account, "audit").await[0].body.as_deref().unwrap());
    assert_eq!(
        (envelope["Message"].as_str(), envelope["MessageAttributes"]["event_type"]["Value"].as_str()),
        (Some("own"), Some("Happened"))
    );
    // What others publish comes raw to the queues of a bus, if its name is one that is wanted.
    let named = |name: &str| Outgoing::new(name).attribute("event_type", AttributeValue::String(name.to_owned()));
    account.publish("t", named("Happened")).unwrap();
    account.publish("t", named("Other")).unwrap();
    account.send("q", named("Sent")).unwrap();
    let received = transport.take("q").await;
    assert_eq!(bodies(&received), ["own", "Happened", "Sent"]);
    let known: Vec<_> = received.iter().map(|delivery| delivery.content.as_ref().unwrap().topic.is_some()).collect();
    assert_eq!(known, [true, false, false]);
    // A queue that is subscribed wrapped is opened for a bus.
    transport.check(&topology([plan("audit", &[])])).unwrap();
    account.publish("t", named("Happened")).unwrap();
    let opened = transport.take("audit").await.pop().unwrap().content.unwrap();
    assert_eq!(
        (opened.topic.as_deref(), opened.wrapper_id.is_some(), opened.attributes.text("event_type")),
        (Some("t"), true, Some("Happened"))
    );
}
