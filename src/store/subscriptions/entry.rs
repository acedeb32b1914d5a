//! One line of the file: a subscription, and how it fares.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::calls::cloud::Protocol;
use crate::protocol::values::url::Url;

/// One who is told of one feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The feed.
    pub feed: Url,
    /// Whom to call.
    pub callback: Url,
    /// How it wants to be called: `protocol`, and `notifyProcedure` if that is `xml-rpc`.
    #[serde(flatten)]
    pub protocol: Protocol,
    /// When that ends.
    pub until: Timestamp,
    /// Whether it could not be told the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// That a subscriber cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// Why, the last time that this was another reason than before.
    pub why: String,
}
