//! Failures that pass by themselves and that the SDK does not try again by itself.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

/// Codes of a KMS key that is asked too much: SQS's older spelling, SQS's, SNS's.
const KMS: [&[u8]; 3] = [b"KMS.ThrottlingException", b"KmsThrottled", b"KMSThrottling"];

/// Makes the SDK try again after: a throttled KMS key, SNS's 429 `Throttled`, and a page instead of an answer.
#[derive(Debug)]
pub(crate) struct Overlooked;

impl ClassifyRetry for Overlooked {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let (Some(Err(_)), Some(response)) = (context.output_or_error(), context.response()) else {
            return RetryAction::NoActionIndicated;
        };
        let status = response.status().as_u16();
        let body = response.body().bytes().unwrap_or_default();
        if status == 429 || (400..500).contains(&status) && KMS.iter().any(|code| contains(body, code)) {
            RetryAction::throttling_error()
        } else if response.status().is_success() {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "melange: failures that pass by themselves"
    }
}

fn contains(body: &[u8], code: &[u8]) -> bool {
    body.windows(code.len()).any(|window| window == code)
}
