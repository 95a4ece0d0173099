//! Melange over AWS: publish to SNS, consume from SQS, run the same subscribers in Lambda functions.
//!
//! [`Aws`] gives access to an account. `aws.queue("billing")` is the transport of a service, and `aws` itself is a
//! transport that only publishes.
//!
//! | feature | adds |
//! |---|---|
//! | `cli` | `melange_aws::cli`: the command-line tool built into a program, and `cargo melange`, which runs it |
//! | `http` | `SnsEndpoint`, which receives SNS deliveries over HTTP |
//! | `signatures` | verification of SNS signatures, also on messages from a queue |
//! | `lambda` | `melange_aws::lambda`: the bus as a Lambda function, and parsing of events in Lambda payloads |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod attempts;
mod attributes;
mod check;
#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
pub mod cli;
mod client;
mod config;
mod envelope;
mod error;
mod group;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub mod http;
#[cfg(feature = "lambda")]
#[cfg_attr(docsrs, doc(cfg(feature = "lambda")))]
pub mod lambda;
mod limits;
mod names;
mod outbox;
mod provision;
mod publish_only;
mod queue;
mod ready;
mod regions;
mod retry;
mod rule;
#[cfg(feature = "signatures")]
#[cfg_attr(docsrs, doc(cfg(feature = "signatures")))]
pub mod signature;
mod sns;
mod sqs;
pub mod topology;

/// What `aws_config` loads, in the version that [`Aws::new`] takes.
pub use aws_types::SdkConfig;
pub use config::Aws;
pub use envelope::open_message;
pub use provision::{Change, ChangeKind, Finding, Plan, Provision};
pub use queue::AwsQueue;
pub use rule::{aws_limits, checks};
pub use topology::AwsTopology;

#[doc(hidden)]
pub use melange as __melange;
