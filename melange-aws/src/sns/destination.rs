//! Where what is published to a topic goes, and what goes there: found once for each topic.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use melange::transport::{Body, Message, TransportError, TransportErrorKind as Kind};
use tokio::sync::OnceCell;

use crate::limits::Limits;
use crate::names::is_fifo;
use crate::outbox::{Address, Answer, Parcel, Rules};
use crate::{Aws, check, group};

use super::topic::Topic;

/// Most topics that are remembered: events may bring topics of their own.
const MOST: usize = 1_000;

/// The topics that were published to, by the name the annotations use.
#[derive(Debug, Default)]
pub(crate) struct Destinations(RwLock<HashMap<String, Arc<Destination>>>);

impl Destinations {
    /// Where what is published to `topic` goes. Calls nothing.
    pub(super) fn get(&self, aws: &Aws, topic: &str) -> Result<Arc<Destination>, TransportError> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(topic) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(Destination::new(aws, topic)?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(topic.to_owned(), Arc::clone(&new));
        Ok(new)
    }
}

/// Where what is published to a topic goes.
#[derive(Debug)]
pub(super) struct Destination {
    /// As the annotations call it.
    topic: String,
    fifo: bool,
    /// What the topic takes, where it is not what topics usually take.
    told: Option<usize>,
    rules: Rules,
    /// Its ARN, for which AWS may have to be asked.
    address: OnceCell<Address>,
}

impl Destination {
    fn new(aws: &Aws, topic: &str) -> Result<Self, TransportError> {
        check::topic(aws.names(), topic).map_err(invalid)?;
        let told = aws.outbox().pace().limits.get(topic).copied();
        Ok(Self {
            topic: topic.to_owned(),
            fifo: is_fifo(&aws.names().topic(topic)),
            told,
            rules: aws.rules(Limits::Topic { name: topic, told }.bytes()),
            address: OnceCell::new(),
        })
    }

    /// What is sent of `message`, if SNS would take it.
    pub(super) fn parcel(&self, message: Message) -> Result<Parcel, TransportError> {
        let Body::Json(body) = &message.body else {
            return Err(invalid(format!("{} is local to the process and cannot be published to SNS", message.event)));
        };
        Limits::Topic { name: &self.topic, told: self.told }.check(body, &message.attributes)?;
        let parcel = Parcel::new(Arc::clone(body), message.attributes.clone());
        Ok(group::address(parcel, &message, self.fifo))
    }

    /// Sends `parcels`, and answers for each in order.
    ///
    /// # Errors
    /// If it cannot be known where the topic is.
    pub(super) async fn post(&self, aws: &Aws, parcels: Vec<Parcel>) -> Result<Vec<Answer>, TransportError> {
        let address = match self.address.get() {
            Some(address) => address,
            // Asked once; the rest of the time there is no need of the room that asking takes.
            None => Box::pin(self.address.get_or_try_init(|| self.find(aws))).await?,
        };
        let target = || Topic::new(aws, &self.topic, address.name());
        Ok(aws.outbox().post(address, &self.rules, target, parcels).await)
    }

    async fn find(&self, aws: &Aws) -> Result<Address, TransportError> {
        Ok(Address::Topic(aws.arn_of_topic(&self.topic).await?.into()))
    }
}

fn invalid(why: String) -> TransportError {
    TransportError::new(Kind::InvalidMessage, why)
}

#[cfg(test)]
mod tests {
    use aws_config::{Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;

    fn aws() -> Aws {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        Aws::from_config(&config).account("123456789012")
    }

    async fn arn(aws: &Aws, topic: &str) -> String {
        aws.destinations().get(aws, topic).unwrap().find(aws).await.unwrap().name().to_owned()
    }

    #[tokio::test]
    async fn what_was_found_is_not_kept_where_names_change() {
        let first = aws();
        assert_eq!(arn(&first, "orders").await, "arn:aws:sns:eu-west-1:123456789012:orders");
        let elsewhere = "arn:aws:sns:us-east-1:210987654321:others";
        for (changed, expected) in [
            (first.clone().prefix("staging-"), "arn:aws:sns:eu-west-1:123456789012:staging-orders"),
            (first.clone().account("210987654321"), "arn:aws:sns:eu-west-1:210987654321:orders"),
            (first.clone().topic_arn("orders", elsewhere), elsewhere),
        ] {
            assert_eq!(arn(&changed, "orders").await, expected);
        }
        assert_eq!(arn(&first, "orders").await, "arn:aws:sns:eu-west-1:123456789012:orders");
        let larger = first.clone().max_message_bytes("orders", 1_000_000);
        assert_eq!(larger.destinations().get(&larger, "orders").unwrap().told, Some(1_000_000));
    }

    #[test]
    fn no_more_topics_are_remembered_than_fit() {
        let aws = aws();
        for topic in 0..2 * MOST + 1 {
            aws.destinations().get(&aws, &format!("orders-{topic}")).unwrap();
        }
        assert_eq!(aws.destinations().0.read().unwrap().len(), 1);
        aws.destinations().get(&aws, "no topic").unwrap_err();
    }
}
