//! Faults: what the stub does instead of, before or after what it was asked.

mod plan;

use std::borrow::Cow;
use std::time::Duration;

pub use plan::Injected;
pub(crate) use plan::{Faults, Planned};

/// A fault, for [`Stub::inject`](crate::Stub::inject): what happens, to which calls, how often.
///
/// ```
/// use std::time::Duration;
/// use melange_aws_stub::Fault;
///
/// // The next three receives of one queue are throttled.
/// let throttled = Fault::error("RequestThrottled").on("ReceiveMessage").of("billing").times(3);
/// // Every tenth call or so is slow, always the same ones.
/// let slow = Fault::delay(Duration::from_secs(2)).chance(0.1, 42);
/// // The message is published, and the answer is lost.
/// let lost = Fault::close_after().on("Publish").times(1);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    pub(crate) what: What,
    pub(crate) delay: Duration,
    pub(crate) date_skew: Option<i64>,
    action: Option<Cow<'static, str>>,
    target: Option<Cow<'static, str>>,
    skip: u64,
    times: Option<u64>,
    chance: Option<(f64, u64)>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// As if there were no fault, but for its delay and its date.
    Nothing,
    Error {
        code: Cow<'static, str>,
        message: Option<Cow<'static, str>>,
        status: Option<u16>,
        query_error: bool,
    },
    Page {
        status: u16,
        content_type: &'static str,
        body: &'static [u8],
    },
    Hang,
    CloseBefore,
    CloseAfter,
    Truncate,
    Stall,
    FailEntries {
        places: Vec<usize>,
        code: Cow<'static, str>,
        sender_fault: bool,
    },
    OmitEntries {
        places: Vec<usize>,
        processed: bool,
    },
}

const PAGE: &[u8] =
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Accept the terms of use</body></html>";

impl Fault {
    fn new(what: What) -> Self {
        Self {
            what,
            delay: Duration::ZERO,
            date_skew: None,
            action: None,
            target: None,
            skip: 0,
            times: None,
            chance: None,
        }
    }

    /// The service refuses with this code, and does nothing. Any spelling will do: of SQS's codes the stub knows the
    /// shape, the older code for `x-amzn-query-error`, and the status.
    pub fn error(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(What::Error { code: code.into(), message: None, status: None, query_error: true })
    }

    /// `ExpiredToken`, as all services answer to a session that is over.
    pub fn expired_token() -> Self {
        Self::error("ExpiredToken").message("The security token included in the request is expired")
    }

    /// A bare status, as from a load balancer: no code, and a page of HTML.
    pub fn http(status: u16) -> Self {
        Self::new(What::Page { status, content_type: "text/html", body: PAGE })
    }

    /// A page of HTML with status 200, as from a captive portal.
    pub fn html() -> Self {
        Self::http(200)
    }

    /// Status 200 and bytes that are neither JSON nor XML nor text.
    pub fn garbage() -> Self {
        let body = &[0xff, 0xfe, 0x00, 0x7b, 0x22, 0x3c, 0x00, 0xc3];
        Self::new(What::Page { status: 200, content_type: "application/octet-stream", body })
    }

    /// Status 200 and nothing.
    pub fn empty() -> Self {
        Self::new(What::Page { status: 200, content_type: "text/plain", body: b"" })
    }

    /// Never answered, and nothing done; the connection stays open.
    pub fn hang() -> Self {
        Self::new(What::Hang)
    }

    /// Done and answered, after this long.
    pub fn delay(time: Duration) -> Self {
        Self::new(What::Nothing).delayed(time)
    }

    /// The connection is closed, and nothing was done.
    pub fn close_before() -> Self {
        Self::new(What::CloseBefore)
    }

    /// What was asked is done, and the connection is closed instead of an answer.
    pub fn close_after() -> Self {
        Self::new(What::CloseAfter)
    }

    /// What was asked is done, and the connection is closed after half of the answer's body.
    pub fn truncate() -> Self {
        Self::new(What::Truncate)
    }

    /// What was asked is done, and half of the answer's body comes, and then nothing more.
    pub fn stall() -> Self {
        Self::new(What::Stall)
    }

    /// Of a batch, the entries at these places, counted from 0, fail with this code; the others are done.
    pub fn fail_entries(
        places: impl IntoIterator<Item = usize>,
        code: impl Into<Cow<'static, str>>,
        sender_fault: bool,
    ) -> Self {
        Self::new(What::FailEntries { places: places.into_iter().collect(), code: code.into(), sender_fault })
    }

    /// Of a batch, the entries at these places, counted from 0, are done and in neither list of the answer.
    pub fn omit_entries(places: impl IntoIterator<Item = usize>) -> Self {
        Self::new(What::OmitEntries { places: places.into_iter().collect(), processed: true })
    }

    /// Of a batch, the entries at these places, counted from 0, are not done, and in neither list of the answer.
    pub fn lose_entries(places: impl IntoIterator<Item = usize>) -> Self {
        Self::new(What::OmitEntries { places: places.into_iter().collect(), processed: false })
    }

    /// The answer's `Date` is this many seconds ahead of the time, or behind it.
    pub fn date_skew(seconds: i64) -> Self {
        Self::new(What::Nothing).skewed(seconds)
    }

    /// Only calls of this action, as in `PublishBatch`.
    pub fn on(mut self, action: impl Into<Cow<'static, str>>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Only calls about the queue or topic of this name.
    pub fn of(mut self, target: impl Into<Cow<'static, str>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Not the first `calls` that it would be for.
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Only so many times; without it, until it is removed.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Of the calls that it would be for, each with this probability, drawn from `seed`: the same seed, the same draws.
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    /// After this long.
    pub fn delayed(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }

    /// With a `Date` this many seconds ahead of the time, or behind it.
    pub fn skewed(mut self, seconds: i64) -> Self {
        self.date_skew = Some(seconds);
        self
    }

    /// With this status instead of the code's own; for [`error`](Self::error).
    pub fn status(mut self, with: u16) -> Self {
        if let What::Error { status, .. } = &mut self.what {
            *status = Some(with);
        }
        self
    }

    /// With this message; for [`error`](Self::error).
    pub fn message(mut self, with: impl Into<Cow<'static, str>>) -> Self {
        if let What::Error { message, .. } = &mut self.what {
            *message = Some(with.into());
        }
        self
    }

    /// Without `x-amzn-query-error`, as emulators do; for [`error`](Self::error) of SQS.
    pub fn without_query_error(mut self) -> Self {
        if let What::Error { query_error, .. } = &mut self.what {
            *query_error = false;
        }
        self
    }
}
