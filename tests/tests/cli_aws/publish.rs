//! Publishing, and consuming what was published.

use serde_json::json;

use super::world::World;

const ORDER: &str = r#"{"order_id":"o-1","total_cents":4200}"#;

async fn there_and_back(world: &World) {
    // Makes the queues, as the service would; there is nothing in them yet.
    let nothing = world.ran(&["consume", "--once", "--queue", "billing", "--wait", "1s", "--output", "json"]).await;
    assert_eq!(nothing.json()["outcome"], "nothing", "{nothing:?}");
    for _ in 0..2 {
        world.publish("OrderPlaced", ORDER).await;
    }
    let consume = ["consume", "--once", "--queue", "billing", "--wait", "10s", "--output", "json"];
    for expected in ["handled", "handled"] {
        let consumed = world.ran(&consume).await;
        assert_eq!(consumed.code, Some(0), "{consumed:?}");
        assert_eq!(consumed.json()["outcome"], expected);
    }
    let nothing = world.ran(&["consume", "--once", "--queue", "billing", "--wait", "1s", "--output", "json"]).await;
    assert_eq!(nothing.json(), json!({ "outcome": "nothing", "event_type_name": null, "failures": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_consumed_once() {
    there_and_back(&World::stub().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn what_is_published_is_consumed_once_on_a_server() {
    there_and_back(&World::server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_is_said() {
    let world = World::stub().await;
    world.stub_itself().remove_topic("orders");
    let refused = world.ran(&["publish", "OrderPlaced", "--json", ORDER]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.starts_with("error: event OrderPlaced") && refused.err.contains("topic orders"), "{refused:?}");
    // It may be anything, and belongs in no error.
    assert!(!refused.err.contains("4200"), "{refused:?}");
}
