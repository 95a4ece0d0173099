//! A REST handler that publishes: the publisher is cheap to clone and needs no queue.
//!
//! `cargo run --example rest_api`, then
//! `curl -X POST localhost:3000/orders -H 'content-type: application/json' -d '{"order_id": "o-1", "total_cents": 4200}'`

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use melange::MessagePublisher;
use melange_aws::Aws;
use melange_examples_aws::OrderPlaced;

async fn place_order(
    State(publisher): State<MessagePublisher>,
    Json(order): Json<OrderPlaced>,
) -> Result<(StatusCode, String), (StatusCode, String)> {
    match publisher.publish(order).await {
        Ok(event_id) => Ok((StatusCode::ACCEPTED, event_id.to_string())),
        Err(error) if error.is_invalid() => Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string())),
        Err(error) => Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let publisher = MessagePublisher::new(Aws::from_env().await);
    let app = Router::new().route("/orders", post(place_order)).with_state(publisher);
    let address = std::env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
