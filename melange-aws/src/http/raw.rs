//! Raw deliveries: the message alone, which nobody signed. Whether it is of SNS is for someone else to say.

use std::sync::Arc;

use http::request::Parts;
use melange::transport::{Body, Inbound};

use super::settings::Settings;
use super::status::Answer;
use crate::names::Names;

/// Source: the SNS developer guide, "Amazon SNS HTTP/HTTPS headers".
const RAW: &str = "x-amz-sns-rawdelivery";
const TOPIC: &str = "x-amz-sns-topic-arn";
const MESSAGE: &str = "x-amz-sns-message-id";

/// A raw delivery of someone who is known.
pub(super) struct Raw {
    pub(super) topic_arn: String,
    pub(super) message_id: String,
    pub(super) inbound: Inbound,
    pub(super) body: Arc<str>,
}

pub(super) fn is_raw(parts: &Parts) -> bool {
    header(parts, RAW).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// # Errors
/// How it is answered instead.
pub(super) fn read(settings: &Settings, names: &Names, parts: &Parts, body: &[u8]) -> Result<Raw, Answer> {
    let refuse = |why: &str| {
        tracing::warn!(why, "a raw delivery is refused");
        Answer::Refused
    };
    let Some(authenticator) = &settings.authenticator else {
        return Err(refuse("nobody signs it; turn raw delivery off for the subscription, or say `.authenticator(..)`"));
    };
    if !authenticator(parts, body) {
        return Err(refuse("the authenticator does not know its sender"));
    }
    let topic_arn = header(parts, TOPIC).unwrap_or_default();
    if !settings.signatures.is_allowed(topic_arn) {
        return Err(refuse("it is of a topic that is not allowed"));
    }
    let message_id = header(parts, MESSAGE).filter(|id| !id.is_empty());
    let message_id = message_id.ok_or_else(|| refuse("it has no id"))?;
    let text = std::str::from_utf8(body).map_err(|_| Answer::NotALetter)?;
    let mut inbound = Inbound::new(Body::Json(text.into()));
    inbound.wrapper_id = Some(message_id.to_owned());
    inbound.topic = names.topic_of(topic_arn).map(Into::into);
    Ok(Raw { topic_arn: topic_arn.to_owned(), message_id: message_id.to_owned(), inbound, body: text.into() })
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}
