//! What of the history is news.

use super::output::Shown;
use crate::store::contact::entry::Contact;
use crate::store::contact::record::{Record, What};

/// What there is to deliver of `record`: our own messages and keys in items are not news.
pub(super) fn news(name: &str, contact: &Contact, record: Record) -> Option<Shown> {
    let is_news =
        record.is_deliverable() || !matches!(record.what, What::Message { .. } | What::Key(_));
    is_news.then(|| Shown::of(name, contact, record))
}
