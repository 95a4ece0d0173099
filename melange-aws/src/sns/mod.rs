//! Publishing to SNS: each message is checked here, then waits for company in the outbox.

mod destination;
mod topic;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use melange::transport::Message;

use crate::outbox::{Answer, fill, unanswered};
use crate::{Aws, error};
pub(crate) use destination::Destinations;

/// Publishes, and answers for each message in order.
pub(crate) async fn publish(aws: &Aws, messages: Vec<Message>) -> Vec<Answer> {
    let Some(first) = messages.first() else { return Vec::new() };
    // Mostly they are all of one topic.
    if messages.iter().all(|message| message.topic() == first.topic()) {
        return to_topic(aws, messages).await;
    }
    Box::pin(to_topics(aws, messages)).await
}

/// Publishes to several topics at once.
async fn to_topics(aws: &Aws, messages: Vec<Message>) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = messages.iter().map(|_| None).collect();
    let mut topics: BTreeMap<String, (Vec<usize>, Vec<Message>)> = BTreeMap::new();
    for (at, message) in messages.into_iter().enumerate() {
        let (places, messages) = topics.entry(message.topic().to_owned()).or_default();
        places.push(at);
        messages.push(message);
    }
    let sent = topics.into_values().map(|(places, messages)| async move { (places, to_topic(aws, messages).await) });
    for (places, sent) in join_all(sent).await {
        for (at, answer) in places.into_iter().zip(sent) {
            if let Some(slot) = answers.get_mut(at) {
                *slot = Some(answer);
            }
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(unanswered()))).collect()
}

/// Publishes to the topic of the first, which is that of all.
async fn to_topic(aws: &Aws, messages: Vec<Message>) -> Vec<Answer> {
    let topic = messages.first().map_or("", Message::topic);
    let destination = match aws.destinations().get(aws, topic) {
        Ok(destination) => destination,
        Err(error) => return messages.iter().map(|_| Err(error::again(&error))).collect(),
    };
    let mut parcels = Vec::with_capacity(messages.len());
    let checked = messages.into_iter().map(|message| destination.parcel(message).map(|parcel| parcels.push(parcel)));
    let mut answers: Vec<Answer> = checked.collect();
    if parcels.is_empty() {
        return answers;
    }
    match destination.post(aws, parcels).await {
        Ok(sent) => fill(&mut answers, sent),
        Err(error) => {
            answers.iter_mut().filter(|answer| answer.is_ok()).for_each(|answer| *answer = Err(error::again(&error)));
        }
    }
    answers
}
