//! SNS and SQS in the process, for tests and benches: on a loopback port, as strict as AWS where that is known, with
//! every fault on demand, and with a count of every request.
//!
//! ```
//! use melange_aws_stub::{Fault, Stub};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stub = Stub::start().await;
//! stub.create_topic("orders");
//! stub.create_queue("billing");
//! stub.subscribe("orders", "billing", true);
//!
//! let sns = aws_sdk_sns::Client::new(&stub.sdk_config());
//! stub.inject(Fault::error("Throttling").on("Publish").times(1)); // the SDK tries again
//! sns.publish().topic_arn("arn:aws:sns:us-east-1:000000000000:orders").message("{}").send().await?;
//!
//! assert_eq!(stub.requests().of("Publish"), 2);
//! assert_eq!(stub.messages_in("billing")[0].body, "{}");
//! # Ok(())
//! # }
//! ```
//!
//! # What it is
//!
//! [`Stub::start`] starts an HTTP server in a thread of its own; each stub is an account of its own (000000000000).
//! [`Stub::sdk_config`] leads the SDK's clients, and so `melange_aws::Aws::from_config`, to it. Clones share it, and the
//! last one that is dropped stops it.
//!
//! It speaks both protocols as AWS does: SQS in JSON 1.0 with `x-amzn-query-error`, SNS in forms and XML, and STS
//! `GetCallerIdentity`.
//!
//! | service | actions |
//! |---|---|
//! | SQS | CreateQueue, GetQueueUrl, GetQueueAttributes, SetQueueAttributes, SendMessage(Batch), ReceiveMessage, DeleteMessage(Batch), ChangeMessageVisibility(Batch), TagQueue, ListQueueTags, ListQueues, StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask, PurgeQueue, DeleteQueue |
//! | SNS | CreateTopic, GetTopicAttributes, SetTopicAttributes, TagResource, ListTagsForResource, Subscribe (queues only), Unsubscribe, GetSubscriptionAttributes, SetSubscriptionAttributes, ListSubscriptionsByTopic, Publish, PublishBatch |
//! | STS | GetCallerIdentity |
//!
//! # What it is strict about
//!
//! - Batches: 10 entries, bytes of all together (1 MiB for SQS, the topic's `MaximumMessageSize` for SNS), ids that are
//!   legal and distinct.
//! - Receipts: new at every receive. An old one deletes nothing: on a standard queue without a word, on a FIFO queue with
//!   an error, and so does one whose time is over. Visibility cannot be changed once it is over, or beyond 12 hours.
//! - FIFO: one receive at a time for each group, deduplication for five minutes, the same messages again for the same
//!   `ReceiveRequestAttemptId`.
//! - Delivery: a queue whose policy does not let SNS in for this topic, or whose key is `alias/aws/sqs`, gets nothing. An
//!   eleventh attribute under raw delivery, a body that is too large for the queue, or a character that SQS refuses, and
//!   the message is lost: [`Messages::undeliverable`] counts it. A subscription's own dead-letter queue gets it instead.
//! - Redrive: messages received `maxReceiveCount` times move at the next receive, with their count and age. A move task
//!   gives them a new id, and fails for those that were sent to the dead-letter queue directly.
//! - Names, attributes, characters, ranges, what a second CreateQueue, CreateTopic or Subscribe may differ in, how soon a
//!   queue can be purged again or its name used again.
//!
//! It is at once consistent, never hands out a message twice by itself, and keeps the order of arrival: what AWS does
//! otherwise now and then is to be injected. Signatures are not looked at, and messages have none; what was signed more than
//! five minutes ago, or ahead, is refused.
//!
//! # The way there
//!
//! What happens to connections, rather than to calls, is the affair of a [`Proxy`] between the client and the stub, or
//! any other server: latency, resets at any byte, black holes, refusals.
//!
//! # Time
//!
//! The account runs on real time, and [`Stub::advance`] puts it forward. So a test of leases need not wait for them.

mod account;
mod answer;
mod background;
mod clock;
mod content;
mod fault;
mod ledger;
mod proxy;
mod refusal;
mod request;
mod server;
mod shared;
mod sns;
mod sqs;
mod sts;
mod stub;

pub use account::Standings;
pub use fault::{Fault, Injected};
pub use ledger::{Call, Count, Messages, Requests};
pub use proxy::{Connections, Cut, Direction, Proxy};
pub use stub::{REGION, StoredMessage, Stub};
