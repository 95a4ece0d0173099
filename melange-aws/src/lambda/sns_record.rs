//! The records of SNS.

use std::collections::HashMap;
use std::sync::Arc;

use melange::Attributes;
use melange::transport::{Delivery, Inbound, Undecodable};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::payload::{Malformed, records};
use crate::envelope;
use crate::names::Names;
use crate::sqs::Held;

/// What SNS put into each record of `json`, unread.
pub(super) fn all<'a>(json: &'a str) -> Result<Vec<&'a RawValue>, Malformed> {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow, rename = "Sns")]
        sns: &'a RawValue,
    }
    // A list without a name is a pipe's, and those have none of SNS.
    if json.trim_start().starts_with('[') {
        return Err(Malformed);
    }
    let sns = |record: &'a RawValue| serde_json::from_str::<Record<'a>>(record.get()).map(|record| record.sns);
    records(json)?.into_iter().map(|record| sns(record).map_err(|_| Malformed)).collect()
}

/// What it is.
pub(super) fn open(sns: &RawValue) -> Result<Inbound, Undecodable> {
    envelope::open_notification(sns.get(), &Names::default())
}

/// As a message that can be dead-lettered, and not settled.
pub(super) fn delivery(sns: &RawValue) -> Delivery {
    let content = open(sns);
    let id = content.as_ref().ok().and_then(|inbound| inbound.wrapper_id.clone());
    let id = id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let body: Arc<str> = sns.get().into();
    let receipt = Held::receipt(String::new(), body, Attributes::new(), HashMap::new(), None);
    Delivery::new(id, content, receipt)
}
