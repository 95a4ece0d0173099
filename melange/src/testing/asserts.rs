//! What tests assert of an account, with failures that say what was wanted and what happened instead.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::account::TestAccount;
use super::ending::Ending;
use super::fail::fail;
use super::idle::{Left, last_steps};
use super::is_called;
use super::typed::Line;
use crate::event::Event;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Published,
    Handled,
    Retried,
    Rejected,
    DeadLettered,
}

/// Something that happened to an event.
struct Happened<E> {
    event: Arc<E>,
    by: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
    line: String,
    /// Whether it is of the kind that is wanted, whatever its event.
    is_it: bool,
}

// Without the bound, so that a type that is no event is one error.
impl<'a, E> Wanted<'a, E> {
    fn new(account: &'a TestAccount, what: What, words: &'static str, fits: impl Fn(&E) -> bool + 'a) -> Self
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

    /// Fails the test unless it is so; returns the events that fit.
    #[track_caller]
    pub fn check(self) -> Vec<Arc<E>> {
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

/// All that happened of the kind to `E`s.
fn happened<E: Event>(account: &TestAccount, what: What) -> Vec<Happened<E>> {
    let owned = |text: &str| Some(text.to_owned());
    match what {
        What::Published => {
            let all = account.published::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                event: one.event,
                by: None,
                queue: one.queue,
                reason: None,
                is_it: true,
            })
            .collect()
        }
        What::DeadLettered => {
            let all = account.dead_letters::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                event: one.event,
                by: one.subscriber,
                queue: Some(one.queue),
                reason: Some(one.reason),
                is_it: true,
            })
            .collect()
        }
        What::Handled | What::Retried | What::Rejected => {
            let is = |ending: &Ending| match what {
                What::Handled => ending.is_handled(),
                What::Retried => ending.is_retried(),
                _ => ending.is_rejected(),
            };
            let all = account.attempts::<E>().into_iter();
            all.map(|one| Happened {
                line: one.line(),
                by: owned(one.subscriber),
                reason: one.ending.reason().and_then(owned),
                is_it: is(&one.ending),
                queue: Some(one.queue),
                event: one.event,
            })
            .collect()
        }
    }
}

fn often(times: usize) -> String {
    match times {
        1 => " once".to_owned(),
        times => format!(" {times} times"),
    }
}

macro_rules! wanted {
    ($($(#[$doc:meta])* $name:ident, $not:ident: $what:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name<'a, E: Event>(
            account: &'a TestAccount,
            words: &'static str,
            fits: impl Fn(&E) -> bool + 'a,
        ) -> Wanted<'a, E> {
            Wanted::new(account, What::$what, words, fits)
        }

        /// Never so.
        pub fn $not<'a, E: Event>(
            account: &'a TestAccount,
            words: &'static str,
            fits: impl Fn(&E) -> bool + 'a,
        ) -> Wanted<'a, E> {
            Wanted::new(account, What::$what, words, fits).times(0)
        }
    )*};
}

// Functions, so that what is no event is told so in the words of `Event`.
wanted! {
    /// Published by anyone.
    published, not_published: Published,
    /// Handled by a subscriber.
    handled, not_handled: Handled,
    /// Failed in a subscriber, to come again.
    retried, not_retried: Retried,
    /// Rejected by a subscriber.
    rejected, not_rejected: Rejected,
    /// In a dead-letter queue.
    dead_lettered, not_dead_lettered: DeadLettered,
}

/// Fails the test unless nothing is left to do. Called by [`assert_idle!`](crate::assert_idle).
#[track_caller]
pub fn check_idle(account: &TestAccount) {
    let left = Left::of(&account.shared);
    if !left.is_nothing() {
        let (lines, steps) = (left.lines(), last_steps(&account.shared));
        fail(format!("wanted nothing left to do, and there is:{lines}{steps}"));
    }
}

/// Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_events {
    ($what:ident, $bus:expr, @type [$words:expr] [$type:ty] $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::testing::asserts::$what::<$type>(&$bus, $words, |_| true)$(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, @pattern [$words:expr] [$pattern:pat $(if $guard:expr)?]
        $(, $key:ident = $value:expr)* $(,)?
    ) => {
        $crate::testing::asserts::$what(
            &$bus,
            $words,
            #[allow(unreachable_patterns, reason = "a pattern that fits all is as good")]
            |__melange_event: &_| match __melange_event {
                $pattern $(if $guard)? => true,
                _ => false,
            },
        )
        $(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, |$event:ident: &$type:ty| $fits:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::testing::asserts::$what::<$type>(
            &$bus,
            ::core::concat!("|", ::core::stringify!($event), ": &", ::core::stringify!($type), "| ", ::core::stringify!($fits)),
            |$event: &$type| $fits,
        )
        $(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, |$($closure:tt)*) => {
        ::core::compile_error!("say the type of the closure's argument: `|event: &OrderPlaced| ..`")
    };
    ($what:ident, $bus:expr, $($segment:ident)::+ $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [$($segment)::+] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, :: $($segment:ident)::+ $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [:: $($segment)::+] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, $wanted:tt $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [$wanted] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, $pattern:pat $(if $guard:expr)? $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__assert_events!(
            $what, $bus, @pattern [::core::stringify!($pattern $(if $guard)?)] [$pattern $(if $guard)?] $(, $key = $value)*
        )
    };
    ($what:ident, $bus:expr, $($wanted:tt)*) => {
        ::core::compile_error!(
            "after the bus comes an event type, a pattern with or without a guard, or a closure; then, where wanted, \
             `times = 2`, `at_least = 2`, `by = \"subscriber\"`, `queue = \"queue\"`, `reason = \"text\"`"
        )
    };
}

/// Asserts that events were published, by the test or by a subscriber, and returns them.
///
/// What is wanted is an event type, a variant of an enum, a pattern with or without a guard, or a closure; then, if need be, how
/// often, `times = 2` or `at_least = 2`, and where to, if it was [sent to a queue](crate::EventBus::send_to): `queue = "billing"`.
///
/// ```
/// # use melange::testing::TestBus;
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String, total_cents: u64 }
/// # mod shop {
/// #     #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// #     #[event(topic = "payments")]
/// #     pub enum Payment { Taken { cents: u64 } }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), melange::PublishError> {
/// # let bus = TestBus::builder().start().await;
/// bus.publish(OrderPlaced { order_id: "o-1".into(), total_cents: 4200 }).await?;
/// bus.publish(shop::Payment::Taken { cents: 4200 }).await?;
///
/// melange::assert_published!(bus, OrderPlaced);
/// melange::assert_published!(bus, shop::Payment);
/// melange::assert_published!(bus, shop::Payment::Taken, times = 1);
/// melange::assert_published!(bus, OrderPlaced { total_cents: 4200, .. }, times = 1);
/// melange::assert_published!(bus, OrderPlaced { order_id, .. } if order_id == "o-1");
/// melange::assert_published!(bus, |order: &OrderPlaced| order.total_cents > 1000);
/// # Ok(())
/// # }
/// ```
///
/// A path is a type or a variant, by what stands before its last word: a module, as `shop`, in small letters, or an enum, as
/// `Payment`, in a large one. Where a project has other habits, `{ .. }` after a struct or a variant says the same.
///
/// A failure says what was wanted, and lists what there was.
#[macro_export]
macro_rules! assert_published {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(published, $bus, $($($wanted)*)?) };
}

/// Asserts that no such event was published: as [`assert_published!`](crate::assert_published), `times = 0`.
#[macro_export]
macro_rules! assert_not_published {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_published, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers handled events, and returns these: once for each subscriber that did.
///
/// As [`assert_published!`](crate::assert_published); moreover `by = "send_receipt"` and `queue = "billing"`.
#[macro_export]
macro_rules! assert_handled {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(handled, $bus, $($($wanted)*)?) };
}

/// Asserts that no subscriber handled such an event: as [`assert_handled!`](crate::assert_handled), `times = 0`.
#[macro_export]
macro_rules! assert_not_handled {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_handled, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers failed on events that came again or are to come again, and returns these: once for each attempt.
///
/// As [`assert_handled!`](crate::assert_handled); moreover `reason = "mail server"`: the reason has this text in it.
#[macro_export]
macro_rules! assert_retried {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(retried, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers rejected events, and returns these. As [`assert_retried!`](crate::assert_retried).
#[macro_export]
macro_rules! assert_rejected {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(rejected, $bus, $($($wanted)*)?) };
}

/// Asserts that events are in the dead-letter queues of the buses' queues, and returns them: once for each subscriber that gave
/// them up. As [`assert_retried!`](crate::assert_retried).
#[macro_export]
macro_rules! assert_dead_lettered {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(dead_lettered, $bus, $($($wanted)*)?) };
}

/// Asserts that no such event is in a dead-letter queue: as [`assert_dead_lettered!`](crate::assert_dead_lettered), `times = 0`.
#[macro_export]
macro_rules! assert_not_dead_lettered {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_dead_lettered, $bus, $($($wanted)*)?) };
}

/// Asserts that nothing is left to do: no subscriber runs, and no message on a queue of the buses is to be received, now or
/// later.
#[macro_export]
macro_rules! assert_idle {
    ($bus:expr $(,)?) => {
        $crate::testing::asserts::check_idle(&$bus)
    };
}
