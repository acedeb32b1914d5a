//! Pings: the cloud of our feeds is told that one changed.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{pages, run};
use crate::cloud_client::ask;
use crate::cloud_client::named::NamedCloud;
use crate::error::{Error, Result};
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::session::talk::Talk;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::identity::config::{Cloud, Config};
use crate::store::identity::own::Identity;
use crate::store::identity::own_urls::{self, Ours};
use crate::transport::client::Client;
use crate::writing::content::frame;
use jiff::Timestamp;
use std::time::Duration;

/// The outcome of telling the cloud: it was told, or the reason why not.
pub type Told = std::result::Result<(), Setback>;

/// Publishes, and tells the cloud of the feeds for the contacts called `changed`, and of those
/// among `names` of which it has yet to be told. A failure is reported, not returned: all that was
/// read and written before stands. A home that was copied or restored, and has not caught up yet,
/// publishes nothing.
///
/// # Errors
/// When a contact cannot be read or written.
pub fn tell(run: &mut Run, mut changed: Vec<String>, names: &[String]) -> Result<()> {
    let now = run.clock.now();
    if run.identity.lock_although_copied(now).is_ok_and(|locked| locked.is_copied()) {
        return Ok(());
    }
    let mended = pages::mend(&run.identity, &run.keys, now);
    if let Err(error) = mended.and_then(|()| run::publish(&run.identity, &mut run.talk, now)) {
        run.talk.report_daily(&error);
        return Ok(());
    }
    if run.identity.config.read_only || frame::cloud_of(&run.identity.config)?.is_none() {
        return Ok(());
    }
    for name in names {
        if !changed.contains(name) && Contact::load(&run.identity.home, name)?.ours.unpinged {
            changed.push(name.clone());
        }
    }
    each(
        &run.identity,
        &run.network,
        &mut run.talk,
        run.clock.now(),
        changed.iter().map(String::as_str),
    )
}

/// Tells the cloud, if there is one, that our feeds for the contacts called `names` changed. A cloud
/// that cannot be reached is a warning, and not asked again for the others: the next `poll` tries.
///
/// # Errors
/// When a contact cannot be read or written.
pub fn each<'a>(
    identity: &Identity,
    network: &Network,
    talk: &mut Talk,
    now: Timestamp,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    if frame::cloud_of(&identity.config)?.is_none() {
        return Ok(());
    }
    for name in names {
        if let Err(setback) = ping_noting(identity, network, now, name)? {
            talk.warn_daily(&format!("the cloud was not told: {setback}"));
            if matches!(setback, Setback::Passing(_)) {
                break;
            }
        }
    }
    Ok(())
}

/// Tells our cloud that our own feed `ours`, which stands at `url`, changed; as [`each`] does if it
/// is a contact's, so that the next `poll` tries again what failed.
///
/// # Errors
/// When the settings have no cloud for it, or the cloud cannot be reached or refuses.
pub fn own(
    identity: &Identity,
    network: &Network,
    now: Timestamp,
    url: &Url,
    ours: &Ours,
) -> Result<()> {
    identity.expect_writable()?;
    let Some((_, cloud)) = frame::cloud(&identity.config, *ours == Ours::Card)? else {
        return Err(without_cloud(&identity.config, url));
    };
    let reader = match ours {
        Ours::Pair(token) => contacts::reader_of(&identity.home, token)?,
        Ours::Card => None,
    };
    let told = match reader {
        Some(name) => ping_noting(identity, network, now, &name)?,
        None => ping_url(identity, network, &cloud, url),
    };
    Ok(told?)
}

/// Tells `cloud` that `feed` changed.
///
/// # Errors
/// [`Setback::Passing`] when the cloud cannot be reached, [`Setback::Lasting`] when it refuses.
pub fn at(client: &Client, cloud: &NamedCloud, feed: &Url) -> Told {
    cloud.ping(client, feed).map_err(|no| no.setback(cloud.url()))
}

/// Tells our cloud. The mark that it has yet to be told stands on disk since the feed was written.
/// It is taken back there unless the feed has changed meanwhile. The inner result is the cloud's.
fn ping_noting(identity: &Identity, network: &Network, now: Timestamp, name: &str) -> Result<Told> {
    let told_of = Contact::load(&identity.home, name)?.ours;
    let told = ping_feed(identity, network, &told_of.token);
    if told.is_ok() && told_of.unpinged {
        let locked = identity.lock(now)?;
        let mut contact = Contact::load(&locked.home, name)?;
        if contact.ours.is_written_as(&told_of) {
            contact.ours.unpinged = false;
            contact.save(&locked, name)?;
        }
    }
    Ok(told)
}

fn without_cloud(config: &Config, feed: &Url) -> Error {
    let error = Error::cannot(format!("{} names no cloud", feed.shortened()));
    error.hint(match config.cloud {
        Cloud::At(_) => {
            "it may name that of another host, which then learns its URL: third_party_cloud = true"
        }
        Cloud::None | Cloud::Own => "set cloud in config.toml, and run cloudim publish",
    })
}

/// Tells the cloud of our card, if there is one, that it may have changed. A cloud that cannot be
/// reached is a warning.
///
/// # Errors
/// When the base URL is too long.
pub fn card(identity: &Identity, network: &Network, talk: &mut Talk) -> Result<()> {
    let Some(base) = identity.config.base_url.clone() else { return Ok(()) };
    let Some((_, cloud)) = frame::cloud(&identity.config, true)? else { return Ok(()) };
    if let Err(error) = ping_url(identity, network, &cloud, &base.join("card.rss")?) {
        talk.warn_daily(&format!("the cloud was not told of the card: {error}"));
    }
    Ok(())
}

fn ping_feed(identity: &Identity, network: &Network, token: &Token) -> Told {
    match frame::cloud_of(&identity.config)? {
        Some(cloud) => {
            ping_url(identity, network, &cloud, &own_urls::feed_url(&identity.config, token)?)
        }
        None => Ok(()),
    }
}

/// Tells the cloud whose pleaseNotify URL is `register` that `feed` changed.
fn ping_url(identity: &Identity, network: &Network, register: &Url, feed: &Url) -> Told {
    if identity.config.has_cloud_here()
        && ping_neighbour(&identity.home, network.timeout(), feed).is_some()
    {
        return Ok(());
    }
    at(network.clients()?.about(feed), &NamedCloud::Forms(register.clone()), feed)
}

/// Tells the process that listens for this home, if there is one: no proxy and no name server stand
/// between.
fn ping_neighbour(home: &Home, timeout: Duration, feed: &Url) -> Option<()> {
    let mut address: SocketAddr = home.listens_at()?.trim().parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let network = address.ip().to_string().parse().ok()?;
    let client = Client::new(vec![network], timeout);
    let url = Url::normalized(&format!("http://{address}/ping")).ok()?;
    ask::ask(&client, &url, &[("url", feed.as_str())]).ok()
}
