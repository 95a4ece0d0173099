use super::*;

const DLQ: &str = "arn:aws:sqs:us-east-1:1:billing-dlq";

fn feed() -> Feed {
    Feed {
        topic: "orders".to_owned(),
        topic_arn: "arn:aws:sns:us-east-1:1:orders".to_owned(),
        elsewhere: false,
        queue: "billing".to_owned(),
        queue_arn: "arn:aws:sqs:us-east-1:1:billing".to_owned(),
        raw: true,
        names: Some(["A".to_owned()].into()),
        exact: false,
        dlq_arn: None,
        no_dlq: None,
    }
}

/// As it would be made, with something changed.
fn found(feed: &Feed, changed: &[(&str, &str)]) -> Found {
    let settings = super::super::settings::of(feed);
    let mut attributes: HashMap<String, String> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    attributes.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Found { arn: "arn:aws:sns:us-east-1:1:orders:1-2-3".to_owned(), attributes }
}

fn look(feed: &Feed, changed: &[(&str, &str)], known: &[&str]) -> Seen {
    let aws = crate::Aws::new(aws_config::SdkConfig::builder().build());
    let known = Known { names: known.iter().map(|name| (*name).to_owned()).collect(), ..Known::default() };
    let mut seen = Seen::begin();
    found(feed, changed).differences(&Commands::at(&aws), feed, &known, &mut seen);
    seen
}

/// What is set to what.
fn set(seen: &Seen) -> Vec<(&str, &str)> {
    seen.changes.iter().flat_map(Change::values).map(|(name, _, wanted)| (name, wanted)).collect()
}

#[test]
fn a_subscription_as_it_is_made_differs_in_nothing() {
    let dlq = || Some(DLQ.to_owned());
    for feed in [
        feed(),
        Feed { raw: false, ..feed() },
        Feed { names: None, ..feed() },
        Feed { exact: true, ..feed() },
        Feed { dlq_arn: dlq(), ..feed() },
    ] {
        let foreign = [("DeliveryPolicy", "{}"), ("FilterPolicyScope", "MessageAttributes")];
        let seen = look(&feed, &foreign, &[]);
        assert_eq!((set(&seen), seen.notes.len()), (vec![], 0));
    }
}

#[test]
fn raw_delivery_is_read_in_any_spelling() {
    for text in ["true", "True", "TRUE"] {
        assert_eq!(set(&look(&feed(), &[(RAW, text)], &[])), []);
        assert_eq!(set(&look(&Feed { raw: false, ..feed() }, &[(RAW, text)], &[])), [(RAW, "false")]);
    }
    for text in ["false", "False", ""] {
        assert_eq!(set(&look(&Feed { raw: false, ..feed() }, &[(RAW, text)], &[])), []);
        assert_eq!(set(&look(&feed(), &[(RAW, text)], &[])), [(RAW, "true")]);
    }
}

#[test]
fn a_dead_letter_queue_is_looked_at_only_if_it_was_asked_for() {
    let other = format!(r#"{{"deadLetterTargetArn":"{DLQ}-other"}}"#);
    assert_eq!(set(&look(&feed(), &[(REDRIVE, &other)], &[])), []);
    let asked = Feed { dlq_arn: Some(DLQ.to_owned()), ..feed() };
    for drifted in ["", "{}", "nonsense", &other] {
        let seen = look(&asked, &[(REDRIVE, drifted)], &[]);
        assert_eq!(set(&seen), [(REDRIVE, redrive(DLQ).as_str())], "{drifted}");
    }
}

#[test]
fn a_filter_on_the_body_is_left_alone() {
    let by_body = [(SCOPE, "MessageBody"), ("FilterPolicy", r#"{"event_type":["B"]}"#)];
    for exact in [false, true] {
        let seen = look(&Feed { exact, ..feed() }, &by_body, &[]);
        assert_eq!(set(&seen), []);
        assert!(seen.notes[0].contains("by the body"), "{:?}", seen.notes);
    }
}

#[test]
fn a_filter_that_is_made_new_is_on_attributes() {
    let none = [(SCOPE, "MessageBody"), ("FilterPolicy", "{}")];
    let seen = look(&Feed { exact: true, ..feed() }, &none, &[]);
    assert_eq!(
        set(&seen),
        [(SCOPE, "MessageAttributes"), ("FilterPolicy", r#"{"event_type":["A",{"exists":false}]}"#)]
    );
}

#[test]
fn names_that_were_in_the_filter_a_moment_ago_are_put_back() {
    let both = r#"{"event_type":["A","B",{"exists":false}]}"#;
    assert_eq!(set(&look(&feed(), &[], &["B"])), [("FilterPolicy", both)]);
    assert_eq!(set(&look(&Feed { exact: true, ..feed() }, &[], &["B"])), []);
}

#[test]
fn commands_are_for_the_region_of_the_topic() {
    let far = "arn:aws:sns:eu-west-1:2:orders:1-2-3";
    let found = Found { arn: far.to_owned(), attributes: HashMap::new() };
    let aws = crate::Aws::new(aws_config::SdkConfig::builder().build());
    let mut seen = Seen::begin();
    found.differences(&Commands::at(&aws), &feed(), &Known::default(), &mut seen);
    let command = seen.changes[0].command().unwrap();
    assert!(command.starts_with("aws sns set-subscription-attributes --region eu-west-1 "), "{command}");
}

#[test]
fn what_waits_for_confirmation_is_known_in_any_spelling() {
    assert!(found(&feed(), &[(PENDING, "True")]).is_pending());
    assert!(!found(&feed(), &[(PENDING, "false")]).is_pending() && !found(&feed(), &[]).is_pending());
}
