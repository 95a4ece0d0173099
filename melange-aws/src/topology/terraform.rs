//! The topology in Terraform's language.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attributes::{Kind, Place, QUEUE, Row, SUBSCRIPTION, TOPIC, set};
use super::hcl::{Block, Hcl};
use super::iam::Policy;
use super::labels;
use crate::provision::{FeedModel, Model, QueueModel, TopicModel};

/// Said at the top, so that nobody mends the wrong file.
const HEAD: &str = "# Written by Melange from the events and subscribers of the program. Do not edit it: change those, and write it anew.\n";
/// The first that takes all that is written here, and `region` on each resource.
const PROVIDER: &str = ">= 6.14";
/// What SQS does by itself, and the provider does not: it would set 262,144, and a message in the envelope of SNS is larger.
/// Source: the SQS API reference, `CreateQueue`, `MaximumMessageSize`.
const MAX_BYTES: &str = "1048576";

/// What stands for an ARN, by the ARN.
pub(super) struct References(BTreeMap<String, String>);

impl References {
    pub(super) fn to(model: &Model) -> Self {
        let topics = model.topics.iter().filter(|topic| !topic.elsewhere);
        let topics = topics.map(|topic| (topic.arn.clone(), format!("aws_sns_topic.{}.arn", topic_label(topic))));
        let queues = model.queues.iter();
        let queues = queues.map(|queue| (queue.arn.clone(), format!("aws_sqs_queue.{}.arn", queue_label(queue))));
        Self(topics.chain(queues).collect())
    }

    fn get(&self, text: &str) -> Option<Hcl> {
        self.0.get(text).map(Hcl::raw)
    }

    fn arn(&self, arn: &str) -> Hcl {
        self.get(arn).unwrap_or_else(|| Hcl::text(arn))
    }
}

/// All of it, and `policies`, if there are any, as managed policies.
pub(super) fn write(model: &Model, policies: &[Policy]) -> String {
    let references = References::to(model);
    let mut blocks = vec![settings()];
    let located = policies.iter().any(|policy| policy.has_keys());
    if located {
        blocks.push(Block::new(r#"data "aws_partition" "current""#));
        blocks.push(Block::new(r#"data "aws_region" "current""#));
        blocks.push(Block::new(r#"data "aws_caller_identity" "current""#));
    }
    blocks.extend(model.topics.iter().filter(|topic| !topic.elsewhere).map(topic));
    for queue in &model.queues {
        blocks.push(queue_block(queue, &references));
        blocks.extend(beside(queue, &references));
    }
    blocks.extend(model.feeds.iter().map(|feed| subscription(feed, model, &references)));
    blocks.extend(policies.iter().flat_map(|policy| managed(policy, &references)));
    let blocks: Vec<String> = blocks.iter().map(|block| block.written(0)).collect();
    format!("{HEAD}\n{}", blocks.join("\n"))
}

fn settings() -> Block {
    let aws = vec![("source".to_owned(), Hcl::text("hashicorp/aws")), ("version".to_owned(), Hcl::text(PROVIDER))];
    Block::new("terraform").with_block(Block::new("required_providers").with("aws", Hcl::Object(aws)))
}

fn topic(topic: &TopicModel) -> Block {
    let mut block = resource("aws_sns_topic", &topic_label(topic)).with("name", Hcl::text(&topic.name));
    for (row, value) in set(&TOPIC, &topic.settings) {
        if let Place::Argument(argument) = row.terraform {
            block = block.with(argument, plain(row, value));
        }
    }
    tagged(block, &topic.tags)
}

fn queue_block(queue: &QueueModel, references: &References) -> Block {
    let mut block = resource("aws_sqs_queue", &queue_label(queue)).with("name", Hcl::text(&queue.name));
    block = block.with("max_message_size", Hcl::raw(MAX_BYTES));
    for (row, value) in set(&QUEUE, &queue.settings) {
        if let Place::Argument(argument) = row.terraform {
            block = block.with(argument, valued(row, value, references));
        }
    }
    tagged(block, &queue.tags)
}

/// What names the queue itself, or what is made after it.
fn beside<'a>(queue: &'a QueueModel, references: &'a References) -> impl Iterator<Item = Block> + 'a {
    let label = queue_label(queue);
    set(&QUEUE, &queue.settings).filter_map(move |(row, value)| match row.terraform {
        Place::Resource(kind, argument) => {
            let url = Hcl::raw(format!("aws_sqs_queue.{label}.url"));
            Some(resource(kind, &label).with("queue_url", url).with(argument, valued(row, value, references)))
        }
        Place::Argument(_) | Place::Implied => None,
    })
}

fn subscription(feed: &FeedModel, model: &Model, references: &References) -> Block {
    let queue = model.queues.iter().find(|queue| queue.arn == feed.queue_arn);
    let topic = model.topics.iter().find(|topic| topic.arn == feed.topic_arn);
    let label = labels::terraform_pair(
        queue.map_or(feed.queue_arn.as_str(), |queue| queue.short.as_str()),
        topic.map_or(feed.topic_arn.as_str(), |topic| topic.short.as_str()),
    );
    let mut block = resource("aws_sns_topic_subscription", &label);
    if let Some(region) = &feed.region {
        block = block.with("region", Hcl::text(region));
    }
    block = block.with("topic_arn", references.arn(&feed.topic_arn)).with("protocol", Hcl::text("sqs"));
    block = block.with("endpoint", references.arn(&feed.queue_arn));
    for (row, value) in set(&SUBSCRIPTION, &feed.settings) {
        if let Place::Argument(argument) = row.terraform {
            block = block.with(argument, valued(row, value, references));
        }
    }
    // What SNS may not send yet would be lost.
    let before = model.feeding(feed).map(|queue| Hcl::raw(format!("aws_sqs_queue_policy.{}", queue_label(queue))));
    block.with("depends_on", Hcl::List(before.collect()))
}

/// The documents of a policy, each as a managed policy.
fn managed<'a>(policy: &'a Policy, references: &'a References) -> impl Iterator<Item = Block> + 'a {
    policy.parts().map(move |part| {
        let known = |text: &str| references.get(text).or_else(|| part.key(text).map(located));
        resource("aws_iam_policy", &labels::terraform(&part.short))
            .with("name", Hcl::text(&part.name))
            .with("description", Hcl::text(policy.role().what()))
            .with("policy", Hcl::json(&part.document, &known))
    })
}

/// An ARN in the account and region that Terraform works in.
fn located(resource: &str) -> Hcl {
    let place = "arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:\
                 ${data.aws_caller_identity.current.account_id}:";
    let quoted = super::hcl::quoted(resource);
    Hcl::raw(format!("\"{place}{}", quoted.trim_start_matches('"')))
}

fn resource(kind: &str, label: &str) -> Block {
    Block::new(format!("resource \"{kind}\" \"{label}\""))
}

fn tagged(block: Block, tags: &BTreeMap<String, String>) -> Block {
    if tags.is_empty() {
        return block;
    }
    let tags = tags.iter().map(|(key, value)| (key.clone(), Hcl::text(value))).collect();
    block.with("tags", Hcl::Object(tags))
}

fn valued(row: &Row, value: &str, references: &References) -> Hcl {
    match row.terraform_kind {
        Kind::Json => match serde_json::from_str::<Value>(value) {
            Ok(value) => Hcl::json(&value, &|text: &str| references.get(text)),
            Err(_) => Hcl::text(value),
        },
        Kind::Text | Kind::Number | Kind::Bool => plain(row, value),
    }
}

fn plain(row: &Row, value: &str) -> Hcl {
    match row.terraform_kind {
        Kind::Number | Kind::Bool => Hcl::raw(value),
        Kind::Text | Kind::Json => Hcl::text(value),
    }
}

fn topic_label(topic: &TopicModel) -> String {
    labels::terraform(&topic.short)
}

/// A dead-letter queue by its queue, with an ending that no other name has.
fn queue_label(queue: &QueueModel) -> String {
    let label = if queue.dead_letters { labels::terraform_dead_letters } else { labels::terraform };
    label(&queue.short)
}
