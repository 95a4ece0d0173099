//! When a request was signed. The signature itself is not looked at.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use hyper::http::request::Parts;

use crate::refusal::Refusal;
use crate::request::Service;

/// Source: the IAM user guide, signature version 4: a request must come within five minutes of its time.
const MOST: Duration = Duration::from_secs(5 * 60);

/// Refuses what was signed by a clock that is too far off. What has no date passes: it was not signed at all.
pub(super) fn check(head: &Parts, service: Service) -> Result<(), Refusal> {
    let signed = head.headers.get("x-amz-date").and_then(|date| date.to_str().ok());
    let Some((signed, at)) = signed.and_then(|signed| Some((signed, moment(signed)?))) else { return Ok(()) };
    let now = SystemTime::now();
    let off = now.duration_since(at).unwrap_or_else(|ahead| ahead.duration());
    if off <= MOST {
        return Ok(());
    }
    let code = match service {
        Service::Sqs => "InvalidSignatureException",
        Service::Sns | Service::Sts => "SignatureDoesNotMatch",
    };
    let how = if at < now { "Signature expired" } else { "Signature not yet current" };
    Err(Refusal::new(code, format!("{how}: {signed} is more than 5 min. off")))
}

/// As in `20261125T140522Z`.
fn moment(text: &str) -> Option<SystemTime> {
    let part = |range: std::ops::Range<usize>| text.get(range);
    let spelled = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(9..11)?,
        part(11..13)?,
        part(13..15)?
    );
    SystemTime::try_from(DateTime::from_str(&spelled, Format::DateTime).ok()?).ok()
}
