//! A contact whose key was replaced, until that is stored.

use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Record;
use crate::store::identity::own::Locked;

/// The keys by which a contact was followed to its present one, until that is stored.
#[derive(Default)]
pub(in crate::reading) struct Followed {
    /// The certificates that were pinned, the oldest first.
    pub(in crate::reading) before: Vec<Certificate>,
    pub(in crate::reading) notices: Vec<Record>,
    /// The contact as it is by the last of them, before anything else is judged.
    pub(in crate::reading) contact: Option<Contact>,
}

impl Followed {
    /// Pins the last successor, `pinned`. The contact is written last: a run that dies before follows
    /// again.
    ///
    /// # Errors
    /// When something cannot be written.
    pub(in crate::reading) fn store(
        mut self,
        locked: &Locked<'_>,
        name: &str,
        pinned: &Certificate,
    ) -> Result<()> {
        for before in &self.before {
            contacts::keep_as_former(locked, name, before)?;
        }
        contacts::pin(locked, name, pinned)?;
        Messages::of(&locked.home, name).append(locked, &mut self.notices)?;
        match self.contact {
            Some(contact) => Ok(contact.save(locked, name)?),
            None => Ok(()),
        }
    }
}
