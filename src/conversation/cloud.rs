//! The cloud of this identity's own feeds: takes registrations and pings, tells the subscribers.
//!
//! It fetches nothing that a stranger names, but for the one call that tries a callback; and that
//! goes through the guard, on threads of its own.

mod announced;
mod checks;
mod deliveries;
mod own_feeds;
mod teller;
mod verifier;
mod workers;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::announced::Announced;
use self::checks::{Check, Checks};
use self::deliveries::{Deliveries, Route};
use self::own_feeds::OwnFeeds;
use self::teller::Teller;
use self::verifier::Verifier;
use self::workers::Workers;
use super::rpc::only_post;
use super::session::Session;
use crate::error::Result;
use crate::protocol::cloud::rpc::{self, Asked};
use crate::protocol::cloud::{self, Form, PleaseNotify};
use crate::protocol::url::Url;
use crate::protocol::xmlrpc::Call;
use crate::store::config::Cloud;
use crate::store::home::Home;
use crate::store::subscriptions::Subscriptions;
use crate::transport::client::Client;
use crate::transport::server::{Answer, Request, Response, neighbourhood};

/// Threads that try callbacks.
const VERIFIERS: usize = 8;
/// How long a registration waits for its answer, when many are before it.
const WAIT: Duration = Duration::from_secs(20);
const UNTRIED: &str =
    "The subscription was cancelled because the handler could not be tested in time.";

/// Tells the present time.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The cloud of this identity's own feeds. Several threads may ask at once.
pub struct OwnCloud {
    feeds: OwnFeeds,
    subscriptions: Arc<Subscriptions>,
    now: Clock,
    announced: Announced,
    checks: Workers<Checks>,
    deliveries: Workers<Deliveries>,
}

impl OwnCloud {
    /// The cloud that the settings ask for: none unless they say `cloud = "self"` and there is a
    /// base URL.
    ///
    /// # Errors
    /// When the subscriptions cannot be read, or `allow` in the settings names no network.
    pub fn open(session: &Session) -> Result<Option<Arc<Self>>> {
        let (Some(base), Cloud::Own) = (&session.config.base_url, &session.config.cloud) else {
            return Ok(None);
        };
        let (home, now) = (session.home.clone(), Arc::clone(&session.world.now));
        Self::new(home, base.clone(), session.client()?, now).map(Some)
    }

    /// The cloud for the feeds that lie in `home` and stand below `base`. Only one process may
    /// have one for a home.
    ///
    /// # Errors
    /// When the subscriptions cannot be read.
    pub fn new(home: Home, base: Url, client: Client, now: Clock) -> Result<Arc<Self>> {
        let subscriptions = Arc::new(Subscriptions::open(&home, now())?);
        let feeds = OwnFeeds { home, base };
        let verifier = Verifier {
            feeds: feeds.clone(),
            client: client.clone(),
            subscriptions: Arc::clone(&subscriptions),
            now: Arc::clone(&now),
        };
        let teller =
            Teller { client, subscriptions: Arc::clone(&subscriptions), now: Arc::clone(&now) };
        let tell = move |notification| teller.tell(notification);
        Ok(Arc::new(Self {
            feeds,
            subscriptions,
            now,
            announced: Announced::default(),
            checks: Workers::new(VERIFIERS, Checks::default(), move |check| verifier.check(check)),
            deliveries: Workers::new(deliveries::THREADS, Deliveries::default(), tell),
        }))
    }

    /// Answers a POST to `pleaseNotify`, once the callback was tried.
    pub fn please_notify(&self, request: &Request) -> Answer {
        if let Some(refusal) = only_post(request) {
            return refusal.into();
        }
        let form = Form::accepted(request.header("accept").unwrap_or_default());
        match PleaseNotify::from_form(&request.form()) {
            Ok(asked) => self.try_callback(request.peer, asked, form),
            Err(error) => refused(error.to_string(), form).into(),
        }
    }

    /// Answers a POST to `ping`. If the feed has changed since it was announced last, its
    /// subscribers are told, and not waited for.
    pub fn ping(&self, request: &Request) -> Response {
        if let Some(refusal) = only_post(request) {
            return refusal;
        }
        let form = Form::accepted(request.header("accept").unwrap_or_default());
        let fields = request.form();
        let url = cloud::pinged(&fields).map_err(|error| error.to_string());
        respond(cloud::ping_result(url.and_then(|url| self.announce(url)), form))
    }

    /// Answers a call by XML-RPC from the address `caller`, if its method is one of rssCloud's:
    /// as [`OwnCloud::please_notify`] and [`OwnCloud::ping`] do, with the boolean 1 or a fault.
    pub fn rpc(&self, caller: IpAddr, call: &Call) -> Option<Answer> {
        let form = Form::XmlRpc;
        Some(match rpc::asked(call)? {
            Ok(Asked::Hello) => respond(cloud::hello_result()).into(),
            Ok(Asked::PleaseNotify(asked)) => self.try_callback(caller, asked, form),
            Ok(Asked::Ping(url)) => respond(cloud::ping_result(self.announce(&url), form)).into(),
            Err(error) => refused(error.to_string(), form).into(),
        })
    }

    /// Answers a registration from the address `caller`, once its callback was tried.
    fn try_callback(&self, caller: IpAddr, asked: PleaseNotify, form: Form) -> Answer {
        let caller = caller.to_canonical();
        let callback = match asked.callback(&caller.to_string()) {
            Ok(callback) => callback,
            Err(error) => return refused(error.to_string(), form).into(),
        };
        if let Some(first) = asked.feeds.first()
            && !asked.feeds.iter().any(|feed| self.feeds.find(feed).is_some())
        {
            return refused(cloud::unreadable(first.as_str()), form).into();
        }
        let (promise, answer) = Answer::later(WAIT, refused(UNTRIED.to_owned(), form));
        let check = Check {
            caller: neighbourhood(caller),
            callback,
            is_challenged: asked.is_challenged(),
            protocol: asked.protocol,
            feeds: asked.feeds,
            form,
            promise,
        };
        self.checks.change(|checks| checks.push(check));
        answer
    }

    /// Tells the subscribers of all feeds that have changed without a ping: who should have pinged
    /// may have died, and so may we with something to tell.
    pub fn look(&self) {
        for feed in self.subscriptions.feeds() {
            if self.announce(feed.as_str()).is_err() {
                log::debug!("{} cannot be read", feed.shortened());
            }
        }
    }

    /// Tells nobody any more, and tries no callback. Calls under way are not waited for.
    pub fn stop(&self) {
        self.checks.stop();
        self.deliveries.stop();
    }

    fn announce(&self, url: &str) -> std::result::Result<(), String> {
        let unreadable = || cloud::ping_unreadable(url);
        let feed: Url = url.parse().map_err(|_| unreadable())?;
        let own = self.feeds.find(&feed).ok_or_else(unreadable)?;
        if !self.announced.is_new(&feed, &own.path).map_err(|_| unreadable())? {
            return Ok(());
        }
        let callbacks = self.subscriptions.callbacks(&feed, (self.now)());
        log::info!("{} changed: {} to tell", feed.shortened(), callbacks.len());
        self.deliveries.change(|deliveries| {
            for callback in callbacks {
                deliveries.announce(Route { feed: feed.clone(), callback }, own.is_card);
            }
        });
        Ok(())
    }
}

fn refused(words: String, form: Form) -> Response {
    respond(cloud::notify_result(Err(words), form))
}

fn respond((kind, body): (&'static str, String)) -> Response {
    Response::new(200, kind, body)
}
