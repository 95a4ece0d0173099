//! What Lambda hands to a function, in the forms that functions take it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ParseError;

/// What Lambda hands to a function: a `serde_json::Value`, or JSON as text or bytes. Not for implementing.
pub trait Payload: sealed::Sealed {}

pub(super) mod sealed {
    /// What SNS put into each record, as JSON.
    pub trait Sealed {
        fn records(&self) -> Result<Vec<String>, super::ParseError>;
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, rename = "Sns")]
    sns: Option<&'a RawValue>,
}

impl Payload for str {}
impl sealed::Sealed for str {
    fn records(&self) -> Result<Vec<String>, ParseError> {
        let event: Event<'_> = serde_json::from_str(self).map_err(|_| ParseError::not_sns())?;
        let sns = |record: Record<'_>| record.sns.map(|sns| sns.get().to_owned()).ok_or_else(ParseError::not_sns);
        event.records.into_iter().map(sns).collect()
    }
}

impl Payload for [u8] {}
impl sealed::Sealed for [u8] {
    fn records(&self) -> Result<Vec<String>, ParseError> {
        std::str::from_utf8(self).map_err(|_| ParseError::not_sns())?.records()
    }
}

impl Payload for Value {}
impl sealed::Sealed for Value {
    fn records(&self) -> Result<Vec<String>, ParseError> {
        let records = self.get("Records").and_then(Value::as_array).ok_or_else(ParseError::not_sns)?;
        records.iter().map(|record| record.get("Sns").map(Value::to_string).ok_or_else(ParseError::not_sns)).collect()
    }
}

macro_rules! as_their_content {
    ($($owner:ty => $content:ty),*) => {$(
        impl Payload for $owner {}
        impl sealed::Sealed for $owner {
            fn records(&self) -> Result<Vec<String>, ParseError> {
                <$content as sealed::Sealed>::records(self)
            }
        }
    )*};
}

as_their_content!(String => str, Vec<u8> => [u8], Box<RawValue> => RawValue, &str => str, &[u8] => [u8]);

impl Payload for RawValue {}
impl sealed::Sealed for RawValue {
    fn records(&self) -> Result<Vec<String>, ParseError> {
        self.get().records()
    }
}
