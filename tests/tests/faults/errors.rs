//! What AWS answers when it does not do what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::sdk_config::{SharedTimeSource, TimeSource};
use melange::transport::TransportErrorKind as Kind;
use melange::{EventBus, MessagePublisher};
use melange_aws::{Aws, Provision};
use melange_aws_stub::{Fault, Stub};
use melange_tests::faulty::{Act, Faulty, Op};

use crate::counts::Counts;
use crate::events::{Job, jobs};
use crate::logs;
use crate::service::{WORKERS, aws, queue, started, stop, until, workers};

/// Half a minute, so that nothing comes again by itself.
const VISIBILITY: Duration = Duration::from_secs(30);

async fn running(stub: &Stub, counts: &Counts) -> EventBus {
    started(workers(queue(stub, WORKERS, VISIBILITY), counts)).await
}

async fn throttled(receive: Fault, delete: Fault, publish: Fault) {
    const BURST: Duration = Duration::from_secs(4);
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    counts.publish(bus.publisher(), jobs(0..50)).await;
    stub.inject(receive.on("ReceiveMessage"));
    stub.inject(delete.on("DeleteMessageBatch"));
    stub.inject(publish.on("PublishBatch"));
    stub.reset_counts();
    let begun = Instant::now();
    let burst = async {
        tokio::time::sleep(BURST).await;
        let requests = stub.requests();
        stub.clear_faults();
        (requests, begun.elapsed().as_secs())
    };
    let ((requests, seconds), _) = tokio::join!(burst, counts.publish(bus.publisher(), jobs(50..100)));
    assert_eq!(counts.tally().acknowledged, 100, "nothing is given up");
    until("all are deleted", || bus.metrics().handled == 100).await;
    // How soon after it, tests with a paused clock say: here the machine has other work. Nothing came again by itself.
    assert!(begun.elapsed() < VISIBILITY, "it took {:?}", begun.elapsed());
    // At their quickest, the SDK's own tries included.
    assert!(requests.of("ReceiveMessage") <= 3 * seconds, "{requests:?} in {seconds} s");
    let quickest = 20 * seconds;
    assert!(requests.of("DeleteMessageBatch") <= quickest && requests.of("PublishBatch") <= quickest, "{requests:?}");
    assert_eq!((counts.check(23).duplicated, stub.messages().redelivered), (0, 0));
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_23_throttling_burst() {
    tokio::join!(
        throttled(Fault::error("RequestThrottled"), Fault::error("RequestThrottled"), Fault::error("Throttling")),
        throttled(Fault::error("ThrottlingException"), Fault::error("ThrottlingException"), Fault::error("Throttled")),
        throttled(Fault::http(403), Fault::http(429), Fault::http(429)),
        throttled(
            Fault::error("OverLimit"),
            Fault::error("RequestThrottled").status(403),
            Fault::error("ThrottlingException")
        ),
    );
}

/// However long it lasts: whoever has waited longer and longer must not wait for as long again afterwards.
#[tokio::test(start_paused = true)]
async fn row_23_polls_recover_within_twice_the_burst() {
    for (burst, round) in [1, 2, 4, 8, 15].into_iter().flat_map(|burst| (0..20).map(move |round| (burst, round))) {
        let burst = Duration::from_secs(burst);
        let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
        let bus = started(workers(transport.clone(), &counts)).await;
        until("it polls", || transport.under_way(Op::Receive).0 == 1).await;
        transport.always(Op::Receive, Act::Fail(Kind::Throttled));
        // The poll that is open ends.
        counts.publish(bus.publisher(), jobs([0])).await;
        until("it is handled", || counts.is_complete()).await;
        let begun = tokio::time::Instant::now();
        counts.publish(bus.publisher(), jobs(1..10)).await;
        tokio::time::sleep(burst).await;
        let polls = transport.calls(Op::Receive).len();
        assert!(polls <= 12 + burst.as_secs() as usize, "{polls} polls in {burst:?}");
        transport.rule(|_| Act::Pass);
        until("all are handled", || bus.metrics().handled == 10).await;
        let slack = Duration::from_millis(500);
        assert!(begun.elapsed() <= 2 * burst + slack, "round {round}: {:?} after {burst:?}", begun.elapsed());
        assert_eq!(counts.check(23).duplicated, 0);
        stop(bus).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_24_kms_throttled() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    let receives = stub.inject(Fault::error("KMS.ThrottlingException").on("ReceiveMessage").times(3));
    let publishes = stub.inject(Fault::error("KMSThrottling").on("PublishBatch").times(4));
    counts.publish(bus.publisher(), jobs(0..10)).await;
    assert_eq!(counts.tally().acknowledged, 10);
    until("all are handled", || bus.metrics().handled == 10).await;
    assert_eq!((receives.hits(), publishes.hits()), (3, 4));
    assert_eq!(counts.check(24).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_24_kms_denied_or_disabled() {
    let logs = logs::collect();
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    stub.inject(Fault::error("KMS.DisabledException").on("ReceiveMessage"));
    stub.inject(Fault::error("KMSAccessDenied").on("PublishBatch"));
    stub.reset_counts();
    let begun = Instant::now();
    let refused = counts.publish(bus.publisher(), jobs([0])).await.pop().unwrap().unwrap_err();
    assert_eq!(refused.transport_error().map(melange::transport::TransportError::kind), Some(Kind::Denied));
    assert!(refused.to_string().contains("KMS") && !refused.is_retryable() && !refused.is_uncertain(), "{refused}");
    assert_eq!(stub.requests().of("PublishBatch"), 1, "what is denied is not tried again");
    until("it is loud", || bus.health().queues[0].consecutive_errors >= 3).await;
    assert!(bus.health().to_string().contains("KMS.DisabledException"), "{}", bus.health());
    assert!(logs.text().contains("KMS.DisabledException"));
    let polls = stub.requests().of("ReceiveMessage");
    assert!(polls <= 4 + 2 * begun.elapsed().as_secs(), "{polls} polls in {:?}", begun.elapsed());
    stub.clear_faults();
    counts.publish(bus.publisher(), jobs(1..5)).await;
    until("it goes on by itself", || bus.metrics().handled == 4).await;
    assert!(bus.health().is_healthy(), "{}", bus.health());
    assert_eq!(counts.check(24).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_25_server_errors_and_pages() {
    let faults = [
        Fault::http(500),
        Fault::http(502),
        Fault::http(503),
        Fault::error("InternalError"),
        Fault::html(),
        Fault::garbage(),
        Fault::empty(),
    ];
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    for (round, fault) in (0..).zip(faults) {
        let met = ["ReceiveMessage", "DeleteMessageBatch", "PublishBatch"]
            .map(|action| stub.inject(fault.clone().on(action).times(1)));
        counts.publish(bus.publisher(), jobs(round * 10..round * 10 + 10)).await;
        until("all are deleted", || stub.messages_in(WORKERS).is_empty() && counts.is_complete()).await;
        until("all have been met", || met.iter().all(|met| met.hits() == 1)).await;
    }
    let tally = counts.check(25);
    assert_eq!((tally.acknowledged, tally.duplicated), (70, 0));
    assert!(bus.health().is_healthy());
    stop(bus).await;
}

/// A clock that is this many seconds ahead.
#[derive(Debug)]
struct Skewed(i64);

impl TimeSource for Skewed {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }
}

async fn by_a_clock_that_is_off(seconds: i64) {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let config = stub.sdk_config().to_builder().time_source(SharedTimeSource::new(Skewed(seconds))).build();
    let queue = Aws::from_config(&config).queue(WORKERS).provision(Provision::Create).visibility(VISIBILITY);
    // The stub refuses what is signed by a time more than five minutes off.
    let bus = started(workers(queue, &counts)).await;
    counts.publish(bus.publisher(), jobs(0..10)).await;
    until("all are handled", || bus.metrics().handled == 10).await;
    assert!(bus.metrics().failed_polls <= 1, "it has learnt the time: {:?}", bus.metrics());
    let tally = counts.check(37);
    assert_eq!((tally.acknowledged, tally.duplicated), (10, 0), "{seconds}");
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_clock_skew() {
    tokio::join!(
        by_a_clock_that_is_off(-600),
        by_a_clock_that_is_off(600),
        by_a_clock_that_is_off(-86_400),
        by_a_clock_that_is_off(86_400),
    );
}

/// The SDK's clients of a process share how often they may try again, unless they are told not to. Once others have used it
/// up, nothing is tried again, and the time is not learnt.
#[tokio::test(flavor = "multi_thread")]
async fn row_37_while_others_are_throttled() {
    let others = Stub::start().await;
    let client = aws_sdk_sqs::Client::new(&others.hurried_config());
    let sns = aws_sdk_sns::Client::new(&others.hurried_config());
    others.inject(Fault::http(500));
    for _ in 0..60 {
        assert!(client.get_queue_url().queue_name("others").send().await.is_err());
        assert!(sns.get_topic_attributes().topic_arn("arn:aws:sns:us-east-1:000000000000:x").send().await.is_err());
    }
    by_a_clock_that_is_off(-600).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_credentials_expire() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    stub.inject(Fault::expired_token());
    stub.reset_counts();
    let begun = Instant::now();
    let refused = counts.publish(bus.publisher(), jobs([0])).await.pop().unwrap().unwrap_err();
    assert!(refused.to_string().contains("renew them") && !refused.is_retryable(), "{refused}");
    until("polls fail", || bus.health().queues[0].consecutive_errors >= 3).await;
    assert!(bus.health().to_string().contains("the credentials have expired"), "{}", bus.health());
    let polls = stub.requests().of("ReceiveMessage");
    assert!(polls <= 4 + 2 * begun.elapsed().as_secs(), "{polls} polls in {:?}", begun.elapsed());
    stub.clear_faults();
    counts.publish(bus.publisher(), jobs(1..10)).await;
    until("it goes on by itself", || bus.metrics().handled == 9).await;
    assert!(bus.health().is_healthy());
    assert_eq!(counts.check(38).duplicated, 0);
    stop(bus).await;
}

/// Gives credentials that are over soon, or none.
#[derive(Debug, Clone, Default)]
struct Refreshing(Arc<AtomicU8>);

impl ProvideCredentials for Refreshing {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        let soon = SystemTime::now() + Duration::from_secs(1);
        Providing::ready(match self.0.load(Ordering::Relaxed) {
            0 => Ok(Credentials::new("AKIASTUB", "stub", Some("session".to_owned()), Some(soon), "test")),
            _ => Err(CredentialsError::provider_error("the metadata service is away")),
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_refresh_of_credentials_fails() {
    let (stub, counts, provider) = (Stub::start().await, Counts::default(), Refreshing::default());
    let config =
        stub.sdk_config().to_builder().credentials_provider(SharedCredentialsProvider::new(provider.clone())).build();
    let queue = Aws::from_config(&config).queue(WORKERS).provision(Provision::Create).visibility(VISIBILITY);
    let bus = started(workers(queue, &counts)).await;
    provider.0.store(1, Ordering::Relaxed);
    let refused = counts.publish(bus.publisher(), jobs([0])).await.pop().unwrap().unwrap_err();
    assert!(refused.to_string().contains("credentials"), "{refused}");
    until("polls fail", || bus.health().queues[0].consecutive_errors >= 3).await;
    assert!(bus.health().to_string().contains("the metadata service is away"), "{}", bus.health());
    provider.0.store(0, Ordering::Relaxed);
    counts.publish(bus.publisher(), jobs(1..10)).await;
    until("it goes on by itself", || bus.metrics().handled == 9).await;
    assert_eq!(counts.check(38).duplicated, 0);
    stop(bus).await;
}

/// Polls that fail for this reason are seen by a probe, do not spin, and go on when they can.
async fn polls_fail(row: u32, kind: Kind) {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    let bus = started(workers(transport.clone(), &counts)).await;
    transport.always(Op::Receive, Act::Fail(kind));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!bus.health().is_healthy(), "{}", bus.health());
    counts.publish(bus.publisher(), jobs(0..10)).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let polls = transport.calls(Op::Receive).len();
    assert!((15..=70).contains(&polls), "{polls} polls in ten minutes");
    transport.rule(|_| Act::Pass);
    let begun = tokio::time::Instant::now();
    until("all are handled", || bus.metrics().handled == 10).await;
    assert!(begun.elapsed() <= Duration::from_secs(31), "{:?}", begun.elapsed());
    assert!(bus.health().is_healthy());
    assert_eq!(counts.check(row).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(start_paused = true)]
async fn row_24_a_probe_sees_it() {
    polls_fail(24, Kind::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn row_38_a_probe_sees_it() {
    polls_fail(38, Kind::Denied).await;
}

#[tokio::test(start_paused = true)]
async fn row_40_a_probe_sees_it() {
    polls_fail(40, Kind::NotFound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_in_flight_limit_reached() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    counts.publish(&MessagePublisher::new(aws(&stub)), (0..10).map(|number| Job { number, ..Job::default() })).await;
    let over = stub.inject(Fault::error("OverLimit").on("ReceiveMessage"));
    counts.publish(bus.publisher(), jobs(10..60)).await;
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    until("it polls again", || over.hits() >= 2).await;
    assert!(over.hits() <= 3 * begun.elapsed().as_secs(), "{} polls in {:?}", over.hits(), begun.elapsed());
    until("each is counted", || bus.metrics().failed_polls == over.hits()).await;
    assert!(bus.health().queues[0].last_error.as_ref().is_some_and(|error| error.contains("OverLimit")));
    over.remove();
    until("all are handled", || bus.metrics().handled == 60).await;
    // What is in hand here is far below the 120,000.
    assert!(bus.health().queues[0].in_flight <= 64);
    assert_eq!(counts.check(46).duplicated, 0);
    stop(bus).await;
}
