//! Publishing: one answer for each event, and topics of their own.

use std::sync::{Arc, Mutex};

use melange::transport::TransportErrorKind;
use melange::{Event, EventBus, MemoryTransport, MessageConsumer, MessagePublisher, Metadata};
use melange_tests::faulty::{Act, Op};
use melange_tests::until;
use serde::{Deserialize, Serialize, Serializer};

use crate::{Log, MINUTE, SECOND, faulty, noted};

/// Serde cannot write the thirteenth.
#[derive(Debug, Deserialize, Event)]
#[event(topic = "orders")]
struct Fragile(u32);

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 == 13 { Err(serde::ser::Error::custom("unlucky")) } else { to.serialize_u32(self.0) }
    }
}

#[tokio::test(start_paused = true)]
async fn publish_all_answers_for_each_in_order_whatever_becomes_of_the_others() {
    let account = MemoryTransport::new();
    let log = Log::default();
    let notes = Arc::clone(&log);
    let transport = faulty(&account);
    let bus = EventBus::builder()
        .transport(transport.clone())
        .subscribe(move |fragile: &Fragile| notes.lock().unwrap().push(fragile.0))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // Of those that reach the broker, it refuses the third.
    transport.always(Op::Publish, Act::FailEntries(vec![2], TransportErrorKind::Unavailable));
    let answers = bus.publish_all([10, 11, 13, 12, 14].map(Fragile)).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false, true]);
    let (unwritten, refused) = (answers[2].as_ref().unwrap_err(), answers[3].as_ref().unwrap_err());
    assert!(unwritten.is_invalid() && !unwritten.is_retryable() && !unwritten.is_uncertain(), "{unwritten:?}");
    assert!(!refused.is_invalid() && refused.is_retryable() && refused.is_uncertain(), "{refused:?}");
    assert!(unwritten.event_id().is_some() && refused.event_id().is_some());
    for error in [unwritten, refused] {
        assert_eq!(error.event_name(), "Fragile");
        assert!(error.to_string().contains("Fragile"), "{error}");
    }
    until("they are handled", || bus.metrics().handled == 3).await;
    let mut seen = noted(&log);
    seen.sort_unstable();
    assert_eq!(seen, [10, 11, 14]);
    assert!(bus.publish_all(Vec::<Fragile>::new()).await.is_empty());
    bus.shutdown(MINUTE).await.unwrap();
    let answers = bus.publish_all([1, 2].map(Fragile)).await;
    assert!(answers.len() == 2 && answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.is_closed())));
}

/// Stays in the process, and names no topic.
#[derive(Debug, Event)]
#[event(local)]
struct Ticked;

#[tokio::test(start_paused = true)]
async fn an_event_without_a_topic_is_told_how_it_gets_one() {
    let refused = EventBus::builder().build().unwrap().publish(Ticked).await.unwrap_err();
    let said = refused.to_string();
    for words in ["event Ticked", "`#[event(topic = \"...\")]`", "an in-process bus needs none"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(refused.is_invalid() && !refused.is_retryable(), "{refused:?}");
}

/// Where each goes is said by the event itself.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "tenants", name = "Moved")]
struct Moved {
    #[event(topic)]
    topic: String,
    to: u32,
}

/// The same, as those see it who listen to one tenant only.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "tenant-7", name = "Moved", version = 2, upcast_from = [Moved])]
struct MovedOfSeven {
    to: u32,
}

impl From<Moved> for MovedOfSeven {
    fn from(moved: Moved) -> Self {
        Self { to: moved.to }
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_may_say_its_own_topic() {
    let account = MemoryTransport::new();
    let topics = Arc::<Mutex<Vec<(u32, String)>>>::default();
    let (all, seven) = (Arc::clone(&topics), Arc::clone(&topics));
    let of_all = MessageConsumer::builder()
        .transport(account.queue("all"))
        .subscribe(move |moved: Arc<Moved>, meta: Metadata| {
            all.lock().unwrap().push((moved.to, format!("all by {}", meta.topic)));
            async {}
        })
        .wait(SECOND)
        .build()
        .unwrap();
    let of_seven = MessageConsumer::builder()
        .transport(account.queue("seven"))
        .subscribe(move |moved: Arc<MovedOfSeven>, meta: Metadata| {
            seven.lock().unwrap().push((moved.to, format!("seven by {}", meta.topic)));
            async {}
        })
        .wait(SECOND)
        .build()
        .unwrap();
    let publisher = MessagePublisher::new(account);
    for (topic, to) in [("", 1), ("tenant-7", 2), ("tenants", 3), ("tenant-8", 4)] {
        publisher.publish(Moved { topic: topic.to_owned(), to }).await.unwrap();
    }
    for consumer in [&of_all, &of_seven] {
        while consumer.consume_event().await.unwrap().message().is_some() {}
    }
    let topics = topics.lock().unwrap();
    let seen: Vec<(u32, &str)> = topics.iter().map(|(to, by)| (*to, by.as_str())).collect();
    assert_eq!(seen, [(1, "all by tenants"), (3, "all by tenants"), (2, "seven by tenant-7")]);
}
