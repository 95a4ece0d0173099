//! Dead letters on AWS.

use super::world::World;

async fn given_up_and_put_back(world: &World) {
    world.ran(&["consume", "--once", "--queue", "billing", "--wait", "1s"]).await;
    for number in 0..12 {
        let order = format!(r#"{{"order_id":"o-{number}","total_cents":-1,"region":"eu"}}"#);
        world.publish("OrderPlaced", &order).await;
    }
    let given_up =
        world.ran(&["consume", "--most", "12", "--queue", "billing", "--wait", "10s", "--output", "json"]).await;
    assert_eq!(given_up.code, Some(1), "{given_up:?}");
    assert_eq!(given_up.out.matches(r#""outcome":"dead_lettered""#).count(), 12, "{given_up:?}");

    let listed = world.ran(&["dlq", "ls", "--queue", "billing", "--output", "json"]).await.json();
    let letters = listed.as_array().unwrap();
    assert_eq!(letters.len(), 12, "{listed}");
    assert!(letters.iter().all(|letter| letter["reason"] == "the total is negative"), "{listed}");
    let id = letters[0]["id"].as_str().unwrap();
    let shown = world.ran(&["dlq", "show", "--queue", "billing", id, "--output", "json"]).await.json();
    assert_eq!((&shown[0]["id"], &shown[0]["body"]["total_cents"]), (&letters[0]["id"], &(-1).into()));

    let dry = world.ran(&["dlq", "redrive", "--queue", "billing", "--dry-run", "--output", "json"]).await;
    assert_eq!((&dry.json()["moved"], &dry.json()["dry_run"]), (&12.into(), &true.into()), "{dry:?}");
    let some = world.ran(&["dlq", "redrive", "--queue", "billing", "--most", "5", "--output", "json"]).await;
    assert_eq!(some.json()["moved"], 5, "{some:?}");
    assert!(some.err.contains("redriving: 5 of about 12"), "{some:?}");
    let one = world.ran(&["dlq", "drop", "--queue", "billing", "--id", id, "--yes", "--output", "json"]).await;
    let rest = world.ran(&["dlq", "drop", "--queue", "billing", "--yes", "--output", "json"]).await;
    let dropped = one.json()["dropped"].as_u64().unwrap() + rest.json()["dropped"].as_u64().unwrap();
    assert_eq!(dropped, 7, "{one:?} {rest:?}");
    let none = world.ran(&["dlq", "ls", "--queue", "billing"]).await;
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", "no dead letters of billing\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_shown_put_back_and_dropped() {
    given_up_and_put_back(&World::stub().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn they_are_listed_shown_put_back_and_dropped_on_a_server() {
    given_up_and_put_back(&World::server().await).await;
}
