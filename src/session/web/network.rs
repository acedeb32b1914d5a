//! How far a run reaches: the clients, and the networks that they may speak to.

use std::cell::OnceCell;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::clients::Clients;
use super::meter::Meter;
use crate::error::{Error, Result};
use crate::protocol::values::url::Url;
use crate::store::identity::config::Config;
use crate::transport::client::Client;
use crate::transport::egress::{self, Guard};

/// Feeds that are fetched at once.
pub const AT_ONCE: usize = 16;

/// The network, as the settings let a run reach it.
#[derive(Clone)]
pub struct Network {
    config: Config,
    /// The deadline of one request.
    timeout: Duration,
    /// The feeds that are fetched at once.
    at_once: usize,
    client: OnceCell<Client>,
}

impl Network {
    /// The network that `config` opens; each request has `timeout`.
    pub fn of(config: &Config, timeout: Duration) -> Self {
        Self { config: config.clone(), timeout, at_once: AT_ONCE, client: OnceCell::new() }
    }

    /// The same network; `most` feeds are fetched at once. One after the other they come in the same
    /// order each time.
    #[must_use]
    pub fn at_once(self, most: usize) -> Self {
        Self { at_once: most, ..self }
    }

    /// How many feeds may be fetched at once.
    pub fn most_at_once(&self) -> usize {
        self.at_once
    }

    /// The deadline of one request.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The client for requests that leave this machine.
    ///
    /// # Errors
    /// When `allow` in the settings names no network.
    pub fn client(&self) -> Result<Client> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = Client::behind(self.guard()?, self.timeout);
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// Gives each request from now on `patience` at most.
    ///
    /// # Errors
    /// As [`Network::client`].
    pub fn hurry(&mut self, patience: Duration) -> Result<()> {
        self.timeout = self.timeout.min(patience);
        self.client = OnceCell::from(self.client()?.within(self.timeout));
        Ok(())
    }

    /// The clients for feeds of any kind, and the clouds of these.
    ///
    /// # Errors
    /// As [`Network::client`].
    pub fn clients(&self) -> Result<Clients> {
        Ok(Clients::new(self.guard()?, self.timeout))
    }

    /// The clients for feeds that strangers name: of each address they fetch 64 MiB in an hour at
    /// most, whatever names lead there.
    ///
    /// # Errors
    /// As [`Network::client`].
    pub fn strangers_clients(&self) -> Result<Clients> {
        Ok(Clients::new(self.guard()?.with_toll(Arc::new(Meter::of_bytes())), self.timeout))
    }

    /// The clients for callbacks that strangers name: what `allow` opens for feeds is not open for
    /// these, and each address is called 300 times at once and 3,600 times in an hour at most.
    ///
    /// # Errors
    /// When `allow_callbacks` in the settings names no network.
    pub fn callback_clients(&self) -> Result<Clients> {
        let allowed = self.allowed("allow_callbacks", &self.config.allow_callbacks)?;
        let guard = Guard::new(allowed).with_toll(Arc::new(Meter::of_requests()));
        Ok(Clients::new(guard, self.timeout))
    }

    /// The guard that stands before every request.
    ///
    /// # Errors
    /// As [`Network::client`].
    pub fn guard(&self) -> Result<Guard> {
        Ok(Guard::new(self.allowed("allow", &self.config.allow)?))
    }

    /// Returns whether `url` is https, or names an address that is allowed by plain http.
    pub fn permits(&self, url: &Url) -> bool {
        let local = (url.host() == "localhost").then_some(Ipv4Addr::LOCALHOST.into());
        let ip = local.or_else(|| egress::literal(url.host()));
        let lists = |ip| self.guard().is_ok_and(|guard| guard.lists(ip));
        url.as_str().starts_with("https://") || ip.is_some_and(lists)
    }

    /// The networks that are let through: those `named` under `key` in the settings, and loopback
    /// for an identity that lives there itself.
    fn allowed(&self, key: &str, named: &[String]) -> Result<Vec<egress::Network>> {
        let mut allowed = networks(key, named)?;
        if self.config.base_url.as_ref().is_some_and(lives_on_loopback) {
            allowed.extend(
                ["127.0.0.0/8", "::1/128"]
                    .iter()
                    .filter_map(|network| network.parse::<egress::Network>().ok()),
            );
        }
        Ok(allowed)
    }

    /// The proxies in front of our server that are believed.
    ///
    /// # Errors
    /// When `trusted_proxies` in the settings names no network.
    pub fn trusted_proxies(&self) -> Result<Vec<egress::Network>> {
        networks("trusted_proxies", &self.config.trusted_proxies)
    }
}

/// Whether `base` names this machine: by its name or by an address. Any other name leads where its owner
/// wants, whatever it begins with.
fn lives_on_loopback(base: &Url) -> bool {
    let address = egress::literal(base.host());
    let is_loopback = address.is_some_and(|address| address.to_canonical().is_loopback());
    base.host() == "localhost" || is_loopback
}

/// The networks that the setting `key` names.
fn networks(key: &str, named: &[String]) -> Result<Vec<egress::Network>> {
    let network = |text: &String| {
        let parsed = text.parse::<egress::Network>();
        parsed
            .map_err(|cause| Error::cannot(format!("cannot use `{text}` in {key}")).because(cause))
    };
    named.iter().map(network).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn network(settings: &str) -> Network {
        let text = format!("name = \"x\"\n{settings}");
        let config = Config::parse(&text, Path::new("config.toml")).unwrap();
        Network::of(&config, Duration::from_secs(5))
    }

    #[test]
    fn what_is_open_for_feeds_is_not_open_for_the_callbacks_that_strangers_name() {
        let network = network("allow = [\"10.0.0.0/8\"]\nallow_callbacks = [\"192.168.0.0/16\"]");
        let lists = |clients: Clients| ["10.0.0.1", "192.168.0.1"].map(|host| clients.lists(host));
        assert_eq!(lists(network.clients().unwrap()), [true, false]);
        assert_eq!(lists(network.callback_clients().unwrap()), [false, true]);
    }

    #[test]
    fn this_machine_is_open_to_an_identity_that_lives_on_it_and_to_no_other() {
        for (base, open) in [
            ("http://127.0.0.1:8470/", true),
            ("http://localhost:8470/", true),
            ("http://[::1]:8470/", true),
            ("https://john.example/", false),
            ("https://localhost.example/", false),
            ("https://127.evil.example/", false),
            ("https://127.0.0.1.evil.example/", false),
            ("https://[::ffff:7f00:1]/", true),
            ("http://127.9.9.9/", true),
        ] {
            let network = network(&format!("base_url = \"{base}\""));
            for clients in [network.clients(), network.callback_clients()] {
                let clients = clients.unwrap();
                let lists = ["127.0.0.1", "[::1]"].map(|host| clients.lists(host));
                assert_eq!(lists, [open, open], "{base}");
                assert!(!clients.lists("10.0.0.1"));
            }
        }
        assert!(!network("").clients().unwrap().lists("127.0.0.1"));
    }

    #[test]
    fn plain_http_is_permitted_to_addresses_that_are_allowed() {
        let network = network("allow = [\"10.0.0.0/8\"]");
        for (url, permitted) in [
            ("https://mary.example/x", true),
            ("http://mary.example/x", false),
            ("http://10.1.2.3:8470/x", true),
            ("http://11.1.2.3/x", false),
            ("http://localhost/x", false),
        ] {
            assert_eq!(network.permits(&url.parse().unwrap()), permitted, "{url}");
        }
    }

    #[test]
    fn a_network_that_is_none_is_named_with_its_setting() {
        for setting in ["allow", "allow_callbacks", "trusted_proxies"] {
            let network = network(&format!("{setting} = [\"10.0.0.0/8\", \"everywhere\"]"));
            let refused = match setting {
                "allow" => network.clients().err(),
                "allow_callbacks" => network.callback_clients().err(),
                _ => network.trusted_proxies().err(),
            };
            let message = refused.unwrap().message;
            assert_eq!(message, format!("cannot use `everywhere` in {setting}"));
        }
    }

    #[test]
    fn who_is_in_a_hurry_waits_no_longer_than_before() {
        let mut network = network("");
        network.hurry(Duration::from_secs(9)).unwrap();
        assert_eq!(network.timeout(), Duration::from_secs(5));
        network.hurry(Duration::from_secs(2)).unwrap();
        assert_eq!(network.timeout(), Duration::from_secs(2));
    }
}
