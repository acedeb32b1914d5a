//! `listen`: the server side of a conversation.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::conversation::deliver::Target;
use crate::conversation::listening::{End, Listening, Reception};
use crate::conversation::public;
use crate::conversation::session::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::time;
use crate::transport::server::{self, Limits, Request, Stop};

const EXAMPLES: &str = "\
Examples:
  cloudim listen
  cloudim listen --print --poll-every 10s
  cloudim listen --bind 127.0.0.1:8470 --exec 'mail -s \"$IM_CONTACT\" me@localhost'";

/// Serve the feeds, and store what comes
///
/// Serves public/ over plain HTTP, for a proxy that adds TLS to it, takes invitations by call if
/// config.toml has `bind`, and polls your contacts at short intervals. Delivers only with --print or
/// --exec. Works beside `send` and `poll`; ends with 0 on SIGINT and SIGTERM.
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
}

/// Listens until it is told to end.
///
/// # Errors
/// When another serves this home, or the address cannot be had.
pub fn run(session: &mut Session, args: ListenArgs) -> Result<()> {
    let mut first = session.home.listening().map_err(|error| match error.kind {
        Kind::Busy => Error::new(Kind::Busy, "another cloudim listens for this home already")
            .hint("`send` and `poll` work beside it"),
        _ => error,
    })?;
    if !session.config.read_only {
        session.unlock()?;
        // The card must say whether we take calls, as the settings now have it.
        let _lock = session.lock()?;
        public::write(session)?;
    }
    let (sender, ends) = mpsc::channel();
    watch_signals(sender.clone())?;
    let target = match &args.exec {
        Some(command) => Some(Target::Hook { command: command.clone(), retry: false }),
        None => args.print.then_some(Target::Stdout),
    };
    let pause = Duration::try_from(args.poll_every).unwrap_or_default();
    raise_file_limit();
    let (listener, address) = bind(session, &args)?;
    first.note(&address.to_string())?;
    session.say(&format!("listening on http://{address}/"));
    let listening = Listening::begin(session, target, pause, sender.clone())?;
    let stop = Stop::new();
    let server = start(session, listener, &stop, listening.reception(session), sender)?;
    let end = ends.recv().unwrap_or(End::Broken);
    stop.stop();
    listening.end(session);
    server.join().unwrap_or_else(|_| Err(Error::cannot("the server broke down")))?;
    match end {
        End::Asked | End::Unheard => Ok(()),
        End::Broken => Err(Error::cannot("a part of it broke down")),
    }
}

fn bind(session: &Session, args: &ListenArgs) -> Result<(TcpListener, SocketAddr)> {
    let address = args.bind.unwrap_or_else(|| session.config.listens_at());
    let failed = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).or_cannot(failed)?;
    let address = listener.local_addr().or_cannot(failed)?;
    Ok((listener, address))
}

/// Starts the server on a thread of its own.
fn start(
    session: &Session,
    listener: TcpListener,
    stop: &Stop,
    reception: Reception,
    ends: Sender<End>,
) -> Result<JoinHandle<Result<()>>> {
    let limits = Limits { trusted_proxies: session.trusted_proxies()?, ..Limits::default() };
    let stop = stop.clone();
    Ok(thread::spawn(move || {
        let answer = move |request: Request| reception.answer(request);
        let served = server::serve(listener, limits, stop, answer);
        // Without a server there is nothing to wait for.
        let _ = ends.send(End::Broken);
        served.or_cannot(|| "cannot serve".to_owned())
    }))
}

/// Lets as many files be open as the system allows: each connection is one, and the usual limit is
/// far below what the server is made for.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(cause) = setrlimit(Resource::Nofile, raised) {
        log::info!("the limit of open files stays: {cause}");
    }
}

/// Turns the signals to end into events.
fn watch_signals(ends: Sender<End>) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).or_cannot(|| "cannot wait for signals".to_owned())?;
    thread::spawn(move || {
        for _ in &mut signals {
            // The receiver is gone only when the end is near anyway.
            let _ = ends.send(End::Asked);
        }
    });
    Ok(())
}
