//! A contact with the certificate that is pinned for it: what is written to, and what is read.

use super::contacts;
use super::entry::Contact;
use crate::openpgp::certificate::Certificate;
use crate::store::disk::home::Home;
use crate::store::error::Result;
use crate::store::identity::own::Locked;

/// A contact, and the certificate that is pinned for it.
pub struct Pair {
    /// The name that the user gives the contact.
    pub name: String,
    /// The contact, as we know it.
    pub contact: Contact,
    /// The certificate that is sealed to, and that signs.
    pub certificate: Certificate,
}

impl Pair {
    /// The contact called `name`, to be changed and written back.
    ///
    /// # Errors
    /// When there is none, or its files are damaged.
    pub fn load(locked: &Locked<'_>, name: &str) -> Result<Self> {
        Self::look(&locked.home, name)
    }

    /// The contact called `name` as it is just now. Without the lock another process may change it
    /// meanwhile: written back, this would undo what that has written.
    ///
    /// # Errors
    /// As [`Pair::load`].
    pub fn look(home: &Home, name: &str) -> Result<Self> {
        let contact = Contact::load(home, name)?;
        let certificate = contacts::certificate(home, name)?;
        Ok(Self { name: name.to_owned(), contact, certificate })
    }

    /// Writes what we know of the contact.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, locked: &Locked<'_>) -> Result<()> {
        self.contact.save(locked, &self.name)
    }
}
