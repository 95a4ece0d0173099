//! Publishing to SNS: each message is checked here, then waits for company in the outbox.

mod topic;

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use melange::transport::{Body, Message, TransportError, TransportErrorKind as Kind};

use crate::limits::Limits;
use crate::names::is_fifo;
use crate::outbox::{Address, Answer, Parcel, Rules};
use crate::{Aws, check, error, group};
use topic::Topic;

/// Publishes, and answers for each message in order.
pub(crate) async fn publish(aws: &Aws, messages: Vec<Message>) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = messages.iter().map(|_| None).collect();
    let mut found: HashMap<String, Result<String, TransportError>> = HashMap::new();
    let mut posts: BTreeMap<String, Post> = BTreeMap::new();
    for ((at, message), answer) in messages.into_iter().enumerate().zip(&mut answers) {
        let parcel = match parcel(aws, &message) {
            Ok(parcel) => parcel,
            Err(error) => {
                *answer = Some(Err(error));
                continue;
            }
        };
        // One question for each topic: asking for the account is a call.
        if !found.contains_key(message.topic()) {
            found.insert(message.topic().to_owned(), aws.arn_of_topic(message.topic()).await);
        }
        match found.get(message.topic()) {
            Some(Ok(arn)) => {
                let post = posts.entry(arn.clone()).or_insert_with(|| Post::to(aws, message.topic()));
                post.places.push(at);
                post.parcels.push(parcel);
            }
            Some(Err(error)) => *answer = Some(Err(error::again(error))),
            None => {}
        }
    }
    let sent = posts.into_iter().map(|(arn, post)| post.send(aws, arn));
    for (places, sent) in join_all(sent).await {
        for (at, answer) in places.into_iter().zip(sent) {
            if let Some(slot) = answers.get_mut(at) {
                *slot = Some(answer);
            }
        }
    }
    let unanswered = || TransportError::new(Kind::Unavailable, "nothing is known of this message");
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(unanswered()))).collect()
}

/// What goes to one topic, with its places among all that is published.
struct Post {
    topic: String,
    rules: Rules,
    places: Vec<usize>,
    parcels: Vec<Parcel>,
}

impl Post {
    fn to(aws: &Aws, topic: &str) -> Self {
        let rules = aws.rules(limits(aws, topic).bytes());
        Self { topic: topic.to_owned(), rules, places: Vec::new(), parcels: Vec::new() }
    }

    async fn send(self, aws: &Aws, arn: String) -> (Vec<usize>, Vec<Answer>) {
        let address = Address::Topic(arn.clone());
        let target = || Topic::new(aws, &self.topic, &arn);
        (self.places, aws.outbox().post(&address, &self.rules, target, self.parcels).await)
    }
}

fn limits<'a>(aws: &Aws, topic: &'a str) -> Limits<'a> {
    Limits::Topic { name: topic, told: aws.outbox().pace().limits.get(topic).copied() }
}

fn parcel(aws: &Aws, message: &Message) -> Result<Parcel, TransportError> {
    let invalid = |why: String| TransportError::new(Kind::InvalidMessage, why);
    let topic = message.topic();
    let Body::Json(body) = &message.body else {
        return Err(invalid(format!("{} is local to the process and cannot be published to SNS", message.event)));
    };
    check::topic(aws.names(), topic).map_err(invalid)?;
    limits(aws, topic).check(body, &message.attributes)?;
    let parcel = Parcel::new(body.clone(), message.attributes.clone());
    Ok(group::address(parcel, message, is_fifo(&aws.names().topic(topic))))
}
