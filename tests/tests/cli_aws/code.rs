//! The topology as code, and the account against it.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::world::World;

async fn planned_applied_planned(world: &World) {
    let plan = world.ran(&["plan"]).await;
    assert_eq!(plan.code, Some(2), "{plan:?}");
    assert!(plan.out.contains("+ queue ") && plan.out.contains("to create"), "{plan:?}");
    let json = world.ran(&["plan", "--output", "json"]).await;
    assert_eq!((json.code, &json.json()["drift"]), (Some(2), &Value::Bool(true)), "{json:?}");
    let dry = world.ran(&["apply", "--dry-run"]).await;
    assert_eq!((dry.code, &dry.out), (Some(2), &plan.out));

    let applied = world.ran(&["apply"]).await;
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert!(applied.out.contains("+ queue ") && applied.err.contains("that has been done"), "{applied:?}");
    let again = world.ran(&["plan"]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.starts_with("0 to create, 0 to change"), "{again:?}");
    assert_eq!(world.ran(&["apply", "--output", "json"]).await.json()["changes"], serde_json::json!([]));

    // By hand.
    let queue = world.named("billing");
    let url = world.sqs().get_queue_url().queue_name(&queue).send().await.unwrap().queue_url.unwrap();
    let change = world.sqs().set_queue_attributes().queue_url(url);
    change.attributes(QueueAttributeName::VisibilityTimeout, "7").send().await.unwrap();
    let drifted = world.ran(&["plan", "--commands"]).await;
    assert_eq!(drifted.code, Some(2), "{drifted:?}");
    assert!(drifted.out.contains(&format!("~ queue {queue}")), "{drifted:?}");
    assert!(drifted.out.contains("VisibilityTimeout: 7 -> 30") && drifted.out.contains("aws sqs set-queue-attributes"));
    assert_eq!(world.ran(&["apply"]).await.code, Some(0));
    assert_eq!(world.ran(&["plan"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_is_applied_and_then_there_is_nothing_to_plan() {
    planned_applied_planned(&World::stub().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn what_is_planned_is_applied_and_then_there_is_nothing_to_plan_on_a_server() {
    planned_applied_planned(&World::server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_answer_is_a_failure_and_no_drift() {
    let world = World::stub().await;
    world.stub_itself().inject(melange_aws_stub::Fault::error("AccessDenied"));
    let plan = world.ran(&["plan"]).await;
    assert_eq!((plan.code, plan.out.as_str()), (Some(1), ""), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_is_written_and_compared() {
    let world = World::stub().await;
    let folder = std::env::temp_dir().join(format!("melange-code-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (command, says) in [
        (&["terraform"][..], "resource \"aws_sqs_queue\" \"billing\""),
        (&["terraform", "--with-iam"], "aws_iam_policy"),
        (&["cloudformation"], "AWS::SQS::Queue"),
        (&["iam"], "sqs:ReceiveMessage"),
        (&["iam", "redrive-operator"], "\"Statement\""),
    ] {
        let file = folder.join("code");
        let path = file.to_str().unwrap();
        let with = |option| [command, &[option, path]].concat();
        let written = world.ran(command).await;
        assert_eq!(written.code, Some(0), "{written:?}");
        assert!(written.out.contains(says), "{command:?}: {written:?}");
        assert_eq!(world.ran(&with("--to")).await.code, Some(0));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), written.out);
        assert_eq!(world.ran(&with("--check")).await.code, Some(0));
        std::fs::write(&file, written.out.replace("billing", "bulling")).unwrap();
        let differs = world.ran(&with("--check")).await;
        assert_eq!(differs.code, Some(2), "{command:?}: {differs:?}");
        assert!(differs.out.lines().any(|line| line.starts_with('-') && line.contains("bulling")), "{differs:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
