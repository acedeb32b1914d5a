//! Listening without the secret key: the server beside the owner's client (PROTOCOL §8).
//!
//! It serves `public/`, keeps calls for the owner, and is the cloud of her feeds if the settings say
//! so. It fetches nothing that a caller names, opens nothing, and writes nothing below `public/`.

use std::net::IpAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::inbox::Inbox;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::error::{Error, Kind, Result};
use crate::listen::door::asked::{Asked, Place};
use crate::listen::door::base_path::BasePath;
use crate::listen::door::{please_follow, rpc};
use crate::listen::end::{Alarm, End};
use crate::listen::hosting::public::Hosting;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::world::Clock;
use crate::store::identity::own::Identity;
use crate::transport::server::{Answer, Promise, Request, Response};
use crate::work::schedule::Schedule;

/// The time between two writes. The calls that came in it are written at once, so that no flood
/// wears out the disk.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);
/// The time between two looks for what has waited too long.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60 * 60);
/// The time until a write that failed is tried again, if nobody calls before.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// How long a caller waits for the disk.
const PATIENCE: Duration = Duration::from_secs(15);

/// A home that listens and holds no secret. Several threads may ask it at once.
pub struct Keyless {
    hosting: Hosting,
    base: BasePath,
    inbox: Inbox,
    cloud: Option<Arc<OwnCloud>>,
    clock: Clock,
    writes: Schedule<()>,
    callers: Mutex<Callers>,
}

/// The callers whose calls have yet to be written.
struct Callers {
    waiting: Vec<(Promise, Response)>,
    /// When the next write may be.
    next: Instant,
}

impl Keyless {
    /// Opens the inbox of a home that is fit for it.
    ///
    /// # Errors
    /// When there is a secret key here, no base URL, no certificate, or the inbox cannot be written,
    /// or the subscriptions cannot be read.
    pub fn open(run: &mut Run) -> Result<Arc<Self>> {
        expect_no_secret(&run.identity, &mut run.talk, run.keys.has_passphrase_file())?;
        let base = run.identity.config.base()?;
        let inbox =
            Inbox::open(&run.identity.home, base, run.clock.now(), run.keys.randomness.stream())?;
        Ok(Arc::new(Self {
            hosting: Hosting::new(run.identity.home.public()),
            base: BasePath::of(Some(base)),
            inbox,
            cloud: OwnCloud::open(&run.identity, &run.network, &run.clock, &run.keys.randomness)?,
            clock: run.clock.clone(),
            writes: Schedule::new(),
            callers: Mutex::new(Callers { waiting: Vec::new(), next: Instant::now() }),
        }))
    }

    /// Says where the calls will be, and starts the thread that writes them. The reason for its end
    /// goes to `ends`.
    pub fn begin(self: &Arc<Self>, run: &mut Run, ends: Sender<End>) {
        run.talk.say(&format!("calls wait for the owner there: inbox = \"{}\"", self.inbox.url()));
        let (writer, run, alarm) = (Arc::clone(self), run.beside(), Alarm(ends));
        thread::spawn(move || {
            writer.attend(run);
            drop(alarm);
        });
        self.writes.at((), Instant::now());
    }

    /// Answers `request`.
    pub fn answer(&self, request: Request) -> Answer {
        let (asked, request) = Asked::of(request, &self.base);
        match (asked, self.cloud.as_deref()) {
            (Asked::Inbox(name), _) if self.inbox.has(&name) => self.inbox.answer(request).into(),
            (Asked::PleaseFollow, _) => {
                self.called(request.peer, |take| please_follow::please_follow(&request, take))
            }
            (Asked::Rpc, cloud) => rpc::answer(&request, cloud, |call| {
                self.called(request.peer, |take| please_follow::rpc(call, take))
            }),
            (Asked::PleaseNotify, Some(cloud)) => cloud.please_notify(&request),
            (Asked::Ping, Some(cloud)) => cloud.ping(&request),
            (Asked::Wrongly(place @ (Place::PleaseFollow | Place::Rpc)), _)
            | (Asked::Wrongly(place @ (Place::PleaseNotify | Place::Ping)), Some(_)) => {
                place.refusal().into()
            }
            // It registers with no cloud: what calls back finds a file or nothing.
            (Asked::Challenge(_) | Asked::Notification(_) | Asked::Wrongly(Place::Notify), _)
            | (Asked::PleaseNotify | Asked::Ping | Asked::Wrongly(_), None)
            | (Asked::Inbox(_) | Asked::File, _) => self.hosting.answer(&request).into(),
        }
    }

    /// Keeps a call by `peer`, in the form that `answer` knows.
    fn called(
        &self,
        peer: IpAddr,
        answer: impl FnOnce(&mut dyn FnMut(PleaseFollow)) -> Response,
    ) -> Answer {
        let mut called = None;
        let thanks = answer(&mut |call| called = Some(call));
        let Some(call) = called else { return thanks.into() };
        match self.inbox.put(peer, call, self.clock.now()) {
            Ok(()) => self.once_written(thanks),
            Err(error) => Response::text(413, &error.message).into(),
        }
    }

    /// `thanks`, once it can be relied on.
    fn once_written(&self, thanks: Response) -> Answer {
        let busy = Response::text(503, "the call cannot be kept now").with("retry-after", "60");
        let (promise, answer) = Answer::later(PATIENCE, busy);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.waiting.push((promise, thanks));
        self.writes.at((), callers.next);
        answer
    }

    /// Writes what came, now and then.
    fn attend(&self, mut run: Run) {
        let mut told = String::new();
        self.writes.attend(|()| {
            let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
            callers.next = Instant::now() + BETWEEN_WRITES;
            let waiting = std::mem::take(&mut callers.waiting);
            drop(callers);
            if let Some(cloud) = &self.cloud {
                cloud.look();
            }
            let pause = match self.inbox.flush(run.now()) {
                Ok(()) => {
                    waiting.into_iter().for_each(|(promise, thanks)| promise.keep(thanks));
                    told.clear();
                    BETWEEN_LOOKS
                }
                Err(error) => {
                    if told != error.to_string() {
                        run.talk.report_daily(&error);
                        told = error.to_string();
                    }
                    AFTER_FAILURE
                }
            };
            self.writes.at((), Instant::now() + pause);
        });
    }

    /// Ends, after what is under way.
    pub fn end(&self) {
        self.writes.end();
        if let Some(cloud) = &self.cloud {
            cloud.stop();
        }
        if let Err(error) = self.inbox.flush(self.clock.now()) {
            log::info!("the last calls were not written: {error}");
        }
    }
}

/// The point of a keyless server is that who breaks into it can neither read nor sign.
fn expect_no_secret(identity: &Identity, talk: &mut Talk, has_passphrase_file: bool) -> Result<()> {
    let secret = identity.home.secret();
    if secret.symlink_metadata().is_ok() {
        return Err(Error::new(Kind::Cannot, format!("`{}` is here", secret.display()))
            .hint("without --keyless, if this machine may have the secret key")
            .hint("else use a home with nothing but config.toml and public/ of the owner's"));
    }
    for path in [identity.home.revocation(), identity.home.contacts()] {
        if path.exists() {
            talk.warn(&format!("`{}` is of no use here: remove it", path.display()));
        }
    }
    for (is_set, what) in [
        (identity.config.passphrase_command.is_some(), "passphrase_command in config.toml"),
        (has_passphrase_file, "a passphrase file"),
    ] {
        if is_set {
            talk.warn(&format!("{what} is of no use here, and not looked at: remove it"));
        }
    }
    Ok(())
}
