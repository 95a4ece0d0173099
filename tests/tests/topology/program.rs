//! A program with three queues, and an account of a test's own.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use melange::{Event, Registry, subscriber};
use melange_aws::{Aws, AwsQueue};
use melange_aws_stub::Stub;
use melange_tests::server;
use serde::{Deserialize, Serialize};

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "000000000000";

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders", alias = ["OrderAborted"])]
pub(crate) struct OrderCancelled {
    pub(crate) order_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "parcels.fifo")]
pub(crate) struct ParcelMoved {
    #[event(key)]
    pub(crate) parcel_id: String,
}

/// Nobody listens to it.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "visits")]
pub(crate) struct PageSeen {
    pub(crate) page: String,
}

#[subscriber(listens_to = OrderPlaced)]
pub(crate) fn send_invoice(_: &OrderPlaced) {}

#[subscriber(listens_to = ParcelMoved, queue = "shipping.fifo")]
pub(crate) fn follow_parcel(_: &ParcelMoved) {}

#[subscriber(listens_to = OrderPlaced, queue = "audit")]
pub(crate) fn note_placed(_: &OrderPlaced) {}

#[subscriber(listens_to = OrderCancelled, queue = "audit")]
pub(crate) fn note_cancelled(_: &OrderCancelled) {}

pub(crate) fn registry() -> Registry {
    Registry::linked().expect("it holds together")
}

/// Everything that can be asked for.
pub(crate) fn with_all(queue: AwsQueue) -> AwsQueue {
    queue
        .keep_undelivered()
        .high_throughput()
        .kms_key("alias/billing")
        .retention(Duration::from_secs(86_400))
        .max_receives(70)
        .visibility(Duration::from_secs(90))
        .wrapped()
        .tag("team", "billing")
        .tag("stage", "live")
}

/// What knows where it is, and could not call anyone.
pub(crate) fn nowhere() -> Aws {
    Aws::from_config(&SdkConfig::builder().region(Region::new(REGION)).build()).account(ACCOUNT)
}

/// The local AWS server, or where there is none, an AWS in the process; with a prefix of its own.
pub(crate) async fn aws() -> (Aws, SdkConfig, String) {
    static STUB: OnceLock<Stub> = OnceLock::new();
    let config = if std::env::var_os("MELANGE_TEST_ENDPOINT").is_some() {
        server::config().await
    } else {
        STUB.get_or_init(|| Stub::try_start().expect("a stub")).sdk_config()
    };
    let prefix = server::unique();
    (Aws::from_config(&config).prefix(&prefix), config, prefix)
}
