//! The function written by hand with the SDK's clients at hand, as `lambda_on_aws` has them: what of its cost is the SDK's.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

/// Both may be called, so that the linker keeps them.
#[derive(Clone)]
struct Clients {
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

async fn handle(event: LambdaEvent<SqsEvent>, clients: Clients) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for record in event.payload.records {
        match serde_json::from_str::<OrderPlaced>(record.body.as_deref().unwrap_or_default()) {
            Ok(order) if order.total_cents == 0 => {
                clients.sns.publish().message(&order.order_id).send().await?;
            }
            Ok(order) => println!("{} {}", order.order_id, order.total_cents),
            Err(_) => {
                clients.sqs.send_message().message_body(record.body.unwrap_or_default()).send().await?;
                response.add_failure(record.message_id.unwrap_or_default());
            }
        }
    }
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let clients = Clients { sns: aws_sdk_sns::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) };
    lambda_runtime::run(service_fn(move |event| handle(event, clients.clone()))).await
}
