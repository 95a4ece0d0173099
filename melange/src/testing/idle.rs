//! Running everything until nothing is left to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::clock;
use super::error::{TestError, TestErrorKind};
use super::left::{Left, lost};
use super::shared::{Service, Shared};

/// Most steps of the story that a failure tells, and most subscribers it names.
const STEPS: usize = 20;
const BUSIEST: usize = 5;

/// The result of running until idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Idle {
    /// How far the clock was advanced.
    pub took: Duration,
    /// How many runs of subscribers there were.
    pub attempts: usize,
}

/// Runs everything until nothing is left.
pub(super) async fn until_idle(shared: &Arc<Shared>) -> Result<Idle, TestError> {
    run(shared, Left::is_nothing, Left::of_nobody).await
}

/// Runs everything until a bus crashes, and says where.
pub(super) async fn until_crash(shared: &Arc<Shared>) -> Result<String, TestError> {
    let crashed = || shared.all().iter().find_map(|service| service.life.why_dead().map(str::to_owned));
    let no_crash = |left: &Left| {
        let faults = shared.faults_left();
        let injected = if faults.is_empty() { "none was injected".to_owned() } else { faults.join("; ") };
        left.is_nothing().then(|| {
            TestError::new(
                TestErrorKind::NoCrash,
                format!("everything is done, and no bus has crashed; the faults that did not happen: {injected}"),
            )
        })
    };
    run(shared, |_| crashed().is_some(), no_crash).await?;
    crashed().ok_or_else(|| TestError::new(TestErrorKind::NoCrash, "the bus that crashed is gone"))
}

/// Runs everything until `enough`, or until `hopeless`, or for too long.
async fn run(
    shared: &Arc<Shared>,
    enough: impl Fn(&Left) -> bool,
    hopeless: impl Fn(&Left) -> Option<TestError>,
) -> Result<Idle, TestError> {
    clock::check()?;
    if let Some(why) = shared.fault_in_vain() {
        return Err(TestError::new(TestErrorKind::NoSuchName, why));
    }
    let (journal, began, before) = (&shared.journal, Instant::now(), shared.journal.run_count());
    let attempts = || journal.run_count() - before;
    let limits = shared.limits;
    let too_many = || attempts() > limits.attempts;
    let mut limit = pin!(sleep_until(began + limits.time));
    loop {
        if !is_at_work(shared) {
            // Whoever is about to say that he is done, or to begin something, has said and begun it then.
            clock::settle(journal, too_many).await;
        }
        let mut changed = pin!(journal.changed());
        changed.as_mut().enable();
        if too_many() {
            let what = format!("within {} attempts", limits.attempts);
            return Err(never(shared, before, TestErrorKind::TooManyAttempts, &what));
        }
        let mut only_paused = false;
        if !is_at_work(shared) {
            let left = Left::of(shared);
            only_paused = left.is_only_paused();
            if enough(&left) {
                return Ok(Idle { took: began.elapsed(), attempts: attempts() });
            }
            if let Some(why) = hopeless(&left) {
                return Err(why);
            }
        }
        let running = journal.longest_running().map(|since| limits.run.saturating_sub(journal.elapsed() - since));
        // Somebody may resume it; but not for ever, since in the end its messages are gone.
        let longest = running.or(only_paused.then_some(limits.run));
        let stuck = async {
            match longest {
                Some(left) => sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = changed => {}
            () = &mut limit => {
                let what = format!("within {:?} of its clock", limits.time);
                return Err(never(shared, before, TestErrorKind::TooLong, &what));
            }
            () = stuck => {
                let who = if only_paused { "a queue has been paused" } else { "a subscriber has been running" };
                let what = format!("since {who} for {:?}", limits.run);
                return Err(never(shared, before, TestErrorKind::TooLong, &what));
            }
        }
    }
}

/// Whether all buses live and one of them has something in hand: then there is no need to look closer. This is asked at
/// every step.
fn is_at_work(shared: &Shared) -> bool {
    let mut at_work = false;
    for Service { life, .. } in shared.all() {
        if life.is_dead() {
            return false;
        }
        at_work |= life.engine().is_some_and(|engine| {
            !engine.stop.is_cancelled() && engine.queues.iter().any(|queue| queue.leases.in_hand().0 > 0)
        });
    }
    at_work
}

/// It does not come to an end.
fn never(shared: &Shared, before: usize, kind: TestErrorKind, within: &str) -> TestError {
    let mut text = format!("the test bus did not become idle {within}; what is left:{}", Left::of(shared).lines());
    let mut busiest: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for run in shared.journal.all_runs().iter().skip(before) {
        *busiest.entry((run.subscriber, run.descriptor.name())).or_default() += 1;
    }
    let mut busiest: Vec<_> = busiest.into_iter().collect();
    busiest.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if !busiest.is_empty() {
        text.push_str("\nwho ran most:");
    }
    for ((subscriber, event), count) in busiest.iter().take(BUSIEST) {
        let _ = write!(text, "\n  `{subscriber}` on {event}, {count} times");
    }
    text.push_str(&last_steps(shared));
    text.push_str("\nif that is as it should be, say so: `.max_attempts(..)`, `.max_time(..)`, `.max_run(..)`");
    TestError::new(kind, text)
}

/// The end of the story.
pub(super) fn last_steps(shared: &Shared) -> String {
    let (lines, all) = shared.journal.last(STEPS);
    let mut text = match all {
        0 => return "\nnothing has happened yet".to_owned(),
        1..=STEPS => "\nwhat happened:".to_owned(),
        more => format!("\nwhat happened last, of {more} steps:"),
    };
    for (at, what) in lines {
        let _ = write!(text, "\n  {:>9.3}s  {what}", at.as_secs_f64());
    }
    for line in lost(shared) {
        let _ = write!(text, "\n         now  {line}");
    }
    text
}
