//! The topology of a program as code: Terraform, CloudFormation, IAM policies; and as a plan against an account.
//!
//! All of it is made from what [`Provision::Create`](crate::Provision::Create) makes things from, so that what is applied is
//! what [`Provision::Verify`](crate::Provision::Verify) wants to find. What is written needs no credentials and no network.
//!
//! ```rust,standalone_crate
//! # use melange::{Event, Registry, subscriber};
//! # use melange_aws::Aws;
//! # #[derive(serde::Serialize, serde::Deserialize, Event)]
//! # #[event(topic = "orders")]
//! # struct OrderPlaced { total_cents: u64 }
//! # #[subscriber(listens_to = OrderPlaced)]
//! # fn send_receipt(_order: &OrderPlaced) {}
//! # let config = aws_config::SdkConfig::builder().build();
//! use melange_aws::topology::Role;
//!
//! let aws = Aws::from_config(&config).prefix("staging-");
//! let topology = aws.queue("billing").tag("team", "billing").topology_of(&Registry::linked()?)?;
//! assert!(topology.terraform().contains("resource \"aws_sqs_queue\" \"billing\""));
//! assert!(topology.cloudformation().contains("AWS::SNS::Subscription"));
//! assert!(topology.iam(Role::Publisher).to_string().contains("sns:Publish"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where the account is not known (`Aws::account`), policies have `ACCOUNT_ID` in its place, and `REGION` where the region is
//! not; Terraform and CloudFormation have neither in them.

mod attributes;
mod check;
mod cloudformation;
mod hcl;
mod iam;
mod labels;
mod terraform;

use melange::transport::{Topology, TransportError, TransportErrorKind};
use melange::{EventBus, Registry, Transport as _};

pub use check::{Comparison, check};
pub use iam::{Policy, Role};

use crate::provision::{self, Model, Plan};
use crate::{Aws, AwsQueue};

/// What a program needs of AWS. Made by [`topology::of`](of) from a bus, or by [`AwsQueue::topology_of`] from the registry.
#[derive(Debug, Clone)]
pub struct AwsTopology {
    /// What looks and makes, each for its own part.
    parts: Vec<(AwsQueue, Topology)>,
    model: Model,
    /// What the names of the policies begin with: the prefix, and the first queue.
    prefix: String,
    own: String,
    /// Policies are made too.
    with_iam: bool,
}

/// What `bus` needs of AWS.
///
/// # Errors
/// If the bus is not over an [`AwsQueue`], or what it needs cannot be had on AWS, as names that are too long.
pub fn of(bus: &EventBus) -> Result<AwsTopology, TransportError> {
    if let Some(queue) = bus.transport::<AwsQueue>() {
        return queue.topology(bus.topology());
    }
    let what = match bus.transport::<Aws>() {
        Some(_) => "the bus only publishes, so that it has no queue to name its topology by",
        None => "the bus is not over AWS, so that it needs nothing there",
    };
    let what = format!("{what}; build it with `.transport(aws.queue(\"billing\"))`");
    Err(TransportError::new(TransportErrorKind::Configuration, what))
}

/// What all of these buses need of AWS: of a program that has several.
///
/// # Errors
/// As [`of`], and if two of them have a queue in common.
pub fn of_all<'a>(buses: impl IntoIterator<Item = &'a EventBus>) -> Result<AwsTopology, TransportError> {
    let mut all = buses.into_iter().map(of);
    let none = || TransportError::new(TransportErrorKind::Configuration, "there is no bus to take a topology from");
    let first = all.next().ok_or_else(none)??;
    all.try_fold(first, |all, one| all.and(one?))
}

impl AwsQueue {
    /// What `topology` needs of AWS, as code.
    ///
    /// # Errors
    /// If it cannot be had on AWS, as names that are too long.
    pub fn topology(&self, topology: &Topology) -> Result<AwsTopology, TransportError> {
        let model = provision::model(self, topology)?;
        attributes_are_known(&model)?;
        Ok(AwsTopology {
            parts: vec![(self.clone(), topology.clone())],
            model,
            prefix: self.aws().names().prefix.clone(),
            own: self.own_queue().to_owned(),
            with_iam: false,
        })
    }

    /// What these events and subscribers need of AWS, as code, without a bus and the states it would need.
    ///
    /// # Errors
    /// If it cannot be had on AWS, as names that are too long.
    pub fn topology_of(&self, registry: &Registry) -> Result<AwsTopology, TransportError> {
        let events: Vec<_> = registry.events().collect();
        let subscribers: Vec<_> = registry.subscribers().cloned().collect();
        let visibility = self.capabilities().visibility;
        self.topology(&Topology::of(self.own_queue(), visibility, &events, &subscribers))
    }
}

impl AwsTopology {
    /// Both. Topics that both have are one.
    ///
    /// # Errors
    /// If they have a queue in common: two buses that consume from one queue would each set it up for itself.
    pub fn and(mut self, other: Self) -> Result<Self, TransportError> {
        if let Some(both) = other.model.queues.iter().find(|queue| self.model.queues.iter().any(|q| q.arn == queue.arn))
        {
            let what = format!(
                "two buses consume from queue {}; build one bus for both, or give one of them another queue",
                both.name
            );
            return Err(TransportError::new(TransportErrorKind::Configuration, what));
        }
        self.model.extend(other.model);
        self.parts.extend(other.parts);
        self.with_iam |= other.with_iam;
        Ok(self)
    }

    /// Has the policies of [`iam`](Self::iam) made by Terraform and CloudFormation too, as managed policies of all roles, for
    /// the account's own roles to be given.
    #[must_use]
    pub fn with_iam(mut self) -> Self {
        self.with_iam = true;
        self
    }

    /// All of it in Terraform's language, laid out as `terraform fmt` does, in an order that stays. It is a module without a
    /// provider of its own: account and region are those of the one it is used with.
    ///
    /// Topics that were given by their ARN are someone else's and are not in it. Neither is what it would take to make a
    /// topic that another program's Terraform has made already; give such a topic by its ARN.
    #[must_use]
    pub fn terraform(&self) -> String {
        terraform::write(&self.model, &self.written_policies())
    }

    /// All of it as a CloudFormation template in JSON, with its keys sorted.
    #[must_use]
    pub fn cloudformation(&self) -> String {
        cloudformation::write(&self.model, &self.written_policies())
    }

    /// What `role` may do, and no more than it calls.
    #[must_use]
    pub fn iam(&self, role: Role) -> Policy {
        Policy::of(role, &self.model, &self.prefix, &self.own)
    }

    /// The policies of all roles as one JSON object, by name.
    #[must_use]
    pub fn iam_json(&self) -> String {
        iam::together(&self.policies())
    }

    /// What differs between the account and what is needed: [`AwsQueue::plan`], of all. Reads only.
    ///
    /// # Errors
    /// As [`AwsQueue::plan`].
    pub async fn plan(&self) -> Result<Plan, TransportError> {
        let mut all = Plan::default();
        for (queue, topology) in &self.parts {
            all = all.and(queue.plan(topology).await?);
        }
        Ok(all)
    }

    /// Makes what is missing and mends what has drifted, once, as [`Provision::Create`](crate::Provision::Create) does at
    /// start, whatever the transport was told to do then. Consumes nothing. What it returns is what has been done.
    ///
    /// # Errors
    /// As [`AwsQueue::apply`].
    pub async fn apply(&self) -> Result<Plan, TransportError> {
        let mut all = Plan::default();
        for (queue, topology) in &self.parts {
            all = all.and(queue.apply(topology).await?);
        }
        Ok(all)
    }

    fn policies(&self) -> Vec<Policy> {
        Role::ALL.into_iter().map(|role| self.iam(role)).collect()
    }

    fn written_policies(&self) -> Vec<Policy> {
        if self.with_iam { self.policies() } else { Vec::new() }
    }
}

/// What nobody knows how to write must not be left out in silence.
fn attributes_are_known(model: &Model) -> Result<(), TransportError> {
    let topics = model.topics.iter().map(|topic| attributes::unknown(&attributes::TOPIC, &topic.settings));
    let queues = model.queues.iter().map(|queue| attributes::unknown(&attributes::QUEUE, &queue.settings));
    let feeds = model.feeds.iter().map(|feed| attributes::unknown(&attributes::SUBSCRIPTION, &feed.settings));
    match topics.chain(queues).chain(feeds).flatten().next() {
        None => Ok(()),
        Some(name) => Err(TransportError::new(
            TransportErrorKind::Configuration,
            format!("the attribute {name} cannot be written as code; please report it as a bug of Melange"),
        )),
    }
}
