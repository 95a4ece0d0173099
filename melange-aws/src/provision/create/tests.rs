use std::collections::BTreeMap;
use std::time::Duration;

use super::fake::Fake;
use super::*;
use crate::provision::wanted::{Consumed, Feed, Queue, Role, Topic};

const DLQ: &str = "arn:aws:sqs:us-east-1:1:billing-dlq";
const POLICY: &str = r#"{"Statement":[{"Sid":"MelangeSns","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:1:billing","Condition":{"ArnEquals":{"aws:SourceArn":["arn:aws:sns:us-east-1:1:orders"]}}}]}"#;
const REDRIVE: &str = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:billing-dlq","maxReceiveCount":10}"#;

fn wanted() -> Wanted {
    let topic_arn = "arn:aws:sns:us-east-1:1:orders".to_owned();
    let queue = |name: &str, role: Role, senders: &[&String]| Queue {
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:1:{name}"),
        role,
        senders: senders.iter().map(|sender| (*sender).clone()).collect(),
        kms_key: None,
        by_group: false,
        tags: BTreeMap::new(),
    };
    let consumed = Consumed {
        visibility: 30,
        retention: None,
        dlq: "billing-dlq".to_owned(),
        dlq_arn: DLQ.to_owned(),
        max_receives: 10,
    };
    Wanted {
        dead_letter_queues: vec![queue(
            "billing-dlq",
            Role::DeadLetters { of: "arn:aws:sqs:us-east-1:1:billing".to_owned() },
            &[],
        )],
        queues: vec![queue("billing", Role::Consumed(consumed), &[&topic_arn])],
        feeds: vec![Feed {
            topic: "orders".to_owned(),
            topic_arn: topic_arn.clone(),
            elsewhere: false,
            queue: "billing".to_owned(),
            queue_arn: "arn:aws:sqs:us-east-1:1:billing".to_owned(),
            raw: true,
            names: None,
            exact: false,
            dlq_arn: None,
            no_dlq: None,
        }],
        topics: vec![Topic {
            name: "orders".to_owned(),
            arn: topic_arn,
            elsewhere: false,
            by_group: false,
            sha256: false,
            tags: BTreeMap::new(),
        }],
    }
}

fn subscribed(fake: Fake) -> Fake {
    fake.state().subscription = [("RawMessageDelivery".to_owned(), "true".to_owned())].into();
    fake
}

/// Both queues, the one with a visibility timeout that is too short.
fn drifted(delay: Duration) -> Fake {
    let settings = [("VisibilityTimeout", "5"), ("RedrivePolicy", REDRIVE), ("Policy", POLICY)];
    subscribed(Fake::new(delay).with_queue("billing", &settings).with_queue("billing-dlq", &[]))
}

async fn run(fake: &Fake) -> (Result<(), TransportError>, Duration) {
    let aws = fake.aws();
    let begun = Instant::now();
    let answer = create(&aws, &Commands::at(&aws), &wanted()).await;
    (answer, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_aws_shows_at_once_is_done_at_once() {
    let fake = drifted(Duration::ZERO);
    let (answer, took) = run(&fake).await;
    answer.unwrap();
    assert!(took < Duration::from_millis(10), "{took:?}");
    assert_eq!(fake.count("SetQueueAttributes"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_aws_shows_after_a_minute_is_waited_for() {
    let fake = drifted(Duration::from_secs(60));
    let (answer, took) = run(&fake).await;
    answer.unwrap();
    assert!((60..80).contains(&took.as_secs()), "{took:?}");
    assert!(fake.count("SetQueueAttributes") <= 12);
}

#[tokio::test(start_paused = true)]
async fn what_never_shows_is_given_up() {
    let fake = drifted(Duration::MAX);
    let (answer, took) = run(&fake).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Drifted);
    assert!(error.to_string().contains("its visibility timeout is 5 s"), "{error}");
    assert!((60..90).contains(&took.as_secs()), "{took:?}");
    assert_eq!(fake.count("SetQueueAttributes"), 12);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_that_is_not_known_yet_is_waited_for() {
    let fake = subscribed(Fake::new(Duration::from_secs(1)));
    let (answer, took) = run(&fake).await;
    answer.unwrap();
    assert!((1..10).contains(&took.as_secs()), "{took:?}");
    assert_eq!(fake.state().queues.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_merged_is_looked_at_again_when_no_other_write_can_come() {
    let fake = drifted(Duration::ZERO);
    fake.state().queues.get_mut("billing").unwrap().first.remove("Policy");
    let undone = fake.clone();
    // Somebody writes two seconds later what was made from an older read.
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let theirs = [("Policy".to_owned(), r#"{"Statement":[]}"#.to_owned())].into();
        undone.state().queues.get_mut("billing").unwrap().set.push((Instant::now(), theirs));
    });
    let (answer, took) = run(&fake).await;
    answer.unwrap();
    assert_eq!(took.as_secs(), 6, "three seconds after each merge");
    let last = fake.state().queues["billing"].set.last().unwrap().1["Policy"].clone();
    assert!(last.contains(":orders"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_nobody_confirms_is_not_waited_for() {
    let fake = drifted(Duration::ZERO);
    fake.state().subscription.clear();
    let (answer, took) = run(&fake).await;
    let error = answer.unwrap_err();
    assert!(error.to_string().contains("nobody has confirmed it"), "{error}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(fake.count("Subscribe"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_aws_is_too_busy_for_is_tried_again() {
    for action in ["GetTopicAttributes", "ListSubscriptionsByTopic", "GetQueueAttributes", "SetQueueAttributes"] {
        let fake = drifted(Duration::ZERO);
        fake.state().busy.insert(action, Instant::now() + Duration::from_secs(20));
        let (answer, took) = run(&fake).await;
        answer.unwrap();
        assert!((20..45).contains(&took.as_secs()), "{action}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_aws_is_too_busy_for_is_not_tried_for_ever() {
    for action in ["ListSubscriptionsByTopic", "SetQueueAttributes"] {
        let fake = drifted(Duration::ZERO);
        fake.state().busy.insert(action, Instant::now() + Duration::from_secs(3600));
        let (answer, took) = run(&fake).await;
        assert_eq!(answer.unwrap_err().kind(), TransportErrorKind::Throttled);
        assert!((20..180).contains(&took.as_secs()), "{action}: {took:?}");
        assert!(fake.count(action) <= 40, "{action}: {}", fake.count(action));
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_of_the_other_kind_is_for_a_person() {
    let fake = drifted(Duration::ZERO);
    fake.state().topic.insert("FifoTopic".to_owned(), "true".to_owned());
    let (answer, _) = run(&fake).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Configuration);
    assert!(error.to_string().contains("topic orders is FIFO, and its name ends otherwise"), "{error}");
    assert_eq!(fake.count("SetQueueAttributes"), 0);
}
