//! `listen`: the server side of a conversation.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::conversation::deliver::Target;
use crate::conversation::hosting::Hosting;
use crate::conversation::round;
use crate::conversation::session::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::time;
use crate::store::lock::Lock;
use crate::transport::server::{self, Limits, Stop};

const EXAMPLES: &str = "\
Examples:
  cloudim listen
  cloudim listen --print --poll-every 10s
  cloudim listen --bind 127.0.0.1:8470 --exec 'mail -s \"$IM_CONTACT\" me@localhost'";

const PORT: u16 = 8470;

/// Serve the feeds, and store what comes
///
/// Serves public/ over plain HTTP, for a proxy that adds TLS to it, and polls your contacts at short
/// intervals. Delivers only with --print or --exec. Works beside `send` and `poll`; ends with 0 on
/// SIGINT and SIGTERM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenArgs {
    /// Where to listen [default: 127.0.0.1:8470, or the base URL's port if that is on loopback]
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
    let Some(_first) = Lock::try_take(&session.home.root().join("listening"))? else {
        return Err(Error::new(Kind::Busy, "another cloudim listens for this home already")
            .hint("`send` and `poll` work beside it"));
    };
    if !session.config.read_only {
        session.unlock()?;
    }
    let signals = signals()?;
    let stop = Stop::new();
    let server = start(session, &args, &stop)?;
    let target = match args.exec {
        Some(command) => Some(Target::Hook { command, retry: false }),
        None => args.print.then_some(Target::Stdout),
    };
    let pause = Duration::try_from(args.poll_every).unwrap_or_default();
    loop {
        if let Err(error) = round::once(session, &[], target.as_ref(), None) {
            session.report(&error);
        }
        if signals.recv_timeout(pause).is_ok() {
            break;
        }
    }
    stop.stop();
    // What went wrong on the way was told; the end is a good one.
    session.forgive();
    server.join().unwrap_or_else(|_| Err(Error::cannot("the server broke down")))
}

/// Starts the server on a thread of its own.
fn start(session: &mut Session, args: &ListenArgs, stop: &Stop) -> Result<JoinHandle<Result<()>>> {
    let address = args.bind.unwrap_or_else(|| usual_address(session));
    let failed = move || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).or_cannot(failed)?;
    let address = listener.local_addr().or_cannot(failed)?;
    session.say(&format!("listening on http://{address}/"));
    let (hosting, stop) = (Hosting::new(session.home.public()), stop.clone());
    Ok(thread::spawn(move || {
        let answer = move |request| hosting.answer(&request);
        server::serve(listener, Limits::default(), stop, answer).or_cannot(failed)
    }))
}

/// Loopback, at the port of a base URL that is there too.
fn usual_address(session: &Session) -> SocketAddr {
    let base = session.config.base_url.as_ref();
    let own = base.and_then(|base| format!("{}:{}", base.host(), base.port()).parse().ok());
    let own = own.filter(|address: &SocketAddr| address.ip().is_loopback());
    own.unwrap_or(SocketAddr::from(([127, 0, 0, 1], PORT)))
}

/// Where the signals to end arrive.
fn signals() -> Result<Receiver<()>> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).or_cannot(|| "cannot wait for signals".to_owned())?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for _ in &mut signals {
            // The receiver is gone only when the end is near anyway.
            let _ = sender.send(());
        }
    });
    Ok(receiver)
}
