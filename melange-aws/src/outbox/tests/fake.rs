//! A topic that notes what it is sent, and answers as told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::MS;
use crate::outbox::verdict::Verdict;
use crate::outbox::{Outcome, Parcel, Target};

/// A topic that notes what it is sent, and answers as told.
#[derive(Clone)]
pub(super) struct Fake(pub(super) Arc<State>);

pub(super) struct State {
    begun: Instant,
    requests: Mutex<Vec<(Duration, Vec<String>)>>,
    under_way: AtomicUsize,
    pub(super) most_under_way: AtomicUsize,
    answer: Box<Answering>,
}

/// How long the answer to a request takes, and what it is, by the request's number and bodies.
type Answering = dyn Fn(usize, &[String]) -> (Duration, Outcome) + Send + Sync;

impl Fake {
    pub(super) fn new(answer: impl Fn(usize, &[String]) -> (Duration, Outcome) + Send + Sync + 'static) -> Self {
        Self(Arc::new(State {
            begun: Instant::now(),
            requests: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            answer: Box::new(answer),
        }))
    }

    /// One that takes everything, after `millis`.
    pub(super) fn content(millis: u64) -> Self {
        Self::new(move |_, bodies| (MS * u32::try_from(millis).unwrap(), taken(bodies)))
    }

    /// When each request was made, in milliseconds, and how many messages it had.
    pub(super) fn requests(&self) -> Vec<(u128, usize)> {
        self.0.requests.lock().unwrap().iter().map(|(at, bodies)| (at.as_millis(), bodies.len())).collect()
    }

    pub(super) fn bodies(&self) -> Vec<Vec<String>> {
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

pub(super) fn taken(bodies: &[String]) -> Outcome {
    Ok(bodies.iter().map(|_| Verdict::Taken).collect())
}
