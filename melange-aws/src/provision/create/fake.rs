//! An AWS that is slow to show what was set, on tokio's clock. It knows one topic and one queue that are there, and the
//! subscription of the one to the other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Aws;

const SUBSCRIPTION: &str = "arn:aws:sns:us-east-1:1:orders:1-2-3";

/// An AWS that is slow to show what was set.
#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

pub(super) struct State {
    /// How long until it shows what was set.
    delay: Duration,
    pub(super) queues: HashMap<String, Queue>,
    /// The attributes of the topic.
    pub(super) topic: HashMap<String, String>,
    /// The attributes of the subscription.
    pub(super) subscription: HashMap<String, String>,
    pub(super) calls: Vec<String>,
    /// Actions that it is too busy for, until then.
    pub(super) busy: HashMap<&'static str, Instant>,
}

pub(super) struct Queue {
    /// When it was made, if not long ago.
    made: Option<Instant>,
    pub(super) first: HashMap<String, String>,
    /// What was set when.
    pub(super) set: Vec<(Instant, HashMap<String, String>)>,
}

impl Fake {
    pub(super) fn new(delay: Duration) -> Self {
        Self(Arc::new(Mutex::new(State {
            delay,
            queues: HashMap::new(),
            topic: HashMap::new(),
            subscription: HashMap::new(),
            calls: Vec::new(),
            busy: HashMap::new(),
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A queue that was made long ago.
    pub(super) fn with_queue(self, name: &str, attributes: &[(&str, &str)]) -> Self {
        let first = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.state().queues.insert(name.to_owned(), Queue { made: None, first, set: Vec::new() });
        self
    }

    pub(super) fn aws(&self) -> Aws {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(self.clone()))
            .build();
        Aws::new(config).account("1")
    }

    pub(super) fn count(&self, action: &str) -> usize {
        self.state().calls.iter().filter(|call| *call == action).count()
    }
}

impl State {
    /// What was set long enough ago, or when it was made.
    fn shown(&self, name: &str) -> Option<HashMap<String, String>> {
        let queue = self.queues.get(name)?;
        if queue.made.is_some_and(|made| made.elapsed() < self.delay) {
            return None;
        }
        let mut shown = queue.first.clone();
        let visible = queue.set.iter().filter(|(at, _)| at.elapsed() >= self.delay);
        visible.for_each(|(_, attributes)| shown.extend(attributes.clone()));
        Some(shown)
    }

    fn is_busy(&self, action: &str) -> bool {
        self.busy.get(action).is_some_and(|until| Instant::now() < *until)
    }

    fn sqs(&mut self, action: &str, request: &Value) -> Result<Value, (&'static str, &'static str)> {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let name = text("QueueUrl").rsplit('/').next().unwrap_or_default().to_owned();
        let none = ("QueueDoesNotExist", "there is no such queue");
        let attributes = serde_json::from_value(request["Attributes"].clone()).unwrap_or_default();
        match action {
            "GetQueueUrl" => {
                let name = text("QueueName");
                self.shown(&name).map(|_| json!({ "QueueUrl": format!("https://sqs/1/{name}") })).ok_or(none)
            }
            "GetQueueAttributes" => self.shown(&name).map(|all| json!({ "Attributes": all })).ok_or(none),
            "SetQueueAttributes" => {
                self.queues.get_mut(&name).ok_or(none)?.set.push((Instant::now(), attributes));
                Ok(json!({}))
            }
            "CreateQueue" => {
                let name = text("QueueName");
                let dlq = format!("{name}-dlq");
                if attributes.contains_key("RedrivePolicy") && self.shown(&dlq).is_none() {
                    return Err(("InvalidParameterValue", "Dead letter target does not exist."));
                }
                let made = Some(Instant::now());
                self.queues.insert(name, Queue { made, first: attributes, set: Vec::new() });
                Ok(json!({ "QueueUrl": "https://sqs/1/made" }))
            }
            other => panic!("{other}"),
        }
    }

    fn sns(&mut self, action: &str) -> String {
        let entry =
            |(name, value): (&String, &String)| format!("<entry><key>{name}</key><value>{value}</value></entry>");
        let attributes = |of: &HashMap<String, String>| {
            format!("<Attributes>{}</Attributes>", of.iter().map(entry).collect::<String>())
        };
        let arn = if self.subscription.is_empty() { "PendingConfirmation" } else { SUBSCRIPTION };
        let result = match action {
            "GetTopicAttributes" => attributes(&self.topic),
            "ListSubscriptionsByTopic" => format!(
                "<Subscriptions><member><Protocol>sqs</Protocol><Endpoint>arn:aws:sqs:us-east-1:1:billing</Endpoint>\
                 <SubscriptionArn>{arn}</SubscriptionArn></member></Subscriptions>"
            ),
            "GetSubscriptionAttributes" => attributes(&self.subscription),
            "Subscribe" => {
                self.subscription.insert("PendingConfirmation".to_owned(), "true".to_owned());
                format!("<SubscriptionArn>{SUBSCRIPTION}</SubscriptionArn>")
            }
            other => panic!("{other}"),
        };
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let mut state = self.state();
        let (status, answer) = if let Some(target) = request.headers().get("x-amz-target") {
            let action = target.rsplit('.').next().unwrap_or_default();
            state.calls.push(action.to_owned());
            let answer = match state.is_busy(action) {
                true => Err(("RequestThrottled", "too many requests")),
                false => state.sqs(action, &serde_json::from_slice(&body).unwrap()),
            };
            match answer {
                Ok(answer) => (200, answer.to_string()),
                Err((code, what)) => (400, json!({ "__type": code, "message": what }).to_string()),
            }
        } else {
            let body = String::from_utf8(body).unwrap();
            let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap();
            state.calls.push(action.to_owned());
            if state.is_busy(action) {
                let error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>slower</Message></Error>";
                (400, format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
            } else {
                (200, state.sns(action))
            }
        };
        let status = StatusCode::try_from(status).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer))))
    }
}
