//! What was written, whatever the language: names, attributes as SNS and SQS take them, and tags. It can be made on an
//! account, and compared with what Melange itself would make.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_sns::types::Tag;
use melange_aws::{ChangeKind, Plan};
use serde_json::Value;

pub(crate) type Texts = BTreeMap<String, String>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) topics: BTreeMap<String, Made>,
    pub(crate) queues: BTreeMap<String, Made>,
    /// By the ARNs of queue and topic.
    pub(crate) subscriptions: BTreeMap<(String, String), Texts>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) attributes: Texts,
    pub(crate) tags: Texts,
}

/// JSON with its keys sorted, all else as it is: neither language keeps their order.
pub(crate) fn canonical(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => value.to_string(),
        _ => text.to_owned(),
    }
}

impl Resources {
    /// What Melange itself would make, by the plan of an empty account.
    pub(crate) fn of_plan(plan: &Plan, arn: impl Fn(&str, &str) -> String) -> Self {
        let mut all = Self::default();
        for change in plan.changes() {
            assert_eq!(change.kind(), ChangeKind::Create, "the account is empty: {change}");
            let mut made = Made::default();
            for (name, _, value) in change.values() {
                match name.strip_prefix("tag ") {
                    Some(tag) => made.tags.insert(tag.to_owned(), value.to_owned()),
                    None => made.attributes.insert(name.to_owned(), canonical(value)),
                };
            }
            let words: Vec<&str> = change.resource().split(' ').collect();
            match words.as_slice() {
                ["topic", name] => all.topics.insert((*name).to_owned(), made).map(drop),
                ["queue", name] | ["dead-letter", "queue", name] => {
                    all.queues.insert((*name).to_owned(), made).map(drop)
                }
                ["the", "subscription", "of", "queue", queue, "to", "topic", topic] => {
                    all.subscriptions.insert((arn("sqs", queue), arn("sns", topic)), made.attributes).map(drop)
                }
                other => panic!("what is {other:?}?"),
            };
        }
        all
    }

    /// Makes all of it, in an order in which it can be.
    pub(crate) async fn make(&self, config: &SdkConfig) {
        let (sns, sqs) = (aws_sdk_sns::Client::new(config), aws_sdk_sqs::Client::new(config));
        for (name, made) in &self.topics {
            let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().expect("a tag");
            let tags: Vec<Tag> = made.tags.iter().map(tag).collect();
            let request = sns.create_topic().name(name).set_tags((!tags.is_empty()).then_some(tags));
            let attributes = made.attributes.clone().into_iter().collect();
            request.set_attributes(Some(attributes)).send().await.expect("the topic can be made");
        }
        let (feeding, dead): (Vec<_>, Vec<_>) =
            self.queues.iter().partition(|(_, made)| made.attributes.contains_key("RedrivePolicy"));
        for (name, made) in dead.into_iter().chain(feeding) {
            let mut request = sqs.create_queue().queue_name(name);
            for (name, value) in &made.attributes {
                request = request.attributes(name.as_str().into(), value);
            }
            for (key, value) in &made.tags {
                request = request.tags(key, value);
            }
            request.send().await.expect("the queue can be made");
        }
        for ((queue, topic), attributes) in &self.subscriptions {
            let request = sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue);
            let attributes = attributes.clone().into_iter().collect();
            request.set_attributes(Some(attributes)).send().await.expect("it can be subscribed");
        }
    }
}
