//! What must not get in: each with its status, and with nothing asked of anyone but where certificates are.

use std::time::Duration;

use melange_tests::letters::{CERTIFICATE, Shelf, Signer, TIME, TOPIC, now, stamp};
use serde_json::Value;

use super::trap::Trap;
use super::*;

/// What everything hostile is tried on.
struct Fort {
    world: World,
    shelf: Shelf,
    trap: Trap,
    endpoint: SnsEndpoint,
}

impl Fort {
    fn new() -> Self {
        Self::with(Shelf::usual())
    }

    fn with(shelf: Shelf) -> Self {
        let world = World::default();
        Self { endpoint: endpoint(&world, &shelf), world, shelf, trap: Trap::set() }
    }

    /// Answered with `status`, nothing ran, and only `asked` was fetched.
    async fn holds(&self, what: &str, body: impl Into<Bytes>, status: u16, asked: &[&str]) {
        let before = self.shelf.asked().len();
        let got = post(&self.endpoint, body).await;
        println!("{what:<50} {got}");
        assert_eq!(got, status, "{what}");
        assert_eq!(self.shelf.asked()[before..], *asked, "{what}");
        assert_eq!(self.world.ran(), [0; 0], "{what}");
        assert!(self.trap.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn what_was_changed_is_refused() {
    let fort = Fort::new();
    // Fetches the certificate, which is then in hand.
    fort.holds("no signature", letter("m-0", 1).0.to_string(), 403, &[CERTIFICATE]).await;
    let signed = || serde_json::from_str::<Value>(&letter("m-1", 1).with("Subject", "s").signed()).unwrap();
    let time = stamp(now() + Duration::from_secs(1));
    for (key, value) in [
        ("Message", order(2)),
        ("MessageId", "m-2".to_owned()),
        ("Subject", "t".to_owned()),
        ("Timestamp", time),
        ("Type", "SubscriptionConfirmation".to_owned()),
        ("TopicArn", "arn:aws:sns:us-east-1:123456789012:other".to_owned()),
    ] {
        let mut changed = signed();
        changed[key] = value.into();
        // What else that type needs.
        changed["Token"] = "t".into();
        changed["SubscribeURL"] = format!("http://{}/", fort.trap.address()).into();
        fort.holds(&format!("changed {key}"), changed.to_string(), 403, &[]).await;
    }
    for (what, signature) in [
        ("bad signature", signed()["Signature"].as_str().unwrap().replace(['A', 'B'], "C")),
        ("signature of another length", "AAAA".to_owned()),
        ("empty signature", String::new()),
        ("signature that is no base64", "!".to_owned()),
        ("signature of another key", {
            let other: Value =
                serde_json::from_str(&letter("m-1", 1).with("Subject", "s").signed_by(Signer::stranger())).unwrap();
            other["Signature"].as_str().unwrap().to_owned()
        }),
    ] {
        let mut changed = signed();
        changed["Signature"] = signature.into();
        fort.holds(what, changed.to_string(), 403, &[]).await;
    }
    let mut without_subject = signed();
    without_subject.as_object_mut().unwrap().remove("Subject");
    fort.holds("subject taken away", without_subject.to_string(), 403, &[]).await;
}

#[tokio::test]
async fn lines_in_fields_say_nothing() {
    let fort = Fort::with(Shelf::usual());
    // Signed, and by whoever may publish to the topic: it is a message, and no event.
    let injected = format!("x\nMessageId\nm-2\nTimestamp\n{TIME}\nTopicArn\n{TOPIC}\nType\nNotification\n");
    fort.holds("lines like fields in a message", Draft::notification("m-1", &injected).signed(), 500, &[CERTIFICATE])
        .await;
    // The same bytes, cut elsewhere, are signed as well; they are no letter that SNS writes.
    let whole = Draft::notification("m-9", &format!("{}\nMessageId\nm-2", order(1))).signed();
    let mut cut: Value = serde_json::from_str(&whole).unwrap();
    cut["Message"] = order(1).into();
    cut["MessageId"] = "m-2\nMessageId\nm-9".into();
    fort.holds("newline-injected MessageId", cut.to_string(), 403, &[]).await;
    for key in ["Subject", "Timestamp", "TopicArn", "Type"] {
        let split = letter("m-3", 1).with(key, format!("x\n{key}\ny")).signed();
        let status = if key == "Type" { 400 } else { 403 };
        fort.holds(&format!("newline-injected {key}"), split, status, &[]).await;
    }
}

#[tokio::test]
async fn topics_of_others_are_refused() {
    let fort = Fort::new();
    for arn in [
        "arn:aws:sns:us-east-1:999999999999:orders",
        "arn:aws:sns:us-east-1:123456789012:orders-evil",
        "arn:aws:sns:us-west-2:123456789012:orders",
        "arn:aws:sns:us-east-1:123456789012:ORDERS",
        "",
    ] {
        let foreign = letter("m-1", 1).with("TopicArn", arn);
        fort.holds(&format!("foreign topic, validly signed: {arn:?}"), foreign.signed(), 403, &[]).await;
    }
    let none = SnsEndpoint::new(bus(&fort.world)).certificates(fort.shelf.certificates()).clock(now);
    assert_eq!(post(&none, letter("m-1", 1).signed()).await, 403, "no list is no topic");
    assert_eq!((fort.shelf.asked().len(), fort.world.ran().len()), (0, 0));
}

#[tokio::test]
async fn certificates_are_at_sns_alone() {
    let fort = Fort::new();
    let trap = fort.trap.address();
    let file = CERTIFICATE.rsplit('/').next().unwrap();
    for (what, url) in [
        ("http:", CERTIFICATE.replace("https:", "http:")),
        ("userinfo", format!("https://sns.us-east-1.amazonaws.com@{trap}/{file}")),
        ("userinfo before the right host", format!("https://evil@sns.us-east-1.amazonaws.com/{file}")),
        ("port", format!("https://sns.us-east-1.amazonaws.com:443/{file}")),
        ("another port", format!("https://sns.us-east-1.amazonaws.com:8443/{file}")),
        ("snsevil.", format!("https://snsevil.us-east-1.amazonaws.com/{file}")),
        ("sns.amazonaws.com.evil", format!("https://sns.us-east-1.amazonaws.com.evil/{file}")),
        ("sns.s3-like", format!("https://sns.s3-us-east-1.amazonaws.com/{file}")),
        ("s3 bucket called sns", format!("https://sns.s3.us-east-1.amazonaws.com/{file}")),
        ("confused suffix", format!("https://sns.us-east-1.amazonaws.com.cn/{file}")),
        ("confused suffix, without a dot", format!("https://sns.us-east-1.evilamazonaws.com/{file}")),
        ("another region", format!("https://sns.eu-west-1.amazonaws.com/{file}")),
        ("no region", format!("https://sns.amazonaws.com/{file}")),
        ("this machine", format!("https://{trap}/{file}")),
        ("this machine, plain", format!("http://{trap}/{file}")),
        ("cloud metadata", "http://169.254.169.254/latest/meta-data/".to_owned()),
        ("a file", "file:///etc/passwd".to_owned()),
        ("query", format!("{CERTIFICATE}?x={trap}")),
        ("fragment", format!("{CERTIFICATE}#{trap}")),
        ("another path", format!("https://sns.us-east-1.amazonaws.com/x/{file}")),
        ("path upwards", format!("https://sns.us-east-1.amazonaws.com/x/../{file}")),
        ("encoded path", CERTIFICATE.replace("Simple", "%53imple")),
        ("an API call", "https://sns.us-east-1.amazonaws.com/?Action=Publish&x=.pem".to_owned()),
        ("nothing", String::new()),
    ] {
        let letter = letter("m-1", 1).with("SigningCertURL", url).signed();
        fort.holds(&format!("certificate at: {what}"), letter, 403, &[]).await;
    }
}

#[tokio::test]
async fn certificates_are_valid_and_made_out_to_sns() {
    let day = Duration::from_secs(24 * 60 * 60);
    let of = |name: &str, from, to| Ok(Signer::shared().certificate(name, from, to).into_bytes());
    for (what, answer, status) in [
        ("expired certificate", of("sns.amazonaws.com", now() - 2 * day, now() - day), 403),
        ("not-yet-valid certificate", of("sns.amazonaws.com", now() + day, now() + 2 * day), 403),
        ("wrong subject", of("sns.evil.example", now() - day, now() + day), 403),
        ("subject of another region", of("sns-signing.us-east-1.amazonaws.com", now() - day, now() + day), 403),
        ("not a certificate", Ok(b"<html>hello</html>".to_vec()), 403),
        ("1 MB certificate", Ok(vec![b'x'; 1 << 20]), 503),
        ("certificate that cannot be had", Err("no route".to_owned()), 503),
    ] {
        let fort = Fort::with(Shelf::default());
        fort.shelf.put(CERTIFICATE, answer);
        fort.holds(what, letter("m-1", 1).signed(), status, &[CERTIFICATE]).await;
        fort.holds("  again at once", letter("m-1", 1).signed(), status, &[]).await;
    }
}

#[tokio::test]
async fn versions_are_those_that_were_allowed() {
    let fort = Fort::new();
    for version in ["1", "3", "0", "02", "2 ", ""] {
        let letter = letter("m-1", 1).with("SignatureVersion", version).signed();
        fort.holds(&format!("SignatureVersion {version:?}"), letter, 403, &[]).await;
    }
}

#[tokio::test]
async fn bodies_are_letters() {
    let fort = Fort::new();
    let signed = letter("m-1", 1).signed();
    let deep = |depth: usize| format!("{{\"x\":{}1{},{}", "[".repeat(depth), "]".repeat(depth), &signed[1..]);
    let mut cut = signed.clone().into_bytes();
    cut.truncate(100);
    let invalid: Vec<u8> = signed.bytes().map(|b| if b == b'\\' { 0xff } else { b }).collect();
    for (what, body, status) in [
        ("nothing", Vec::new(), 400),
        ("JSON, and no letter", br#"{"event_type_name":"Order","number":1}"#.to_vec(), 400),
        ("a list", b"[]".to_vec(), 400),
        ("cut off", cut, 400),
        ("invalid UTF-8", invalid, 400),
        ("half a surrogate", signed.replace("m-1", "\\ud800").into(), 400),
        ("duplicate keys: Message", signed.replacen('{', "{\"Message\":\"x\",", 1).into(), 400),
        ("duplicate keys: escaped", signed.replacen('{', "{\"\\u004dessage\":\"x\",", 1).into(), 400),
        ("duplicate keys: unknown", signed.replacen('{', "{\"x\":1,\"x\":2,", 1).into(), 400),
        ("deep JSON: 9", deep(9).into(), 400),
        ("deep JSON: 1,000", deep(1_000).into(), 400),
        ("deep JSON: 100,000", deep(100_000).into(), 400),
        ("numbers where texts are", signed.replace("\"m-1\"", "1").into(), 400),
        ("10 MB", vec![b'x'; 10 << 20], 413),
        ("300 KiB and a byte", vec![b'x'; 300 * 1024 + 1], 413),
    ] {
        fort.holds(what, body, status, &[]).await;
    }
}

#[tokio::test]
async fn other_methods_are_told_the_right_one() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    for method in ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
        let mut request = request(letter("m-1", 1).signed());
        *request.method_mut() = method.parse().unwrap();
        let response = endpoint.clone().call(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["allow"].to_str().unwrap()), (405, "POST"));
    }
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn nobody_is_told_why() {
    let fort = Fort::new();
    let wrong_topic = letter("m-1", 1).with("TopicArn", "x").signed();
    let wrong_version = letter("m-1", 1).with("SignatureVersion", "1").signed();
    let words = call(&fort.endpoint, request(wrong_topic)).await.1;
    assert_eq!(words, call(&fort.endpoint, request(wrong_version)).await.1);
    assert!(!words.contains("x-"));
}

#[tokio::test]
async fn what_is_not_signed_decides_nothing() {
    let fort = Fort::new();
    let attributes = serde_json::json!({
        "event_type": {"Type": "String", "Value": "Order"}, "manifest": {"Type": "String", "Value": "Order"},
        "serializer_id": {"Type": "Number", "Value": "2"}, "melange_subscriber": {"Type": "String", "Value": "nobody"},
        "tenant": {"Type": "String", "Value": "evil"},
        "traceparent": {"Type": "String", "Value": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    });
    // Without a name in the message it is no event, whatever stands beside it.
    let nameless = Draft::notification("m-1", r#"{"number":1}"#).with("MessageAttributes", attributes.clone());
    fort.holds("the name in an attribute", nameless.signed(), 500, &[CERTIFICATE]).await;
    // And with one it is that event: no pickle, and not for `nobody`.
    let named = letter("m-2", 2).with("MessageAttributes", attributes.clone());
    assert_eq!(post(&fort.endpoint, named.clone().signed()).await, 200);
    assert_eq!(fort.world.ran(), [2]);
    let meta = fort.world.last();
    assert_eq!(meta.traceparent(), Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    assert_eq!((meta.attributes.text("tenant"), meta.attributes.text("event_type")), (None, None));
    // Headers, too.
    let mut lied = request(letter("m-3", 3).signed());
    for (name, value) in [
        ("x-amz-sns-message-type", "SubscriptionConfirmation"),
        ("x-amz-sns-topic-arn", "arn:aws:sns:us-east-1:999999999999:evil"),
        ("x-amz-sns-message-id", "m-2"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        lied.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(call(&fort.endpoint, lied).await.0, 200);
    assert_eq!(fort.world.ran(), [2, 3]);
    // Whoever wants the others asks for them, and still gets none that says what it is.
    let all = endpoint(&fort.world, &fort.shelf).unsigned_attributes();
    assert_eq!(post(&all, named.with("MessageId", "m-4").signed()).await, 200);
    let meta = fort.world.last();
    assert_eq!((meta.attributes.text("tenant"), meta.attributes.text("manifest")), (Some("evil"), None));
}
