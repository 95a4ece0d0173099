//! An account of a test's own, and ways to look at it that are not Melange's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::{QueuePlan, Topology};
use melange::{Event, Transport};
use melange_aws::{Aws, AwsQueue, Plan, Provision};
use melange_aws_stub::Stub;
use melange_tests::server;
use serde_json::Value;

use crate::by_hand::{here, listener};
use crate::wire::Wire;

const REGION: &str = "us-east-1";
const ID: &str = "000000000000";

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: String,
}

/// An account of a test's own: its names have a prefix that no other test has.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) prefix: String,
    pub(crate) config: SdkConfig,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

/// A process: it shares nothing with another.
pub(crate) struct Process {
    pub(crate) aws: Aws,
    pub(crate) wire: Wire,
}

impl Process {
    pub(crate) fn billing(&self) -> AwsQueue {
        self.aws.queue("billing").provision(Provision::Create)
    }
}

/// The local AWS server, or where there is none, an AWS in the process, which is as strict with policies as AWS.
async fn config() -> SdkConfig {
    static STUB: OnceLock<Stub> = OnceLock::new();
    if std::env::var_os("MELANGE_TEST_ENDPOINT").is_some() {
        return server::config().await;
    }
    STUB.get_or_init(|| Stub::try_start().expect("a stub")).sdk_config()
}

impl Account {
    pub(crate) async fn new() -> Self {
        let config = config().await;
        Self {
            prefix: server::unique(),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            config,
        }
    }

    pub(crate) fn process(&self) -> Process {
        let wire = Wire::new();
        Process { aws: Aws::from_config(&wire.over(&self.config)).prefix(&self.prefix), wire }
    }

    pub(crate) fn topic_arn(&self, topic: &str) -> String {
        format!("arn:aws:sns:{REGION}:{ID}:{}{topic}", self.prefix)
    }

    pub(crate) fn queue_arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{REGION}:{ID}:{}{queue}", self.prefix)
    }

    pub(crate) async fn queue_url(&self, queue: &str) -> String {
        let answer = self.sqs.get_queue_url().queue_name(format!("{}{queue}", self.prefix)).send().await;
        answer.expect("the queue is there").queue_url.expect("it has an address")
    }

    pub(crate) async fn queue(&self, queue: &str) -> HashMap<String, String> {
        let request = self.sqs.get_queue_attributes().queue_url(self.queue_url(queue).await);
        let answer = request.attribute_names(Name::All).send().await.expect("the queue can be looked at");
        answer
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.as_str().to_owned(), value))
            .collect()
    }

    pub(crate) async fn set_queue(&self, queue: &str, name: Name, value: &str) {
        let request = self.sqs.set_queue_attributes().queue_url(self.queue_url(queue).await);
        request.attributes(name, value).send().await.expect("the queue can be set");
    }

    pub(crate) async fn policy(&self, queue: &str) -> Value {
        let policy = self.queue(queue).await.remove("Policy").unwrap_or_default();
        serde_json::from_str(&policy).unwrap_or_default()
    }

    /// The topics that the queue's policy names as sources, in all its statements.
    pub(crate) async fn senders(&self, queue: &str) -> BTreeSet<String> {
        let policy = self.policy(queue).await;
        let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
        let sources = |statement: &Value| match &statement["Condition"]["ArnEquals"]["aws:SourceArn"] {
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(one) => vec![one.clone()],
            _ => Vec::new(),
        };
        statements.iter().flat_map(sources).collect()
    }

    /// The subscription of the queue to the topic: its ARN, and its attributes.
    pub(crate) async fn subscription(&self, topic: &str, queue: &str) -> Option<(String, HashMap<String, String>)> {
        let answer = self.sns.list_subscriptions_by_topic().topic_arn(self.topic_arn(topic)).send().await;
        let endpoint = self.queue_arn(queue);
        let all = answer.expect("its subscriptions can be listed").subscriptions.unwrap_or_default();
        let ours: Vec<_> = all.iter().filter(|one| one.endpoint() == Some(&endpoint)).collect();
        assert!(ours.len() < 2, "one queue is subscribed once");
        let arn = ours.first()?.subscription_arn()?.to_owned();
        let attributes = self.sns.get_subscription_attributes().subscription_arn(&arn).send().await;
        Some((arn, attributes.expect("it can be looked at").attributes.unwrap_or_default()))
    }

    pub(crate) async fn set_subscription(&self, topic: &str, name: &str, value: &str) {
        let (arn, _) = self.subscription(topic, "billing").await.expect("there is a subscription");
        let request = self.sns.set_subscription_attributes().subscription_arn(arn);
        request.attribute_name(name).attribute_value(value).send().await.expect("it can be set");
    }

    /// The names that the filter policy lets pass; `None` if there is none.
    pub(crate) async fn filter(&self, topic: &str) -> Option<BTreeSet<String>> {
        let (_, attributes) = self.subscription(topic, "billing").await.expect("there is a subscription");
        let policy: Value = serde_json::from_str(attributes.get("FilterPolicy")?).ok()?;
        let names = policy.get("event_type")?.as_array()?;
        Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

/// What a service needs that listens to these events of these topics.
pub(crate) fn listening(to: &[(&str, &[&str])]) -> Topology {
    let mut topology = Topology::of(
        "billing",
        Duration::from_secs(30),
        &[OrderPlaced::DESCRIPTOR],
        &[listener::<OrderPlaced>("listener", here!())],
    );
    let filter = topology.queues[0].topics[0].clone();
    topology.topics = to.iter().map(|(topic, _)| (*topic).to_owned()).collect();
    topology.queues[0].topics = to
        .iter()
        .map(|(topic, names)| {
            let mut filter = filter.clone();
            filter.topic = (*topic).to_owned();
            filter.event_types = names.iter().map(|name| (*name).to_owned()).collect();
            filter
        })
        .collect();
    topology
}

/// The same of another queue.
pub(crate) fn on_queue(mut topology: Topology, queue: &str) -> Topology {
    topology.queues.iter_mut().for_each(|plan: &mut QueuePlan| plan.name = queue.to_owned());
    topology
}

/// Makes it, as `start()` does.
pub(crate) async fn create(queue: &AwsQueue, topology: &Topology) {
    queue.clone().provision(Provision::Create).prepare(topology).await.expect("it can be made");
}

/// What `Provision::Verify` says; empty if nothing.
pub(crate) async fn verify(queue: &AwsQueue, topology: &Topology) -> String {
    let answer = queue.clone().provision(Provision::Verify).prepare(topology).await;
    answer.err().map(|error| error.to_string()).unwrap_or_default()
}

pub(crate) async fn plan(queue: &AwsQueue, topology: &Topology) -> Plan {
    queue.plan(topology).await.expect("it can be looked at")
}

/// The attributes to be set, with what they should be.
pub(crate) fn wanted(plan: &Plan) -> BTreeMap<String, String> {
    let values = plan.changes().flat_map(|change| change.values());
    values.map(|(name, _, wanted)| (name.to_owned(), wanted.to_owned())).collect()
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
