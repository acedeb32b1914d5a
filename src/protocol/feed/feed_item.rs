//! An item as it stands in a feed: sealed, or plain.

use jiff::Timestamp;

use super::elements::Broken;
use super::namespaces::SOURCE;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::time;
use crate::protocol::values::url::Url;
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, Result};

/// Characters of a guid that are remembered and shown.
const GUID_SHOWN: usize = 200;

/// The media type of OpenPGP certificates (RFC 3156).
pub const KEYS: &str = "application/pgp-keys";
const ARMOR: &str = "-----BEGIN PGP MESSAGE-----";
/// More than any guid that is worth quoting, in bytes.
const LONGEST_GUID: usize = 200;
/// The elements that may stand only once in an item (PROTOCOL §1).
const ONCE: [(&str, &str); 3] = [("", "guid"), ("", "description"), (SOURCE, "markdown")];

/// A file that an item refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Enclosure {
    /// The URL of the file, as written.
    pub url: String,
    /// Its size in bytes; 0 if the feed does not say.
    pub length: u64,
    /// Its media type.
    pub media_type: String,
}

impl Enclosure {
    /// An OpenPGP certificate of `length` bytes at `url`.
    pub fn key(url: &Url, length: u64) -> Self {
        Self { url: url.to_string(), length, media_type: KEYS.to_owned() }
    }

    /// Returns whether it is an OpenPGP certificate.
    pub fn is_key(&self) -> bool {
        self.media_type == KEYS
    }
}

/// An item as it stands in a feed; all of it may be a stranger's word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedItem {
    /// The guid, as written, without the white space around it.
    pub guid: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The web page.
    pub link: Option<String>,
    /// The description: HTML, or a sealed object.
    pub description: Option<String>,
    /// The `pubDate`, to the second.
    pub published: Option<Timestamp>,
    /// The first enclosure.
    pub enclosure: Option<Enclosure>,
    /// One `item` element as XML, written verbatim instead of all the rest; never read.
    pub raw: Option<String>,
    /// Why it keeps neither guid nor description although it is sealed: it breaks a rule. Never
    /// written.
    pub broken: Option<Broken>,
}

impl FeedItem {
    /// The guid outside, as it is remembered and shown: it may be a stranger's, and of any length.
    pub fn shown_guid(&self) -> String {
        let guid = self.guid.as_deref().unwrap_or("without guid");
        guid.chars().filter(|c| !c.is_control()).take(GUID_SHOWN).collect()
    }

    /// The item that holds the sealed object `armored`.
    pub fn sealed(guid: Guid, armored: String) -> Self {
        Self { guid: Some(guid.to_string()), description: Some(armored), ..Self::default() }
    }

    /// Returns whether it is a sealed item: one with an OpenPGP message in its description.
    pub fn is_sealed(&self) -> bool {
        self.description.as_ref().is_some_and(|description| description.contains(ARMOR))
    }

    /// Returns whether it announces a key: a plain item with an OpenPGP certificate as its
    /// enclosure.
    pub fn is_key(&self) -> bool {
        !self.is_sealed() && self.enclosure.as_ref().is_some_and(Enclosure::is_key)
    }

    /// The guid in its one spelling.
    ///
    /// # Errors
    /// When there is none, or it is not the `urn:uuid:` of a UUIDv7.
    pub fn guid(&self) -> Result<Guid> {
        strict_guid(self.guid.as_deref())
    }

    /// The `item` element alone, indented; no line feed at the end.
    pub fn write(&self) -> String {
        let mut writer = Writer::element();
        self.write_to(&mut writer);
        writer.finish()
    }

    /// Reads a document that is one `item` element.
    ///
    /// # Errors
    /// When it is not, or a guid, description or `source:markdown` stands in it twice.
    pub fn parse(xml: &[u8]) -> Result<Self> {
        let root = Element::parse(xml)?;
        if !root.is("", "item") {
            return Err(Error::malformed(format!(
                "not an RSS item: the root element is `{}`",
                root.name
            )));
        }
        refuse_twice(&root)?;
        Ok(Self::read(&root))
    }

    /// An item that breaks a rule of ours keeps neither guid nor description: the feed goes on.
    pub fn read(element: &Element) -> Self {
        let text = |name| element.named("", name).next().map(Element::text);
        let refused = refuse_twice(element).err();
        let sound = refused.is_none();
        let published = text("pubDate").and_then(|date| time::from_rfc_822(&date).ok());
        Self {
            guid: text("guid").filter(|_| sound).map(|guid| bare(&guid).to_owned()),
            title: text("title"),
            link: text("link"),
            description: text("description").filter(|_| sound),
            published: published.map(time::whole_seconds),
            enclosure: element.named("", "enclosure").next().and_then(enclosure),
            raw: None,
            broken: refused.and_then(|error| broken(element, error)),
        }
    }

    pub fn write_to(&self, writer: &mut Writer) {
        if let Some(raw) = &self.raw {
            return writer.raw(raw);
        }
        writer.open("item", &[]);
        for (name, value) in [("title", &self.title), ("link", &self.link)] {
            if let Some(value) = value {
                writer.text(name, &[], value);
            }
        }
        if let Some(guid) = &self.guid {
            writer.text("guid", &[("isPermaLink", "false")], guid);
        }
        if let Some(published) = self.published {
            writer.text("pubDate", &[], &time::rfc_822(published));
        }
        if let Some(description) = &self.description {
            writer.text("description", &[], description);
        }
        if let Some(Enclosure { url, length, media_type }) = &self.enclosure {
            let length = length.to_string();
            let attributes = [("url", url.as_str()), ("length", &length), ("type", media_type)];
            writer.empty("enclosure", &attributes);
        }
        writer.close("item");
    }
}

/// The guid without the white space around it, which is no part of it (PROTOCOL §1).
fn bare(guid: &str) -> &str {
    guid.trim_matches([' ', '\t', '\r', '\n'])
}

/// The guid in its one spelling, of an item inside or outside.
pub fn strict_guid(text: Option<&str>) -> Result<Guid> {
    let text = bare(text.ok_or_else(|| Error::malformed("the item has no guid"))?);
    // The message of a failed parse quotes it all.
    if text.len() > LONGEST_GUID {
        return Err(Error::malformed("the guid is longer than 200 bytes"));
    }
    text.parse()
}

/// The sealed item that `element` would be, but for `error`; nothing if it is a plain one, which nobody
/// takes for a message.
fn broken(element: &Element, error: Error) -> Option<Broken> {
    let all = |name| element.named("", name).map(Element::text);
    let is_sealed = all("description").any(|description| description.contains(ARMOR));
    let text = all("guid").chain(all("description")).collect();
    is_sealed.then(|| Broken { name: "item", why: error.to_string(), text })
}

fn refuse_twice(element: &Element) -> Result<()> {
    ONCE.iter().try_for_each(|(namespace, name)| element.once(namespace, name).map(|_| ()))
}

fn enclosure(element: &Element) -> Option<Enclosure> {
    Some(Enclosure {
        url: element.attribute("url")?.trim().to_owned(),
        length: element.attribute("length").and_then(|n| n.trim().parse().ok()).unwrap_or(0),
        media_type: element.attribute("type").unwrap_or_default().trim().to_owned(),
    })
}
