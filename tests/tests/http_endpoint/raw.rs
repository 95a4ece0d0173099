//! Raw deliveries, which nobody signed.

use melange_tests::letters::{Shelf, TOPIC};

use super::*;

fn delivery(id: &str, number: u32) -> Request<Full<Bytes>> {
    let mut request = request(order(number));
    for (name, value) in [
        ("x-amz-sns-rawdelivery", "true"),
        ("x-amz-sns-topic-arn", TOPIC),
        ("x-amz-sns-message-id", id),
        ("x-key", "k"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn nobody_is_believed_without_an_authenticator() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    assert_eq!(call(&endpoint, delivery("m-1", 1)).await.0, 403);
    // A letter by that way is no letter.
    let mut letter = request(letter("m-1", 1).signed());
    letter.headers_mut().insert("x-amz-sns-rawdelivery", "true".parse().unwrap());
    assert_eq!(call(&endpoint, letter).await.0, 403);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn who_is_known_delivers_once_for_an_allowed_topic() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual())
        .authenticator(|parts, body| parts.headers.get("x-key").is_some_and(|key| key == "k") && !body.is_empty());
    for _ in 0..2 {
        assert_eq!(call(&endpoint, delivery("m-1", 1)).await.0, 200);
    }
    assert_eq!((world.ran(), &*world.last().topic), (vec![1], "orders"));
    let with = |name: &'static str, value: &str| {
        let mut delivery = delivery("m-2", 2);
        delivery.headers_mut().insert(name, value.parse().unwrap());
        delivery
    };
    for refused in [
        with("x-key", "other"),
        with("x-amz-sns-topic-arn", "arn:aws:sns:us-east-1:999999999999:evil"),
        with("x-amz-sns-message-id", ""),
    ] {
        assert_eq!(call(&endpoint, refused).await.0, 403);
    }
    let mut binary = delivery("m-3", 3);
    *binary.body_mut() = Full::new(Bytes::from_static(&[0xff]));
    assert_eq!(call(&endpoint, binary).await.0, 400);
    assert_eq!(world.ran(), [1]);
    // Everyone else still has to sign.
    assert_eq!(post(&endpoint, order(4)).await, 400);
    assert_eq!(post(&endpoint, letter("m-5", 5).signed()).await, 200);
}
