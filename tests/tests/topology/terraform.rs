//! Terraform's language, read by a parser that is not ours, with what AWS would answer in place of references.

use std::collections::BTreeMap;

use hcl::eval::{Context, Evaluate as _, FuncDef, ParamType};
use hcl::{Block, Body};
use serde_json::{Value, json};

use crate::program::{ACCOUNT, REGION};
use crate::resources::{Made, Resources, Texts, canonical};

/// How the attributes are called there. Source: the documentation of the Terraform provider.
const TOPIC: [(&str, &str); 4] = [
    ("fifo_topic", "FifoTopic"),
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("fifo_throughput_scope", "FifoThroughputScope"),
    ("signature_version", "SignatureVersion"),
];
const QUEUE: [(&str, &str); 8] = [
    ("visibility_timeout_seconds", "VisibilityTimeout"),
    ("message_retention_seconds", "MessageRetentionPeriod"),
    ("fifo_queue", "FifoQueue"),
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("deduplication_scope", "DeduplicationScope"),
    ("fifo_throughput_limit", "FifoThroughputLimit"),
    ("kms_master_key_id", "KmsMasterKeyId"),
    ("redrive_policy", "RedrivePolicy"),
];
const SUBSCRIPTION: [(&str, &str); 3] = [
    ("raw_message_delivery", "RawMessageDelivery"),
    ("filter_policy", "FilterPolicy"),
    ("redrive_policy", "RedrivePolicy"),
];

type Found<'a> = BTreeMap<(&'a str, &'a str), &'a Block>;

pub(crate) fn read(text: &str) -> Resources {
    let body: Body = hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let found = resources(&body);
    let context = context(&found);
    let mut all = Resources::default();
    for ((kind, label), block) in &found {
        let mut values = values(block, &context);
        match *kind {
            "aws_sns_topic" => {
                let (name, made) = (text_of(values.remove("name")), made(&mut values, &TOPIC));
                all.topics.insert(name, made);
            }
            "aws_sqs_queue" => {
                let name = text_of(values.remove("name"));
                assert_eq!(values.remove("max_message_size"), Some(json!(1_048_576)), "as SQS does by itself");
                let mut made = made(&mut values, &QUEUE);
                if made.attributes.contains_key("KmsMasterKeyId") {
                    // By the provider, which refuses to be told both.
                    made.attributes.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
                }
                for (kind, argument, attribute) in [
                    ("aws_sqs_queue_policy", "policy", "Policy"),
                    ("aws_sqs_queue_redrive_allow_policy", "redrive_allow_policy", "RedriveAllowPolicy"),
                ] {
                    let Some(block) = found.get(&(kind, *label)) else { continue };
                    let mut beside = self::values(block, &context);
                    assert_eq!(text_of(beside.remove("queue_url")), format!("url of {name}"));
                    made.attributes.insert(attribute.to_owned(), canonical(&text_of(beside.remove(argument))));
                    assert!(beside.is_empty(), "{beside:?}");
                }
                all.queues.insert(name, made);
            }
            "aws_sns_topic_subscription" => {
                assert_eq!(text_of(values.remove("protocol")), "sqs");
                let ends = (text_of(values.remove("endpoint")), text_of(values.remove("topic_arn")));
                values.remove("region");
                all.subscriptions.insert(ends, made(&mut values, &SUBSCRIPTION).attributes);
            }
            "aws_sqs_queue_policy" | "aws_sqs_queue_redrive_allow_policy" => values.clear(),
            "aws_iam_policy" => values.clear(),
            other => panic!("what is {other}?"),
        }
        assert!(values.is_empty(), "{kind}.{label} has what nobody knows: {values:?}");
    }
    all
}

/// The documents of the managed policies, by name.
pub(crate) fn policies(text: &str) -> BTreeMap<String, Value> {
    let body: Body = hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let found = resources(&body);
    let context = context(&found);
    let policies = found.iter().filter(|((kind, _), _)| *kind == "aws_iam_policy");
    let policy = |block: &Block| {
        let mut values = values(block, &context);
        let document = text_of(values.remove("policy"));
        (text_of(values.remove("name")), serde_json::from_str(&document).expect("a document"))
    };
    policies.map(|(_, block)| policy(block)).collect()
}

fn resources(body: &Body) -> Found<'_> {
    let blocks = body.blocks().filter(|block| block.identifier() == "resource");
    let mut found = BTreeMap::new();
    for block in blocks {
        let [kind, label] = block.labels() else { panic!("{block:?}") };
        assert!(
            found.insert((kind.as_str(), label.as_str()), block).is_none(),
            "{} {} is there twice",
            kind.as_str(),
            label.as_str()
        );
    }
    found
}

/// What AWS would answer.
fn context(found: &Found<'_>) -> Context<'static> {
    let mut by_kind: BTreeMap<String, serde_json::Map<String, Value>> = BTreeMap::new();
    for ((kind, label), block) in found {
        let service = match *kind {
            "aws_sns_topic" => "sns",
            "aws_sqs_queue" => "sqs",
            _ => continue,
        };
        let name = block.body().attributes().find(|attribute| attribute.key() == "name").expect("it has a name");
        let hcl::Expression::String(name) = name.expr() else { panic!("{name:?}") };
        let answer = json!({
            "arn": format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"),
            "url": format!("url of {name}"),
        });
        by_kind.entry((*kind).to_owned()).or_default().insert((*label).to_owned(), answer);
    }
    let mut context = Context::new();
    for (kind, all) in by_kind {
        context.declare_var(kind.as_str(), hcl::value::to_value(all).expect("a value"));
    }
    let data = json!({
        "aws_partition": { "current": { "partition": "aws" } },
        "aws_region": { "current": { "region": REGION } },
        "aws_caller_identity": { "current": { "account_id": ACCOUNT } },
    });
    context.declare_var("data", hcl::value::to_value(data).expect("a value"));
    let jsonencode = FuncDef::builder().param(ParamType::Any).build(|arguments| {
        let written = serde_json::to_value(&arguments[0]).map_err(|error| error.to_string())?;
        Ok(hcl::Value::from(written.to_string()))
    });
    context.declare_func("jsonencode", jsonencode);
    context
}

fn values(block: &Block, context: &Context<'_>) -> BTreeMap<String, Value> {
    let attributes = block.body().attributes().filter(|attribute| attribute.key() != "depends_on");
    let value = |attribute: &hcl::Attribute| {
        let value = attribute.expr().evaluate(context).unwrap_or_else(|error| panic!("{error}: {attribute:?}"));
        (attribute.key().to_owned(), serde_json::to_value(value).expect("a value"))
    };
    attributes.map(value).collect()
}

fn made(values: &mut BTreeMap<String, Value>, names: &[(&str, &str)]) -> Made {
    let mut attributes = Texts::new();
    for (there, here) in names {
        if let Some(value) = values.remove(*there) {
            attributes.insert((*here).to_owned(), canonical(&text_of(Some(value))));
        }
    }
    let tags = values.remove("tags").and_then(|tags| tags.as_object().cloned()).unwrap_or_default();
    Made { attributes, tags: tags.into_iter().map(|(key, value)| (key, text_of(Some(value)))).collect() }
}

fn text_of(value: Option<Value>) -> String {
    match value.expect("it is there") {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
