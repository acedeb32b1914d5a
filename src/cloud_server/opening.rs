//! Making a cloud: for the feeds of a home, or one that stands alone.

use std::sync::Arc;

use super::callbacks::checks::Checks;
use super::callbacks::verifier::Verifier;
use super::feeds::announced::Announced;
use super::feeds::fetching::Fetching;
use super::feeds::own_feeds::OwnFeeds;
use super::feeds::reader::Reader;
use super::feeds::scope::Scope;
use super::feeds::served::Feeds;
use super::own_cloud::OwnCloud;
use super::rates::Rates;
use super::telling::crier::Crier;
use super::workers;
use crate::error::{Error, Kind, Result};
use crate::protocol::values::url::Url;
use crate::session::web::clients::Clients;
use crate::session::web::network::Network;
use crate::session::world::{Clock, Randomness};
use crate::store;
use crate::store::disk::home::Home;
use crate::store::disk::lock::Lock;
use crate::store::identity::config::Cloud;
use crate::store::identity::own::Identity;
use crate::store::subscriptions::Subscriptions;

/// Threads that try callbacks.
const VERIFIERS: usize = 8;
impl OwnCloud {
    /// The cloud that the settings ask for: none unless they say `cloud = "self"` and there is a
    /// base URL.
    ///
    /// # Errors
    /// When another process is a cloud for this home, the subscriptions cannot be read, or
    /// `allow_callbacks` in the settings names no network.
    pub fn open(
        identity: &Identity,
        network: &Network,
        clock: &Clock,
        randomness: &Randomness,
    ) -> Result<Option<Arc<Self>>> {
        let (Some(base), Cloud::Own) = (&identity.config.base_url, &identity.config.cloud) else {
            return Ok(None);
        };
        let lock = lock(&identity.home)?;
        let (home, base) = (identity.home.clone(), base.clone());
        let (callbacks, now) = (network.callback_clients()?, clock.clone());
        Self::of_home(home, base, callbacks, now, randomness.clone(), Some(lock)).map(Some)
    }

    /// A cloud that stands alone, for the feeds below the base URL, wherever they are served; or if
    /// it is `open`, for any feed that the guard lets us fetch.
    ///
    /// # Errors
    /// When there is no base URL and it is not open; else as [`OwnCloud::open`].
    pub fn alone(
        identity: &Identity,
        network: &Network,
        clock: &Clock,
        randomness: &Randomness,
        open: bool,
    ) -> Result<Arc<Self>> {
        let base = identity.config.base_url.clone();
        if base.is_none() && !open {
            return Err(Error::cannot("there is no base URL, hence no feed to be the cloud of")
                .hint("set base_url in config.toml, or serve any feed with --open"));
        }
        let lock = lock(&identity.home)?;
        let (callbacks, now) = (network.callback_clients()?, clock.clone());
        let subscriptions = Arc::new(Subscriptions::open(&identity.home, now.now())?);
        let crier = Arc::new(Crier::new(callbacks.clone(), subscriptions, now));
        let scope = Scope { base, open };
        let clients = if open { network.strangers_clients() } else { network.clients() };
        let reader = Arc::new(Reader::new(scope, clients?, Arc::clone(&crier)));
        let fetching = Fetching::new(Arc::clone(&reader));
        let verifier = Verifier {
            feeds: Feeds::Fetched(reader),
            clients: callbacks,
            crier,
            randomness: randomness.clone(),
        };
        Ok(Self::with(verifier, Some(fetching), Some(lock)))
    }

    /// The cloud for the feeds that lie in `home` and stand below `base`. Only one process may
    /// have one for a home.
    ///
    /// # Errors
    /// When the subscriptions cannot be read.
    pub fn new(
        home: Home,
        base: Url,
        callbacks: Clients,
        now: Clock,
        randomness: Randomness,
    ) -> Result<Arc<Self>> {
        Self::of_home(home, base, callbacks, now, randomness, None)
    }

    fn of_home(
        home: Home,
        base: Url,
        clients: Clients,
        now: Clock,
        randomness: Randomness,
        lock: Option<Lock>,
    ) -> Result<Arc<Self>> {
        let subscriptions = Arc::new(Subscriptions::open(&home, now.now())?);
        let crier = Arc::new(Crier::new(clients.clone(), subscriptions, now));
        let feeds = Feeds::OfHome(OwnFeeds { home, base });
        Ok(Self::with(Verifier { feeds, clients, crier, randomness }, None, lock))
    }

    fn with(verifier: Verifier, fetching: Option<Fetching>, lock: Option<Lock>) -> Arc<Self> {
        let (feeds, crier) = (verifier.feeds.clone(), Arc::clone(&verifier.crier));
        let check = move |check| verifier.check(check);
        let checks = workers::employ(VERIFIERS, Checks::default(), check);
        let announced = Announced::default();
        let rates = Rates::new();
        Arc::new(Self { feeds, crier, announced, rates, fetching, checks, _lock: lock })
    }
}

/// Takes the lock of the home's cloud.
fn lock(home: &Home) -> Result<Lock> {
    home.serving_cloud().map_err(|error| match error {
        store::Error::Busy(_) => {
            Error::new(Kind::Busy, "another cloudim is the cloud of this home already").hint(
                "`cloud run` is one, and so is `listen` with cloud = \"self\": end one of them",
            )
        }
        other => other.into(),
    })
}
