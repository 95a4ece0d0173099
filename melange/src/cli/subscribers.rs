//! `subscribers`: who listens to what, and where.

use std::collections::BTreeSet;

use serde::Serialize;

use super::age::spoken;
use super::named::none_of;
use super::{Exit, Failure, Row, Screen};
use crate::{EventBus, SubscriberDescriptor};

/// What `subscribers` is told.
#[derive(Debug, clap::Args)]
pub struct Subscribers {
    /// Only those of this event
    #[arg(long)]
    event: Option<String>,

    /// Only those of this queue
    #[arg(long)]
    queue: Option<String>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'static str,
    event: &'static str,
    version: u32,
    topic: Option<&'static str>,
    queue: &'a str,
    runs: &'static str,
    attempts: u32,
    backoff_seconds: [f64; 2],
    timeout_seconds: Option<f64>,
    concurrency: Option<usize>,
    instance: Option<&'static str>,
    module: &'static str,
    file: &'static str,
    line: u32,
}

impl<'a> Listed<'a> {
    fn of(queue: &'a str, subscriber: &SubscriberDescriptor) -> Self {
        let (at, options) = (subscriber.location(), subscriber.options());
        Self {
            name: subscriber.name(),
            event: subscriber.event().name(),
            version: subscriber.event().version(),
            topic: subscriber.event().topic(),
            queue,
            runs: match (subscriber.is_async(), subscriber.is_blocking()) {
                (true, _) => "async",
                (false, true) => "blocking",
                (false, false) => "inline",
            },
            attempts: options.retry.attempts,
            backoff_seconds: [options.retry.min.as_secs_f64(), options.retry.max.as_secs_f64()],
            timeout_seconds: options.timeout.map(|timeout| timeout.as_secs_f64()),
            concurrency: options.concurrency,
            instance: subscriber.instance_type(),
            module: at.module_path(),
            file: at.file(),
            line: at.line(),
        }
    }
}

impl Row for Listed<'_> {
    const HEAD: &'static [&'static str] =
        &["SUBSCRIBER", "LISTENS TO", "QUEUE", "RUNS", "ATTEMPTS", "TIMEOUT", "DECLARED AT"];

    fn cells(&self) -> Vec<String> {
        let timeout =
            |seconds: f64| std::time::Duration::try_from_secs_f64(seconds).map_or_else(|_| "-".into(), spoken);
        vec![
            self.name.to_owned(),
            format!("{} v{}", self.event, self.version),
            self.queue.to_owned(),
            self.runs.to_owned(),
            self.attempts.to_string(),
            self.timeout_seconds.map_or_else(|| "-".to_owned(), timeout),
            format!("{}:{}", self.file, self.line),
        ]
    }
}

impl Subscribers {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let event = self.event.as_deref().map(|name| super::event_named(bus, name)).transpose()?;
        let mut listed: Vec<Listed<'_>> = bus
            .subscribers()
            .filter(|(queue, _)| self.queue.as_deref().is_none_or(|wanted| wanted == *queue))
            .filter(|(_, subscriber)| event.is_none_or(|event| subscriber.event().is_same_type(event)))
            .map(|(queue, subscriber)| Listed::of(queue, subscriber))
            .collect();
        listed.sort_by_key(|listed| (listed.queue, listed.module, listed.line, listed.name, listed.event));
        let queues: BTreeSet<&str> = bus.subscribers().map(|(queue, _)| queue).collect();
        if listed.is_empty()
            && let Some(queue) = self.queue.as_deref().filter(|queue| !queues.contains(queue))
        {
            screen.note(none_of("no subscribers of the queue", queue, "queues", queues));
        } else if listed.is_empty() && event.is_some() {
            screen.note("no subscribers of that event");
        } else if listed.is_empty() {
            screen.note("no subscribers; a crate that nobody names is not linked: `.crates(melange::crates![..])`");
        }
        screen.rows(&listed)?;
        Ok(Exit::Done)
    }
}
