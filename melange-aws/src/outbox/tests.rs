use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::FutureExt;
use futures_util::future::join_all;
use melange::Attributes;
use tokio::runtime::Builder;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::verdict::Verdict;
use super::*;

const MS: Duration = Duration::from_millis(1);

/// A topic that notes what it is sent, and answers as told.
#[derive(Clone)]
struct Fake(Arc<State>);

struct State {
    begun: Instant,
    requests: Mutex<Vec<(Duration, Vec<String>)>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    answer: Box<Answering>,
}

/// How long the answer to a request takes, and what it is, by the request's number and bodies.
type Answering = dyn Fn(usize, &[String]) -> (Duration, Outcome) + Send + Sync;

impl Fake {
    fn new(answer: impl Fn(usize, &[String]) -> (Duration, Outcome) + Send + Sync + 'static) -> Self {
        Self(Arc::new(State {
            begun: Instant::now(),
            requests: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            answer: Box::new(answer),
        }))
    }

    /// One that takes everything, after `millis`.
    fn content(millis: u64) -> Self {
        Self::new(move |_, bodies| (MS * u32::try_from(millis).unwrap(), taken(bodies)))
    }

    /// When each request was made, in milliseconds, and how many messages it had.
    fn requests(&self) -> Vec<(u128, usize)> {
        self.0.requests.lock().unwrap().iter().map(|(at, bodies)| (at.as_millis(), bodies.len())).collect()
    }

    fn bodies(&self) -> Vec<Vec<String>> {
        self.0.requests.lock().unwrap().iter().map(|(_, bodies)| bodies.clone()).collect()
    }
}

impl Target for Fake {
    async fn send(&self, parcels: Vec<Arc<Parcel>>) -> Outcome {
        let state = &self.0;
        let bodies: Vec<String> = parcels.iter().map(|parcel| parcel.body.to_string()).collect();
        let number = {
            let mut requests = state.requests.lock().unwrap();
            requests.push((state.begun.elapsed(), bodies.clone()));
            requests.len() - 1
        };
        let now = state.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_under_way.fetch_max(now, Ordering::SeqCst);
        let (time, outcome) = (state.answer)(number, &bodies);
        sleep(time).await;
        state.under_way.fetch_sub(1, Ordering::SeqCst);
        outcome
    }
}

fn taken(bodies: &[String]) -> Outcome {
    Ok(bodies.iter().map(|_| Verdict::Taken).collect())
}

fn parcel(body: impl ToString) -> Parcel {
    Parcel::new(body.to_string().into(), Attributes::new())
}

fn grouped(body: impl ToString, group: &str) -> Parcel {
    let mut parcel = parcel(body.to_string());
    parcel.group = Some(group.to_owned());
    parcel.dedup_id = Some(body.to_string());
    parcel
}

fn rules(outbox: &Outbox) -> Rules {
    Rules { linger: outbox.pace.linger, bytes: 1_000, patience: Duration::from_secs(30) }
}

async fn post_all(outbox: &Outbox, fake: &Fake, parcels: Vec<Parcel>) -> Vec<Answer> {
    let address = Address::Topic("arn".into());
    outbox.post(&address, &rules(outbox), || fake.clone(), parcels).await
}

async fn post(outbox: &Outbox, fake: &Fake, body: impl ToString) -> Answer {
    post_all(outbox, fake, vec![parcel(body)]).await.remove(0)
}

/// Posts that many at the same time, each in a call of its own.
async fn crowd(outbox: &Outbox, fake: &Fake, count: usize) {
    let answers = join_all((0..count).map(|n| post(outbox, fake, n))).await;
    assert!(answers.len() == count && answers.iter().all(Result::is_ok));
}

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

#[test]
fn options_are_kept_within_what_makes_sense() {
    let pace =
        Pace::default().linger(Duration::MAX).in_flight(0).limit("orders".to_owned(), 1).limit("x".into(), 1 << 30);
    assert_eq!((pace.linger, pace.in_flight), (Duration::from_secs(60), 1));
    assert_eq!((pace.limits["orders"], pace.limits["x"]), (1_024, 1_048_576));
}
