//! What every row counts: attempted, acknowledged, received, duplicated, unexpected, lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use melange::{Event, EventId, MessagePublisher, PublishError};
use melange_tests::six_counts::SixCounts;

use crate::events::{Job, Step};

/// An event that a test can tell from others.
pub(crate) trait Numbered: Event {
    fn number(&self) -> u64;
}

impl Numbered for Job {
    fn number(&self) -> u64 {
        self.number
    }
}

impl Numbered for Step {
    fn number(&self) -> u64 {
        self.number
    }
}

/// The number in the body of such an event.
pub(crate) fn number_in(body: Option<&str>) -> u64 {
    let json: serde_json::Value = serde_json::from_str(body.unwrap()).unwrap();
    json["number"].as_u64().unwrap()
}

/// What was published, and what came of it. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<Ledger>>);

#[derive(Default)]
struct Ledger {
    attempted: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
    /// The numbers in the order they had their effect.
    received: Vec<u64>,
    /// The event ids each number came under.
    ids: BTreeMap<u64, BTreeSet<EventId>>,
}

impl Counts {
    /// Somebody tries to publish it.
    pub(crate) fn attempt(&self, number: u64) {
        self.0.lock().unwrap().attempted.insert(number);
    }

    /// The broker has it.
    pub(crate) fn acknowledge(&self, number: u64) {
        self.0.lock().unwrap().acknowledged.insert(number);
    }

    /// It had its effect.
    pub(crate) fn receive(&self, number: u64, event_id: &EventId) {
        let mut ledger = self.0.lock().unwrap();
        ledger.received.push(number);
        ledger.ids.entry(number).or_default().insert(event_id.clone());
    }

    /// It is where it belongs without having had its effect.
    pub(crate) fn put_aside(&self, number: u64) {
        self.0.lock().unwrap().received.push(number);
    }

    /// Publishes, and counts what was acknowledged; the answers are given back.
    pub(crate) async fn publish<E: Numbered>(
        &self,
        publisher: &MessagePublisher,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<Result<EventId, PublishError>> {
        let events: Vec<E> = events.into_iter().collect();
        let numbers: Vec<u64> = events.iter().map(Numbered::number).collect();
        numbers.iter().for_each(|number| self.attempt(*number));
        let answers = publisher.publish_all(events).await;
        assert_eq!(answers.len(), numbers.len(), "every event is answered for");
        for (number, answer) in numbers.into_iter().zip(&answers) {
            if answer.is_ok() {
                self.acknowledge(number);
            }
        }
        answers
    }

    /// The numbers in the order they had their effect, duplicates included.
    pub(crate) fn order(&self) -> Vec<u64> {
        self.0.lock().unwrap().received.clone()
    }

    /// How many different ones had their effect.
    pub(crate) fn received(&self) -> usize {
        self.tally().received
    }

    /// Whether everything acknowledged had its effect.
    pub(crate) fn is_complete(&self) -> bool {
        self.tally().lost == 0
    }

    pub(crate) fn tally(&self) -> SixCounts {
        let ledger = self.0.lock().unwrap();
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        for number in &ledger.received {
            *times.entry(*number).or_default() += 1;
        }
        SixCounts {
            attempted: ledger.attempted.len(),
            acknowledged: ledger.acknowledged.len(),
            received: times.len(),
            duplicated: times.values().filter(|times| **times > 1).count(),
            unexpected: times.keys().filter(|number| !ledger.attempted.contains(number)).count(),
            lost: ledger.acknowledged.iter().filter(|number| !times.contains_key(number)).count(),
        }
    }

    /// Prints the counts of this row, and refuses what must never be.
    pub(crate) fn check(&self, row: u32) -> SixCounts {
        let tally = self.tally();
        println!("row {row}: {tally}");
        assert_eq!((tally.lost, tally.unexpected), (0, 0), "row {row}: {tally}");
        let renamed = self.0.lock().unwrap().ids.values().filter(|ids| ids.len() > 1).count();
        assert_eq!(renamed, 0, "row {row}: an event keeps its id, however often it comes");
        assert!(tally.attempted > 0, "row {row} has published nothing");
        tally
    }
}
