//! Starting and stopping lose nothing.

use std::time::{Duration, Instant};

use super::Harness;
use super::events::{Placed, placed};
use super::probe::{Answer, Probe, is_empty, running, stop};

/// A handler that is at work when the stop comes is let finish, and its message is deleted.
pub async fn what_is_in_hand_is_finished<H: Harness>(harness: H) {
    let slow = Probe::new(|_: &Placed, _| Answer::After(Duration::from_secs(2)));
    let bus = running(harness.queue("billing"), [slow.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    slow.has_seen(1).await;
    let report = bus.shutdown(Duration::from_secs(20)).await.unwrap();
    assert_eq!((report.finished, report.released, report.lost), (1, 0, 0));
    assert_eq!(slow.done(), 1);
    is_empty(&harness.queue("billing"), "billing").await;
}

/// At the deadline the handler is cancelled, and another process has the message at once, not after its visibility.
pub async fn what_is_not_finished_goes_back_at_once<H: Harness>(harness: H) {
    let stuck = Probe::new(|_: &Placed, _| Answer::After(Duration::from_secs(600)));
    let bus = running(harness.queue("billing"), [stuck.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    stuck.has_seen(1).await;
    let stopped = Instant::now();
    let report = bus.shutdown(Duration::from_millis(300)).await.unwrap();
    // A poll that is still open may get it again, and hands it back again.
    assert!(report.finished == 0 && report.released >= 1 && report.lost == 0, "{report:?}");

    let other = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [other.handle()]).await;
    other.has_done(1).await;
    assert!(stopped.elapsed() < Duration::from_secs(15), "it came after {:?}", stopped.elapsed());
    assert!(other.seen()[0].1.attempt >= 2);
    stop(&bus).await;
}

/// A typed error, and a second shutdown is harmless.
pub async fn nothing_is_published_after_the_shutdown<H: Harness>(harness: H) {
    let bus = running(harness.queue("billing"), [Probe::<Placed>::content()]).await;
    stop(&bus).await;
    let error = bus.publish(placed("o-1", 1)).await.unwrap_err();
    assert!(error.is_closed(), "{error}");
    let answers = bus.publish_all([placed("o-1", 1), placed("o-1", 2)]).await;
    assert!(
        answers.len() == 2 && answers.iter().all(|answer| answer.as_ref().is_err_and(crate::PublishError::is_closed))
    );
    stop(&bus).await;
}

/// The same topology made twice, and by three processes at once; each message is handled by one of them.
pub async fn starting_twice_and_side_by_side_is_harmless<H: Harness>(harness: H) {
    let probe = Probe::<Placed>::content();
    let build = || {
        let builder = crate::EventBus::builder().transport(harness.queue("billing")).subscriber(probe.handle());
        builder.wait(Duration::from_secs(2)).build().unwrap()
    };
    let buses = [build(), build(), build()];
    let (first, second, third) = tokio::join!(buses[0].start(), buses[1].start(), buses[2].start());
    [first, second, third].into_iter().for_each(Result::unwrap);
    buses[0].start().await.unwrap();
    for number in 0..10 {
        buses[0].publish(placed("o-1", number)).await.unwrap();
    }
    probe.has_done(10).await;
    for bus in &buses {
        stop(bus).await;
    }
    assert_eq!(probe.events().len(), 10);
}
