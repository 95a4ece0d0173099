//! One connection: both directions, until one of them is cut or both are over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::control::{Control, Counters, Cut, Direction, End};

/// Bytes passed on at a time.
const CHUNK: usize = 16 * 1024;

/// Counts as open until it is dropped.
pub(super) struct Open(Arc<Counters>);

impl Open {
    pub(super) fn new(counters: &Arc<Counters>) -> Self {
        counters.accepted.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// What had been told to all when the connection was accepted, and so is not for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Born {
    resets: u64,
    half_closes: u64,
}

impl Born {
    pub(super) fn of(control: &Control) -> Self {
        Self { resets: control.resets, half_closes: control.half_closes }
    }
}

pub(super) async fn run(
    mut client: TcpStream,
    target: SocketAddr,
    born: Born,
    mut controlled: watch::Receiver<Control>,
    open: Open,
) {
    let counters = &*open.0;
    let reset = {
        let mut controlled = controlled.clone();
        async move { controlled.wait_for(|control| control.resets > born.resets).await.map(drop) }
    };
    let passing = async {
        // In a black hole not even the server is asked.
        if controlled.wait_for(|control| !control.paused).await.is_err() {
            return End::Close;
        }
        let Ok(mut server) = TcpStream::connect(target).await else { return End::Reset };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let end = {
            let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
            let up = pass(from_client, to_server, Direction::ToServer, born, controlled.clone(), counters);
            let down = pass(from_server, to_client, Direction::ToClient, born, controlled.clone(), counters);
            tokio::try_join!(up, down).err().unwrap_or(End::Close)
        };
        if end == End::Reset {
            let _ = server.set_zero_linger();
        }
        end
    };
    let end = tokio::select! {
        end = passing => end,
        _ = reset => End::Reset,
    };
    if end == End::Reset {
        let _ = client.set_zero_linger();
    }
}

/// Passes on until there is nothing more; `Err` says how the whole connection ends.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    born: Born,
    mut controlled: watch::Receiver<Control>,
    counters: &Counters,
) -> Result<(), End> {
    let mut buffer = vec![0; CHUNK];
    // The cut that counts bytes now, and how many have passed since.
    let (mut counting, mut passed) = (0, 0_u64);
    loop {
        let control = controlled.borrow_and_update().clone();
        if direction == Direction::ToClient && control.half_closes > born.half_closes {
            let _ = to.shutdown().await;
            return Ok(());
        }
        let ordered = control.cut.filter(|ordered| ordered.cut.direction == direction);
        if let Some(ordered) = &ordered
            && ordered.number != counting
        {
            (counting, passed) = (ordered.number, 0);
        }
        let read = async { if control.paused { std::future::pending().await } else { from.read(&mut buffer).await } };
        let read = tokio::select! {
            read = read => read.map_err(|_| End::Reset)?,
            changed = controlled.changed() => {
                changed.map_err(|_| End::Close)?;
                continue;
            }
        };
        if read == 0 {
            let _ = to.shutdown().await;
            return Ok(());
        }
        tokio::time::sleep(control.latency).await;
        // What was read just before stays here as well.
        controlled.wait_for(|control| !control.paused).await.map_err(|_| End::Close)?;
        let left = ordered.as_ref().map_or(u64::MAX, |ordered| ordered.cut.bytes.saturating_sub(passed));
        let forward = usize::try_from(left).unwrap_or(usize::MAX).min(read);
        if forward < read
            && let Some(ordered) = ordered.filter(super::control::Ordered::claim)
        {
            counters.cut.fetch_add(1, Ordering::Relaxed);
            to.write_all(&buffer[..forward]).await.map_err(|_| End::Reset)?;
            counters.passed(direction, forward);
            return cut(&ordered.cut, &mut to).await;
        }
        to.write_all(&buffer[..read]).await.map_err(|_| End::Reset)?;
        counters.passed(direction, read);
        passed += read as u64;
    }
}

async fn cut(cut: &Cut, to: &mut (impl AsyncWrite + Unpin)) -> Result<(), End> {
    match cut.end {
        End::HalfClose => {
            let _ = to.shutdown().await;
            Ok(())
        }
        End::Stall => std::future::pending().await,
        end => Err(end),
    }
}
