//! Pings: the cloud of our feeds is told that one changed.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::session::Session;
use super::{publish, singles};
use crate::error::{Error, Kind, Result};
use crate::protocol::cloud;
use crate::protocol::token::Token;
use crate::protocol::url::Url;
use crate::store::config::Cloud;
use crate::store::contact::Contact;
use crate::transport::client::Client;

/// Publishes, and tells the cloud of the feeds for the contacts called `changed`, and of those among
/// `names` of which it has yet to be told. A failure is reported, not returned: what was read and
/// written before stands.
///
/// # Errors
/// When a contact cannot be read or written.
pub fn tell(session: &mut Session, mut changed: Vec<String>, names: &[String]) -> Result<()> {
    if let Err(error) = publish::publish(session, false) {
        session.report(&error);
        return Ok(());
    }
    if session.config.read_only || cloud_of(session)?.is_none() {
        return Ok(());
    }
    for name in names {
        if !changed.contains(name) && Contact::load(&session.home, name)?.ours.unpinged {
            changed.push(name.clone());
        }
    }
    changed.iter().try_for_each(|name| ping(session, name))
}

/// Tells the cloud, if there is one, that our feed for the contact called `name` changed. A cloud
/// that cannot be reached is a warning: the next `poll` tries again.
///
/// # Errors
/// When the contact cannot be read or written.
pub fn ping(session: &mut Session, name: &str) -> Result<()> {
    if cloud_of(session)?.is_none() {
        return Ok(());
    }
    let token = Contact::load(&session.home, name)?.ours.token;
    let told = ping_feed(session, &token);
    if let Err(error) = &told {
        session.warn(&format!("the cloud was not told: {error}"));
    }
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    if contact.ours.unpinged == told.is_err() {
        return Ok(());
    }
    contact.ours.unpinged = told.is_err();
    contact.save(&session.home, name)
}

/// Tells the cloud of our card, if there is one, that it may have changed. A cloud that cannot be
/// reached is a warning.
///
/// # Errors
/// When the base URL is too long.
pub fn card(session: &mut Session) -> Result<()> {
    let Some(base) = session.config.base_url.clone() else { return Ok(()) };
    let Some((_, cloud)) = singles::cloud(&session.config, true)? else { return Ok(()) };
    if let Err(error) = ping_url(session, &cloud, &base.join("card.rss")?) {
        session.warn(&format!("the cloud was not told of the card: {error}"));
    }
    Ok(())
}

fn ping_feed(session: &Session, token: &Token) -> Result<()> {
    match cloud_of(session)? {
        Some(cloud) => ping_url(session, &cloud, &singles::feed_url(session, token)?),
        None => Ok(()),
    }
}

/// Tells the cloud whose pleaseNotify URL is `register` that `feed` changed.
fn ping_url(session: &Session, register: &Url, feed: &Url) -> Result<()> {
    // With an inbox, the cloud is on the server that keeps it.
    let here = session.config.cloud == Cloud::Own && session.config.inbox.is_none();
    if here && ping_neighbour(session, feed).is_some() {
        return Ok(());
    }
    let url = register.join("ping")?;
    let failed = || Error::new(Kind::Network, format!("cannot ping {}", url.authority()));
    let answer = session.client()?.post_form(&url, &[("url", feed.as_str())]);
    let answer = answer.map_err(|cause| failed().because(cause))?;
    cloud::verdict(&answer).map_err(|words| failed().because(anyhow::anyhow!(words)))
}

/// Tells the process that listens for this home, if there is one: no proxy and no name server stand
/// between.
fn ping_neighbour(session: &Session, feed: &Url) -> Option<()> {
    let mut address: SocketAddr = session.home.listens_at()?.trim().parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let network = address.ip().to_string().parse().ok()?;
    let client = Client::new(vec![network], session.options.timeout);
    let url = Url::normalized(&format!("http://{address}/ping")).ok()?;
    let answer = client.post_form(&url, &[("url", feed.as_str())]).ok()?;
    cloud::verdict(&answer).ok()
}

fn cloud_of(session: &Session) -> Result<Option<Url>> {
    if session.config.base_url.is_none() {
        return Ok(None);
    }
    Ok(singles::cloud(&session.config, false)?.map(|(_, url)| url))
}
