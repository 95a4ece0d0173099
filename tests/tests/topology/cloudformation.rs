//! A template of CloudFormation, with what AWS would answer in place of references.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::program::{ACCOUNT, REGION};
use crate::resources::{Made, Resources, Texts, canonical};

pub(crate) fn read(text: &str) -> Resources {
    let template: Value = serde_json::from_str(text).expect("JSON");
    let resources = template["Resources"].as_object().expect("resources");
    no_circles(resources);
    let mut all = Resources::default();
    for (id, resource) in resources {
        let mut properties = resolved(&resource["Properties"], resources).as_object().cloned().expect("properties");
        match resource["Type"].as_str().expect("a type") {
            "AWS::SNS::Topic" => {
                all.topics.insert(text_of(properties.remove("TopicName")), made(properties));
            }
            "AWS::SQS::Queue" => {
                let name = text_of(properties.remove("QueueName"));
                all.queues.entry(name).or_default().add(made(properties));
            }
            "AWS::SQS::QueuePolicy" => {
                let policy = canonical(&properties.remove("PolicyDocument").expect("a document").to_string());
                for url in properties.remove("Queues").and_then(|queues| queues.as_array().cloned()).expect("queues") {
                    let name = text_of(Some(url)).replace("url of ", "");
                    let attributes = [("Policy".to_owned(), policy.clone())].into();
                    all.queues.entry(name).or_default().add(Made { attributes, tags: Texts::new() });
                }
            }
            "AWS::SNS::Subscription" => {
                assert_eq!(text_of(properties.remove("Protocol")), "sqs");
                let ends = (text_of(properties.remove("Endpoint")), text_of(properties.remove("TopicArn")));
                properties.remove("Region");
                all.subscriptions.insert(ends, made(properties).attributes);
            }
            "AWS::IAM::ManagedPolicy" => {}
            other => panic!("{id} is {other}"),
        }
    }
    all
}

/// The documents of the managed policies, by name.
pub(crate) fn policies(text: &str) -> BTreeMap<String, Value> {
    let template: Value = serde_json::from_str(text).expect("JSON");
    let resources = template["Resources"].as_object().expect("resources");
    let policies = resources.values().filter(|resource| resource["Type"] == "AWS::IAM::ManagedPolicy");
    let policy = |resource: &Value| {
        let properties = resolved(&resource["Properties"], resources);
        (text_of(Some(properties["ManagedPolicyName"].clone())), properties["PolicyDocument"].clone())
    };
    policies.map(policy).collect()
}

/// CloudFormation makes nothing before what it names.
fn no_circles(resources: &Map<String, Value>) {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    while made.len() < resources.len() {
        let before = made.len();
        for (id, resource) in resources {
            let mut needs = BTreeSet::new();
            named(resource, &mut needs);
            if needs.iter().all(|need| made.contains(need.as_str())) {
                made.insert(id);
            }
        }
        assert_ne!(made.len(), before, "these wait for each other: all but {made:?}");
    }
}

fn named(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("Ref", Value::String(id)) => drop(all.insert(id.clone())),
                    ("Fn::GetAtt", Value::Array(path)) => drop(all.insert(text_of(path.first().cloned()))),
                    ("DependsOn", Value::Array(ids)) => all.extend(ids.iter().cloned().map(|id| text_of(Some(id)))),
                    (_, value) => named(value, all),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, all)),
        _ => {}
    }
}

fn resolved(value: &Value, resources: &Map<String, Value>) -> Value {
    let name = |id: &Value| {
        let properties = &resources[id.as_str().expect("an id")]["Properties"];
        let (service, name) = match (&properties["TopicName"], &properties["QueueName"]) {
            (Value::String(name), _) => ("sns", name),
            (_, Value::String(name)) => ("sqs", name),
            _ => panic!("{id} has no name"),
        };
        (service, name.clone())
    };
    let arn = |(service, name): (&str, String)| Value::from(format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"));
    match value {
        Value::Object(object) => match object.iter().next() {
            Some((key, id)) if key == "Ref" => match name(id) {
                ("sqs", name) => format!("url of {name}").into(),
                topic => arn(topic),
            },
            Some((key, path)) if key == "Fn::GetAtt" => {
                assert_eq!(path[1], "Arn");
                arn(name(&path[0]))
            }
            Some((key, text)) if key == "Fn::Sub" => {
                let text = text.as_str().expect("a text");
                let known = [("Partition", "aws"), ("Region", REGION), ("AccountId", ACCOUNT)];
                let known = known.into_iter().fold(text.to_owned(), |text, (variable, value)| {
                    text.replace(&format!("${{AWS::{variable}}}"), value)
                });
                assert!(!known.contains("${"), "{known}");
                known.into()
            }
            _ => object.iter().map(|(key, value)| (key.clone(), resolved(value, resources))).collect(),
        },
        Value::Array(values) => values.iter().map(|value| resolved(value, resources)).collect(),
        other => other.clone(),
    }
}

fn made(mut properties: Map<String, Value>) -> Made {
    let tags = properties.remove("Tags").and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
    let tag = |tag: Value| (text_of(Some(tag["Key"].clone())), text_of(Some(tag["Value"].clone())));
    let attributes = properties.into_iter().map(|(name, value)| (name, canonical(&text_of(Some(value)))));
    Made { attributes: attributes.collect(), tags: tags.into_iter().map(tag).collect() }
}

impl Made {
    fn add(&mut self, other: Self) {
        self.attributes.extend(other.attributes);
        self.tags.extend(other.tags);
    }
}

fn text_of(value: Option<Value>) -> String {
    match value.expect("it is there") {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
