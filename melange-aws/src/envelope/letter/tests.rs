use serde_json::{Value, json};

use super::*;

fn notification() -> Value {
    json!({
        "Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:us-east-1:1:orders", "Message": "{}",
        "Timestamp": "2026-03-06T20:00:26.893Z", "SignatureVersion": "2", "Signature": "c2ln",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem", "UnsubscribeURL": "https://x",
        "MessageAttributes": {"tenant": {"Type": "String", "Value": "a"}}, "SequenceNumber": "10000000000000000000",
    })
}

fn why(body: impl AsRef<[u8]>) -> String {
    Letter::read(body.as_ref()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn texts_are_kept_to_the_letter() {
    let mut wanted = notification();
    wanted["Message"] = "a\nb\u{1F600}\u{0}\u{FFFF}".into();
    wanted["Subject"] = Value::Null;
    let letter = Letter::read(wanted.to_string().as_bytes()).unwrap();
    assert_eq!((letter.kind, letter.subject), (LetterKind::Notification, None));
    assert_eq!(letter.message, "a\nb\u{1F600}\u{0}\u{FFFF}");
    assert_eq!(letter.timestamp, "2026-03-06T20:00:26.893Z");
    assert!(letter.attributes.is_some());
    wanted["Subject"] = "".into();
    wanted["MessageAttributes"] = Value::Null;
    let letter = Letter::read(wanted.to_string().as_bytes()).unwrap();
    assert_eq!((letter.subject.as_deref(), letter.attributes.is_none()), (Some(""), true));
}

#[test]
fn what_a_letter_needs_is_named_when_it_is_missing() {
    for name in NAMES.into_iter().filter(|name| !["Subject", "Token", "SubscribeURL"].contains(name)) {
        for none in [None, Some(Value::Null)] {
            let mut letter = notification();
            letter.as_object_mut().unwrap().remove(name);
            if let Some(none) = none {
                letter[name] = none;
            }
            assert!(why(letter.to_string()).contains(name), "{name}: {}", why(letter.to_string()));
        }
    }
    let mut confirmation = notification();
    confirmation["Type"] = "SubscriptionConfirmation".into();
    assert!(why(confirmation.to_string()).contains("Token"));
    confirmation["Token"] = "t".into();
    assert!(why(confirmation.to_string()).contains("SubscribeURL"));
    confirmation["SubscribeURL"] = "u".into();
    assert!(Letter::read(confirmation.to_string().as_bytes()).is_ok());
}

#[test]
fn a_key_stands_once() {
    let letter = notification().to_string();
    for twice in [
        letter.replacen('{', r#"{"Message":"other","#, 1),
        letter.replacen('{', r#"{"Message":null,"#, 1),
        letter.replacen('{', r#"{"unknown":1,"unknown":1,"#, 1),
        letter.replacen('{', r#"{"\u004dessage":"other","#, 1),
        letter.replacen(r#""tenant":{"#, r#""tenant":{"Value":"b","#, 1),
        letter.replacen(r#""tenant":{"#, r#""tenant":{"Type":"String","Value":"b"},"tenant":{"#, 1),
    ] {
        assert_ne!(twice, letter);
        assert!(Letter::read(twice.as_bytes()).is_err(), "{twice}");
    }
}

#[test]
fn what_is_deep_is_refused_and_takes_no_stack() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [9, 200, 100_000] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for key in ["unknown", "MessageAttributes"] {
                let letter = notification().to_string().replace("\"MessageAttributes\"", "\"gone\"");
                let letter = letter.replacen('{', &format!("{{\"{key}\":{deep},"), 1);
                assert!(Letter::read(letter.as_bytes()).is_err(), "{key} {depth}");
            }
            assert!(Letter::read(deep.as_bytes()).is_err());
        }
    }
}

#[test]
fn what_is_no_letter_is_not_quoted() {
    let mut typed = notification();
    typed["Message"] = json!({"secret": "hunter2"});
    let mut other = notification();
    other["Type"] = "hunter2".into();
    let cut = notification().to_string();
    for body in [
        typed.to_string(),
        other.to_string(),
        r#"{"hunter2": hunter2}"#.to_owned(),
        r#""hunter2""#.to_owned(),
        "[]".to_owned(),
        String::new(),
        cut[..cut.len() / 2].to_owned(),
        cut.clone() + "x",
        notification().to_string().replace("m-1", "\\ud800"),
    ] {
        assert!(!why(&body).contains("hunter2"), "{}", why(&body));
    }
    assert!(why([b'{', 0xff]).contains("UTF-8"));
    assert!(
        why(format!("{{{}}}", (0..100).map(|i| format!("\"{i}\":1")).collect::<Vec<_>>().join(","))).contains("keys")
    );
}
