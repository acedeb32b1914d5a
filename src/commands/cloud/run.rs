//! `cloud run`: an rssCloud server and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::cloud_server::own_cloud::OwnCloud;
use crate::commands::shared::serving;
use crate::error::Result;
use crate::listen::door::cloud::Door;
use crate::session::command::Session;

/// The time from one look at the feeds that could not be read since the start to the next.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5 * 60);

/// Be an rssCloud server, and nothing else
///
/// Takes pleaseNotify and ping, as forms and by XML-RPC at /RPC2, for the feeds below the base URL,
/// whatever host serves them. What is named is fetched, from public networks and those in `allow` in
/// config.toml; who subscribed is told when it has changed, and when the server starts, in public
/// networks and those in `allow_callbacks`. It neither polls nor serves public/, takes no
/// invitations, and speaks plain HTTP, for a proxy that adds TLS to it: without trusted_proxies in
/// config.toml, all who come through that count as one caller. With cloud = "self", `listen` does
/// all of this for your own feeds. Ends with 0 on SIGINT and SIGTERM.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where to listen [default: bind in config.toml, else 127.0.0.1:8470]
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Option<SocketAddr>,
    /// Serve any feed, also those of strangers; they then choose what is fetched, within `allow`
    #[arg(long)]
    open: bool,
}

/// Serves until it is told to end.
///
/// # Errors
/// When another process is a cloud for this home, there is no base URL, or the address cannot be
/// had.
pub fn serve(session: &mut Session, args: &RunArgs) -> Result<()> {
    let cloud = OwnCloud::alone(
        &session.run.identity,
        &session.run.network,
        &session.run.clock,
        &session.run.keys.randomness,
        args.open,
    )?;
    let ends = serving::watch_signals()?;
    let address = args.bind.unwrap_or_else(|| session.run.identity.config.listens_at());
    let (listener, address) = serving::bind(address)?;
    session.run.talk.say(&format!("cloud at http://{address}/"));
    let looking = Arc::clone(&cloud);
    thread::spawn(move || {
        loop {
            looking.look();
            thread::sleep(BETWEEN_LOOKS);
        }
    });
    let at_door = Door::new(&session.run.identity.config, Arc::clone(&cloud));
    let door = move |request| at_door.answer(request);
    serving::serve(session, listener, door, ends, |_, _| cloud.stop())
}
