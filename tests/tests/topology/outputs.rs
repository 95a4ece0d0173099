//! What is written, to be read by people: snapshots; and what cannot be written.

use aws_config::SdkConfig;
use melange::EventBus;
use melange_aws::topology::{self, Role};
use melange_aws::{Aws, AwsTopology};

use crate::program::{nowhere, registry, with_all};

fn plain() -> AwsTopology {
    nowhere().queue("billing").topology_of(&registry()).unwrap()
}

fn full() -> AwsTopology {
    let aws = nowhere().prefix("live-").topic_arn("orders", "arn:aws:sns:eu-west-1:111122223333:their-orders");
    with_all(aws.queue("billing")).topology_of(&registry()).unwrap().with_iam()
}

#[test]
fn terraform() {
    insta::assert_snapshot!(plain().terraform());
}

#[test]
fn terraform_with_all() {
    insta::assert_snapshot!(full().terraform());
}

#[test]
fn cloudformation() {
    insta::assert_snapshot!(plain().cloudformation());
}

#[test]
fn cloudformation_with_all() {
    insta::assert_snapshot!(full().cloudformation());
}

#[test]
fn iam() {
    insta::assert_snapshot!(plain().iam_json());
}

#[test]
fn it_is_the_same_every_time_and_needs_to_know_nothing() {
    let nothing = SdkConfig::builder().build();
    let unknown = || Aws::from_config(&nothing).queue("billing").topology_of(&registry()).unwrap();
    assert_eq!(unknown().terraform(), plain().terraform());
    assert_eq!(unknown().cloudformation(), plain().cloudformation());
    let policy = unknown().iam(Role::Publisher).to_string();
    assert!(policy.contains("\"arn:aws:sns:REGION:ACCOUNT_ID:orders\""), "{policy}");
    // Terraform and CloudFormation know where they are.
    let with_key = Aws::from_config(&nothing).queue("billing").kms_key("alias/billing");
    let with_key = with_key.topology_of(&registry()).unwrap().with_iam();
    for text in [with_key.terraform(), with_key.cloudformation()] {
        assert!(!text.contains("ACCOUNT_ID") && !text.contains("REGION"), "{text}");
    }
}

#[test]
fn what_aws_would_refuse_is_said() {
    let too_long = nowhere().prefix("p".repeat(80)).queue("billing").topology_of(&registry()).unwrap_err().to_string();
    assert!(too_long.contains("SQS allows 80") || too_long.contains("AWS allows 80"), "{too_long}");
    let nowhere = Aws::from_config(&SdkConfig::builder().build());
    let elsewhere = nowhere.topic_arn("orders", "arn:aws:sns:eu-west-1:1:orders").queue("billing");
    let unknown = elsewhere.topology_of(&registry()).unwrap_err().to_string();
    assert!(unknown.contains("AWS_REGION"), "{unknown}");
}

#[tokio::test]
async fn a_bus_has_one_if_it_is_over_aws() {
    let over = |queue: &str| {
        let only = if queue == "billing" { None } else { Some(queue.to_owned()) };
        let bus = EventBus::builder().linked_where(move |subscriber| subscriber.queue() == only.as_deref());
        bus.transport(nowhere().queue(queue)).build().unwrap()
    };
    let (billing, audit) = (over("billing"), over("audit"));
    let both = topology::of_all([&billing, &audit]).unwrap();
    let written = crate::terraform::read(&both.terraform());
    let queues: Vec<&str> = written.queues.keys().map(String::as_str).collect();
    assert_eq!(queues, ["audit", "audit-dlq", "billing", "billing-dlq"]);
    assert_eq!(written, crate::cloudformation::read(&both.cloudformation()));
    let twice = topology::of_all([&billing, &billing]).unwrap_err().to_string();
    assert!(twice.contains("two buses consume from queue billing"), "{twice}");
    let memory = topology::of(&EventBus::builder().build().unwrap()).unwrap_err().to_string();
    assert!(memory.contains("not over AWS") && memory.contains("aws.queue("), "{memory}");
}
