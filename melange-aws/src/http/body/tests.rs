use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::*;

/// Sends `chunk` every `pause`, so many times; or for ever, where the last is not said to be.
struct Drip {
    chunk: &'static [u8],
    pause: Duration,
    left: usize,
    next: Option<Pin<Box<Sleep>>>,
    says: u64,
}

impl Drip {
    fn new(chunk: &'static [u8], pause: Duration, left: usize) -> Self {
        Self { chunk, pause, left, next: None, says: 0 }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let pause = self.pause;
        let next = self.next.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        if pause > Duration::ZERO && next.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.next = None;
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.chunk)))))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.says);
        hint
    }
}

async fn took(body: Drip, limit: usize) -> (Result<usize, BodyError>, u128) {
    let begun = Instant::now();
    let read = read(body, limit).await.map(|bytes| bytes.len());
    (read, begun.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_is_cut() {
    assert_eq!(took(Drip::new(b"x", Duration::from_secs(1), 10_000), 10_000).await, (Err(BodyError::TooSlow), 1000));
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all_is_cut() {
    let never = Drip::new(b"x", Duration::from_secs(1 << 30), 1);
    assert_eq!(took(never, 10_000).await, (Err(BodyError::TooSlow), 1000));
}

#[tokio::test(start_paused = true)]
async fn what_stops_in_the_middle_is_cut() {
    // Enough for the first second, and then too little.
    let body = Drip::new(&[b'x'; 300], Duration::from_millis(220), 1_000);
    let (read, millis) = took(body, 1 << 20).await;
    assert_eq!((read, millis), (Err(BodyError::TooSlow), 5000), "at this pace until the time is over");
    let (read, millis) = took(Drip::new(&[b'x'; 2000], Duration::from_millis(1900), 2), 1 << 20).await;
    assert_eq!((read, millis), (Err(BodyError::TooSlow), 1000));
}

#[tokio::test(start_paused = true)]
async fn a_letter_on_a_slow_line_is_read() {
    let body = Drip::new(&[b'x'; 4096], Duration::from_millis(900), 5);
    assert_eq!(took(body, 1 << 20).await, (Ok(5 * 4096), 4500));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_not_read_to_its_end() {
    let mut says = Drip::new(&[b'x'; 1024], Duration::from_secs(1), 10);
    says.says = 10 << 20;
    assert_eq!(took(says, 300 << 10).await, (Err(BodyError::TooLarge), 0), "as soon as it says so");
    let silent = Drip::new(&[b'x'; 1024], Duration::ZERO, usize::MAX);
    assert_eq!(took(silent, 300 << 10).await.0, Err(BodyError::TooLarge));
    assert_eq!(
        took(Drip::new(&[b'x'; 1024], Duration::ZERO, 300), 300 << 10).await.0,
        Ok(300 << 10),
        "exactly that many"
    );
    assert_eq!(took(Drip::new(b"x", Duration::ZERO, 0), 0).await.0, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_is_no_body() {
    struct Broken;
    impl Body for Broken {
        type Data = Bytes;
        type Error = &'static str;
        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            Poll::Ready(Some(Err("reset")))
        }
    }
    assert_eq!(read(Broken, 10).await, Err(BodyError::Broken));
}
