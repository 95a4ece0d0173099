//! A set-up that is wrong is said at the start, with what to do.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use melange::MessagePublisher;
use melange::transport::TransportErrorKind as Kind;
use melange_aws::{Aws, Provision};
use melange_aws_stub::{Fault, Stub};

use crate::world::{World, cause, order, said};

/// What `start()` says, and what a publish says.
async fn both(aws: &Aws) -> Vec<(Kind, String)> {
    let world = World { stub: Stub::start().await, aws: aws.clone() };
    let mut said_of = Vec::new();
    for provision in [Provision::Verify, Provision::Create] {
        let running = world.bus_over(aws.queue("billing").provision(provision));
        let error = tokio::time::timeout(Duration::from_secs(40), running.bus.start()).await.expect("it ends");
        let error = error.unwrap_err();
        said_of.push((error.kind(), said(&error)));
    }
    let error = MessagePublisher::new(aws.clone()).publish(order("o-1")).await.unwrap_err();
    said_of.push((cause(&error).kind(), said(&error)));
    said_of
}

/// Every one of them is of this kind, and gives these hints.
async fn says(aws: &Aws, kind: Kind, hints: &[&str]) {
    for (is, text) in both(aws).await {
        assert_eq!(is, kind, "{text}");
        for hint in hints {
            assert!(text.contains(hint), "{hint:?} is not in: {text}");
        }
    }
}

/// `config`, but for what `without` takes out.
fn config(stub: &Stub, region: bool, credentials: bool) -> SdkConfig {
    let all = stub.hurried_config();
    let mut some = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(stub.endpoint())
        .timeout_config(all.timeout_config().unwrap().clone())
        .retry_config(all.retry_config().unwrap().clone());
    if region {
        some.set_region(Some(Region::new("us-east-1")));
    }
    if credentials {
        some.set_credentials_provider(all.credentials_provider());
    }
    some.build()
}

#[tokio::test]
async fn without_a_region() {
    let world = World::new().await;
    says(&Aws::from_config(&config(&world.stub, false, true)), Kind::Configuration, &["region", "AWS_REGION"]).await;
    assert_eq!(world.stub.requests().total(), 0, "nothing was asked");
}

#[tokio::test]
async fn without_credentials() {
    let world = World::new().await;
    let aws = Aws::from_config(&config(&world.stub, true, false));
    says(&aws, Kind::Denied, &["credentials", "environment", "profile", "role"]).await;
    assert_eq!(world.stub.requests().total(), 0, "nothing was asked");
}

#[tokio::test]
async fn where_no_provider_has_credentials() {
    #[derive(Debug)]
    struct Nowhere;

    impl ProvideCredentials for Nowhere {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no providers in chain")))
        }
    }

    let world = World::new().await;
    let config = world.stub.hurried_config();
    let config = config.to_builder().credentials_provider(SharedCredentialsProvider::new(Nowhere)).build();
    says(&Aws::from_config(&config), Kind::Denied, &["credentials", "environment", "profile", "role"]).await;
    assert_eq!(world.stub.requests().total(), 0, "nothing was asked");
}

#[tokio::test]
async fn with_credentials_that_are_not_known_or_are_over() {
    let world = World::new().await;
    for (code, hints) in [
        ("InvalidClientTokenId", ["credentials", "does not know"].as_slice()),
        ("SignatureDoesNotMatch", &["secret key", "clock"]),
        ("ExpiredToken", &["expired", "renew"]),
        ("AccessDenied", &["allow `", "role"]),
    ] {
        let wrong = world.stub.inject(Fault::error(code).status(403));
        says(&world.aws, Kind::Denied, hints).await;
        wrong.remove();
    }
}

#[tokio::test]
async fn at_an_endpoint_where_nobody_is() {
    let stub = Stub::start().await;
    let gone = Stub::start().await;
    let config = stub.hurried_config_at(&gone.endpoint());
    drop(gone);
    let hints = ["Connection refused", "region", "AWS_ENDPOINT_URL"];
    says(&Aws::from_config(&config), Kind::Unavailable, &hints).await;
    let config = stub.hurried_config_at("http://no-such-host.invalid:4566");
    says(&Aws::from_config(&config), Kind::Unavailable, &["AWS_ENDPOINT_URL"]).await;
}

#[tokio::test]
async fn at_an_endpoint_that_is_none() {
    let stub = Stub::start().await;
    for endpoint in ["localhost:4566", "not a url", "ftp://127.0.0.1"] {
        let config = stub.hurried_config_at(endpoint);
        says(&Aws::from_config(&config), Kind::Configuration, &[endpoint, "AWS_ENDPOINT_URL"]).await;
    }
}

#[tokio::test]
async fn at_an_endpoint_where_someone_else_is() {
    let world = World::new().await;
    for fault in [Fault::http(404), Fault::http(405), Fault::html()] {
        let wrong = world.stub.inject(fault);
        says(&world.aws, Kind::Unavailable, &["no answer of AWS", "another server at the endpoint"]).await;
        wrong.remove();
    }
}

#[tokio::test]
async fn what_is_missing_is_listed_with_the_commands_that_make_it() {
    let world = World::empty().await;
    let running = world.bus_over(world.aws.queue("billing"));
    let error = running.bus.start().await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    let text = error.to_string();
    for hint in [
        "Provision::Create",
        "topic orders does not exist",
        "aws sns create-topic",
        "queue billing does not exist",
        "dead-letter queue billing-dlq does not exist",
        "aws sqs create-queue",
        "aws sns subscribe",
    ] {
        assert!(text.contains(hint), "{hint:?} is not in: {text}");
    }
    // Nothing polls, and it can be started again once it is there.
    assert_eq!(world.stub.requests().of("ReceiveMessage"), 0);
    let creating = world.bus_over(world.aws.queue("billing").provision(Provision::Create));
    creating.bus.start().await.unwrap();
    running.bus.start().await.unwrap();
    running.bus.shutdown(Duration::from_secs(5)).await.unwrap();
    creating.stop().await;
}

#[tokio::test]
async fn publishing_to_a_topic_that_is_not_there_says_which() {
    let world = World::empty().await;
    let error = world.publisher().publish(order("o-1")).await.unwrap_err();
    assert_eq!(cause(&error).kind(), Kind::NotFound);
    assert!(!error.is_retryable() && !error.is_uncertain() && !error.is_invalid());
    let text = said(&error);
    assert!(text.contains("topic orders") && text.contains("prefix, region and account"), "{text}");
    assert_eq!(world.stub.requests().of("CreateTopic"), 0, "a misspelled topic is not made");
}
