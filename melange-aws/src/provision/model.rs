//! What there should be, as attributes: what is made of a topology, for those that do not make it themselves but write it
//! down. It calls nothing, so account and region may be unknown.

use std::collections::BTreeMap;

use melange::Transport as _;
use melange::transport::{Topology, TransportError, TransportErrorKind};
use serde_json::Value;

use super::wanted::{Feed, Queue, Role, Topic, Wanted};
use super::{queue, subscription, topic};
use crate::AwsQueue;
use crate::names::{NO_REGION, Names, region_of};

/// Stand in ARNs for what is not known.
pub(crate) const ACCOUNT: &str = "ACCOUNT_ID";
pub(crate) const REGION: &str = "REGION";

/// An attribute, as SNS and SQS call it, and its value.
pub(crate) type Setting = (String, String);
pub(crate) type Tags = BTreeMap<String, String>;

/// What there should be. In the order in which it is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) topics: Vec<TopicModel>,
    /// Each dead-letter queue before its queue.
    pub(crate) queues: Vec<QueueModel>,
    pub(crate) feeds: Vec<FeedModel>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicModel {
    /// As the events call it.
    pub(crate) short: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    /// Someone else's.
    pub(crate) elsewhere: bool,
    /// A queue of the program is subscribed to it.
    pub(crate) listened: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Tags,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueModel {
    /// Without the prefix; of a dead-letter queue, that of its queue.
    pub(crate) short: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) dead_letters: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) tags: Tags,
    pub(crate) kms_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedModel {
    pub(crate) topic_arn: String,
    pub(crate) queue_arn: String,
    /// Where the topic is, if not where everything else is.
    pub(crate) region: Option<String>,
    pub(crate) settings: Vec<Setting>,
}

impl Model {
    pub(super) fn of(transport: &AwsQueue, topology: &Topology) -> Result<Self, TransportError> {
        transport.check(topology).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            configuration(lines.join("\n"))
        })?;
        let mut names = transport.aws().names().clone();
        if names.region.is_none() {
            // Whether a topic that is given by its ARN is in another region changes what there should be.
            if !names.elsewhere.is_empty() {
                return Err(configuration(NO_REGION.to_owned()));
            }
            names.region = Some(REGION.to_owned());
        }
        let account = transport.aws().account.known().unwrap_or(ACCOUNT);
        let wanted = Wanted::at(transport, topology, &names, account)?;
        let listened = |topic: &Topic| wanted.feeds.iter().any(|feed| feed.topic_arn == topic.arn);
        let topics = wanted.topics.iter().map(|topic| topic_model(topic, &names, listened(topic))).collect();
        let pairs = wanted.dead_letter_queues.iter().zip(&wanted.queues);
        let queues = pairs
            .flat_map(|(dlq, queue)| [queue_model(dlq, &queue.name, &names), queue_model(queue, &queue.name, &names)])
            .collect::<Result<_, _>>()?;
        let feeds = wanted.feeds.iter().map(|feed| feed_model(feed, &names)).collect();
        Ok(Self { topics, queues, feeds })
    }
}

impl Model {
    /// What another part of the program needs too. A topic that both have is as both need it.
    pub(crate) fn extend(&mut self, other: Self) {
        for topic in other.topics {
            let Some(known) = self.topics.iter_mut().find(|known| known.arn == topic.arn) else {
                self.topics.push(topic);
                continue;
            };
            known.listened |= topic.listened;
            let new = |(name, _): &Setting| !known.settings.iter().any(|(has, _)| has == name);
            let new: Vec<Setting> = topic.settings.into_iter().filter(new).collect();
            known.settings.extend(new);
            for (key, value) in topic.tags {
                known.tags.entry(key).or_insert(value);
            }
        }
        self.topics.sort_by(|a, b| a.arn.cmp(&b.arn));
        self.queues.extend(other.queues);
        self.feeds.extend(other.feeds);
    }

    /// The queues that must let SNS send before the subscription is made.
    pub(crate) fn feeding(&self, feed: &FeedModel) -> impl Iterator<Item = &QueueModel> {
        let undelivered = feed.setting("RedrivePolicy").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let undelivered = undelivered.and_then(|policy| Some(policy.get("deadLetterTargetArn")?.as_str()?.to_owned()));
        self.queues.iter().filter(move |queue| {
            let fed = queue.arn == feed.queue_arn || undelivered.as_deref() == Some(&*queue.arn);
            fed && queue.settings.iter().any(|(name, _)| name == "Policy")
        })
    }
}

impl TopicModel {
    /// Whether it has attributes that are set where they differ.
    pub(crate) fn is_set(&self) -> bool {
        self.settings.iter().any(|(name, _)| topic::is_set(name))
    }
}

impl FeedModel {
    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn topic_model(topic: &Topic, names: &Names, listened: bool) -> TopicModel {
    let settings = topic::settings(topic).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    TopicModel {
        short: names.topic_of(&topic.arn).unwrap_or_else(|| topic.name.clone()),
        name: topic.name.clone(),
        arn: topic.arn.clone(),
        elsewhere: topic.elsewhere,
        listened,
        settings: settings.collect(),
        tags: topic.tags.clone(),
    }
}

fn queue_model(queue: &Queue, of: &str, names: &Names) -> Result<QueueModel, TransportError> {
    let settings = queue::settings::of(queue).map_err(|why| configuration(format!("{}: {why}", queue.called())))?;
    Ok(QueueModel {
        short: short(of, names),
        name: queue.name.clone(),
        arn: queue.arn.clone(),
        dead_letters: matches!(queue.role, Role::DeadLetters { .. }),
        settings: settings.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        tags: queue.tags.clone(),
        kms_key: queue.kms_key.clone(),
    })
}

fn feed_model(feed: &Feed, names: &Names) -> FeedModel {
    let settings = subscription::settings::of(feed).into_iter().map(|(name, value)| (name.to_owned(), value));
    let region = region_of(&feed.topic_arn).filter(|region| names.region.as_deref() != Some(region));
    FeedModel {
        topic_arn: feed.topic_arn.clone(),
        queue_arn: feed.queue_arn.clone(),
        region: region.map(str::to_owned),
        settings: settings.collect(),
    }
}

fn short(name: &str, names: &Names) -> String {
    name.strip_prefix(names.prefix.as_str()).unwrap_or(name).to_owned()
}

fn configuration(what: String) -> TransportError {
    TransportError::new(TransportErrorKind::Configuration, what)
}
