//! Calls and callers for the tests.

use std::net::{IpAddr, Ipv4Addr};

use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::values::url::Url;

/// The caller of this number.
pub fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number.saturating_add(0xC633_6400)).into()
}

/// A call by a stranger; each number has another feed.
pub fn call(number: u32) -> PleaseFollow {
    PleaseFollow { feed: url(&format!("f/{number}.rss")), key: url("key.asc"), in_reply_to: None }
}

/// A URL of the caller's host.
pub fn url(path: &str) -> Url {
    Url::normalized(&format!("https://a.example/{path}")).unwrap()
}
