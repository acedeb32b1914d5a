//! What a contact's feed comes to: it was judged without the lock, and is stored under it.

use super::acknowledge::acknowledge;
use super::contents::followed::Followed;
use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::cost::Budget;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::session::talk::Talk;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Record;
use crate::store::contact::pair::Pair;
use crate::store::contact::verdicts::Verdicts;
use crate::store::identity::own::Locked;

/// The result of taking a document in.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the copy is older than what we know.
    pub stale: bool,
    /// The archive to look in for what is missing.
    pub archive: Option<Url>,
    /// Whether our own feed changed.
    pub rewritten: bool,
    /// Whether an item was new.
    pub has_news: bool,
    /// What is left of the budget.
    pub left: Budget,
}

/// What a feed comes to, before it is stored.
pub(super) struct Judged {
    pub(super) name: String,
    /// The hash of our keys, and whether this home was copied.
    pub(super) by: (Hash, bool),
    pub(super) contact: Contact,
    pub(super) certificate: Certificate,
    pub(super) is_reduced: bool,
    pub(super) verdicts: Verdicts,
    pub(super) records: Vec<Record>,
    pub(super) followed: Followed,
    pub(super) succeeded: bool,
    pub(super) stale: bool,
    pub(super) archive: Option<Url>,
    pub(super) has_news: bool,
}

impl Judged {
    /// Stores it, and acknowledges. No byte that others wrote is looked at any more.
    pub(super) fn store(
        mut self,
        locked: &Locked<'_>,
        keys: &mut Keys,
        talk: &mut Talk,
        left: Budget,
    ) -> Result<Outcome> {
        let name = self.name.as_str();
        if locked.is_copied() {
            // A home that must not write yet acknowledges at the next reading.
            let http = &mut self.contact.http;
            (http.etag, http.last_modified, http.copy) = (None, None, None);
        }
        if self.succeeded {
            self.followed.store(locked, name, &self.certificate)?;
        } else if self.is_reduced {
            contacts::pin(locked, name, &self.certificate)?;
        }
        self.records.sort_by_key(Record::order);
        Messages::of(&locked.home, name).append(locked, &mut self.records)?;
        self.verdicts.save(locked, name)?;
        let Self { name, contact, certificate, stale, archive, has_news, .. } = self;
        let mut pair = Pair { name, contact, certificate };
        let rewritten = acknowledge(locked, keys, talk, &mut pair, self.succeeded)?;
        Ok(Outcome { stale, archive, rewritten, has_news, left })
    }
}
