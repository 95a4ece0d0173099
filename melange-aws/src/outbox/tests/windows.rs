//! What goes in one request, and when.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::fake::Fake;
use super::{MS, crowd, parcel, post, post_all, rules};
use crate::outbox::line::{Call, Held};
use crate::outbox::verdict::Verdict;
use crate::outbox::{MOST, Outbox, Pace, Parcel, QUEUE, batcher};

#[tokio::test(start_paused = true)]
async fn the_window_is_the_age_of_the_oldest_and_no_quiet_period() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    let posts = (0..9_u32).map(|n| {
        let (outbox, fake) = (&outbox, &fake);
        async move {
            sleep(MS * n * 2).await;
            post(outbox, fake, n).await.unwrap();
        }
    });
    join_all(posts).await;
    // At 0, 2, 4 ms; at 6, 8, 10 ms; at 12, 14, 16 ms: none of them waits for the next.
    assert_eq!(fake.requests(), [(5, 3), (11, 3), (17, 3)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_full_goes_at_once() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    crowd(&outbox, &fake, 25).await;
    assert_eq!(fake.requests(), [(0, 10), (0, 10), (5, 5)]);
}

#[tokio::test(start_paused = true)]
async fn a_slice_fills_its_requests_and_each_of_it_is_answered_in_its_place() {
    let fake = Fake::new(|_, bodies| {
        let odd = |body: &String| body.parse::<usize>().unwrap() % 2 == 1;
        let refused = || Verdict::Failed(TransportError::new(Kind::Denied, "odd"));
        (MS, Ok(bodies.iter().map(|body| if odd(body) { refused() } else { Verdict::Taken }).collect()))
    });
    let outbox = Outbox::default();
    let answers = post_all(&outbox, &fake, (0..23).map(parcel).collect()).await;
    assert_eq!(fake.requests(), [(0, 10), (0, 10), (5, 3)]);
    let ok: Vec<usize> = (0..23).filter(|n| answers[*n].is_ok()).collect();
    assert_eq!(ok, (0..23).step_by(2).collect::<Vec<_>>());
    assert!(post_all(&outbox, &fake, Vec::new()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn as_many_bytes_as_one_request_takes_are_full_too() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    let large: Vec<Parcel> = (0..5).map(|_| parcel("x".repeat(400))).collect();
    assert!(post_all(&outbox, &fake, large).await.iter().all(Result::is_ok));
    assert_eq!(fake.requests(), [(0, 2), (0, 2), (5, 1)]);
}

#[tokio::test(start_paused = true)]
async fn without_a_window_calls_do_not_wait_for_each_other() {
    let outbox = Outbox::new(Pace::default().linger(Duration::ZERO));
    let fake = Fake::content(20);
    crowd(&outbox, &fake, 3).await;
    assert!(post_all(&outbox, &fake, (0..12).map(parcel).collect()).await.iter().all(Result::is_ok));
    assert_eq!(fake.requests(), [(0, 1), (0, 1), (0, 1), (20, 10), (20, 2)]);
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_soon_waits_for_nobody() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    for n in 0..6 {
        post(&outbox, &fake, n).await.unwrap();
    }
    // Three windows in vain, and then none.
    assert_eq!(fake.requests(), [(5, 1), (30, 1), (55, 1), (75, 1), (95, 1), (115, 1)]);
    assert!(post_all(&outbox, &fake, (0..3).map(parcel).collect()).await.iter().all(Result::is_ok));
    assert_eq!(fake.requests()[6..], [(135, 3)], "nor does a slice");
    // The first of a crowd goes alone, or with those who are there at the same time. After it the windows are back.
    crowd(&outbox, &fake, 2).await;
    crowd(&outbox, &fake, 2).await;
    assert_eq!(fake.requests()[7..], [(160, 2), (185, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_at_the_same_time_are_a_hundred_requests() {
    for alone_before in [0, 5] {
        let (outbox, fake) = (Outbox::default(), Fake::content(20));
        for n in 0..alone_before {
            post(&outbox, &fake, n).await.unwrap();
        }
        crowd(&outbox, &fake, 1_000).await;
        let requests = fake.requests().len() - alone_before;
        assert!(requests <= 101, "{requests} requests");
        assert_eq!(fake.0.most_under_way.load(Ordering::SeqCst), 16);
    }
}

#[tokio::test(start_paused = true)]
async fn concurrent_publishers_in_loops_keep_their_requests_full() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    let publishers = (0..10).map(|_| async {
        for n in 0..100 {
            post(&outbox, &fake, n).await.unwrap();
        }
    });
    join_all(publishers).await;
    assert_eq!(fake.requests().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn while_all_requests_are_under_way_what_comes_waits_with_its_caller() {
    let outbox = Outbox::new(Pace::default().in_flight(2));
    let fake = Fake::content(1_000);
    let (queue, parcels) = mpsc::channel(QUEUE);
    tokio::spawn(batcher::run(Arc::new(fake.clone()), rules(&outbox), 2, parcels));
    let call = Arc::new(Call::default());
    let mut promises = Vec::new();
    let mut accepted = 0;
    loop {
        let (answer, promise) = oneshot::channel();
        promises.push(promise);
        let held = Held::new(Arc::new(parcel("x")), Arc::clone(&call), answer);
        // A millisecond is long enough for whatever can be accepted.
        if timeout(MS, queue.send(vec![held])).await.is_err() {
            break;
        }
        accepted += 1;
    }
    // In the line twice as much as two requests hold, and what lies between.
    assert_eq!(accepted, 2 * 2 * MOST + QUEUE);
    assert_eq!(fake.0.most_under_way.load(Ordering::SeqCst), 2);
    sleep(Duration::from_millis(1_000)).await;
    let (answer, promise) = oneshot::channel();
    let late = Held::new(Arc::new(parcel("late")), call, answer);
    timeout(MS, queue.send(vec![late])).await.unwrap().unwrap();
    promise.await.unwrap().unwrap();
}
