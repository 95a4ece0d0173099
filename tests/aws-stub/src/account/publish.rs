//! From a topic into the queues that are subscribed to it.

use std::collections::HashMap;
use std::sync::Arc;

use super::envelope::{self, Notification};
use super::topic::Subscription;
use super::{Account, Arriving, Queue, new_id};
use crate::clock::{Clock, Moment};
use crate::content::{Content, MOST_ATTRIBUTES, is_id, is_legal};
use crate::refusal::Refusal;

/// A message on its way into a topic.
#[derive(Debug)]
pub(crate) struct Publishing {
    pub(crate) content: Content,
    pub(crate) subject: Option<String>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) deduplication_id: Option<Arc<str>>,
}

/// What SNS gave it.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) message_id: Arc<str>,
    /// Of FIFO topics.
    pub(crate) sequence: Option<Arc<str>>,
}

impl Publishing {
    /// What SNS refuses. Source: the SNS API reference, `Publish`; the SNS developer guide, message attributes.
    fn check(&self, fifo: bool, content_based: bool) -> Result<(), Refusal> {
        if self.content.body.is_empty() {
            return Err(Refusal::parameter("Empty message"));
        }
        if let Some(subject) = &self.subject
            && (subject.is_empty() || subject.chars().count() >= 100 || subject.chars().any(char::is_control))
        {
            return Err(Refusal::parameter("Subject"));
        }
        for attribute in &self.content.attributes {
            if let Some(problem) = attribute.problem() {
                return Err(Refusal::new("ParameterValueInvalid", problem));
            }
            // What UTF-16 needs two units for.
            if attribute.text().is_some_and(|text| text.chars().any(|c| c > '\u{FFFF}')) {
                return Err(Refusal::parameter("Invalid attribute value was passed in for message attribute"));
            }
        }
        for (name, id) in [("MessageGroupId", &self.group), ("MessageDeduplicationId", &self.deduplication_id)] {
            if id.as_ref().is_some_and(|id| !is_id(id)) {
                return Err(Refusal::parameter(format_args!(
                    "{name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
                )));
            }
        }
        match (fifo, &self.group, &self.deduplication_id) {
            (true, None, _) => Err(Refusal::parameter("The MessageGroupId parameter is required for FIFO topics")),
            (true, Some(_), None) if !content_based => Err(Refusal::parameter(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            )),
            (false, _, Some(_)) => Err(Refusal::parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )),
            _ => Ok(()),
        }
    }
}

impl Account {
    pub(crate) fn publish(
        &mut self,
        topic: &str,
        publishing: Publishing,
        clock: &Clock,
        endpoint: &str,
    ) -> Result<Published, Refusal> {
        let now = clock.now();
        let Self { topics, subscriptions, queues, messages, places, .. } = self;
        let topic = topics.get_mut(topic).ok_or_else(Refusal::no_topic)?;
        publishing.check(topic.fifo, topic.content_based_deduplication())?;
        if publishing.content.size() > topic.max_bytes() {
            return Err(Refusal::parameter("Message too long"));
        }
        let message_id = new_id();
        let mut published = Published { message_id, sequence: None };
        let mut deduplication_id = publishing.deduplication_id.clone();
        if topic.fifo {
            let id = deduplication_id.take().unwrap_or_else(|| super::content_id(&publishing.content));
            let scope = publishing.group.as_ref().filter(|_| topic.deduplicates_by_group());
            if let Some((message_id, sequence)) = topic.deduplication.known(scope, &id, now) {
                messages.deduplicated += 1;
                return Ok(Published { message_id, sequence: Some(sequence) });
            }
            *places += 1;
            let sequence: Arc<str> = format!("{places:020}").into();
            let given = (Arc::clone(&published.message_id), Arc::clone(&sequence));
            topic.deduplication.remember(scope, &id, given, now);
            published.sequence = Some(sequence);
            deduplication_id = Some(id);
        }
        messages.published += 1;

        let Publishing { content, subject, group, .. } = publishing;
        let content = Arc::new(content);
        let mut timestamp = None;
        for subscription in topic.subscriptions.iter().filter_map(|arn| subscriptions.get(arn)) {
            if !subscription.filter.as_ref().is_none_or(|filter| filter.lets(&content.attributes)) {
                messages.filtered += 1;
                continue;
            }
            let content = if subscription.raw {
                Arc::clone(&content)
            } else {
                let notification = Notification {
                    content: &content,
                    message_id: &published.message_id,
                    subject: subject.as_deref(),
                    timestamp: timestamp.get_or_insert_with(|| envelope::timestamp(clock.millis(now))),
                    sequence: published.sequence.as_deref(),
                };
                Arc::new(Content::new(envelope::wrap(&notification, subscription, endpoint), Vec::new()))
            };
            let (queue, dead) = match deliverable(queues, &subscription.endpoint, subscription, &content) {
                Some(queue) => (queue, false),
                None => {
                    let dead = subscription.dead_letters.as_ref();
                    match dead.and_then(|dead| deliverable(queues, dead, subscription, &content)) {
                        Some(queue) => (queue, true),
                        None => {
                            messages.undeliverable += 1;
                            continue;
                        }
                    }
                }
            };
            *places += 1;
            let before = *places;
            // A standard queue gets the group of a standard topic, and not that of a FIFO topic.
            let group = group.clone().filter(|_| queue.fifo || !topic.fifo);
            let deduplication_id = deduplication_id.clone().filter(|_| queue.fifo);
            let message = arriving(content, group, deduplication_id, now);
            let id = Arc::clone(&message.id);
            let (given, _) = queue.send(before, message, None, now);
            match (given == id, dead) {
                (false, _) => messages.deduplicated += 1,
                (true, true) => messages.undeliverable += 1,
                (true, false) => messages.delivered += 1,
            }
        }
        Ok(published)
    }
}

/// The queue, if it is there and takes what SNS sends.
fn deliverable<'a>(
    queues: &'a mut HashMap<Arc<str>, Queue>,
    arn: &str,
    subscription: &Subscription,
    content: &Content,
) -> Option<&'a mut Queue> {
    let queue = queues.get_mut(arn)?;
    takes(queue, subscription, content).then_some(queue)
}

/// By its policy, its key, and its limits.
fn takes(queue: &mut Queue, subscription: &Subscription, content: &Content) -> bool {
    let allowed = match queue.lets.get(&subscription.topic) {
        Some(allowed) => *allowed,
        None => {
            let policy = queue.settings.policy.as_ref();
            let allowed = policy.is_some_and(|policy| policy.lets(&queue.arn, &subscription.topic))
                && !queue.settings.locks_sns_out();
            queue.lets.insert(Arc::clone(&subscription.topic), allowed);
            allowed
        }
    };
    allowed
        && content.attributes.len() <= MOST_ATTRIBUTES
        && content.size() <= queue.settings.max_bytes()
        && is_legal(&content.body)
        && (!queue.fifo || subscription.topic.ends_with(".fifo"))
}

/// A message that has just been sent.
pub(crate) fn arriving(
    content: Arc<Content>,
    group: Option<Arc<str>>,
    deduplication_id: Option<Arc<str>>,
    now: Moment,
) -> Arriving {
    Arriving {
        content,
        id: new_id(),
        group,
        deduplication_id,
        sequence: None,
        trace: None,
        sent: now,
        first_received: None,
        receives: 0,
        source: None,
    }
}
