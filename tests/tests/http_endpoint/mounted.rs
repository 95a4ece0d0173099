//! As users write it.

use axum::Router;
use melange_aws::http::SnsEndpoint;
use melange_tests::letters::TOPIC;

use super::{World, bus};

#[test]
fn it_goes_into_axum_as_it_is() {
    let bus = bus(&World::default());
    let topic_arn = TOPIC.to_owned();
    let endpoint = melange_aws::http::SnsEndpoint::new(bus).allow_topic(topic_arn); // verifies signatures, confirms subscriptions
    let app: Router = axum::Router::new().route_service("/events", endpoint);
    drop(app);
}

#[test]
fn it_can_be_shared() {
    fn is<T: Clone + Send + Sync + 'static>() {}
    is::<SnsEndpoint>();
    let shown = format!("{:?}", SnsEndpoint::new(bus(&World::default())).allow_topic(TOPIC));
    assert!(shown.contains(TOPIC) && !shown.contains("World"), "{shown}");
}
