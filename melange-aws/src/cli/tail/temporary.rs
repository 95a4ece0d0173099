//! The queue of a `tail`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::{TransportError, TransportErrorKind};

use super::lock::Lock;
use crate::client::Call;
use crate::names::is_fifo;
use crate::{Aws, provision};

/// How the names of these queues begin, behind the prefix of all names.
pub(super) const NAMED: &str = "melange-tail-";
/// The ARN of the topic that the queue is subscribed to, which nothing else says.
pub(super) const TOPIC: &str = "melange:tail-topic";
/// When its `tail` was alive last, in seconds since 1970.
pub(super) const ALIVE: &str = "melange:tail-alive";
/// How long it keeps what nobody takes: an hour, in seconds.
const RETENTION: &str = "3600";

/// A queue that lives as long as a `tail`.
pub(super) struct Temporary {
    /// As annotations would call it, without the prefix.
    plain: String,
    name: String,
    arn: String,
    topic: String,
    topic_arn: String,
    filter: String,
    tags: BTreeMap<String, String>,
    url: Option<String>,
    subscription: Option<String>,
    lock: Option<Lock>,
}

impl Temporary {
    /// For what comes through `topic` under these names. Nothing is made yet.
    pub(super) async fn planned(
        aws: &Aws,
        topic: &str,
        names: &BTreeSet<String>,
        tags: BTreeMap<String, String>,
    ) -> Result<Self, TransportError> {
        let topic_arn = aws.arn_of_topic(topic).await?;
        // What comes in order is shown in order.
        let kind = if is_fifo(&topic_arn) { ".fifo" } else { "" };
        let plain = format!("{NAMED}{:016x}{kind}", fastrand::u64(..));
        let name = aws.names().queue(&plain);
        Ok(Self {
            arn: aws.names().queue_arn(&name, aws.account_id().await?)?,
            topic: aws.names().topic(topic),
            filter: provision::filter_of(names),
            plain,
            name,
            topic_arn,
            tags,
            url: None,
            subscription: None,
            lock: None,
        })
    }

    /// As AWS knows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Without the prefix.
    pub(super) fn plain_name(&self) -> &str {
        &self.plain
    }

    /// The topic's name, as AWS knows it.
    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    fn call(&self, action: &'static str) -> Call {
        Call::new(action, format!("queue {}", self.name))
    }

    /// Makes and subscribes it. After an error a part of it may be there, for [`remove`](Self::remove).
    pub(super) async fn create(&mut self, aws: &Aws) -> Result<(), TransportError> {
        self.lock = Lock::take(&self.name);
        let policy = provision::policy_of(None, &self.arn, &[self.topic_arn.clone()].into())
            .map_err(|why| TransportError::new(TransportErrorKind::Configuration, why))?;
        let mut attributes =
            HashMap::from([(Name::MessageRetentionPeriod, RETENTION.to_owned()), (Name::Policy, policy)]);
        if is_fifo(&self.name) {
            attributes.insert(Name::FifoQueue, "true".to_owned());
        }
        // With its tags from the first moment: without them nobody would know whose it is.
        let mut tags: HashMap<String, String> = self.tags.clone().into_iter().collect();
        tags.extend([(TOPIC.to_owned(), self.topic_arn.clone()), (ALIVE.to_owned(), now().to_string())]);
        let request = aws.client().sqs.create_queue().queue_name(&self.name);
        let request = request.set_attributes(Some(attributes)).set_tags(Some(tags));
        let created = self.call("sqs:CreateQueue").send(request.send()).await?;
        self.url = created.queue_url().map(str::to_owned);
        let request = aws.client().sns.subscribe().topic_arn(&self.topic_arn).protocol("sqs").endpoint(&self.arn);
        let request = request.attributes("RawMessageDelivery", "true").attributes("FilterPolicy", &self.filter);
        let request = request.return_subscription_arn(true).customize();
        let sending = request.config_override(aws.sns_near(&self.topic_arn)).send();
        let subscribed = Call::new("sns:Subscribe", format!("topic {}", self.topic)).send(sending).await?;
        self.subscription = subscribed.subscription_arn().filter(|arn| arn.starts_with("arn:")).map(str::to_owned);
        Ok(())
    }

    /// Says that its `tail` is still there. If that fails, another one may remove it in some minutes, which is then said.
    pub(super) async fn live(&self, aws: &Aws) {
        let Some(url) = &self.url else { return };
        let request = aws.client().sqs.tag_queue().queue_url(url).tags(ALIVE, now().to_string());
        if let Err(error) = self.call("sqs:TagQueue").send(request.send()).await {
            tracing::debug!(%error, "no sign of life could be given");
        }
    }

    /// Removes it with its subscription, as far as they are there.
    pub(super) async fn remove(self, aws: &Aws) -> Result<(), TransportError> {
        let unsubscribed = match &self.subscription {
            Some(arn) => unsubscribe(aws, arn).await,
            // The answer may have been lost.
            None if self.url.is_some() => unsubscribe_all(aws, &self.topic_arn, &self.arn).await,
            None => Ok(()),
        };
        delete(aws, &self.name, self.url.clone()).await?;
        unsubscribed?;
        if let Some(lock) = self.lock {
            lock.discard();
        }
        Ok(())
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn unsubscribe(aws: &Aws, arn: &str) -> Result<(), TransportError> {
    let request = aws.client().sns.unsubscribe().subscription_arn(arn).customize();
    let sending = request.config_override(aws.sns_near(arn)).send();
    gone(Call::new("sns:Unsubscribe", format!("subscription {arn}")).send(sending).await.map(drop))
}

/// Takes away what subscribes `queue` to `topic`, by their ARNs.
pub(super) async fn unsubscribe_all(aws: &Aws, topic: &str, queue: &str) -> Result<(), TransportError> {
    let mut next: Option<String> = None;
    loop {
        let request = aws.client().sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(next);
        let sending = request.customize().config_override(aws.sns_near(topic)).send();
        let call = Call::new("sns:ListSubscriptionsByTopic", format!("topic {topic}"));
        let page = match call.send(sending).await {
            Err(error) if error.kind() == TransportErrorKind::NotFound => return Ok(()),
            page => page?,
        };
        for subscription in page.subscriptions().iter().filter(|one| one.endpoint() == Some(queue)) {
            if let Some(arn) = subscription.subscription_arn().filter(|arn| arn.starts_with("arn:")) {
                unsubscribe(aws, arn).await?;
            }
        }
        next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Deletes the queue that AWS knows by this name.
pub(super) async fn delete(aws: &Aws, name: &str, url: Option<String>) -> Result<(), TransportError> {
    let url = match url {
        Some(url) => url,
        None => match aws.urls().get(aws.client(), name).await {
            Err(error) if error.kind() == TransportErrorKind::NotFound => return Ok(()),
            url => url?,
        },
    };
    let request = aws.client().sqs.delete_queue().queue_url(url);
    let answer = Call::new("sqs:DeleteQueue", format!("queue {name}")).send(request.send()).await;
    aws.urls().forget(name);
    gone(answer.map(drop))
}

/// What is not there need not be removed.
fn gone(answer: Result<(), TransportError>) -> Result<(), TransportError> {
    match answer {
        Err(error) if error.kind() == TransportErrorKind::NotFound => Ok(()),
        answer => answer,
    }
}
