//! A cloud that fetches the feeds it serves: who may ask how often, and who waits for a look.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::looks::{self, Caller, Look, Looks};
use super::rates::{Asking, Rates};
use super::reader::Reader;
use super::respond;
use super::workers::Workers;
use crate::protocol::cloud::{self, Form};
use crate::protocol::url::Url;
use crate::transport::server::Answer;

/// How long a ping waits for its answer, when many are before it.
const WAIT: Duration = Duration::from_secs(20);

/// Takes pings for feeds that are fetched.
pub(super) struct Fetching {
    reader: Arc<Reader>,
    rates: Rates,
    looks: Workers<Looks>,
}

impl Fetching {
    /// One that fetches by `reader`.
    pub(super) fn new(reader: Arc<Reader>) -> Self {
        let looking = Arc::clone(&reader);
        let look = move |Look { feed, callers }| {
            let outcome = looking.look(&feed);
            callers.into_iter().for_each(|caller| caller.answer(outcome.clone()));
            feed
        };
        let queue = Looks::new(!reader.scope.open);
        Self { reader, rates: Rates::new(), looks: Workers::new(looks::THREADS, queue, look) }
    }

    /// The words of the refusal, if `caller` registers too often.
    pub(super) fn refusal(&self, caller: IpAddr) -> Option<String> {
        let admitted = self.rates.admit(caller, Asking::Register, Instant::now());
        (!admitted).then(|| cloud::TOO_MANY.to_owned())
    }

    /// Answers a ping by `caller` for the feed at `url`, once that was fetched.
    pub(super) fn ping(&self, caller: IpAddr, url: &str, form: Form) -> Answer {
        let at_once = |outcome| respond(cloud::ping_result(outcome, form));
        if !self.rates.admit(caller, Asking::Ping, Instant::now()) {
            return at_once(Err(cloud::TOO_MANY_PINGS.to_owned())).into();
        }
        let unreadable = || at_once(Err(cloud::ping_unreadable(url)));
        let scope = &self.reader.scope;
        let Some(feed) = url.parse::<Url>().ok().filter(|feed| scope.admits(feed)) else {
            return unreadable().into();
        };
        // Nobody is to be told, and a stranger must not be able to make us fetch whatever there is.
        if scope.open && !self.reader.crier.is_awaited(&feed) {
            return at_once(Ok(())).into();
        }
        let (promise, answer) = Answer::later(WAIT, unreadable());
        self.looks.change(|looks| looks.ping(feed, Caller { form, promise }));
        answer
    }

    /// Fetches nothing any more.
    pub(super) fn stop(&self) {
        self.looks.stop();
    }
}
