//! The commands that do what a change does, to be pasted into a shell.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Aws;
use crate::names::region_of;

/// The end of every command's beginning: where AWS is, if not where AWS's own are.
#[derive(Debug)]
pub(super) struct Commands {
    endpoint: String,
}

impl Commands {
    pub(super) fn at(aws: &Aws) -> Self {
        let endpoint = aws.endpoint().map(|url| format!(" --endpoint-url {}", quoted(&url)));
        Self { endpoint: endpoint.unwrap_or_default() }
    }

    /// `command` is service and operation, as in `sns create-topic`, called in the region of `arn`.
    pub(super) fn command(&self, command: &str, arn: &str, arguments: &[(&str, &str)]) -> String {
        let region = region_of(arn).map(|region| format!(" --region {}", quoted(region))).unwrap_or_default();
        let arguments: String = arguments.iter().map(|(name, value)| format!(" --{name} {}", quoted(value))).collect();
        format!("aws {command}{region}{}{arguments}", self.endpoint)
    }
}

/// `{"name": "value"}`, as the commands take attributes, and the tags of queues.
pub(super) fn attributes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(pairs.collect()).to_string()
}

/// The tags of a queue.
pub(super) fn queue_tags(tags: &BTreeMap<String, String>) -> String {
    attributes(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The tags of a topic.
pub(super) fn topic_tags(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Value>().to_string()
}

/// As one word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/=@,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:1:orders";

    #[test]
    fn a_command_can_be_pasted() {
        let commands = Commands { endpoint: String::new() };
        let attributes = attributes([("RawMessageDelivery", "true"), ("X", "it's")]);
        assert_eq!(
            commands.command("sns subscribe", TOPIC, &[("topic-arn", TOPIC), ("attributes", &attributes)]),
            r#"aws sns subscribe --region us-east-1 --topic-arn arn:aws:sns:us-east-1:1:orders --attributes '{"RawMessageDelivery":"true","X":"it'\''s"}'"#
        );
    }

    #[test]
    fn tags_are_written_as_each_service_takes_them() {
        let tags = [("team".to_owned(), "a b".to_owned())].into();
        assert_eq!(queue_tags(&tags), r#"{"team":"a b"}"#);
        assert_eq!(topic_tags(&tags), r#"[{"Key":"team","Value":"a b"}]"#);
    }

    proptest! {
        /// By the shell itself.
        #[test]
        #[cfg(unix)]
        fn a_shell_reads_what_was_quoted(text in "[^\\x00]{0,40}") {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(&text))])
                .output()
                .unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
