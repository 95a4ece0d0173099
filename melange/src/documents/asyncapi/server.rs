//! Where a broker is, for the reader of an AsyncAPI document.

use serde_json::{Value, json};

use super::insert;

/// A broker's address: its host and protocol.
///
/// ```
/// use melange::documents::Server;
///
/// let server = Server::new("sqs.eu-west-1.amazonaws.com", "sqs").description("The production account.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Server {
    host: String,
    protocol: String,
    description: Option<String>,
}

impl Server {
    /// A server at `host`, with this `protocol`: `sns` or `sqs`.
    pub fn new(host: impl Into<String>, protocol: impl Into<String>) -> Self {
        Self { host: host.into(), protocol: protocol.into(), description: None }
    }

    /// What it is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(super) fn to_value(&self) -> Value {
        let mut server = json!({ "host": self.host, "protocol": self.protocol });
        insert(&mut server, "description", self.description.as_deref());
        server
    }
}
