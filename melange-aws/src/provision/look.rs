//! Looking at everything: what [`Plan`] is made from. Reads only.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use melange::transport::{TransportError, TransportErrorKind};

use super::change::Change;
use super::command::Commands;
use super::pace::pause;
use super::plan::Plan;
use super::seen::Seen;
use super::wanted::{Feed, Queue, Role, Topic, Wanted};
use super::{queue, subscription, topic};
use crate::Aws;

/// How many parts to look at at a time. SNS allows an account 30 lists of subscriptions a second, and several processes may
/// start at once.
const AT_A_TIME: usize = 4;
/// How often to look again at what SNS or SQS is too busy to show; about a minute, beyond the SDK's own attempts.
const ATTEMPTS: u32 = 12;

/// Something that is looked at, and made, on its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    Topic(&'a Topic),
    Queue(&'a Queue),
    Feed(&'a Feed),
}

/// What was learnt of a part in this run.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The topics that were in the queue's policy.
    pub(super) senders: BTreeSet<String>,
    pub(super) subscription: subscription::Known,
}

impl Part<'_> {
    /// What to call it, as in "queue billing".
    fn called(self) -> String {
        match self {
            Part::Topic(topic) => format!("topic {}", topic.name),
            Part::Queue(queue) => queue.called(),
            Part::Feed(feed) => feed.called(),
        }
    }

    pub(super) fn stage(self) -> Stage {
        match self {
            Part::Topic(_) => Stage::Topics,
            Part::Queue(queue) => match queue.role {
                Role::DeadLetters { .. } => Stage::DeadLetterQueues,
                Role::Consumed(_) => Stage::Queues,
            },
            Part::Feed(_) => Stage::Subscriptions,
        }
    }

    /// What it is, and what it should be. If SNS or SQS is too busy, it is asked again.
    pub(super) async fn look(self, aws: &Aws, commands: &Commands, known: &mut Known) -> Result<Seen, TransportError> {
        let mut attempt = 1;
        loop {
            match self.look_once(aws, commands, known).await {
                Err(error) if error.kind() == TransportErrorKind::Throttled && attempt < ATTEMPTS => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn look_once(self, aws: &Aws, commands: &Commands, known: &mut Known) -> Result<Seen, TransportError> {
        match self {
            Part::Topic(wanted) => topic::look(aws, commands, wanted).await,
            Part::Queue(wanted) => queue::look(aws, commands, wanted, &mut known.senders).await,
            Part::Feed(wanted) => subscription::look(aws, commands, wanted, &mut known.subscription).await,
        }
    }
}

/// Parts that may be made side by side. Each stage needs the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Topics,
    DeadLetterQueues,
    Queues,
    Subscriptions,
}

impl Stage {
    pub(super) const ALL: [Self; 4] = [Self::Topics, Self::DeadLetterQueues, Self::Queues, Self::Subscriptions];
}

impl Wanted {
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let queues = self.dead_letter_queues.iter().chain(&self.queues);
        let topics = self.topics.iter().map(Part::Topic);
        topics.chain(queues.map(Part::Queue)).chain(self.feeds.iter().map(Part::Feed))
    }
}

/// A part, as it was seen.
#[derive(Debug)]
pub(super) struct Looked<'a> {
    pub(super) part: Part<'a>,
    pub(super) seen: Seen,
    pub(super) known: Known,
}

/// What everything is, and what it should be.
#[derive(Debug)]
pub(super) struct Everything<'a> {
    pub(super) parts: Vec<Looked<'a>>,
    /// What may not be looked at, with the permission that is missing.
    denied: Vec<TransportError>,
}

/// Looks at everything. What is not allowed does not keep it from looking at the rest.
pub(super) async fn everything<'a>(
    aws: &'a Aws,
    commands: &'a Commands,
    wanted: &'a Wanted,
) -> Result<Everything<'a>, TransportError> {
    let mut everything = Everything { parts: Vec::new(), denied: Vec::new() };
    // Boxed and collected: the compiler cannot hold the closure over an await.
    let looks: Vec<BoxFuture<'_, _>> = wanted.parts().map(|part| look(aws, commands, part)).collect();
    let mut looking = stream::iter(looks).buffered(AT_A_TIME);
    while let Some(answer) = looking.next().await {
        match answer {
            Ok(looked) => everything.parts.push(looked),
            Err(error) if error.kind() == TransportErrorKind::Denied => everything.denied.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(everything)
}

fn look<'a>(aws: &'a Aws, commands: &'a Commands, part: Part<'a>) -> BoxFuture<'a, Result<Looked<'a>, TransportError>> {
    Box::pin(async move {
        let mut known = Known::default();
        let seen = part.look(aws, commands, &mut known).await?;
        Ok(Looked { part, seen, known })
    })
}

impl Everything<'_> {
    /// All of it, and what was denied.
    pub(super) fn into_plan(self) -> (Plan, Vec<TransportError>) {
        let mut plan = Plan::default();
        for Looked { part, seen, .. } in self.parts {
            if seen.changes.is_empty() && !seen.hidden {
                plan.unchanged.push(part.called());
            }
            plan.changes.extend(seen.changes);
            plan.findings.extend(seen.findings);
            plan.notes.extend(seen.notes);
            plan.left.extend(seen.left);
        }
        (plan, self.denied)
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.parts.iter().flat_map(|looked| &looked.seen.changes)
    }

    /// What someone should know of, although it is left as it is.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &str> {
        let seen = self.parts.iter().map(|looked| &looked.seen);
        let findings = seen.clone().flat_map(|seen| &seen.findings).map(|finding| finding.what.as_str());
        findings.chain(seen.flat_map(|seen| &seen.notes).map(String::as_str))
    }

    pub(super) fn denied(&self) -> &[TransportError] {
        &self.denied
    }
}
