//! The namespaces of the elements that feeds hold beside RSS 2.0's own.

/// Links of a feed: `self`, `hub`, `prev-archive` (RFC 4287).
pub const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Archives of a feed (RFC 5005).
pub const HISTORY: &str = "http://purl.org/syndication/history/1.0";
/// The namespace of `source:cloud` and `source:markdown`, as it is written.
pub use crate::protocol::xml::SOURCE;
