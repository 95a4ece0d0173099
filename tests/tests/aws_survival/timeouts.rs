//! Whatever call is never answered, it ends, and says so.

use std::time::Duration;

use futures_util::future::join_all;
use melange::Transport;
use melange::transport::{DeadLetter, TransportError, TransportErrorKind as Kind};
use melange_aws::{Aws, Provision};
use melange_aws_stub::Fault;

use crate::world::{World, cause, order, said};

/// Three attempts of a second and pauses of milliseconds, on a machine with much else to do.
const SOON: Duration = Duration::from_secs(30);

/// As long as making a topology is tried, and a little more.
const AT_LAST: Duration = Duration::from_secs(120);

/// What a call that is never answered must end with; how often it was asked.
async fn ends(world: &World, action: &str, call: impl Future<Output = Result<(), TransportError>>) -> u64 {
    ends_within(SOON, world, action, call).await
}

async fn ends_within(
    limit: Duration,
    world: &World,
    action: &str,
    call: impl Future<Output = Result<(), TransportError>>,
) -> u64 {
    let error = tokio::time::timeout(limit, call).await.unwrap_or_else(|_| panic!("{action} hangs")).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{action}: {}", said(&error));
    assert!(error.is_retryable());
    let text = error.to_string();
    assert!(text.contains("timeout") && text.contains("on "), "{action}: {text}");
    let calls = world.stub.calls_of(action);
    assert!(calls.iter().any(|call| call.answered.is_none()), "{action} was called");
    calls.len() as u64
}

#[tokio::test]
async fn a_publish_ends() {
    let world = World::new().await.hurried();
    let hang = [world.stub.inject(Fault::hang().on("Publish")), world.stub.inject(Fault::hang().on("PublishBatch"))];
    let publish = world.publisher();
    let error = tokio::time::timeout(SOON, publish.publish(order("o-1"))).await.expect("it ends").unwrap_err();
    assert!(error.is_retryable() && error.is_uncertain(), "someone may have it");
    assert_eq!(cause(&error).kind(), Kind::Unavailable);
    // The SDK's own attempts, and those that are left time for.
    assert!(world.publishes() >= 3);
    hang.iter().for_each(melange_aws_stub::Injected::remove);
    publish.publish(order("o-1")).await.unwrap();
}

#[tokio::test]
async fn a_poll_ends_soon_after_its_wait() {
    let world = World::new().await.hurried();
    world.stub.inject(Fault::hang().on("ReceiveMessage"));
    let queue = world.queue();
    let receive = async { queue.receive("billing", 10, Duration::from_secs(1)).await.map(drop) };
    assert_eq!(ends(&world, "ReceiveMessage", receive).await, 1, "the caller tries again, not the SDK");
    let calls = world.stub.calls_of("ReceiveMessage");
    assert_eq!(calls[0].wait, Some(1));
}

#[tokio::test]
async fn what_settles_a_message_ends() {
    let world = World::new().await.hurried();
    let queue = world.queue();
    let delivery = world.received(&queue).await;
    for action in ["DeleteMessageBatch", "ChangeMessageVisibilityBatch", "SendMessage"] {
        world.stub.inject(Fault::hang().on(action));
    }
    let receipt = || delivery.receipt.clone();
    let delete = async { queue.delete("billing", vec![receipt()]).await.remove(0) };
    assert_eq!(ends(&world, "DeleteMessageBatch", delete).await, 3);
    let extend = async { queue.change_visibility("billing", vec![(receipt(), SOON)]).await.remove(0) };
    assert_eq!(ends(&world, "ChangeMessageVisibilityBatch", extend).await, 3);
    let letter = DeadLetter::given_up("billing::receipt", "no such order");
    let dead = async { queue.dead_letter("billing", &delivery, &letter).await };
    assert_eq!(ends(&world, "SendMessage", dead).await, 3);
}

#[tokio::test]
async fn looking_for_a_queue_ends() {
    let world = World::new().await.hurried();
    world.stub.inject(Fault::hang().on("GetQueueUrl"));
    let queue = world.queue();
    let receive = async { queue.receive("billing", 10, Duration::from_secs(1)).await.map(drop) };
    assert_eq!(ends(&world, "GetQueueUrl", receive).await, 3);
}

#[tokio::test]
async fn every_step_of_a_start_ends() {
    // By the action, whether the topology is there before.
    let steps = [
        ("GetTopicAttributes", Provision::Verify, true),
        ("GetQueueUrl", Provision::Verify, true),
        ("GetQueueAttributes", Provision::Verify, true),
        ("ListSubscriptionsByTopic", Provision::Verify, true),
        ("GetSubscriptionAttributes", Provision::Verify, true),
        ("CreateTopic", Provision::Create, false),
        ("CreateQueue", Provision::Create, false),
        ("Subscribe", Provision::Create, false),
        ("SetQueueAttributes", Provision::Create, true),
    ];
    let runs = steps.map(async |(action, provision, there)| {
        let world = if there { World::new().await } else { World::empty().await }.hurried();
        if there {
            // It has drifted: its dead-letter queue and its policy are still to be set.
            world.stub.set_queue("billing", [("VisibilityTimeout", "1".to_owned())]);
        }
        world.stub.inject(Fault::hang().on(action));
        let running = world.bus_over(world.aws.queue("billing").provision(provision));
        let limit = if provision == Provision::Create { AT_LAST } else { SOON };
        assert!(ends_within(limit, &world, action, running.bus.start()).await >= 3, "{action}");
    });
    join_all(runs).await;
}

#[tokio::test]
async fn asking_for_the_account_ends() {
    let world = World::new().await;
    // Another way to say this machine, which is not taken for a local server, whose account is known.
    let endpoint = format!("http://0.0.0.0:{}", world.stub.port());
    let aws = Aws::from_config(&world.stub.hurried_config_at(&endpoint));
    world.stub.inject(Fault::hang().on("GetCallerIdentity"));
    let publisher = melange::MessagePublisher::new(aws);
    let error = tokio::time::timeout(SOON, publisher.publish(order("o-1"))).await.expect("it ends").unwrap_err();
    assert_eq!(cause(&error).kind(), Kind::Unavailable);
    assert_eq!(world.stub.requests().of("GetCallerIdentity"), 3);
    assert_eq!(world.publishes(), 0);
}

#[tokio::test]
async fn a_body_that_stalls_ends_too() {
    let world = World::new().await.hurried();
    let queue = world.queue();
    world.publish("o-1").await;
    world.stub.inject(Fault::stall().on("ReceiveMessage"));
    let receive = queue.receive("billing", 10, Duration::from_secs(1));
    let error = tokio::time::timeout(SOON, receive).await.expect("it ends").unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}
