//! The HTTP endpoint, and the local AWS server that delivers to it.
//!
//! The server sends each letter once, and has no retries as SNS has them. So it delivers to a relay, which sends a letter
//! again, byte for byte, while it is answered 5xx: three times, as SNS does by default, only sooner.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sns::Client;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use melange::{Event, EventBus, MessagePublisher, Outcome, State, subscriber};
use melange_aws::http::SnsEndpoint;
use melange_aws::signature::{Certificates, SnsSignatures};
use melange_aws::{Aws, Provision};
use melange_tests::{server, until};
use serde::{Deserialize, Serialize};
use tower_service::Service as _;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "deliveries")]
struct Delivered {
    number: u32,
}

#[derive(Clone, Default)]
struct World {
    ran: Arc<Mutex<Vec<u32>>>,
    unsubscribed: Arc<Mutex<Vec<String>>>,
}

#[subscriber(listens_to = Delivered, retry(attempts = 4, backoff = "1s..1s"))]
async fn delivered(event: &Delivered, State(world): State<World>) -> Outcome {
    let mut ran = world.ran.lock().unwrap();
    ran.push(event.number);
    // The first time only.
    let fails = event.number == 1000 && ran.iter().filter(|number| **number == 1000).count() == 1;
    if fails { Outcome::retry("the database is away") } else { Outcome::Done }
}

/// What SNS does with what it is answered.
#[derive(Clone)]
struct Relay {
    endpoint: SnsEndpoint,
    answers: Arc<Mutex<Vec<(String, Vec<u16>)>>>,
}

impl Relay {
    async fn serve(endpoint: SnsEndpoint) -> (Self, SocketAddr) {
        let relay = Self { endpoint, answers: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(deliver).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (relay, address)
    }

    /// What letters of this kind were answered, and retries of them.
    fn of(&self, kind: &str) -> Vec<Vec<u16>> {
        let answers = self.answers.lock().unwrap();
        answers.iter().filter(|(of, _)| of == kind).map(|(_, answers)| answers.clone()).collect()
    }
}

async fn deliver(Shared(relay): Shared<Relay>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let kind = headers["x-amz-sns-message-type"].to_str().unwrap().to_owned();
    let mut answers = Vec::new();
    let status = loop {
        let mut request = Request::post("/events").body(Full::new(body.clone())).unwrap();
        *request.headers_mut() = headers.clone();
        let status = relay.endpoint.clone().call(request).await.unwrap().status();
        answers.push(status.as_u16());
        if !status.is_server_error() || answers.len() == 4 {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    relay.answers.lock().unwrap().push((kind, answers));
    status
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn letters_of_the_local_server_come_through() {
    let config = server::config().await;
    let prefix = server::unique();
    let aws = Aws::from_config(&config).prefix(&*prefix);
    let sns = Client::new(&config);
    let topic = sns
        .create_topic()
        .name(format!("{prefix}deliveries"))
        .attributes("SignatureVersion", "2")
        .send()
        .await
        .unwrap();
    let topic_arn = topic.topic_arn().unwrap().to_owned();

    let world = World::default();
    let bus = EventBus::builder().subscribers(melange::subscribers![delivered]).state(world.clone());
    let bus = bus.transport(aws.queue("deliveries")).build().unwrap();
    let told = Arc::clone(&world.unsubscribed);
    let endpoint = SnsEndpoint::new(bus)
        .allow_topic(&topic_arn)
        .certificates(Certificates::of_local_server(&server::endpoint()))
        // The server signs the end of a subscription by SHA-1, whatever it was told.
        .allow_signature_version_1()
        .on_unsubscribe(move |letter| told.lock().unwrap().push(letter.topic_arn().to_owned()));
    let (relay, address) = Relay::serve(endpoint).await;

    let to = format!("http://{address}/events");
    let subscribed = sns.subscribe().topic_arn(&topic_arn).protocol("http").endpoint(to);
    let subscribed = subscribed.return_subscription_arn(true).send().await.unwrap();
    let subscription = subscribed.subscription_arn().unwrap().to_owned();
    until("the confirmation", || !relay.of("SubscriptionConfirmation").is_empty()).await;
    let attributes = sns.get_subscription_attributes().subscription_arn(&subscription).send().await.unwrap();
    assert_eq!(attributes.attributes().unwrap()["PendingConfirmation"], "false");
    println!("confirmation: {:?}", relay.of("SubscriptionConfirmation"));

    let publisher = MessagePublisher::new(aws.clone());
    let results = publisher.publish_all((0..100).map(|number| Delivered { number })).await;
    assert!(results.iter().all(Result::is_ok));
    until("100 notifications", || relay.of("Notification").len() == 100).await;
    assert_eq!(relay.of("Notification"), vec![vec![200]; 100]);
    let mut ran = world.ran.lock().unwrap().clone();
    ran.sort_unstable();
    assert_eq!(ran, (0..100).collect::<Vec<_>>());
    println!("100 notifications: 100 answered 200, each handled once");

    publisher.publish(Delivered { number: 1000 }).await.unwrap();
    until("the one that fails first", || relay.of("Notification").len() == 101).await;
    assert_eq!(relay.of("Notification")[100], [503, 200]);
    assert_eq!(world.ran.lock().unwrap()[100..], [1000, 1000]);
    println!("a failure, retried: {:?}", relay.of("Notification")[100]);

    sns.unsubscribe().subscription_arn(&subscription).send().await.unwrap();
    until("the end of the subscription", || !relay.of("UnsubscribeConfirmation").is_empty()).await;
    assert_eq!(
        (relay.of("UnsubscribeConfirmation"), world.unsubscribed.lock().unwrap().clone()),
        (vec![vec![200]], vec![topic_arn.clone()])
    );
    println!("unsubscribed: {:?}", relay.of("UnsubscribeConfirmation"));
    let left = sns.list_subscriptions_by_topic().topic_arn(&topic_arn).send().await.unwrap();
    assert!(left.subscriptions().is_empty(), "nothing subscribed it again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn letters_of_the_local_server_verify_on_queues_too() {
    let config = server::config().await;
    let prefix = server::unique();
    let aws = Aws::from_config(&config).prefix(&*prefix);
    let world = World::default();
    let local = Certificates::of_local_server(&server::endpoint());
    let transport = aws.queue("billing").provision(Provision::Create);
    let transport = transport.verify_signatures(SnsSignatures::new().certificates(local));
    let bus = EventBus::builder().subscribers(melange::subscribers![delivered]).state(world.clone());
    let bus = bus.transport(transport).build().unwrap();
    bus.start().await.unwrap();
    for number in 0..20 {
        bus.publish(Delivered { number }).await.unwrap();
    }
    // Anyone else may send to the queue as well, and makes up nothing.
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.get_queue_url().queue_name(format!("{prefix}billing")).send().await.unwrap().queue_url.unwrap();
    let forged = r#"{"event_type_name":"Delivered","number":666}"#;
    sqs.send_message().queue_url(url).message_body(forged).send().await.unwrap();
    until("20 handled, one dead-lettered", || bus.metrics().handled == 20 && bus.metrics().dead_lettered == 1).await;
    let mut ran = world.ran.lock().unwrap().clone();
    ran.sort_unstable();
    assert_eq!(ran, (0..20).collect::<Vec<_>>());
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
