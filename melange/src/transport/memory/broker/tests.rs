use tokio::time::advance;

use super::super::fixture::program::{account, all, kind, texts};
use super::super::fixture::{SECOND, plan, standard, topology};
use super::super::{FilterPolicy, MemoryTransport, Outgoing, Receive};
use super::*;
use crate::AttributeValue;
use crate::transport::Transport;

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
    let new = QueueSettings::new;
    for (other, setting) in [
        (new().delay(SECOND).visibility(SECOND), "`visibility`"),
        (new().delay(2 * SECOND), "`delay`"),
        (new().retention(60 * SECOND), "`retention`"),
        (new().max_bytes(1_024), "`max_bytes`"),
        (new().dead_letters("dead", 3), "`dead_letters`"),
        (new().dead_letters_of(["q"]), "`dead_letters_of`"),
    ] {
        let refused = account.create_queue("q", other).unwrap_err().to_string();
        assert!(refused.contains(setting), "{refused}");
    }
    let refused = account.create_topic("t.fifo", TopicSettings::new().dedup_by_group(true)).unwrap_err().to_string();
    assert!(refused.contains("`dedup_by_group`"), "{refused}");
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
    let own = account.change_queue("q", told().dead_letters("q", 3));
    assert_eq!(kind(own), RefusedKind::InvalidParameter, "who waited for it would see it go round for ever");
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
    account.create_topic("large", TopicSettings::new().max_bytes(262_145)).unwrap();
    for topic in ["t.fifo", "large"] {
        for i in 0..101 {
            let answer = account.subscribe(Subscription::new(topic, format!("q{i}")));
            if i < 100 { answer.unwrap() } else { assert_eq!(kind(answer), RefusedKind::SubscriptionLimit) }
        }
    }
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
    assert!(refused[0].what().contains("`billing-dlq`"), "{refused:?}");
}

#[test]
fn debug_never_shows_what_is_in_a_message() {
    let account = account();
    let message = Outgoing::new("s3cret").group("s3cret").attribute("a", AttributeValue::String("s3cret".to_owned()));
    let shown = format!("{account:?} {message:?} {:?}", account.send("q", message.clone()));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_bus_does_not_take_over_a_subscription_of_others() {
    let transport = standard();
    let account = transport.account();
    account.create_queue("audit", QueueSettings::new()).unwrap();
    account.subscribe(Subscription::new("t", "audit")).unwrap();
    let refused = transport.check(&topology([plan("audit", &[("t", "Happened")])])).unwrap_err();
    assert!(
        refused.len() == 1 && refused[0].what().contains("`audit`") && refused[0].fix().contains("unsubscribe"),
        "{refused:?}"
    );
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
        assert!(refused.len() == 1 && refused[0].what().contains(why), "{refused:?}");
    }
    MemoryTransport::new().check(&topology([plan(&"x".repeat(76), &[])])).unwrap();
}
