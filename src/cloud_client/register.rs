//! Registering with the clouds of contacts, which then tell us that a feed changed (PROTOCOL §10).

use jiff::Timestamp;

use super::ask::No;
use super::named::NamedCloud;
use crate::error::Result;
use crate::protocol::Random;
use crate::protocol::calls::cloud::{PleaseNotify, Protocol};
use crate::protocol::feed::channel::HTTPS;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::web::network::Network;
use crate::store::contact::entry::Contact;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::store::subscriptions::lease::Lease;
use crate::transport::client::Client;

/// The folder of callbacks, below the base URL.
pub const NOTIFY: &str = "notify/";

/// When to register for the feed of `contact`, as things stand at `now`: never without a cloud, or
/// where no callback would reach us.
pub fn when(config: &Config, contact: &Contact, now: Timestamp) -> Option<Timestamp> {
    let cloud = contact.theirs.cloud.as_ref().filter(|_| !contact.blocked)?;
    let base = config.base_url.as_ref().filter(|_| config.bind.is_some())?;
    let lease = contact.lease.as_ref().filter(|lease| fits(lease, cloud, contact, base));
    Some(lease.filter(|lease| !lease.is_due(now)).map_or(now, |lease| lease.next))
}

fn fits(lease: &Lease, cloud: &Url, contact: &Contact, base: &Url) -> bool {
    let folder = base.join(NOTIFY);
    lease.cloud == *cloud
        && lease.feed == contact.feed
        && folder.is_ok_and(|folder| lease.callback.as_str().starts_with(folder.as_str()))
}

/// Registers for the feed of the contact called `name`, if it is time. `expect` is told of the
/// callback before the cloud can try it. Returns whether the cloud agreed, if it was asked.
///
/// # Errors
/// When the contact cannot be read or written.
pub fn renew(
    identity: &Identity,
    network: &Network,
    now: Timestamp,
    rng: &mut Random,
    name: &str,
    expect: impl FnOnce(&Contact),
) -> Result<Option<bool>> {
    let Some(contact) = prepare(identity, now, rng, name)? else { return Ok(None) };
    expect(&contact);
    let Some(lease) = contact.lease else { return Ok(None) };
    let answer = register(network, &lease);
    if let Err(why) = &answer {
        log::info!("the cloud {} does not register us: {why}", lease.cloud.authority());
    }
    let locked = identity.lock(now)?;
    let mut contact = Contact::load(&locked.home, name)?;
    let Some(own) = contact.lease.as_mut().filter(|own| own.callback == lease.callback) else {
        return Ok(None);
    };
    let granted = answer.is_ok();
    match answer {
        Ok(protocol) => own.granted(&protocol, now),
        Err(why) => own.failed(why, now),
    }
    contact.save(&locked, name)?;
    Ok(Some(granted))
}

/// The contact with a lease that is due, on disk before anybody hears of its callback.
fn prepare(
    identity: &Identity,
    now: Timestamp,
    rng: &mut Random,
    name: &str,
) -> Result<Option<Contact>> {
    let locked = identity.lock(now)?;
    let mut contact = Contact::load(&locked.home, name)?;
    let now = locked.now;
    let is_due = when(&locked.config, &contact, now).is_some_and(|when| when <= now);
    let Some(cloud) = contact.theirs.cloud.clone().filter(|_| is_due) else { return Ok(None) };
    let base = locked.config.base()?;
    if !contact.lease.as_ref().is_some_and(|lease| fits(lease, &cloud, &contact, base)) {
        let callback = base.join(&format!("{NOTIFY}{}", Token::new(rng)))?;
        contact.lease = Some(Lease::new(cloud, contact.feed.clone(), callback, now));
        contact.save(&locked, name)?;
    }
    Ok(Some(contact))
}

fn register(network: &Network, lease: &Lease) -> std::result::Result<Protocol, String> {
    let client = network.client().map_err(|error| error.to_string())?;
    let known = lease.protocol.as_deref();
    let cloud = NamedCloud::Forms(lease.cloud.clone());
    please_notify(&client, &cloud, &lease.feed, &lease.callback, known).map_err(|no| no.to_string())
}

/// Asks `cloud` to call `callback` when `feed` changes. A cloud
/// that refuses is asked once more by the other name of the same protocol, if it has one; first by
/// the one that is `known` to work, a word such as `https-post`. Returns the protocol that it took.
///
/// # Errors
/// As [`super::ask::ask`], for the first name.
pub fn please_notify(
    client: &Client,
    cloud: &NamedCloud,
    feed: &Url,
    callback: &Url,
    known: Option<&str>,
) -> std::result::Result<Protocol, No> {
    let mut refusal = None;
    for protocol in protocols(callback, known) {
        match cloud.please_notify(client, &wish(feed, callback, protocol.clone())) {
            Ok(()) => return Ok(protocol),
            Err(No::Refused(words)) => drop(refusal.get_or_insert(words)),
            Err(no) => return Err(no),
        }
    }
    Err(No::Refused(refusal.unwrap_or_default()))
}

fn wish(feed: &Url, callback: &Url, protocol: Protocol) -> PleaseNotify {
    PleaseNotify {
        port: callback.port(),
        path: callback.path_and_query().to_owned(),
        protocol,
        domain: Some(callback.host().to_owned()),
        feeds: vec![feed.clone()],
    }
}

/// The protocols by which `callback` can be called, in the order in which to ask for them. Most
/// clouds take 443 with `http-post` as https (PROTOCOL §3). At any other port `http-post` would
/// have the callback called, secret path and all, in the clear.
fn protocols(callback: &Url, known: Option<&str>) -> Vec<Protocol> {
    let mut protocols = match (callback.as_str().starts_with("https:"), callback.port()) {
        (false, _) => vec![Protocol::HttpPost],
        (true, HTTPS) => vec![Protocol::HttpPost, Protocol::HttpsPost],
        (true, _) => vec![Protocol::HttpsPost],
    };
    protocols.sort_by_key(|protocol| known != Some(protocol.as_str()));
    protocols
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::channel::{self, Channel, cloud_of};

    fn url(text: &str) -> Url {
        Url::normalized(text).unwrap()
    }

    fn named(protocol: &str, domain: &str, port: u16, path: &str) -> Channel {
        let cloud = channel::Cloud {
            domain: domain.to_owned(),
            port,
            path: path.to_owned(),
            register_procedure: String::new(),
            protocol: protocol.to_owned(),
        };
        Channel { cloud: Some(cloud), ..Channel::default() }
    }

    #[test]
    fn the_element_tells_the_scheme_by_port_and_protocol() {
        for (protocol, port, expected) in [
            ("http-post", 443, Some("https://a.example/pleaseNotify")),
            ("https-post", 443, Some("https://a.example/pleaseNotify")),
            ("https-post", 5337, Some("https://a.example:5337/pleaseNotify")),
            ("http-post", 80, Some("http://a.example/pleaseNotify")),
            ("http-post", 5337, Some("http://a.example:5337/pleaseNotify")),
            ("xml-rpc", 80, None),
            ("soap", 80, None),
        ] {
            for path in ["/pleaseNotify", "pleaseNotify"] {
                let channel = named(protocol, "a.example", port, path);
                let found = cloud_of(&channel, &url("https://b.example/f"), true);
                assert_eq!(found, expected.map(url), "{protocol} {port}");
            }
        }
    }

    #[test]
    fn only_the_cloud_of_the_feeds_own_host_learns_its_url() {
        let feed = url("https://a.example/f/x.rss");
        let mut channel = named("http-post", "a.example", 443, "/pleaseNotify");
        channel.source_cloud = Some(url("https://b.example/pleaseNotify"));
        assert_eq!(cloud_of(&channel, &feed, false), Some(url("https://a.example/pleaseNotify")));
        assert_eq!(cloud_of(&channel, &feed, true), channel.source_cloud);
        channel.cloud = None;
        assert_eq!(cloud_of(&channel, &feed, false), None);
        let spoofed = named("http-post", "a.example@b.example", 443, "/x");
        assert_eq!(cloud_of(&spoofed, &feed, true), None);
    }

    #[test]
    fn the_callback_is_asked_for_as_clouds_understand_it() {
        let (http, https) = (Protocol::HttpPost, Protocol::HttpsPost);
        for (callback, known, protocols, port) in [
            ("https://b.example/notify/t", None, vec![&http, &https], 443),
            ("https://b.example/notify/t", Some("http-post"), vec![&http, &https], 443),
            ("https://b.example/notify/t", Some("https-post"), vec![&https, &http], 443),
            ("https://b.example/notify/t", Some("soap"), vec![&http, &https], 443),
            ("https://b.example:8443/notify/t", Some("http-post"), vec![&https], 8443),
            ("http://127.0.0.1:8470/notify/t", Some("https-post"), vec![&http], 8470),
            ("http://b.example:443/?notify=t", None, vec![&http], 443),
        ] {
            let found = super::protocols(&url(callback), known);
            assert_eq!(found.iter().collect::<Vec<_>>(), protocols, "{callback}");
            for protocol in found {
                let asked = wish(&url("https://a.example/f"), &url(callback), protocol);
                assert_eq!(asked.port, port);
                // A cloud cannot tell http at the port of https from https.
                let understood = callback.replace("http://b.example:443/", "https://b.example/");
                assert_eq!(asked.callback("192.0.2.1").unwrap(), url(&understood));
            }
        }
    }
}
