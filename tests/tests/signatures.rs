//! The signatures of SNS, through the public API: against letters that SNS really signed, and against forgeries.

use std::time::Duration;

use melange_aws::signature::{Certificates, LetterKind, SignatureErrorKind as Kind, SnsSignatures};
use melange_tests::letters::{CERTIFICATE, Draft, Shelf, Signer, TOPIC, at, now};
use serde_json::Value;

const REAL_TOPIC: &str = "arn:aws:sns:us-west-2:131990247566:dongie-standard-topic";
const REAL_URL: &str =
    "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem";
const REAL_PEM: &str = include_str!("../sns/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem");
const REAL: [(&str, LetterKind, bool); 5] = [
    (include_str!("../sns/notification-v2.json"), LetterKind::Notification, false),
    (include_str!("../sns/unsubscribe-v2.json"), LetterKind::UnsubscribeConfirmation, false),
    (include_str!("../sns/notification-v1.json"), LetterKind::Notification, true),
    (include_str!("../sns/notification-v1-subject.json"), LetterKind::Notification, true),
    (include_str!("../sns/subscription-v1.json"), LetterKind::SubscriptionConfirmation, true),
];

fn real() -> SnsSignatures {
    let pinned = Certificates::pinned([(REAL_URL, REAL_PEM)]);
    // The certificate was valid until October 2026.
    SnsSignatures::new().allow_topic(REAL_TOPIC).certificates(pinned).clock(|| at("2026-03-06T20:03:00Z"))
}

fn local(shelf: &Shelf) -> SnsSignatures {
    SnsSignatures::new().allow_topic(TOPIC).certificates(shelf.certificates()).clock(now)
}

async fn kind_of(signatures: &SnsSignatures, body: &str) -> Option<Kind> {
    signatures.verify(body.as_bytes()).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn what_sns_really_signed_verifies() {
    let with_sha1 = real().allow_signature_version_1();
    for (body, kind, by_sha1) in REAL {
        let letter = with_sha1.verify(body.as_bytes()).await.unwrap();
        assert_eq!((letter.kind(), letter.topic_arn()), (kind, REAL_TOPIC));
        assert_eq!(letter.token().is_some(), kind != LetterKind::Notification);
        assert_eq!(kind_of(&real(), body).await, by_sha1.then_some(Kind::Version), "SHA-1 only when it is asked for");
    }
}

#[tokio::test]
async fn of_what_sns_really_signed_nothing_can_be_changed() {
    let signatures = real().allow_signature_version_1();
    for (body, _, _) in REAL {
        let letter: Value = serde_json::from_str(body).unwrap();
        for (key, value) in letter.as_object().unwrap() {
            let is_signed =
                !["SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"].contains(&key.as_str());
            let mut changed = letter.clone();
            changed[key] = format!("{} ", value.as_str().unwrap()).into();
            let verified = signatures.verify(changed.to_string().as_bytes()).await;
            assert_eq!(verified.is_err(), is_signed || key != "UnsubscribeURL", "{key}");
        }
        for (key, value) in [("Subject", "x"), ("Token", "x"), ("SubscribeURL", "http://x")] {
            let mut more = letter.clone();
            more[key] = value.into();
            let is_signed = match key {
                "Subject" => letter["Type"] == "Notification",
                _ => letter["Type"] != "Notification",
            };
            match signatures.verify(more.to_string().as_bytes()).await {
                Ok(letter) => {
                    assert!(!is_signed && letter.subject().is_none_or(|s| s != "x") && letter.token() != Some("x"))
                }
                Err(error) => assert!(is_signed && error.kind() == Kind::Signature, "{key}"),
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_counts_while_it_is_valid() {
    for (time, valid) in [
        ("2025-11-09T23:59:59Z", false),
        ("2025-11-10T00:00:00Z", true),
        ("2026-10-14T23:59:59Z", true),
        ("2026-10-15T00:00:00Z", false),
    ] {
        let signatures = real().clock(move || at(time));
        assert_eq!(kind_of(&signatures, REAL[0].0).await, (!valid).then_some(Kind::Certificate), "{time}");
    }
}

#[tokio::test]
async fn a_pinned_certificate_is_one_of_its_address_only() {
    let none = real().certificates(Certificates::pinned([(CERTIFICATE, REAL_PEM)]));
    let error = none.verify(REAL[0].0.as_bytes()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::CertificateUnavailable, true));
}

#[tokio::test]
async fn nothing_is_asked_for_what_is_refused_anyhow() {
    let shelf = Shelf::usual();
    let signatures = local(&shelf);
    let letter = || Draft::notification("m-1", "{}");
    for (body, kind) in [
        (letter().with("TopicArn", "arn:aws:sns:us-east-1:999999999999:orders").signed(), Kind::Topic),
        (letter().with("SignatureVersion", "1").signed(), Kind::Version),
        (letter().with("SignatureVersion", "3").signed(), Kind::Version),
        (letter().with("SignatureVersion", "02").signed(), Kind::Version),
        (letter().with("SigningCertURL", "https://evil.example/x.pem").signed(), Kind::CertificateUrl),
        (letter().with("SigningCertURL", CERTIFICATE.replace("us-east-1", "us-west-2")).signed(), Kind::CertificateUrl),
        (letter().with("Signature", "~").0.to_string(), Kind::Signature),
    ] {
        assert_eq!(kind_of(&signatures, &body).await, Some(kind), "{body}");
    }
    assert_eq!(shelf.asked(), [""; 0]);
    assert_eq!(kind_of(&SnsSignatures::new(), &letter().signed()).await, Some(Kind::Topic), "no list is no topic");
    assert_eq!(kind_of(&signatures, &letter().signed()).await, None);
    assert_eq!(shelf.asked(), [CERTIFICATE]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_same_certificate_waits_for_one_answer() {
    let shelf = Shelf::usual();
    shelf.takes(Duration::from_secs(2));
    let signatures = local(&shelf);
    let body = Draft::notification("m-1", "{}").signed();
    let all = (0..50).map(|_| kind_of(&signatures, &body));
    assert_eq!(futures_util::future::join_all(all).await, [None; 50]);
    assert_eq!(shelf.asked().len(), 1);
    assert_eq!(kind_of(&signatures, &body).await, None);
    assert_eq!(shelf.asked().len(), 1, "and it is kept");
}

#[tokio::test(start_paused = true)]
async fn who_no_longer_waits_takes_nothing_from_those_who_do() {
    let shelf = Shelf::usual();
    shelf.takes(Duration::from_secs(2));
    let signatures = local(&shelf);
    let body = Draft::notification("m-1", "{}").signed();
    let first = tokio::time::timeout(Duration::from_secs(1), kind_of(&signatures, &body));
    let (first, second) = tokio::join!(first, kind_of(&signatures, &body));
    assert!(first.is_err() && second.is_none());
    // All gone: whoever comes an hour later does not wait for what nobody went on with.
    let shelf = Shelf::usual();
    shelf.takes(Duration::from_secs(2));
    let signatures = local(&shelf);
    assert!(tokio::time::timeout(Duration::from_secs(1), kind_of(&signatures, &body)).await.is_err());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(kind_of(&signatures, &body).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_had_is_asked_for_once_a_minute() {
    let shelf = Shelf::default();
    let signatures = local(&shelf);
    let body = Draft::notification("m-1", "{}").signed();
    for _ in 0..10 {
        assert_eq!(kind_of(&signatures, &body).await, Some(Kind::CertificateUnavailable));
    }
    assert_eq!(shelf.asked().len(), 1);
    shelf.put(CERTIFICATE, Ok(Signer::shared().usual().into()));
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(kind_of(&signatures, &body).await, Some(Kind::CertificateUnavailable));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kind_of(&signatures, &body).await, None);
    assert_eq!(shelf.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_is_given_up() {
    let shelf = Shelf::usual();
    shelf.takes(Duration::from_secs(3600));
    let begun = tokio::time::Instant::now();
    let kind = kind_of(&local(&shelf), &Draft::notification("m-1", "{}").signed()).await;
    assert_eq!((kind, begun.elapsed().as_secs()), (Some(Kind::CertificateUnavailable), 5));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_was_replaced_is_fetched_anew() {
    let shelf = Shelf::default();
    let day = Duration::from_secs(24 * 60 * 60);
    let old = Signer::shared().certificate("sns.amazonaws.com", now() - day, now() + day);
    shelf.put(CERTIFICATE, Ok(old.into()));
    let signatures = local(&shelf);
    let body = Draft::notification("m-1", "{}").signed();
    assert_eq!(kind_of(&signatures, &body).await, None);
    let later = signatures.clone().clock(move || now() + 2 * day);
    assert_eq!(kind_of(&later, &body).await, Some(Kind::Certificate), "it has expired in hand, and there is no other");
    assert_eq!(shelf.asked().len(), 2);
    assert_eq!(kind_of(&later, &body).await, Some(Kind::Certificate));
    assert_eq!(shelf.asked().len(), 2, "nobody asks all the time");
    shelf.put(CERTIFICATE, Ok(Signer::shared().certificate("sns.amazonaws.com", now(), now() + 9 * day).into()));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(kind_of(&later, &body).await, None);
}

#[tokio::test]
async fn a_certificate_is_one_to_verify_with() {
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let to = |name: &str| Signer::shared().certificate(name, now() - week, now() + week);
    let chain = to("sns.amazonaws.com") + &Signer::stranger().usual();
    for (pem, kind) in [
        (to("sns.amazonaws.com"), None),
        (chain, None),
        (to("sns.evil.example"), Some(Kind::Certificate)),
        (to("sns-signing.us-east-1.amazonaws.com"), Some(Kind::Certificate)),
        (to("amazonaws.com"), Some(Kind::Certificate)),
        (Signer::stranger().usual(), Some(Kind::Signature)),
        (Signer::shared().certificate("sns.amazonaws.com", now() - 2 * week, now() - week), Some(Kind::Certificate)),
        (Signer::shared().certificate("sns.amazonaws.com", now() + week, now() + 2 * week), Some(Kind::Certificate)),
        (String::new(), Some(Kind::Certificate)),
        ("<html>".to_owned(), Some(Kind::Certificate)),
        ("x".repeat(1 << 20), Some(Kind::CertificateUnavailable)),
    ] {
        let shelf = Shelf::default().holding(CERTIFICATE, pem);
        assert_eq!(kind_of(&local(&shelf), &Draft::notification("m-1", "{}").signed()).await, kind);
    }
}

#[tokio::test]
async fn a_topic_of_another_partition_has_its_own_certificates() {
    let topic = "arn:aws-cn:sns:cn-north-1:123456789012:orders";
    let url = CERTIFICATE.replace("us-east-1.amazonaws.com", "cn-north-1.amazonaws.com.cn");
    let hour = Duration::from_secs(3600);
    let own = Signer::shared().certificate("sns-cn-north-1.amazonaws.com.cn", now() - hour, now() + hour);
    let shelf = Shelf::usual().holding(&url, own);
    let signatures = local(&shelf).allow_topic(topic);
    let letter = Draft::notification("m-1", "{}").with("TopicArn", topic);
    assert_eq!(kind_of(&signatures, &letter.clone().with("SigningCertURL", url).signed()).await, None);
    assert_eq!(kind_of(&signatures, &letter.signed()).await, Some(Kind::CertificateUrl));
}

#[tokio::test]
async fn nothing_of_a_letter_is_shown() {
    let body = Draft::confirmation("SubscriptionConfirmation", "m-1", "hunter2").with("Message", "hunter2").signed();
    let signatures = local(&Shelf::usual());
    let letter = signatures.verify(body.as_bytes()).await.unwrap();
    assert_eq!(letter.token(), Some("hunter2"));
    assert!(!format!("{letter:?} {signatures:?}").contains("hunter2"));
    let forged = signatures.verify(body.replace("hunter2", "hunter3").as_bytes()).await.unwrap_err();
    assert!(!format!("{forged} {forged:?}").contains("hunter"));
}
