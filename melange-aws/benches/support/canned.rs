//! Answers without a server: HTTP bodies made beforehand, handed to the SDK within the process. What is left is what a
//! consumer costs, from the body of the answer on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};

use super::Result;
use super::events::Body;
use super::server;

/// SQS, as far as a consumer of one queue needs it.
pub(crate) struct Canned {
    received: Vec<SdkBody>,
    /// How many of `received` are handed out.
    most: usize,
    next: AtomicUsize,
    deleted: SdkBody,
    url: SdkBody,
}

impl Canned {
    /// All of `bodies` become answers, ten in each; the first `count` of them are handed out.
    pub(crate) fn new(bodies: &[Body], name: &str, count: usize) -> Result<Self> {
        let answer = |(at, batch): (usize, &[Body])| {
            let messages: Vec<Value> =
                batch.iter().enumerate().map(|(place, body)| message(at * 10 + place, body, name)).collect();
            Ok(SdkBody::from(serde_json::to_string(&json!({ "Messages": messages }))?))
        };
        let successful: Vec<Value> = (0..10).map(|id| json!({ "Id": id.to_string() })).collect();
        Ok(Self {
            received: bodies.chunks(10).enumerate().map(answer).collect::<Result<_>>()?,
            most: count / 10,
            next: AtomicUsize::new(0),
            deleted: SdkBody::from(json!({ "Successful": successful, "Failed": [] }).to_string()),
            url: SdkBody::from(json!({ "QueueUrl": "http://localhost/000000000000/billing" }).to_string()),
        })
    }

    /// The configuration of clients that are answered so.
    pub(crate) fn config(self) -> SdkConfig {
        let connector = SharedHttpConnector::new(Shared(Arc::new(self)));
        let client = http_client_fn(move |_, _| connector.clone());
        server::config("http://localhost").to_builder().http_client(client).build()
    }

    fn answer(&self, request: &HttpRequest) -> Option<SdkBody> {
        match request.headers().get("x-amz-target")? {
            "AmazonSQS.ReceiveMessage" => {
                let next = self.next.fetch_add(1, Ordering::Relaxed);
                self.received.get(..self.most)?.get(next)?.try_clone()
            }
            "AmazonSQS.DeleteMessageBatch" => self.deleted.try_clone(),
            "AmazonSQS.GetQueueUrl" => self.url.try_clone(),
            _ => None,
        }
    }
}

/// As SQS writes it, with a receipt as long as its own.
fn message(number: usize, body: &Body, name: &str) -> Value {
    let attribute = |kind: &str, value: &str| json!({ "DataType": kind, "StringValue": value });
    let beside: Map<String, Value> = [
        ("event_type".to_owned(), attribute("String", name)),
        ("manifest".to_owned(), attribute("String", name)),
        ("serializer_id".to_owned(), attribute("Number", "1")),
    ]
    .into_iter()
    .collect();
    json!({
        "MessageId": format!("5fea7756-0ea4-451a-a703-{number:012}"),
        "ReceiptHandle": format!("AQEB{number:012}{}", "wJnKyrHigUMZj6reyNurSdKh".repeat(14)),
        "MD5OfBody": "098f6bcd4621d373cade4e832627b4f6",
        "MD5OfMessageAttributes": "324758f82d026ac6ec5b31a3b192d1e3",
        "Body": body.json,
        "Attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1764000000000" },
        "MessageAttributes": beside,
    })
}

struct Shared(Arc<Canned>);

impl HttpConnector for Shared {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.0.answer(&request) {
            Some(body) => HttpConnectorFuture::ready(
                200.try_into()
                    .map(|status| HttpResponse::new(status, body))
                    .map_err(|error| aws_smithy_runtime_api::client::result::ConnectorError::user(Box::new(error))),
            ),
            // There is nothing more: a poll without end.
            None => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}
