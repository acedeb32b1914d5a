//! A home that was copied or restored must not write before it has read what it has published:
//! another copy may have gone on, and two that write as one would fork every log (DESIGN §4).

use super::fetch;
use super::session::Session;
use super::singles;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::channel::Channel;
use crate::protocol::limits;
use crate::store::contact::Contact;
use crate::store::contacts;
use crate::store::lock::Lock;
use crate::store::messages::Messages;
use crate::transport::client::{Answer, Conditions, Failure};

/// How many states a copy is thought to have published at most that this home does not know of.
const SKIPPED: u64 = 1_000;

impl Session {
    /// Takes the lock of the home for writing. A home that is `read_only` may be a copy: it writes
    /// nothing to the world.
    ///
    /// # Errors
    /// When it is busy; or when this home was copied or restored, and what it has published is
    /// newer than what is here, or cannot be read.
    pub fn lock(&self) -> Result<Lock> {
        let mut lock = self.home.lock()?;
        if self.config.read_only || lock.is_original()? {
            return Ok(lock);
        }
        // The network may take its time, and the lock must not.
        drop(lock);
        self.compare_published()?;
        lock = self.home.lock()?;
        self.skip_serials()?;
        lock.record()?;
        Ok(lock)
    }

    /// Leaves room for the states that a lost copy of this home may have published: a serial that
    /// comes twice with other octets would be proof of a fork.
    fn skip_serials(&self) -> Result<()> {
        for name in contacts::list(&self.home)? {
            let mut contact = Contact::load(&self.home, &name)?;
            contact.ours.state = contact.ours.state.saturating_add(SKIPPED);
            contact.save(&self.home, &name)?;
        }
        Ok(())
    }

    fn compare_published(&self) -> Result<()> {
        for name in contacts::list(&self.home)? {
            let contact = Contact::load(&self.home, &name)?;
            let url = singles::feed_url(self, &contact.ours.token)?;
            let document = match self.client()?.get(
                &url,
                limits::FEED,
                &Conditions { no_cache: true, ..Conditions::default() },
            ) {
                Ok(Answer::Document(document)) => document,
                Ok(Answer::Unchanged) | Err(Failure::NotFound) => continue,
                Err(failure) => {
                    return Err(fetch::failed(&format!("our own feed for `{name}`"), failure)
                        .hint("this home was copied or restored: before it writes, it must see what it has published"));
                }
            };
            let channel = Channel::parse(&document.bytes)
                .or_cannot(|| format!("cannot read our own feed for `{name}`"))?;
            self.expect_nothing_new(&name, &channel)?;
        }
        Ok(())
    }

    fn expect_nothing_new(&self, name: &str, published: &Channel) -> Result<()> {
        let messages = Messages::of(&self.home, name);
        for item in published.items.iter().filter(|item| item.is_sealed()) {
            let Ok(guid) = item.guid() else { continue };
            if messages.find(guid)?.is_none() {
                return Err(Error::new(Kind::Integrity, format!("our feed for `{name}` holds a message that this home never wrote: {guid}"))
                    .hint("this is an older copy of the home: write from the newer one, or set read_only = true in config.toml"));
            }
        }
        Ok(())
    }
}
