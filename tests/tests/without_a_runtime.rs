//! What is done where no tokio runtime is: on a thread of one's own, or under another executor.

mod orders;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use melange::transport::TransportErrorKind;
use melange::{AsynchronousEventBus, EventBus};
use tokio::runtime::{Builder, Runtime};

use orders::OrderPlaced;

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait_for<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn tells(told: Sender<u32>) -> impl Fn(Arc<OrderPlaced>) -> std::future::Ready<()> {
    move |order| {
        told.send(order.number).unwrap();
        std::future::ready(())
    }
}

#[test]
fn an_asynchronous_bus_is_published_to_and_shut_down_from_anywhere() {
    let runtime = Runtime::new().unwrap();
    let (told, heard) = channel();
    let bus = runtime.block_on(async {
        AsynchronousEventBus::builder().subscribe(tells(told)).workers(1).capacity(1).build().unwrap()
    });
    // More than there is room for.
    for number in 0..100 {
        wait_for(bus.publish(OrderPlaced { number })).unwrap();
    }
    let drained = wait_for(bus.shutdown(Duration::MAX));
    assert_eq!(drained.dropped, 0);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_bus_with_queues_starts_on_a_runtime_and_is_used_from_anywhere() {
    let (told, heard) = channel();
    let bus = EventBus::builder().subscribe(tells(told)).build().unwrap();
    let refused = wait_for(bus.start()).unwrap_err();
    assert_eq!(refused.kind(), TransportErrorKind::Configuration);
    assert!(refused.to_string().contains("needs a tokio runtime"), "{refused}");
    assert!(wait_for(bus.consume_event()).is_err());
    let runtime = Runtime::new().unwrap();
    runtime.block_on(bus.start()).unwrap();
    for number in 0..10 {
        wait_for(bus.publish(OrderPlaced { number })).unwrap();
    }
    let mut all: Vec<u32> = heard.iter().take(10).collect();
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
    // However long it may take.
    wait_for(bus.shutdown(Duration::MAX)).unwrap();
}

#[test]
fn a_runtime_without_a_clock_is_refused() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let bus = EventBus::builder().subscribe(|_: Arc<OrderPlaced>| async {}).build().unwrap();
    let refused = runtime.block_on(bus.start()).unwrap_err();
    assert_eq!(refused.kind(), TransportErrorKind::Configuration);
    assert!(refused.to_string().contains("enable_time"), "{refused}");
    assert!(runtime.block_on(bus.consume_event()).is_err());
    let built = runtime.block_on(async { AsynchronousEventBus::builder().build().map(drop) }).unwrap_err();
    assert!(built.to_string().contains("enable_time"), "{built}");
    // With one it starts.
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(bus.start()).unwrap();
    runtime.block_on(bus.shutdown(Duration::from_secs(5))).unwrap();
}

#[test]
fn a_bus_that_was_not_started_is_shut_down_at_once() {
    let bus = EventBus::builder().subscribe(|_: Arc<OrderPlaced>| async {}).build().unwrap();
    wait_for(bus.shutdown(Duration::from_secs(5))).unwrap();
}
