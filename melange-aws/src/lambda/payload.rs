//! What Lambda hands to a function, in the forms that functions take it.

use std::borrow::Cow;

use aws_lambda_events::event::sns::SnsEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The payload of a Lambda function: JSON as text or bytes, a `serde_json::Value`, or an event of `aws_lambda_events`.
/// This trait is sealed.
pub trait Payload: sealed::Sealed {}

/// It is not JSON, or not of the form that was looked for. Says nothing of its content.
#[derive(Debug, Clone, Copy)]
pub struct Malformed;

pub(super) mod sealed {
    use std::borrow::Cow;

    use super::Malformed;

    pub trait Sealed {
        /// Its JSON.
        fn json(&self) -> Result<Cow<'_, str>, Malformed>;
    }
}

/// The records in `json`, unread: under `Records`, or in the bare list that a pipe hands over.
pub(super) fn records(json: &str) -> Result<Vec<&RawValue>, Malformed> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow, rename = "Records")]
        records: Vec<&'a RawValue>,
    }
    if json.trim_start().starts_with('[') {
        return serde_json::from_str(json).map_err(|_| Malformed);
    }
    serde_json::from_str::<Event<'_>>(json).map(|event| event.records).map_err(|_| Malformed)
}

impl Payload for str {}
impl sealed::Sealed for str {
    fn json(&self) -> Result<Cow<'_, str>, Malformed> {
        Ok(Cow::Borrowed(self))
    }
}

impl Payload for [u8] {}
impl sealed::Sealed for [u8] {
    fn json(&self) -> Result<Cow<'_, str>, Malformed> {
        std::str::from_utf8(self).map(Cow::Borrowed).map_err(|_| Malformed)
    }
}

impl Payload for RawValue {}
impl sealed::Sealed for RawValue {
    fn json(&self) -> Result<Cow<'_, str>, Malformed> {
        Ok(Cow::Borrowed(self.get()))
    }
}

macro_rules! written {
    ($($value:ty),*) => {$(
        impl Payload for $value {}
        impl sealed::Sealed for $value {
            fn json(&self) -> Result<Cow<'_, str>, Malformed> {
                serde_json::to_string(self).map(Cow::Owned).map_err(|_| Malformed)
            }
        }
    )*};
}

written!(Value, SnsEvent, SqsEvent);

macro_rules! as_their_content {
    ($($owner:ty => $content:ty),*) => {$(
        impl Payload for $owner {}
        impl sealed::Sealed for $owner {
            fn json(&self) -> Result<Cow<'_, str>, Malformed> {
                <$content as sealed::Sealed>::json(self)
            }
        }
    )*};
}

as_their_content!(String => str, Vec<u8> => [u8], Box<RawValue> => RawValue, &str => str, &[u8] => [u8]);
