//! The printed commands, read by a shell and carried out by the SDK: a very small AWS CLI.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use aws_sdk_sns::types::Tag;
use aws_sdk_sqs::types::QueueAttributeName;
use melange_aws::Plan;
use serde_json::Value;

use crate::account::Account;

/// Carries out all commands of the plan, in their order.
pub(crate) async fn run(account: &Account, plan: &Plan) {
    for change in plan.changes() {
        run_one(account, change.command().expect("it has a command")).await;
    }
}

/// Carries out one command.
pub(crate) async fn run_one(account: &Account, command: &str) {
    let mut words = by_shell(command).into_iter();
    let operation = [words.next(), words.next()].map(Option::unwrap_or_default).join(" ");
    let mut options = Options(BTreeMap::new());
    while let Some(name) = words.next() {
        let name = name.strip_prefix("--").expect("an option").to_owned();
        options.0.insert(name, words.next().expect("its value"));
    }
    assert!(options.take("endpoint-url").starts_with("http://"));
    assert_eq!(options.take("region"), "us-east-1");
    carry_out(account, &operation, &mut options).await;
    assert!(options.0.is_empty(), "{operation} does not take {:?}", options.0);
}

/// The words after `aws`, as `sh` reads them.
fn by_shell(command: &str) -> Vec<String> {
    let script = format!("aws() {{ printf '%s\\0' \"$@\"; }}\n{command}");
    let output = Command::new("sh").args(["-euc", &script]).output().expect("there is a shell");
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("words");
    text.split_terminator('\0').map(str::to_owned).collect()
}

struct Options(BTreeMap<String, String>);

impl Options {
    fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_else(|| panic!("--{name} is missing"))
    }

    fn map(&mut self, name: &str) -> HashMap<String, String> {
        let text = self.0.remove(name).unwrap_or_else(|| "{}".to_owned());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn queue_attributes(&mut self) -> HashMap<QueueAttributeName, String> {
        self.map("attributes").into_iter().map(|(name, value)| (name.as_str().into(), value)).collect()
    }

    fn topic_tags(&mut self) -> Option<Vec<Tag>> {
        let tags: Vec<Value> = serde_json::from_str(&self.0.remove("tags")?).expect("tags");
        let text = |tag: &Value, name: &str| tag[name].as_str().expect("text").to_owned();
        let tag = |tag: &Value| Tag::builder().key(text(tag, "Key")).value(text(tag, "Value")).build();
        Some(tags.iter().map(tag).collect::<Result<_, _>>().expect("tags"))
    }
}

async fn carry_out(account: &Account, operation: &str, options: &mut Options) {
    let (sns, sqs) = (&account.sns, &account.sqs);
    match operation {
        "sns create-topic" => {
            let request = sns.create_topic().name(options.take("name")).set_tags(options.topic_tags());
            request.set_attributes(Some(options.map("attributes"))).send().await.expect("a topic");
        }
        "sns set-topic-attributes" => {
            let request = sns.set_topic_attributes().topic_arn(options.take("topic-arn"));
            let request = request.attribute_name(options.take("attribute-name"));
            request.attribute_value(options.take("attribute-value")).send().await.expect("it is set");
        }
        "sns tag-resource" => {
            let request = sns.tag_resource().resource_arn(options.take("resource-arn"));
            request.set_tags(options.topic_tags()).send().await.expect("tags");
        }
        "sns subscribe" => {
            let request = sns.subscribe().topic_arn(options.take("topic-arn")).protocol(options.take("protocol"));
            let request = request.endpoint(options.take("notification-endpoint"));
            request.set_attributes(Some(options.map("attributes"))).send().await.expect("a subscription");
        }
        "sns set-subscription-attributes" => {
            let request = sns.set_subscription_attributes().subscription_arn(options.take("subscription-arn"));
            let request = request.attribute_name(options.take("attribute-name"));
            request.attribute_value(options.take("attribute-value")).send().await.expect("it is set");
        }
        "sqs create-queue" => {
            let request = sqs.create_queue().queue_name(options.take("queue-name")).set_tags(Some(options.map("tags")));
            request.set_attributes(Some(options.queue_attributes())).send().await.expect("a queue");
        }
        "sqs set-queue-attributes" => {
            let request = sqs.set_queue_attributes().queue_url(options.take("queue-url"));
            request.set_attributes(Some(options.queue_attributes())).send().await.expect("it is set");
        }
        "sqs tag-queue" => {
            let request = sqs.tag_queue().queue_url(options.take("queue-url"));
            request.set_tags(Some(options.map("tags"))).send().await.expect("tags");
        }
        unknown => panic!("no such command: {unknown}"),
    }
}
