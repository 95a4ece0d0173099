//! Batchers and the runtimes they live on.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use melange::transport::TransportErrorKind as Kind;
use tokio::runtime::Builder;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::fake::Fake;
use super::{MS, post};
use crate::outbox::Outbox;

#[tokio::test(start_paused = true)]
async fn a_batcher_without_work_ends_and_another_is_started() {
    let (outbox, fake) = (Outbox::default(), Fake::content(1));
    let alive = || outbox.batchers.write().unwrap().values().filter(|batcher| batcher.is_alive()).count();
    post(&outbox, &fake, "x").await.unwrap();
    sleep(Duration::from_secs(59)).await;
    assert_eq!(alive(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(alive(), 0);
    post(&outbox, &fake, "y").await.unwrap();
    assert_eq!((alive(), outbox.batchers.write().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_batchers_end_with_the_outbox() {
    let (outbox, fake) = (Outbox::default(), Fake::content(1));
    post(&outbox, &fake, "x").await.unwrap();
    let task = outbox.batchers.write().unwrap().drain().next().unwrap().1.task;
    drop(outbox);
    timeout(MS, task).await.unwrap().unwrap();
}

#[test]
fn a_runtime_that_ended_or_rests_holds_up_no_other() {
    let outbox = Arc::new(Outbox::default());
    let (stuck, fake) = (Fake::content(3_600_000), Fake::content(1));
    let runtime = || Builder::new_current_thread().enable_time().build().unwrap();
    let resting = runtime();
    for fake in [&stuck, &fake] {
        // Polled once, so that a batcher is there, and has a request or not; nobody drives this runtime any more.
        resting.block_on(async {
            assert!(post(&outbox, fake, "x").now_or_never().is_none());
            yield_now().await;
        });
    }
    let ended = runtime();
    ended.block_on(async { assert!(timeout(MS * 20, post(&outbox, &stuck, "x")).await.is_err()) });
    drop(ended);
    for _ in 0..3 {
        let (outbox, fake) = (Arc::clone(&outbox), fake.clone());
        let other = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async { timeout(Duration::from_secs(20), post(&outbox, &fake, "y")).await })
        });
        other.join().unwrap().expect("it hangs").unwrap();
    }
    drop(resting);
}

#[test]
fn whoever_waits_when_the_batchers_runtime_ends_is_served_by_another() {
    // Only here: a batcher that is moved to where another runtime looks for it.
    let outbox = Arc::new(Outbox::default());
    let (stuck, fake) = (Fake::content(3_600_000), Fake::content(1));
    let dying = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    dying.block_on(async { assert!(timeout(MS * 20, post(&outbox, &stuck, "x")).await.is_err()) });
    let living = Builder::new_current_thread().enable_time().build().unwrap();
    {
        let mut batchers = outbox.batchers.write().unwrap();
        let ((address, _), batcher) = batchers.drain().next().unwrap();
        batchers.insert((address, living.handle().id()), batcher);
    }
    let end = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        dying.shutdown_timeout(Duration::from_secs(5));
    });
    living.block_on(async { timeout(Duration::from_secs(20), post(&outbox, &fake, "y")).await }).unwrap().unwrap();
    assert_eq!(fake.bodies(), [["y"]]);
    end.join().unwrap();
}

#[test]
fn outside_of_a_runtime_the_error_says_so() {
    let (outbox, fake) = (Outbox::default(), Fake::content(1));
    let error = post(&outbox, &fake, "x").now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("tokio runtime"));
}
