//! A home that was copied or restored must not write before it has read what it has published:
//! another copy may have gone on, and two that write as one would fork every log (DESIGN §4).

use super::fetch;
use super::run::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::messages::Messages;
use crate::store::disk::lock::Lock;
use crate::store::identity::key_state::KeyState;
use crate::store::identity::own_urls;
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
    pub fn lock(&mut self) -> Result<Lock> {
        let mut lock = self.home.lock()?;
        if self.config.read_only || lock.is_original()? {
            return Ok(lock);
        }
        // The network may take its time, and the lock must not.
        drop(lock);
        let published = self.compare_published()?;
        lock = self.home.lock()?;
        self.skip_serials()?;
        if let Some(published) = published {
            self.take_over(&published)?;
        }
        // What was sealed to us since the copy was made may be sealed to a subkey that is lost.
        let state = KeyState::load(&self.home)?;
        KeyState { restored: Some(self.now()), ..state }.save(&self.home)?;
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

    /// Checks that nothing newer than what is here has been published. Returns our certificate as it
    /// was published, if anybody reads us.
    fn compare_published(&self) -> Result<Option<Certificate>> {
        let names = contacts::list(&self.home)?;
        for name in &names {
            let contact = Contact::load(&self.home, name)?;
            let url = own_urls::feed_url(&self.config, &contact.ours.token)?;
            let what = format!("our own feed for `{name}`");
            let Some(bytes) = self.published(&url, limits::FEED, &what)? else { continue };
            let channel = Channel::parse(&bytes).or_cannot(|| format!("cannot read {what}"))?;
            self.expect_nothing_new(name, &channel)?;
        }
        if names.is_empty() {
            return Ok(None);
        }
        let url = self.config.base()?.join("key.asc")?;
        let bytes = self.published(&url, limits::CERTIFICATE, "our own certificate")?;
        Ok(bytes.map(|bytes| Certificate::parse(&bytes)).transpose()?)
    }

    /// What stands at `url`, where we have put it.
    fn published(&self, url: &Url, limit: usize, what: &str) -> Result<Option<Vec<u8>>> {
        let conditions = Conditions { no_cache: true, ..Conditions::default() };
        match self.client()?.get(url, limit, &conditions) {
            Ok(Answer::Document(document)) => Ok(Some(document.bytes)),
            Ok(Answer::Unchanged) | Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(fetch::failed(what, failure)
                .hint("this home was copied or restored: before it writes, it must see what it has published")),
        }
    }

    /// Takes over what was published of our certificate since the copy was made.
    fn take_over(&mut self, published: &Certificate) -> Result<()> {
        let ours = self.certificate()?;
        if ours.fingerprint() != published.fingerprint() {
            return Err(Error::new(
                Kind::Integrity,
                format!(
                    "our own certificate is published as {}, and this home has {}",
                    published.fingerprint(),
                    ours.fingerprint()
                ),
            )
            .hint("this is an older copy of the home: use the newer one"));
        }
        let merged = ours.merged(published, self.now())?;
        if merged == *ours { Ok(()) } else { self.replace_certificate(merged) }
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
