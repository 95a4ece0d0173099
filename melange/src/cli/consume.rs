//! `consume`: some messages, here and now.

use std::time::Duration;

use serde::Serialize;

use super::{Exit, Failure, Screen, Signals, age, near, printable};
use crate::{Consumed, EventBus, Fate, Processed};

/// What `consume` is told.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("how_many").required(true).args(["once", "most"]))]
pub struct Consume {
    /// At most one message
    #[arg(long)]
    once: bool,

    /// At most so many messages, as long as there are some
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    most: Option<u64>,

    /// From this queue only
    #[arg(long)]
    queue: Option<String>,

    /// How long to wait for a message
    #[arg(long, value_name = "TIME", value_parser = age, default_value = "20s")]
    wait: Duration,
}

#[derive(Serialize)]
struct Done<'a> {
    outcome: &'static str,
    event_type_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    again_after_seconds: Option<f64>,
    failures: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    subscriber: &'static str,
    error: String,
}

impl Consume {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        if let Some(queue) = &self.queue
            && bus.queue(queue).is_none()
        {
            let queues = bus.topology().queues.iter().map(|queue| queue.name.as_str());
            return Err(Failure::usage(format!("no subscriber of this program consumes from the queue {queue:?}"))
                .help_if(near(queue, queues)));
        }
        if bus.topology().queues.is_empty() {
            return Err(Failure::usage("this program has no subscribers, so there is nothing to consume"));
        }
        let mut signals = Signals::listen().map_err(|error| Failure::of(&error))?;
        bus.prepare().await?;
        let mut exit = Exit::Done;
        for _ in 0..self.most.unwrap_or(1) {
            let Some(consumed) = until_told(bus, &self, &mut signals, screen).await? else {
                return Ok(if exit == Exit::Done { Exit::Interrupted } else { exit });
            };
            match consumed.message() {
                Some(processed) => {
                    if !matches!(processed.fate, Fate::Handled | Fate::Ignored) {
                        exit = Exit::Failed;
                    }
                    show(processed, screen)?;
                }
                None => {
                    nothing(self.wait, screen)?;
                    break;
                }
            }
        }
        Ok(exit)
    }
}

/// `None` if it was cut short. Nothing is lost by that: what is in hand comes again when its visibility ends.
async fn until_told(
    bus: &EventBus,
    ask: &Consume,
    signals: &mut Signals,
    screen: &Screen,
) -> Result<Option<Consumed>, Failure> {
    let before = bus.metrics().received;
    let mut consuming = std::pin::pin!(bus.consume_from(ask.queue.as_deref(), ask.wait));
    tokio::select! {
        consumed = &mut consuming => return Ok(Some(consumed?)),
        signal = signals.next() => {
            if bus.metrics().received == before {
                return Ok(None);
            }
            screen.note(format_args!("{signal}: one message is in hand; again to leave it, then it comes again later"));
        }
    }
    tokio::select! {
        consumed = consuming => Ok(Some(consumed?)),
        _ = signals.next() => Ok(None),
    }
}

fn show(processed: &Processed, screen: &mut Screen) -> Result<(), Failure> {
    let (outcome, words) = match processed.fate {
        Fate::Handled => ("handled", "handled, and deleted".to_owned()),
        Fate::Ignored => ("ignored", "nobody here listens to it, so it is deleted".to_owned()),
        Fate::DeadLettered => ("dead_lettered", "given up: a copy is in the dead-letter queue".to_owned()),
        Fate::Retried { after } => ("retried", format!("failed: it comes again in {} at the soonest", seconds(after))),
        Fate::Released => ("released", "handed back, not run to the end".to_owned()),
        Fate::LeaseLost => ("lease_lost", "it was no longer ours when it was done: it comes again".to_owned()),
        Fate::Unsettled => ("unsettled", "the broker did not take the answer: it comes again".to_owned()),
    };
    let again_after_seconds = match processed.fate {
        Fate::Retried { after } => Some(after.as_secs_f64()),
        _ => None,
    };
    let name = processed.event_type_name.as_deref();
    let failures: Vec<Failed> = processed
        .failures
        .iter()
        .map(|failure| Failed { subscriber: failure.subscriber(), error: format!("{failure}: {}", failure.reason()) })
        .collect();
    if screen.is_json() {
        return screen.json_line(&Done { outcome, event_type_name: name, again_after_seconds, failures });
    }
    screen.line(format_args!("{}: {words}", printable(name.unwrap_or("(a message without a name)"))))?;
    failures.iter().try_for_each(|failed| screen.line(format_args!("  {}", printable(&failed.error))))?;
    screen.flush()
}

fn nothing(wait: Duration, screen: &mut Screen) -> Result<(), Failure> {
    if screen.is_json() {
        let nothing =
            Done { outcome: "nothing", event_type_name: None, again_after_seconds: None, failures: Vec::new() };
        return screen.json_line(&nothing);
    }
    screen.line(format_args!("nothing came within {}", seconds(wait)))
}

fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 { super::age::spoken(time) } else { format!("{:.1}s", time.as_secs_f64()) }
}
