//! Clients of a stub, and what their calls are answered.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "tests say what they expect by panicking")]

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::Message;
use aws_types::SdkConfig;
use melange_aws_stub::Stub;

pub(crate) struct Account {
    pub(crate) stub: Stub,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:orders";

impl Account {
    pub(crate) async fn new() -> Self {
        let stub = Stub::start().await;
        let config = stub.hurried_config();
        Self::of(stub, &config)
    }

    /// Whose calls may take their time: a debug build needs some for a megabyte.
    pub(crate) async fn patient(queue: &str) -> Self {
        let stub = Stub::start().await;
        stub.create_queue(queue);
        let config = stub.sdk_config();
        Self::of(stub, &config)
    }

    fn of(stub: Stub, config: &SdkConfig) -> Self {
        Self { sns: aws_sdk_sns::Client::new(config), sqs: aws_sdk_sqs::Client::new(config), stub }
    }

    /// With the topic `orders` and the queue `billing` subscribed to it.
    pub(crate) async fn with_orders(raw: bool) -> Self {
        let account = Self::new().await;
        account.stub.create_topic("orders");
        account.stub.create_queue("billing");
        account.stub.subscribe("orders", "billing", raw);
        account
    }

    /// With this queue alone.
    pub(crate) async fn with_queue(name: &str) -> Self {
        let account = Self::new().await;
        account.stub.create_queue(name);
        account
    }

    pub(crate) fn url(&self, queue: &str) -> String {
        format!("{}/000000000000/{queue}", self.stub.endpoint())
    }

    pub(crate) async fn send(&self, queue: &str, body: &str) {
        self.sqs.send_message().queue_url(self.url(queue)).message_body(body).send().await.unwrap();
    }

    /// To a FIFO queue: the body is the deduplication id.
    pub(crate) async fn send_in_group(&self, queue: &str, group: &str, body: &str) {
        let request = self.sqs.send_message().queue_url(self.url(queue)).message_body(body);
        request.message_group_id(group).message_deduplication_id(body).send().await.unwrap();
    }

    /// Up to ten messages, at once.
    pub(crate) async fn receive(&self, queue: &str) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(self.url(queue)).max_number_of_messages(10);
        let request = request.message_attribute_names("All").message_system_attribute_names("All".into());
        request.send().await.unwrap().messages.unwrap_or_default()
    }

    pub(crate) async fn delete(&self, queue: &str, message: &Message) -> Result<(), String> {
        let receipt = message.receipt_handle().unwrap();
        code(self.sqs.delete_message().queue_url(self.url(queue)).receipt_handle(receipt).send().await)
    }

    pub(crate) async fn change(&self, queue: &str, message: &Message, seconds: i32) -> Result<(), String> {
        let request = self.sqs.change_message_visibility().queue_url(self.url(queue)).visibility_timeout(seconds);
        code(request.receipt_handle(message.receipt_handle().unwrap()).send().await)
    }

    pub(crate) fn counts(&self, queue: &str) -> (usize, usize, usize) {
        let standings = self.stub.standings(queue).unwrap();
        (standings.visible, standings.in_flight, standings.delayed)
    }
}

pub(crate) fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}

/// The error's code, in the older spelling where AWS sends it.
pub(crate) fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> Result<(), String> {
    answer.map(drop).map_err(|error| error.code().unwrap_or("no code").to_owned())
}
