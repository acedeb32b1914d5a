//! One request and its answer.

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Version};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{Instant, timeout};

use super::answer::{Answer, Later};
use super::outgoing::{Outgoing, outgoing};
use super::progress::Progress;
use super::shared::Server;
use crate::transport::message::{Request, Response};

/// Bytes of an answer after which a connection does not count as idle at once.
const SHORT: u64 = 64 << 10;
/// Turns in which a connection that was told to leave does.
const TURNS: usize = 4;

/// Octets of a body in memory; given back when dropped.
struct Held(Rc<Server>, usize);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.bodies.set(self.0.bodies.get().saturating_sub(self.1));
    }
}

impl Server {
    pub(super) async fn respond(
        self: &Rc<Self>,
        peer: IpAddr,
        progress: &Progress,
        request: hyper::Request<Incoming>,
    ) -> hyper::Response<Outgoing> {
        let is_head = request.method() == Method::HEAD;
        progress.begun.set(true);
        progress.idle.set(Some(Instant::now()));
        progress.until.set(Instant::now() + self.limits.answer);
        let response = self.answer(peer, progress, request).await;
        let response = response.unwrap_or_else(|refusal| refusal);
        progress.body.set(0);
        let is_short = response.body.length() <= SHORT;
        progress.idle.set(is_short.then(Instant::now));
        let response = outgoing(response, is_head, &self.reads);
        progress.until.set(Instant::now() + self.limits.answer);
        progress.unread.set(response.headers().contains_key(CONNECTION));
        response
    }

    async fn answer(
        self: &Rc<Self>,
        peer: IpAddr,
        progress: &Progress,
        request: hyper::Request<Incoming>,
    ) -> Result<Response, Response> {
        let (head, body) = request.into_parts();
        let hosts = head.headers.get_all(HOST).iter().count();
        if hosts > 1 || hosts == 0 && head.version == Version::HTTP_11 {
            return Err(closing(400, "a request names its host, and once"));
        }
        let mut request = plain(&head, peer);
        drop(head);
        if request.is_forwarded() && !self.limits.trust(peer) {
            self.limits.claims.note(peer);
        }
        request.peer = self.limits.client(peer, &request);
        progress.client.set(request.peer);
        let _place = if self.limits.trust(peer) && !self.limits.trust(request.peer) {
            // A client behind a proxy took no place with the connection.
            Some(self.place(request.peer).ok_or_else(|| closing(429, "too many requests"))?)
        } else {
            None
        };
        let mut held = Held(Rc::clone(self), 0);
        let read = timeout(self.limits.body, self.read(body, progress, &mut held)).await;
        request.body = read.map_err(|_| closing(408, "the request took too long"))??;
        progress.idle.set(None);
        self.work(request).await
    }

    /// The body of a request, whole.
    async fn read(
        &self,
        mut body: Incoming,
        progress: &Progress,
        held: &mut Held,
    ) -> Result<Vec<u8>, Response> {
        let most = self.limits.body_bytes;
        let too_large = || closing(413, &format!("more than {most} bytes"));
        if body.size_hint().lower() > most as u64 {
            return Err(too_large());
        }
        let mut octets = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let frame = frame.map_err(|_| closing(400, "the body is malformed"))?;
            let Ok(data) = frame.into_data() else { continue };
            if most.saturating_sub(octets.len()) < data.len() {
                return Err(too_large());
            }
            if !self.has_memory(progress.client.get(), data.len()).await {
                return Err(closing(503, "too busy").with("retry-after", "10"));
            }
            self.bodies.set(self.bodies.get().saturating_add(data.len()));
            held.1 = held.1.saturating_add(data.len());
            progress.body.set(held.1);
            octets.extend_from_slice(&data);
        }
        Ok(octets)
    }

    /// Returns whether there is memory for so many octets more of a body by `client`; for it, unfinished
    /// bodies of others give way who have more.
    async fn has_memory(&self, client: IpAddr, octets: usize) -> bool {
        let fits = || self.bodies.get().saturating_add(octets) <= self.limits.bodies_bytes;
        while !fits() && self.open.give_memory(client, octets) {
            // What was told to leave has its turn before us.
            for _ in 0..TURNS {
                if !fits() {
                    yield_now().await;
                }
            }
        }
        fits()
    }

    /// Has `request` handled by a worker.
    async fn work(&self, request: Request) -> Result<Response, Response> {
        let busy = |line| Response::text(503, line).with("retry-after", "10");
        let job = Arc::clone(&self.jobs).try_acquire_owned().map_err(|_| busy("too busy"))?;
        let handler = Arc::clone(&self.handler);
        let handled = async {
            let worker = Arc::clone(&self.workers).acquire_owned().await.ok()?;
            let handled = spawn_blocking(move || {
                // Given back when the handler ends, even if nobody waits for it any more.
                let _places = (job, worker);
                handler(request)
            });
            handled.await.ok()
        };
        match timeout(self.limits.answer, handled).await {
            Ok(Some(Answer::Now(response))) => Ok(response),
            Ok(Some(Answer::Later(later))) => Ok(self.wait(later).await),
            Ok(None) => Err(Response::text(500, "the server failed")),
            Err(_) => Err(busy("the answer took too long")),
        }
    }

    async fn wait(&self, later: Later) -> Response {
        let Later { mut promised, wait, otherwise } = later;
        let mut stopped = self.stopped.clone();
        let mut stopping = pin!(stopped.wait_for(|stopped| *stopped));
        let kept = poll_fn(|cx| match stopping.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Pin::new(&mut promised).poll(cx).map(Result::ok),
        });
        timeout(wait, kept).await.ok().flatten().unwrap_or(otherwise)
    }
}

/// The request that begins with `head`, still without its body.
fn plain(head: &Parts, peer: IpAddr) -> Request {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let field = |(name, value): (&HeaderName, _)| (name.as_str().to_owned(), text(value));
    Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(ToOwned::to_owned),
        headers: head.headers.iter().map(field).collect(),
        body: Vec::new(),
        peer,
    }
}

/// The answer to a request that is not read to its end.
fn closing(status: u16, line: &str) -> Response {
    Response::text(status, line).with("connection", "close")
}
