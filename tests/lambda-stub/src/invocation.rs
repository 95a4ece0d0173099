//! Invocations on their way to the function, and its answers on their way back.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

/// What the function answered to an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It succeeded, and this is its response.
    Response(String),
    /// It failed, and this is what it said: `{"errorType": .., "errorMessage": ..}`.
    Error(String),
    /// It could not start.
    InitError(String),
    /// It did not answer in time: Lambda would have killed it.
    TimedOut,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(body) => write!(f, "response {body}"),
            Self::Error(body) => write!(f, "error {body}"),
            Self::InitError(body) => write!(f, "could not start {body}"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

/// An invocation, as the function gets it.
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) payload: String,
    pub(crate) deadline_ms: u128,
}

/// Where invocations are handed out and answers taken.
#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Notify,
    last: AtomicU64,
    /// One at a time.
    turn: tokio::sync::Mutex<()>,
    /// The function has asked for an invocation.
    asked: CancellationToken,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Invocation>,
    /// By request id, the one that is under way.
    answer: Option<(String, oneshot::Sender<Answer>)>,
    /// Said before anything was asked for.
    init_error: Option<String>,
}

impl Desk {
    pub(crate) async fn invoke(&self, payload: String, time: Duration) -> Answer {
        let _turn = self.turn.lock().await;
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("00000000-0000-4000-8000-{number:012}");
        let deadline = SystemTime::now() + time;
        let deadline_ms = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(error) = &state.init_error {
                return Answer::InitError(error.clone());
            }
            state.waiting.push_back(Invocation { request_id: request_id.clone(), payload, deadline_ms });
            state.answer = Some((request_id, answer));
        }
        self.changed.notify_one();
        let answer = tokio::time::timeout(time, answered).await;
        let mut state = self.state();
        state.waiting.clear();
        state.answer = None;
        match answer {
            Ok(Ok(answer)) => answer,
            _ => Answer::TimedOut,
        }
    }

    /// The next invocation, as soon as there is one.
    pub(crate) async fn next(&self) -> Invocation {
        self.asked.cancel();
        loop {
            let changed = self.changed.notified();
            if let Some(next) = self.state().waiting.pop_front() {
                return next;
            }
            changed.await;
        }
    }

    /// Waits until the function has asked for an invocation.
    pub(crate) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    /// Whether the answer was waited for.
    pub(crate) fn answer(&self, request_id: &str, answer: Answer) -> bool {
        let mut state = self.state();
        match state.answer.take() {
            Some((waiting, to)) if waiting == request_id => to.send(answer).is_ok(),
            other => {
                state.answer = other;
                false
            }
        }
    }

    pub(crate) fn could_not_start(&self, error: String) {
        let mut state = self.state();
        if let Some((_, to)) = state.answer.take() {
            // Whoever has gone away needs none.
            let _ = to.send(Answer::InitError(error.clone()));
        }
        state.init_error = Some(error);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
