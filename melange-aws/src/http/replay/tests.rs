use super::*;

fn at(text: &str) -> SystemTime {
    sent_at(text).unwrap()
}

#[test]
fn a_letter_is_of_the_last_hour() {
    let is = |now: &str| is_timely("2026-03-06T20:00:00.000Z", at(now)).is_ok();
    assert!(is("2026-03-06T20:00:00.000Z") && is("2026-03-06T21:05:00.000Z") && is("2026-03-06T19:55:00.000Z"));
    assert!(!is("2026-03-06T21:05:00.001Z") && !is("2026-03-06T19:54:59.999Z") && !is("2027-03-06T20:00:00.000Z"));
}

#[test]
fn a_time_is_as_sns_writes_it() {
    assert_eq!(sent_at("1970-01-01T00:00:01.500Z"), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
    let long = format!("2026-03-06T20:00:00.{}Z", "0".repeat(100));
    for none in ["", "Z", "now", "2026-03-06", "2026-03-06T20:00:00.000", "2026-03-06T20:00:00+01:00", &long, "1e99Z"] {
        assert!(is_timely(none, at("2026-03-06T20:00:00.000Z")).is_err(), "{none}");
    }
}

fn attempt(seat: &Seat<'_>) -> Option<u32> {
    match seat {
        Seat::Free(turn) => Some(turn.attempt),
        _ => None,
    }
}

fn end(replay: &Replay, id: &str, end: End) {
    match replay.begin("t", id) {
        Seat::Free(turn) => turn.end(end),
        _ => panic!("{id} is not free"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_handled_once_and_by_one() {
    let replay = Replay::new(100);
    let turn = replay.begin("t", "a");
    assert_eq!(attempt(&turn), Some(1));
    assert!(matches!(replay.begin("t", "a"), Seat::Taken));
    assert_eq!(attempt(&replay.begin("other", "a")), Some(1), "ids are of their topic");
    assert_eq!(attempt(&replay.begin("t", "b")), Some(1));
    drop(turn);
    assert_eq!(attempt(&replay.begin("t", "a")), Some(2), "whoever waited for it has gone");
    end(&replay, "a", End::Failed);
    end(&replay, "a", End::Done);
    assert!(matches!(replay.begin("t", "a"), Seat::Done));
    end(&replay, "c", End::Rejected);
    assert!(matches!(replay.begin("t", "c"), Seat::Rejected));
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_remembered_for_as_long_as_it_may_come() {
    let replay = Replay::new(100);
    end(&replay, "a", End::Done);
    end(&replay, "b", End::Failed);
    tokio::time::advance(MEMORY).await;
    assert!(matches!(replay.begin("t", "a"), Seat::Done));
    end(&replay, "b", End::Done);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(attempt(&replay.begin("t", "a")), Some(1), "by now it is too old anyhow");
    assert!(matches!(replay.begin("t", "b"), Seat::Done), "its last end counts");
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded() {
    let replay = Replay::new(10);
    let held = replay.begin("t", "held");
    for id in 0..1_000 {
        end(&replay, &id.to_string(), if id % 2 == 0 { End::Done } else { End::Failed });
    }
    for _ in 0..1_000 {
        end(&replay, "again", End::Failed);
    }
    {
        let seen = replay.seen.lock().unwrap();
        assert!(seen.states.len() <= 12 && seen.ends.len() <= 12, "{} {}", seen.states.len(), seen.ends.len());
    }
    assert!(matches!(replay.begin("t", "held"), Seat::Taken), "what is being handled is never forgotten");
    drop(held);
    // None at all: then nothing is ever known to have come before.
    let none = Replay::new(0);
    end(&none, "a", End::Done);
    assert_eq!(attempt(&none.begin("t", "a")), Some(1));
}
