//! The readers of our feeds who cannot be told at once that they changed, as `status` shows them.

use jiff::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::protocol::values::url::Url;
use crate::session::command::Session;
use crate::store::contact::contacts;
use crate::store::identity::own_urls::Ours;
use crate::store::subscriptions;

/// A subscriber of a feed that the cloud of this home is for.
#[derive(Clone, Debug, Serialize)]
pub struct Unreached {
    /// The host of its callback; the rest is for the cloud alone to know.
    pub subscriber: String,
    /// The feed, with its token shortened.
    pub feed: String,
    /// The contact whose feed that is, if it is one's.
    pub contact: Option<String>,
    /// Since when it cannot be told.
    pub failing_since: Timestamp,
    /// Why.
    pub failure: String,
    /// Until when it is tried again, unless it registers again.
    pub lease_until: Timestamp,
}

impl Unreached {
    /// All of them, or those of the feed for the contact called `only`. No lock, no network.
    ///
    /// # Errors
    /// When the subscriptions cannot be read.
    pub fn all(session: &Session, only: Option<&str>) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for subscription in
            subscriptions::failing(&session.run.identity.home, session.run.clock.now())?
        {
            let contact = reader(session, &subscription.feed)?;
            let is_wanted = only.is_none() || contact.as_deref() == only;
            let Some(failing) = subscription.failing.filter(|_| is_wanted) else { continue };
            found.push(Self {
                subscriber: subscription.callback.authority(),
                feed: subscription.feed.shortened(),
                contact,
                failing_since: failing.since,
                failure: failing.why,
                lease_until: subscription.until,
            });
        }
        Ok(found)
    }
}

/// The contact for whom the feed at `feed` is.
fn reader(session: &Session, feed: &Url) -> Result<Option<String>> {
    match Ours::at(&session.run.identity.config, feed) {
        Some(Ours::Pair(token)) => Ok(contacts::reader_of(&session.run.identity.home, &token)?),
        Some(Ours::Card) | None => Ok(None),
    }
}
