//! The inbox: where a server without the secret key keeps calls, sealed, until the owner comes for
//! them (PROTOCOL §8, keyless server).

#[cfg(test)]
mod tests;

use std::fs;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::entries::Entries;
use super::owner::Owner;
use crate::error::{Context, Error, Kind, Result};
use crate::listen::door::asked::INBOX;
use crate::listen::hosting::public::Hosting;
use crate::protocol::Random;
use crate::protocol::calls::call::Call;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::waiting::callers::{self, Caller};
use crate::transport::server::{Request, Response, neighbourhood};

const TITLE: &str = "Inbox";
const DESCRIPTION: &str = "Sealed calls, readable by the owner of this address.";

/// The inbox of a home without a secret key. Several threads may use it at once.
#[derive(Debug)]
pub struct Inbox {
    home: Home,
    base: Url,
    url: Url,
    name: String,
    hosting: Hosting,
    entries: Mutex<Entries>,
    writer: Mutex<Writer>,
}

/// The writer of the inbox, which only one thread uses at a time.
#[derive(Debug)]
struct Writer {
    owner: Owner,
    /// The version of the entries that is on disk, if one is.
    written: Option<u64>,
}

impl Inbox {
    /// Opens the inbox of `home`, whose `public/` stands at `base`, and makes it if it is not there.
    /// Its URL stays the same from then on.
    ///
    /// # Errors
    /// When there is no certificate of the owner, or the folder cannot be read or written.
    pub fn open(home: &Home, base: &Url, now: Timestamp, rng: Random) -> Result<Self> {
        let mut owner = Owner::of(home, rng)?;
        let found = find(home)?;
        let name = found.unwrap_or_else(|| format!("{}.rss", Token::new(owner.rng())));
        let bytes = atomic::read(&home.inbox().join(&name))?.unwrap_or_default();
        let items = match Channel::parse(&bytes) {
            Ok(channel) => channel.items,
            Err(cause) => {
                if !bytes.is_empty() {
                    log::warn!("the inbox is damaged, and begun anew: {cause}");
                }
                Vec::new()
            }
        };
        let inbox = Self {
            home: home.clone(),
            base: base.clone(),
            url: base.join(&format!("{INBOX}{name}"))?,
            name,
            hosting: Hosting::new(home.inbox()),
            entries: Mutex::new(Entries::of(items, &callers::load(home)?)),
            writer: Mutex::new(Writer { owner, written: None }),
        };
        inbox.flush(now)?;
        Ok(inbox)
    }

    /// The URL at which the owner reads it. Anybody who knows it can count the calls, and read
    /// none.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Takes `call` by `caller` in. It is kept once [`Inbox::flush`] has ended well.
    ///
    /// # Errors
    /// [`Kind::Usage`] when its URLs are so long that it does not fit into an entry.
    pub fn put(&self, caller: IpAddr, call: PleaseFollow, now: Timestamp) -> Result<()> {
        let call = Call { call, time: time::whole_seconds(now) };
        call.write().map_err(|cause| Error::new(Kind::Usage, cause.to_string()))?;
        lock(&self.entries).add(neighbourhood(caller), call);
        Ok(())
    }

    /// Seals what came, removes what is older than 30 days, and writes both if there is anything to
    /// write: at most 64 entries of one length, however much came.
    ///
    /// # Errors
    /// When nothing can be sealed for the owner, or the disk is full; the calls that came are then
    /// kept in memory for the next time.
    pub fn flush(&self, now: Timestamp) -> Result<()> {
        let mut writer = lock(&self.writer);
        let (version, fresh) = {
            let mut entries = lock(&self.entries);
            entries.expire(now);
            (entries.version, entries.fresh())
        };
        if writer.written == Some(version) {
            return Ok(());
        }
        // Sealing takes its time, and callers must not wait for it.
        let sealed = writer.owner.seal_all(fresh, now)?;
        let (items, callers) = {
            let mut entries = lock(&self.entries);
            for (call, guid, armored) in sealed {
                entries.sealed(&call, guid, armored);
            }
            (entries.items(), entries.callers())
        };
        self.write(items, callers)?;
        writer.written = Some(version);
        Ok(())
    }

    fn write(&self, items: Vec<FeedItem>, callers: Vec<Caller>) -> Result<()> {
        let channel = Channel {
            title: TITLE.to_owned(),
            link: self.base.to_string(),
            description: DESCRIPTION.to_owned(),
            language: Some("en".to_owned()),
            self_link: Some(self.url.clone()),
            items,
            ..Channel::default()
        };
        Ok(callers::save(&self.home, callers, &self.name, channel.write().as_bytes())?)
    }

    /// Returns whether its feed is called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.name == name
    }

    /// Answers `request`, which is for the feed.
    pub fn answer(&self, request: Request) -> Response {
        self.hosting.answer(&Request { path: format!("/{}", self.name), ..request })
    }
}

/// The name of the feed in the inbox of `home`, if it is there.
fn find(home: &Home) -> Result<Option<String>> {
    callers::folder(home)?;
    let folder = fs::read_dir(home.inbox()).or_cannot(|| "cannot read `inbox`".to_owned())?;
    let is_feed = |name: &String| {
        name.strip_suffix(".rss").is_some_and(|token| token.parse::<Token>().is_ok())
    };
    let names = folder.flatten().filter_map(|file| file.file_name().into_string().ok());
    Ok(names.filter(is_feed).min())
}

/// Nothing that is done with it held leaves it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
