//! `cloud subscribe`: a callback is registered for a feed.

use clap::Args;
use jiff::Timestamp;

use super::named;
use crate::cloud_client::register;
use crate::delivery::output;
use crate::error::Result;
use crate::protocol::values::url::Url;
use crate::session::command::Session;
use crate::store::subscriptions::lease::LEASE;

/// Have a URL called when a feed changes
///
/// The cloud of the feed first tries it: a GET with url and challenge, which must be answered by the
/// challenge and nothing else. Then it sends a POST with the feed's url whenever the feed changes,
/// for 25 hours.
#[derive(Debug, Args)]
pub struct SubscribeArgs {
    /// The feed
    #[arg(value_name = "URL", value_parser = Url::normalized)]
    url: Url,
    /// What to call; best a path that nobody can guess
    #[arg(long, value_name = "URL", value_parser = Url::normalized)]
    callback: Url,
}

/// Registers.
///
/// # Errors
/// When the feed names no cloud, or the cloud cannot be reached or refuses.
pub fn subscribe(session: &mut Session, args: &SubscribeArgs) -> Result<()> {
    let SubscribeArgs { url, callback } = args;
    let channel = named::feed(session, url)?;
    let cloud = named::cloud_of(&channel, url)?;
    register::please_notify(session.run.network.clients()?.about(url), &cloud, url, callback, None)
        .map_err(|no| no.error(cloud.url()))?;
    let until = session.run.clock.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    session.run.talk.say(&format!(
        "{} calls {} until {}",
        cloud.url().authority(),
        callback.shortened(),
        output::local(until)
    ));
    Ok(())
}
