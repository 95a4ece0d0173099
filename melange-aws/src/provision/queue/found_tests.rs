use super::*;
use crate::provision::wanted::Consumed;

const ARN: &str = "arn:aws:sqs:us-east-1:1:billing";
const ORDERS: &str = "arn:aws:sns:us-east-1:1:orders";

fn wanted(name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        arn: ARN.to_owned(),
        role: Role::Consumed(Consumed {
            visibility: 30,
            retention: None,
            dlq: "billing-dlq".to_owned(),
            dlq_arn: "arn:aws:sqs:us-east-1:1:billing-dlq".to_owned(),
            max_receives: 10,
        }),
        senders: [ORDERS.to_owned()].into(),
        kms_key: None,
        by_group: false,
        tags: Default::default(),
    }
}

/// As it would be made, with something changed.
fn found(wanted: &Queue, changed: &[(Name, &str)]) -> Found {
    let mut attributes: HashMap<Name, String> =
        crate::provision::queue::settings::of(wanted).unwrap().into_iter().collect();
    attributes.extend(changed.iter().map(|(name, value)| (name.clone(), (*value).to_owned())));
    Found { url: "url".to_owned(), attributes }
}

fn differences(wanted: &Queue, changed: &[(Name, &str)]) -> Vec<(Vec<(Name, String)>, String)> {
    let differences = found(wanted, changed).differences(wanted, &BTreeSet::new());
    differences.into_iter().map(|difference| (difference.attributes, difference.why)).collect()
}

#[test]
fn a_queue_as_it_is_made_differs_in_nothing() {
    let mut all = wanted("billing.fifo");
    all.by_group = true;
    all.kms_key = Some("alias/orders".to_owned());
    let Role::Consumed(consumed) = &mut all.role else { panic!() };
    consumed.retention = Some(86_400);
    for wanted in [wanted("billing"), all] {
        assert!(differences(&wanted, &[]).is_empty(), "{:?}", differences(&wanted, &[]));
        // More than is needed is good enough, and what nobody asked for is nobody's business.
        let foreign = [(Name::VisibilityTimeout, "900"), (Name::DelaySeconds, "5"), (Name::MaximumMessageSize, "1024")];
        assert!(differences(&wanted, &foreign).is_empty());
    }
}

#[test]
fn each_drift_is_one_difference() {
    let drifted = [
        (Name::VisibilityTimeout, "29"),
        (Name::RedrivePolicy, r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:other","maxReceiveCount":3}"#),
        (Name::Policy, ""),
        (Name::KmsMasterKeyId, "alias/aws/sqs"),
    ];
    let found = differences(&wanted("billing"), &drifted);
    let names: Vec<&str> = found.iter().map(|(attributes, _)| attributes[0].0.as_str()).collect();
    assert_eq!(names, ["VisibilityTimeout", "RedrivePolicy", "KmsMasterKeyId", "Policy"]);
    let why: Vec<&str> = found.iter().map(|(_, why)| why.as_str()).collect();
    assert!(why[0].contains("29 s") && why[0].contains("30 s"), "{why:?}");
    assert!(why[3].contains(ORDERS), "{why:?}");
}

#[test]
fn retention_is_looked_at_only_if_it_was_asked_for() {
    let mut wanted = wanted("billing");
    assert!(differences(&wanted, &[(Name::MessageRetentionPeriod, "60")]).is_empty());
    let Role::Consumed(consumed) = &mut wanted.role else { panic!() };
    consumed.retention = Some(86_400);
    for other in ["60", "345600"] {
        let found = differences(&wanted, &[(Name::MessageRetentionPeriod, other)]);
        assert_eq!(found[0].0, [(Name::MessageRetentionPeriod, "86400".to_owned())]);
    }
}

#[test]
fn the_two_attributes_of_high_throughput_are_set_together() {
    let mut wanted = wanted("billing.fifo");
    wanted.by_group = true;
    let found = differences(&wanted, &[(Name::FifoThroughputLimit, "perQueue")]);
    assert_eq!(found[0].0, by_group());
}

#[test]
fn topics_that_were_in_the_policy_a_moment_ago_are_put_back() {
    let wanted = wanted("billing");
    let known = BTreeSet::from(["arn:aws:sns:us-east-1:1:users".to_owned()]);
    let differences = found(&wanted, &[]).differences(&wanted, &known);
    let (name, policy) = &differences[0].attributes[0];
    assert_eq!(*name, Name::Policy);
    assert!(policy.contains(ORDERS) && policy.contains(":users"), "{policy}");
}

#[test]
fn a_policy_that_grows_too_large_is_said_and_not_set() {
    let wanted = wanted("billing");
    let many = (0..400).map(|i| format!("arn:aws:sns:us-east-1:1:topic-{i}")).collect();
    let found = found(&wanted, &[]);
    assert!(found.differences(&wanted, &many).is_empty());
    assert!(found.too_much(&wanted, &many).is_some_and(|why| why.contains("8192")));
    assert_eq!(found.too_much(&wanted, &BTreeSet::new()), None);
}

#[test]
fn a_dead_letter_queue_is_only_what_was_asked_for() {
    let mut dlq = wanted("billing-dlq");
    dlq.role = Role::DeadLetters { of: "arn:aws:sqs:us-east-1:1:billing".to_owned() };
    dlq.senders.clear();
    let made = crate::provision::queue::settings::of(&dlq).unwrap();
    let names: Vec<&Name> = made.iter().map(|(name, _)| name).collect();
    assert_eq!(names, [&Name::MessageRetentionPeriod, &Name::RedriveAllowPolicy]);
    // One that was made without says nothing, and lets every queue in.
    assert!(differences(&dlq, &[(Name::RedriveAllowPolicy, "")]).is_empty());
    let shut = differences(&dlq, &[(Name::RedriveAllowPolicy, r#"{"redrivePermission":"denyAll"}"#)]);
    assert_eq!(shut[0].0, [made[1].clone()]);
    assert!(differences(&dlq, &[(Name::MessageRetentionPeriod, "60"), (Name::VisibilityTimeout, "1")]).is_empty());
    dlq.senders.insert(ORDERS.to_owned());
    assert_eq!(differences(&dlq, &[(Name::Policy, "")])[0].0[0].0, Name::Policy);
}
