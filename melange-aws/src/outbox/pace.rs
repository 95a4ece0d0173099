//! How messages are gathered, and how many requests there are at a time.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Longest window. A publish waits for as long as this in vain.
const LONGEST_LINGER: Duration = Duration::from_secs(60);

/// What a topic can be told to take. Source: the SNS API reference, `CreateTopic`, `MaximumMessageSize`.
const TOPIC_BYTES: RangeInclusive<usize> = 1_024..=1_048_576;

/// How messages are gathered, and how many requests there are at a time.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    pub(crate) linger: Duration,
    pub(crate) in_flight: usize,
    /// What topics take, by the name the annotations use, where it is not what topics usually take.
    pub(crate) limits: BTreeMap<String, usize>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { linger: Duration::from_millis(5), in_flight: 16, limits: BTreeMap::new() }
    }
}

impl Pace {
    pub(crate) fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger.min(LONGEST_LINGER);
        self
    }

    pub(crate) fn in_flight(mut self, requests: usize) -> Self {
        self.in_flight = requests.max(1);
        self
    }

    pub(crate) fn limit(mut self, topic: String, bytes: usize) -> Self {
        self.limits.insert(topic, bytes.clamp(*TOPIC_BYTES.start(), *TOPIC_BYTES.end()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_kept_within_what_makes_sense() {
        let pace =
            Pace::default().linger(Duration::MAX).in_flight(0).limit("orders".to_owned(), 1).limit("x".into(), 1 << 30);
        assert_eq!((pace.linger, pace.in_flight), (Duration::from_secs(60), 1));
        assert_eq!((pace.limits["orders"], pace.limits["x"]), (1_024, 1_048_576));
    }
}
