//! What a test wants of the events of one type, and the words in which it fails.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::happened::{Happened, What, happened};
use crate::event::Event;
use crate::testing::account::TestAccount;
use crate::testing::fail::fail;
use crate::testing::idle::last_steps;
use crate::testing::is_called;

/// What is wanted of the events of one type. Made by the assert macros.
#[must_use = "nothing is asserted before `check`"]
pub struct Wanted<'a, E> {
    account: &'a TestAccount,
    what: What,
    happened: fn(&TestAccount, What) -> Vec<Happened<E>>,
    event: &'static str,
    /// The pattern or the closure, as it was written.
    words: &'static str,
    fits: Box<dyn Fn(&E) -> bool + 'a>,
    times: Option<usize>,
    at_least: Option<usize>,
    by: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
}

// Without the bound, so that a type that is no event is one error.
impl<'a, E> Wanted<'a, E> {
    pub(super) fn new(account: &'a TestAccount, what: What, words: &'static str, fits: impl Fn(&E) -> bool + 'a) -> Self
    where
        E: Event,
    {
        let fits = Box::new(fits);
        let (happened, event) = (happened::<E> as fn(&TestAccount, What) -> Vec<Happened<E>>, E::DESCRIPTOR.name());
        Self {
            account,
            what,
            happened,
            event,
            words,
            fits,
            times: None,
            at_least: None,
            by: None,
            queue: None,
            reason: None,
        }
    }

    /// So many times, neither more nor less.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// So many times or more; once unless said otherwise.
    pub fn at_least(mut self, times: usize) -> Self {
        self.at_least = Some(times);
        self
    }

    /// By this subscriber.
    pub fn by(mut self, subscriber: impl Into<String>) -> Self {
        self.by = Some(subscriber.into());
        self
    }

    /// On this queue.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = Some(queue.into());
        self
    }

    /// With a reason that has this text in it.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = Some(text.into());
        self
    }

    fn is_wanted(&self, one: &Happened<E>) -> bool {
        let is = |wanted: &Option<String>, there: &Option<String>, like: fn(&str, &str) -> bool| {
            wanted.as_deref().is_none_or(|wanted| there.as_deref().is_some_and(|there| like(there, wanted)))
        };
        one.is_it
            && is(&self.by, &one.by, is_called)
            && is(&self.queue, &one.queue, |there, wanted| there == wanted)
            && is(&self.reason, &one.reason, |there, wanted| there.contains(wanted))
            && (self.fits)(&one.event)
    }

    /// What is wanted, as a sentence.
    fn sentence(&self) -> String {
        let what = match self.what {
            What::Published => "published",
            What::Handled => "handled",
            What::Retried => "failed, to come again,",
            What::Rejected => "rejected",
            What::DeadLettered => "in a dead-letter queue",
        };
        let mut text = format!("wanted `{}` {what}", self.words);
        if let Some(by) = &self.by {
            let _ = write!(text, " by `{by}`");
        }
        if let Some(queue) = &self.queue {
            let _ = write!(text, " on queue `{queue}`");
        }
        if let Some(reason) = &self.reason {
            let _ = write!(text, " because of {reason:?}");
        }
        match (self.times, self.at_least) {
            (Some(0), _) => text.push_str(" never"),
            (Some(times), _) => text.push_str(&often(times)),
            (None, least) => text.push_str(&format!(" at least{}", often(least.unwrap_or(1)))),
        }
        text
    }

    /// What nothing of this kind has, and what to do: it would never be found, and a `never` would always be so.
    fn asked_in_vain(&self) -> Option<&'static str> {
        match self.what {
            What::Published if self.by.is_some() => Some("who published an event is not known: leave out `by`"),
            What::Published if self.reason.is_some() => Some("a publish has no reason: leave out `reason`"),
            What::Handled if self.reason.is_some() => Some("who is done has no reason: leave out `reason`"),
            _ => None,
        }
    }

    /// Fails the test unless it is so; returns the events that fit.
    #[track_caller]
    pub fn check(self) -> Vec<Arc<E>> {
        if let Some(why) = self.asked_in_vain() {
            fail(format!("{}, but {why}", self.sentence()));
        }
        let all = (self.happened)(self.account, self.what);
        let fit: Vec<bool> = all.iter().map(|one| self.is_wanted(one)).collect();
        let count = fit.iter().filter(|fits| **fits).count();
        let is_so = match self.times {
            Some(times) => count == times,
            None => count >= self.at_least.unwrap_or(1),
        };
        if is_so {
            return all.into_iter().zip(fit).filter(|(_, fits)| *fits).map(|(one, _)| one.event).collect();
        }
        let mut text = format!("{}, and it was{}", self.sentence(), often(count));
        let name = self.event;
        let of_all = match self.what {
            What::Published => format!("published of {name}"),
            What::Handled | What::Retried | What::Rejected => format!("attempts on {name}"),
            What::DeadLettered => format!("dead letters of {name}"),
        };
        let _ = write!(text, "\n{of_all}:");
        if all.is_empty() {
            text.push_str(" none");
        }
        for (one, fits) in all.iter().zip(fit) {
            let _ = write!(text, "\n{} {}", if fits { " *" } else { "  " }, one.line);
        }
        // Whoever is not there at all may have gone elsewhere.
        if all.is_empty() {
            text.push_str(&last_steps(&self.account.shared));
        } else {
            text.push_str("\n`println!(\"{}\", bus.story())` tells all that happened");
        }
        fail(text)
    }
}

impl<E> fmt::Debug for Wanted<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("what", &self.what).field("words", &self.words).finish_non_exhaustive()
    }
}

fn often(times: usize) -> String {
    match times {
        1 => " once".to_owned(),
        times => format!(" {times} times"),
    }
}
