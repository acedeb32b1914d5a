//! `listen`: the server side of a conversation.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::shared::serving;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::delivery::deliver::Target;
use crate::error::{Error, Kind, Result};
use crate::listen::listening::{Keyless, Listening};
use crate::protocol::values::time;
use crate::publishing::pages;
use crate::session::command::Session;
use crate::session::run::Run;
use crate::store;
use crate::store::disk::lock::Lock;
use crate::sync::restored;

const EXAMPLES: &str = "\
Examples:
  cloudim listen
  cloudim listen --print --poll-every 10s
  cloudim listen --bind 127.0.0.1:8470 --exec 'mail -s \"$IM_CONTACT\" me@localhost'
  cloudim listen --keyless";

/// Serve the feeds, and store what comes
///
/// Serves public/ over plain HTTP, for a proxy that adds TLS to it. If config.toml has `bind`, it
/// takes invitations by call, and registers with the clouds of your contacts, which tell it of
/// messages at once; with `cloud = "self"` it is the cloud of your own feeds. It also polls your
/// contacts, so that nothing depends on any cloud. Delivers only with --print or
/// --exec. Works beside `send` and `poll`. Ends with 0 on SIGINT and SIGTERM, after the command that
/// is running; asked once more, at once.
///
/// With --keyless the home has the owner's config.toml and public/, and no secret key. Calls are
/// sealed to the owner and kept in an inbox. It says the URL of that when it starts; as `inbox` in
/// the owner's own config.toml it makes `poll` there follow the calls.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenArgs {
    /// Where to listen [default: bind in config.toml, else 127.0.0.1:8470]
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Option<SocketAddr>,
    /// Print the messages that come
    #[arg(long)]
    print: bool,
    /// Run this by `sh -c` for each message, its text on stdin
    #[arg(long, value_name = "CMD", conflicts_with = "print")]
    exec: Option<String>,
    /// How long to wait between polls, like 10s or 2m
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = time::duration)]
    poll_every: SignedDuration,
    /// Serve without a secret key: calls wait, sealed, for the owner's poll
    #[arg(long, conflicts_with_all = ["print", "exec", "poll_every"])]
    keyless: bool,
}

/// Listens until it is told to end.
///
/// # Errors
/// When another serves this home or is its cloud, or the address cannot be had.
pub fn run(session: &mut Session, args: ListenArgs) -> Result<()> {
    let mut first = session.run.identity.home.listening().map_err(|error| match error {
        store::Error::Busy(_) => {
            Error::new(Kind::Busy, "another cloudim listens for this home already")
                .hint("`send` and `poll` work beside it")
        }
        other => other.into(),
    })?;
    if args.keyless {
        return run_keyless(session, &args, &mut first);
    }
    if !session.run.identity.config.read_only {
        restored::catch_up(&mut session.run)?;
        session.run.keys.unlock()?;
        // The card must say whether we take calls, as the settings now have it.
        let locked = session.run.identity.lock(session.run.clock.now())?;
        pages::write(&locked, &session.run.keys)?;
    }
    let (sender, ends) = serving::watch_signals()?;
    let target = match &args.exec {
        Some(command) => Some(Target::Hook { command: command.clone(), retry: false }),
        None => args.print.then_some(Target::Stdout),
    };
    let pause = Duration::try_from(args.poll_every).unwrap_or_default();
    let Run { identity, network, clock, keys, .. } = &session.run;
    let cloud = OwnCloud::open(identity, network, clock, &keys.randomness)?;
    let listener = bind(session, &args, &mut first)?;
    session.run.talk.go_on();
    let listening = Listening::begin(&mut session.run, cloud, target, pause, sender.clone())?;
    let home_door = listening.door(&session.run.identity);
    let door = move |request| home_door.answer(request);
    serving::serve(session, listener, door, (sender, ends), |session, again| {
        listening.end(&session.run.identity.home, again)
    })
}

/// The same for a home without a secret key.
fn run_keyless(session: &mut Session, args: &ListenArgs, first: &mut Lock) -> Result<()> {
    let keyless = Keyless::open(&mut session.run)?;
    let (sender, ends) = serving::watch_signals()?;
    let listener = bind(session, args, first)?;
    keyless.begin(&mut session.run, sender.clone());
    let at_door = Arc::clone(&keyless);
    let door = move |request| at_door.answer(request);
    serving::serve(session, listener, door, (sender, ends), |_, _| keyless.end())
}

/// Takes the address, and says so.
fn bind(session: &mut Session, args: &ListenArgs, first: &mut Lock) -> Result<TcpListener> {
    let address = args.bind.unwrap_or_else(|| session.run.identity.config.listens_at());
    let (listener, address) = serving::bind(address)?;
    first.note(&address.to_string())?;
    session.run.talk.say(&format!("listening on http://{address}/"));
    Ok(listener)
}
