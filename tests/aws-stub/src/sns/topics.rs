//! Topics: making, looking, setting.

use super::Asked;
use super::xml::{element, list, map};
use crate::account::ID;
use crate::answer::Done;
use crate::refusal::Refusal;

pub(super) fn create(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let name = asked.form.required("Name")?;
    let mut account = asked.shared.account();
    let topic = account.create_topic(asked.region, name, &asked.form.map("Attributes"))?;
    topic.tags.extend(asked.form.tags("Tags"));
    Ok(asked.answer(|result| element(result, "TopicArn", &topic.arn)))
}

pub(super) fn get_attributes(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.topic()?;
    let mut account = asked.shared.account();
    let topic = account.topic(arn)?;
    let subscriptions = topic.subscriptions.len().to_string();
    let mut all = vec![
        ("TopicArn", &*topic.arn),
        ("Owner", ID),
        ("SubscriptionsConfirmed", &subscriptions),
        ("SubscriptionsPending", "0"),
        ("SubscriptionsDeleted", "0"),
    ];
    if topic.fifo {
        all.push(("FifoTopic", "true"));
        if !topic.attributes.contains_key("ContentBasedDeduplication") {
            all.push(("ContentBasedDeduplication", "false"));
        }
    }
    all.extend(topic.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    Ok(asked.answer(|result| map(result, "Attributes", all)))
}

pub(super) fn set_attributes(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.topic()?;
    let (name, value) = (asked.form.required("AttributeName")?, asked.form.get("AttributeValue"));
    asked.shared.account().set_topic(arn, name, value.unwrap_or_default())?;
    Ok(asked.answer(|_| {}))
}

pub(super) fn tag(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.own(asked.form.required("ResourceArn")?, "ResourceArn")?;
    let missing = |_| Refusal::new("ResourceNotFound", "Resource does not exist");
    asked.shared.account().topic(arn).map_err(missing)?.tags.extend(asked.form.tags("Tags"));
    Ok(asked.answer(|_| {}))
}

pub(super) fn list_tags(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.own(asked.form.required("ResourceArn")?, "ResourceArn")?;
    let missing = |_| Refusal::new("ResourceNotFound", "Resource does not exist");
    let tags = asked.shared.account().topic(arn).map_err(missing)?.tags.clone();
    Ok(asked.answer(|result| {
        list(result, "Tags", tags, |member, (key, value)| {
            element(member, "Key", &key);
            element(member, "Value", &value);
        });
    }))
}
