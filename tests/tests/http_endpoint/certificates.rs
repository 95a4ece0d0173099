//! Certificates, fetched by the client that fetches those of SNS: from a server of this machine, which is for tests only.

use std::time::Instant;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::get;
use melange_aws::http::SnsEndpoint;
use melange_aws::signature::Certificates;
use melange_tests::letters::{Signer, TOPIC, now};

use super::trap::Trap;
use super::*;

const PATH: &str = "/_aws/sns/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// An address at which there is this answer.
async fn serving(answer: impl Fn() -> Answer + Clone + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route(PATH, get(async move || answer()));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// What a letter is answered whose certificate is at `server`.
async fn answered(server: &str, world: &World) -> u16 {
    let endpoint = SnsEndpoint::new(bus(world)).allow_topic(TOPIC).clock(now);
    let endpoint = endpoint.certificates(Certificates::of_local_server(server));
    post(&endpoint, letter("m-1", 1).with("SigningCertURL", format!("{server}{PATH}")).signed()).await
}

#[tokio::test]
async fn a_certificate_is_fetched() {
    let world = World::default();
    let server = serving(|| Signer::shared().usual().into_response()).await;
    assert_eq!(answered(&server, &world).await, 200);
    assert_eq!(world.ran(), [1]);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (world, trap) = (World::default(), Trap::set());
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://{}{PATH}", trap.address());
        let server =
            serving(move || (StatusCode::from_u16(status).unwrap(), [("location", to.clone())]).into_response());
        let got = answered(&server.await, &world).await;
        println!("redirecting certificate, {status}: {got}");
        assert_eq!(got, 503);
    }
    assert!(trap.is_empty() && world.ran().is_empty());
}

#[tokio::test]
async fn what_is_no_certificate_is_not_read_to_its_end() {
    let world = World::default();
    let large = serving(|| vec![b'x'; 1 << 20].into_response()).await;
    let missing = serving(|| StatusCode::NOT_FOUND.into_response()).await;
    for server in [large, missing, format!("http://{}", Trap::set().address())] {
        assert_eq!(answered(&server, &world).await, 503);
    }
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let (world, trap) = (World::default(), Trap::set());
    let begun = Instant::now();
    // It takes connections, and says nothing.
    assert_eq!(answered(&format!("http://{}", trap.address()), &world).await, 503);
    assert!((4..12).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn only_this_machine_is_a_local_server() {
    let (world, trap) = (World::default(), Trap::set());
    let evil = [
        "http://evil.example".to_owned(),
        "https://sns.us-east-1.amazonaws.com".to_owned(),
        format!("http://127.0.0.1@{}", trap.address().replace("127.0.0.1", "evil.example")),
        String::new(),
    ];
    for server in evil {
        assert_eq!(answered(&server, &world).await, 403, "{server}");
    }
    // And then it is the only one.
    let own = serving(|| Signer::shared().usual().into_response()).await;
    let endpoint = SnsEndpoint::new(bus(&world)).allow_topic(TOPIC).clock(now);
    let endpoint = endpoint.certificates(Certificates::of_local_server(&own));
    assert_eq!(post(&endpoint, letter("m-1", 1).signed()).await, 403, "a certificate at SNS is none of it");
    let other = letter("m-1", 1).with("SigningCertURL", format!("http://{}{PATH}", trap.address())).signed();
    assert_eq!(post(&endpoint, other).await, 403);
    assert!(trap.is_empty() && world.ran().is_empty());
    let elsewhere = letter("m-1", 1).with("SigningCertURL", format!("{own}/x/..{PATH}")).signed();
    assert_eq!(post(&endpoint, elsewhere).await, 403);
}
