//! `SnsEndpoint`: what it answers, what runs, and what it never does.

mod certificates;
mod confirmations;
mod deliveries;
mod hostile;
mod load;
mod mounted;
mod raw;
mod replays;
mod trap;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use melange::{Event, EventBus, Metadata, Outcome, State, subscriber};
use melange_aws::http::SnsEndpoint;
use melange_tests::letters::{Draft, Shelf, TOPIC, now};
use serde::{Deserialize, Serialize};
use tower_service::Service as _;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Order {
    number: u32,
}

/// Who ran, and what comes of it the next times.
#[derive(Clone, Default)]
struct World(Arc<Mutex<(Vec<(u32, Metadata)>, VecDeque<Next>)>>);

/// What a subscriber does.
#[derive(Debug)]
enum Next {
    Says(Outcome),
    Panics,
    Takes(std::time::Duration),
}

impl World {
    fn ran(&self) -> Vec<u32> {
        self.0.lock().unwrap().0.iter().map(|(number, _)| *number).collect()
    }

    fn last(&self) -> Metadata {
        self.0.lock().unwrap().0.last().unwrap().1.clone()
    }

    fn next(&self, next: Next) {
        self.0.lock().unwrap().1.push_back(next);
    }
}

#[subscriber(listens_to = Order, retry(attempts = 3, backoff = "1s..1s"))]
async fn taken(order: &Order, meta: &Metadata, State(world): State<World>) -> Outcome {
    let next = {
        let mut world = world.0.lock().unwrap();
        world.0.push((order.number, meta.clone()));
        world.1.pop_front()
    };
    match next {
        None => Outcome::Done,
        Some(Next::Says(outcome)) => outcome,
        Some(Next::Panics) => panic!("hunter2"),
        Some(Next::Takes(time)) => {
            tokio::time::sleep(time).await;
            Outcome::Done
        }
    }
}

fn bus(world: &World) -> EventBus {
    EventBus::builder().subscribers(melange::subscribers![taken]).state(world.clone()).build().unwrap()
}

/// An endpoint for letters of the usual topic, whose certificates come from `shelf`.
fn endpoint(world: &World, shelf: &Shelf) -> SnsEndpoint {
    SnsEndpoint::new(bus(world)).allow_topic(TOPIC).certificates(shelf.certificates()).clock(now)
}

/// The event of this number, as a message.
fn order(number: u32) -> String {
    format!(r#"{{"event_type_name":"Order","number":{number}}}"#)
}

fn letter(id: &str, number: u32) -> Draft {
    Draft::notification(id, &order(number))
}

/// What SNS sends, as SNS sends it.
fn request(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::post("/events").header("content-type", "text/plain; charset=UTF-8");
    let request = request.header("user-agent", "Amazon Simple Notification Service Agent");
    request.header("x-amz-sns-message-type", "Notification").body(Full::new(body.into())).unwrap()
}

async fn call(endpoint: &SnsEndpoint, request: Request<Full<Bytes>>) -> (u16, String) {
    let response: Response<_> = endpoint.clone().call(request).await.unwrap();
    let status: StatusCode = response.status();
    let words = response.into_body().collect().await.unwrap().to_bytes();
    (status.as_u16(), String::from_utf8(words.to_vec()).unwrap())
}

async fn post(endpoint: &SnsEndpoint, body: impl Into<Bytes>) -> u16 {
    call(endpoint, request(body)).await.0
}
