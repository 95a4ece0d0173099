//! A full bus: who waits, who is refused, and that nobody waits for ever.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use melange::{AsynchronousEventBus, PublishError};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::{LONG, Placed, echoing, gated, noted, settle};

#[tokio::test(start_paused = true)]
async fn capacity_bounds_keyed_and_unkeyed_events_together() {
    let (bus, gate, _) = gated(1, 3);
    bus.publish(Placed("k", 0)).await.unwrap();
    settle().await; // in the worker's hands: not queued any more
    for event in [Placed("k", 1), Placed("", 2), Placed("l", 3)] {
        bus.try_publish(event).unwrap();
    }
    for event in [Placed("k", 4), Placed("", 5)] {
        let error = bus.try_publish(event).unwrap_err();
        assert!(error.is_full() && !error.is_closed());
    }
    let back = bus.try_publish(Placed("m", 6)).unwrap_err();
    assert_eq!(back.event(), &Placed("m", 6));
    assert!(!format!("{back:?} {back}").contains('6'));
    assert_eq!(back.into_event(), Placed("m", 6));
    gate.add_permits(100);
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_is_an_ordinary_error() {
    async fn main(bus: &AsynchronousEventBus) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        bus.publish(Placed("", 1)).await?;
        bus.try_publish(Placed("", 2))?;
        Ok(())
    }
    let (bus, _gate, _) = gated(1, 1);
    let error = main(&bus).await.unwrap_err();
    assert!(error.to_string().contains("the bus is full"), "{error}");
    let error: PublishError = bus.try_publish(Placed("", 3)).unwrap_err().into();
    assert!(error.is_full() && error.event_name() == "Placed");
}

#[tokio::test(start_paused = true)]
async fn publish_waits_in_turn_while_full() {
    let (bus, gate, log) = gated(1, 1);
    bus.publish(Placed("", 0)).await.unwrap();
    settle().await;
    bus.publish(Placed("", 1)).await.unwrap();
    let mut waiting = Vec::new();
    for n in 2..6 {
        let bus = bus.clone();
        waiting.push(tokio::spawn(async move { bus.publish(Placed("", n)).await }));
        settle().await;
    }
    // One that gives up leaves no trace.
    assert!(timeout(Duration::from_secs(1), bus.publish(Placed("", 99))).await.is_err());
    assert_eq!(bus.metrics().waiting, 4);
    for done in 1..=6_usize {
        gate.add_permits(1);
        settle().await;
        assert_eq!(noted(&log).len(), done);
        assert_eq!(waiting.iter().filter(|task| task.is_finished()).count(), done.min(4));
    }
    assert!(noted(&log).iter().map(|(_, n)| *n).eq(0..6));
    let metrics = bus.metrics();
    assert_eq!((metrics.published, metrics.delivered, metrics.waiting, metrics.queued), (6, 6, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_publishes_into_a_full_bus_is_told_so_where_waiting_would_never_end() {
    let (bus, results) = echoing(1, 2, |placed| match placed.1 {
        0 => (1..=4).map(|n| Placed("", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("", 0)).await.unwrap();
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let results = results.lock().unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false]);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(PublishError::is_full));
    assert_eq!((drained.delivered, drained.dropped), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_waits_for_room_while_another_worker_can_make_it() {
    let (bus, results) = echoing(2, 1, |placed| match placed.1 {
        0 => (1..=20).map(|n| Placed("", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("", 0)).await.unwrap();
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    assert!(results.lock().unwrap().iter().all(Result::is_ok));
    assert_eq!((drained.delivered, drained.dropped), (21, 0));
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_is_no_help_when_all_that_is_queued_waits_for_the_publisher_itself() {
    // The queue fills with events of the key that is running: nobody else may run them.
    let (bus, results) = echoing(8, 2, |placed| match placed.1 {
        0 => (1..=3).map(|n| Placed("k", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("k", 0)).await.unwrap();
    timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let results = results.lock().unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_is_told_when_the_last_that_could_make_room_is_gone() {
    let (cell, gate) = (Arc::new(OnceLock::<AsynchronousEventBus>::new()), Arc::new(Semaphore::new(0)));
    let answer = Arc::new(Mutex::new(None));
    let (inner, opened, answers) = (Arc::clone(&cell), Arc::clone(&gate), Arc::clone(&answer));
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .capacity(1)
        .subscribe(move |placed: Arc<Placed>| {
            let (inner, gate, answers) = (Arc::clone(&inner), Arc::clone(&opened), Arc::clone(&answers));
            async move {
                match placed.1 {
                    0 => {
                        let bus = inner.get().unwrap();
                        bus.publish(Placed("k", 1)).await.unwrap();
                        let second = bus.publish(Placed("k", 2)).await;
                        *answers.lock().unwrap() = Some(second);
                    }
                    9 => gate.acquire().await.unwrap().forget(),
                    _ => {}
                }
            }
        })
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    bus.publish(Placed("", 9)).await.unwrap();
    settle().await;
    bus.publish(Placed("k", 0)).await.unwrap();
    settle().await;
    // The other worker might still make room, as far as anyone can tell.
    assert!(answer.lock().unwrap().is_none());
    assert_eq!(bus.metrics().waiting, 1);
    gate.add_permits(1);
    settle().await;
    assert!(matches!(&*answer.lock().unwrap(), Some(Err(error)) if error.is_full()));
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(bus.metrics().delivered, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_that_flood_a_tiny_bus_never_wedge_it() {
    let (bus, results) = echoing(3, 2, |placed| match placed.1 {
        0 => vec![],
        n => vec![Placed(["", "a", "b"][(n % 3) as usize], n - 1), Placed("c", n - 1)],
    });
    for key in ["", "a", "b", "c"] {
        bus.publish(Placed(key, 7)).await.unwrap();
    }
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let (metrics, results) = (bus.metrics(), results.lock().unwrap());
    assert_eq!(drained.dropped, 0);
    assert_eq!(metrics.published, 4 + results.iter().filter(|result| result.is_ok()).count() as u64);
    assert_eq!(metrics.delivered, metrics.published);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(PublishError::is_full));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_publish_at_once_and_the_counts_agree() {
    let handled = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&handled);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .capacity(16)
        .subscribe(move |_: &Placed| {
            counts.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let publishers: Vec<_> = (0..8)
        .map(|task| {
            let bus = bus.clone();
            tokio::spawn(async move {
                for n in 0..500 {
                    bus.publish(Placed(["", "a", "b", "c"][task % 4], n)).await.unwrap();
                }
            })
        })
        .collect();
    while !publishers.iter().all(tokio::task::JoinHandle::is_finished) {
        let now = bus.metrics();
        assert_eq!(now.published, now.delivered + now.dropped + now.queued as u64 + now.running as u64);
        assert!(now.queued <= 16 && now.running <= 4);
        yield_now().await;
    }
    bus.shutdown(LONG).await;
    assert_eq!((handled.load(Ordering::Relaxed), bus.metrics().delivered), (4000, 4000));
}

/// Of a runtime that fails when one of its tasks is to be woken.
struct Fails;

impl Wake for Fails {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_woken_is_nobody_elses_trouble() {
    let (bus, gate, log) = gated(1, 1);
    bus.publish(Placed("", 0)).await.unwrap();
    settle().await;
    bus.publish(Placed("", 1)).await.unwrap();
    let waker = Waker::from(Arc::new(Fails));
    let mut fails = Box::pin(bus.publish(Placed("", 2)));
    assert!(fails.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let waits = tokio::spawn({
        let bus = bus.clone();
        async move { bus.publish(Placed("", 3)).await }
    });
    settle().await;
    assert_eq!(bus.metrics().waiting, 2);
    // Each time one ends, the next one begins and waits, which lets in another.
    for _ in 0..4 {
        gate.add_permits(1);
        settle().await;
    }
    assert!(waits.await.unwrap().is_ok());
    assert!(matches!(fails.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.dropped, bus.metrics().delivered), (0, 4));
    assert_eq!(noted(&log), [("", 0), ("", 1), ("", 2), ("", 3)]);
}
