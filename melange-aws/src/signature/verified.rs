//! A verified SNS message.

use std::fmt;

use melange::attributes::{
    Attributes, EVENT_TYPE, MANIFEST, ORIGINAL_QUEUE, REASON, REDRIVES, SERIALIZER_ID, SUBSCRIBER, TRACEPARENT,
};
use melange::transport::{Body, Inbound};

use crate::envelope::{Letter, LetterKind, attributes};
use crate::names::Names;

/// What says which event a body is, how it is read, and who it is for: never taken from what nobody signed.
const ROUTING: [&str; 7] = [EVENT_TYPE, MANIFEST, SERIALIZER_ID, SUBSCRIBER, REASON, ORIGINAL_QUEUE, REDRIVES];

/// A verified SNS message, from an allowed topic. Everything here is signed.
pub struct VerifiedLetter(Letter);

impl VerifiedLetter {
    pub(super) fn new(letter: Letter) -> Self {
        Self(letter)
    }

    /// The type of the message.
    #[must_use]
    pub fn kind(&self) -> LetterKind {
        self.0.kind
    }

    /// The ARN of its topic.
    #[must_use]
    pub fn topic_arn(&self) -> &str {
        &self.0.topic_arn
    }

    /// The id that SNS gave the message; the same for every delivery of it.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.0.message_id
    }

    /// What was published; in the two confirmation types, a text for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The subject of a notification, if it has one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        // In the other letters nobody signs it.
        self.0.subject.as_deref().filter(|_| self.0.kind == LetterKind::Notification)
    }

    /// When SNS accepted the message, such as `2026-03-06T20:00:26.893Z`.
    #[must_use]
    pub fn timestamp(&self) -> &str {
        &self.0.timestamp
    }

    /// The token that confirms the subscription, in the two confirmation types: a secret, only for
    /// `ConfirmSubscription`.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.0.token.as_deref().filter(|_| self.0.kind != LetterKind::Notification)
    }

    /// What was published, for whoever reads events. Of the attributes, which are not signed, none say what it is;
    /// those of others come along only `with_attributes`.
    pub(crate) fn inbound(&self, names: &Names, with_attributes: bool) -> Inbound {
        let mut inbound = Inbound::new(Body::Json(self.0.message.as_str().into()));
        inbound.topic = names.topic_of(&self.0.topic_arn).map(Into::into);
        inbound.wrapper_id = Some(self.0.message_id.clone()).filter(|id| !id.is_empty());
        inbound.attributes = self.unsigned(with_attributes);
        inbound
    }

    /// A trace is carried on whoever began it: it decides nothing.
    fn unsigned(&self, all: bool) -> Attributes {
        let Some(json) = &self.0.attributes else {
            return Attributes::new();
        };
        let keep = |name: &str| name == TRACEPARENT || (all && !ROUTING.contains(&name));
        attributes(json)
            .iter()
            .filter(|(name, _)| keep(name))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

impl fmt::Debug for VerifiedLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLetter")
            .field("kind", &self.0.kind)
            .field("topic_arn", &self.0.topic_arn)
            .field("message_id", &self.0.message_id)
            .field("message_bytes", &self.0.message.len())
            .finish_non_exhaustive()
    }
}
