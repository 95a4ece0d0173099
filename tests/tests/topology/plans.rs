//! Plans: what is missing, what was changed by hand, what is others'; applied, and then nothing.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::Value;

use crate::program::{aws, registry};

#[tokio::test]
async fn planned_applied_and_planned_again() {
    let (aws, config, prefix) = aws().await;
    let topology = aws.queue("billing").topology_of(&registry()).unwrap();
    let plan = topology.plan().await.unwrap();
    assert_eq!((plan.exit_code(), plan.unchanged()), (2, 0), "{plan}");
    // Three topics, three queues with their dead letters, three subscriptions.
    assert!(plan.to_string().ends_with("12 to create, 0 to change, 0 unchanged"), "{plan}");

    let done = topology.apply().await.unwrap();
    assert_eq!(done, plan, "it says what it has done");
    let after = topology.plan().await.unwrap();
    assert_eq!((after.exit_code(), after.unchanged(), after.is_empty()), (0, 12, true), "{after}");
    assert!(topology.apply().await.unwrap().is_empty());

    // By hand: something of ours, and something of others.
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.get_queue_url().queue_name(format!("{prefix}billing")).send().await.unwrap().queue_url.unwrap();
    let attributes = sqs.get_queue_attributes().queue_url(&url).attribute_names(Name::Policy).send().await.unwrap();
    let mut policy: Value = serde_json::from_str(&attributes.attributes.unwrap()[&Name::Policy]).unwrap();
    let theirs = serde_json::json!({
        "Sid": "theirs", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::000000000000:root" },
        "Action": "sqs:SendMessage", "Resource": "*",
    });
    policy["Statement"].as_array_mut().unwrap().push(theirs);
    let set = sqs.set_queue_attributes().queue_url(&url).attributes(Name::Policy, policy.to_string());
    set.attributes(Name::VisibilityTimeout, "5").send().await.unwrap();
    let drifted = topology.plan().await.unwrap();
    let shown = drifted.to_string();
    assert_eq!(drifted.exit_code(), 2, "{shown}");
    assert!(shown.contains("VisibilityTimeout: 5 -> 30"), "{shown}");
    assert!(
        shown.contains(&format!("left alone: queue {prefix}billing has statement \"theirs\" in its policy")),
        "{shown}"
    );
    assert!(shown.ends_with("0 to create, 1 to change, 11 unchanged"), "{shown}");

    topology.apply().await.unwrap();
    let mended = topology.plan().await.unwrap();
    assert_eq!((mended.exit_code(), mended.left_alone().count()), (0, 1), "{mended}");
}

#[tokio::test]
async fn for_programs_it_is_json() {
    let (aws, _, prefix) = aws().await;
    let topology = aws.queue("billing").topology_of(&registry()).unwrap();
    let plan = serde_json::to_value(topology.plan().await.unwrap()).unwrap();
    assert_eq!(plan["drift"], true);
    assert_eq!(plan["summary"]["create"], 12);
    let changes = plan["changes"].as_array().unwrap();
    let queue = changes.iter().find(|change| change["resource"] == format!("queue {prefix}billing")).unwrap();
    assert_eq!(queue["kind"], "create");
    assert!(queue["command"].as_str().unwrap().starts_with("aws sqs create-queue"));
    let visibility = queue["values"].as_array().unwrap().iter().find(|value| value["name"] == "VisibilityTimeout");
    assert_eq!(visibility.unwrap(), &serde_json::json!({ "name": "VisibilityTimeout", "now": null, "wanted": "30" }));
    topology.apply().await.unwrap();
    let plan = serde_json::to_value(topology.plan().await.unwrap()).unwrap();
    assert_eq!((&plan["drift"], plan["unchanged"].as_array().unwrap().len()), (&false.into(), 12));
}

#[tokio::test]
async fn what_lets_everyone_in_is_drift_too() {
    let (aws, config, prefix) = aws().await;
    let topology = aws.queue("billing").topology_of(&registry()).unwrap();
    topology.apply().await.unwrap();
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.get_queue_url().queue_name(format!("{prefix}audit-dlq")).send().await.unwrap().queue_url.unwrap();
    let open = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}"#;
    let shut = r#"{"redrivePermission":"denyAll"}"#;
    let set = sqs.set_queue_attributes().queue_url(&url).attributes(Name::Policy, open);
    set.attributes(Name::RedriveAllowPolicy, shut).send().await.unwrap();
    let plan = topology.plan().await.unwrap();
    let shown = plan.to_string();
    assert_eq!((plan.exit_code(), plan.findings().count(), plan.len()), (2, 1, 1), "{shown}");
    assert!(shown.contains("its redrive allow policy keeps the dead letters of"), "{shown}");
    topology.apply().await.unwrap();
    let plan = topology.plan().await.unwrap();
    assert_eq!((plan.exit_code(), plan.findings().count(), plan.len()), (2, 1, 0), "that is for a person: {plan}");
}
