//! Documents by strangers.

use super::channel::Channel;
use crate::protocol::{Error, Result};

/// Tags of a document: while it is read each costs some hundred bytes, and calls are followed
/// several at once. A feed of the largest size has some thousand.
const TAGS: usize = 16_384;

/// Reads a feed that a stranger's word made us fetch.
///
/// # Errors
/// When it has more than 16,384 tags; else as [`Channel::parse`].
pub fn channel(document: &[u8]) -> Result<Channel> {
    if document.iter().filter(|byte| **byte == b'<').count() > TAGS {
        return Err(Error::malformed("more than 16,384 tags"));
    }
    Channel::parse(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_nothing_but_tags_is_refused_before_it_is_read() {
        let feed = |tags: usize| {
            let elements = "<a/>".repeat(tags.saturating_sub(2));
            channel(format!("<rss>{elements}</rss>").as_bytes()).unwrap_err().to_string()
        };
        assert!(feed(TAGS + 1).contains("16,384 tags"));
        assert!(!feed(TAGS).contains("16,384 tags"), "{}", feed(TAGS));
    }
}
