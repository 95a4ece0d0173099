//! [`Aws`]: access to an account.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use melange::Format;
use melange::transport::TransportError;

use crate::AwsQueue;
use crate::account::Account;
use crate::client::Client;
use crate::names::{Names, region_of};
use crate::outbox::{Outbox, Pace, Rules};
use crate::provision::FirstFilters;
use crate::ready::endpoint;
use crate::sns::Destinations;
use crate::sqs::QueueUrls;

/// Access to an AWS account: where topics and queues are, and how they are called. Cheap to clone; concurrent publishes
/// of clones share requests, if they run on the same tokio runtime.
///
/// It is also a [`Transport`](melange::transport::Transport) that only publishes, and sends to queues, for
/// `MessagePublisher::new(aws.clone())`; for consuming, use [`queue`](Self::queue).
///
/// ```no_run
/// # async fn example() {
/// use melange_aws::Aws;
///
/// let aws = Aws::from_env().await.prefix("staging-");
/// let billing = aws.queue("billing"); // the queue `staging-billing`
/// # let _ = billing;
/// # }
/// ```
#[derive(Clone)]
pub struct Aws {
    connection: Arc<Connection>,
    pub(crate) account: Account,
    names: Arc<Names>,
    outbox: Arc<Outbox>,
    /// As names, account and outbox say: made anew where one of those is.
    destinations: Arc<Destinations>,
    pub(crate) format: Format,
}

/// The SDK's clients, and what they have found out.
pub(crate) struct Connection {
    config: SdkConfig,
    pub(crate) client: Client,
    pub(crate) urls: QueueUrls,
    first_filters: FirstFilters,
}

/// How late tokio's timers go off at most, which count milliseconds and wait for them in milliseconds: a window ends
/// sooner by that, so that nobody waits for longer than it.
const TIMER: Duration = Duration::from_millis(2);

impl Aws {
    /// Takes region, credentials and profile from the environment, through the SDK's default chain. `AWS_ENDPOINT_URL`
    /// points it at a local server.
    ///
    /// Credentials are loaded when the first call is made. For a command of the command-line tool (feature `cli`) that
    /// makes no calls, they are not loaded at all, and the EC2 metadata service is not asked for a region. Such a
    /// command is recognised by the word `melange` before it.
    pub async fn from_env() -> Self {
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        #[cfg(feature = "cli")]
        let loader = crate::cli::without_calls(loader);
        Self::new(loader.load().await)
    }

    /// Takes everything from `config`.
    #[must_use]
    pub fn from_config(config: &SdkConfig) -> Self {
        Self::new(config.clone())
    }

    /// Takes everything from `config`. Timeouts that it does not set default to 10 s for an attempt and 30 s for a
    /// call. A long poll may take its wait time plus the time of an attempt.
    #[must_use]
    pub fn new(config: SdkConfig) -> Self {
        let names = Names { region: config.region().map(|region| region.as_ref().to_owned()), ..Names::default() };
        let client = Client::new(&config);
        Self {
            connection: Arc::new(Connection {
                config,
                client,
                urls: QueueUrls::default(),
                first_filters: FirstFilters::default(),
            }),
            account: Account::default(),
            names: Arc::new(names),
            outbox: Arc::default(),
            destinations: Arc::default(),
            format: Format::default(),
        }
    }

    /// Adds `prefix` to the names of topics and queues, as in `staging-orders`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.names).prefix = prefix.into();
        self.destinations = Arc::default();
        self
    }

    /// The account that topics and queues are in. Without it, the account is that of the credentials, and if they do
    /// not contain it (with `AWS_ACCOUNT_ID` they do), STS is asked once.
    #[must_use]
    pub fn account(mut self, id: impl Into<String>) -> Self {
        self.account = Account::told(id.into());
        self.destinations = Arc::default();
        self
    }

    /// The ARN of `topic`, if it is not in this account under its own name: as in `.topic_arn("orders",
    /// "arn:aws:sns:eu-west-1:123456789012:orders")`. Such a topic is never created, only subscribed to.
    #[must_use]
    pub fn topic_arn(mut self, topic: impl Into<String>, arn: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.names).elsewhere.insert(topic.into(), arn.into());
        self.destinations = Arc::default();
        self
    }

    /// The maximum time that the first of several concurrent publishes waits for others to share its request: 5 ms by
    /// default, at most a minute. A request has room for ten, and is sent at once when it is full. Zero turns this off:
    /// every call makes its own requests, which `publish_all` still fills.
    ///
    /// A lone publisher does not keep waiting: after three windows without another publish, its events are sent at
    /// once, until two calls overlap again.
    #[must_use]
    pub fn linger(self, linger: Duration) -> Self {
        self.paced(|pace| pace.linger(linger))
    }

    /// The maximum number of concurrent requests to each topic, and to each queue that is sent to: 16 by default, at
    /// least one. When it is reached, further publishes wait, and are then sent in fuller requests.
    #[must_use]
    pub fn max_in_flight(self, requests: usize) -> Self {
        self.paced(|pace| pace.in_flight(requests))
    }

    /// How many bytes `topic` takes in one message, and in one request with several, if it is configured for more or
    /// fewer than 262,144: its attribute `MaximumMessageSize`, up to 1,048,576.
    #[must_use]
    pub fn max_message_bytes(self, topic: impl Into<String>, bytes: usize) -> Self {
        self.paced(|pace| pace.limit(topic.into(), bytes))
    }

    fn paced(mut self, change: impl FnOnce(Pace) -> Pace) -> Self {
        // Clones made before keep theirs.
        self.outbox = Arc::new(Outbox::new(change(self.outbox.pace().clone())));
        self.destinations = Arc::default();
        self
    }

    /// Sets the format of bodies.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The transport that consumes from this queue, and publishes.
    #[must_use]
    pub fn queue(&self, name: impl Into<String>) -> AwsQueue {
        AwsQueue::new(self.clone(), name.into())
    }

    pub(crate) fn client(&self) -> &Client {
        &self.connection.client
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    /// How what takes this many bytes at a time is sent to.
    pub(crate) fn rules(&self, bytes: usize) -> Rules {
        let longest = self.outbox.pace().linger;
        let linger = longest - TIMER.min(longest / 2);
        Rules { linger, bytes, patience: self.client().operation }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn first_filters(&self) -> &FirstFilters {
        &self.connection.first_filters
    }

    pub(crate) fn urls(&self) -> &QueueUrls {
        &self.connection.urls
    }

    /// The address that AWS is called at, where it is not AWS's own.
    pub(crate) fn endpoint(&self) -> Option<String> {
        endpoint(&self.connection.config, "SNS")
    }

    pub(crate) async fn account_id(&self) -> Result<&str, TransportError> {
        self.connection.client.ready()?;
        self.account.id(&self.connection.config, &self.connection.client).await
    }

    pub(crate) async fn arn_of_topic(&self, topic: &str) -> Result<String, TransportError> {
        self.connection.client.ready()?;
        // A topic elsewhere needs no account of ours.
        let account = if self.names.is_elsewhere(topic) { "" } else { self.account_id().await? };
        self.names.topic_arn(topic, account)
    }

    /// The region to call for this topic or subscription, where it is not the usual one.
    pub(crate) fn region_of(&self, arn: &str) -> Option<Region> {
        let region = region_of(arn).filter(|region| self.names.region.as_deref() != Some(region))?;
        Some(Region::new(region.to_owned()))
    }

    /// For a call about this topic or subscription, in its own region.
    pub(crate) fn sns_near(&self, arn: &str) -> aws_sdk_sns::config::Builder {
        match self.region_of(arn) {
            Some(region) => aws_sdk_sns::Config::builder().region(region),
            // `None` would take the region away.
            None => aws_sdk_sns::Config::builder(),
        }
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("prefix", &self.names.prefix)
            .field("region", &self.names.region)
            .field("account", &self.account.known())
            .finish_non_exhaustive()
    }
}
