//! Addresses: whatever a person gives, it leads to a card (PROTOCOL §7).

use std::net::IpAddr;

use crate::error::{Context, Error, Kind, Result};
use crate::protocol::feed::channel::{Channel, HandshakeElement};
use crate::protocol::feed::{page, strangers, webfinger};
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::entry::Trust;
use crate::store::waiting::invitations::Addressee;
use jiff::Timestamp;

/// Finds the card that `address` leads to, and the certificate that it carries.
///
/// # Errors
/// When it leads to none, or card and certificate do not agree.
pub fn resolve(network: &Network, now: Timestamp, address: &str) -> Result<Addressee> {
    let url = match address.split_once('@') {
        Some((_, host)) if !address.contains("://") => finger(network, address, host)?,
        _ => typed(network, address)?,
    };
    let (found, channel) = feed_with_key(network, &url)?;
    Ok(Addressee { address: Some(address.to_owned()), ..card(network, now, &found, channel)? })
}

/// Fetches the card at `url` as it is now.
///
/// # Errors
/// When there is none, or it does not name itself.
pub fn card_at(network: &Network, now: Timestamp, url: &Url) -> Result<Addressee> {
    let channel = feed(network, url)?;
    let handshake = handshake_of(url, &channel)?;
    if handshake.card != *url {
        return Err(Error::cannot(format!("the card {url} does not name itself")));
    }
    addressee(network, now, handshake, &channel)
}

/// A URL as a person types it: `https://` may be missing, and is `http://` for a host that is
/// allowed by its address.
fn typed(network: &Network, address: &str) -> Result<Url> {
    let text = if address.contains("://") {
        address.to_owned()
    } else {
        format!("{}://{address}", scheme(network, address)?)
    };
    Url::normalized(&text).map_err(|cause| no_address(address).because(cause))
}

fn no_address(text: &str) -> Error {
    Error::usage(format!("`{}` is no address", text.escape_debug()))
        .hint("an address is a URL, or like mary@mary.example")
}

fn scheme(network: &Network, address: &str) -> Result<&'static str> {
    let authority = address.split('/').next().unwrap_or_default();
    let host =
        authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    let ip = host
        .parse::<IpAddr>()
        .ok()
        .or((host == "localhost").then_some(IpAddr::from([127, 0, 0, 1])));
    let guard = network.guard()?;
    Ok(if ip.is_some_and(|ip| guard.permits(ip, false).is_ok()) { "http" } else { "https" })
}

/// WebFinger (RFC 7033).
fn finger(network: &Network, address: &str, host: &str) -> Result<Url> {
    let delimits = |c: char| c.is_whitespace() || "/?#&+%\\".contains(c);
    if host.is_empty() || address.starts_with('@') || address.contains(delimits) {
        return Err(no_address(address));
    }
    let scheme = scheme(network, host)?;
    let url = Url::normalized(&format!(
        "{scheme}://{host}/.well-known/webfinger?resource=acct:{address}"
    ))
    .map_err(|cause| no_address(address).because(cause))?;
    let document = fetch::document(network, &url, limits::STRANGER)?;
    webfinger::parse(&document.bytes, &format!("acct:{address}"))
        .or_cannot(|| format!("`{address}` cannot be found at {}", url.authority()))
}

fn feed(network: &Network, url: &Url) -> Result<Channel> {
    let document = fetch::document(network, url, limits::STRANGER)?;
    strangers::channel(&document.bytes).or_cannot(|| format!("cannot read {}", url.shortened()))
}

/// The feed at `url`, or the first of those that the page there links to which has our elements.
fn feed_with_key(network: &Network, url: &Url) -> Result<(Url, Channel)> {
    let document = fetch::document(network, url, limits::STRANGER)?;
    let not_a_feed = match strangers::channel(&document.bytes) {
        Ok(channel) => return Ok((url.clone(), channel)),
        Err(error) => error,
    };
    let linked = page::feeds_linked_from(&document.bytes, &document.url);
    for linked in &linked {
        let channel = feed(network, linked).ok();
        if let Some(channel) = channel.filter(|c| c.key.is_some() && c.handshake.is_some()) {
            return Ok((linked.clone(), channel));
        }
    }
    let error = Error::cannot(format!("{} leads to no card", url.shortened()));
    if linked.is_empty() {
        return Err(error
            .because(not_a_feed)
            .hint("is it the address of somebody who uses cloudim?"));
    }
    Err(error.hint("the feeds that the page links to have no im:pgpKey and im:handshake"))
}

/// From the feed that was found to the card that it names: itself, or one hop further.
fn card(network: &Network, now: Timestamp, found: &Url, channel: Channel) -> Result<Addressee> {
    let handshake = handshake_of(found, &channel)?;
    if handshake.card == *found {
        return addressee(network, now, handshake, &channel);
    }
    card_at(network, now, &handshake.card)
}

fn handshake_of<'a>(url: &Url, channel: &'a Channel) -> Result<&'a HandshakeElement> {
    channel.handshake.as_ref().ok_or_else(|| {
        Error::cannot(format!(
            "{} is a feed, but names no card: it has no im:handshake",
            url.shortened()
        ))
    })
}

fn addressee(
    network: &Network,
    now: Timestamp,
    handshake: &HandshakeElement,
    channel: &Channel,
) -> Result<Addressee> {
    let card = &handshake.card;
    let key = channel
        .key
        .as_ref()
        .ok_or_else(|| Error::cannot(format!("the card {card} has no im:pgpKey")))?;
    let (certificate, key_hash) = fetch::certificate(network, key, now)?;
    certificate.usable(now).map_err(|why| {
        Error::new(Kind::Trust, format!("the certificate at {} {why}", key.url))
            .hint("ask its owner to publish a new one")
    })?;
    Ok(Addressee {
        address: None,
        card: card.clone(),
        fingerprint: key.fingerprint.clone(),
        trust: Trust::FirstUse,
        certificate: certificate.to_armored(),
        key: key.url.clone(),
        key_hash,
        feeds: handshake.feeds.clone(),
        handshake: handshake.url.clone(),
        claimed_name: Some(channel.title.clone()).filter(|title| !title.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::protocol::feed::card;
    use crate::session::testing::{Host, Person};
    use crate::writing::content::frame;

    /// John, who may read on this machine, and Mary, who lives at `host`.
    fn people(host: &Host) -> (Person, Person) {
        let (mut john, mary) = (Person::called("John"), Person::at("Mary", &host.base));
        john.set("allow = [\"127.0.0.0/8\"]");
        host.put("key.asc", mary.certificate().to_armored());
        host.put("card.rss", card(&mary).write());
        (john, mary)
    }

    /// Mary's card.
    fn card(mary: &Person) -> Channel {
        let identity = &mary.run.identity;
        let base = identity.config.base().unwrap();
        let key = frame::key_element(identity, &mary.run.keys).unwrap();
        let (card, feeds) = (base.join("card.rss").unwrap(), base.join("f/").ok());
        let handshake = HandshakeElement { url: None, card, feeds };
        card::channel("Mary", base, key, handshake, None, None, None)
    }

    fn resolved(john: &Person, address: &str) -> Result<Addressee> {
        resolve(&john.run.network, john.now(), address)
    }

    #[test]
    fn https_may_be_left_out_and_is_http_for_a_host_that_is_allowed_by_its_address() {
        let mut john = Person::called("John");
        let read = |john: &Person, text| typed(&john.run.network, text).unwrap().to_string();
        assert_eq!(read(&john, "mary.example/x"), "https://mary.example/x");
        assert_eq!(read(&john, "http://mary.example/x"), "http://mary.example/x");
        for local in ["127.0.0.1:8470/x", "localhost:8470/x", "[::1]:8470/x"] {
            assert_eq!(read(&john, local), format!("https://{local}"));
        }
        john.set("allow = [\"127.0.0.0/8\", \"::1/128\"]");
        for local in ["127.0.0.1:8470/x", "localhost:8470/x", "[::1]:8470/x"] {
            assert_eq!(read(&john, local), format!("http://{local}"));
        }
        assert_eq!(read(&john, "10.0.0.1/x"), "https://10.0.0.1/x");
    }

    #[test]
    fn what_is_no_address_is_refused_before_anybody_is_asked() {
        let john = Person::called("John");
        for bad in ["", "@mary.example", "mary@", "mary@a/b", "mary@a?b", "ma ry@a.example"] {
            let refused = resolved(&john, bad).unwrap_err();
            assert_eq!(refused.kind, Kind::Usage, "{bad}: {refused}");
        }
    }

    #[test]
    fn a_card_is_found_by_itself_by_a_feed_that_names_it_by_a_page_and_by_webfinger() {
        let host = Host::start();
        let (john, mary) = people(&host);
        let card_url = format!("{}card.rss", host.base);
        host.put("blog.rss", Channel { title: "Blog".to_owned(), ..card(&mary) }.write());
        let link = r#"<link rel="alternate" type="application/rss+xml" href="blog.rss">"#;
        host.put("", format!("<html><head>{link}</head></html>"));
        let authority = host.base.trim_start_matches("http://").trim_end_matches('/');
        let account = format!("mary@{authority}");
        let found = webfinger::write(&format!("acct:{account}"), &card_url.parse().unwrap());
        host.put(".well-known/webfinger", found);
        let at = |path: &str| format!("{}{path}", host.base);
        for address in [at("card.rss"), at("blog.rss"), at(""), authority.to_owned(), account] {
            let to = resolved(&john, &address).unwrap();
            assert_eq!(to.address, Some(address));
            assert_eq!(to.card.as_str(), card_url);
            assert_eq!(to.fingerprint, mary.certificate().fingerprint());
            assert_eq!(to.claimed_name.as_deref(), Some("Mary"));
        }
    }

    #[test]
    fn what_leads_to_no_card_is_refused_with_the_reason() {
        let host = Host::start();
        let (john, mary) = people(&host);
        let named = |path: &str| {
            let card = format!("{}{path}", host.base).parse().unwrap();
            Some(HandshakeElement { url: None, card, feeds: None })
        };
        let plain = Channel { handshake: None, ..card(&mary) };
        host.put("plain.rss", plain.write());
        host.put("page", "<html></html>");
        host.put(
            "keyless.rss",
            Channel { key: None, handshake: named("keyless.rss"), ..card(&mary) }.write(),
        );
        host.put("blog.rss", Channel { handshake: named("moved.rss"), ..card(&mary) }.write());
        host.put("moved.rss", card(&mary).write());
        for (path, words) in [
            ("plain.rss", "names no card"),
            ("page", "leads to no card"),
            ("keyless.rss", "has no im:pgpKey"),
            ("blog.rss", "does not name itself"),
        ] {
            let refused = resolved(&john, &format!("{}{path}", host.base)).unwrap_err();
            assert!(refused.message.contains(words), "{refused}");
        }
    }

    #[test]
    fn a_card_with_another_key_than_it_names_or_with_one_that_ended_is_refused() {
        let host = Host::start();
        let (john, mut mary) = people(&host);
        let address = format!("{}card.rss", host.base);
        mary.change_key(|key, now, rng| key.revoked(Reason::Retired, now, rng).unwrap());
        host.put("key.asc", mary.certificate().to_armored());
        let changed = resolved(&john, &address).unwrap_err();
        assert_eq!(changed.kind, Kind::Network, "it may be being replaced");
        host.put("card.rss", card(&mary).write());
        let ended = resolved(&john, &address).unwrap_err();
        assert_eq!(ended.kind, Kind::Trust);
        assert!(ended.message.contains("is revoked"), "{ended}");
        let mut other = card(&mary);
        let key = other.key.as_mut().unwrap();
        (key.fingerprint, key.hash) = (john.certificate().fingerprint(), None);
        host.put("card.rss", other.write());
        let another = resolved(&john, &address).unwrap_err();
        assert_eq!(another.kind, Kind::Trust);
        assert!(another.message.contains("holds the key"), "{another}");
    }
}
