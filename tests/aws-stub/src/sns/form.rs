//! What SNS can be asked, as its query protocol writes it: a form.

use std::collections::{BTreeMap, HashMap};

use aws_smithy_types::base64;

use crate::content::{Attribute, Value};
use crate::refusal::Refusal;

/// A form: names with dots, as in `Attributes.entry.1.key`.
#[derive(Debug)]
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::parameter(format_args!("{name} Reason: no value for required parameter"));
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }

    /// The name of the topic it is about.
    pub(crate) fn target(&self) -> &str {
        let arn = ["TopicArn", "ResourceArn", "SubscriptionArn"].iter().find_map(|name| self.get(name));
        match arn {
            Some(arn) => arn.split(':').nth(5).unwrap_or(arn),
            None => self.get("Name").unwrap_or_default(),
        }
    }

    /// Pairs under `name.entry.N.key` and `name.entry.N.value`.
    pub(super) fn map(&self, name: &str) -> BTreeMap<String, String> {
        self.pairs(name, "entry", "key", "value")
    }

    /// Pairs under `name.member.N.Key` and `name.member.N.Value`.
    pub(super) fn tags(&self, name: &str) -> BTreeMap<String, String> {
        self.pairs(name, "member", "Key", "Value")
    }

    fn pairs(&self, name: &str, each: &str, key: &str, value: &str) -> BTreeMap<String, String> {
        let pair = |n: usize| {
            let key = self.get(&format!("{name}.{each}.{n}.{key}"))?;
            let value = self.get(&format!("{name}.{each}.{n}.{value}")).unwrap_or_default();
            Some((key.to_owned(), value.to_owned()))
        };
        (1..).map_while(pair).collect()
    }

    /// The attributes of the message whose fields begin with `start`.
    pub(super) fn attributes(&self, start: &str) -> Result<Vec<Attribute>, Refusal> {
        let mut attributes = Vec::new();
        for n in 1.. {
            let at = format!("{start}MessageAttributes.entry.{n}");
            let Some(name) = self.get(&format!("{at}.Name")) else { break };
            let data_type = self.get(&format!("{at}.Value.DataType")).unwrap_or_default();
            let value = match self.get(&format!("{at}.Value.BinaryValue")) {
                Some(encoded) => {
                    let broken = || Refusal::parameter(format_args!("the attribute '{name}' is not in base64"));
                    Value::Bytes(base64::decode(encoded).map_err(|_| broken())?)
                }
                None => Value::Text(self.get(&format!("{at}.Value.StringValue")).unwrap_or_default().to_owned()),
            };
            attributes.push(Attribute { name: name.to_owned(), data_type: data_type.to_owned(), value });
        }
        Ok(attributes)
    }

    /// The beginnings of the fields of a batch's entries.
    pub(super) fn entries(&self) -> Vec<String> {
        let start = |n: usize| format!("PublishBatchRequestEntries.member.{n}.");
        let is_there =
            |start: &String| ["Id", "Message"].iter().any(|field| self.0.contains_key(&format!("{start}{field}")));
        (1..).map(start).take_while(is_there).collect()
    }
}
