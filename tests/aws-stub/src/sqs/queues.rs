//! Queues: making, looking, setting, deleting.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::input::{
    CreateQueue, GetQueueAttributes, GetQueueUrl, ListQueues, OnlyQueue, SetQueueAttributes, TagQueue, name,
};
use super::{answer, nothing};
use crate::account;
use crate::answer::Done;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How often a queue can be purged. Source: the SQS API reference, `PurgeQueue`.
const BETWEEN_PURGES: Duration = Duration::from_secs(60);

fn url(shared: &Shared, name: &str) -> String {
    format!("{}/{}/{name}", shared.endpoint(), account::ID)
}

pub(super) fn create(shared: &Shared, region: &str, input: &CreateQueue) -> Result<Done, Refusal> {
    let mut account = shared.account();
    let queue = account.create_queue(region, &input.queue_name, &input.attributes, shared.clock.now())?;
    queue.tags.extend(input.tags.clone());
    Ok(Done::plain(answer(&json!({ "QueueUrl": url(shared, &queue.name) }))?))
}

pub(super) fn get_url(shared: &Shared, region: &str, input: &GetQueueUrl) -> Result<Done, Refusal> {
    if input.owner.as_deref().is_some_and(|owner| owner != account::ID) {
        return Err(Refusal::no_queue());
    }
    let name = shared.account().queue(region, &input.queue_name).map(|queue| queue.name.clone())?;
    Ok(Done::plain(answer(&json!({ "QueueUrl": url(shared, &name) }))?))
}

pub(super) fn get_attributes(shared: &Shared, region: &str, input: &GetQueueAttributes) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    let mut account = shared.account();
    let queue = account.queue(region, name(&input.queue_url))?;
    let all = queue.attributes(&shared.clock, now);
    let mut asked = BTreeMap::new();
    for name in &input.attribute_names {
        match name.as_str() {
            "All" => asked.extend(all.clone()),
            name => match all.get_key_value(name) {
                Some((name, value)) => drop(asked.insert(*name, value.clone())),
                None if account::is_queue_attribute(name) => {}
                None => return Err(Refusal::new("InvalidAttributeName", format!("Unknown Attribute {name}."))),
            },
        }
    }
    // Without any, AWS leaves the map out.
    let body = if asked.is_empty() { json!({}) } else { json!({ "Attributes": asked }) };
    Ok(Done::plain(answer(&body)?))
}

pub(super) fn set_attributes(shared: &Shared, region: &str, input: &SetQueueAttributes) -> Result<Done, Refusal> {
    shared.account().set_queue(region, name(&input.queue_url), &input.attributes, shared.clock.now())?;
    Ok(nothing())
}

pub(super) fn tag(shared: &Shared, region: &str, input: TagQueue) -> Result<Done, Refusal> {
    shared.account().queue(region, name(&input.queue_url))?.tags.extend(input.tags);
    Ok(nothing())
}

pub(super) fn list_tags(shared: &Shared, region: &str, input: &OnlyQueue) -> Result<Done, Refusal> {
    let mut account = shared.account();
    let tags = &account.queue(region, name(&input.queue_url))?.tags;
    Ok(Done::plain(answer(&if tags.is_empty() { json!({}) } else { json!({ "Tags": tags }) })?))
}

pub(super) fn list(shared: &Shared, region: &str, input: &ListQueues) -> Result<Done, Refusal> {
    let prefix = input.queue_name_prefix.as_deref().unwrap_or_default();
    let names = shared.account().queue_names(region, prefix);
    let from = match input.next_token.as_deref() {
        None => 0,
        Some(token) => token.parse().map_err(|_| Refusal::new("InvalidParameterValue", "NextToken"))?,
    };
    let urls: Vec<String> =
        names.iter().skip(from).take(input.max_results.unwrap_or(1000)).map(|name| url(shared, name)).collect();
    // Pages are given to those who say how long they are to be.
    let next = input.max_results.map(|most| from + most).filter(|next| *next < names.len());
    let mut body = if urls.is_empty() { json!({}) } else { json!({ "QueueUrls": urls }) };
    if let Some(next) = next {
        body["NextToken"] = next.to_string().into();
    }
    Ok(Done::plain(answer(&body)?))
}

pub(super) fn delete(shared: &Shared, region: &str, input: &OnlyQueue) -> Result<Done, Refusal> {
    shared.account().delete_queue(region, name(&input.queue_url), shared.clock.now())?;
    Ok(nothing())
}

pub(super) fn purge(shared: &Shared, region: &str, input: &OnlyQueue) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    let mut account = shared.account();
    let queue = account.queue(region, name(&input.queue_url))?;
    if queue.purged.is_some_and(|last| now.since(last) < BETWEEN_PURGES) {
        let what = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name);
        return Err(Refusal::new("PurgeQueueInProgress", what));
    }
    queue.purged = Some(now);
    queue.purge();
    Ok(nothing())
}
