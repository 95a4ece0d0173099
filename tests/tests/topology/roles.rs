//! What each role is allowed is what it calls, and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use melange::{MessageConsumer, MessagePublisher, Outcome, Transport as _};
use melange_aws::topology::{Policy, Role};
use melange_aws::{Aws, AwsQueue, AwsTopology, Provision};
use melange_aws_stub::Stub;
use serde_json::Value;

use crate::program::{OrderCancelled, OrderPlaced, PageSeen, ParcelMoved, nowhere, registry, with_all};
use crate::{cloudformation, terraform};

/// By action, the names of what it was called on.
type Calls = BTreeMap<String, BTreeSet<String>>;

/// The IAM actions behind what was called. Batches need no rights of their own, and asking who one is needs none at all.
fn called(stub: &Stub) -> Calls {
    let mut all = Calls::new();
    for call in stub.calls() {
        let action = match call.action.strip_suffix("Batch").unwrap_or(call.action) {
            "GetCallerIdentity" => continue,
            action => action.to_owned(),
        };
        let sqs = ["Queue", "Message"].iter().any(|word| action.contains(word));
        let action = format!("{}:{action}", if sqs { "sqs" } else { "sns" });
        all.entry(action).or_default().insert(call.target.to_string());
    }
    all
}

/// By action, what the policy allows it on.
fn allowed(policy: &Policy) -> Calls {
    let mut all = Calls::new();
    for (_, document) in policy.documents() {
        let document: Value = serde_json::from_str(&document).unwrap();
        for statement in document["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            let resources = || statement["Resource"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
            for action in statement["Action"].as_array().unwrap() {
                all.entry(action.as_str().unwrap().to_owned()).or_default().extend(resources().map(str::to_owned));
            }
        }
    }
    all
}

/// Each call is allowed on what it was made on; and but for `besides`, nothing is allowed that was not called.
fn agree(calls: &Calls, policy: &Policy, besides: &[&str]) {
    let allowed = allowed(policy);
    for (action, targets) in calls {
        let resources = allowed.get(action).unwrap_or_else(|| panic!("{action} is called, and not allowed: {policy}"));
        for target in targets {
            let fits = |arn: &String| arn == "*" || arn.rsplit(':').next() == Some(target.as_str());
            assert!(resources.iter().any(fits), "{action} on {target} is not allowed: {policy}");
        }
        let widest = resources.contains("*");
        assert_eq!(widest, action.ends_with("SubscriptionAttributes"), "{action} on {resources:?}");
    }
    let needless: Vec<_> = allowed.keys().filter(|action| !calls.contains_key(*action)).collect();
    assert_eq!(needless, besides, "allowed to {} and never called", policy.role());
    let actions: BTreeSet<_> = policy.actions().into_iter().map(str::to_owned).collect();
    assert_eq!(actions, allowed.into_keys().collect());
}

struct World {
    stub: Stub,
}

impl World {
    async fn new() -> Self {
        Self { stub: Stub::start().await }
    }

    fn aws(&self) -> Aws {
        Aws::from_config(&self.stub.sdk_config())
    }

    fn plain(&self) -> AwsQueue {
        self.aws().queue("billing")
    }
}

fn topology(queue: &AwsQueue) -> AwsTopology {
    queue.topology_of(&registry()).unwrap()
}

#[tokio::test]
async fn a_publisher_publishes() {
    let world = World::new().await;
    topology(&world.plain()).apply().await.unwrap();
    world.stub.reset_counts();
    let publisher = MessagePublisher::new(world.aws());
    publisher.publish(OrderPlaced { order_id: "1".to_owned() }).await.unwrap();
    publisher.publish(OrderCancelled { order_id: "1".to_owned() }).await.unwrap();
    publisher.publish(ParcelMoved { parcel_id: "1".to_owned() }).await.unwrap();
    publisher.publish(PageSeen { page: "1".to_owned() }).await.unwrap();
    let calls = called(&world.stub);
    agree(&calls, &topology(&world.plain()).iam(Role::Publisher), &[]);
    assert_eq!(calls["sns:Publish"].len(), 3, "all that is allowed is used");
}

#[tokio::test]
async fn who_looks_looks() {
    let world = World::new().await;
    let plain = world.plain();
    topology(&plain).apply().await.unwrap();
    world.stub.reset_counts();
    topology(&world.plain()).plan().await.unwrap();
    agree(&called(&world.stub), &topology(&plain).iam(Role::Verifier), &[]);
    // Where tags are asked for, they are looked at.
    world.stub.reset_counts();
    let tagged = world.plain().tag("team", "billing");
    topology(&tagged).plan().await.unwrap();
    agree(&called(&world.stub), &topology(&tagged).iam(Role::Verifier), &[]);
}

#[tokio::test]
async fn who_makes_things_makes_and_mends_them() {
    let world = World::new().await;
    topology(&world.plain()).apply().await.unwrap();
    let mended = with_all(world.plain());
    topology(&mended).apply().await.unwrap();
    agree(&called(&world.stub), &topology(&mended).iam(Role::Provisioner), &[]);
    // Nothing that nobody asked for.
    let plain = topology(&world.plain()).iam(Role::Provisioner);
    for action in ["sns:SetTopicAttributes", "sns:TagResource", "sqs:TagQueue", "sqs:ListQueueTags"] {
        assert!(!plain.actions().contains(&action), "{action}");
    }
}

#[tokio::test]
async fn a_consumer_receives_and_settles_and_an_operator_redrives() {
    let world = World::new().await;
    topology(&world.plain()).apply().await.unwrap();
    let publisher = MessagePublisher::new(world.aws());
    for id in ["done", "retry", "reject", "reject-too"] {
        publisher.publish(OrderPlaced { order_id: id.to_owned() }).await.unwrap();
    }
    world.stub.reset_counts();
    let handled = |order: &OrderPlaced| match order.order_id.as_str() {
        "done" => Outcome::Done,
        "retry" => Outcome::retry("later"),
        _ => Outcome::reject("no"),
    };
    let consumer = MessageConsumer::builder()
        .transport(world.plain().provision(Provision::Assume))
        .subscribe(handled)
        .build()
        .unwrap();
    for _ in 0..4 {
        assert!(consumer.consume_event().await.unwrap().message().is_some());
    }
    let policy = topology(&world.plain()).iam(Role::Consumer);
    agree(&called(&world.stub), &policy, &[]);

    world.stub.reset_counts();
    let letters = melange::DeadLetters::of(world.plain(), "billing");
    assert_eq!(letters.list(10).await.unwrap().len(), 2);
    let redriven = letters.redrive().most(1).await.unwrap();
    assert_eq!(redriven.moved, 1);
    letters.redrive().natively().await.unwrap();
    assert_eq!(letters.count().await.unwrap(), Some(0));
    let policy = topology(&world.plain()).iam(Role::RedriveOperator);
    agree(&called(&world.stub), &policy, &[]);
}

#[tokio::test]
async fn a_key_may_be_used_by_who_reads_and_writes_messages() {
    let key = |key: &str| topology(&nowhere().queue("billing").kms_key(key));
    let statement = |policy: &Policy| {
        let (_, document) = policy.documents().next().unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        document["Statement"].as_array().unwrap().iter().find(|statement| statement["Sid"] == "Key").cloned()
    };
    for role in [Role::Publisher, Role::Verifier, Role::Provisioner] {
        assert_eq!(statement(&key("alias/billing").iam(role)), None, "{role}");
    }
    for role in [Role::Consumer, Role::RedriveOperator] {
        // By its alias, which no policy can name: all keys, narrowed down.
        let by_alias = statement(&key("alias/billing").iam(role)).unwrap();
        assert_eq!(by_alias["Action"], serde_json::json!(["kms:Decrypt", "kms:GenerateDataKey"]));
        assert_eq!(by_alias["Resource"][0], "arn:aws:kms:us-east-1:000000000000:key/*");
        assert_eq!(by_alias["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"], "alias/billing");
        let by_id = statement(&key("1234-ab").iam(role)).unwrap();
        assert_eq!(by_id["Resource"][0], "arn:aws:kms:us-east-1:000000000000:key/1234-ab");
        assert_eq!(by_id["Condition"], Value::Null);
        let arn = "arn:aws:kms:eu-west-1:1:key/1234-ab";
        assert_eq!(statement(&key(arn).iam(role)).unwrap()["Resource"][0], arn);
    }
}

#[test]
fn the_languages_have_the_same_policies() {
    let topology = with_all(nowhere().prefix("live-").queue("billing")).topology_of(&registry()).unwrap().with_iam();
    let ours: BTreeMap<String, Value> = serde_json::from_str(&topology.iam_json()).unwrap();
    assert_eq!(terraform::policies(&topology.terraform()), ours);
    assert_eq!(cloudformation::policies(&topology.cloudformation()), ours);
    let names: Vec<&str> = ours.keys().map(String::as_str).collect();
    let roles = ["consumer", "provisioner", "publisher", "redrive-operator", "verifier"];
    assert_eq!(names, roles.map(|role| format!("live-billing-{role}")));
}

#[tokio::test]
async fn what_one_managed_policy_has_no_room_for_is_in_several() {
    use melange::transport::Topology;

    let queue = nowhere().prefix("a-prefix-that-is-quite-long-".to_owned()).queue("billing");
    let events: Vec<_> = registry().events().collect();
    let subscribers: Vec<_> = registry().subscribers().cloned().collect();
    let mut needed = Topology::of("billing", queue.capabilities().visibility, &events, &subscribers);
    needed.topics.extend((0..200).map(|n| format!("some-topic-with-a-name-{n}")));
    let policy = queue.topology(&needed).unwrap().iam(Role::Publisher);
    let documents: Vec<_> = policy.documents().collect();
    assert!(documents.len() > 2, "{}", documents.len());
    for (name, document) in &documents {
        let length = document.chars().filter(|c| !c.is_whitespace()).count();
        assert!(length <= 6_144, "{name} has {length} characters");
    }
    let topics = allowed(&policy).remove("sns:Publish").unwrap();
    assert_eq!(topics.len(), 203);
}
