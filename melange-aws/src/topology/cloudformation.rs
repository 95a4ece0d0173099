//! The topology as a template of CloudFormation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::attributes::{Kind, QUEUE, Row, SUBSCRIPTION, TOPIC, set};
use super::iam::Policy;
use super::labels;
use crate::provision::{FeedModel, Model, QueueModel, TopicModel};

/// What stands for an ARN, by the ARN.
struct References(BTreeMap<String, Value>);

impl References {
    fn to(model: &Model) -> Self {
        let topics = model.topics.iter().filter(|topic| !topic.elsewhere);
        let topics = topics.map(|topic| (topic.arn.clone(), json!({ "Ref": topic_id(topic) })));
        let queues = model.queues.iter();
        let queues = queues.map(|queue| (queue.arn.clone(), json!({ "Fn::GetAtt": [queue_id(queue), "Arn"] })));
        Self(topics.chain(queues).collect())
    }

    /// Those that need not be made first: their ARNs are put together.
    fn in_advance(model: &Model) -> Self {
        let queue = |queue: &QueueModel| {
            let arn = format!("arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{}", queue.name);
            (queue.arn.clone(), json!({ "Fn::Sub": arn }))
        };
        Self(model.queues.iter().map(queue).collect())
    }

    fn get(&self, text: &str) -> Option<Value> {
        self.0.get(text).cloned()
    }

    fn arn(&self, arn: &str) -> Value {
        self.get(arn).unwrap_or_else(|| arn.into())
    }
}

/// All of it, and `policies`, if there are any, as managed policies.
pub(super) fn write(model: &Model, policies: &[Policy]) -> String {
    let references = References::to(model);
    let in_advance = References::in_advance(model);
    let mut resources = Map::new();
    for topic in model.topics.iter().filter(|topic| !topic.elsewhere) {
        resources.insert(topic_id(topic), self::topic(topic));
    }
    for queue in &model.queues {
        resources.insert(queue_id(queue), self::queue(queue, &references, &in_advance));
        if let Some(policy) = policy(queue, &references) {
            resources.insert(policy_id(queue), policy);
        }
    }
    for feed in &model.feeds {
        resources.insert(subscription_id(feed, model), subscription(feed, model, &references));
    }
    for part in policies.iter().flat_map(Policy::parts) {
        let known = |text: &str| references.get(text).or_else(|| part.key(text).map(located));
        let properties = json!({
            "ManagedPolicyName": part.name,
            "PolicyDocument": replaced(&part.document, &known),
        });
        let id = labels::cloudformation(&[&part.short], "ManagedPolicy");
        resources.insert(id, json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": properties }));
    }
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Written by Melange from the events and subscribers of the program. Do not edit it: change those, and \
                        write it anew.",
        "Resources": resources,
    });
    pretty(&template)
}

/// With its keys sorted, and a line break at the end.
pub(super) fn pretty(value: &Value) -> String {
    // The alternate form is the pretty one, which cannot fail.
    format!("{:#}\n", replaced(value, &|_: &str| None))
}

fn topic(topic: &TopicModel) -> Value {
    let mut properties = Map::new();
    properties.insert("TopicName".to_owned(), topic.name.as_str().into());
    for (row, value) in set(&TOPIC, &topic.settings) {
        properties.insert(row.name.to_owned(), typed(row, value, &|_: &str| None));
    }
    tagged(&mut properties, &topic.tags);
    json!({ "Type": "AWS::SNS::Topic", "Properties": properties })
}

fn queue(queue: &QueueModel, references: &References, in_advance: &References) -> Value {
    let mut properties = Map::new();
    properties.insert("QueueName".to_owned(), queue.name.as_str().into());
    for (row, value) in set(&QUEUE, &queue.settings).filter(|(row, _)| row.name != "Policy") {
        // A dead-letter queue is made before its queue.
        let known = if row.name == "RedriveAllowPolicy" { in_advance } else { references };
        properties.insert(row.name.to_owned(), typed(row, value, &|text: &str| known.get(text)));
    }
    tagged(&mut properties, &queue.tags);
    json!({ "Type": "AWS::SQS::Queue", "Properties": properties })
}

fn policy(queue: &QueueModel, references: &References) -> Option<Value> {
    let (row, value) = set(&QUEUE, &queue.settings).find(|(row, _)| row.name == "Policy")?;
    Some(json!({
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{ "Ref": queue_id(queue) }],
            "PolicyDocument": typed(row, value, &|text: &str| references.get(text)),
        },
    }))
}

fn subscription(feed: &FeedModel, model: &Model, references: &References) -> Value {
    let mut properties = Map::new();
    properties.insert("TopicArn".to_owned(), references.arn(&feed.topic_arn));
    properties.insert("Protocol".to_owned(), "sqs".into());
    properties.insert("Endpoint".to_owned(), references.arn(&feed.queue_arn));
    if let Some(region) = &feed.region {
        properties.insert("Region".to_owned(), region.as_str().into());
    }
    for (row, value) in set(&SUBSCRIPTION, &feed.settings) {
        properties.insert(row.name.to_owned(), typed(row, value, &|text: &str| references.get(text)));
    }
    // What SNS may not send yet would be lost.
    let before: Vec<String> = model.feeding(feed).map(policy_id).collect();
    json!({ "Type": "AWS::SNS::Subscription", "DependsOn": before, "Properties": properties })
}

fn tagged(properties: &mut Map<String, Value>, tags: &BTreeMap<String, String>) {
    if !tags.is_empty() {
        let tags = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
        properties.insert("Tags".to_owned(), tags.collect());
    }
}

fn typed(row: &Row, value: &str, known: &impl Fn(&str) -> Option<Value>) -> Value {
    match row.kind {
        Kind::Text => value.into(),
        Kind::Number | Kind::Bool | Kind::Json => {
            serde_json::from_str(value).map_or_else(|_| value.into(), |value| replaced(&value, known))
        }
    }
}

/// The value, with what stands for its texts instead of them. Keys are sorted.
fn replaced(value: &Value, known: &impl Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => known(text).unwrap_or_else(|| text.as_str().into()),
        Value::Array(all) => all.iter().map(|value| replaced(value, known)).collect(),
        Value::Object(object) => {
            let sorted: BTreeMap<&String, &Value> = object.iter().collect();
            sorted.into_iter().map(|(key, value)| (key.clone(), replaced(value, known))).collect()
        }
        other => other.clone(),
    }
}

/// An ARN in the account and region of the stack.
fn located(resource: &str) -> Value {
    // `${` would be a variable.
    let resource = resource.replace("${", "${!");
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:{resource}") })
}

fn topic_id(topic: &TopicModel) -> String {
    labels::cloudformation(&[&topic.short], "Topic")
}

fn queue_id(queue: &QueueModel) -> String {
    labels::cloudformation(&[&queue.short], if queue.dead_letters { "DeadLetters" } else { "Queue" })
}

fn policy_id(queue: &QueueModel) -> String {
    format!("{}Policy", queue_id(queue))
}

fn subscription_id(feed: &FeedModel, model: &Model) -> String {
    let queue = model.queues.iter().find(|queue| queue.arn == feed.queue_arn);
    let topic = model.topics.iter().find(|topic| topic.arn == feed.topic_arn);
    let queue = queue.map_or(feed.queue_arn.as_str(), |queue| queue.short.as_str());
    let topic = topic.map_or(feed.topic_arn.as_str(), |topic| topic.short.as_str());
    labels::cloudformation(&[queue, topic], "Subscription")
}
