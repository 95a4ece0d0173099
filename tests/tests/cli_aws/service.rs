//! The program without the word: the service that it is, whatever `main` returns.

use std::time::Duration;

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_word_it_is_the_service() {
    let world = World::stub().await;
    let service = world.started(&["--workers", "3"]);
    world.ran(&["events"]).await;
    let stub = world.stub_itself().clone();
    assert!(stub.until(Duration::from_secs(30), |stub| stub.requests().of("ReceiveMessage") > 0).await);
    world.publish("OrderPlaced", r#"{"order_id":"o-1","total_cents":4200}"#).await;
    assert!(stub.until(Duration::from_secs(30), |stub| stub.requests().of("DeleteMessageBatch") > 1).await);
    service.signal("TERM");
    assert_eq!(service.ended().0.code(), Some(0));
}

/// Its `main` returns `Result<(), Box<dyn Error>>`, which cannot say 64.
#[tokio::test(flavor = "multi_thread")]
async fn a_main_that_returns_nothing_ends_with_the_right_code_all_the_same() {
    let world = World::stub().await;
    assert_eq!(world.ran(&["publish", "Nothing", "--json", "{}"]).await.code, Some(64));
    assert_eq!(world.ran(&["events"]).await.code, Some(0));
}
