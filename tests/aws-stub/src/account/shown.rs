//! A queue's attributes, as they are shown.

use std::collections::BTreeMap;

use super::queue::{Queue, Standings};
use super::settings::Settings;
use crate::clock::{Clock, Moment};

/// Attributes that nobody sets.
pub(super) const OWN: [&str; 7] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "FifoQueue",
    "LastModifiedTimestamp",
    "QueueArn",
];

impl Queue {
    /// Every attribute that is there.
    pub(crate) fn attributes(&mut self, clock: &Clock, now: Moment) -> BTreeMap<&'static str, String> {
        let Standings { visible, in_flight, delayed } = self.standings(now);
        let mut all: BTreeMap<&'static str, String> =
            Settings::names().filter_map(|name| Some((name, self.settings.text(name)?))).collect();
        all.insert("ApproximateNumberOfMessages", visible.to_string());
        all.insert("ApproximateNumberOfMessagesNotVisible", in_flight.to_string());
        all.insert("ApproximateNumberOfMessagesDelayed", delayed.to_string());
        all.insert("CreatedTimestamp", clock.seconds(self.created).to_string());
        all.insert("LastModifiedTimestamp", clock.seconds(self.modified).to_string());
        all.insert("QueueArn", self.arn.to_string());
        if self.fifo {
            all.insert("FifoQueue", "true".to_owned());
        }
        all
    }
}
