//! The most that is read and written (PROTOCOL §11). Sizes are in bytes.

use jiff::SignedDuration;

/// A feed, as fetched.
pub const FEED: usize = 5 << 20;
/// A sealed object: dearmored, and again its octets.
pub const SEALED: usize = 1 << 20;
/// A certificate, armored or not.
pub const CERTIFICATE: usize = 64 << 10;
/// Session-key packets of a sealed object.
pub const RECIPIENTS: usize = 64;
/// Signatures of a sealed object.
pub const SIGNATURES: usize = 8;
/// Checks of signatures that may come to nothing, for one contact in one round.
pub const FAILED_CHECKS: usize = 256;
/// Operations of our secret keys that may come to nothing, likewise.
pub const FAILED_OPENINGS: usize = 512;
/// Bytes that may be decrypted, decompressed or hashed for nothing, likewise.
pub const FAILED_BYTES: usize = 16 << 20;
/// Depth of an XML document.
pub const XML_DEPTH: usize = 32;
/// Distinct namespaces of an XML document.
pub const XML_NAMESPACES: usize = 40;
/// A namespace of an XML document.
pub const XML_NAMESPACE: usize = 512;
/// Archives that a reader walks for one contact.
pub const ARCHIVES: usize = 1_000;
/// A feed, card, page or key that a stranger's word made us fetch.
pub const STRANGER: usize = 256_000;
/// A feed as written: the most it may hold.
pub const FEED_WRITTEN: usize = 256_000;
/// A feed as written: above this, the oldest items go to an archive.
pub const FEED_BEFORE_ARCHIVING: usize = 64_000;
/// The octets of an item as written, padding included.
pub const ITEM_WRITTEN: usize = 160 << 10;
/// An attachment: the file, and what is fetched for it.
pub const ATTACHMENT: usize = 25 << 20;
/// The largest sequence, serial or size: 2^53 − 1.
pub const INTEGER: u64 = (1 << 53) - 1;
/// How far ahead of us a signature, or a log, may be, in seconds.
pub const AHEAD: i64 = 24 * 60 * 60;
/// Calls that wait in an inbox, at most (section 8).
pub const INBOX: usize = 64;
/// How long a call waits in an inbox for the owner.
pub const INBOX_WAIT: SignedDuration = SignedDuration::from_hours(30 * 24);
