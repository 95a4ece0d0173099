//! Queues: looking at them, and at their tags.

mod apply;
mod found;
pub(super) mod settings;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::TransportError;

use super::change::{Action, Change, Finding, Value};
use super::command::{Commands, attributes, queue_tags};
use super::seen::{Seen, present};
use super::wanted::Queue;
use super::{policy, tags};
use crate::Aws;
use crate::client::Call;

pub(super) use apply::apply;
use found::{Difference, Found};
use settings::by_group;

/// What the queue is, and what it should be. The topics in its policy are added to `known`.
pub(super) async fn look(
    aws: &Aws,
    commands: &Commands,
    wanted: &Queue,
    known: &mut BTreeSet<String>,
) -> Result<Seen, TransportError> {
    let mut seen = Seen::begin();
    let resource = wanted.called();
    let Some(found) = find(aws, &wanted.name).await? else {
        return Ok(seen.with(missing(commands, wanted)));
    };
    if let Some(arn) = found.arn().filter(|arn| *arn != wanted.arn) {
        let what = format!("{resource} is {arn}, where {} was expected; is `.account(\"...\")` right?", wanted.arn);
        return Ok(seen.with(Change::by_hand(resource, what)));
    }
    let policy = found.attribute(&Name::Policy);
    let differences = found.differences(wanted, known);
    seen.changes.extend(differences.into_iter().map(|difference| differing(commands, wanted, &found, difference)));
    if let Some(too_much) = found.too_much(wanted, known) {
        seen.changes.push(Change::by_hand(resource.clone(), format!("{resource}: {too_much}")));
    }
    seen.left.extend(found.left(wanted).into_iter().map(|what| format!("{resource} {what}")));
    known.extend(policy::ours(policy));
    seen.findings.extend(policy::too_open(policy).into_iter().map(|(name, why)| {
        Finding {
            resource: resource.clone(),
            what: format!("statement {name} in the policy of {resource} {why}"),
            command: policy::closed(policy, &wanted.arn, &wanted.senders)
                .ok()
                .map(|closed| set_command(commands, wanted, &found.url, &[(Name::Policy, closed)])),
        }
    }));
    if !wanted.tags.is_empty() {
        seen.changes.extend(untagged(commands, wanted, &found.url, &tags_of(aws, wanted, &found.url).await?));
    }
    Ok(seen)
}

fn missing(commands: &Commands, wanted: &Queue) -> Change {
    let resource = wanted.called();
    let settings = match settings::of(wanted) {
        Ok(settings) => settings,
        Err(too_much) => {
            return Change::by_hand(resource.clone(), format!("{resource} does not exist, and {too_much}"));
        }
    };
    let values = settings.iter().map(|(name, value)| Value::new(name.as_str(), None, value));
    let values = values.chain(tags::values(&wanted.tags, &BTreeMap::new())).collect();
    let (written, tags) = (written(&settings), queue_tags(&wanted.tags));
    let mut arguments = vec![("queue-name", wanted.name.as_str()), ("attributes", &written)];
    if !wanted.tags.is_empty() {
        arguments.push(("tags", &tags));
    }
    let command = commands.command("sqs create-queue", &wanted.arn, &arguments);
    let what = format!("{resource} does not exist");
    Change::create(resource, what, values, command, Action::CreateQueue(settings))
}

fn differing(commands: &Commands, wanted: &Queue, found: &Found, difference: Difference) -> Change {
    let resource = wanted.called();
    let Difference { attributes, why } = difference;
    let value = |(name, value): &(Name, String)| Value::new(name.as_str(), found.attribute(name), value);
    let values = attributes.iter().map(value).filter(|value| value.now.as_deref() != Some(&value.wanted)).collect();
    let command = set_command(commands, wanted, &found.url, &attributes);
    let what = format!("{resource}: {why}");
    Change::update(resource, what, values, command, Action::SetQueue { url: found.url.clone(), attributes })
}

fn untagged(commands: &Commands, wanted: &Queue, url: &str, present: &BTreeMap<String, String>) -> Option<Change> {
    let differing = tags::differing(&wanted.tags, present);
    if differing.is_empty() {
        return None;
    }
    let resource = wanted.called();
    let what = format!("{resource} lacks the {}", tags::named(&differing));
    let values = tags::values(&differing, present).collect();
    let arguments = [("queue-url", url), ("tags", &queue_tags(&differing))];
    let command = commands.command("sqs tag-queue", &wanted.arn, &arguments);
    Some(Change::update(resource, what, values, command, Action::TagQueue { url: url.to_owned(), tags: differing }))
}

fn set_command(commands: &Commands, wanted: &Queue, url: &str, attributes: &[(Name, String)]) -> String {
    let arguments = [("queue-url", url), ("attributes", &written(attributes))];
    commands.command("sqs set-queue-attributes", &wanted.arn, &arguments)
}

fn written(settings: &[(Name, String)]) -> String {
    attributes(settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The queue, if it is there.
pub(super) async fn find(aws: &Aws, name: &str) -> Result<Option<Found>, TransportError> {
    let Some(url) = present(aws.urls().get(aws.client(), name).await)? else { return Ok(None) };
    let mut request = aws.client().sqs.get_queue_attributes().queue_url(&url);
    for attribute in [
        Name::QueueArn,
        Name::VisibilityTimeout,
        Name::MessageRetentionPeriod,
        Name::RedrivePolicy,
        Name::Policy,
        Name::KmsMasterKeyId,
        Name::SqsManagedSseEnabled,
        Name::RedriveAllowPolicy,
    ] {
        request = request.attribute_names(attribute);
    }
    if crate::names::is_fifo(name) {
        for (attribute, _) in by_group() {
            request = request.attribute_names(attribute);
        }
    }
    let answer = Call::new("sqs:GetQueueAttributes", format!("queue {name}")).send(request.send()).await;
    let output = aws.urls().heed(name, answer);
    Ok(present(output)?.map(|output| Found { url, attributes: output.attributes.unwrap_or_default() }))
}

async fn tags_of(aws: &Aws, wanted: &Queue, url: &str) -> Result<BTreeMap<String, String>, TransportError> {
    let request = aws.client().sqs.list_queue_tags().queue_url(url);
    let output = call("sqs:ListQueueTags", wanted).send(request.send()).await?;
    Ok(output.tags.unwrap_or_default().into_iter().collect())
}

fn call(action: &'static str, wanted: &Queue) -> Call {
    Call::new(action, format!("queue {}", wanted.arn))
}
