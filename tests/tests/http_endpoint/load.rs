//! Many at once, over real connections.

use std::time::{Duration, Instant};

use axum::Router;
use melange_tests::letters::Shelf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn serve(endpoint: SnsEndpoint) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route_service("/events", endpoint)).await });
    address
}

fn head(length: usize) -> String {
    format!(
        "POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain; charset=UTF-8\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// The status of what is answered next.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut chunk = [0; 512];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&chunk[..read]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

async fn sent(address: std::net::SocketAddr, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all((head(body.len()) + body).as_bytes()).await.unwrap();
    status(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_at_once_those_beyond_the_limit_are_told_so_at_once() {
    let (world, shelf) = (World::default(), Shelf::usual());
    let address = serve(endpoint(&world, &shelf).concurrency(16)).await;
    let bodies: Vec<String> = (0..200).map(|number| letter(&format!("m-{number}"), number).signed()).collect();
    for _ in 0..200 {
        // So long that a machine with much else to do has them all meanwhile.
        world.next(Next::Takes(Duration::from_secs(3)));
    }
    let begun = Instant::now();
    let all = bodies.iter().map(|body| async move { (sent(address, body).await, begun.elapsed()) });
    let answers = futures_util::future::join_all(all).await;
    let of = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    println!("200 at once: {} taken, {} told to come again", of(200), of(503));
    assert_eq!(of(200) + of(503), 200);
    assert!((16..=64).contains(&of(200)), "{}", of(200));
    assert_eq!(world.ran().len(), of(200));
    assert_eq!(shelf.asked().len(), 1, "one certificate for all");
    // Those that were told to come again do, and all are handled once.
    for body in &bodies {
        world.0.lock().unwrap().1.clear();
        assert_eq!(sent(address, body).await, 200);
    }
    let mut ran = world.ran();
    ran.sort_unstable();
    assert_eq!(ran, (0..200).collect::<Vec<_>>());
}

/// All on one connection, so that none leaves anything behind for the next.
#[tokio::test(flavor = "multi_thread")]
async fn letters_come_in_whatever_form_http_has() {
    const OTHER: &str = "arn:aws:sns:us-east-1:123456789012:refunds";
    let world = World::default();
    let address = serve(endpoint(&world, &Shelf::usual()).allow_topic(OTHER)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();

    let in_chunks = letter("m-1", 1).signed();
    stream.write_all(b"POST /events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    for some in in_chunks.as_bytes().chunks(7) {
        let chunk = [format!("{:x}\r\n", some.len()).as_bytes(), some, b"\r\n"].concat();
        stream.write_all(&chunk).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut stream).await, 200);

    let expected = letter("m-2", 2).with("TopicArn", OTHER).signed();
    let head = head(expected.len()).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, 100);
    stream.write_all(expected.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);

    // The same id in another topic is another letter.
    let body = letter("m-1", 3).with("TopicArn", OTHER).signed();
    stream.write_all((self::head(body.len()) + &body).as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);

    stream.write_all(b"PUT /events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    assert_eq!(status(&mut stream).await, 405);
    drop(stream);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"HEAD /events HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut stream).await, 405);
    // Nothing follows the head of an answer to HEAD: the next one begins where it should.
    let body = letter("m-4", 4).signed();
    stream.write_all((self::head(body.len()) + &body).as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);
    assert_eq!(world.ran(), [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_come_slowly_or_are_too_large_are_cut() {
    let world = World::default();
    let address = serve(endpoint(&world, &Shelf::usual())).await;
    let slow = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let begun = Instant::now();
        stream.write_all((head(1000) + "{").as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let drip = async {
            while writing.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = vec![0; 12];
        tokio::select! {
            read = reading.read_exact(&mut answer) => { read.unwrap(); }
            () = drip => {}
        }
        (String::from_utf8(answer).unwrap(), begun.elapsed())
    };
    let large = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head(10 << 20).as_bytes()).await.unwrap();
        status(&mut stream).await
    };
    let endless = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST /events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        for _ in 0..6 {
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        status(&mut stream).await
    };
    let ((slow, after), large, endless) = tokio::join!(slow, large, endless);
    println!("a byte a second: {slow} after {after:?}; 10 MB: {large}; without a length: {endless}");
    assert_eq!((slow.as_str(), large, endless), ("HTTP/1.1 503", 413, 413));
    // All of it would take a quarter of an hour.
    assert!(after < Duration::from_secs(20), "{after:?}");
    assert_eq!(sent(address, &letter("m-1", 1).signed()).await, 200, "and who sends as SNS does is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_ones_leave_room_for_others() {
    let world = World::default();
    let address = serve(endpoint(&world, &Shelf::usual())).await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all((head(1000) + "{").as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(sent(address, &letter("m-1", 1).signed()).await, 200);
    for mut stream in slow {
        assert_eq!(status(&mut stream).await, 503);
    }
}
