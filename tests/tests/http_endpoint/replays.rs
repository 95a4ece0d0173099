//! Letters that come again.

use std::time::Duration;

use melange_tests::letters::{Shelf, now, stamp};

use super::*;

#[tokio::test]
async fn a_letter_that_was_handled_is_not_handled_again() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let body = letter("m-1", 1).signed();
    assert_eq!(call(&endpoint, request(body.clone())).await, (200, "taken\n".to_owned()));
    for _ in 0..3 {
        assert_eq!(call(&endpoint, request(body.clone())).await, (200, "taken before\n".to_owned()));
    }
    // Neither with what is not signed changed, nor as another copy of the same message.
    let other = letter("m-1", 1).with("UnsubscribeURL", "x").with("X", "y").signed();
    assert_eq!(post(&endpoint, other).await, 200);
    assert_eq!(world.ran(), [1]);
    assert_eq!(post(&endpoint, letter("m-2", 1).signed()).await, 200);
    assert_eq!(world.ran(), [1, 1], "another message");
}

#[tokio::test]
async fn a_letter_is_taken_within_its_time() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for (id, time, status) in [
        ("replay inside the window: 60 min", now() - minutes(60), 200),
        ("65 min", now() - minutes(65), 200),
        ("replay outside the window: 66 min", now() - minutes(66), 403),
        ("a day", now() - minutes(24 * 60), 403),
        ("5 min ahead", now() + minutes(5), 200),
        ("6 min ahead", now() + minutes(6), 403),
    ] {
        let got = post(&endpoint, letter(id, 1).with("Timestamp", stamp(time)).signed()).await;
        println!("{id:<50} {got}");
        assert_eq!(got, status, "{id}");
    }
    for odd in ["", "yesterday", "2026-06-01T12:00:00+02:00", "1780315200"] {
        assert_eq!(post(&endpoint, letter("odd", 1).with("Timestamp", odd).signed()).await, 403, "{odd}");
    }
    assert_eq!(world.ran().len(), 3);
}

#[tokio::test]
async fn a_letter_that_failed_is_handled_again() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let body = letter("m-1", 1).signed();
    world.next(Next::Says(Outcome::retry("not yet")));
    world.next(Next::Panics);
    for (status, attempt) in [(503, 1), (503, 2), (200, 3), (200, 3)] {
        assert_eq!(post(&endpoint, body.clone()).await, status);
        assert_eq!(world.last().attempt, attempt);
    }
    assert_eq!(world.ran().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_handled_by_one_at_a_time() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let body = letter("m-1", 1).signed();
    world.next(Next::Takes(Duration::from_secs(3)));
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        post(&endpoint, body.clone()).await
    };
    let (first, second) = tokio::join!(post(&endpoint, body.clone()), second);
    assert_eq!((first, second), (200, 503));
    assert_eq!(post(&endpoint, body.clone()).await, 200);
    assert_eq!(world.ran(), [1]);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_leaves_nothing_behind() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let body = letter("m-1", 1).signed();
    world.next(Next::Takes(Duration::from_secs(3)));
    let gone = tokio::time::timeout(Duration::from_secs(1), post(&endpoint, body.clone())).await;
    assert!(gone.is_err());
    assert_eq!(post(&endpoint, body).await, 200);
    assert_eq!(world.ran(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn clones_remember_together() {
    let world = World::default();
    let (one, body) = (endpoint(&world, &Shelf::usual()), letter("m-1", 1).signed());
    let other = one.clone();
    assert_eq!((post(&one, body.clone()).await, post(&other, body).await), (200, 200));
    assert_eq!(world.ran(), [1]);
}
