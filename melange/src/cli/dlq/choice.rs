//! Which dead letters are meant.

use std::time::Duration;

use super::super::{Glance, Screen, age, near};
use crate::{EventBus, Letter, Timestamp};

/// Which dead letters are meant: all, unless something else is said.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Choice {
    /// Those of this event, by its name on the wire
    #[arg(long)]
    event: Option<String>,

    /// Those that this subscriber gave up
    #[arg(long)]
    subscriber: Option<String>,

    /// Those given up longer ago than this: 90s, 15m, 2h, 7d
    #[arg(long, value_name = "TIME", value_parser = age)]
    older_than: Option<Duration>,

    /// Those given up since
    #[arg(long, value_name = "TIME", value_parser = age)]
    newer_than: Option<Duration>,

    /// Those whose reason has this text in it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// The one with this id, as `dlq ls` shows it; may be said several times
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
}

impl Choice {
    /// As said, and one of these too, if there are any.
    pub(super) fn with_ids(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids.extend(ids);
        self
    }

    /// Whether anything was said of which are meant.
    fn is_all(&self) -> bool {
        let Self { event, subscriber, older_than, newer_than, reason, ids } = self;
        event.is_none()
            && subscriber.is_none()
            && older_than.is_none()
            && newer_than.is_none()
            && reason.is_none()
            && ids.is_empty()
    }

    /// What is said when there are none of `queues`.
    pub(super) fn none_of(&self, queues: &str) -> String {
        if self.is_all() { format!("no dead letters of {queues}") } else { format!("no such dead letters of {queues}") }
    }

    /// Notes names that this program does not have. Letters may bear them all the same, of an older build.
    pub(super) fn note_unknown(&self, bus: &EventBus, screen: &Screen) {
        let note = |what: &str, wanted: &Option<String>, names: Vec<&str>| {
            let Some(wanted) = wanted.as_deref().filter(|wanted| !names.contains(wanted)) else { return };
            let near = near(wanted, names).map(|near| format!("; {near}")).unwrap_or_default();
            screen.note(format_args!("note: this program has no {what} {wanted:?}{near}"));
        };
        let events = bus.events().flat_map(|event| event.aliases().iter().copied().chain([event.name()]));
        note("event", &self.event, events.collect());
        note("subscriber", &self.subscriber, bus.subscribers().map(|(_, subscriber)| subscriber.name()).collect());
    }

    /// Whether the letter is meant.
    pub(super) fn takes(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        let age = age_of(letter);
        is(&self.event, name_of(letter).as_deref())
            && is(&self.subscriber, letter.subscriber())
            && self.older_than.is_none_or(|than| age.is_some_and(|age| age >= than))
            && self.newer_than.is_none_or(|than| age.is_some_and(|age| age < than))
            && self.reason.as_deref().is_none_or(|reason| letter.reason().contains(reason))
            && (self.ids.is_empty() || self.ids.iter().any(|id| id == letter.message_id()))
    }
}

/// How long ago it was given up.
pub(super) fn age_of(letter: &Letter) -> Option<Duration> {
    let millis = Timestamp::now().unix_millis() - letter.sent_at()?.unix_millis();
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

/// The event's name, as it stands in the body or beside it.
pub(super) fn name_of(letter: &Letter) -> Option<String> {
    Glance::at(letter.body(), letter.attributes()).event_type_name
}
