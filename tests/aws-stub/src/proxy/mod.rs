//! A TCP proxy on loopback, for what happens to connections.

mod connection;
mod control;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use control::{Connections, Cut, Direction};

use crate::background::Background;
use connection::{Born, Open};
use control::{Control, Counters};

/// Most connections at a time; more wait to be accepted.
const MOST: usize = 1_024;

/// A TCP proxy on a free port of 127.0.0.1, in a thread of its own. It passes everything on until it is told otherwise.
/// Cheap to clone; when the last clone is dropped it stops, and what is open is closed.
///
/// ```
/// use melange_aws_stub::{Cut, Direction, Proxy, Stub};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stub = Stub::start().await;
/// let proxy = Proxy::start(stub.port()).await;
/// let sqs = aws_sdk_sqs::Client::new(&stub.config_at(&proxy.endpoint()));
/// stub.create_queue("billing");
///
/// // The next answer breaks off after 20 bytes; the SDK tries again.
/// proxy.cut(Cut::after(20, Direction::ToClient).times(1));
/// sqs.get_queue_url().queue_name("billing").send().await?;
/// assert_eq!((stub.requests().of("GetQueueUrl"), proxy.connections().cut), (2, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Proxy {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    control: watch::Sender<Control>,
    /// Whether the port is open.
    listens: watch::Receiver<bool>,
    counters: Arc<Counters>,
    _running: Background,
}

impl Proxy {
    /// Starts one that leads to this port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is no port or no thread to be had.
    #[allow(clippy::panic, reason = "a test without its proxy cannot go on")]
    #[allow(clippy::unused_async, reason = "so that callers need not change when starting has to wait")]
    pub async fn start(port: u16) -> Self {
        match Self::try_start(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            Ok(proxy) => proxy,
            Err(error) => panic!("the proxy does not start: {error}"),
        }
    }

    /// Starts one that leads to `target`.
    ///
    /// # Errors
    /// If there is no port or no thread to be had.
    pub fn try_start(target: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (control, controlled) = watch::channel(Control::default());
        let (listening, listens) = watch::channel(true);
        let counters = Arc::new(Counters::default());
        let running =
            Background::spawn(accept(listener, address, target, controlled, listening, Arc::clone(&counters)))?;
        let inner = Inner { address, control, listens, counters, _running: running };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// As in `http://127.0.0.1:41234`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.inner.address)
    }

    /// The port of [`endpoint`](Self::endpoint).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.address.port()
    }

    /// Whatever comes, in either direction, is passed on after this long.
    pub fn latency(&self, latency: Duration) {
        self.inner.control.send_modify(|control| control.latency = latency);
    }

    /// Nothing is passed on any more: connections are accepted, and what is sent on them, or on those that are open,
    /// goes nowhere. After [`heal`](Self::heal) it arrives.
    pub fn black_hole(&self) {
        self.inner.control.send_modify(|control| control.paused = true);
    }

    /// Every connection, whether open or to come, ends as `cut` says.
    pub fn cut(&self, cut: Cut) {
        self.inner.control.send_modify(|control| control.cut(cut));
    }

    /// Resets every connection that is open.
    pub fn reset_all(&self) {
        self.inner.control.send_modify(|control| control.resets += 1);
    }

    /// Tells the client of every open connection that nothing more will come, and goes on passing on what it sends.
    pub fn half_close_all(&self) {
        self.inner.control.send_modify(|control| control.half_closes += 1);
    }

    /// Closes the port, so that whoever connects is refused; what is open stays so. Returns when it is closed.
    pub async fn refuse(&self) {
        self.inner.control.send_modify(|control| control.refusing = true);
        self.wait_for(false).await;
    }

    /// Passes everything on again, and opens the port if it was closed. Returns when that is so.
    pub async fn heal(&self) {
        self.inner.control.send_modify(Control::heal);
        self.wait_for(true).await;
    }

    async fn wait_for(&self, open: bool) {
        // It only fails when the proxy's thread is no more, and then the test finds out.
        let _ = self.inner.listens.clone().wait_for(|is| *is == open).await;
    }

    /// What there was.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.inner.counters.snapshot()
    }
}

async fn accept(
    listener: std::net::TcpListener,
    address: SocketAddr,
    target: SocketAddr,
    mut controlled: watch::Receiver<Control>,
    listening: watch::Sender<bool>,
    counters: Arc<Counters>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        match (controlled.borrow_and_update().refusing, listener.is_some()) {
            (true, true) => listener = None,
            (false, false) => listener = listen(address).ok(),
            _ => {}
        }
        listening.send_replace(listener.is_some());
        let has_room = connections.len() < MOST;
        let accepted = async {
            match &listener {
                Some(listener) if has_room => listener.accept().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accepted => {
                let Ok((client, _)) = accepted else { continue };
                // From here on it counts as open, and is met by what is told to all.
                let born = Born::of(&controlled.borrow());
                let open = Open::new(&counters);
                connections.spawn(connection::run(client, target, born, controlled.clone(), open));
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            changed = controlled.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// On the same port as before.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(128)
}
