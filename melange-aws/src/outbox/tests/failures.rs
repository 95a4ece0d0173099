//! What is sent again, what is given up, and what that does to the order of groups.

use std::collections::HashMap;
use std::time::Duration;

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::time::{Instant, timeout};

use super::fake::{Fake, taken};
use super::{MS, grouped, parcel, post, post_all};
use crate::outbox::verdict::Verdict;
use crate::outbox::{Outbox, Parcel};

#[tokio::test(start_paused = true)]
async fn only_what_may_pass_is_sent_again() {
    let fake = Fake::new(|number, bodies| {
        let error = |kind| TransportError::new(kind, "no").certain();
        let verdict = |body: &String| match (number, body.as_str()) {
            (0, "again") => Verdict::Again(error(Kind::Throttled)),
            (_, "never") => Verdict::Failed(error(Kind::InvalidMessage)),
            (_, "missing") => Verdict::Failed(TransportError::new(Kind::Unavailable, "missing")),
            _ => Verdict::Taken,
        };
        (MS, Ok(bodies.iter().map(verdict).collect()))
    });
    let outbox = Outbox::default();
    let bodies = ["good", "again", "never", "missing"];
    let answers = post_all(&outbox, &fake, bodies.map(parcel).into()).await;
    assert_eq!(fake.bodies(), [vec!["good", "again", "never", "missing"], vec!["again"]]);
    let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(TransportError::kind)).collect();
    assert_eq!(kinds, [None, None, Some(Kind::InvalidMessage), Some(Kind::Unavailable)]);
    assert!(answers[3].as_ref().unwrap_err().is_uncertain());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_is_made_again_until_the_patience_ends() {
    let unavailable = || TransportError::new(Kind::Unavailable, "no answer");
    let passing = Fake::new(move |number, bodies| (MS, if number < 4 { Err(unavailable()) } else { taken(bodies) }));
    let outbox = Outbox::default();
    assert!(post_all(&outbox, &passing, (0..3).map(parcel).collect()).await.iter().all(Result::is_ok));
    assert!(passing.bodies().iter().all(|bodies| bodies.len() == 3) && passing.bodies().len() == 5);

    let lasting = Fake::new(move |_, _| (MS, Err(unavailable())));
    let outbox = Outbox::default();
    let begun = Instant::now();
    let error = post(&outbox, &lasting, "x").await.unwrap_err();
    assert!(error.is_uncertain() && error.is_retryable());
    assert!(begun.elapsed() <= Duration::from_secs(31), "{:?}", begun.elapsed());

    let denied = Fake::new(|_, _| (MS, Err(TransportError::new(Kind::Denied, "denied"))));
    let outbox = Outbox::default();
    assert!(!post(&outbox, &denied, "x").await.unwrap_err().is_uncertain());
    assert_eq!(denied.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_given_up() {
    let stuck = Fake::new(|_, bodies| (Duration::from_secs(3_600), taken(bodies)));
    let outbox = Outbox::default();
    let begun = Instant::now();
    assert!(post(&outbox, &stuck, "x").await.unwrap_err().is_uncertain());
    assert!(begun.elapsed() <= Duration::from_secs(32), "{:?}", begun.elapsed());
}

/// Twenty messages of each of twenty groups.
fn twenty_groups() -> Vec<Parcel> {
    (0..400).map(|n| grouped(format!("{}-{:03}", n % 20, n / 20), &(n % 20).to_string())).collect()
}

#[tokio::test(start_paused = true)]
async fn groups_keep_their_order_through_failures() {
    let fake = Fake::new(|number, bodies| {
        // Every third request loses its first entry.
        let verdict = |(at, _): (usize, &String)| match at {
            0 if number % 3 == 1 => Verdict::Again(TransportError::new(Kind::Unavailable, "again").certain()),
            _ => Verdict::Taken,
        };
        (MS * u32::try_from(number % 7).unwrap(), Ok(bodies.iter().enumerate().map(verdict).collect()))
    });
    let outbox = Outbox::default();
    assert!(post_all(&outbox, &fake, twenty_groups()).await.iter().all(Result::is_ok));
    let mut last: HashMap<String, String> = HashMap::new();
    for body in fake.bodies().concat() {
        let (group, number) = body.split_once('-').unwrap();
        let before = last.insert(group.to_owned(), number.to_owned()).unwrap_or_default();
        assert!(before.as_str() <= number, "{group}: {number} after {before}");
    }
}

#[tokio::test(start_paused = true)]
async fn groups_share_requests_however_long_each_takes() {
    let fake = Fake::new(|number, bodies| (MS * u32::try_from(number * 7 % 31).unwrap(), taken(bodies)));
    let outbox = Outbox::default();
    assert!(post_all(&outbox, &fake, twenty_groups()).await.iter().all(Result::is_ok));
    assert!(fake.requests().len() <= 44, "{} requests for what fits in 40", fake.requests().len());
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_takes_only_his_own_message_with_him() {
    let (outbox, fake) = (Outbox::default(), Fake::content(20));
    // Before it was sent.
    let (stay, leave) = (post(&outbox, &fake, "stay"), post(&outbox, &fake, "leave"));
    let (answer, left) = tokio::join!(stay, timeout(MS, leave));
    assert!(answer.is_ok() && left.is_err());
    assert_eq!(fake.bodies(), [["stay"]]);
    // While it is under way.
    let (stay, leave) = (post(&outbox, &fake, "stay"), post(&outbox, &fake, "leave"));
    let (answer, left) = tokio::join!(stay, timeout(MS * 15, leave));
    assert!(answer.is_ok() && left.is_err());
    assert_eq!(fake.bodies()[1], ["stay", "leave"]);
    // In the middle of a slice whose group waits behind it.
    let slice = post_all(&outbox, &fake, (0..5).map(|n| grouped(n, "g")).collect());
    let (left, answer) = tokio::join!(timeout(MS * 30, slice), post_all(&outbox, &fake, vec![grouped("other", "g")]));
    assert!(left.is_err() && answer[0].is_ok());
    assert_eq!(fake.bodies()[2..], [["0"], ["1"], ["other"]]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_request_is_an_answer_that_was_lost() {
    let fake = Fake::new(|number, bodies| {
        assert!(number > 0, "a panic that the test wants");
        (MS, taken(bodies))
    });
    post(&Outbox::default(), &fake, "x").await.unwrap();
    assert_eq!(fake.bodies(), [["x"], ["x"]]);
}
