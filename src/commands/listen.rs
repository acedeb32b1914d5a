//! `listen`: the server side of a conversation.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::conversation::deliver::Target;
use crate::conversation::listening::{End, Keyless, Listening};
use crate::conversation::public;
use crate::conversation::session::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::time;
use crate::store::lock::Lock;
use crate::transport::server::{self, Answer, Limits, Request, Stop};

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
/// When another serves this home, or the address cannot be had.
pub fn run(session: &mut Session, args: ListenArgs) -> Result<()> {
    let mut first = session.home.listening().map_err(|error| match error.kind {
        Kind::Busy => Error::new(Kind::Busy, "another cloudim listens for this home already")
            .hint("`send` and `poll` work beside it"),
        _ => error,
    })?;
    if args.keyless {
        return run_keyless(session, &args, &mut first);
    }
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
    let listener = bind(session, &args, &mut first)?;
    let listening = Listening::begin(session, target, pause, sender.clone())?;
    let reception = listening.reception(session);
    let door = move |request| reception.answer(request);
    serve(session, listener, door, (sender, ends), |session, again| listening.end(session, again))
}

/// The same for a home without a secret key.
fn run_keyless(session: &mut Session, args: &ListenArgs, first: &mut Lock) -> Result<()> {
    let keyless = Keyless::open(session)?;
    let (sender, ends) = mpsc::channel();
    watch_signals(sender.clone())?;
    let listener = bind(session, args, first)?;
    keyless.begin(session, sender.clone());
    let at_door = Arc::clone(&keyless);
    let door = move |request| at_door.answer(request);
    serve(session, listener, door, (sender, ends), |_, _| keyless.end())
}

/// Serves until it is time to end.
fn serve(
    session: &Session,
    listener: TcpListener,
    door: impl Fn(Request) -> Answer + Send + Sync + 'static,
    (sender, ends): (Sender<End>, Receiver<End>),
    end: impl FnOnce(&Session, &Receiver<End>),
) -> Result<()> {
    let stop = Stop::new();
    let server = start(session, listener, &stop, door, sender)?;
    let why = ends.recv().unwrap_or(End::Broken);
    // The server last: what is under way may have something to tell the cloud that it is.
    end(session, &ends);
    stop.stop();
    server.join().unwrap_or_else(|_| Err(Error::cannot("the server broke down")))?;
    match why {
        End::Asked | End::Unheard => Ok(()),
        End::Broken => Err(Error::cannot("a part of it broke down")),
    }
}

/// Takes the address, and says so.
fn bind(session: &mut Session, args: &ListenArgs, first: &mut Lock) -> Result<TcpListener> {
    raise_file_limit();
    let address = args.bind.unwrap_or_else(|| session.config.listens_at());
    let failed = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).or_cannot(failed)?;
    let address = listener.local_addr().or_cannot(failed)?;
    first.note(&address.to_string())?;
    session.say(&format!("listening on http://{address}/"));
    Ok(listener)
}

/// Starts the server on a thread of its own.
fn start(
    session: &Session,
    listener: TcpListener,
    stop: &Stop,
    door: impl Fn(Request) -> Answer + Send + Sync + 'static,
    ends: Sender<End>,
) -> Result<JoinHandle<Result<()>>> {
    let limits = Limits { trusted_proxies: session.trusted_proxies()?, ..Limits::default() };
    let stop = stop.clone();
    Ok(thread::spawn(move || {
        let served = server::serve(listener, limits, stop, door);
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
