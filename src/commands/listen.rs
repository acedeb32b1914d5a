//! `listen`: the server side of a conversation.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::SignedDuration;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::conversation::calls::{self, Calls};
use crate::conversation::deliver::Target;
use crate::conversation::hosting::Hosting;
use crate::conversation::session::Session;
use crate::conversation::{public, round};
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::please_follow::{self, PleaseFollow};
use crate::protocol::time;
use crate::store::lock::Lock;
use crate::transport::server::{self, Limits, Request, Response, Stop};

const EXAMPLES: &str = "\
Examples:
  cloudim listen
  cloudim listen --print --poll-every 10s
  cloudim listen --bind 127.0.0.1:8470 --exec 'mail -s \"$IM_CONTACT\" me@localhost'";

const PORT: u16 = 8470;
/// Calls that wait to be followed, at most.
const CALLS: usize = 100;

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

/// What may happen while we listen.
enum Event {
    /// A signal: it is time to end.
    End,
    /// Somebody called.
    Call(Box<PleaseFollow>),
}

/// Listens until it is told to end.
///
/// # Errors
/// When another serves this home, or the address cannot be had.
pub fn run(session: &mut Session, args: ListenArgs) -> Result<()> {
    let Some(_first) = Lock::try_take(&session.home.root().join("listening"))? else {
        return Err(Error::new(Kind::Busy, "another cloudim listens for this home already")
            .hint("`send` and `poll` work beside it"));
    };
    if !session.config.read_only {
        session.unlock()?;
        // The card must say whether we take calls, as the settings now have it.
        let _lock = session.lock()?;
        public::write(session)?;
    }
    let (sender, events) = mpsc::sync_channel(CALLS);
    watch_signals(sender.clone())?;
    let stop = Stop::new();
    let server = start(session, &args, &stop, sender)?;
    attend(session, &args, &events);
    stop.stop();
    // What went wrong on the way was told; the end is a good one.
    session.forgive();
    server.join().unwrap_or_else(|_| Err(Error::cannot("the server broke down")))
}

/// Does a round now and then, and follows calls, until a signal comes.
fn attend(session: &mut Session, args: &ListenArgs, events: &Receiver<Event>) {
    let target = match &args.exec {
        Some(command) => Some(Target::Hook { command: command.clone(), retry: false }),
        None => args.print.then_some(Target::Stdout),
    };
    let pause = Duration::try_from(args.poll_every).unwrap_or_default();
    let (mut calls, mut next) = (Calls::default(), Instant::now());
    loop {
        match events.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Event::Call(call)) => match calls::follow(session, &mut calls, &call) {
                Ok(true) => next = Instant::now(),
                Ok(false) => {}
                Err(error) => log::info!("a call came to nothing: {error}"),
            },
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = round::once(session, &[], target.as_ref(), None) {
                    session.report(&error);
                }
                next = Instant::now() + pause;
            }
        }
    }
}

/// Starts the server on a thread of its own.
fn start(
    session: &mut Session,
    args: &ListenArgs,
    stop: &Stop,
    events: SyncSender<Event>,
) -> Result<JoinHandle<Result<()>>> {
    raise_file_limit();
    let address = args.bind.unwrap_or_else(|| usual_address(session));
    let failed = move || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).or_cannot(failed)?;
    let address = listener.local_addr().or_cannot(failed)?;
    session.say(&format!("listening on http://{address}/"));
    let (hosting, stop) = (Hosting::new(session.home.public()), stop.clone());
    let limits = Limits { trusted_proxies: session.trusted_proxies()?, ..Limits::default() };
    Ok(thread::spawn(move || {
        let answer = move |request: Request| match request.path.ends_with("/pleaseFollow") {
            true => take_call(&request, &events),
            false => hosting.answer(&request),
        };
        server::serve(listener, limits, stop, answer).or_cannot(failed)
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

/// Takes a call for later. A call that is one has the same answer whoever makes it.
fn take_call(request: &Request, events: &SyncSender<Event>) -> Response {
    if request.method != "POST" {
        return Response::text(405, "only POST").with("allow", "POST");
    }
    let called = PleaseFollow::from_form(&request.form());
    let (success, message) = match &called {
        Ok(_) => (true, "Thanks for the call.".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    if let Ok(call) = called {
        // When too many wait it is lost: whoever calls can be found without, and may call again.
        let _ = events.try_send(Event::Call(Box::new(call)));
    }
    let accept = request.header("accept").unwrap_or_default();
    let (kind, body) = please_follow::result(success, &message, accept);
    Response::new(200, kind, body)
}

/// As the settings say; else loopback, at the port of a base URL that is there too.
fn usual_address(session: &Session) -> SocketAddr {
    let base = session.config.base_url.as_ref();
    let own = base.and_then(|base| format!("{}:{}", base.host(), base.port()).parse().ok());
    let own = own.filter(|address: &SocketAddr| address.ip().is_loopback());
    session.config.bind.or(own).unwrap_or(SocketAddr::from(([127, 0, 0, 1], PORT)))
}

/// Turns the signals to end into events.
fn watch_signals(events: SyncSender<Event>) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).or_cannot(|| "cannot wait for signals".to_owned())?;
    thread::spawn(move || {
        for _ in &mut signals {
            // The receiver is gone only when the end is near anyway.
            let _ = events.send(Event::End);
        }
    });
    Ok(())
}
