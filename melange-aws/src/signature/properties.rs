//! Whatever comes: nothing panics, and no two letters that differ are signed alike. A few cases by default; `PROPTEST_CASES`
//! says how many, as in `PROPTEST_CASES=1000000 cargo test --release -p melange-aws --features http hostile_input`.

use melange::Attributes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value};

use super::signed::signed;
use super::topics::Topics;
use super::version::Version;
use crate::envelope::{self, Letter};
use crate::names::Names;

const KEYS: [&str; 14] = [
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "Token",
    "SubscribeURL",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
    "MessageAttributes",
    "event_type_name",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,20}",
        "\\PC{0,20}",
        select(vec!["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation", "1", "2", "3", ""])
            .prop_map(str::to_owned),
        select(KEYS.to_vec()).prop_map(|key| format!("a\n{key}\nb\n{key}\n")),
        Just("2026-03-06T20:00:26.893Z".to_owned()),
        Just("arn:aws:sns:us-east-1:1:orders".to_owned()),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// What is nearly a letter, more often than not.
fn letter() -> impl Strategy<Value = Map<String, Value>> {
    let whole = vec(text(), KEYS.len()).prop_map(|texts| {
        KEYS.iter()
            .zip(texts)
            .filter(|(key, _)| **key != "event_type_name")
            .map(|(key, text)| ((*key).to_owned(), text.into()))
            .collect::<Map<String, Value>>()
    });
    let kinds = select(vec!["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]);
    let odd = vec((prop_oneof![select(KEYS.to_vec()).prop_map(str::to_owned), text()], json()), 0..3);
    (whole, kinds, odd, any::<bool>()).prop_map(|(mut letter, kind, odd, has_attributes)| {
        letter.insert("Type".to_owned(), kind.into());
        if !has_attributes {
            letter.remove("MessageAttributes");
        }
        letter.extend(odd);
        letter
    })
}

/// All that reads what anyone may have sent.
fn read(body: &[u8]) {
    if let Ok(letter) = Letter::read(body) {
        if let Some(bytes) = signed(&letter) {
            assert!(bytes.ends_with(format!("Type\n{}\n", letter.kind).as_bytes()));
            let _ = Version::of(&letter.signature_version).map(|version| version.verifies(&bytes, body, &bytes));
        }
        let _ = super::VerifiedLetter::new(letter).inbound(&Names::default(), true);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = envelope::open(text.into(), Attributes::new(), &Names::default());
        let mut topics = Topics::default();
        topics.allow(text);
    }
}

proptest! {
    #[test]
    fn hostile_input_of_any_bytes(body in vec(any::<u8>(), 0..200)) {
        read(&body);
    }

    #[test]
    fn hostile_input_of_any_json(json in json()) {
        read(json.to_string().as_bytes());
    }

    #[test]
    fn hostile_input_of_broken_letters(letter in letter(), cut in any::<Index>(), at in any::<Index>(), byte in any::<u8>()) {
        let mut body = Value::Object(letter).to_string().into_bytes();
        read(&body);
        read(&body[..cut.index(body.len())]);
        let at = at.index(body.len());
        body[at] = byte;
        read(&body);
    }

    /// What is verified is what others read out of the same body: the same message, of the same topic.
    #[test]
    fn hostile_input_that_is_read_in_one_way(letter in letter()) {
        let body = Value::Object(letter.clone()).to_string();
        if let Ok(read) = Letter::read(body.as_bytes()) {
            for (key, value) in [
                ("Type", read.kind.as_str()), ("MessageId", &read.message_id), ("TopicArn", &read.topic_arn),
                ("Message", &read.message), ("Timestamp", &read.timestamp), ("Signature", &read.signature),
                ("SignatureVersion", &read.signature_version), ("SigningCertURL", &read.certificate_url),
            ] {
                prop_assert_eq!(letter[key].as_str(), Some(value));
            }
            let is_event = letter.contains_key("event_type_name") || letter.contains_key("specversion");
            if !is_event && read.kind == envelope::LetterKind::Notification {
                let (_, opened) = envelope::open(body.into(), Attributes::new(), &Names::default());
                let opened = opened.unwrap();
                prop_assert!(matches!(&opened.body, melange::transport::Body::Json(json) if **json == read.message));
                prop_assert_eq!(opened.topic.map(Into::into), Names::default().topic_of(&read.topic_arn));
            }
        }
    }

    /// A signature is of one letter: what was signed can be read back in one way only.
    #[test]
    fn hostile_input_that_is_signed_once(letter in letter()) {
        if let Ok(letter) = Letter::read(Value::Object(letter).to_string().as_bytes())
            && let Some(bytes) = signed(&letter)
        {
            let text = String::from_utf8(bytes).unwrap();
            let mut lines: Vec<&str> = text.strip_suffix('\n').unwrap().split('\n').collect();
            let mut last = |name: &str| {
                let at = lines.len() - 2;
                (lines[at] == name).then(|| lines.drain(at..).nth(1).unwrap().to_owned())
            };
            let is_notification = letter.kind == envelope::LetterKind::Notification;
            prop_assert_eq!(last("Type"), Some(letter.kind.to_string()));
            prop_assert_eq!(last("TopicArn"), Some(letter.topic_arn));
            prop_assert_eq!(last("Token"), letter.token.filter(|_| !is_notification));
            prop_assert_eq!(last("Timestamp"), Some(letter.timestamp));
            prop_assert_eq!(last("SubscribeURL"), letter.subscribe_url.filter(|_| !is_notification));
            prop_assert_eq!(last("Subject"), letter.subject.filter(|_| is_notification));
            prop_assert_eq!(last("MessageId"), Some(letter.message_id));
            prop_assert_eq!(lines.join("\n"), format!("Message\n{}", letter.message));
        }
    }
}
