//! The answer of a handler, now or later.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::transport::message::Response;

/// The return value of a handler: an answer, or the promise of one.
#[derive(Debug)]
pub enum Answer {
    /// An answer now.
    Now(Response),
    /// An answer later, without a thread that waits for it: for held requests (PROTOCOL §10).
    Later(Later),
}

/// An answer that is not known yet.
#[derive(Debug)]
pub struct Later {
    pub(super) promised: oneshot::Receiver<Response>,
    pub(super) wait: Duration,
    pub(super) otherwise: Response,
}

/// The other end of an [`Answer::Later`].
#[derive(Debug)]
pub struct Promise(oneshot::Sender<Response>);

impl Promise {
    /// Answers; without effect if the client has gone or has waited long enough.
    pub fn keep(self, response: Response) {
        // A client that has gone is no failure.
        drop(self.0.send(response));
    }

    /// Returns whether nobody waits for it any more.
    pub fn is_void(&self) -> bool {
        self.0.is_closed()
    }
}

impl Answer {
    /// An answer that comes when the promise is kept; or `otherwise` after `wait`, when the
    /// promise is dropped, and when the server stops.
    pub fn later(wait: Duration, otherwise: Response) -> (Promise, Self) {
        let (promise, promised) = oneshot::channel();
        (Promise(promise), Self::Later(Later { promised, wait, otherwise }))
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Now(response)
    }
}
