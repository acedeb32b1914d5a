//! A cloud of our own: takes registrations and pings, tells the subscribers.
//!
//! A cloud of the feeds in a home fetches nothing that a stranger names, but for the one call that
//! tries a callback; and that goes through the guard, on threads of its own. One that stands alone
//! fetches the feeds that are named, in the same way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answers::{refused, respond};
use super::callbacks::checks::{Check, Checks};
use super::feeds::announced::Announced;
use super::feeds::fetching::Fetching;
use super::feeds::served::Feeds;
use super::rates::{Asking, Rates};
use super::telling::crier::Crier;
use super::workers::Workers;
use crate::protocol::calls::cloud::{self, Form, PleaseNotify};
use crate::protocol::calls::cloud_rpc::{self, Asked};
use crate::protocol::values::url::Url;
use crate::protocol::xmlrpc::Call;
use crate::store::disk::lock::Lock;
use crate::transport::server::{Answer, Request, neighbourhood};

/// How long a registration waits for its answer, when many are before it.
const WAIT: Duration = Duration::from_secs(20);
const UNTRIED: &str =
    "The subscription was cancelled because the handler could not be tested in time.";

/// A cloud of our own. Several threads may ask at once.
pub struct OwnCloud {
    pub(super) feeds: Feeds,
    pub(super) crier: Arc<Crier>,
    pub(super) announced: Announced,
    pub(super) rates: Rates,
    /// The fetcher of the feeds, where they are fetched.
    pub(super) fetching: Option<Fetching>,
    pub(super) checks: Workers<Checks>,
    pub(super) _lock: Option<Lock>,
}

impl OwnCloud {
    /// Answers a POST to `pleaseNotify`, once the callback was tried.
    pub fn please_notify(&self, request: &Request) -> Answer {
        let form = Form::accepted(request.header("accept").unwrap_or_default());
        match PleaseNotify::from_form(&request.form()) {
            Ok(asked) => self.try_callback(request, asked, form),
            Err(error) => refused(error.to_string(), form).into(),
        }
    }

    /// Answers a POST to `ping`, once the feed was read. If it has changed since it was announced
    /// last, its subscribers are told, and not waited for.
    pub fn ping(&self, request: &Request) -> Answer {
        let form = Form::accepted(request.header("accept").unwrap_or_default());
        let fields = request.form();
        match cloud::pinged(&fields) {
            Ok(url) => self.pinged(request, url, form),
            Err(error) => respond(cloud::ping_result(Err(error.to_string()), form)).into(),
        }
    }

    /// Answers a `call` by XML-RPC in `request`, if its method is one of rssCloud's:
    /// as [`OwnCloud::please_notify`] and [`OwnCloud::ping`] do, with the boolean 1 or a fault.
    pub fn rpc(&self, request: &Request, call: &Call) -> Option<Answer> {
        let form = Form::XmlRpc;
        Some(match cloud_rpc::asked(call)? {
            Ok(Asked::Hello) => respond(cloud::hello_result()).into(),
            Ok(Asked::PleaseNotify(asked)) => self.try_callback(request, asked, form),
            Ok(Asked::Ping(url)) => self.pinged(request, &url, form),
            Err(error) => refused(error.to_string(), form).into(),
        })
    }

    /// Answers a ping for the feed at `url`.
    fn pinged(&self, request: &Request, url: &str, form: Form) -> Answer {
        let caller = request.peer;
        // A program on this machine, `send` above all, pings for each message; and reading our own
        // feeds costs little.
        let is_neighbour = self.fetching.is_none() && is_here(request);
        if !is_neighbour && !self.rates.admit(caller, Asking::Ping, Instant::now()) {
            let refusal = Err(cloud::TOO_MANY_PINGS.to_owned());
            return respond(cloud::ping_result(refusal, form)).into();
        }
        match &self.fetching {
            Some(fetching) => fetching.ping(url, form),
            None => respond(cloud::ping_result(self.announce(url), form)).into(),
        }
    }

    /// Answers a registration, once its callback was tried.
    fn try_callback(&self, request: &Request, asked: PleaseNotify, form: Form) -> Answer {
        let caller = request.peer;
        if !self.rates.admit(caller, Asking::Register, Instant::now()) {
            return refused(cloud::TOO_MANY.to_owned(), form).into();
        }
        let caller = caller.to_canonical();
        if asked.is_elsewhere(&caller.to_string()) {
            return refused(cloud::ELSEWHERE.to_owned(), form).into();
        }
        let callback = match asked.callback(&caller.to_string()) {
            Ok(callback) => callback,
            Err(error) => return refused(error.to_string(), form).into(),
        };
        if let Some(first) = asked.feeds.first()
            && !asked.feeds.iter().any(|feed| self.feeds.admit(feed))
        {
            return refused(cloud::unreadable(first.as_str()), form).into();
        }
        let (promise, answer) = Answer::later(WAIT, refused(UNTRIED.to_owned(), form));
        let check = Check {
            caller: neighbourhood(caller),
            callback,
            is_challenged: asked.is_challenged(),
            protocol: asked.protocol,
            hosts: self.feeds.hosts(&asked.feeds),
            feeds: asked.feeds,
            form,
            promise,
        };
        self.checks.change(|checks| checks.push(check));
        answer
    }

    /// Tells the subscribers of all feeds that have changed without a ping: the writer that should
    /// have pinged may have died, and so may we with something to tell. The state of the feeds
    /// before we began is not known: the first time, all subscribers are told. A feed that is
    /// fetched is looked at only if it has not been since we began.
    pub fn look(&self) {
        for feed in self.crier.subscriptions.feeds() {
            if let Some(fetching) = &self.fetching {
                fetching.look(feed);
            } else if self.announce(feed.as_str()).is_err() {
                log::debug!("{} cannot be read", feed.shortened());
            }
        }
    }

    /// Tells nobody any more, tries no callback and fetches nothing. Calls under way are not waited
    /// for.
    pub fn stop(&self) {
        self.checks.stop();
        if let Some(fetching) = &self.fetching {
            fetching.stop();
        }
        self.crier.stop();
    }

    /// Tells the subscribers of the feed of the home that stands at `url`, if it has changed.
    fn announce(&self, url: &str) -> std::result::Result<(), String> {
        let unreadable = || cloud::ping_unreadable(url);
        let feed: Url = url.parse().map_err(|_| unreadable())?;
        let Feeds::OfHome(feeds) = &self.feeds else { return Err(unreadable()) };
        let own = feeds.find(&feed).ok_or_else(unreadable)?;
        if self.announced.is_new(&feed, &own.path).map_err(|_| unreadable())? {
            self.crier.cry(&feed, own.is_card);
        }
        Ok(())
    }
}

/// Whether a program on this machine asks, and no proxy for somebody.
fn is_here(request: &Request) -> bool {
    request.peer.to_canonical().is_loopback() && !request.is_forwarded()
}
