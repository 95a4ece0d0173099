//! Making what is missing and mending what has drifted: looks first, writes only what differs, and looks again, since
//! neither policies nor subscriptions can be changed only if nobody else has changed them.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use melange::transport::{TransportError, TransportErrorKind};
use tokio::time::Instant;

use super::change::{Change, ChangeKind};
use super::command::Commands;
use super::look::{self, Known, Looked, Part, Stage};
use super::pace::{FRESH, SETTLED, pause};
use super::seen::Seen;
use super::wanted::Wanted;
use super::{queue, report, subscription, topic};
use crate::Aws;
use crate::error::is_code;

/// How often to set a part before giving up. With the pauses it is more than the minute that SQS may take to show what was
/// set.
const ROUNDS: u32 = 12;
/// How often a write may fail in a way that passes by itself.
const FAILURES: u32 = 8;
/// How many parts to set at a time.
const AT_A_TIME: usize = 4;

/// Makes everything, in an order in which nothing is fed before it can take it.
pub(super) async fn create(aws: &Aws, commands: &Commands, wanted: &Wanted) -> Result<(), TransportError> {
    let everything = look::everything(aws, commands, wanted).await?;
    if !everything.denied().is_empty() {
        return Err(TransportError::new(TransportErrorKind::Denied, report::not_allowed(everything.denied())));
    }
    let by_hand: Vec<&Change> = everything.changes().filter(|change| change.kind == ChangeKind::ByHand).collect();
    if !by_hand.is_empty() {
        return Err(report::by_hand("nothing was made or changed, since this must be mended by hand first:", &by_hand));
    }
    everything.warnings().for_each(|warning| tracing::warn!("{warning}"));
    let mut merged = Vec::new();
    let mut parts = everything.parts;
    parts.retain(|looked| !looked.seen.changes.is_empty() || looked.seen.hidden);
    for stage in Stage::ALL {
        let (now, later): (Vec<_>, Vec<_>) = parts.into_iter().partition(|looked| looked.part.stage() == stage);
        parts = later;
        let works: Vec<BoxFuture<'_, _>> = now.into_iter().map(|looked| Work::new(looked).run(aws, commands)).collect();
        let mut works = stream::iter(works).buffer_unordered(AT_A_TIME);
        while let Some(work) = works.try_next().await? {
            merged.extend(work.merged.map(|at| (at, work)));
        }
    }
    settle(aws, commands, merged).await
}

/// Looks again at what was merged, once no write of somebody who did not know of ours can be under way any more.
async fn settle<'a>(
    aws: &Aws,
    commands: &Commands,
    mut merged: Vec<(Instant, Work<'a>)>,
) -> Result<(), TransportError> {
    while let Some(last) = merged.iter().map(|(at, _)| *at).max() {
        tokio::time::sleep_until(last + SETTLED).await;
        let again: Vec<BoxFuture<'_, _>> =
            merged.into_iter().map(|(_, work)| Work { merged: None, ..work }.run(aws, commands)).collect();
        let again: Vec<Work<'a>> = stream::iter(again).buffer_unordered(AT_A_TIME).try_collect().await?;
        merged = again.into_iter().filter_map(|work| work.merged.map(|at| (at, work))).collect();
    }
    Ok(())
}

/// The work on a part.
struct Work<'a> {
    part: Part<'a>,
    known: Known,
    /// What the last look showed, if nothing was done since.
    seen: Option<Seen>,
    rounds: u32,
    /// When something was written last that was made from what was read.
    merged: Option<Instant>,
}

impl<'a> Work<'a> {
    fn new(looked: Looked<'a>) -> Self {
        Self { part: looked.part, known: looked.known, seen: Some(looked.seen), rounds: 0, merged: None }
    }

    fn run<'c>(mut self, aws: &'c Aws, commands: &'c Commands) -> BoxFuture<'c, Result<Self, TransportError>>
    where
        'a: 'c,
    {
        Box::pin(async move {
            let mut failures = 0;
            let begun = self.rounds;
            loop {
                let seen = self.look(aws, commands).await?;
                let unseen = seen.hidden && self.known.subscription.arn.is_none();
                if seen.changes.is_empty() && !unseen {
                    return Ok(self);
                }
                refuse(&seen, self.rounds > begun)?;
                if self.rounds == ROUNDS {
                    return Err(report::undone(&seen.changes));
                }
                self.rounds += 1;
                let answer = apply(aws, self.part, &seen, &mut self.known).await;
                if seen.changes.iter().any(Change::merges) {
                    self.merged = Some(Instant::now());
                }
                match answer {
                    // What was set a moment ago is most often there at once.
                    Ok(()) if self.rounds == begun + 1 => {}
                    Ok(()) => tokio::time::sleep(pause(self.rounds - begun)).await,
                    Err(error) if failures < FAILURES && passes(&error) => {
                        tracing::debug!(%error, "could not be set; looking again");
                        failures += 1;
                        tokio::time::sleep(pause(failures)).await;
                    }
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// What the part is now, or was a moment ago if nothing is made from it.
    async fn look(&mut self, aws: &Aws, commands: &Commands) -> Result<Seen, TransportError> {
        match self.seen.take() {
            Some(seen) if seen.at.elapsed() < FRESH || !seen.changes.iter().any(Change::merges) => Ok(seen),
            _ => self.part.look(aws, commands, &mut self.known).await,
        }
    }
}

/// What cannot be set however often one tries.
fn refuse(seen: &Seen, set: bool) -> Result<(), TransportError> {
    let by_hand: Vec<&Change> = seen.changes.iter().filter(|change| change.kind == ChangeKind::ByHand).collect();
    if !by_hand.is_empty() {
        return Err(report::by_hand("this must be mended by hand:", &by_hand));
    }
    if seen.pending && set {
        let what: Vec<&str> = seen.changes.iter().map(Change::what).collect();
        return Err(TransportError::new(TransportErrorKind::Configuration, what.join("; ")));
    }
    Ok(())
}

async fn apply(aws: &Aws, part: Part<'_>, seen: &Seen, known: &mut Known) -> Result<(), TransportError> {
    for change in &seen.changes {
        tracing::info!(change = %change.what, "setting it right");
    }
    let mut actions = seen.changes.iter().map(|change| &change.action);
    match part {
        Part::Topic(wanted) => {
            for action in actions {
                topic::apply(aws, wanted, action).await?;
            }
        }
        Part::Queue(wanted) => queue::apply(aws, wanted, actions).await?,
        Part::Feed(wanted) if seen.hidden => subscription::subscribe(aws, wanted, &mut known.subscription).await?,
        Part::Feed(wanted) => {
            for action in actions.by_ref() {
                subscription::apply(aws, wanted, action, &mut known.subscription).await?;
            }
        }
    }
    Ok(())
}

/// Failures that are over when one looks again: what was just made is not known everywhere yet, someone else has made it
/// meanwhile, or a write took too long.
fn passes(error: &TransportError) -> bool {
    // Source: the SQS API reference, `CreateQueue`: a new queue may be unknown for a second, as a dead-letter queue too.
    let no_dlq_yet = || error.to_string().contains("Dead letter target does not exist");
    match error.kind() {
        TransportErrorKind::NotFound | TransportErrorKind::Throttled => true,
        TransportErrorKind::Unavailable => !is_code(error, &["QueueDeletedRecently"]),
        TransportErrorKind::Configuration => subscription::exists_otherwise(error) || no_dlq_yet(),
        _ => false,
    }
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
