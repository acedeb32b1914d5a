//! A cloud that fetches the feeds it serves: who waits for a look.

use std::sync::Arc;
use std::time::Duration;

use super::looks::{self, Caller, Look, Looks};
use super::reader::Reader;
use crate::cloud_server::answers::respond;
use crate::cloud_server::workers::{self, Workers};
use crate::protocol::calls::cloud::{self, Form};
use crate::protocol::values::url::Url;
use crate::transport::server::Answer;

/// How long a ping waits for its answer, when many are before it.
const WAIT: Duration = Duration::from_secs(20);

/// Takes pings for feeds that are fetched.
pub struct Fetching {
    reader: Arc<Reader>,
    looks: Workers<Looks>,
}

impl Fetching {
    /// One that fetches by `reader`.
    pub fn new(reader: Arc<Reader>) -> Self {
        let looking = Arc::clone(&reader);
        let look = move |Look { feed, callers }| {
            let outcome = looking.look(&feed);
            callers.into_iter().for_each(|caller| caller.answer(outcome.clone()));
            feed
        };
        let queue = Looks::new(!reader.scope.open);
        Self { reader, looks: workers::employ(looks::THREADS, queue, look) }
    }

    /// Answers a ping for the feed at `url`, once that was fetched.
    pub fn ping(&self, url: &str, form: Form) -> Answer {
        let at_once = |outcome| respond(cloud::ping_result(outcome, form));
        let unreadable = || at_once(Err(cloud::ping_unreadable(url)));
        let scope = &self.reader.scope;
        let Some(feed) = url.parse::<Url>().ok().filter(|feed| scope.admits(feed)) else {
            return unreadable().into();
        };
        // Nobody is to be told, and a stranger must not be able to make us fetch whatever there is.
        if scope.open && !self.reader.crier.is_awaited(&feed) {
            return at_once(Ok(())).into();
        }
        let late = at_once(Err(cloud::TOO_LATE.to_owned()));
        let (promise, answer) = Answer::later(WAIT, late);
        self.looks.change(|looks| looks.ping(feed, Caller { form, promise }));
        answer
    }

    /// Has `feed` fetched, though nobody pinged, unless it was before.
    pub fn look(&self, feed: Url) {
        if !self.reader.knows(&feed) {
            self.looks.change(|looks| looks.look(feed));
        }
    }

    /// Fetches nothing any more.
    pub fn stop(&self) {
        self.looks.stop();
    }
}
