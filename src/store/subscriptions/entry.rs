//! One line of the file: a subscription, and how it fares.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::calls::cloud::Protocol;
use crate::protocol::values::url::Url;

/// A subscriber that is told of one feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The feed.
    pub feed: Url,
    /// The URL to call.
    pub callback: Url,
    /// How it wants to be called: `protocol`, and `notifyProcedure` if that is `xml-rpc`.
    #[serde(flatten)]
    pub protocol: Protocol,
    /// The time at which the subscription ends.
    pub until: Timestamp,
    /// The failure, if it could not be told the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// The failure to tell a subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The time since which it cannot be told.
    pub since: Timestamp,
    /// The reason, the last time that this was another than before.
    pub why: String,
}
