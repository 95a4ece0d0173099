//! What a test wants of the events of one type, and the words in which it fails.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::happened::{Happened, What, happened};
use crate::event::{Event, EventDescriptor};
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
    event: &'static EventDescriptor,
    /// The pattern or the closure, as it was written.
    words: &'static str,
    fits: Box<dyn Fn(&E) -> bool + 'a>,
    /// Whether it is asserted that it is not so, whatever else is said.
    never: bool,
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
        let (happened, event) = (happened::<E> as fn(&TestAccount, What) -> Vec<Happened<E>>, E::DESCRIPTOR);
        Self {
            account,
            what,
            happened,
            event,
            words,
            fits,
            never: false,
            times: None,
            at_least: None,
            by: None,
            queue: None,
            reason: None,
        }
    }

    /// Not at all.
    pub(super) fn never(mut self) -> Self {
        self.never = true;
        self
    }

    /// So many times, neither more nor less.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// So many times or more; once by default.
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
        let fits = |wanted: &Option<String>, there: &Option<String>, like| {
            wanted.as_deref().is_none_or(|wanted| is(there.as_deref(), wanted, like))
        };
        one.is_it
            && fits(&self.by, &one.by, is_called)
            && fits(&self.queue, &one.queue, |there, wanted| there == wanted)
            && fits(&self.reason, &one.reason, |there, wanted| there.contains(wanted))
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
            _ if self.never => text.push_str(" never"),
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
            _ if self.never && (self.times.is_some() || self.at_least.is_some()) => Some(
                "how often is not asked of what is not to be: leave out `times` and `at_least`, or assert that it is so",
            ),
            _ if self.times.is_some() && self.at_least.is_some() => Some("it is asked twice how often: leave out one"),
            _ if self.at_least == Some(0) => Some("that is always so: leave out `at_least`, or say `times = 0`"),
            _ => None,
        }
    }

    /// That the subscriber or the queue is not there, and so it is as with what nothing has.
    fn not_there(&self, all: &[Happened<E>]) -> Option<String> {
        let shared = &self.account.shared;
        // Who is not known, and was there all the same, is of no bus of the test's.
        let by = self.by.as_deref().filter(|by| !all.iter().any(|one| is(one.by.as_deref(), by, is_called)));
        let no_subscriber = by.and_then(|by| shared.names().no_subscriber(Some(self.event), by));
        no_subscriber.or_else(|| {
            let queue = self.queue.as_deref()?;
            // What is sent to a queue is sent to any that is there.
            let is_there = all.iter().any(|one| one.queue.as_deref() == Some(queue))
                || self.what == What::Published && shared.memory.has_queue(queue);
            if is_there { None } else { shared.names().no_queue(queue) }
        })
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
            _ if self.never => count == 0,
            Some(times) => count == times,
            None => count >= self.at_least.unwrap_or(1),
        };
        let but = match self.not_there(&all) {
            Some(why) => format!("but {why}"),
            None if is_so => {
                return all.into_iter().zip(fit).filter(|(_, fits)| *fits).map(|(one, _)| one.event).collect();
            }
            None => format!("and it was{}", often(count)),
        };
        fail(format!("{}, {but}{}", self.sentence(), self.what_there_was(&all, &fit)))
    }

    /// Everything of the kind, in lines, and with a mark what fits; where there is nothing of it, what else happened.
    fn what_there_was(&self, all: &[Happened<E>], fit: &[bool]) -> String {
        let name = self.event.name();
        let mut text = match self.what {
            What::Published => format!("\npublished of {name}:"),
            What::Handled | What::Retried | What::Rejected => format!("\nattempts on {name}:"),
            What::DeadLettered => format!("\ndead letters of {name}:"),
        };
        if all.is_empty() {
            text.push_str(" none");
        }
        for (one, fits) in all.iter().zip(fit) {
            let _ = write!(text, "\n{} {}", if *fits { " *" } else { "  " }, one.line);
        }
        // Whoever is not there at all may have gone elsewhere.
        if all.is_empty() {
            text.push_str(&last_steps(&self.account.shared));
        } else {
            text.push_str("\n`println!(\"{}\", bus.story())` tells all that happened");
        }
        text
    }
}

impl<E> fmt::Debug for Wanted<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("what", &self.what).field("words", &self.words).finish_non_exhaustive()
    }
}

/// Whether there is something, and it is like this.
fn is(there: Option<&str>, wanted: &str, like: fn(&str, &str) -> bool) -> bool {
    there.is_some_and(|there| like(there, wanted))
}

fn often(times: usize) -> String {
    match times {
        1 => " once".to_owned(),
        times => format!(" {times} times"),
    }
}
