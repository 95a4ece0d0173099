//! The attributes of a new subscription.

use serde_json::json;

use super::{FILTER, RAW, REDRIVE};
use crate::provision::filter;
use crate::provision::wanted::Feed;

/// The attributes of a new subscription.
pub(in crate::provision) fn of(feed: &Feed) -> Vec<(&'static str, String)> {
    let mut settings = vec![(RAW, feed.raw.to_string())];
    settings.extend(feed.names.as_ref().map(|names| (FILTER, filter::of(names))));
    settings.extend(feed.dlq_arn.as_deref().map(|dlq| (REDRIVE, redrive(dlq))));
    settings
}

pub(super) fn redrive(dlq: &str) -> String {
    json!({ "deadLetterTargetArn": dlq }).to_string()
}
