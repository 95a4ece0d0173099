//! Subscriptions: looking, making, and setting what has drifted.

use std::collections::{BTreeSet, HashMap};

use melange::attributes::EVENT_TYPE;
use melange::transport::{TransportError, TransportErrorKind};
use serde_json::{Map, Value, json};

use super::command::{Commands, attributes};
use super::wanted::{Feed, MOST_NAMES};
use crate::Aws;
use crate::client::Call;

const RAW: &str = "RawMessageDelivery";
const FILTER: &str = "FilterPolicy";
const SCOPE: &str = "FilterPolicyScope";

/// A subscription that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) arn: String,
    attributes: HashMap<String, String>,
}

/// An attribute to be set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) why: String,
}

impl Found {
    /// What is to be set, each with the reason.
    pub(super) fn changes(&self, feed: &Feed) -> Vec<Change> {
        let attribute = |name: &str| self.attributes.get(name).map(String::as_str);
        let mut changes = Vec::new();
        // Spelled "True" by some.
        let raw = attribute(RAW).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if raw != feed.raw {
            let why =
                if raw { "delivers raw, and the envelope is wanted" } else { "delivers in the envelope, not raw" };
            changes.push(Change { name: RAW, value: feed.raw.to_string(), why: why.to_owned() });
        }
        // A filter on the body is someone else's.
        if attribute(SCOPE).is_none_or(|scope| scope == "MessageAttributes")
            && let Some((value, why)) = filter_change(attribute(FILTER), feed.names.as_ref())
        {
            changes.push(Change { name: FILTER, value, why });
        }
        changes
    }
}

/// What the filter policy should be and why, if `present` is not good enough: it lets all wanted names pass, and there is
/// one where one is wanted. It is never made narrower than it is, for the names that it lists may be another's.
fn filter_change(present: Option<&str>, wanted: Option<&BTreeSet<String>>) -> Option<(String, String)> {
    let present: Map<String, Value> = present.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let names = match (present.get(EVENT_TYPE), present.len()) {
        (_, 0) => {
            let wanted = wanted?;
            return Some((
                filter(wanted),
                "has no filter policy, so that all events of the topic come through".to_owned(),
            ));
        }
        // By other attributes too or only: someone else's, which cannot be judged.
        (None, _) | (Some(_), 2..) => return None,
        (Some(names), _) => names.as_array()?,
    };
    let Some(wanted) = wanted else {
        return Some(("{}".to_owned(), "has a filter policy, and none is wanted".to_owned()));
    };
    // Patterns, such as prefixes, are someone else's.
    let nameless = nameless();
    let named = names.iter().filter(|name| **name != nameless).map(|name| name.as_str().map(str::to_owned));
    let mut all = named.collect::<Option<BTreeSet<String>>>()?;
    let mut lacking: Vec<String> = wanted.difference(&all).cloned().collect();
    all.extend(lacking.iter().cloned());
    if !names.contains(&nameless) {
        lacking.push(format!("messages without an `{EVENT_TYPE}`"));
    }
    if lacking.is_empty() {
        return None;
    }
    let why = format!("has a filter policy that does not let {} pass", lacking.join(", "));
    Some((if all.len() > MOST_NAMES { "{}".to_owned() } else { filter(&all) }, why))
}

/// These names, and messages that carry no name beside their body: Python melange before 4 and from 7.1 writes such. On a
/// topic where everyone names their events it lets nothing more through.
fn filter(names: &BTreeSet<String>) -> String {
    let values: Vec<Value> = names.iter().cloned().map(Value::String).chain([nameless()]).collect();
    json!({ EVENT_TYPE: values }).to_string()
}

fn nameless() -> Value {
    json!({ "exists": false })
}

/// The subscription of `queue` to the feed's topic, if there is one.
pub(super) async fn find(aws: &Aws, feed: &Feed, queue: &str) -> Result<Looked, TransportError> {
    let mut next: Option<String> = None;
    loop {
        let request = aws
            .client()
            .sns
            .list_subscriptions_by_topic()
            .topic_arn(&feed.topic_arn)
            .set_next_token(next)
            .customize()
            .config_override(aws.sns_near(&feed.topic_arn));
        let call = Call::new("sns:ListSubscriptionsByTopic", format!("topic {}", feed.topic));
        let page = match call.send(request.send()).await {
            Ok(page) => page,
            Err(error) if error.kind() == TransportErrorKind::NotFound => return Ok(Looked::None),
            Err(error) if feed.elsewhere && error.kind() == TransportErrorKind::Denied => {
                return Ok(Looked::NotAllowed);
            }
            Err(error) => return Err(error),
        };
        let of_queue = page
            .subscriptions()
            .iter()
            .find(|subscription| subscription.protocol() == Some("sqs") && subscription.endpoint() == Some(queue));
        match of_queue.map(|subscription| subscription.subscription_arn().unwrap_or_default()) {
            Some(arn) if arn.starts_with("arn:") => return read(aws, feed, arn.to_owned()).await.map(Looked::Found),
            Some(_) => return Ok(Looked::Pending),
            None => {}
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(Looked::None);
        }
    }
}

/// What looking for a subscription showed.
#[derive(Debug)]
pub(super) enum Looked {
    Found(Found),
    /// It waits for someone to confirm it.
    Pending,
    None,
    /// The topic is someone else's, who does not let us look.
    NotAllowed,
}

/// Subscribes, without attributes: with them SNS refuses if there is a subscription with others.
pub(super) async fn subscribe(aws: &Aws, feed: &Feed, queue: &str) -> Result<Found, TransportError> {
    let request = aws
        .client()
        .sns
        .subscribe()
        .topic_arn(&feed.topic_arn)
        .protocol("sqs")
        .endpoint(queue)
        .return_subscription_arn(true)
        .customize()
        .config_override(aws.sns_near(&feed.topic_arn));
    let answer = Call::new("sns:Subscribe", format!("topic {}", feed.topic)).send(request.send()).await?;
    let arn = answer.subscription_arn().filter(|arn| arn.starts_with("arn:")).map(str::to_owned).ok_or_else(|| {
        let what = format!("SNS named no subscription of {queue} to {}", feed.topic_arn);
        TransportError::new(TransportErrorKind::Unavailable, what)
    })?;
    read(aws, feed, arn).await
}

/// What the subscription is now.
pub(super) async fn read(aws: &Aws, feed: &Feed, arn: String) -> Result<Found, TransportError> {
    let request = aws.client().sns.get_subscription_attributes().subscription_arn(&arn);
    let request = request.customize().config_override(aws.sns_near(&arn));
    let call = Call::new("sns:GetSubscriptionAttributes", format!("the subscription to topic {}", feed.topic));
    let output = call.send(request.send()).await?;
    Ok(Found { arn, attributes: output.attributes.unwrap_or_default() })
}

/// Sets one attribute.
pub(super) async fn set(aws: &Aws, feed: &Feed, arn: &str, change: &Change) -> Result<(), TransportError> {
    let request = aws
        .client()
        .sns
        .set_subscription_attributes()
        .subscription_arn(arn)
        .attribute_name(change.name)
        .attribute_value(&change.value)
        .customize()
        .config_override(aws.sns_near(arn));
    let call = Call::new("sns:SetSubscriptionAttributes", format!("the subscription to topic {}", feed.topic));
    call.send(request.send()).await.map(drop)
}

/// The command that subscribes.
pub(super) fn subscribe_command(commands: &Commands, feed: &Feed, queue: &str) -> String {
    let filter = feed.names.as_ref().map(filter);
    let raw = feed.raw.to_string();
    let settings = attributes(
        [(RAW, Some(&raw)), (FILTER, filter.as_ref())]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.as_str()))),
    );
    let arguments = [
        ("topic-arn", feed.topic_arn.as_str()),
        ("protocol", "sqs"),
        ("notification-endpoint", queue),
        ("attributes", &settings),
    ];
    commands.command("sns subscribe", &arguments)
}

/// The command that sets an attribute.
pub(super) fn set_command(commands: &Commands, arn: &str, change: &Change) -> String {
    let arguments = [("subscription-arn", arn), ("attribute-name", change.name), ("attribute-value", &change.value)];
    commands.command("sns set-subscription-attributes", &arguments)
}

#[cfg(test)]
#[path = "subscription_tests.rs"]
mod tests;
