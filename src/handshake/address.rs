//! Addresses: whatever a person gives, it leads to a card (PROTOCOL §7).

use std::net::IpAddr;

use crate::error::{Context, Error, Kind, Result};
use crate::protocol::feed::channel::{Channel, HandshakeElement};
use crate::protocol::feed::{page, strangers, webfinger};
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::fetch;
use crate::session::network::Network;
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
    let (certificate, key_hash) = fetch::certificate(network, key)?;
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
