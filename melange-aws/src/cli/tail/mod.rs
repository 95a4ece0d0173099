//! `tail`: what comes of an event, as it comes.

mod leftover;
mod lock;
mod shown;
mod temporary;

use std::collections::BTreeSet;
use std::time::Duration;

use melange::cli::{Exit, Failure, Screen, Signals, age, event_named};
use melange::transport::{Delivery, TransportError, TransportErrorKind};
use melange::{EventBus, EventDescriptor};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::account;
use crate::{Aws, AwsQueue, sqs};
use leftover::remove_leftovers;
use shown::Shown;
use temporary::Temporary;

/// How long a poll waits.
const WAIT: Duration = Duration::from_secs(20);
/// How long a message is invisible to others, of which there are none: it is deleted as soon as it was shown.
const VISIBILITY: Duration = Duration::from_secs(30);
/// How often it says that it is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How long to wait after a poll that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Polls that may fail in a row.
const FAILURES: u32 = 5;
/// A time further away than anybody waits.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What `tail` is told.
#[derive(Debug, clap::Args)]
pub struct Tail {
    /// The event's name
    event: String,

    /// Another topic than the event's own: where instances say theirs
    #[arg(long)]
    topic: Option<String>,

    /// Ends after so many
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Ends after this time: 90s, 15m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = age)]
    time: Option<Duration>,
}

/// How the listening ended.
enum Ended {
    /// As it was told to.
    Done,
    Signal(&'static str),
}

impl Tail {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let event = event_named(bus, &self.event)?;
        let aws = account::aws(bus)?;
        let topic = self
            .topic
            .as_deref()
            .or(event.topic())
            .ok_or_else(|| Failure::usage(format!("{event} is local: it is published to no topic")))?;
        let mut signals = Signals::listen().and_then(Signals::and_hangup).map_err(no_signals)?;
        let tags = bus.transport::<AwsQueue>().map(|queue| queue.options.tags.clone()).unwrap_or_default();
        let mut queue = Temporary::planned(aws, topic, &names(event), tags).await?;
        clear(aws, &queue, screen).await;
        // Not cut short by a signal: what is there has to be known, so that it can be removed.
        let ended = match queue.create(aws).await {
            Ok(()) => self.listen(aws, &queue, event, &mut signals, screen).await,
            Err(error) => Err(error.into()),
        };
        let name = queue.name().to_owned();
        let removed = tokio::select! {
            biased;
            removed = queue.remove(aws) => removed,
            signal = signals.next() => {
                screen.note(format_args!("{signal} again: the queue {name} is left behind; the next `tail` removes it"));
                return Ok(Exit::Interrupted);
            }
        };
        let ended = match (ended, removed) {
            (ended, Ok(())) => ended?,
            (ended, Err(error)) => {
                let left = format!("the queue {name} could not be removed; the next `tail` tries again: {error}");
                return Err(match ended {
                    Ok(_) => Failure::new(left),
                    Err(failure) => failure.help(left),
                });
            }
        };
        if let Ended::Signal(signal) = ended {
            screen.note(format_args!("{signal}: the queue {name} and its subscription are removed"));
        }
        Ok(Exit::Done)
    }

    async fn listen(
        &self,
        aws: &Aws,
        queue: &Temporary,
        event: &'static EventDescriptor,
        signals: &mut Signals,
        screen: &mut Screen,
    ) -> Result<Ended, Failure> {
        screen.note(format_args!(
            "listening for {} on topic {}, by the queue {}; Ctrl-C ends it",
            event.name(),
            queue.topic(),
            queue.name()
        ));
        let end = Instant::now() + self.time.unwrap_or(NEVER).min(NEVER);
        let mut alive = interval(SIGN_OF_LIFE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.tick().await;
        let (names, polls) = (names(event), sqs::Polls::default());
        let (mut shown, mut failures) = (0, 0);
        loop {
            let receive = sqs::receive(aws, &polls, queue.plain_name(), 10, WAIT, VISIBILITY);
            let received = tokio::select! {
                biased;
                signal = signals.next() => return Ok(Ended::Signal(signal)),
                () = sleep_until(end) => return Ok(Ended::Done),
                _ = alive.tick() => {
                    queue.live(aws).await;
                    clear(aws, queue, screen).await;
                    continue;
                }
                received = receive => received,
            };
            let deliveries = match received {
                Ok(deliveries) => deliveries,
                Err(error) if error.is_retryable() && failures < FAILURES => {
                    failures += 1;
                    tokio::select! {
                        signal = signals.next() => return Ok(Ended::Signal(signal)),
                        () = tokio::time::sleep(PAUSE * failures) => continue,
                    }
                }
                Err(error) => return Err(explained(error)),
            };
            failures = 0;
            for delivery in &deliveries {
                if self.count.is_some_and(|count| shown >= count) {
                    break;
                }
                shown += u64::from(show(delivery, &names, screen)?);
            }
            if !deliveries.is_empty() {
                screen.flush()?;
                let receipts = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
                // What is not deleted comes once more, and goes with the queue in the end.
                sqs::delete(aws, queue.plain_name(), receipts).await;
            }
            if self.count.is_some_and(|count| shown >= count) || !screen.is_read() {
                return Ok(Ended::Done);
            }
        }
    }
}

/// The names that messages of the event go by.
fn names(event: &EventDescriptor) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = event.aliases().iter().map(|name| (*name).to_owned()).collect();
    names.insert(event.name().to_owned());
    for old in event.upcasts() {
        names.extend(self::names(old.from()));
    }
    names
}

/// Shows the message, unless it is of another event.
fn show(delivery: &Delivery, names: &BTreeSet<String>, screen: &mut Screen) -> Result<bool, Failure> {
    let shown = Shown::of(delivery);
    // Messages without a name beside their body pass the filter of the subscription.
    if shown.event_type_name().is_some_and(|name| !names.contains(name)) {
        return Ok(false);
    }
    shown.show(screen)?;
    Ok(true)
}

/// Removes what others were killed over.
async fn clear(aws: &Aws, queue: &Temporary, screen: &Screen) {
    match remove_leftovers(aws, queue.name()).await {
        Ok(removed) => removed.iter().for_each(|name| {
            screen.note(format_args!("removed the queue {name}, which a `tail` that was killed had left behind"));
        }),
        Err(error) => {
            screen.note(format_args!("note: nothing could be done about queues that were left behind: {error}"))
        }
    }
}

fn explained(error: TransportError) -> Failure {
    let gone = error.kind() == TransportErrorKind::NotFound;
    Failure::from(error)
        .help_if(gone.then(|| "somebody else has removed the queue of this `tail`; start it again".to_owned()))
}

fn no_signals(error: std::io::Error) -> Failure {
    Failure::new(format!("the process cannot listen for signals, and would leave a queue behind: {error}"))
}
