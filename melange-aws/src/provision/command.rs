//! The commands that mend what [`Verify`](super::Provision::Verify) finds, to be pasted into a shell.

use serde_json::Value;

use crate::Aws;

/// The beginning of every command: `aws`, where to, and how.
#[derive(Debug)]
pub(super) struct Commands {
    place: String,
}

impl Commands {
    pub(super) fn at(aws: &Aws) -> Self {
        let mut place = String::new();
        if let Ok(region) = aws.names().region() {
            place = format!(" --region {}", quoted(region));
        }
        if let Some(endpoint) = aws.endpoint() {
            place = format!("{place} --endpoint-url {}", quoted(&endpoint));
        }
        Self { place }
    }

    /// `command` is service and operation, as in `sns create-topic`.
    pub(super) fn command(&self, command: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: String = arguments.iter().map(|(name, value)| format!(" --{name} {}", quoted(value))).collect();
        format!("aws {command}{}{arguments}", self.place)
    }
}

/// `{"name": "value"}`, as the commands take attributes.
pub(super) fn attributes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(pairs.collect()).to_string()
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
    use super::*;

    #[test]
    fn a_command_can_be_pasted() {
        let commands = Commands { place: " --region us-east-1".to_owned() };
        let attributes = attributes([("RawMessageDelivery", "true"), ("X", "it's")]);
        assert_eq!(
            commands.command(
                "sns subscribe",
                &[("topic-arn", "arn:aws:sns:us-east-1:1:orders"), ("attributes", &attributes)]
            ),
            r#"aws sns subscribe --region us-east-1 --topic-arn arn:aws:sns:us-east-1:1:orders --attributes '{"RawMessageDelivery":"true","X":"it'\''s"}'"#
        );
    }
}
