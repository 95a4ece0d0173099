//! Writes of what was merged from a read. Neither SQS nor SNS can be told to write only if nobody else has written since,
//! so that the time between must be short: a late write would undo what others have merged meanwhile.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// What was read is too old to be merged into after this long.
pub(super) const FRESH: Duration = Duration::from_millis(500);
/// A write that takes longer is given up: what it was made from is read again first.
const WRITE: Duration = Duration::from_secs(2);
/// After this long, no write that was begun before ours is still under way.
pub(super) const SETTLED: Duration = Duration::from_secs(3);

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
