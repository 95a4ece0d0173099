//! The signature of SNS on what came from a queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use melange::attributes::{REDRIVES, SUBSCRIBER};
use melange::transport::{
    Delivery, Inbound, QueuePlan, TopicFilter, Topology, TransportError, TransportErrorKind, Undecodable,
};
use melange::{Attributes, Problem, ProblemKind};

use super::held::Held;
use super::settle::change_visibility;
use crate::Aws;
use crate::names::is_fifo;
use crate::signature::{LetterKind, SignatureError, SnsSignatures};

/// How long what cannot be verified just now rests at first, and at most: SQS itself gives up what was received too often,
/// and SNS's certificates may be out of reach for hours.
const REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(30 * 60);

/// Whose letters each queue takes: of the topics it is subscribed to, and of those that were allowed by name.
#[derive(Debug)]
pub(crate) struct Verifier {
    signatures: SnsSignatures,
    /// Topics by queue, both without any prefix.
    topics: Mutex<BTreeMap<String, BTreeSet<String>>>,
    ready: Mutex<BTreeMap<String, SnsSignatures>>,
}

impl Verifier {
    pub(crate) fn new(signatures: SnsSignatures) -> Self {
        Self { signatures, topics: Mutex::default(), ready: Mutex::default() }
    }

    /// Learns which topics feed which queue.
    pub(crate) fn learn(&self, topology: &Topology) {
        let topics = topology.queues.iter().map(|queue| {
            let topics = queue.topics.iter().map(|filter| filter.topic.clone());
            (queue.name.clone(), topics.collect())
        });
        // Clones of the transport may serve several buses.
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).extend(topics);
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What cannot be verified, each in one sentence. SNS signs nothing of FIFO topics.
    pub(crate) fn problems(&self, aws: &Aws, topology: &Topology) -> Vec<Problem> {
        let of_queue = |queue: &QueuePlan| {
            let is_fifo = |filter: &&TopicFilter| is_fifo(&aws.names().topic(&filter.topic));
            let problem = |filter: &TopicFilter| {
                let what = format!(
                    "signatures on queue {:?} are to be verified, and SNS does not sign what FIFO topics deliver, as {:?} is",
                    aws.names().queue(&queue.name),
                    aws.names().topic(&filter.topic)
                );
                let fix = "take `.verify_signatures(..)` away, and see to it that only SNS may send to the queue";
                Problem::new(ProblemKind::IllegalOption, what, fix)
            };
            queue.topics.iter().filter(is_fifo).map(problem).collect::<Vec<_>>()
        };
        topology.queues.iter().flat_map(of_queue).collect()
    }

    async fn of(&self, aws: &Aws, queue: &str) -> Result<SnsSignatures, TransportError> {
        if let Some(ready) = self.ready.lock().unwrap_or_else(PoisonError::into_inner).get(queue) {
            return Ok(ready.clone());
        }
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner).get(queue).cloned();
        let mut signatures = self.signatures.clone();
        for topic in topics.unwrap_or_default() {
            signatures = signatures.allow_topic(aws.arn_of_topic(&topic).await?);
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ready.entry(queue.to_owned()).or_insert(signatures).clone())
    }

    /// Of what was received from `queue`: what is of SNS as it was signed, and what is not, to be dead-lettered with the
    /// reason. What cannot be told just now goes back.
    ///
    /// # Errors
    /// If nothing could be told: the caller waits, and receives again.
    pub(crate) async fn verified(
        &self,
        aws: &Aws,
        queue: &str,
        received: Vec<Delivery>,
    ) -> Result<Vec<Delivery>, TransportError> {
        if received.is_empty() {
            return Ok(received);
        }
        let signatures = self.of(aws, queue).await?;
        let answers = join_all(received.iter().map(|delivery| content(aws, &signatures, delivery))).await;
        let (mut kept, mut back, mut why) = (Vec::new(), Vec::new(), None);
        for (mut delivery, answer) in received.into_iter().zip(answers) {
            match answer {
                Err(error) => {
                    tracing::warn!(queue, message_id = delivery.message_id, %error, "cannot be verified now, will retry");
                    why = Some(error);
                    back.push(delivery);
                }
                Ok(content) => {
                    delivery.content = content;
                    kept.push(delivery);
                }
            }
        }
        let Some(why) = why else {
            return Ok(kept);
        };
        let attempt = back.iter().map(|delivery| delivery.attempt).max().unwrap_or(1);
        let rest = REST.saturating_mul(1 << attempt.saturating_sub(1).min(8)).min(LONGEST_REST);
        let receipts = back.into_iter().map(|delivery| (delivery.receipt, rest)).collect();
        // Where that fails they come again sooner.
        drop(change_visibility(aws, queue, receipts).await);
        if kept.is_empty() {
            let what = format!("messages of queue {queue} cannot be verified: {why}");
            return Err(TransportError::new(TransportErrorKind::Unavailable, what));
        }
        Ok(kept)
    }
}

/// What `delivery` holds, by its signature; an error where that cannot be told now.
async fn content(
    aws: &Aws,
    signatures: &SnsSignatures,
    delivery: &Delivery,
) -> Result<Result<Inbound, Undecodable>, SignatureError> {
    let Ok(held) = Held::of(&delivery.receipt) else {
        return Ok(Err(Undecodable::new("its body is not at hand to be verified; please report this")));
    };
    match signatures.verify(held.body.as_bytes()).await {
        Ok(letter) if letter.kind() == LetterKind::Notification => {
            let mut inbound = letter.inbound(aws.names(), false);
            for (name, value) in narrowing(&held.beside).iter() {
                inbound.attributes.set(name.to_owned(), value.clone());
            }
            Ok(Ok(inbound))
        }
        // It says what to do about it.
        Ok(letter) => Ok(Err(delivery
            .content
            .as_ref()
            .err()
            .cloned()
            .unwrap_or_else(|| Undecodable::new(format!("it is no notification of SNS, but a {}", letter.kind()))))),
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => Ok(Err(Undecodable::new(format!("it is not verified: {error}")))),
    }
}

/// What a letter that was put back says: not signed, and so believed no further than that fewer subscribers run.
fn narrowing(beside: &Attributes) -> Attributes {
    let keep = |name: &str| [SUBSCRIBER, REDRIVES].contains(&name);
    beside.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.to_owned(), value.clone())).collect()
}
