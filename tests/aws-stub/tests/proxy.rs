//! The proxy: what clients of a stub behind it meet.

use std::time::{Duration, Instant};

use aws_sdk_sqs::error::SdkError;
use melange_aws_stub::{Cut, Direction, Proxy, Stub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Behind {
    stub: Stub,
    proxy: Proxy,
    sqs: aws_sdk_sqs::Client,
}

impl Behind {
    async fn new() -> Self {
        let stub = Stub::start().await;
        stub.create_queue("q");
        let proxy = Proxy::start(stub.port()).await;
        let sqs = aws_sdk_sqs::Client::new(&stub.hurried_config_at(&proxy.endpoint()));
        Self { stub, proxy, sqs }
    }

    async fn ask(&self) -> Result<(), SdkError<aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError>> {
        self.sqs.get_queue_url().queue_name("q").send().await.map(drop)
    }

    /// How often the stub was asked.
    fn asked(&self) -> u64 {
        let asked = self.stub.requests().of("GetQueueUrl");
        self.stub.reset_counts();
        asked
    }
}

#[tokio::test]
async fn it_passes_on() {
    let behind = Behind::new().await;
    behind.ask().await.unwrap();
    behind.ask().await.unwrap();
    let connections = behind.proxy.connections();
    assert_eq!((connections.accepted, connections.open, connections.cut), (1, 1, 0));
    assert!(connections.to_server > 500 && connections.to_client > 200, "{connections:?}");
}

#[tokio::test]
async fn latency_delays_both_ways() {
    let behind = Behind::new().await;
    behind.proxy.latency(Duration::from_millis(50));
    let begun = Instant::now();
    behind.ask().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_reset_ends_what_is_open() {
    let behind = Behind::new().await;
    behind.ask().await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", behind.proxy.port())).await.unwrap();
    assert!(until(|| behind.proxy.connections().open == 2).await);
    behind.proxy.reset_all();
    let error = stream.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(until(|| behind.proxy.connections().open == 0).await);
    behind.ask().await.unwrap();
}

#[tokio::test]
async fn a_cut_ends_an_answer_at_any_byte() {
    let behind = Behind::new().await;
    for bytes in [0, 1, 10, 100, 200] {
        for cut in [Cut::after(bytes, Direction::ToClient), Cut::after(bytes, Direction::ToClient).closing()] {
            behind.proxy.cut(cut.times(1));
            behind.ask().await.unwrap();
            assert_eq!(behind.asked(), 2, "{bytes}: heard once, answered once");
        }
    }
    assert_eq!(behind.proxy.connections().cut, 10);
}

#[tokio::test]
async fn a_cut_request_is_not_heard() {
    let behind = Behind::new().await;
    behind.proxy.cut(Cut::after(50, Direction::ToServer).times(1));
    behind.ask().await.unwrap();
    assert_eq!((behind.asked(), behind.proxy.connections().cut), (1, 1));
}

#[tokio::test]
async fn a_stall_or_a_half_close_is_given_up_by_the_client() {
    let behind = Behind::new().await;
    for cut in [Cut::after(30, Direction::ToClient).stalling(), Cut::after(30, Direction::ToClient).half_closing()] {
        behind.proxy.cut(cut.times(1));
        behind.ask().await.unwrap();
        assert_eq!(behind.asked(), 2);
    }
    // Those of the client may still be open, or not: this one must have been accepted.
    let before = behind.proxy.connections().accepted;
    let mut stream = TcpStream::connect(("127.0.0.1", behind.proxy.port())).await.unwrap();
    assert!(until(|| behind.proxy.connections().accepted > before).await);
    behind.proxy.half_close_all();
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut byte)).await;
    assert_eq!(read.unwrap().unwrap(), 0, "the end");
    stream.write_all(b"still passed on").await.unwrap();
}

#[tokio::test]
async fn a_black_hole_swallows_and_gives_back() {
    let behind = Behind::new().await;
    behind.ask().await.unwrap();
    behind.proxy.black_hole();
    let begun = Instant::now();
    assert!(matches!(behind.ask().await, Err(SdkError::TimeoutError(_))));
    assert!(begun.elapsed() >= Duration::from_secs(3), "three attempts of a second");
    assert_eq!(behind.asked(), 1, "the one before");
    behind.proxy.heal().await;
    behind.ask().await.unwrap();
}

#[tokio::test]
async fn a_closed_port_refuses_and_opens_again() {
    let behind = Behind::new().await;
    behind.ask().await.unwrap();
    behind.proxy.refuse().await;
    let refused = TcpStream::connect(("127.0.0.1", behind.proxy.port())).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    behind.ask().await.unwrap();
    behind.proxy.reset_all();
    assert!(until(|| behind.proxy.connections().open == 0).await);
    assert!(behind.ask().await.is_err(), "what was open was still good, and now is not");
    behind.proxy.heal().await;
    behind.ask().await.unwrap();
}

/// The proxy's counters are a moment behind what the client sees.
async fn until(holds: impl Fn() -> bool) -> bool {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.is_ok()
}
