//! A subscription that is there, and how it differs from what it should be.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::settings::redrive;
use super::{FILTER, Known, PENDING, RAW, REDRIVE, SCOPE};
use crate::provision::change::{Action, Change, Value};
use crate::provision::command::Commands;
use crate::provision::filter::{self, Verdict, Wish};
use crate::provision::seen::Seen;
use crate::provision::wanted::Feed;

const BY_ATTRIBUTES: &str = "MessageAttributes";

/// A subscription that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) arn: String,
    pub(super) attributes: HashMap<String, String>,
}

impl Found {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Whether it waits for someone to confirm it.
    pub(super) fn is_pending(&self) -> bool {
        self.attribute(PENDING).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// What is to be set, each with the reason.
    pub(super) fn differences(&self, commands: &Commands, feed: &Feed, known: &Known, seen: &mut Seen) {
        // Spelled "True" by some.
        let raw = self.attribute(RAW).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if raw != feed.raw {
            let what =
                if raw { "delivers raw, and the envelope is wanted" } else { "delivers in the envelope, not raw" };
            seen.changes.push(self.set(commands, feed, RAW, feed.raw.to_string(), what));
        }
        if let Some(dlq) = &feed.dlq_arn {
            let present: Json =
                self.attribute(REDRIVE).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            let target = present.get("deadLetterTargetArn").and_then(Json::as_str);
            if target != Some(dlq) {
                let is = target.map_or_else(|| "nowhere".to_owned(), |target| format!("to {target}"));
                let what = format!("puts what cannot be delivered {is}, and not to {dlq}");
                seen.changes.push(self.set(commands, feed, REDRIVE, redrive(dlq), &what));
            }
        }
        self.filtered(commands, feed, known, seen);
    }

    fn filtered(&self, commands: &Commands, feed: &Feed, known: &Known, seen: &mut Seen) {
        let present = self.attribute(FILTER).filter(|policy| *policy != filter::NONE);
        let by_attributes = self.attribute(SCOPE).is_none_or(|scope| scope == BY_ATTRIBUTES);
        if !by_attributes && present.is_some() {
            let note =
                format!("{} has a filter policy of someone else's, by the body, and is left as it is", feed.called());
            seen.notes.push(note);
            return;
        }
        // Names that were there a moment ago, and are no longer, were overwritten by someone who did not know them.
        let names = feed.names.as_ref().map(|names| {
            let kept = known.names.iter().filter(|_| !feed.exact);
            names.iter().chain(kept).cloned().collect::<BTreeSet<String>>()
        });
        match filter::judge(present, Wish { names: names.as_ref(), exact: feed.exact }) {
            Verdict::Fine => {}
            Verdict::Left(why) => seen.notes.push(format!("{} {why}", feed.called())),
            Verdict::Set { value, what } => {
                if !by_attributes {
                    let what = "has a filter policy by the body";
                    seen.changes.push(self.set(commands, feed, SCOPE, BY_ATTRIBUTES.to_owned(), what));
                }
                seen.changes.push(self.set(commands, feed, FILTER, value, &what));
            }
        }
    }

    fn set(&self, commands: &Commands, feed: &Feed, name: &'static str, value: String, what: &str) -> Change {
        let arguments =
            [("subscription-arn", self.arn.as_str()), ("attribute-name", name), ("attribute-value", &value)];
        let command = commands.command("sns set-subscription-attributes", &self.arn, &arguments);
        let values = vec![Value::new(name, self.attribute(name), &value)];
        let action = Action::SetSubscription { arn: self.arn.clone(), name, value };
        let resource = feed.called();
        let what = format!("{resource} {what}");
        Change::update(resource, what, values, command, action)
    }
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
