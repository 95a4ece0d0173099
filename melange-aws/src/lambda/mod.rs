//! The bus inside Lambda functions.
//!
//! | the function is behind | as a service for `lambda_runtime::run` | events for a handler of your own |
//! |---|---|---|
//! | an SQS queue, or an EventBridge pipe from one | [`from_sqs`] | [`parse_events_from_sqs`] |
//! | SNS topics | [`from_sns`] | [`parse_event_from_sns`], [`parse_events_from_sns`] |
//! | a schedule | [`scheduled`] | [`MessageConsumer`](melange::MessageConsumer) |
//!
//! ```no_run
//! use melange::{Event, EventBus, subscriber};
//!
//! #[derive(serde::Serialize, serde::Deserialize, Event)]
//! #[event(topic = "orders")]
//! struct OrderPlaced {
//!     order_id: String,
//! }
//!
//! #[subscriber(listens_to = OrderPlaced)]
//! async fn send_receipt(order: &OrderPlaced) {
//!     println!("{}", order.order_id);
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), lambda_runtime::Error> {
//!     let bus = EventBus::builder().linked().build()?;
//!     lambda_runtime::run(melange_aws::lambda::from_sqs(bus)).await
//! }
//! ```
//!
//! **A function behind a queue needs `ReportBatchItemFailures` on its event source mapping. Without it, failed messages
//! are deleted: see [`Sqs`].**
//!
//! The subscribers are those of the bus, the same as in a worker; the bus is not started, so it does not poll. Its
//! transport only publishes their events and takes their dead letters: `aws.queue("billing")`, or none if they publish
//! nothing. `publish` returns once SNS has the event, so that nothing is left behind when the function is frozen,
//! except for tasks that a handler spawns and does not await.
//!
//! An event whose name nobody here listens to counts as done, as on every shared topic. While two versions of a
//! function run at once, the older one cannot know what the newer one listens to, because the bus is not started: if
//! you add events and deploy functions gradually, use `.unknown_events(UnknownEvents::DeadLetter)`.
//!
//! The trace context of a message (`traceparent`, or else the `AWSTraceHeader` of SQS) is passed on to what its
//! subscribers publish.

mod batch;
mod deadline;
mod error;
mod failure;
mod parse;
mod payload;
mod record;
mod scheduled;
mod settings;
mod sns;
mod sns_record;
mod sqs;
mod xray;

pub use error::{ParseError, ParseErrorKind};
pub use failure::{InvocationError, InvocationErrorKind};
pub use parse::{
    parse_event_from_sns, parse_event_from_sns_with, parse_events_from_sns, parse_events_from_sns_with,
    parse_events_from_sqs, parse_events_from_sqs_with,
};
pub use payload::Payload;
pub use scheduled::{Report, Scheduled, scheduled};
pub use sns::{Sns, from_sns};
pub use sqs::{Sqs, from_sqs};

use settings::Settings;

#[cfg(test)]
mod tests;
