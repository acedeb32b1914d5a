//! The output of `cloud show`.

use jiff::Timestamp;
use serde::Serialize;

use crate::cloud_client::named::NamedCloud;
use crate::delivery::output;
use crate::protocol::feed::channel::{self, Channel};
use crate::protocol::values::text;
use crate::protocol::values::url::Url;
use crate::store::subscriptions::lease::Lease;

/// The cloud of a feed: what the feed says of it, and what we know; as JSON, one object.
#[derive(Debug, Default, Serialize)]
pub(super) struct CloudView<'a> {
    feed: &'a str,
    cloud: Option<Element<'a>>,
    source_cloud: Option<&'a Url>,
    hub: Option<&'a Url>,
    /// The URL that is called to register, if we can.
    please_notify: Option<Url>,
    /// Whether that is on the feed's own origin.
    own_origin: Option<bool>,
    /// The contact whose feed it is.
    pub(super) contact: Option<&'a str>,
    /// Our registration, for a contact's feed.
    pub(super) lease: Option<Registration<'a>>,
    /// The number of subscribers that our own cloud has for a feed of ours. Their identity is
    /// nobody's business.
    pub(super) subscribers: Option<usize>,
}

/// `<cloud>`.
#[derive(Debug, Serialize)]
struct Element<'a> {
    domain: &'a str,
    port: u16,
    path: &'a str,
    register_procedure: &'a str,
    protocol: &'a str,
}

/// A lease without its callback, which only the cloud is to know.
#[derive(Debug, Serialize)]
pub(super) struct Registration<'a> {
    until: Option<Timestamp>,
    next: Timestamp,
    failures: u32,
    failure: Option<&'a str>,
}

impl<'a> From<&'a Lease> for Registration<'a> {
    fn from(lease: &'a Lease) -> Self {
        let Lease { until, next, failures, .. } = *lease;
        Self { until, next, failures, failure: lease.failure.as_deref() }
    }
}

impl<'a> From<&'a channel::Cloud> for Element<'a> {
    fn from(cloud: &'a channel::Cloud) -> Self {
        Self {
            domain: &cloud.domain,
            port: cloud.port,
            path: &cloud.path,
            register_procedure: &cloud.register_procedure,
            protocol: &cloud.protocol,
        }
    }
}

impl<'a> CloudView<'a> {
    /// Returns what `channel`, the feed at `url`, says.
    pub(super) fn said_by(channel: &'a Channel, url: &'a Url) -> Self {
        let please_notify = NamedCloud::of(channel, url).map(|cloud| cloud.url().clone());
        Self {
            feed: url.as_str(),
            cloud: channel.cloud.as_ref().map(Element::from),
            source_cloud: channel.source_cloud.as_ref(),
            hub: channel.hub.as_ref(),
            own_origin: please_notify.as_ref().map(|cloud| cloud.same_origin(url)),
            please_notify,
            ..Self::default()
        }
    }

    /// The text for people: a line for each.
    pub(super) fn text(&self) -> String {
        let url = |url: Option<&Url>| url.map_or("-".to_owned(), Url::to_string);
        let element = |Element { domain, port, path, protocol, .. }: &Element<'_>| {
            format!("domain {domain}, port {port}, path {path}, protocol {protocol}")
        };
        let own = self.own_origin.map_or("-", |own| if own { "yes" } else { "no" });
        let mut lines = vec![
            ("feed", self.feed.to_owned()),
            ("cloud", self.cloud.as_ref().map_or("-".to_owned(), element)),
            ("source:cloud", url(self.source_cloud)),
            ("hub", url(self.hub)),
            ("pleaseNotify", url(self.please_notify.as_ref())),
            ("own origin", own.to_owned()),
        ];
        lines.extend(self.contact.map(|name| ("contact", name.to_owned())));
        lines.extend(self.lease.iter().flat_map(Registration::lines));
        lines.extend(self.subscribers.map(|number| ("subscribers", number.to_string())));
        lines.iter().map(|(key, value)| line(key, value)).collect()
    }
}

impl Registration<'_> {
    fn lines(&self) -> Vec<(&'static str, String)> {
        let until = self.until.map_or("never granted".to_owned(), output::local);
        let mut lines = vec![("until", until), ("next", output::local(self.next))];
        lines.extend(self.failure.map(|why| ("failure", why.to_owned())));
        lines
    }
}

/// The feed is a stranger's word, and must not forge another line.
fn line(key: &str, value: &str) -> String {
    format!("{key:<12} {}\n", text::visible(value).replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_forges_no_line() {
        let rss = "<rss><channel><cloud domain='d' port='80' path='/p&#10;subscribers  9'
            protocol='http-post&#x202e;'/></channel></rss>";
        let channel = Channel::parse(rss.as_bytes()).unwrap();
        let url = "https://a.example/feed".parse().unwrap();
        let text = CloudView::said_by(&channel, &url).text();
        let cloud =
            "cloud        domain d, port 80, path /p subscribers  9, protocol http-post<U+202E>";
        assert!(text.contains(cloud) && !text.contains('\u{202e}'), "{text}");
        assert_eq!(text.lines().count(), 6);
    }
}
