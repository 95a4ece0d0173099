//! Receives SNS deliveries over HTTP: the subscribers are those of the worker, without a queue.
//!
//! `TOPIC_ARN=arn:aws:sns:eu-west-1:123456789012:orders cargo run --example http_endpoint`, then subscribe its address:
//! `aws sns subscribe --topic-arn .. --protocol https --notification-endpoint https://example.com/events`. It confirms
//! the subscription by itself, which needs the permission `sns:ConfirmSubscription`.
//!
//! With the local server of `cargo xtask server`, after the exports:
//!
//! ```sh
//! export TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:orders
//! cargo run --example http_endpoint -- --local-certificates &
//! sns() { curl -s "$AWS_ENDPOINT_URL/" -H 'authorization: AWS4-HMAC-SHA256 Credential=x/x/us-east-1/sns/aws4_request' "$@"; }
//! sns -d Action=CreateTopic -d Name=orders
//! sns -d Action=Subscribe -d "TopicArn=$TOPIC_ARN" -d Protocol=http -d Endpoint=http://127.0.0.1:3000/events
//! cargo run --example aws_publisher
//! ```

use std::time::Duration;

use axum::Router;
use melange::EventBus;
use melange_aws::Aws;
use melange_aws::http::SnsEndpoint;
use melange_aws::signature::Certificates;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter("info,aws_config=warn").with_writer(std::io::stderr).init();
    let topic_arn = std::env::var("TOPIC_ARN").map_err(|_| "set TOPIC_ARN to the ARN of a topic")?;
    let aws = Aws::from_env().await;
    let bus = EventBus::builder()
        .linked()
        .crates(melange::crates![melange_examples_aws]) // A crate that nobody names is dropped by the linker.
        .transport(aws.queue("billing")) // Never polled: what is given up goes to its dead-letter queue, if there is one.
        .build()?;
    let mut endpoint = SnsEndpoint::new(bus.clone()).allow_topic(topic_arn);
    if std::env::args().any(|argument| argument == "--local-certificates") {
        // For tests only: anyone who can answer at this address can forge any message.
        let server = std::env::var("AWS_ENDPOINT_URL")?;
        endpoint = endpoint.certificates(Certificates::of_local_server(&server)).allow_signature_version_1();
    }

    let app = Router::new().route_service("/events", endpoint);
    let address = std::env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let told_to_stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, app).with_graceful_shutdown(told_to_stop).await?;
    println!("stopped: {:?}", bus.shutdown(Duration::from_secs(10)).await?);
    Ok(())
}
