//! What SQS can be asked, as its JSON protocol writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::refusal::Refusal;

macro_rules! inputs {
    ($($action:ident),* $(,)?) => {
        /// What SQS is asked.
        #[derive(Debug)]
        pub(crate) enum Input { $($action($action)),* }

        impl Input {
            /// The action and what it is asked, or why it cannot be read.
            pub(crate) fn read(action: &str, body: &[u8]) -> Result<(&'static str, Self), (&'static str, Refusal)> {
                match action {
                    $(stringify!($action) => match serde_json::from_slice(body) {
                        Ok(input) => Ok((stringify!($action), Self::$action(input))),
                        Err(error) => Err((stringify!($action), Refusal::new("SerializationException", error.to_string()))),
                    },)*
                    _ => Err(("Unknown", Refusal::new("InvalidAction", format!("The action {action} is not valid for this endpoint.")))),
                }
            }
        }
    };
}

inputs!(
    CancelMessageMoveTask,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    GetQueueAttributes,
    GetQueueUrl,
    ListMessageMoveTasks,
    ListQueues,
    ListQueueTags,
    PurgeQueue,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    StartMessageMoveTask,
    TagQueue,
);

impl Input {
    /// The name of the queue it is about.
    pub(crate) fn target(&self) -> &str {
        match self {
            Self::CancelMessageMoveTask(_) => "",
            Self::ChangeMessageVisibility(input) => name(&input.queue_url),
            Self::ChangeMessageVisibilityBatch(input) => name(&input.queue_url),
            Self::CreateQueue(input) => &input.queue_name,
            Self::DeleteMessage(input) => name(&input.queue_url),
            Self::DeleteMessageBatch(input) => name(&input.queue_url),
            Self::DeleteQueue(input) => name(&input.queue_url),
            Self::GetQueueAttributes(input) => name(&input.queue_url),
            Self::GetQueueUrl(input) => &input.queue_name,
            Self::ListMessageMoveTasks(input) => name(&input.source_arn),
            Self::ListQueues(_) => "",
            Self::ListQueueTags(input) => name(&input.queue_url),
            Self::PurgeQueue(input) => name(&input.queue_url),
            Self::ReceiveMessage(input) => name(&input.queue_url),
            Self::SendMessage(input) => name(&input.queue_url),
            Self::SendMessageBatch(input) => name(&input.queue_url),
            Self::SetQueueAttributes(input) => name(&input.queue_url),
            Self::StartMessageMoveTask(input) => name(&input.source_arn),
            Self::TagQueue(input) => name(&input.queue_url),
        }
    }

    /// How many messages it is about, where it says so.
    pub(crate) fn entries(&self) -> usize {
        match self {
            Self::ChangeMessageVisibilityBatch(input) => input.entries.len(),
            Self::DeleteMessageBatch(input) => input.entries.len(),
            Self::SendMessageBatch(input) => input.entries.len(),
            Self::ChangeMessageVisibility(_) | Self::DeleteMessage(_) | Self::SendMessage(_) => 1,
            _ => 0,
        }
    }
}

/// The last part of an address or an ARN.
pub(crate) fn name(address: &str) -> &str {
    address.rsplit(['/', ':']).next().unwrap_or_default()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateQueue {
    pub(super) queue_name: String,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueUrl {
    pub(super) queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    pub(super) owner: Option<String>,
}

/// Whatever only names a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OnlyQueue {
    pub(super) queue_url: String,
}

pub(crate) type DeleteQueue = OnlyQueue;
pub(crate) type PurgeQueue = OnlyQueue;
pub(crate) type ListQueueTags = OnlyQueue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueAttributes {
    pub(super) queue_url: String,
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetQueueAttributes {
    pub(super) queue_url: String,
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagQueue {
    pub(super) queue_url: String,
    pub(super) tags: BTreeMap<String, String>,
}

/// An attribute of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeValue {
    #[serde(default)]
    pub(super) data_type: String,
    pub(super) string_value: Option<String>,
    /// In base64.
    pub(super) binary_value: Option<String>,
}

/// A message, alone or in a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sending {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) message_body: String,
    pub(super) delay_seconds: Option<i64>,
    #[serde(default)]
    pub(super) message_attributes: BTreeMap<String, AttributeValue>,
    #[serde(default)]
    pub(super) message_system_attributes: BTreeMap<String, AttributeValue>,
    pub(super) message_deduplication_id: Option<String>,
    pub(super) message_group_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMessage {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) message: Sending,
}

/// A batch for a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Batch<T> {
    pub(super) queue_url: String,
    #[serde(default = "Vec::new")]
    pub(super) entries: Vec<T>,
}

pub(crate) type SendMessageBatch = Batch<Sending>;
pub(crate) type DeleteMessageBatch = Batch<Settling>;
pub(crate) type ChangeMessageVisibilityBatch = Batch<Settling>;

/// A receipt, alone or in a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Settling {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) receipt_handle: String,
    pub(super) visibility_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SettleOne {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) settling: Settling,
}

pub(crate) type DeleteMessage = SettleOne;
pub(crate) type ChangeMessageVisibility = SettleOne;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveMessage {
    pub(super) queue_url: String,
    /// The older name of `message_system_attribute_names`.
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_system_attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_attribute_names: Vec<String>,
    pub(super) max_number_of_messages: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    pub(crate) wait_time_seconds: Option<i64>,
    pub(super) receive_request_attempt_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartMessageMoveTask {
    pub(super) source_arn: String,
    pub(super) destination_arn: Option<String>,
    pub(super) max_number_of_messages_per_second: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListMessageMoveTasks {
    pub(super) source_arn: String,
    pub(super) max_results: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListQueues {
    pub(super) queue_name_prefix: Option<String>,
    pub(super) max_results: Option<usize>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelMessageMoveTask {
    pub(super) task_handle: String,
}
