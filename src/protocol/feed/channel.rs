//! The RSS 2.0 channel: pair feeds, archives, cards, and any feed that carries our elements.

#[cfg(test)]
pub(in crate::protocol) mod tests;

use super::elements::url_of;
use super::namespaces::{ATOM, HISTORY};
use crate::protocol::values::url::Url;
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

pub use super::elements::{Broken, Cloud, HTTPS, HandshakeElement, KeyElement, element_url};
pub use super::feed_item::{Enclosure, FeedItem};
pub(in crate::protocol) use super::feed_item::{KEYS, strict_guid};
pub(in crate::protocol) use super::namespaces::SOURCE;

/// A channel and its items, as far as this program reads and writes them (PROTOCOL §3, §7).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channel {
    /// The title; on a card, the name.
    pub title: String,
    /// The web page that belongs to it.
    pub link: String,
    /// The description, in a sentence.
    pub description: String,
    /// The language, as RSS spells it.
    pub language: Option<String>,
    /// The URL that it gives as its own.
    pub self_link: Option<Url>,
    /// In an archive: the feed that it was taken from (RFC 5005).
    pub current: Option<Url>,
    /// The next older archive (RFC 5005).
    pub prev_archive: Option<Url>,
    /// The WebSub hub.
    pub hub: Option<Url>,
    /// Whether it is an archive (RFC 5005).
    pub archive: bool,
    /// The rssCloud server, in RSS's own spelling.
    pub cloud: Option<Cloud>,
    /// The rssCloud server, as a URL.
    pub source_cloud: Option<Url>,
    /// The writer's OpenPGP key.
    pub key: Option<KeyElement>,
    /// How to introduce oneself to the writer.
    pub handshake: Option<HandshakeElement>,
    /// The sealed (in an invitation file perhaps only signed) introduction, armored.
    pub introduction: Option<String>,
    /// The sealed state, armored.
    pub state: Option<String>,
    /// In an invitation file: the writer's certificate, armored.
    pub certificate: Option<String>,
    /// The items, in the order of the document: newest first where we write.
    pub items: Vec<FeedItem>,
    /// The objects of ours that break a rule, and are left out; never written.
    pub broken: Vec<Broken>,
}

impl Channel {
    /// Reads an RSS 2.0 feed of which every object of ours has to be sound. Elements that are not ours
    /// may be junk: they are left out.
    ///
    /// # Errors
    /// As [`Channel::parse_each`]; also when one of our elements stands twice, or its `im:pgpKey` or
    /// `im:handshake` is malformed.
    pub fn parse(document: &[u8]) -> Result<Self> {
        let channel = Self::parse_each(document)?;
        match channel.broken.first() {
            Some(broken) => Err(Error::malformed(broken.why.clone())),
            None => Ok(channel),
        }
    }

    /// Reads an RSS 2.0 feed, and each object of ours by itself: one that breaks a rule is left out, and
    /// listed among the `broken`.
    ///
    /// # Errors
    /// When it is not XML within the limits, or not RSS.
    pub fn parse_each(document: &[u8]) -> Result<Self> {
        let root = Element::parse(document)?;
        if !root.is("", "rss") {
            return Err(Error::malformed(format!("not RSS: the root element is `{}`", root.name)));
        }
        let channel = root.named("", "channel").next();
        Ok(Self::read(channel.ok_or_else(|| Error::malformed("not RSS: it has no channel"))?))
    }

    /// Reads the feed of somebody who writes by this protocol, likewise.
    ///
    /// # Errors
    /// As [`Channel::parse_each`]; also when nothing in it is of this protocol, as in a blog's feed.
    pub fn parse_ours(document: &[u8]) -> Result<Self> {
        let channel = Self::parse_each(document)?;
        let ours = channel.introduction.is_some()
            || channel.state.is_some()
            || channel.key.is_some()
            || !channel.broken.is_empty();
        if ours || channel.items.iter().any(|item| item.is_sealed() || item.broken.is_some()) {
            return Ok(channel);
        }
        Err(Error::malformed("there is neither a key in it nor anything that is encrypted"))
    }

    fn read(channel: &Element) -> Self {
        let text = |name| channel.named("", name).next().map(Element::text);
        let mut broken = Vec::new();
        let armored = |element: &Element| Ok(element.text());
        Self {
            title: text("title").unwrap_or_default(),
            link: text("link").unwrap_or_default(),
            description: text("description").unwrap_or_default(),
            language: text("language"),
            self_link: atom_link(channel, "self"),
            current: atom_link(channel, "current"),
            prev_archive: atom_link(channel, "prev-archive"),
            hub: atom_link(channel, "hub"),
            archive: channel.named(HISTORY, "archive").next().is_some(),
            cloud: channel.named("", "cloud").find_map(Cloud::read),
            source_cloud: source_cloud(channel),
            key: sound(channel, "pgpKey", &mut broken, KeyElement::read),
            handshake: sound(channel, "handshake", &mut broken, HandshakeElement::read),
            introduction: sound(channel, "introduction", &mut broken, armored),
            state: sound(channel, "state", &mut broken, armored),
            certificate: sound(channel, "certificate", &mut broken, armored),
            items: channel.named("", "item").map(FeedItem::read).collect(),
            broken,
        }
    }

    /// Writes the feed: the same bytes for the same channel, whatever wrote it before.
    pub fn write(&self) -> String {
        let mut writer = Writer::document();
        let mut attributes = vec![
            ("version", "2.0"),
            ("xmlns:atom", ATOM),
            ("xmlns:source", SOURCE),
            ("xmlns:im", NAMESPACE),
        ];
        if self.archive {
            attributes.push(("xmlns:fh", HISTORY));
        }
        writer.open("rss", &attributes);
        writer.open("channel", &[]);
        self.write_rss(&mut writer);
        self.write_ours(&mut writer);
        for item in &self.items {
            item.write_to(&mut writer);
        }
        writer.close("channel");
        writer.close("rss");
        writer.finish()
    }

    fn write_rss(&self, writer: &mut Writer) {
        writer.text("title", &[], &self.title);
        writer.text("link", &[], &self.link);
        writer.text("description", &[], &self.description);
        if let Some(language) = &self.language {
            writer.text("language", &[], language);
        }
        if self.archive {
            writer.empty("fh:archive", &[]);
        }
        let rss = ("type", "application/rss+xml");
        for (relation, url) in [
            ("self", &self.self_link),
            ("current", &self.current),
            ("prev-archive", &self.prev_archive),
        ] {
            if let Some(url) = url {
                writer.empty("atom:link", &[("rel", relation), rss, ("href", url.as_str())]);
            }
        }
        if let Some(hub) = &self.hub {
            writer.empty("atom:link", &[("rel", "hub"), ("href", hub.as_str())]);
        }
        if let Some(cloud) = &self.cloud {
            cloud.write_to(writer);
        }
        if let Some(url) = &self.source_cloud {
            writer.text("source:cloud", &[], url.as_str());
        }
    }

    fn write_ours(&self, writer: &mut Writer) {
        if let Some(key) = &self.key {
            key.write_to(writer);
        }
        if let Some(handshake) = &self.handshake {
            handshake.write_to(writer);
        }
        for (name, armored) in [
            ("im:introduction", &self.introduction),
            ("im:state", &self.state),
            ("im:certificate", &self.certificate),
        ] {
            if let Some(armored) = armored {
                writer.text(name, &[], armored);
            }
        }
    }
}

/// What `read` makes of our element `name`; nothing if it is not there, or breaks a rule.
fn sound<T>(
    channel: &Element,
    name: &'static str,
    broken: &mut Vec<Broken>,
    read: impl Fn(&Element) -> Result<T>,
) -> Option<T> {
    let one = channel.once(NAMESPACE, name);
    match one.and_then(|one| one.map(read).transpose()) {
        Ok(read) => read,
        Err(error) => {
            let all = channel.named(NAMESPACE, name);
            let text = all.flat_map(Element::texts).collect();
            broken.push(Broken { name, why: error.to_string(), text });
            None
        }
    }
}

fn atom_link(channel: &Element, relation: &str) -> Option<Url> {
    channel
        .named(ATOM, "link")
        .filter(|link| link.attribute("rel") == Some(relation))
        .find_map(|link| Url::normalized(link.attribute("href")?.trim()).ok())
}

fn source_cloud(channel: &Element) -> Option<Url> {
    channel.named(SOURCE, "cloud").find_map(|cloud| Url::normalized(cloud.text().trim()).ok())
}

/// The pleaseNotify URL of the cloud that `channel`, the feed at `feed`, names. Another's cloud
/// would learn the feed's URL, which is a capability: it counts only where `third_party` says so.
pub fn cloud_of(channel: &Channel, feed: &Url, third_party: bool) -> Option<Url> {
    let element = channel.cloud.as_ref().and_then(url_of);
    let named = channel.source_cloud.clone().into_iter().chain(element);
    named.into_iter().find(|url| third_party || url.same_origin(feed))
}
