//! The common parts of the commands that serve: the address, the server, the signals that end it.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Context, Error, Result};
use crate::listen::listening::End;
use crate::session::command::Session;
use crate::transport::server::{self, Answer, Claims, Limits, Request, Stop};

/// Takes `address`; also returns which that is, for port 0 is any. From then on as many files may be
/// open as the system allows.
///
/// # Errors
/// When the address cannot be had.
pub fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    raise_file_limit();
    let failed = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).or_cannot(failed)?;
    let address = listener.local_addr().or_cannot(failed)?;
    Ok((listener, address))
}

/// Serves until it is time to end, and then does what `end` does.
///
/// # Errors
/// When `trusted_proxies` in the settings names no network, or something broke down.
pub fn serve(
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

/// Starts the server on a thread of its own.
fn start(
    session: &Session,
    listener: TcpListener,
    stop: &Stop,
    door: impl Fn(Request) -> Answer + Send + Sync + 'static,
    ends: Sender<End>,
) -> Result<JoinHandle<Result<()>>> {
    let trusted_proxies = session.run.network.trusted_proxies()?;
    let talk = Mutex::new(session.run.talk.beside());
    let claims = Claims::told_by(move |peer| {
        let mut talk = talk.lock().unwrap_or_else(PoisonError::into_inner);
        talk.warn(&format!(
            "{peer} says by X-Forwarded-For for whom it speaks, and is not in trusted_proxies: all who come \
             through it count as one"
        ));
        talk.say("hint: if it is your proxy: trusted_proxies = [\"ADDRESS\"] in config.toml");
    });
    let limits = Limits { trusted_proxies, claims, ..Limits::default() };
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

/// Turns the signals to end into events. Anything else that ends it sends one as well.
///
/// # Errors
/// When the signals cannot be had.
pub fn watch_signals() -> Result<(Sender<End>, Receiver<End>)> {
    let (ends, receiver) = mpsc::channel();
    let sender = ends.clone();
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).or_cannot(|| "cannot wait for signals".to_owned())?;
    thread::spawn(move || {
        for _ in &mut signals {
            // The receiver is gone only when the end is near anyway.
            let _ = ends.send(End::Asked);
        }
    });
    Ok((sender, receiver))
}
