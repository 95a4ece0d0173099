use proptest::prelude::*;

use super::*;

const QUEUE: &str = "arn:aws:sqs:us-east-1:1:billing";

fn topics(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("arn:aws:sns:us-east-1:1:{name}")).collect()
}

#[test]
fn a_new_policy_lets_its_topics_send_and_no_others() {
    let policy = merged(None, QUEUE, &topics(&["orders", "users"])).unwrap();
    assert!(lacking(Some(&policy), QUEUE, &topics(&["orders", "users"])).is_empty());
    assert_eq!(lacking(Some(&policy), QUEUE, &topics(&["orders", "cats"])), topics(&["cats"]));
    assert_eq!(lacking(Some(&policy), "arn:aws:sqs:us-east-1:1:other", &topics(&["orders"])), topics(&["orders"]));
    assert!(policy.contains("sns.amazonaws.com") && !policy.contains('*'));
}

#[test]
fn merging_keeps_what_was_there() {
    let foreign = r#"{"Version":"2008-10-17","Id":"theirs","Statement":[{"Sid":"x","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"r","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    let first = merged(Some(foreign), QUEUE, &topics(&["orders"])).unwrap();
    let second = merged(Some(&first), QUEUE, &topics(&["users"])).unwrap();
    assert!(lacking(Some(&second), QUEUE, &topics(&["orders", "users"])).is_empty());
    let before: Value = serde_json::from_str(foreign).unwrap();
    let after: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(after["Statement"][0], before["Statement"][0]);
    assert_eq!((&after["Version"], &after["Id"]), (&before["Version"], &before["Id"]));
    assert_eq!(after["Statement"].as_array().unwrap().len(), 2);
}

#[test]
fn statements_of_others_that_permit_are_enough() {
    let statement = |principal: &str, action: &str, resource: &str, condition: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":{action},"Resource":{resource}{condition}}}}}"#
        )
    };
    let sns = r#"{"Service":"sns.amazonaws.com"}"#;
    let queue = &format!("\"{QUEUE}\"");
    let good = [
        statement(sns, "\"SQS:SendMessage\"", queue, r#","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}"#),
        statement(sns, "[\"sqs:*\"]", "\"*\"", r#","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:1:*"}}"#),
        statement("\"*\"", "\"sqs:SendMessage\"", queue, r#","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}"#),
        statement(
            r#"{"AWS":"*"}"#,
            "\"sqs:Send*\"",
            queue,
            r#","Condition":{"ArnEquals":{"aws:SourceArn":["x","arn:aws:sns:us-east-1:1:orders"]}}"#,
        ),
    ];
    for policy in &good {
        assert!(lacking(Some(policy), QUEUE, &topics(&["orders"])).is_empty(), "{policy}");
    }
    let bad = [
        statement(sns, "\"SQS:SendMessage\"", queue, ""),
        statement(r#"{"Service":"s3.amazonaws.com"}"#, "\"sqs:SendMessage\"", queue, ""),
        statement(sns, "\"sqs:ReceiveMessage\"", queue, ""),
        statement(sns, "\"sqs:SendMessage\"", "\"arn:aws:sqs:us-east-1:1:other\"", ""),
        statement(sns, "\"sqs:SendMessage\"", queue, r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#),
        statement(
            sns,
            "\"sqs:SendMessage\"",
            queue,
            r#","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:1:users"}}"#,
        ),
        "not json".to_owned(),
        "[]".to_owned(),
    ];
    for policy in &bad {
        assert!(!lacking(Some(policy), QUEUE, &topics(&["orders"])).is_empty(), "{policy}");
    }
}

#[test]
fn a_policy_that_sqs_would_refuse_is_refused() {
    let many: BTreeSet<String> =
        (0..200).map(|i| format!("arn:aws:sns:us-east-1:123456789012:a-rather-long-name-{i}")).collect();
    let error = merged(None, QUEUE, &many).unwrap_err();
    assert!(error.contains("8192") && error.contains("queue = "), "{error}");
    let full =
        json!({ "Statement": (0..20).map(|i| json!({ "Sid": format!("s{i}") })).collect::<Vec<_>>() }).to_string();
    assert!(merged(Some(&full), QUEUE, &topics(&["orders"])).unwrap_err().contains("21 statements"));
}

#[test]
fn what_lets_everyone_in_does_not_count_and_can_be_closed() {
    let open = json!({ "Statement": [
        { "Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE },
        { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::1:root" }, "Action": "sqs:*", "Resource": QUEUE },
        { "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE },
    ] })
    .to_string();
    assert_eq!(lacking(Some(&open), QUEUE, &topics(&["orders"])), topics(&["orders"]));
    let found = too_open(Some(&open));
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["\"all\"", "number 3"]);

    let closed_policy = closed(Some(&open), QUEUE, &topics(&["orders"])).unwrap();
    assert!(too_open(Some(&closed_policy)).is_empty());
    assert!(lacking(Some(&closed_policy), QUEUE, &topics(&["orders"])).is_empty());
    let after: Value = serde_json::from_str(&closed_policy).unwrap();
    assert_eq!(after["Statement"].as_array().unwrap().len(), 2);

    let only = json!({ "Statement": { "Effect": "Allow", "Principal": "*", "Action": "sqs:*" } }).to_string();
    assert_eq!(closed(Some(&only), QUEUE, &BTreeSet::new()).as_deref(), Ok(""));
}

#[test]
fn ours_is_found_however_it_is_written() {
    let policy = json!({ "Statement": [
        { "Sid": "MelangeSns", "Condition": { "ArnLike": { "AWS:SourceArn": "a" } } },
        { "Sid": "MelangeSns", "Condition": { "ArnEquals": { "aws:SourceArn": ["b", "c"] } } },
        { "Sid": "theirs", "Condition": { "ArnEquals": { "aws:SourceArn": ["d"] } } },
    ] })
    .to_string();
    assert_eq!(ours(Some(&policy)), ["a", "b", "c"].map(str::to_owned).into());
    assert!(ours(Some("nonsense")).is_empty());
}

#[test]
fn a_topic_of_a_region_to_opt_into_is_let_in() {
    let far = BTreeSet::from(["arn:aws:sns:me-south-1:2:orders".to_owned()]);
    let policy = merged(None, QUEUE, &far).unwrap();
    assert!(policy.contains(r#"["sns.amazonaws.com","sns.me-south-1.amazonaws.com"]"#), "{policy}");
    assert!(lacking(Some(&policy), QUEUE, &far).is_empty());
}

#[test]
fn sixty_topics_fit_into_one_statement() {
    let many: BTreeSet<String> =
        (0..60).map(|i| format!("arn:aws:sns:ap-southeast-2:123456789012:production-some-topic-{i:03}")).collect();
    let policy = merged(None, QUEUE, &many).unwrap();
    assert!(policy.len() < MOST_BYTES, "{}", policy.len());
    assert!(lacking(Some(&policy), QUEUE, &many).is_empty());
}

proptest! {
    #[test]
    fn no_policy_makes_it_panic(policy in ".{0,200}", topic in ".{0,20}", queue in ".{0,20}") {
        let topics = BTreeSet::from([topic]);
        let _ = lacking(Some(&policy), &queue, &topics);
        if let Ok(merged) = merged(Some(&policy), &queue, &topics) {
            let _ = lacking(Some(&merged), &queue, &topics);
        }
    }

    #[test]
    fn merging_is_done_once(a in proptest::collection::btree_set("[a-z]{1,8}", 0..5), b in proptest::collection::btree_set("[a-z]{1,8}", 1..5)) {
        let first = merged(None, QUEUE, &a).unwrap();
        let second = merged(Some(&first), QUEUE, &b).unwrap();
        prop_assert_eq!(&merged(Some(&second), QUEUE, &b).unwrap(), &second);
        prop_assert!(lacking(Some(&second), QUEUE, &a.union(&b).cloned().collect()).is_empty());
    }
}
