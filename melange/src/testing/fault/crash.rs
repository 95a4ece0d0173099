//! Where a bus may crash.

use std::fmt;

/// Where a bus crashes, as with `kill -9`: none of its handlers goes on, nothing more reaches the broker, and messages
/// in flight are redelivered after their visibility timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Crash {
    /// The broker has delivered a message, but the bus has not seen it.
    AfterReceive,
    /// A subscriber is about to run.
    BeforeHandler,
    /// A subscriber has finished, with any outcome, but nothing has been told to the broker.
    AfterHandler,
    /// An event is about to be published, but the broker does not get it.
    BeforePublish,
    /// The broker has accepted an event, but the publisher does not know.
    AfterPublish,
    /// A message is about to be deleted.
    BeforeAck,
    /// A message was deleted.
    AfterAck,
    /// A message is about to be returned for a retry.
    BeforeRetry,
    /// A message was returned for a retry.
    AfterRetry,
    /// A message is about to be copied to the dead-letter queue.
    BeforeDeadLetter,
    /// A message was copied to the dead-letter queue, but not deleted.
    AfterDeadLetter,
}

impl Crash {
    /// All of them, for a test that tries each.
    pub const ALL: [Self; 11] = [
        Self::AfterReceive,
        Self::BeforeHandler,
        Self::AfterHandler,
        Self::BeforePublish,
        Self::AfterPublish,
        Self::BeforeAck,
        Self::AfterAck,
        Self::BeforeRetry,
        Self::AfterRetry,
        Self::BeforeDeadLetter,
        Self::AfterDeadLetter,
    ];

    /// Whether a subscriber runs at this point, or has given up there.
    pub(super) fn is_of_a_subscriber(self) -> bool {
        matches!(self, Self::BeforeHandler | Self::AfterHandler | Self::BeforeDeadLetter | Self::AfterDeadLetter)
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterReceive => "after a receive",
            Self::BeforeHandler => "before a handler",
            Self::AfterHandler => "after a handler",
            Self::BeforePublish => "before a publish",
            Self::AfterPublish => "after a publish",
            Self::BeforeAck => "before an ack",
            Self::AfterAck => "after an ack",
            Self::BeforeRetry => "before a retry",
            Self::AfterRetry => "after a retry",
            Self::BeforeDeadLetter => "before a dead letter",
            Self::AfterDeadLetter => "after a dead letter",
        })
    }
}
