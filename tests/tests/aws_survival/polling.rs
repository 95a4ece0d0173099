//! A bus that polls outlives whatever its receives are answered with.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use melange::{MessageConsumer, Outcome};
use melange_aws::{Aws, Provision};
use melange_aws_stub::{Call, Fault, Proxy, Stub};

use crate::world::{OrderShipped, PATIENCE, Running, World, eventually};

fn receives(stub: &Stub) -> Vec<Call> {
    stub.calls_of("ReceiveMessage")
}

async fn started(world: &World) -> Running {
    let running = world.bus();
    running.bus.start().await.unwrap();
    running
}

#[tokio::test]
async fn a_poll_that_is_never_answered_is_given_up_and_the_next_one_brings_it() {
    let world = World::new().await.hurried();
    world.stub.inject(Fault::hang().on("ReceiveMessage").times(1));
    let running = started(&world).await;
    world.publish("o-1").await;
    running.handles(&["o-1"]).await;
    assert_eq!(running.bus.metrics().failed_polls, 1);
    running.stop().await;
}

#[tokio::test]
async fn messages_whose_answer_was_lost_come_again_when_their_time_is_over() {
    let faults = [Fault::close_after(), Fault::truncate(), Fault::stall()];
    let runs = faults.map(async |fault| {
        let world = World::new().await.hurried();
        world.publish("o-1").await;
        world.stub.inject(fault.on("ReceiveMessage").times(1));
        let running = started(&world).await;
        assert!(world.stub.until(PATIENCE, |stub| receives(stub).iter().any(|call| call.entries == 1)).await);
        // Others can be had meanwhile.
        world.publish("o-2").await;
        running.handles(&["o-2"]).await;
        assert!(world.stub.until(PATIENCE, |stub| stub.messages_in("billing").len() == 1).await);
        world.stub.advance(Duration::from_secs(30));
        running.handles(&["o-1", "o-2"]).await;
        assert_eq!(world.stub.messages().redelivered, 1);
        assert_eq!(running.bus.metrics().received, 2);
        running.stop().await;
    });
    join_all(runs).await;
}

#[tokio::test]
async fn a_fifo_queue_is_asked_again_under_the_same_id_and_no_group_is_blocked() {
    let world = World::empty().await.hurried();
    world.stub.create_topic("orders.fifo");
    world.stub.create_queue("billing.fifo");
    world.stub.subscribe("orders.fifo", "billing.fifo", true);
    for id in ["o-1", "o-2"] {
        world.publisher().publish(crate::world::OrderShipped { order_id: id.to_owned() }).await.unwrap();
    }
    world.stub.inject(Fault::close_after().on("ReceiveMessage").times(2));
    let running = world.bus_over(world.aws.queue("billing.fifo").provision(Provision::Assume));
    running.bus.start().await.unwrap();
    running.handles(&["o-1", "o-2"]).await;
    assert_eq!(world.stub.messages().received, 2, "the same messages, and no receive was spent on it");
    assert_eq!(running.bus.metrics().failed_polls, 2);
    running.stop().await;
}

#[tokio::test]
async fn a_fifo_group_is_not_blocked_by_a_call_that_was_dropped() {
    let world = World::empty().await;
    world.stub.create_topic("orders.fifo");
    world.stub.create_queue("billing.fifo");
    world.stub.subscribe("orders.fifo", "billing.fifo", true);
    let queue = world.aws.queue("billing.fifo").provision(Provision::Assume);
    let consumer = MessageConsumer::builder().transport(queue).subscribe(|_: &OrderShipped| Outcome::Done);
    let consumer = consumer.wait(Duration::from_secs(1)).build().unwrap();
    world.publisher().publish(OrderShipped { order_id: "o-1".to_owned() }).await.unwrap();
    // SQS has handed it out, and nobody was there any more to take it.
    world.stub.inject(Fault::stall().on("ReceiveMessage").times(1));
    {
        let dropped = consumer.consume_event();
        tokio::select! {
            _ = dropped => panic!("nothing can have come"),
            handed_out = world.stub.until(PATIENCE, |stub| stub.messages().received == 1) => assert!(handed_out),
        }
    }
    let consumed = consumer.consume_event().await.unwrap();
    assert!(consumed.message().is_some(), "it is not kept back until its visibility ends");
    assert_eq!(world.stub.messages().received, 1);
}

#[tokio::test]
async fn expired_credentials_are_waited_out_and_polling_goes_on_without_a_restart() {
    let world = World::new().await;
    let expired = world.stub.inject(Fault::expired_token());
    let running = started(&world).await;
    assert!(world.stub.until(PATIENCE, |stub| receives_or_asks(stub) >= 4).await);
    let calls = world.stub.calls();
    let over = calls[3].at - calls[0].at;
    // By the fourth, three waits of at least half of 250, 500 and 1,000 ms.
    assert!(over >= Duration::from_millis(500), "{over:?}: it does not spin");
    assert!(running.bus.metrics().failed_polls >= 3);
    expired.remove();
    world.publish("o-1").await;
    running.handles(&["o-1"]).await;
    running.stop().await;
}

/// A queue whose address is not known is asked for first.
fn receives_or_asks(stub: &Stub) -> u64 {
    stub.requests().of("ReceiveMessage") + stub.requests().of("GetQueueUrl")
}

#[tokio::test]
async fn no_answer_makes_it_spin() {
    let faults = [
        Fault::error("RequestThrottled"),
        Fault::error("ThrottlingException"),
        Fault::error("OverLimit"),
        Fault::error("AccessDenied"),
        Fault::error("KMS.DisabledException"),
        Fault::error("InternalError"),
        Fault::http(503),
        Fault::html(),
        Fault::garbage(),
        Fault::close_before(),
        // Nothing, at once, again and again: from some proxy, or an emulator that knows no long poll.
        Fault::empty(),
    ];
    let runs = faults.map(async |fault| {
        let world = World::new().await;
        let outage = world.stub.inject(fault.clone().on("ReceiveMessage"));
        let running = started(&world).await;
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (asked, over) = (world.stub.requests().of("ReceiveMessage"), begun.elapsed());
        let most = over.as_secs_f64() * 10.0;
        assert!((1.0..=most).contains(&(asked as f64)), "{fault:?}: {asked} receives in {over:?}");
        outage.remove();
        world.publish("o-1").await;
        running.handles(&["o-1"]).await;
        running.stop().await;
    });
    // All at once: each of them mostly waits.
    join_all(runs).await;
}

#[tokio::test]
async fn a_burst_of_throttling_loses_nothing() {
    let world = World::new().await;
    let running = started(&world).await;
    world.stub.inject(Fault::error("RequestThrottled").chance(0.3, 11));
    world.stub.inject(Fault::error("Throttling").on("Publish").chance(0.3, 12));
    let ids: Vec<String> = (10..40).map(|n| format!("o-{n}")).collect();
    for id in &ids {
        // As a caller does who was told that it may be tried again.
        while let Err(error) = world.publisher().publish(crate::world::order(id)).await {
            assert!(error.is_retryable(), "{error:?}");
        }
    }
    eventually(
        || ids.iter().all(|id| running.handled.all().contains(id)),
        || format!("{} of 30 were handled", running.handled.all().len()),
    )
    .await;
    world.stub.clear_faults();
    running.stop().await;
    assert_eq!(world.stub.standings("billing").unwrap().visible, 0);
}

#[tokio::test]
async fn a_deleted_queue_is_an_error_that_is_waited_out_until_it_is_there_again() {
    let world = World::new().await;
    let running = started(&world).await;
    assert!(world.stub.until(PATIENCE, |stub| !receives(stub).is_empty()).await);
    world.stub.remove_queue("billing");
    eventually(|| running.bus.metrics().failed_polls >= 2, || "no poll has failed".to_owned()).await;
    world.stub.create_queue("billing");
    world.publish("o-1").await;
    running.handles(&["o-1"]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_black_hole_and_a_closed_port_are_outlived() {
    let world = World::new().await;
    let proxy = Proxy::start(world.stub.port()).await;
    let through =
        World { aws: Aws::from_config(&world.stub.hurried_config_at(&proxy.endpoint())), stub: world.stub.clone() };
    let running = started(&through).await;
    world.publish("o-1").await;
    running.handles(&["o-1"]).await;

    proxy.black_hole();
    let failed = running.bus.metrics().failed_polls;
    eventually(|| running.bus.metrics().failed_polls > failed, || "the poll hangs".to_owned()).await;
    proxy.heal().await;
    world.publish("o-2").await;
    running.handles(&["o-1", "o-2"]).await;

    proxy.refuse().await;
    proxy.reset_all();
    let failed = running.bus.metrics().failed_polls;
    eventually(|| running.bus.metrics().failed_polls > failed, || "the poll hangs".to_owned()).await;
    proxy.heal().await;
    world.publish("o-3").await;
    running.handles(&["o-1", "o-2", "o-3"]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_cut_at_any_byte_of_an_answer_loses_nothing_and_acts_on_no_part() {
    use melange_aws_stub::{Cut, Direction};
    let world = World::new().await;
    let proxy = Proxy::start(world.stub.port()).await;
    let through =
        World { aws: Aws::from_config(&world.stub.hurried_config_at(&proxy.endpoint())), stub: world.stub.clone() };
    let running = started(&through).await;
    for (n, bytes) in [0, 1, 9, 40, 120, 250, 400, 900].into_iter().enumerate() {
        let id = format!("o-{n}");
        let done = |stub: &Stub| stub.messages_in("billing").is_empty();
        proxy.cut(Cut::after(bytes, Direction::ToClient).times(1));
        world.publish(&id).await;
        // Where it was in the answer that nobody heard, it comes again when its time is over. On a slow machine the cut may
        // come only then.
        let mut is_done = false;
        for _ in 0..15 {
            is_done = world.stub.until(Duration::from_secs(2), done).await;
            if is_done {
                break;
            }
            world.stub.advance(Duration::from_secs(30));
        }
        assert!(is_done, "{id} was not handled after a cut at byte {bytes}");
        assert!(running.handled.all().contains(&id));
    }
    assert!(proxy.connections().cut >= 5, "{:?}", proxy.connections());
    running.stop().await;
}
