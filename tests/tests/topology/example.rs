//! `examples/aws/topology.rs`, as it is run: planned, applied, planned again, changed by hand; checked against a file.

use std::path::Path;
use std::process::Command;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange_tests::server;

/// Exit code and output.
fn run(prefix: &str, endpoint: Option<&str>, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topology_example"));
    command.args(arguments).env("PREFIX", prefix);
    if let Some(endpoint) = endpoint {
        command.env("AWS_ENDPOINT_URL", endpoint);
    } else {
        // No credentials, no network, no region.
        command.env_clear().env("PREFIX", prefix).env("AWS_EC2_METADATA_DISABLED", "true");
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.code().unwrap(), said)
}

#[test]
fn what_is_written_needs_no_account() {
    for (what, part) in [
        ("terraform", "resource \"aws_sqs_queue\" \"shipping_fifo\""),
        ("cloudformation", "\"ShippingFifoQueue\""),
        ("iam", "\"live-billing-consumer\""),
    ] {
        let (code, said) = run("live-", None, &[what]);
        assert!(code == 0 && said.contains(part), "{said}");
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example.tf");
    let path = file.to_str().unwrap();
    let (_, terraform) = run("live-", None, &["terraform"]);
    std::fs::write(&file, &terraform).unwrap();
    assert_eq!(run("live-", None, &["check", path]), (0, String::new()));
    std::fs::write(&file, terraform.replace("= 55", "= 3")).unwrap();
    let (code, said) = run("live-", None, &["check", path]);
    assert!(
        code == 2 && said.contains("-    maxReceiveCount     = 3") && said.contains("+    maxReceiveCount     = 55"),
        "{said}"
    );
    let (code, said) = run("live-", None, &["plan"]);
    assert!(code == 1 && said.contains("AWS_REGION"), "{said}");
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn planned_applied_changed_by_hand_and_planned_again() {
    let (prefix, endpoint) = (server::unique(), server::endpoint());
    let run = |arguments: &[&str]| run(&prefix, Some(&endpoint), arguments);
    let (code, said) = run(&["plan"]);
    assert!(code == 2 && said.ends_with("11 to create, 0 to change, 0 unchanged\n"), "{said}");
    let (code, said) = run(&["apply"]);
    assert!(code == 0 && said.contains(&format!("+ queue {prefix}shipping.fifo\n")), "{said}");
    let (code, said) = run(&["plan"]);
    assert_eq!((code, said.as_str()), (0, "0 to create, 0 to change, 11 unchanged\n"));

    let sqs = aws_sdk_sqs::Client::new(&server::config().await);
    let url = sqs.get_queue_url().queue_name(format!("{prefix}audit")).send().await.unwrap().queue_url.unwrap();
    let set = sqs.set_queue_attributes().queue_url(url).attributes(Name::MessageRetentionPeriod, "60");
    set.send().await.unwrap();
    let (code, said) = run(&["plan"]);
    assert!(code == 2 && said.contains("MessageRetentionPeriod: 60 -> 1209600"), "{said}");
    let (code, said) = run(&["plan", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &json["summary"]["update"]), (2, &1.into()));
    assert_eq!(run(&["apply"]).0, 0);
    assert_eq!(run(&["plan"]).0, 0);
}
