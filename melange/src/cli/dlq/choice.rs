//! Which dead letters are meant.

use std::time::Duration;

use super::super::{Glance, age};
use crate::{Letter, Timestamp};

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
