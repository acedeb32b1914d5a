//! One connection, from its first octet to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::paced::Paced;
use super::progress::Progress;
use super::shared::{Place, Server};
use crate::transport::limits::Limits;

/// How long, and for how many bytes, the rest of a refused request is listened to: closing a
/// socket that holds unread octets would take the answer away from the client.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1 << 20);
/// The smallest buffer that hyper can work with.
const BUFFER: usize = 8 << 10;

/// Serves one connection to its end.
pub(super) async fn converse(
    server: Rc<Server>,
    stream: TcpStream,
    peer: IpAddr,
    _seat: (OwnedSemaphorePermit, Option<Place>),
) {
    // Without it an answer may wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let limits = &server.limits;
    let progress = Rc::new(Progress::new(peer, Instant::now() + limits.answer));
    let shares = Some(peer).filter(|peer| !limits.trust(*peer));
    let _entry = server.open.enter(shares, Rc::clone(&progress));
    let mut leaving = pin!(progress.leave.notified());
    let service = service_fn(|request| {
        Box::pin(async { Ok::<_, Infallible>(server.respond(peer, &progress, request).await) })
    });
    let io = Paced { stream, progress: Rc::clone(&progress), most: limits.answer, sleep: None };
    let mut connection = http(limits).serve_connection(TokioIo::new(io), service);
    let mut stopped = server.stopped.clone();
    let mut stopping = pin!(stopped.wait_for(|stopped| *stopped));
    let mut graceful = false;
    let ended = poll_fn(|cx| {
        if leaving.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if !graceful && stopping.as_mut().poll(cx).is_ready() {
            graceful = true;
            if !progress.begun.get() {
                return Poll::Ready(Ok(()));
            }
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(cx)
    });
    if ended.await.map_or_else(|cause| cause.is_parse(), |()| progress.unread.get()) {
        linger(connection.into_parts().io.into_inner().stream).await;
    }
}

/// HTTP with heads that keep the limits.
fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes.max(BUFFER));
    http
}

/// Lets the client read its answer before what it still sends makes the system reset the
/// connection.
async fn linger(mut stream: TcpStream) {
    let rest = async {
        poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await?;
        let (mut scrap, mut left) = (vec![0; 4096], LINGER.1);
        while left > 0 {
            stream.readable().await?;
            match stream.try_read(&mut scrap) {
                Ok(0) => break,
                Ok(octets) => left = left.saturating_sub(octets),
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    };
    drop(timeout(LINGER.0, rest).await);
}
