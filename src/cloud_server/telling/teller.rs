//! Telling a subscriber that a feed changed.

use std::sync::Arc;
use std::time::Duration;

use super::deliveries::Notification;
use crate::error::Error;
use crate::protocol::values::url::Url;
use crate::session::web::clients::Clients;
use crate::session::world::Clock;
use crate::store::subscriptions::Subscriptions;
use crate::transport::client::Failure;

/// The time for the first call: a subscriber that takes longer must not hold up the others.
const PROMPT: Duration = Duration::from_secs(4);
/// The time for further calls, which have threads of their own.
const PATIENT: Duration = Duration::from_secs(10);

/// The means to tell a subscriber.
pub struct Teller {
    pub clients: Clients,
    pub subscriptions: Arc<Subscriptions>,
    pub now: Clock,
}

impl Teller {
    /// Sends a notification; also returns whether that is settled: it was taken, or its
    /// subscription has ended.
    pub fn tell(&self, notification: Notification) -> (Notification, bool) {
        let (feed, callback) = (&notification.route.feed, &notification.route.callback);
        let Some(protocol) = self.subscriptions.protocol(feed, callback, self.now.now()) else {
            return (notification, true);
        };
        let again = notification.urgency.is_again();
        let client = self.clients.about(feed).within(if again { PATIENT } else { PROMPT });
        let (kind, body) = protocol.notification(feed);
        let told = client.notify(callback, kind, &body);
        self.note(feed, callback, &told);
        let told = told.is_ok();
        (notification, told)
    }

    /// Notes for `status` whether a subscriber could be told.
    fn note(&self, feed: &Url, callback: &Url, told: &Result<(), Failure>) {
        let now = self.now.now();
        let noted = match told {
            Ok(()) => self.subscriptions.told(feed, callback, now),
            Err(why) => {
                log::info!("{} was not told of {}: {why}", callback.host(), feed.shortened());
                self.subscriptions.failed(feed, callback, &why.to_string(), now)
            }
        };
        if let Err(error) = noted {
            log::warn!("{}", Error::from(error));
        }
    }
}
