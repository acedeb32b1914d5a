//! `cloud ping`: a feed changed, and its cloud is told.

use clap::Args;

use super::named;
use crate::error::Result;
use crate::protocol::values::url::Url;
use crate::publishing::ping;
use crate::session::command::Session;
use crate::store::identity::own_urls::Ours;
use crate::sync::restored;

/// Tell the cloud of a feed that it changed
///
/// The cloud then calls all who registered with it. Of a feed of yours it is told as `send` does
/// it: where `listen` runs, directly. Status 1 with the cloud's words if it refuses, 3 if it cannot
/// be reached.
#[derive(Debug, Args)]
pub struct PingArgs {
    /// The feed, as its readers know it
    #[arg(value_name = "URL", value_parser = Url::normalized)]
    url: Url,
}

/// Pings.
///
/// # Errors
/// When the feed names no cloud, or the cloud cannot be reached or refuses.
pub fn ping(session: &mut Session, PingArgs { url }: &PingArgs) -> Result<()> {
    if let Some(ours) = Ours::at(&session.run.identity.config, url) {
        restored::catch_up(&mut session.run)?;
        return ping::own(
            &session.run.identity,
            &session.run.network,
            session.run.clock.now(),
            url,
            &ours,
        );
    }
    let channel = named::feed(session, url)?;
    let cloud = named::cloud_of(&channel, url)?;
    Ok(ping::at(session.run.network.clients()?.about(url), &cloud, url)?)
}
