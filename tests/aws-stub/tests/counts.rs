//! What is counted, and the life of a stub.

mod common;

use std::time::Duration;

use common::Account;
use melange_aws_stub::{Fault, Stub};

#[tokio::test]
async fn every_request_is_counted_and_billed_by_its_chunks() {
    let account = Account::with_queue("q").await;
    account.send("q", "x").await;
    account.send("q", &"x".repeat(64 * 1024)).await;
    account.send("q", &"x".repeat(64 * 1024 + 1)).await;
    let received = account.receive("q").await;
    assert_eq!(received.len(), 3);
    assert!(account.receive("q").await.is_empty());
    let requests = account.stub.requests();
    let sent = requests.count("SendMessage");
    assert_eq!((sent.requests, sent.billed, sent.entries), (3, 4, 3));
    let received = requests.count("ReceiveMessage");
    assert_eq!((received.requests, received.billed, received.entries), (2, 4, 3), "three chunks, and one for nothing");
    assert_eq!((requests.total(), requests.billed()), (5, 8));
    assert_eq!(requests.actions(), ["ReceiveMessage", "SendMessage"]);

    let calls = account.stub.calls_of("SendMessage");
    assert_eq!((&*calls[1].target, calls[1].entries, calls[1].bytes, calls[1].status), ("q", 1, 65_536, Some(200)));
    assert!(calls[0].answered.unwrap() <= calls[1].at);
    account.stub.reset_counts();
    assert_eq!(account.stub.requests().total(), 0);
    assert!(account.stub.calls().is_empty());
    assert_eq!(account.counts("q"), (0, 3, 0), "messages stay");
}

#[tokio::test]
async fn one_can_wait_for_a_call() {
    let account = Account::with_queue("q").await;
    let asked = |stub: &Stub| stub.requests().of("GetQueueUrl") > 0;
    assert!(!account.stub.until(Duration::from_millis(20), asked).await);
    let ask = account.sqs.get_queue_url().queue_name("q").send();
    let (waited, asked) = tokio::join!(account.stub.until(Duration::from_secs(5), asked), ask);
    assert!(waited && asked.is_ok());
}

#[tokio::test]
async fn it_stops_with_its_last_handle_even_when_someone_hangs() {
    let account = Account::with_queue("q").await;
    account.stub.inject(Fault::hang());
    let (stub, port) = (account.stub.clone(), account.stub.port());
    let hanging = tokio::spawn(account.sqs.get_queue_url().queue_name("q").send());
    assert!(stub.until(Duration::from_secs(5), |stub| stub.requests().total() > 0).await);
    drop(account);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok(), "one handle is left");
    drop(stub);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn two_stubs_are_two_accounts() {
    let (one, other) = (Account::with_queue("q").await, Account::new().await);
    assert_ne!(one.stub.port(), other.stub.port());
    assert!(other.sqs.get_queue_url().queue_name("q").send().await.is_err());
}
