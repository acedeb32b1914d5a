//! The news in the history.

use super::output::Shown;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::record::{Record, What};

/// The news to deliver of `record`: our own messages and keys in items are not news.
pub(super) fn news(name: &str, contact: &Contact, record: Record) -> Option<Shown> {
    let is_news =
        record.is_deliverable() || !matches!(record.what, What::Message { .. } | What::Key(_));
    is_news.then(|| Shown::of(name, contact, record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contact::history::record::Direction;
    use crate::store::contact::history::record::Direction::{Received, Sent};
    use crate::store::testing::{self, Type, contact};

    fn is_news(kind: Type, direction: Direction, trimmed: bool) -> bool {
        let mut record = Record { direction, ..testing::record(kind, "text") };
        if trimmed {
            record.trim();
        }
        news("mary", &contact('A'), record).is_some()
    }

    #[test]
    fn news_is_what_the_contact_wrote_and_what_happened_but_neither_our_own_words_nor_keys() {
        assert!(is_news(Type::Message, Received, false));
        for kind in [Type::Accepted, Type::Receipt, Type::Trust, Type::Integrity] {
            assert!(is_news(kind, Received, false), "{kind:?}");
        }
        assert!(!is_news(Type::Message, Sent, false));
        assert!(!is_news(Type::Key, Received, false));
        assert!(!is_news(Type::Message, Received, true), "its text is gone");
    }
}
