use tokio::time::advance;

use super::super::fixture::{bodies, message, plan, standard, topology};
use super::super::{FilterPolicy, MemoryTransport, MoveState, Outgoing, Receive, Received};
use super::*;
use crate::transport::Transport;

const SECOND: Duration = Duration::from_secs(1);

/// An account with the topics `t` and `t.fifo`, and the queues `q`, `q.fifo`, `dead` and `dead.fifo`.
fn account() -> MemoryAccount {
    let account = MemoryTransport::new().account();
    for topic in ["t", "t.fifo"] {
        account.create_topic(topic, TopicSettings::new()).unwrap();
    }
    for queue in ["dead", "dead.fifo", "q", "q.fifo"] {
        account.create_queue(queue, QueueSettings::new()).unwrap();
    }
    account
}

fn kind<T: fmt::Debug>(answer: Result<T, Refused>) -> RefusedKind {
    answer.unwrap_err().kind()
}

async fn all(account: &MemoryAccount, queue: &str) -> Vec<Received> {
    account.receive(queue, Receive::up_to(10)).await.unwrap()
}

async fn texts(account: &MemoryAccount, queue: &str) -> Vec<String> {
    all(account, queue).await.iter().map(|received| received.body.as_deref().unwrap().to_owned()).collect()
}

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap()
}

#[test]
fn creating_twice_is_no_change_unless_something_else_is_said() {
    let account = account();
    account.create_queue("q", QueueSettings::new().visibility(30 * SECOND)).unwrap();
    assert_eq!(kind(account.create_queue("q", QueueSettings::new().delay(SECOND))), RefusedKind::AlreadyExists);
    account.change_queue("q", QueueSettings::new().delay(SECOND)).unwrap();
    account.create_queue("q", QueueSettings::new().delay(SECOND)).unwrap();
    account.create_queue("q", QueueSettings::new()).unwrap();
    account.create_topic("t", TopicSettings::new().max_bytes(262_144)).unwrap();
    assert_eq!(kind(account.create_topic("t", TopicSettings::new().max_bytes(1_024))), RefusedKind::AlreadyExists);
    assert_eq!(kind(account.change_queue("nowhere", QueueSettings::new())), RefusedKind::NotFound);
}

#[test]
fn an_account_has_so_many_topics() {
    let account = MemoryTransport::new().account();
    let create = |name: String| account.create_topic(&name, TopicSettings::new());
    (0..1_000).for_each(|i| create(format!("t{i}.fifo")).unwrap());
    assert_eq!(kind(create("more.fifo".to_owned())), RefusedKind::TopicLimit);
    create("t0.fifo".to_owned()).unwrap();
    create("standard".to_owned()).unwrap();
}

#[test]
fn what_a_queue_cannot_be_told_is_refused() {
    let account = account();
    let told = QueueSettings::new;
    let (day, ms) = (24 * 60 * 60 * SECOND, Duration::from_millis(1));
    for fine in [
        told().visibility(Duration::ZERO),
        told().visibility(12 * 60 * 60 * SECOND),
        told().delay(900 * SECOND),
        told().retention(60 * SECOND),
        told().retention(14 * day),
        told().max_bytes(1_024),
        told().max_bytes(1_048_576),
        told().dead_letters("dead", 1),
        told().dead_letters("dead", 1_000),
    ] {
        account.change_queue("q", fine).unwrap();
    }
    for bad in [
        told().visibility(12 * 60 * 60 * SECOND + ms),
        told().delay(900 * SECOND + ms),
        told().retention(60 * SECOND - ms),
        told().retention(14 * day + ms),
        told().max_bytes(1_023),
        told().max_bytes(1_048_577),
        told().dead_letters("dead", 0),
        told().dead_letters("dead", 1_001),
        told().dead_letters("dead.fifo", 3),
        told().dedup_by_content(true),
        told().dedup_by_group(false),
    ] {
        assert_eq!(kind(account.change_queue("q", bad.clone())), RefusedKind::InvalidParameter, "{bad:?}");
        assert_eq!(kind(account.create_queue("new", bad.clone())), RefusedKind::InvalidParameter, "{bad:?}");
    }
    assert_eq!(kind(account.create_queue("new", told().dead_letters("nowhere", 3))), RefusedKind::NotFound);
    for (name, settings) in [("a.b", told()), ("", told()), (&"x".repeat(81), told())] {
        assert_eq!(kind(account.create_queue(name, settings)), RefusedKind::InvalidParameter);
    }
    let topic = TopicSettings::new;
    for bad in [topic().max_bytes(1_023), topic().max_bytes(1_048_577), topic().dedup_by_content(true)] {
        assert_eq!(kind(account.create_topic("new", bad)), RefusedKind::InvalidParameter);
    }
    account.create_topic(&"x".repeat(256), topic()).unwrap();
    assert_eq!(kind(account.create_topic(&"x".repeat(257), topic())), RefusedKind::InvalidParameter);
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_deleted_queue_is_free_after_sixty_seconds() {
    let account = account();
    account.send("q", Outgoing::new("1")).unwrap();
    let receipt = all(&account, "q").await.remove(0).receipt;
    account.delete_queue("q").unwrap();
    assert_eq!(kind(account.delete_queue("q")), RefusedKind::NotFound);
    assert_eq!(kind(account.send("q", Outgoing::new("2"))), RefusedKind::NotFound);
    advance(60 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(kind(account.create_queue("q", QueueSettings::new())), RefusedKind::DeletedRecently);
    advance(Duration::from_millis(1)).await;
    account.create_queue("q", QueueSettings::new()).unwrap();
    assert!(texts(&account, "q").await.is_empty(), "it is a new one");
    assert_eq!(kind(account.delete("q", &receipt)), RefusedKind::InvalidReceipt);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_queue_that_is_deleted_hears_of_it() {
    let account = account();
    let waiting = account.receive("q", Receive::up_to(1).wait(20 * SECOND));
    let delete = async {
        tokio::time::sleep(SECOND).await;
        account.delete_queue("q").unwrap();
    };
    let began = Instant::now();
    let (received, ()) = tokio::join!(waiting, delete);
    assert_eq!((kind(received), began.elapsed()), (RefusedKind::NotFound, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_purged_once_in_sixty_seconds() {
    let account = account();
    account.send("q", Outgoing::new("1")).unwrap();
    let in_flight = all(&account, "q").await;
    account.send("q", Outgoing::new("2")).unwrap();
    account.purge("q").unwrap();
    assert_eq!(kind(account.change_visibility("q", &in_flight[0].receipt, SECOND)), RefusedKind::NotInFlight);
    advance(60 * SECOND - Duration::from_millis(1)).await;
    account.send("q", Outgoing::new("3")).unwrap();
    assert_eq!(kind(account.purge("q")), RefusedKind::PurgeInProgress);
    assert_eq!(texts(&account, "q").await, ["3"]);
    advance(Duration::from_millis(1)).await;
    account.purge("q").unwrap();
    assert_eq!(kind(account.purge("nowhere")), RefusedKind::NotFound);
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
    let kind = |kind: &str| crate::AttributeValue::String(kind.to_owned());
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
async fn subscribing_twice_is_no_change_unless_something_else_is_said() {
    let account = account();
    let policy = |json| FilterPolicy::attributes(json).unwrap();
    account.subscribe(Subscription::new("t", "q").filter(policy(r#"{"a": ["x"]}"#))).unwrap();
    for same in [Subscription::new("t", "q"), Subscription::new("t", "q").raw(false).filter(policy(r#"{"a":["x"]}"#))] {
        account.subscribe(same).unwrap();
    }
    for other in [
        Subscription::new("t", "q").raw(true),
        Subscription::new("t", "q").filter(policy(r#"{"a": ["y"]}"#)),
        Subscription::new("t", "q").filter(policy("{}")),
        Subscription::new("t", "q").filter(FilterPolicy::body(r#"{"a": ["x"]}"#).unwrap()),
        Subscription::new("t", "q").dead_letters("dead"),
    ] {
        assert_eq!(kind(account.subscribe(other)), RefusedKind::AlreadyExists);
    }
    assert_eq!(kind(account.subscribe(Subscription::new("nowhere", "q"))), RefusedKind::NotFound);
    assert_eq!(kind(account.subscribe(Subscription::new("t", "nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.subscribe(Subscription::new("t", "q").dead_letters("nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.subscribe(Subscription::new("t", "q.fifo"))), RefusedKind::InvalidParameter);
    assert_eq!(
        kind(account.subscribe(Subscription::new("t.fifo", "q.fifo").dead_letters("dead"))),
        RefusedKind::InvalidParameter
    );
    account.subscribe(Subscription::new("t.fifo", "q")).unwrap();
}

#[test]
fn a_topic_has_so_many_subscriptions_and_filter_policies() {
    let account = account();
    let policy = || FilterPolicy::attributes(r#"{"a": ["x"]}"#).unwrap();
    for i in 0..201 {
        account.create_queue(&format!("q{i}"), QueueSettings::new()).unwrap();
        let answer = account.subscribe(Subscription::new("t", format!("q{i}")).filter(policy()));
        if i < 200 { answer.unwrap() } else { assert_eq!(kind(answer), RefusedKind::FilterLimit) }
    }
    account.subscribe(Subscription::new("t", "q200")).unwrap();
    for i in 0..101 {
        let answer = account.subscribe(Subscription::new("t.fifo", format!("q{i}")));
        if i < 100 { answer.unwrap() } else { assert_eq!(kind(answer), RefusedKind::SubscriptionLimit) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_message_comes_in_the_envelope_of_its_topic() {
    let account = account();
    account.subscribe(Subscription::new("t", "q")).unwrap();
    let message = Outgoing::new(r#"{"n": "é\n"}"#)
        .subject("News")
        .attribute("a", crate::AttributeValue::Number("07.0".to_owned()))
        .attribute("b", crate::AttributeValue::Binary(vec![0, 255]))
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
        Outgoing::new("body").attribute("a", crate::AttributeValue::Binary(vec![1])).array("c", "[1]").group("tenant");
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
        message.attribute(format!("a{i}"), crate::AttributeValue::Number("1".to_owned()))
    });
    account.publish("t", many.clone()).unwrap();
    assert_eq!(
        (texts(&account, "small").await.len(), account.undelivered()),
        (0, 3),
        "more than ten attributes, raw; so neither in the dead letters of the raw one"
    );
    account.subscribe(Subscription::new("t", "q")).unwrap();
    account.publish("t", many).unwrap();
    assert_eq!(texts(&account, "q").await.len(), 1, "wrapped they arrive");
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
    let named =
        |name: &str| Outgoing::new(name).attribute("event_type", crate::AttributeValue::String(name.to_owned()));
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

#[tokio::test(start_paused = true)]
async fn a_bus_does_not_take_over_a_subscription_of_others() {
    let transport = standard();
    let account = transport.account();
    account.create_queue("audit", QueueSettings::new()).unwrap();
    account.subscribe(Subscription::new("t", "audit")).unwrap();
    let refused = transport.check(&topology([plan("audit", &[("t", "Happened")])])).unwrap_err();
    assert!(refused.len() == 1 && refused[0].contains("`audit`") && refused[0].contains("unsubscribe"), "{refused:?}");
    assert_eq!(
        kind(account.subscribe(Subscription::new("t", "q"))),
        RefusedKind::AlreadyExists,
        "nor they over one of a bus"
    );
}

#[test]
fn names_that_brokers_refuse_are_refused_to_a_bus() {
    for (queue, why) in [("a.b", "a.b"), ("é", "é"), (&"x".repeat(77), "dead-letter queue")] {
        let refused = MemoryTransport::new().queue(queue).check(&topology([plan(queue, &[])])).unwrap_err();
        assert!(refused.len() == 1 && refused[0].contains(why), "{refused:?}");
    }
    MemoryTransport::new().check(&topology([plan(&"x".repeat(76), &[])])).unwrap();
}

/// `n` letters in `dead`, moved there by `q`.
async fn with_letters(n: usize) -> MemoryAccount {
    let account = account();
    account.change_queue("q", QueueSettings::new().visibility(Duration::ZERO).dead_letters("dead", 1)).unwrap();
    for i in 0..n {
        account.send("q", Outgoing::new(i.to_string())).unwrap();
    }
    while !all(&account, "q").await.is_empty() {}
    account.change_queue("q", QueueSettings::new().visibility(30 * SECOND)).unwrap();
    account
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_the_same_message_until_a_task_makes_it_a_new_one() {
    let account = account();
    account.change_queue("q", QueueSettings::new().visibility(SECOND).dead_letters("dead", 2)).unwrap();
    let sent = account.send("q", Outgoing::new("1")).unwrap();
    for _ in 0..2 {
        assert_eq!(texts(&account, "q").await, ["1"]);
        advance(SECOND).await;
    }
    assert!(texts(&account, "q").await.is_empty());
    let letter = all(&account, "dead").await.remove(0);
    assert_eq!((letter.message_id.as_str(), letter.source.as_deref()), (sent.message_id.as_str(), Some("q")));
    assert_eq!(letter.receives, 3, "counted across queues");
    account.change_visibility("dead", &letter.receipt, Duration::ZERO).unwrap();
    account.start_move(MoveTask::of("dead")).unwrap();
    let again = all(&account, "q").await.remove(0);
    assert!(again.message_id != letter.message_id && again.sent_at >= letter.sent_at);
    assert_eq!((again.receives, again.source.as_deref()), (1, None));
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved, report.to_move), (MoveState::Completed, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_moves_so_many_in_a_second_and_only_one_at_a_time() {
    let account = with_letters(25).await;
    let task = account.start_move(MoveTask::of("dead").per_second(10)).unwrap();
    assert_eq!(kind(account.start_move(MoveTask::of("dead"))), RefusedKind::Unsupported);
    let moved = || account.moves("dead").unwrap().remove(0);
    assert_eq!((moved().moved, moved().to_move, moved().state), (10, 25, MoveState::Running));
    advance(SECOND - Duration::from_millis(1)).await;
    assert_eq!(moved().moved, 10);
    advance(Duration::from_millis(1)).await;
    assert_eq!(moved().moved, 20);
    assert_eq!(account.cancel_move(&task), Ok(20));
    assert_eq!(moved().state, MoveState::Cancelled);
    advance(10 * SECOND).await;
    assert_eq!(moved().moved, 20);
    assert_eq!(kind(account.cancel_move(&task)), RefusedKind::Unsupported);
    assert_eq!(kind(account.cancel_move("none")), RefusedKind::NotFound);
    account.start_move(MoveTask::of("dead").to("q")).unwrap();
    let reports = account.moves("dead").unwrap();
    assert_eq!((reports.len(), reports[0].moved, reports[0].state), (2, 5, MoveState::Completed), "the newest first");
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_what_a_task_moves_when_it_does() {
    let account = with_letters(11).await;
    account.start_move(MoveTask::of("dead").to("q").per_second(5)).unwrap();
    let began = Instant::now();
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push((account.receive("q", Receive::up_to(10).wait(20 * SECOND)).await.unwrap().len(), began.elapsed()));
    }
    assert_eq!(came, [(5, Duration::ZERO), (5, SECOND), (1, 2 * SECOND)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_destination_fails_at_what_was_sent_there_by_hand() {
    let account = with_letters(1).await;
    account.send("dead", Outgoing::new("by hand")).unwrap();
    account.start_move(MoveTask::of("dead")).unwrap();
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved), (MoveState::Failed, 1));
    assert_eq!(texts(&account, "dead").await, ["by hand"], "it stays");
}

#[tokio::test(start_paused = true)]
async fn a_task_fails_once_its_queue_is_gone() {
    let account = with_letters(3).await;
    account.create_queue("elsewhere", QueueSettings::new()).unwrap();
    account.start_move(MoveTask::of("dead").to("elsewhere").per_second(1)).unwrap();
    account.delete_queue("elsewhere").unwrap();
    advance(SECOND).await;
    let report = account.moves("dead").unwrap().remove(0);
    assert_eq!((report.state, report.moved), (MoveState::Failed, 1));
    assert_eq!(texts(&account, "dead").await.len(), 2, "the others stay");
    assert_eq!(kind(account.receive("elsewhere", Receive::up_to(1)).await), RefusedKind::NotFound, "none is made");
}

#[tokio::test(start_paused = true)]
async fn a_task_moves_nothing_that_was_kept_long_enough() {
    let account = account();
    account.change_queue("q", QueueSettings::new().dead_letters("dead", 1)).unwrap();
    account.change_queue("dead", QueueSettings::new().retention(100 * SECOND)).unwrap();
    account.send("q", Outgoing::new("old")).unwrap();
    advance(SECOND).await;
    account.send("dead", Outgoing::new("first")).unwrap();
    account.send("dead", Outgoing::new("second")).unwrap();
    all(&account, "q").await;
    advance(98 * SECOND).await;
    assert!(texts(&account, "q").await.is_empty(), "it is a dead letter, behind the others and older than they are");
    account.start_move(MoveTask::of("dead").to("q").per_second(2)).unwrap();
    advance(SECOND).await;
    assert_eq!(account.moves("dead").unwrap()[0].state, MoveState::Completed);
    assert_eq!(texts(&account, "q").await, ["first", "second"]);
}

#[test]
fn a_dead_letter_queue_may_name_whom_it_serves() {
    let account = account();
    account.change_queue("dead", QueueSettings::new().dead_letters_of(["q"])).unwrap();
    account.change_queue("q", QueueSettings::new().dead_letters("dead", 3)).unwrap();
    let other = QueueSettings::new().dead_letters("dead", 3);
    let refused = account.create_queue("other", other.clone()).unwrap_err();
    assert_eq!(refused.kind(), RefusedKind::InvalidParameter);
    assert!(refused.to_string().contains("`other`"), "{refused}");
    account.change_queue("dead", QueueSettings::new().dead_letters_of(["q", "other"])).unwrap();
    account.create_queue("other", other.clone()).unwrap();
    account.change_queue("dead", QueueSettings::new().dead_letters_of::<String>([])).unwrap();
    assert_eq!(kind(account.change_queue("other", other)), RefusedKind::InvalidParameter);
    let names = |n: usize| (0..n).map(|i| i.to_string());
    account.change_queue("dead", QueueSettings::new().dead_letters_of(names(10))).unwrap();
    let many = account.change_queue("dead", QueueSettings::new().dead_letters_of(names(11)));
    assert_eq!(kind(many), RefusedKind::InvalidParameter);
    // A bus is refused too.
    let memory = MemoryTransport::new();
    memory.account().create_queue("billing-dlq", QueueSettings::new().dead_letters_of(["q"])).unwrap();
    let refused = memory.check(&topology([plan("billing", &[("t", "Happened")])])).unwrap_err();
    assert!(refused[0].contains("`billing-dlq`"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_for_dead_letter_queues_and_has_a_rate() {
    let account = with_letters(0).await;
    assert_eq!(
        kind(account.start_move(MoveTask::of("q"))),
        RefusedKind::InvalidParameter,
        "it is nobody's dead-letter queue"
    );
    assert_eq!(kind(account.start_move(MoveTask::of("nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.start_move(MoveTask::of("dead").to("nowhere"))), RefusedKind::NotFound);
    assert_eq!(kind(account.start_move(MoveTask::of("dead").to("q.fifo"))), RefusedKind::InvalidParameter);
    for rate in [0, 501] {
        assert_eq!(kind(account.start_move(MoveTask::of("dead").per_second(rate))), RefusedKind::InvalidParameter);
    }
    account.start_move(MoveTask::of("dead").per_second(500)).unwrap();
    assert_eq!(kind(account.moves("nowhere")), RefusedKind::NotFound);
    let many = with_letters(0).await;
    for i in 0..101 {
        let (queue, dead) = (format!("q{i}"), format!("d{i}"));
        many.create_queue(&dead, QueueSettings::new()).unwrap();
        many.create_queue(&queue, QueueSettings::new().dead_letters(dead.as_str(), 1)).unwrap();
        for body in ["1", "2"] {
            many.send(&dead, Outgoing::new(body)).unwrap();
        }
        let answer = many.start_move(MoveTask::of(dead.as_str()).to(queue).per_second(1));
        if i < 100 { drop(answer.unwrap()) } else { assert_eq!(kind(answer), RefusedKind::Unsupported) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_for_thirty_six_hours_at_most() {
    let account = account();
    account.change_queue("q", QueueSettings::new().dead_letters("dead", 1)).unwrap();
    account.change_queue("dead", QueueSettings::new().retention(14 * 24 * 60 * 60 * SECOND)).unwrap();
    for _ in 0..36 * 60 * 60 + 10 {
        account.send("dead", Outgoing::new("x")).unwrap();
    }
    account.start_move(MoveTask::of("dead").to("q").per_second(1)).unwrap();
    advance(36 * 60 * 60 * SECOND).await;
    assert_eq!(account.moves("dead").unwrap()[0].state, MoveState::Failed);
}

#[test]
fn debug_never_shows_what_is_in_a_message() {
    let account = account();
    let message =
        Outgoing::new("s3cret").group("s3cret").attribute("a", crate::AttributeValue::String("s3cret".to_owned()));
    let shown = format!("{account:?} {message:?} {:?}", account.send("q", message.clone()));
    assert!(!shown.contains("s3cret"), "{shown}");
}
