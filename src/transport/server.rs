//! An HTTP server that no client can stop, starve or swell: hyper on one thread, with limits of
//! our own around it, and plain functions as handlers on a few others.
//!
//! The only module that knows hyper and tokio; nothing asynchronous is to be seen from outside.

mod answer;
mod connection;
mod exchange;
mod outgoing;
mod paced;
mod progress;
mod shared;
mod sharing;

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

pub use super::limits::{Claims, Limits, neighbourhood};
pub use super::message::{Body, Request, Response, decode};
pub use answer::{Answer, Later, Promise};
use shared::{Place, Server};

/// The header fields of every answer (PROTOCOL §10).
const ALWAYS: &[(&str, &str)] = &[("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")];
/// How long `serve` waits after a stop for the answers that are under way.
const GRACE: Duration = Duration::from_secs(3);
/// The pause after a failed accept: the usual cause, too many open files, passes with time.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one who takes another's place waits until that has left.
const HANDOVER: Duration = Duration::from_secs(1);
/// More than any limit needs to be, less than what tokio can count.
const MANY: usize = 1 << 20;

/// Ends a [`serve`], from any thread and any clone.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// A handle for one server.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts nothing any more, finishes the answers under way, for three seconds at most.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Serves `listener` until `stop`: each whole request is given to `handler`, on one of
/// `limits.workers` threads. A handler that panics is answered 500 and serves on.
///
/// # Errors
/// Only before the first client: when the listener or the runtime cannot be set up.
pub fn serve<A: Into<Answer>>(
    listener: std::net::TcpListener,
    limits: Limits,
    stop: Stop,
    handler: impl Fn(Request) -> A + Send + Sync + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let workers = limits.workers.clamp(1, MANY);
    let runtime = Builder::new_current_thread()
        .enable_all()
        // One more reads files, so that neither downloads nor handlers wait for the others.
        .max_blocking_threads(workers.saturating_add(1))
        .thread_name("cloudim-serve")
        .build()?;
    let server = Rc::new(Server {
        connections: Arc::new(Semaphore::new(limits.connections.clamp(1, MANY))),
        jobs: Arc::new(Semaphore::new(workers.saturating_add(limits.queue.min(MANY)))),
        workers: Arc::new(Semaphore::new(workers)),
        reads: Arc::new(Semaphore::new(1)),
        stopped: stop.0.subscribe(),
        handler: Arc::new(move |request| handler(request).into()),
        addresses: RefCell::default(),
        bodies: Cell::new(0),
        open: Rc::default(),
        limits,
    });
    let outcome = LocalSet::new().block_on(&runtime, run(server, listener));
    runtime.shutdown_timeout(GRACE);
    outcome
}

async fn run(server: Rc<Server>, listener: std::net::TcpListener) -> io::Result<()> {
    let all = server.connections.available_permits();
    let accepting = spawn_local(accept(Rc::clone(&server), TcpListener::from_std(listener)?));
    let mut stopped = server.stopped.clone();
    // `serve` holds a sender: this ends only with a stop.
    drop(stopped.wait_for(|stopped| *stopped).await);
    accepting.abort();
    drop(accepting.await);
    let all = u32::try_from(all).unwrap_or(u32::MAX);
    drop(timeout(GRACE, server.connections.acquire_many(all)).await);
    Ok(())
}

async fn accept(server: Rc<Server>, listener: TcpListener) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(cause) => {
                log::debug!("cannot accept a connection: {cause}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let seat = Arc::clone(&server.connections).try_acquire_owned();
        let place = server.place(peer);
        let may_stay = place.is_some() || server.limits.trust(peer);
        match seat {
            Ok(seat) if may_stay => {
                spawn_local(connection::converse(Rc::clone(&server), stream, peer, (seat, place)));
            }
            Err(_) if may_stay && server.open.give_seat(peer) => {
                spawn_local(take_over(Rc::clone(&server), stream, peer, place));
            }
            _ => refuse(stream),
        }
    }
}

/// Serves one connection in the seat of another, once that is free.
async fn take_over(server: Rc<Server>, stream: TcpStream, peer: IpAddr, place: Option<Place>) {
    let seat = Arc::clone(&server.connections).acquire_owned();
    match timeout(HANDOVER, seat).await {
        Ok(Ok(seat)) => connection::converse(server, stream, peer, (seat, place)).await,
        _ => refuse(stream),
    }
}

/// Says that there is no room, without waiting for anything.
fn refuse(stream: TcpStream) {
    let line = "too many connections\n";
    let mut text = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n".to_owned();
    for (name, value) in ALWAYS {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("retry-after: 10\r\ncontent-length: {}\r\n\r\n{line}", line.len()));
    let Ok(mut stream) = stream.into_std() else { return };
    // Octets left unread would take the answer away again.
    let _ = stream.read(&mut [0; 1024]);
    let _ = stream.write(text.as_bytes());
}
