//! Why a contact's feed is asked for.

/// Why a contact's feed is asked for, and so how much may be done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The user has named the contact: nothing waits for a pause.
    ByUser,
    /// Somebody says that there is something new: the host is asked, whatever it answered before.
    Soon,
    /// It is time to look: hosts that have answered in vain are left alone for a while.
    InTime,
}
