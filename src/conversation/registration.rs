//! Registering with the clouds of contacts, which then tell us that a feed changed (PROTOCOL §10).

use jiff::Timestamp;

use super::asking;
use super::named_cloud::NamedCloud;
use super::session::Session;
use crate::error::Result;
use crate::protocol::channel::{self, Channel};
use crate::protocol::cloud::Protocol;
use crate::protocol::token::Token;
use crate::protocol::url::Url;
use crate::store::contact::Contact;
use crate::store::lease::Lease;

/// The folder of callbacks, below the base URL.
pub const NOTIFY: &str = "notify/";
/// The port that says https where there is no place for the scheme.
pub(super) const HTTPS: u16 = 443;

/// The pleaseNotify URL of the cloud that `channel`, the feed at `feed`, names. Another's cloud
/// would learn the feed's URL, which is a capability: it counts only where `third_party` says so.
pub fn cloud_of(channel: &Channel, feed: &Url, third_party: bool) -> Option<Url> {
    let element = channel.cloud.as_ref().and_then(url_of);
    let named = channel.source_cloud.clone().into_iter().chain(element);
    named.into_iter().find(|url| third_party || url.same_origin(feed))
}

/// RSS has no place for the scheme: by common usage it is told by port or protocol.
fn url_of(cloud: &channel::Cloud) -> Option<Url> {
    let scheme = match cloud.protocol.as_str() {
        "http-post" if cloud.port != HTTPS => "http",
        "http-post" | "https-post" => "https",
        _ => return None,
    };
    element_url(cloud, scheme)
}

/// The URL of which the element `cloud` has the parts.
pub(super) fn element_url(cloud: &channel::Cloud, scheme: &str) -> Option<Url> {
    let path = cloud.path.strip_prefix('/').unwrap_or(&cloud.path);
    Url::normalized(&format!("{scheme}://{}:{}/{path}", cloud.domain, cloud.port)).ok()
}

/// When to register for the feed of `contact`, as things stand at `now`: never without a cloud, or
/// where no callback would reach us.
pub fn when(session: &Session, contact: &Contact, now: Timestamp) -> Option<Timestamp> {
    let cloud = contact.theirs.cloud.as_ref().filter(|_| !contact.blocked)?;
    let base = session.config.base_url.as_ref().filter(|_| session.config.bind.is_some())?;
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
    session: &mut Session,
    name: &str,
    expect: impl FnOnce(&Contact),
) -> Result<Option<bool>> {
    let Some(contact) = prepare(session, name)? else { return Ok(None) };
    expect(&contact);
    let Some(lease) = contact.lease else { return Ok(None) };
    let answer = register(session, &lease);
    if let Err(why) = &answer {
        log::info!("the cloud {} does not register us: {why}", lease.cloud.authority());
    }
    let now = session.now();
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    let Some(own) = contact.lease.as_mut().filter(|own| own.callback == lease.callback) else {
        return Ok(None);
    };
    let granted = answer.is_ok();
    match answer {
        Ok(protocol) => own.granted(&protocol, now),
        Err(why) => own.failed(why, now),
    }
    contact.save(&session.home, name)?;
    Ok(Some(granted))
}

/// The contact with a lease that is due, on disk before anybody hears of its callback.
fn prepare(session: &mut Session, name: &str) -> Result<Option<Contact>> {
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    let now = session.now();
    let is_due = when(session, &contact, now).is_some_and(|when| when <= now);
    let Some(cloud) = contact.theirs.cloud.clone().filter(|_| is_due) else { return Ok(None) };
    let base = session.config.base()?;
    if !contact.lease.as_ref().is_some_and(|lease| fits(lease, &cloud, &contact, base)) {
        let callback = base.join(&format!("{NOTIFY}{}", Token::new(&mut session.rng)))?;
        contact.lease = Some(Lease::new(cloud, contact.feed.clone(), callback, now));
        contact.save(&session.home, name)?;
    }
    Ok(Some(contact))
}

fn register(session: &Session, lease: &Lease) -> std::result::Result<Protocol, String> {
    let client = session.client().map_err(|error| error.to_string())?;
    let known = lease.protocol.as_deref();
    let cloud = NamedCloud::Forms(lease.cloud.clone());
    asking::please_notify(&client, &cloud, &lease.feed, &lease.callback, known)
        .map_err(|no| no.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
