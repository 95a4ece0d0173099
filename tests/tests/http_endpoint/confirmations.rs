//! Subscriptions that are to be confirmed, and those that have ended.

use std::sync::atomic::{AtomicUsize, Ordering};

use melange_aws::Aws;
use melange_aws::signature::LetterKind;
use melange_tests::letters::{Shelf, TOPIC, now};

use super::trap::{Sns, Trap};
use super::*;

fn asks(id: &str) -> Draft {
    Draft::confirmation("SubscriptionConfirmation", id, "hunter2")
}

#[tokio::test]
async fn a_subscription_is_confirmed_by_the_sdk_and_by_no_address_in_the_letter() {
    let (sns, trap) = (Sns::start().await, Trap::set());
    let endpoint = endpoint(&World::default(), &Shelf::usual()).confirm_with(sns.aws().await);
    for (id, url) in [
        ("m-1", format!("http://{}/?Action=ConfirmSubscription", trap.address())),
        ("m-2", "http://169.254.169.254/latest/meta-data/iam/security-credentials/".to_owned()),
        ("m-3", "file:///etc/passwd".to_owned()),
        ("m-4", "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=x".to_owned()),
    ] {
        assert_eq!(post(&endpoint, asks(id).with("SubscribeURL", url).signed()).await, 200);
    }
    let asked = sns.asked();
    assert_eq!(asked.len(), 4);
    for form in asked {
        assert!(form.starts_with("/ Action=ConfirmSubscription&"), "{form}");
        for part in [
            "Token=hunter2",
            "AuthenticateOnUnsubscribe=true",
            "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Aorders",
        ] {
            assert!(form.contains(part), "{form}");
        }
    }
    assert!(trap.is_empty());
}

#[tokio::test]
async fn only_what_is_signed_and_allowed_is_confirmed() {
    let sns = Sns::start().await;
    let endpoint = endpoint(&World::default(), &Shelf::usual()).confirm_with(sns.aws().await);
    let forged = asks("m-1").signed().replace("hunter2", "hunter3");
    let foreign = asks("m-2").with("TopicArn", "arn:aws:sns:us-east-1:999999999999:evil").signed();
    let unsigned = asks("m-3").0.to_string();
    let relabelled = letter("m-4", 1).signed().replace("\"Notification\"", "\"SubscriptionConfirmation\"");
    for (body, status) in [(forged, 403), (foreign, 403), (unsigned, 403), (relabelled, 400)] {
        assert_eq!(post(&endpoint, body).await, status);
    }
    assert_eq!(sns.asked(), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_confirmed_now_is_asked_again() {
    let sns = Sns::start().await;
    let endpoint = endpoint(&World::default(), &Shelf::usual()).confirm_with(sns.aws().await);
    sns.says(403, "AuthorizationError");
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 503);
    sns.confirms();
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 200);
    let before = sns.asked().len();
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 200, "it is confirmed by now");
    assert_eq!(sns.asked().len(), before);
}

#[tokio::test]
async fn the_account_of_the_bus_confirms() {
    let sns = Sns::start().await;
    let aws: Aws = sns.aws().await;
    let bus = EventBus::builder().subscribers(melange::subscribers![taken]).state(World::default());
    let bus = bus.transport(aws.queue("billing")).build().unwrap();
    let endpoint = SnsEndpoint::new(bus).allow_topic(TOPIC).certificates(Shelf::usual().certificates()).clock(now);
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 200);
    assert_eq!(sns.asked().len(), 1);
}

#[tokio::test]
async fn who_confirms_by_himself_gets_the_token() {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let endpoint = endpoint(&World::default(), &Shelf::usual()).confirm_by({
        let tokens = Arc::clone(&tokens);
        move |letter| {
            tokens.lock().unwrap().push((letter.topic_arn().to_owned(), letter.token().unwrap().to_owned()));
            let is_first = tokens.lock().unwrap().len() == 1;
            async move { if is_first { Err("not now".into()) } else { Ok(()) } }
        }
    });
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 503);
    assert_eq!(post(&endpoint, asks("m-1").signed()).await, 200);
    assert_eq!(*tokens.lock().unwrap(), vec![(TOPIC.to_owned(), "hunter2".to_owned()); 2]);
}

#[tokio::test]
async fn the_end_of_a_subscription_is_told_and_nothing_is_done_about_it() {
    let (sns, told) = (Sns::start().await, Arc::new(AtomicUsize::new(0)));
    let endpoint = endpoint(&World::default(), &Shelf::usual()).confirm_with(sns.aws().await).on_unsubscribe({
        let told = Arc::clone(&told);
        move |letter| {
            assert_eq!((letter.kind(), letter.topic_arn()), (LetterKind::UnsubscribeConfirmation, TOPIC));
            told.fetch_add(1, Ordering::SeqCst);
        }
    });
    let ended = || Draft::confirmation("UnsubscribeConfirmation", "m-1", "hunter2");
    for _ in 0..2 {
        assert_eq!(post(&endpoint, ended().signed()).await, 200);
    }
    assert_eq!(post(&endpoint, ended().with("MessageId", "m-2").0.to_string()).await, 403);
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(sns.asked(), [""; 0]);
}
