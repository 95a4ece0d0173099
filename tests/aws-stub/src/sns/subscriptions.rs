//! Subscriptions: making, looking, setting.

use super::Asked;
use super::xml::{self, element, map};
use crate::account::{ID, Subscription};
use crate::answer::Done;
use crate::refusal::Refusal;

/// Subscriptions on one page. Source: the SNS API reference, `ListSubscriptionsByTopic`.
const PAGE: usize = 100;

pub(super) fn subscribe(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let topic = asked.topic()?;
    let (protocol, endpoint) = (asked.form.required("Protocol")?, asked.form.required("Endpoint")?);
    if protocol != "sqs" {
        return Err(Refusal::parameter(format_args!("Protocol: {protocol} is not supported by this stub")));
    }
    let arn = asked.shared.account().subscribe(topic, endpoint, &asked.form.map("Attributes"))?;
    Ok(asked.answer(|result| element(result, "SubscriptionArn", &arn)))
}

pub(super) fn get_attributes(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.own(asked.form.required("SubscriptionArn")?, "SubscriptionArn")?;
    let mut account = asked.shared.account();
    let subscription = account.subscription(arn)?;
    let mut all = vec![
        ("SubscriptionArn", &*subscription.arn),
        ("TopicArn", &*subscription.topic),
        ("Protocol", "sqs"),
        ("Endpoint", &*subscription.endpoint),
        ("Owner", ID),
        ("RawMessageDelivery", if subscription.raw { "true" } else { "false" }),
        ("PendingConfirmation", "false"),
        ("ConfirmationWasAuthenticated", "true"),
        ("SubscriptionPrincipal", "arn:aws:iam::000000000000:user/test"),
    ];
    let own = subscription.attributes.iter().filter(|(name, _)| *name != "RawMessageDelivery");
    all.extend(own.map(|(name, value)| (name.as_str(), value.as_str())));
    let has = |name: &str| subscription.attributes.contains_key(name);
    if has("FilterPolicy") && !has("FilterPolicyScope") {
        all.push(("FilterPolicyScope", "MessageAttributes"));
    }
    Ok(asked.answer(|result| map(result, "Attributes", all)))
}

pub(super) fn set_attributes(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.own(asked.form.required("SubscriptionArn")?, "SubscriptionArn")?;
    let (name, value) = (asked.form.required("AttributeName")?, asked.form.get("AttributeValue"));
    asked.shared.account().set_subscription(arn, name, value.unwrap_or_default())?;
    Ok(asked.answer(|_| {}))
}

/// Of one that is not there as well. Source: measured.
pub(super) fn unsubscribe(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.own(asked.form.required("SubscriptionArn")?, "SubscriptionArn")?;
    asked.shared.account().unsubscribe(arn);
    Ok(asked.answer(|_| {}))
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.topic()?;
    let from = match asked.form.get("NextToken") {
        None | Some("") => 0,
        Some(token) => token.parse::<usize>().map_err(|_| Refusal::parameter("NextToken"))?,
    };
    let mut account = asked.shared.account();
    let all = account.topic(arn)?.subscriptions.clone();
    let page: Vec<_> = all.iter().skip(from).take(PAGE).filter_map(|arn| account.subscriptions.get(arn)).collect();
    let next = (all.len() > from + PAGE).then(|| (from + PAGE).to_string());
    Ok(asked.answer(|result| {
        xml::list(result, "Subscriptions", page, |member, subscription: &Subscription| {
            element(member, "SubscriptionArn", &subscription.arn);
            element(member, "Owner", ID);
            element(member, "Protocol", "sqs");
            element(member, "Endpoint", &subscription.endpoint);
            element(member, "TopicArn", &subscription.topic);
        });
        if let Some(next) = next {
            element(result, "NextToken", &next);
        }
    }))
}
