//! The topology of a program as code: Terraform, CloudFormation, IAM policies; and as a plan against an account.
//!
//! All of it is generated from the same source that [`Provision::Create`](crate::Provision::Create) works from, so that
//! the result is what [`Provision::Verify`](crate::Provision::Verify) expects. Generating it needs no credentials and
//! no network.
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
//! If the account is not known (`Aws::account`), policies contain `ACCOUNT_ID` instead, and `REGION` if the region is
//! not known; Terraform and CloudFormation contain neither.

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

/// What a program needs on AWS. Made by [`topology::of`](of) from a bus, or by [`AwsQueue::topology_of`] from the
/// registry.
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

/// What `bus` needs on AWS.
///
/// # Errors
/// If the bus is not over an [`AwsQueue`], or AWS does not allow what it needs, such as names that are too long.
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

/// What all of these buses need on AWS: for a program that has several.
///
/// # Errors
/// As for [`of`], and if two of them share a queue.
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
    /// Combines both. Topics that both have are merged.
    ///
    /// # Errors
    /// If they share a queue: two buses that consume from one queue would each set it up in their own way.
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

    /// Adds the policies of [`iam`](Self::iam) to Terraform and CloudFormation, as managed policies for all roles, to
    /// be attached to the account's own roles.
    #[must_use]
    pub fn with_iam(mut self) -> Self {
        self.with_iam = true;
        self
    }

    /// All of it as Terraform code, formatted as by `terraform fmt`, in a stable order. It is a module without a
    /// provider of its own: account and region are those of the provider it is used with.
    ///
    /// Topics given by their ARN belong to others and are not included. A topic that another program's Terraform
    /// already creates must be given by its ARN, too.
    #[must_use]
    pub fn terraform(&self) -> String {
        terraform::write(&self.model, &self.written_policies())
    }

    /// All of it as a CloudFormation template in JSON, with its keys sorted.
    #[must_use]
    pub fn cloudformation(&self) -> String {
        cloudformation::write(&self.model, &self.written_policies())
    }

    /// The policy for `role`: only what it calls.
    #[must_use]
    pub fn iam(&self, role: Role) -> Policy {
        Policy::of(role, &self.model, &self.prefix, &self.own)
    }

    /// The policies of all roles as one JSON object, by name.
    #[must_use]
    pub fn iam_json(&self) -> String {
        iam::together(&self.policies())
    }

    /// What differs between the account and what is needed: [`AwsQueue::plan`] for everything. Reads only.
    ///
    /// # Errors
    /// As for [`AwsQueue::plan`].
    pub async fn plan(&self) -> Result<Plan, TransportError> {
        let mut all = Plan::default();
        for (queue, topology) in &self.parts {
            all = all.and(queue.plan(topology).await?);
        }
        Ok(all)
    }

    /// Creates what is missing and fixes what has drifted, once, as [`Provision::Create`](crate::Provision::Create)
    /// does at start, whatever the transport is configured to do then. Consumes nothing. The returned plan is what has
    /// been done.
    ///
    /// # Errors
    /// As for [`AwsQueue::apply`].
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
