//! Subscriptions: looking for them.

mod apply;
mod found;
pub(super) mod settings;

use std::collections::BTreeSet;

use melange::transport::{TransportError, TransportErrorKind};

use super::change::{Action, Change, Value};
use super::command::{Commands, attributes};
use super::filter;
use super::seen::Seen;
use super::wanted::Feed;
use crate::Aws;
use crate::client::Call;

pub(super) use apply::{apply, exists_otherwise, subscribe};
use found::Found;

pub(super) const FILTER: &str = "FilterPolicy";
const RAW: &str = "RawMessageDelivery";
const SCOPE: &str = "FilterPolicyScope";
const REDRIVE: &str = "RedrivePolicy";
const PENDING: &str = "PendingConfirmation";

/// What was learnt of a subscription in this run.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its ARN, where nobody would tell.
    pub(super) arn: Option<String>,
    /// It has other attributes than a new one would have.
    differs: bool,
    /// The names that its filter policy let pass.
    names: BTreeSet<String>,
}

/// What looking for a subscription showed.
enum Looked {
    Found(Found),
    /// It waits for someone to confirm it.
    Pending,
    None,
    /// The topic is someone else's, who does not let us look.
    Hidden,
}

/// What the subscription is, and what it should be.
pub(super) async fn look(
    aws: &Aws,
    commands: &Commands,
    feed: &Feed,
    known: &mut Known,
) -> Result<Seen, TransportError> {
    let mut seen = Seen::begin();
    if let Some(why) = feed.no_dlq {
        seen.notes.push(format!("{} keeps nothing that cannot be delivered: {why}", feed.called()));
    }
    let looked = match &known.arn {
        Some(arn) => read(aws, feed, arn.clone()).await?,
        None => find(aws, feed).await?,
    };
    match looked {
        Looked::None => Ok(seen.with(missing(commands, feed))),
        Looked::Pending => {
            seen.pending = true;
            Ok(seen.with(unconfirmed(commands, feed)))
        }
        Looked::Hidden if known.differs => {
            let what = format!(
                "{} has other attributes than it should, and may not be looked at; allow \
                 `sns:GetSubscriptionAttributes` and `sns:SetSubscriptionAttributes` on it, or ask the owner of {}",
                feed.called(),
                feed.topic_arn
            );
            Ok(seen.with(Change::by_hand(feed.called(), what)))
        }
        Looked::Hidden => {
            seen.hidden = true;
            let note = format!(
                "not allowed to look at {} (`sns:ListSubscriptionsByTopic` on {}, `sns:GetSubscriptionAttributes`)",
                feed.called(),
                feed.topic_arn
            );
            Ok(seen.noting(note))
        }
        Looked::Found(found) => {
            found.differences(commands, feed, known, &mut seen);
            let names = filter::listed(found.attribute(FILTER));
            let others: Vec<&str> = names.iter().filter(|name| !feed.lets_pass(name)).map(String::as_str).collect();
            if !others.is_empty() && !feed.exact {
                let what =
                    format!("{} lets {} pass too, as another version may need", feed.called(), others.join(", "));
                seen.left.push(what);
            }
            aws.first_filters().note(feed, &names);
            known.names.extend(names);
            Ok(seen)
        }
    }
}

fn missing(commands: &Commands, feed: &Feed) -> Change {
    let settings = settings::of(feed);
    let values = settings.iter().map(|(name, value)| Value::new(*name, None, value)).collect();
    let what = format!("queue {} is not subscribed to topic {}", feed.queue, feed.topic);
    Change::create(feed.called(), what, values, subscribe_command(commands, feed, &settings), Action::Subscribe)
}

fn unconfirmed(commands: &Commands, feed: &Feed) -> Change {
    let what = format!(
        "queue {} is subscribed to topic {}, and nobody has confirmed it, so that nothing comes; \
         who subscribes from the account of the queue confirms it",
        feed.queue, feed.topic
    );
    let command = subscribe_command(commands, feed, &[]);
    Change::update(feed.called(), what, Vec::new(), command, Action::Subscribe)
}

fn subscribe_command(commands: &Commands, feed: &Feed, settings: &[(&str, String)]) -> String {
    let settings = attributes(settings.iter().map(|(name, value)| (*name, value.as_str())));
    let mut arguments =
        vec![("topic-arn", feed.topic_arn.as_str()), ("protocol", "sqs"), ("notification-endpoint", &feed.queue_arn)];
    if settings != "{}" {
        arguments.push(("attributes", &settings));
    }
    commands.command("sns subscribe", &feed.topic_arn, &arguments)
}

/// The subscription, and the names that its filter policy lets pass; `None` where there is none to look at.
pub(super) async fn names(
    aws: &Aws,
    feed: &Feed,
    arn: Option<String>,
) -> Result<Option<(String, BTreeSet<String>)>, TransportError> {
    let looked = match arn {
        Some(arn) => read(aws, feed, arn).await?,
        None => find(aws, feed).await?,
    };
    Ok(match looked {
        Looked::Found(found) => {
            let names = filter::listed(found.attribute(FILTER));
            Some((found.arn, names))
        }
        Looked::Pending | Looked::None | Looked::Hidden => None,
    })
}

/// Looks through the subscriptions of the topic; those of nothing else.
async fn find(aws: &Aws, feed: &Feed) -> Result<Looked, TransportError> {
    let mut next: Option<String> = None;
    loop {
        let request = aws.client().sns.list_subscriptions_by_topic().topic_arn(&feed.topic_arn).set_next_token(next);
        let request = request.customize().config_override(aws.sns_near(&feed.topic_arn));
        let page = match call("sns:ListSubscriptionsByTopic", feed).send(request.send()).await {
            Ok(page) => page,
            Err(error) if error.kind() == TransportErrorKind::NotFound => return Ok(Looked::None),
            Err(error) if feed.elsewhere && error.kind() == TransportErrorKind::Denied => return Ok(Looked::Hidden),
            Err(error) => return Err(error),
        };
        let of_queue = page.subscriptions().iter().find(|subscription| {
            subscription.protocol() == Some("sqs") && subscription.endpoint() == Some(&feed.queue_arn)
        });
        match of_queue.map(|subscription| subscription.subscription_arn().unwrap_or_default()) {
            Some(arn) if arn.starts_with("arn:") => {
                return read(aws, feed, arn.to_owned()).await;
            }
            Some(_) => return Ok(Looked::Pending),
            None => {}
        }
        next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if next.is_none() {
            return Ok(Looked::None);
        }
    }
}

/// A subscription to someone else's topic may be someone else's too, and is not for us to see.
async fn read(aws: &Aws, feed: &Feed, arn: String) -> Result<Looked, TransportError> {
    let request = aws.client().sns.get_subscription_attributes().subscription_arn(&arn);
    let request = request.customize().config_override(aws.sns_near(&arn));
    match call("sns:GetSubscriptionAttributes", feed).send(request.send()).await {
        Ok(output) => {
            let found = Found { arn, attributes: output.attributes.unwrap_or_default() };
            Ok(if found.is_pending() { Looked::Pending } else { Looked::Found(found) })
        }
        Err(error) => match error.kind() {
            TransportErrorKind::NotFound | TransportErrorKind::Denied if feed.elsewhere => Ok(Looked::Hidden),
            TransportErrorKind::NotFound => Ok(Looked::None),
            _ => Err(error),
        },
    }
}

fn call(action: &'static str, feed: &Feed) -> Call {
    Call::new(action, format!("topic {}", feed.topic_arn))
}
