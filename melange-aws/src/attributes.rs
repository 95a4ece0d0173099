//! Message attributes, between Melange's and the two SDKs'.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_sns::types::MessageAttributeValue as SnsValue;
use aws_sdk_sqs::types::MessageAttributeValue as SqsValue;
use aws_smithy_types::Blob;
use aws_smithy_types::error::operation::BuildError;
use melange::attributes::{EVENT_TYPE, MANIFEST, SERIALIZER_ID, TRACEPARENT};
use melange::{AttributeValue, Attributes};

/// The type's name on the wire.
pub(crate) fn data_type(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::Number(_) => "Number",
        AttributeValue::Binary(_) => "Binary",
        _ => "String",
    }
}

/// For SNS `PublishBatch`.
pub(crate) fn to_sns(attributes: &Attributes) -> Result<HashMap<String, SnsValue>, BuildError> {
    let convert = |value: &AttributeValue| {
        let builder = SnsValue::builder().data_type(data_type(value));
        match value {
            AttributeValue::Binary(bytes) => builder.binary_value(Blob::new(bytes.as_slice())),
            other => builder.string_value(other.as_str().unwrap_or_default()),
        }
        .build()
    };
    attributes.iter().map(|(name, value)| Ok((name.to_owned(), convert(value)?))).collect()
}

/// For SQS `SendMessageBatch`.
pub(crate) fn to_sqs(attributes: &Attributes) -> Result<HashMap<String, SqsValue>, BuildError> {
    let convert = |value: &AttributeValue| {
        let builder = SqsValue::builder().data_type(data_type(value));
        match value {
            AttributeValue::Binary(bytes) => builder.binary_value(Blob::new(bytes.as_slice())),
            other => builder.string_value(other.as_str().unwrap_or_default()),
        }
        .build()
    };
    attributes.iter().map(|(name, value)| Ok((name.to_owned(), convert(value)?))).collect()
}

/// For SQS `SendMessage`.
pub(crate) fn text_to_sqs(value: &str) -> Result<SqsValue, BuildError> {
    SqsValue::builder().data_type("String").string_value(value).build()
}

/// For SQS `SendMessage`.
pub(crate) fn number_to_sqs(value: u32) -> Result<SqsValue, BuildError> {
    SqsValue::builder().data_type("Number").string_value(value.to_string()).build()
}

/// From an SQS message: what was published, under raw delivery, in the order of their names. What is left in `values` is
/// what that does not say all of: labels of types, and values of none.
pub(crate) fn from_sqs(values: &mut HashMap<String, SqsValue>) -> Attributes {
    let mut odd = HashMap::new();
    let mut named = Vec::with_capacity(values.len());
    for (name, mut value) in values.drain() {
        if !matches!(value.data_type.as_str(), "String" | "Number" | "Binary") {
            odd.insert(name.clone(), value.clone());
        }
        let bytes = value.binary_value.take().map(Blob::into_inner);
        match typed(&value.data_type, value.string_value.take(), bytes) {
            Some(value) => named.push((known(name), value)),
            None => drop(odd.insert(name, value)),
        }
    }
    *values = odd;
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    named.into_iter().collect()
}

/// The name, for which there is no need of memory where it is one of Melange's own.
pub(crate) fn known(name: impl Into<String> + AsRef<str>) -> Cow<'static, str> {
    let own = [EVENT_TYPE, MANIFEST, SERIALIZER_ID, TRACEPARENT].into_iter().find(|own| *own == name.as_ref());
    own.map_or_else(|| Cow::Owned(name.into()), Cow::Borrowed)
}

/// A value by the name of its type, which may carry a label (`Number.int`).
pub(crate) fn typed(data_type: &str, text: Option<String>, bytes: Option<Vec<u8>>) -> Option<AttributeValue> {
    let is =
        |known: &str| data_type.strip_prefix(known).is_some_and(|label| label.is_empty() || label.starts_with('.'));
    if is("Binary") {
        bytes.map(AttributeValue::Binary)
    } else if is("Number") {
        text.map(AttributeValue::Number)
    } else {
        text.map(AttributeValue::String)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqs(data_type: &str) -> aws_sdk_sqs::types::builders::MessageAttributeValueBuilder {
        SqsValue::builder().data_type(data_type)
    }

    #[test]
    fn types_with_labels_are_known() {
        let came = HashMap::from([
            ("n".to_owned(), sqs("Number.int").string_value("7").build().unwrap()),
            ("b".to_owned(), sqs("Binary.png").binary_value(Blob::new([1_u8, 2])).build().unwrap()),
            ("s".to_owned(), sqs("String").string_value("x").build().unwrap()),
            ("a".to_owned(), sqs("String.Array").string_value("[1]").build().unwrap()),
            ("lost".to_owned(), sqs("String").build().unwrap()),
        ]);
        let mut odd = came.clone();
        let attributes = from_sqs(&mut odd);
        let mut sent_on = to_sqs(&attributes).unwrap();
        sent_on.extend(odd);
        assert_eq!(sent_on, came, "nothing is lost on the way to a dead letter");
        assert_eq!(attributes.get("n"), Some(&AttributeValue::Number("7".into())));
        assert_eq!(attributes.get("b"), Some(&AttributeValue::Binary(vec![1, 2])));
        assert_eq!(attributes.text("s"), Some("x"));
        assert_eq!(attributes.text("a"), Some("[1]"));
        assert_eq!(attributes.len(), 4);
    }

    #[test]
    fn sns_gets_every_type() {
        let attributes: Attributes = [
            ("s", AttributeValue::String("x".into())),
            ("n", AttributeValue::Number("7".into())),
            ("b", AttributeValue::Binary(vec![1])),
        ]
        .into_iter()
        .collect();
        let sns = to_sns(&attributes).unwrap();
        assert_eq!(sns["s"].data_type(), "String");
        assert_eq!(sns["n"].string_value(), Some("7"));
        assert_eq!(sns["b"].binary_value().map(AsRef::as_ref), Some([1_u8].as_slice()));
    }

    #[test]
    fn what_sqs_gets_is_read_back_as_it_was() {
        let attributes: Attributes = [
            ("b", AttributeValue::Binary(vec![1])),
            ("n", AttributeValue::Number("7".into())),
            ("s", AttributeValue::String("x".into())),
        ]
        .into_iter()
        .collect();
        let mut values = to_sqs(&attributes).unwrap();
        assert_eq!(from_sqs(&mut values), attributes);
        assert!(values.is_empty());
    }
}
