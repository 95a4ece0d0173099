//! What is wrong with the account, or with the way to it: at the start, and later.

use std::time::{Duration, Instant};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use melange::transport::{Transport as _, TransportErrorKind as Kind};
use melange::{MessagePublisher, QueueState};
use melange_aws::{Aws, Provision};
use melange_aws_stub::{Fault, REGION, Stub};

use crate::counts::Counts;
use crate::events::jobs;
use crate::service::{WORKERS, aws, queue, started, stop, until, workers};

const VISIBILITY: Duration = Duration::from_secs(30);

/// What the SDK's chain says that has found none.
#[derive(Debug)]
struct Nowhere;

impl ProvideCredentials for Nowhere {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        Providing::ready(Err(CredentialsError::not_loaded("no providers in chain provided credentials")))
    }
}

/// A start must fail like this, soon.
async fn fails_to_start(aws: Aws, kind: Kind, says: &[&str]) {
    let begun = Instant::now();
    let bus = workers(aws.queue(WORKERS), &Counts::default()).build().unwrap();
    let error = bus.start().await.unwrap_err();
    // What is waited for has ten seconds an attempt, and half a minute.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}: {error}", begun.elapsed());
    assert_eq!(error.kind(), kind, "{error}");
    assert!(says.iter().all(|word| error.to_string().contains(word)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_39_wrong_region_endpoint_or_credentials_at_the_start() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    // Its own polls are few, since the calls of others are counted.
    let bus = started(workers(queue(&stub, WORKERS, VISIBILITY), &counts).wait(Duration::from_secs(20))).await;
    let config = stub.sdk_config();
    let region = |region: Option<&'static str>| {
        Aws::from_config(&config.to_builder().region(region.map(aws_types::region::Region::new)).build())
    };
    let before = stub.requests().total();
    fails_to_start(region(None), Kind::Configuration, &["set AWS_REGION"]).await;
    // Without a start it is seen by the poll.
    let assuming = workers(region(None).queue(WORKERS).provision(Provision::Assume), &Counts::default());
    let assuming = started(assuming).await;
    until("its poll fails", || assuming.metrics().failed_polls > 0).await;
    assert!(assuming.health().to_string().contains("set AWS_REGION"), "{}", assuming.health());
    stop(assuming).await;
    assert!(stub.requests().total() - before <= 2, "nobody was asked but by the bus that runs");
    fails_to_start(region(Some("eu-west-1")), Kind::NotFound, &[WORKERS, "--region eu-west-1"]).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Aws::from_config(&stub.config_at(&format!("http://{closed}")));
    fails_to_start(nobody, Kind::Unavailable, &["refused"]).await;
    let unset = config.to_builder().credentials_provider(SharedCredentialsProvider::new(Nowhere)).build();
    fails_to_start(Aws::from_config(&unset), Kind::Denied, &["give the process AWS credentials"]).await;
    // As `to_builder` has no way to take them away.
    let without = aws_types::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .region(aws_types::region::Region::new(REGION))
        .endpoint_url(stub.endpoint())
        .http_client(config.http_client().unwrap())
        .build();
    fails_to_start(Aws::from_config(&without), Kind::Denied, &["credentials"]).await;
    counts.publish(bus.publisher(), jobs(0..3)).await;
    until("who was there is not disturbed", || bus.metrics().handled == 3).await;
    assert_eq!(counts.check(39).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_40_queue_deleted_while_running() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, WORKERS, VISIBILITY);
    let bus = started(workers(transport.clone(), &counts)).await;
    counts.publish(bus.publisher(), jobs(0..5)).await;
    until("it works", || bus.metrics().handled == 5).await;
    stub.remove_queue(WORKERS);
    let begun = Instant::now();
    until("polls fail", || bus.health().queues[0].consecutive_errors >= 3).await;
    let error = bus.health().queues[0].last_error.clone().unwrap();
    assert!(error.contains(WORKERS) && error.contains("Provision::Create"), "{error}");
    let polls = bus.metrics().failed_polls;
    assert!(polls <= 4 + 2 * begun.elapsed().as_secs(), "{polls} polls in {:?}", begun.elapsed());
    // Somebody makes it again.
    transport.prepare(bus.topology()).await.unwrap();
    counts.publish(bus.publisher(), jobs(5..10)).await;
    until("it goes on by itself", || bus.metrics().handled == 10).await;
    assert!(bus.health().is_healthy() && bus.health().queues[0].state == QueueState::Polling);
    assert_eq!(counts.check(40).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_41_topic_deleted_or_publishing_denied() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, VISIBILITY), &counts)).await;
    for (number, fault, kind, says) in [
        (0, Fault::error("AuthorizationError"), Kind::Denied, "allow `sns:Publish`"),
        (1, Fault::error("NotFound"), Kind::NotFound, "topic jobs"),
    ] {
        stub.inject(fault.on("PublishBatch").times(1));
        stub.reset_counts();
        let refused = counts.publish(bus.publisher(), jobs([number])).await.pop().unwrap().unwrap_err();
        assert_eq!(refused.transport_error().map(melange::transport::TransportError::kind), Some(kind), "{refused}");
        assert!(!refused.is_retryable() && !refused.is_uncertain() && refused.to_string().contains(says), "{refused}");
        assert_eq!(stub.requests().of("PublishBatch"), 1, "it is not tried again");
    }
    stub.remove_topic("jobs");
    let refused = counts.publish(bus.publisher(), jobs([2])).await.pop().unwrap().unwrap_err();
    assert_eq!(refused.transport_error().map(melange::transport::TransportError::kind), Some(Kind::NotFound));
    // Made again, it works at once.
    queue(&stub, WORKERS, VISIBILITY).prepare(bus.topology()).await.unwrap();
    counts.publish(bus.publisher(), jobs(3..6)).await;
    until("what was acknowledged is handled", || bus.metrics().handled == 3).await;
    assert_eq!(counts.check(41).acknowledged, 3);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_42_queue_policy_missing() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, WORKERS, VISIBILITY);
    stop(started(workers(transport.clone(), &counts)).await).await;
    // As if somebody had taken it away: SNS would drop what it cannot deliver, without a word to anyone.
    stub.set_queue(WORKERS, [("Policy", String::new())]);
    let verifying = aws(&stub).queue(WORKERS).provision(Provision::Verify);
    let bus = workers(verifying.clone(), &counts).build().unwrap();
    let error = bus.start().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Drifted, "{error}");
    assert!(error.to_string().contains("policy") && error.to_string().contains(WORKERS), "{error}");
    let plan = verifying.plan(bus.topology()).await.unwrap();
    assert_eq!(plan.changes().count(), 1, "{plan}");
    // What mends it.
    transport.prepare(bus.topology()).await.unwrap();
    bus.start().await.unwrap();
    counts.publish(bus.publisher(), jobs(0..5)).await;
    until("all are handled", || bus.metrics().handled == 5).await;
    assert_eq!((counts.check(42).duplicated, stub.messages().undeliverable), (0, 0));
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_43_concurrent_provisioners_and_a_subscription_of_another_kind() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    // Somebody else's statement, and a subscription that was made otherwise.
    stub.create_topic("jobs");
    stub.create_queue(WORKERS);
    stub.subscribe("jobs", WORKERS, false);
    let foreign = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Backup","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sqs:ReceiveMessage","Resource":"*"}]}"#;
    stub.set_queue(WORKERS, [("Policy", foreign.to_owned())]);
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let bus = workers(queue(&stub, WORKERS, VISIBILITY), &counts).build().unwrap();
        starting.spawn(async move { bus.start().await.map(|()| bus) });
    }
    let buses: Vec<_> = starting.join_all().await.into_iter().map(Result::unwrap).collect();
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let policy = sqs
        .get_queue_attributes()
        .queue_url(format!("{}/000000000000/{WORKERS}", stub.endpoint()))
        .attribute_names(aws_sdk_sqs::types::QueueAttributeName::Policy)
        .send()
        .await
        .unwrap();
    let policy = policy.attributes.unwrap().remove(&aws_sdk_sqs::types::QueueAttributeName::Policy).unwrap();
    assert!(policy.contains("Backup") && policy.contains("sns.amazonaws.com"), "{policy}");
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(0..20)).await;
    until("all are handled", || counts.received() == 20).await;
    // One subscription, so each came once.
    assert_eq!((counts.check(43).duplicated, stub.messages().delivered), (0, 20));
    for bus in buses {
        stop(bus).await;
    }
}
