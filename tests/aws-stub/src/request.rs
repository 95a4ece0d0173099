//! A request, as far as it can be understood before it is carried out.

use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;

use crate::refusal::Refusal;
use crate::sns::Form;
use crate::{sns, sqs};

/// Whose request it is, and so how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Sqs,
    Sns,
    Sts,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) service: Service,
    pub(crate) action: &'static str,
    pub(crate) target: Arc<str>,
    pub(crate) region: String,
    pub(crate) attempt: u32,
    pub(crate) input: Input,
}

#[derive(Debug)]
pub(crate) enum Input {
    Sqs(sqs::Input),
    Sns(Form),
    Sts,
    Refused(Refusal),
}

impl Request {
    pub(crate) fn read(head: &Parts, body: &Bytes) -> Self {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let region = header("authorization").and_then(region).unwrap_or("us-east-1").to_owned();
        let attempt = header("amz-sdk-request").and_then(attempt).unwrap_or_default();
        let (service, action, target, input) = match header("x-amz-target") {
            Some(target) => {
                let action = target.strip_prefix("AmazonSQS.").unwrap_or_default();
                match sqs::Input::read(action, body) {
                    Ok((action, input)) => (Service::Sqs, action, input.target().into(), Input::Sqs(input)),
                    Err((action, refusal)) => (Service::Sqs, action, "".into(), Input::Refused(refusal)),
                }
            }
            None => {
                let form = Form::read(body);
                match form.get("Action") {
                    Some("GetCallerIdentity") => (Service::Sts, "GetCallerIdentity", "".into(), Input::Sts),
                    Some(action) => match sns::known(action) {
                        Some(action) => (Service::Sns, action, form.target().into(), Input::Sns(form)),
                        None => (Service::Sns, "Unknown", "".into(), Input::Refused(unknown(action))),
                    },
                    None => (Service::Sns, "Unknown", "".into(), Input::Refused(unknown(""))),
                }
            }
        };
        Self { service, action, target, region, attempt, input }
    }

    /// How many messages it is about, where the request says so.
    pub(crate) fn entries(&self) -> usize {
        match &self.input {
            Input::Sqs(input) => input.entries(),
            Input::Sns(form) => sns::entries(self.action, form),
            Input::Sts | Input::Refused(_) => 0,
        }
    }

    /// How long it may wait, where it long polls.
    pub(crate) fn wait(&self) -> Option<u64> {
        match &self.input {
            Input::Sqs(sqs::Input::ReceiveMessage(receive)) => receive.wait_time_seconds?.try_into().ok(),
            _ => None,
        }
    }
}

fn unknown(action: &str) -> Refusal {
    Refusal::new("InvalidAction", format!("The action {action} is not valid for this endpoint."))
}

/// `AWS4-HMAC-SHA256 Credential=AKID/20261125/us-east-1/sns/aws4_request, ..`
fn region(authorization: &str) -> Option<&str> {
    authorization.split("Credential=").nth(1)?.split('/').nth(2)
}

/// `attempt=1; max=3`
fn attempt(header: &str) -> Option<u32> {
    header.split(';').find_map(|part| part.trim().strip_prefix("attempt="))?.parse().ok()
}
