//! How fast to write and how often to look again.
//!
//! Neither SQS nor SNS can be told to write only if nobody else has written since. So the time between a read and the write of
//! what was merged from it must be short: a late write would undo what others have merged meanwhile.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// What was read is too old to be merged into after this long.
pub(super) const FRESH: Duration = Duration::from_millis(500);
/// A write that takes longer is given up: what it was made from is read again first.
const WRITE: Duration = Duration::from_secs(2);
/// After this long, no write that was begun before ours is still under way.
pub(super) const SETTLED: Duration = Duration::from_secs(3);

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long to wait before looking again, longer each time, and not as long as others.
pub(super) fn pause(round: u32) -> Duration {
    let jitter = Duration::from_millis(uuid::Uuid::now_v7().as_bytes()[15].into());
    let doubled = Duration::from_millis(250).saturating_mul(2_u32.saturating_pow(round.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE) + jitter
}

/// For a write to SQS.
pub(super) fn sqs() -> aws_sdk_sqs::config::Builder {
    aws_sdk_sqs::Config::builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts())
}

/// For a write to SNS, on top of `near`.
pub(super) fn sns(near: aws_sdk_sns::config::Builder) -> aws_sdk_sns::config::Builder {
    near.retry_config(RetryConfig::disabled()).timeout_config(timeouts())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(WRITE).operation_timeout(WRITE).build()
}
