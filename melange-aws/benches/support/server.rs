//! A server on loopback, and what a bench asks of it beside what is measured.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};
use futures_util::StreamExt as _;
use futures_util::stream;
use melange_aws_stub::{Fault, Stub};

use super::Result;
use super::events::Body;

/// A server that answers as SNS and SQS do.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: SdkConfig,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    stub: Option<Stub>,
    /// How much longer each answer takes while something is measured.
    pub(crate) delay: Duration,
}

impl Server {
    /// The one at this address.
    pub(crate) fn at(endpoint: &str) -> Self {
        Self::of(config(endpoint))
    }

    /// The stub, which runs in a thread of its own as long as this lives.
    pub(crate) fn stub(stub: &Stub) -> Self {
        Self { stub: Some(stub.clone()), ..Self::at(&stub.endpoint()) }
    }

    /// Whatever this configuration leads to.
    pub(crate) fn of(config: SdkConfig) -> Self {
        let (sns, sqs) = (aws_sdk_sns::Client::new(&config), aws_sdk_sqs::Client::new(&config));
        Self { config, sns, sqs, stub: None, delay: Duration::ZERO }
    }

    /// What follows is measured: answers take as long as they are to.
    pub(crate) fn measure(&self) {
        let Some(stub) = self.stub.as_ref().filter(|_| !self.delay.is_zero()) else { return };
        for action in ["ReceiveMessage", "DeleteMessageBatch", "DeleteMessage", "PublishBatch"] {
            stub.inject(Fault::delay(self.delay).on(action));
        }
    }

    /// It is over.
    pub(crate) fn measured(&self) {
        if let Some(stub) = &self.stub {
            stub.clear_faults();
        }
    }

    /// The address of a new queue.
    pub(crate) async fn queue(&self, name: &str) -> Result<String> {
        let fifo = name.ends_with(".fifo");
        let attributes = fifo.then(|| HashMap::from([(QueueAttributeName::FifoQueue, "true".to_owned())]));
        let made = self.sqs.create_queue().queue_name(name).set_attributes(attributes).send().await?;
        made.queue_url.ok_or_else(|| "the queue has no address".into())
    }

    /// The ARN of a topic, made if it is not there.
    pub(crate) async fn topic(&self, name: &str) -> Result<String> {
        let fifo = name.ends_with(".fifo");
        let attributes = fifo.then(|| HashMap::from([("FifoTopic".to_owned(), "true".to_owned())]));
        let made = self.sns.create_topic().name(name).set_attributes(attributes).send().await?;
        made.topic_arn.ok_or_else(|| "the topic has no ARN".into())
    }

    pub(crate) async fn delete(&self, url: &str) -> Result<()> {
        self.sqs.delete_queue().queue_url(url).send().await?;
        Ok(())
    }

    /// Whether nothing is in a queue, in hand or not.
    pub(crate) async fn is_empty(&self, url: &str) -> Result<bool> {
        let asked = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let attributes = asked.send().await?.attributes.unwrap_or_default();
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        Ok(counts.iter().all(|count| attributes.get(count).is_none_or(|count| count == "0")))
    }

    /// Puts the bodies into a queue, with what Melange sends beside them.
    pub(crate) async fn fill(&self, url: &str, name: &str, bodies: &[Body]) -> Result<()> {
        let fifo = url.ends_with(".fifo");
        let beside = beside(name)?;
        let send = |(at, batch): (usize, &[Body])| {
            let (sqs, beside) = (self.sqs.clone(), beside.clone());
            let entries: Vec<_> = batch
                .iter()
                .enumerate()
                .map(|(id, body)| {
                    SendMessageBatchRequestEntry::builder()
                        .id(id.to_string())
                        .message_body(&body.json)
                        .set_message_attributes(Some(beside.clone()))
                        .set_message_group_id(fifo.then(|| body.group.clone()))
                        .set_message_deduplication_id(fifo.then(|| format!("{at}-{id}")))
                        .build()
                })
                .collect();
            let url = url.to_owned();
            async move {
                let entries = entries.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
                let sent = sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await?;
                if sent.failed().is_empty() { Ok(()) } else { Err("the server did not take all".into()) }
            }
        };
        let batches: Vec<(usize, &[Body])> = bodies.chunks(10).enumerate().collect();
        let mut sending = stream::iter(batches.into_iter().map(send)).buffered(4);
        while let Some(sent) = sending.next().await {
            let sent: Result<()> = sent;
            sent?;
        }
        Ok(())
    }
}

/// The attributes that Melange sends with an event of this name.
fn beside(name: &str) -> Result<HashMap<String, MessageAttributeValue>> {
    let value = |kind: &str, value: &str| MessageAttributeValue::builder().data_type(kind).string_value(value).build();
    Ok(HashMap::from([
        ("event_type".to_owned(), value("String", name)?),
        ("manifest".to_owned(), value("String", name)?),
        ("serializer_id".to_owned(), value("Number", "1")?),
    ]))
}

/// Plain HTTP, so that no time goes into TLS; everything else as the SDK has it.
pub(crate) fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIABENCHBENCHBENCHB", "bench-secret-access-key", None, None, "bench");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}
