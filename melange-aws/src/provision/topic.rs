//! Topics: looking, making, and setting what has drifted.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types::Tag;
use melange::transport::{TransportError, TransportErrorKind};

use super::change::{Action, Change, Value};
use super::command::{Commands, attributes, topic_tags};
use super::seen::{Seen, present};
use super::tags;
use super::wanted::Topic;
use crate::Aws;
use crate::client::Call;
use crate::names::is_fifo;

const FIFO: &str = "FifoTopic";
const SCOPE: &str = "FifoThroughputScope";
const BY_GROUP: &str = "MessageGroup";
const SIGNATURE: &str = "SignatureVersion";
const SHA256: &str = "2";

/// What the topic is, and what it should be.
pub(super) async fn look(aws: &Aws, commands: &Commands, topic: &Topic) -> Result<Seen, TransportError> {
    let seen = Seen::begin();
    let resource = format!("topic {}", topic.name);
    let found = match find(aws, topic).await {
        Err(error) if topic.elsewhere && error.kind() == TransportErrorKind::Denied => {
            return Ok(seen.noting(format!("not allowed to look at topic {}; it is taken to be there", topic.arn)));
        }
        answer => answer?,
    };
    let Some(found) = found else {
        return Ok(seen.with(missing(commands, topic, resource)));
    };
    let says_fifo = found.get(FIFO).map(|text| text == "true");
    if let Some(fifo) = says_fifo.filter(|fifo| *fifo != is_fifo(&topic.name)) {
        let (is, name) = if fifo { ("is FIFO", "ends otherwise") } else { ("is not FIFO", "ends in `.fifo`") };
        let what = format!("{resource} {is}, and its name {name}; this cannot be changed: make another");
        return Ok(seen.with(Change::by_hand(resource, what)));
    }
    let mut seen = seen;
    let signature = found.get(SIGNATURE).map(String::as_str);
    if topic.sha256 && signature != Some(SHA256) {
        seen.changes.push(signed(commands, topic, &resource, signature));
    }
    if topic.elsewhere {
        return Ok(seen);
    }
    let scope = found.get(SCOPE).map(String::as_str);
    if topic.by_group && scope != Some(BY_GROUP) {
        seen.changes.push(throughput(commands, topic, &resource, scope));
    }
    if !topic.tags.is_empty() {
        let missing = tags::missing(&topic.tags, &tags_of(aws, topic).await?);
        if !missing.is_empty() {
            seen.changes.push(untagged(commands, topic, resource, missing));
        }
    }
    Ok(seen)
}

fn missing(commands: &Commands, topic: &Topic, resource: String) -> Change {
    if topic.elsewhere {
        let what = format!(
            "topic {} does not exist, where its ARN says, and is not ours to make; ask its owner for the right ARN",
            topic.arn
        );
        return Change::by_hand(resource, what);
    }
    let what = format!("{resource} does not exist");
    let settings = settings(topic);
    let values = settings.iter().map(|(name, value)| Value::new(*name, None, *value));
    let values = values.chain(tags::values(&topic.tags, &BTreeMap::new())).collect();
    let (written, tags) = (attributes(settings.iter().copied()), topic_tags(&topic.tags));
    let mut arguments = vec![("name", topic.name.as_str())];
    if !settings.is_empty() {
        arguments.push(("attributes", &written));
    }
    if !topic.tags.is_empty() {
        arguments.push(("tags", &tags));
    }
    let command = commands.command("sns create-topic", &topic.arn, &arguments);
    Change::create(resource, what, values, command, Action::CreateTopic)
}

fn throughput(commands: &Commands, topic: &Topic, resource: &str, scope: Option<&str>) -> Change {
    let what = format!("{resource} counts and compares over all its message groups, and not within each");
    let arguments = [("topic-arn", topic.arn.as_str()), ("attribute-name", SCOPE), ("attribute-value", BY_GROUP)];
    let command = commands.command("sns set-topic-attributes", &topic.arn, &arguments);
    let values = vec![Value::new(SCOPE, scope, BY_GROUP)];
    Change::update(resource.to_owned(), what, values, command, Action::SetTopic(SCOPE, BY_GROUP.to_owned()))
}

/// Without it every message of the topic would be a dead letter.
fn signed(commands: &Commands, topic: &Topic, resource: &str, signature: Option<&str>) -> Change {
    let what = format!("{resource} signs by SHA-1, which is not to be taken");
    if topic.elsewhere {
        let ask = format!(
            "{what}: ask its owner to set its attribute {SIGNATURE} to {SHA256}, or say `.allow_signature_version_1()`"
        );
        return Change::by_hand(resource.to_owned(), ask);
    }
    let arguments = [("topic-arn", topic.arn.as_str()), ("attribute-name", SIGNATURE), ("attribute-value", SHA256)];
    let command = commands.command("sns set-topic-attributes", &topic.arn, &arguments);
    let values = vec![Value::new(SIGNATURE, signature, SHA256)];
    Change::update(resource.to_owned(), what, values, command, Action::SetTopic(SIGNATURE, SHA256.to_owned()))
}

fn untagged(commands: &Commands, topic: &Topic, resource: String, missing: BTreeMap<String, String>) -> Change {
    let what = format!("{resource} lacks the {}", tags::named(&missing));
    let arguments = [("resource-arn", topic.arn.as_str()), ("tags", &topic_tags(&missing))];
    let command = commands.command("sns tag-resource", &topic.arn, &arguments);
    let values = tags::values(&missing, &BTreeMap::new()).collect();
    Change::update(resource, what, values, command, Action::TagTopic(missing))
}

/// Whether the attribute is set where it differs, and not only when a topic is made.
pub(super) fn is_set(name: &str) -> bool {
    [SCOPE, SIGNATURE].contains(&name)
}

/// The attributes of a new topic.
pub(super) fn settings(topic: &Topic) -> Vec<(&'static str, &'static str)> {
    let mut settings = Vec::new();
    if is_fifo(&topic.name) {
        // Melange always sends a deduplication id of its own.
        settings.extend([(FIFO, "true"), ("ContentBasedDeduplication", "false")]);
    }
    if topic.by_group {
        settings.push((SCOPE, BY_GROUP));
    }
    if topic.sha256 {
        settings.push((SIGNATURE, SHA256));
    }
    settings
}

async fn find(aws: &Aws, topic: &Topic) -> Result<Option<HashMap<String, String>>, TransportError> {
    let request = aws.client().sns.get_topic_attributes().topic_arn(&topic.arn).customize();
    let sending = request.config_override(aws.sns_near(&topic.arn)).send();
    let answer = call("sns:GetTopicAttributes", topic).send(sending).await;
    Ok(present(answer)?.map(|output| output.attributes.unwrap_or_default()))
}

async fn tags_of(aws: &Aws, topic: &Topic) -> Result<BTreeMap<String, String>, TransportError> {
    let request = aws.client().sns.list_tags_for_resource().resource_arn(&topic.arn);
    let output = call("sns:ListTagsForResource", topic).send(request.send()).await?;
    Ok(output.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Does what `action` says, unless it is for another part.
pub(super) async fn apply(aws: &Aws, topic: &Topic, action: &Action) -> Result<(), TransportError> {
    match action {
        Action::CreateTopic => create(aws, topic).await,
        Action::SetTopic(name, value) => {
            let request = aws.client().sns.set_topic_attributes();
            let request = request.topic_arn(&topic.arn).attribute_name(*name).attribute_value(value);
            call("sns:SetTopicAttributes", topic).send(request.send()).await.map(drop)
        }
        Action::TagTopic(missing) => {
            let request = aws.client().sns.tag_resource().resource_arn(&topic.arn).set_tags(Some(written(missing)?));
            call("sns:TagResource", topic).send(request.send()).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Makes the topic, which is no harm if someone else just has.
async fn create(aws: &Aws, topic: &Topic) -> Result<(), TransportError> {
    let mut request = aws.client().sns.create_topic().name(&topic.name);
    for (name, value) in settings(topic) {
        request = request.attributes(name, value);
    }
    if !topic.tags.is_empty() {
        request = request.set_tags(Some(written(&topic.tags)?));
    }
    let made = call("sns:CreateTopic", topic).send(request.send()).await?;
    match made.topic_arn() {
        Some(arn) if arn != topic.arn => Err(TransportError::new(
            TransportErrorKind::Configuration,
            format!(
                "topic {} was made as {arn}, where {} was expected; is `.account(\"...\")` right?",
                topic.name, topic.arn
            ),
        )),
        _ => Ok(()),
    }
}

fn written(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, TransportError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|error| {
        TransportError::new(TransportErrorKind::Configuration, "a tag cannot be sent").with_source(error)
    })
}

fn call(action: &'static str, topic: &Topic) -> Call {
    Call::new(action, format!("topic {}", topic.arn))
}
