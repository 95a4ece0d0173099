//! Deleting messages in flight, and saying how long they stay so.

use std::time::Duration;

use aws_smithy_types::base64;
use serde::Serialize;

use super::batch::{self, Answers};
use super::input::{Batch, SettleOne, Settling, name};
use super::{Done, answer, nothing};
use crate::account::{Account, Receipt};
use crate::clock::Moment;
use crate::fault::What;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// As receipts begin.
const START: &str = "AQEB";

/// The receipt as clients see it: opaque.
pub(super) fn handle(receipt: Receipt) -> String {
    let Receipt { queue, place, receives } = receipt;
    format!("{START}{}", base64::encode(format!("melange-stub-receipt:{queue:x}:{place:x}:{receives:x}")))
}

fn receipt(handle: &str) -> Result<Receipt, Refusal> {
    let read = || {
        let bytes = base64::decode(handle.strip_prefix(START)?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.strip_prefix("melange-stub-receipt:")?.split(':');
        let mut next = || u64::from_str_radix(parts.next()?, 16).ok();
        let (queue, place, receives) = (next()?, next()?, u32::try_from(next()?).ok()?);
        Some(Receipt { queue, place, receives })
    };
    let what = || {
        Refusal::new(
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
        )
    };
    read().ok_or_else(what)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Settled<'a> {
    id: &'a str,
}

/// What is to become of one message of a queue: [`delete`] or [`change`].
type Settle = fn(&mut Account, &str, &str, &Settling, Moment) -> Result<(), Refusal>;

pub(super) fn one(shared: &Shared, region: &str, input: &SettleOne, settle: Settle) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    settle(&mut shared.account(), region, name(&input.queue_url), &input.settling, now)?;
    Ok(Done { entries: Some(1), ..nothing() })
}

pub(super) fn each(
    shared: &Shared,
    region: &str,
    input: &Batch<Settling>,
    fault: &What,
    settle: Settle,
) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    let mut account = shared.account();
    let queue = name(&input.queue_url);
    account.queue(region, queue)?;
    batch::check(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut answers = Answers::new();
    for (place, entry) in input.entries.iter().enumerate() {
        answers.entry(fault, place, &entry.id, || {
            settle(&mut account, region, queue, entry, now).map(|()| Settled { id: &entry.id })
        });
    }
    Ok(Done { answer: answer(&answers)?, entries: Some(input.entries.len()), bytes: 0 })
}

pub(super) fn delete(
    account: &mut Account,
    region: &str,
    queue: &str,
    entry: &Settling,
    now: Moment,
) -> Result<(), Refusal> {
    let queue = account.queue(region, queue)?;
    let deleted = queue.delete(receipt(&entry.receipt_handle)?, &entry.receipt_handle, now)?;
    if deleted {
        account.messages.deleted += 1;
    } else {
        account.messages.stale_deletes += 1;
    }
    Ok(())
}

pub(super) fn change(
    account: &mut Account,
    region: &str,
    queue: &str,
    entry: &Settling,
    now: Moment,
) -> Result<(), Refusal> {
    let missing = || Refusal::new("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
    let seconds = entry.visibility_timeout.ok_or_else(missing)?;
    let legal = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 43_200);
    let reason = "Must be between 0 and 43200, if provided.";
    let time = Duration::from_secs(legal.ok_or_else(|| Refusal::value("VisibilityTimeout", seconds, reason))?);
    let queue = account.queue(region, queue)?;
    queue.change_visibility(receipt(&entry.receipt_handle)?, &entry.receipt_handle, time, now)
}
