//! Subscribing, and setting what has drifted.

use melange::transport::{TransportError, TransportErrorKind};

use super::{FILTER, Known, call, settings};
use crate::Aws;
use crate::error::is_code;
use crate::provision::change::Action;
use crate::provision::pace;
use crate::provision::wanted::Feed;

/// Does what `action` says, unless it is for another part.
pub(in crate::provision) async fn apply(
    aws: &Aws,
    feed: &Feed,
    action: &Action,
    known: &mut Known,
) -> Result<(), TransportError> {
    match action {
        Action::Subscribe => subscribe(aws, feed, known).await,
        Action::SetSubscription { arn, name, value } => {
            let near = aws.sns_near(arn);
            let near = if *name == FILTER { pace::sns(near) } else { near };
            let request = aws.client().sns.set_subscription_attributes();
            let request = request.subscription_arn(arn).attribute_name(*name).attribute_value(value);
            let sending = request.customize().config_override(near).send();
            let answer = call("sns:SetSubscriptionAttributes", feed).send(sending).await;
            answer.map(drop).map_err(|error| explained(feed, error))
        }
        _ => Ok(()),
    }
}

/// Subscribes with all attributes, so that nothing comes through unfiltered meanwhile. If there is a subscription with
/// others, SNS refuses: then it is only found, and what differs is set afterwards.
pub(in crate::provision) async fn subscribe(aws: &Aws, feed: &Feed, known: &mut Known) -> Result<(), TransportError> {
    let arn = match subscribe_with(aws, feed, settings::of(feed)).await {
        Err(error) if exists_otherwise(&error) => {
            known.differs = true;
            subscribe_with(aws, feed, Vec::new()).await
        }
        answer => answer,
    };
    known.arn = Some(arn.map_err(|error| explained(feed, error))?);
    Ok(())
}

async fn subscribe_with(
    aws: &Aws,
    feed: &Feed,
    settings: Vec<(&'static str, String)>,
) -> Result<String, TransportError> {
    let mut request = aws.client().sns.subscribe().topic_arn(&feed.topic_arn).protocol("sqs").endpoint(&feed.queue_arn);
    for (name, value) in settings {
        request = request.attributes(name, value);
    }
    let request = request.return_subscription_arn(true).customize();
    let sending = request.config_override(aws.sns_near(&feed.topic_arn)).send();
    let answer = call("sns:Subscribe", feed).send(sending).await?;
    answer.subscription_arn().filter(|arn| arn.starts_with("arn:")).map(str::to_owned).ok_or_else(|| {
        let what = format!("SNS named no subscription of {} to {}", feed.queue_arn, feed.topic_arn);
        TransportError::new(TransportErrorKind::Unavailable, what)
    })
}

/// It, or a topic, is there already, and differs from what was to be made. There is no code for this.
pub(in crate::provision) fn exists_otherwise(error: &TransportError) -> bool {
    error.kind() == TransportErrorKind::Configuration && error.to_string().contains("already exists with different")
}

/// With the way out, where AWS knows none.
fn explained(feed: &Feed, error: TransportError) -> TransportError {
    if !is_code(&error, &["FilterPolicyLimitExceeded", "FilterPolicyLimitExceededException"]) {
        return error;
    }
    let what = format!(
        "{} can have no filter policy: there are as many as SNS allows, 200 for a topic and 10,000 for an account. Subscribe \
         without one, `aws.queue(\"...\").unfiltered()`, or ask AWS for a higher quota",
        feed.called()
    );
    TransportError::new(TransportErrorKind::Configuration, what).with_source(error)
}
