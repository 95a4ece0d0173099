//! [`Stub`]: the handle to a server.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::account::{Standings, arn};
use crate::content::Value;
use crate::fault::{Fault, Injected};
use crate::ledger::{Call, Messages, Requests};
use crate::refusal::Refusal;
use crate::server::Server;
use crate::shared::Shared;

/// The region of the stub's own shortcuts and of its configuration.
pub const REGION: &str = "us-east-1";

/// A running stub: an SNS and SQS account of its own, on a port of its own. Cheap to clone; when the last clone is
/// dropped, the server stops.
#[derive(Debug, Clone)]
pub struct Stub {
    server: Arc<Server>,
}

/// A message in a queue, as a test may look at it without receiving it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredMessage {
    /// SQS's id of it.
    pub message_id: String,
    /// The body, wrapper and all.
    pub body: String,
    /// Attributes that are text or numbers, by name.
    pub attributes: BTreeMap<String, String>,
    /// Attributes that are bytes, by name.
    pub binary_attributes: BTreeMap<String, Vec<u8>>,
    /// Its message group.
    pub group: Option<String>,
    /// How often it was received, in all queues it was in.
    pub receives: u32,
}

impl Stub {
    /// Starts a server on a free port of 127.0.0.1, in a thread of its own.
    ///
    /// # Panics
    /// If there is no port or no thread to be had.
    #[allow(clippy::panic, reason = "a test without its server cannot go on")]
    #[allow(clippy::unused_async, reason = "so that callers need not change when starting has to wait")]
    pub async fn start() -> Self {
        match Self::try_start() {
            Ok(stub) => stub,
            Err(error) => panic!("the AWS stub does not start: {error}"),
        }
    }

    /// As [`start`](Self::start), where there is no runtime, or no wish to panic.
    ///
    /// # Errors
    /// If there is no port or no thread to be had.
    pub fn try_start() -> io::Result<Self> {
        Ok(Self { server: Arc::new(Server::start()?) })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.server.shared
    }

    /// As in `http://127.0.0.1:41234`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.shared().endpoint()
    }

    /// The port of [`endpoint`](Self::endpoint).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared().address.port()
    }

    /// The configuration for the SDK's clients: this endpoint, us-east-1, credentials that are no secret, and the SDK's
    /// own timeouts and retries. It speaks plain HTTP, so no time goes into TLS.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        self.config_at(&self.endpoint())
    }

    /// The same, in a hurry: attempts that end after a second, calls that end after 6 s, and pauses between attempts of a
    /// few milliseconds.
    #[must_use]
    pub fn hurried_config(&self) -> SdkConfig {
        self.hurried_config_at(&self.endpoint())
    }

    /// As [`sdk_config`](Self::sdk_config), at another address.
    #[must_use]
    pub fn config_at(&self, endpoint: &str) -> SdkConfig {
        let credentials = Credentials::new("AKIASTUBSTUBSTUBSTUB", "stub-secret-access-key", None, None, "stub");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    /// As [`hurried_config`](Self::hurried_config), at another address.
    #[must_use]
    pub fn hurried_config_at(&self, endpoint: &str) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(6))
            .build();
        let retries = RetryConfig::standard()
            .with_initial_backoff(Duration::from_millis(2))
            .with_max_backoff(Duration::from_millis(20));
        self.config_at(endpoint).to_builder().timeout_config(timeouts).retry_config(retries).build()
    }

    /// From now on, calls that `fault` is for meet it. Of several, a call meets the one that was injected first.
    pub fn inject(&self, fault: Fault) -> Injected {
        self.shared().faults().add(fault, self.shared())
    }

    /// No call meets a fault any more.
    pub fn clear_faults(&self) {
        self.shared().faults().clear();
    }

    /// How often each action was called, since the start or [`reset_counts`](Self::reset_counts).
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.shared().ledger().requests()
    }

    /// The last 100,000 calls, the oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared().ledger().calls()
    }

    /// The calls of this action among [`calls`](Self::calls).
    #[must_use]
    pub fn calls_of(&self, action: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.action == action).collect()
    }

    /// What became of messages, since the start or [`reset_counts`](Self::reset_counts).
    #[must_use]
    pub fn messages(&self) -> Messages {
        self.shared().account().messages
    }

    /// Counts from zero, and forgets the calls. Topics, queues, messages and faults stay.
    pub fn reset_counts(&self) {
        self.shared().ledger().reset();
        self.shared().account().messages = Messages::default();
    }

    /// Waits until `holds` does, looking at every call that comes or is answered; says whether it came to that within
    /// `patience`.
    #[must_use = "it may not have come to that"]
    pub async fn until(&self, patience: Duration, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let looking = async {
            loop {
                let changed = self.shared().changed.notified();
                if holds(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(patience, looking).await.is_ok()
    }

    /// Puts the account's clock forward: leases end, delays are over, deduplication ids are forgotten. Nothing else
    /// knows of it.
    pub fn advance(&self, time: Duration) {
        self.shared().clock.advance(time);
        let mut account = self.shared().account();
        account.move_due(self.shared().clock.now());
        for queue in account.queues.values() {
            queue.signal.notify_waiters();
        }
    }

    /// Makes a topic, and gives its ARN. It is FIFO if the name says so. Not counted as a call.
    ///
    /// # Panics
    /// If SNS would refuse.
    pub fn create_topic(&self, name: &str) -> String {
        let fifo = name.ends_with(".fifo").then(|| ("FifoTopic".to_owned(), "true".to_owned()));
        let attributes = fifo.into_iter().collect();
        arranged(self.shared().account().create_topic(REGION, name, &attributes).map(|topic| topic.arn.to_string()))
    }

    /// Makes a queue, and gives its ARN. It is FIFO if the name says so, and lets every topic in. Not counted as a call.
    ///
    /// # Panics
    /// If SQS would refuse.
    pub fn create_queue(&self, name: &str) -> String {
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}"#;
        let fifo = name.ends_with(".fifo").then(|| text("FifoQueue", "true"));
        let attributes = fifo.into_iter().chain([text("Policy", policy)]).collect();
        let now = self.shared().clock.now();
        let mut account = self.shared().account();
        arranged(account.create_queue(REGION, name, &attributes, now).map(|queue| queue.arn.to_string()))
    }

    /// Subscribes a queue to a topic, by their names. Not counted as a call.
    ///
    /// # Panics
    /// If SNS would refuse.
    pub fn subscribe(&self, topic: &str, queue: &str, raw: bool) -> String {
        let attributes = BTreeMap::from([("RawMessageDelivery".to_owned(), raw.to_string())]);
        let (topic, queue) = (arn("sns", REGION, topic), arn("sqs", REGION, queue));
        arranged(self.shared().account().subscribe(&topic, &queue, &attributes).map(|arn| arn.to_string()))
    }

    /// Sets attributes of a queue, as SetQueueAttributes does. Not counted as a call.
    ///
    /// # Panics
    /// If SQS would refuse.
    pub fn set_queue(&self, queue: &str, attributes: impl IntoIterator<Item = (&'static str, String)>) {
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let now = self.shared().clock.now();
        arranged(self.shared().account().set_queue(REGION, queue, &attributes, now));
    }

    /// Deletes a queue: unlike DeleteQueue, it can be made again at once. Not counted as a call.
    pub fn remove_queue(&self, queue: &str) {
        let removed = self.shared().account().queues.remove(arn("sqs", REGION, queue).as_str());
        if let Some(queue) = removed {
            queue.signal.notify_waiters();
        }
    }

    /// Deletes a topic and its subscriptions. Not counted as a call.
    pub fn remove_topic(&self, topic: &str) {
        let arn = arn("sns", REGION, topic);
        let mut account = self.shared().account();
        account.topics.remove(arn.as_str());
        account.subscriptions.retain(|_, subscription| *subscription.topic != arn);
    }

    /// How many messages of the queue are visible, in flight, delayed; `None` if there is no such queue.
    #[must_use]
    pub fn standings(&self, queue: &str) -> Option<Standings> {
        let now = self.shared().clock.now();
        self.shared().account().queue(REGION, queue).ok().map(|queue| queue.standings(now))
    }

    /// Every message in the queue, in the order of arrival; none if there is no such queue.
    #[must_use]
    pub fn messages_in(&self, queue: &str) -> Vec<StoredMessage> {
        let mut account = self.shared().account();
        let Ok(queue) = account.queue(REGION, queue) else { return Vec::new() };
        queue.contents().into_iter().map(stored).collect()
    }
}

fn stored(message: &crate::account::Arriving) -> StoredMessage {
    let all = &message.content.attributes;
    let text = |attribute: &crate::content::Attribute| Some((attribute.name.clone(), attribute.text()?.to_owned()));
    StoredMessage {
        message_id: message.id.to_string(),
        body: message.content.body.to_string(),
        attributes: all.iter().filter_map(text).collect(),
        binary_attributes: all
            .iter()
            .filter_map(|attribute| match &attribute.value {
                Value::Bytes(bytes) => Some((attribute.name.clone(), bytes.clone())),
                Value::Text(_) => None,
            })
            .collect(),
        group: message.group.as_deref().map(str::to_owned),
        receives: message.receives,
    }
}

#[allow(clippy::panic, reason = "a test that cannot be arranged is wrong")]
fn arranged<T>(outcome: Result<T, Refusal>) -> T {
    match outcome {
        Ok(done) => done,
        Err(refusal) => panic!("the AWS stub refuses: {}: {}", refusal.code, refusal.message),
    }
}
