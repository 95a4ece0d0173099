//! How the attributes of SNS and SQS are called in Terraform and in CloudFormation.

/// What a value is, where it is not written as the text that SNS and SQS take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Json,
}

/// Where Terraform wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Argument(&'static str),
    /// A resource of its own, since it names what is made of the resource: its type, and the argument.
    Resource(&'static str, &'static str),
    /// It follows from another, and Terraform refuses to be told both.
    Implied,
}

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) terraform: Place,
    /// What it is there, where that is not `kind`.
    pub(super) terraform_kind: Kind,
}

const fn row(name: &'static str, kind: Kind, argument: &'static str) -> Row {
    Row { name, kind, terraform: Place::Argument(argument), terraform_kind: kind }
}

/// Source: the documentation of the Terraform provider, `aws_sns_topic`; CloudFormation calls them as SNS does.
pub(super) const TOPIC: [Row; 4] = [
    row("FifoTopic", Kind::Bool, "fifo_topic"),
    row("ContentBasedDeduplication", Kind::Bool, "content_based_deduplication"),
    row("FifoThroughputScope", Kind::Text, "fifo_throughput_scope"),
    Row { terraform_kind: Kind::Number, ..row("SignatureVersion", Kind::Text, "signature_version") },
];

/// Source: the documentation of the Terraform provider, `aws_sqs_queue`; CloudFormation calls them as SQS does.
pub(super) const QUEUE: [Row; 11] = [
    row("VisibilityTimeout", Kind::Number, "visibility_timeout_seconds"),
    row("MessageRetentionPeriod", Kind::Number, "message_retention_seconds"),
    row("FifoQueue", Kind::Bool, "fifo_queue"),
    row("ContentBasedDeduplication", Kind::Bool, "content_based_deduplication"),
    row("DeduplicationScope", Kind::Text, "deduplication_scope"),
    row("FifoThroughputLimit", Kind::Text, "fifo_throughput_limit"),
    row("KmsMasterKeyId", Kind::Text, "kms_master_key_id"),
    Row { terraform: Place::Implied, ..row("SqsManagedSseEnabled", Kind::Bool, "") },
    row("RedrivePolicy", Kind::Json, "redrive_policy"),
    Row {
        terraform: Place::Resource("aws_sqs_queue_redrive_allow_policy", "redrive_allow_policy"),
        ..row("RedriveAllowPolicy", Kind::Json, "")
    },
    Row { terraform: Place::Resource("aws_sqs_queue_policy", "policy"), ..row("Policy", Kind::Json, "") },
];

/// Source: the documentation of the Terraform provider, `aws_sns_topic_subscription`; CloudFormation calls them as SNS does.
pub(super) const SUBSCRIPTION: [Row; 3] = [
    row("RawMessageDelivery", Kind::Bool, "raw_message_delivery"),
    row("FilterPolicy", Kind::Json, "filter_policy"),
    row("RedrivePolicy", Kind::Json, "redrive_policy"),
];

/// The rows of `rows` that `settings` have, in the order of `rows`, with the values.
pub(super) fn set<'a>(rows: &'a [Row], settings: &'a [(String, String)]) -> impl Iterator<Item = (&'a Row, &'a str)> {
    rows.iter().filter_map(|row| {
        let (_, value) = settings.iter().find(|(name, _)| name == row.name)?;
        Some((row, value.as_str()))
    })
}

/// The first of `settings` that no row is about.
pub(super) fn unknown<'a>(rows: &[Row], settings: &'a [(String, String)]) -> Option<&'a str> {
    settings.iter().map(|(name, _)| name.as_str()).find(|name| !rows.iter().any(|row| row.name == *name))
}
