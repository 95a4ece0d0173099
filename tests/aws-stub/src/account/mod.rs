//! The account: its topics, subscriptions and queues.

mod attempts;
mod deduplication;
mod envelope;
mod filter;
mod line;
mod moves;
mod policy;
mod publish;
mod queue;
mod settings;
mod shown;
mod topic;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use moves::{Move, MoveState};
pub(crate) use publish::{Publishing, arriving};
pub use queue::Standings;
pub(crate) use queue::{Arriving, Handed, Queue, Receipt, Received, content_id};
pub(crate) use topic::{Subscription, Topic};

use crate::clock::Moment;
use crate::ledger::Messages;
use crate::refusal::Refusal;
use moves::Moves;
use settings::Settings;

/// The account's id, as local servers have it.
pub(crate) const ID: &str = "000000000000";

/// How long the name of a deleted queue cannot be used. Source: the SQS API reference, `DeleteQueue`.
const DELETED: Duration = Duration::from_secs(60);

/// The account.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) queues: HashMap<Arc<str>, Queue>,
    pub(crate) topics: HashMap<Arc<str>, Topic>,
    pub(crate) subscriptions: HashMap<Arc<str>, Subscription>,
    pub(crate) messages: Messages,
    moves: Moves,
    deleted: HashMap<Arc<str>, Moment>,
    /// Grows with every message, so that places and sequence numbers say who came first.
    places: u64,
}

/// `arn:aws:sqs:region:account:name`.
pub(crate) fn arn(service: &str, region: &str, name: &str) -> String {
    format!("arn:aws:{service}:{region}:{ID}:{name}")
}

/// A new id for a message.
pub(crate) fn new_id() -> Arc<str> {
    uuid::Uuid::now_v7().to_string().into()
}

impl Account {
    pub(crate) fn next_place(&mut self) -> u64 {
        self.places += 1;
        self.places
    }

    pub(crate) fn queue(&mut self, region: &str, name: &str) -> Result<&mut Queue, Refusal> {
        self.queues.get_mut(arn("sqs", region, name).as_str()).ok_or_else(Refusal::no_queue)
    }

    /// The names of the queues in `region` that begin with `prefix`, in order.
    pub(crate) fn queue_names(&self, region: &str, prefix: &str) -> Vec<Arc<str>> {
        let of_region = |queue: &&Queue| *queue.arn == *arn("sqs", region, &queue.name);
        let names = self.queues.values().filter(of_region).map(|queue| Arc::clone(&queue.name));
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        names
    }

    pub(crate) fn create_queue(
        &mut self,
        region: &str,
        name: &str,
        wanted: &BTreeMap<String, String>,
        now: Moment,
    ) -> Result<&mut Queue, Refusal> {
        let arn: Arc<str> = arn("sqs", region, name).into();
        let base = name.strip_suffix(".fifo").unwrap_or(name);
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if base.is_empty() || name.len() > 80 || !base.bytes().all(legal) {
            let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(Refusal::value("QueueName", name, reason));
        }
        let fifo = name.ends_with(".fifo");
        match wanted.get("FifoQueue").map(String::as_str) {
            Some("true") if fifo => {}
            Some("true") => {
                return Err(Refusal::new(
                    "InvalidParameterValue",
                    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
                ));
            }
            Some(_) => return Err(Refusal::new("InvalidAttributeName", "Unknown Attribute FifoQueue.")),
            None if fifo => return Err(Refusal::value("QueueName", name, "FifoQueue must be true for a .fifo name.")),
            None => {}
        }
        if let Some(deleted) = self.deleted.get(&arn)
            && now.since(*deleted) < DELETED
        {
            let what =
                "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
            return Err(Refusal::new("QueueDeletedRecently", what));
        }
        if self.queues.get(&arn).is_some_and(|known| !known.settings.is_as(wanted)) {
            let what = "A queue already exists with the same name and a different value for an attribute";
            return Err(Refusal::new("QueueNameExists", what));
        }
        if !self.queues.contains_key(&arn) {
            let mut wanted = wanted.clone();
            wanted.remove("FifoQueue");
            let mut settings = Settings::default();
            settings.set(&wanted, fifo)?;
            self.check_redrive(&settings, fifo)?;
            let number = self.next_place();
            let queue = Queue::new(Arc::clone(&arn), name.into(), number, settings, now);
            self.queues.insert(Arc::clone(&arn), queue);
        }
        self.queues.get_mut(&arn).ok_or_else(Refusal::no_queue)
    }

    pub(crate) fn set_queue(
        &mut self,
        region: &str,
        name: &str,
        wanted: &BTreeMap<String, String>,
        now: Moment,
    ) -> Result<(), Refusal> {
        let queue = self.queue(region, name)?;
        let (fifo, mut settings) = (queue.fifo, std::mem::take(&mut queue.settings));
        let mut wanted = wanted.clone();
        // It may be named, and cannot be changed.
        if wanted.remove("FifoQueue").is_some_and(|value| value != fifo.to_string()) {
            self.queue(region, name)?.settings = settings;
            return Err(Refusal::new("InvalidAttributeName", "Unknown Attribute FifoQueue."));
        }
        let before = settings.redrive.clone();
        let text = settings.text("RedrivePolicy").unwrap_or_default();
        let mut set = settings.set(&wanted, fifo);
        if set.is_ok() && settings.redrive != before {
            set = self.check_redrive(&settings, fifo);
            if set.is_err() {
                // What was there was legal.
                let old = BTreeMap::from([("RedrivePolicy".to_owned(), text)]);
                let _ = settings.set(&old, fifo);
            }
        }
        let queue = self.queue(region, name)?;
        queue.settings = settings;
        queue.lets.clear();
        queue.modified = now;
        set
    }

    fn check_redrive(&self, settings: &Settings, fifo: bool) -> Result<(), Refusal> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let refuse = |reason: &str| Err(Refusal::value("RedrivePolicy", &redrive.target, reason));
        match self.queues.get(&redrive.target) {
            None => refuse("Dead letter target does not exist."),
            Some(target) if target.fifo != fifo => {
                refuse("Dead letter target must be same type of queue as the source.")
            }
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn delete_queue(&mut self, region: &str, name: &str, now: Moment) -> Result<(), Refusal> {
        let arn = Arc::clone(&self.queue(region, name)?.arn);
        if let Some(queue) = self.queues.remove(&arn) {
            // Whoever waits on it is told that it is gone.
            queue.signal.notify_waiters();
        }
        self.deleted.insert(arn, now);
        Ok(())
    }

    pub(crate) fn receive(
        &mut self,
        arn: &str,
        max: usize,
        visibility: Option<Duration>,
        attempt: Option<&str>,
        now: Moment,
    ) -> Result<Received, Refusal> {
        let queue = self.queues.get(arn).ok_or_else(Refusal::no_queue)?;
        let target = queue.settings.redrive.as_ref().map(|redrive| Arc::clone(&redrive.target));
        let target = target.filter(|target| self.queues.contains_key(target));
        let queue = self.queues.get_mut(arn).ok_or_else(Refusal::no_queue)?;
        let source = Arc::clone(&queue.arn);
        let mut received = queue.receive(max, visibility, attempt, target.is_some(), now)?;
        self.messages.expired += received.expired;
        if !received.again {
            self.messages.received += received.handed.len() as u64;
            let again = received.handed.iter().filter(|handed| handed.message.receives > 1).count();
            self.messages.redelivered += again as u64;
        }
        for mut dead in received.dead.drain(..) {
            let place = self.next_place();
            let Some(queue) = target.as_ref().and_then(|target| self.queues.get_mut(target)) else { continue };
            if queue.fifo {
                // Source: the SQS developer guide, dead-letter queues: the id of a FIFO queue's message is replaced.
                dead.deduplication_id = Some(Arc::clone(&dead.id));
                dead.sequence = None;
                dead.sent = now;
            }
            dead.source = Some(Arc::clone(&source));
            queue.put(place, dead, Duration::ZERO, now);
            self.messages.dead_lettered += 1;
        }
        Ok(received)
    }

    pub(crate) fn topic(&mut self, arn: &str) -> Result<&mut Topic, Refusal> {
        self.topics.get_mut(arn).ok_or_else(Refusal::no_topic)
    }

    pub(crate) fn create_topic(
        &mut self,
        region: &str,
        name: &str,
        wanted: &BTreeMap<String, String>,
    ) -> Result<&mut Topic, Refusal> {
        let arn: Arc<str> = arn("sns", region, name).into();
        let base = name.strip_suffix(".fifo").unwrap_or(name);
        let fifo = name.ends_with(".fifo");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let says_fifo = wanted.get("FifoTopic").is_some_and(|value| value == "true");
        if base.is_empty() || name.len() > 256 || !base.bytes().all(legal) || fifo != says_fifo {
            return Err(Refusal::parameter("Topic Name"));
        }
        let wanted = || wanted.iter().filter(|(name, _)| *name != "FifoTopic");
        if let Some(known) = self.topics.get(&arn) {
            if wanted().any(|(name, value)| known.attributes.get(name) != Some(value)) {
                let what = "Attributes Reason: Topic already exists with different attributes";
                return Err(Refusal::parameter(what));
            }
        } else {
            let mut topic = Topic::new(Arc::clone(&arn));
            wanted().try_for_each(|(name, value)| topic.set(name, value))?;
            self.topics.insert(Arc::clone(&arn), topic);
        }
        self.topic(&arn)
    }

    pub(crate) fn set_topic(&mut self, arn: &str, name: &str, value: &str) -> Result<(), Refusal> {
        self.topic(arn)?.set(name, value)
    }

    pub(crate) fn subscribe(
        &mut self,
        topic: &str,
        endpoint: &str,
        wanted: &BTreeMap<String, String>,
    ) -> Result<Arc<str>, Refusal> {
        let known = self.topics.get(topic).ok_or_else(Refusal::no_topic)?;
        let is_queue = endpoint.starts_with("arn:aws:sqs:") && endpoint.split(':').count() == 6;
        if !is_queue {
            return Err(Refusal::parameter("SQS endpoint ARN"));
        }
        if endpoint.ends_with(".fifo") && !known.fifo {
            let what = "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics";
            return Err(Refusal::parameter(what));
        }
        let of_queue = |arn: &&Arc<str>| self.subscriptions.get(&***arn).is_some_and(|s| &*s.endpoint == endpoint);
        if let Some(arn) = known.subscriptions.iter().find(of_queue) {
            return match self.subscriptions.get(arn).filter(|known| known.is_as(wanted)) {
                Some(known) => Ok(Arc::clone(&known.arn)),
                None => {
                    Err(Refusal::parameter("Attributes Reason: Subscription already exists with different attributes"))
                }
            };
        }
        let topic = Arc::clone(&known.arn);
        let arn: Arc<str> = format!("{topic}:{}", new_id()).into();
        let mut subscription = Subscription::new(Arc::clone(&arn), topic, endpoint.into());
        wanted.iter().try_for_each(|(name, value)| subscription.set(name, value))?;
        self.topic(&subscription.topic.clone())?.subscriptions.push(Arc::clone(&arn));
        self.subscriptions.insert(Arc::clone(&arn), subscription);
        Ok(arn)
    }

    pub(crate) fn unsubscribe(&mut self, arn: &str) {
        if let Some(gone) = self.subscriptions.remove(arn)
            && let Some(topic) = self.topics.get_mut(&gone.topic)
        {
            topic.subscriptions.retain(|known| **known != *arn);
        }
    }

    pub(crate) fn subscription(&mut self, arn: &str) -> Result<&mut Subscription, Refusal> {
        let missing = || Refusal::new("NotFound", "Subscription does not exist");
        self.subscriptions.get_mut(arn).ok_or_else(missing)
    }

    pub(crate) fn set_subscription(&mut self, arn: &str, name: &str, value: &str) -> Result<(), Refusal> {
        self.subscription(arn)?.set(name, value)
    }
}

/// Whether a queue can have an attribute of this name, set or not.
pub(crate) fn is_queue_attribute(name: &str) -> bool {
    Settings::names().chain(shown::OWN).any(|known| known == name)
}
