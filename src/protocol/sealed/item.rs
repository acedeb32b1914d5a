//! The plain item: the octets that a sealed item holds (PROTOCOL §4).

#[cfg(test)]
pub(in crate::protocol) mod tests;

use jiff::Timestamp;

use super::padding::close_headed;
use super::transition::Transition;
use crate::protocol::feed::channel::{KEYS, SOURCE, strict_guid};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash};
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::protocol::values::{integer, text, time};
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

const THREAD: &str = "http://purl.org/syndication/thread/1.0";
const ENCRYPTED: &str = "application/pgp-encrypted";
/// The children that are read.
const KNOWN: [(&str, &str); 11] = [
    ("", "guid"),
    ("", "pubDate"),
    ("", "description"),
    ("", "enclosure"),
    (SOURCE, "markdown"),
    (THREAD, "in-reply-to"),
    (NAMESPACE, "attachment"),
    (NAMESPACE, "stream"),
    (NAMESPACE, "conversation"),
    (NAMESPACE, "transition"),
    (NAMESPACE, "padding"),
];

/// The place of an item in its log.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// The log.
    pub log: LogId,
    /// 1, 2, 3 … within the log, at most 2^53−1.
    pub sequence: u64,
    /// The hash of the item before; absent for the first.
    pub previous: Option<OctetsHash>,
}

/// A file that belongs to an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// An http or https URL once published; `file:` before. Code that fetches it parses it first.
    pub url: String,
    /// The name that the sender gives the file: any text. Code that writes a file must make it
    /// safe.
    pub name: String,
    /// The media type of the file, as the sender says.
    pub media_type: String,
    /// Bytes of the file at `url`, at most 2^53−1.
    pub size: u64,
    /// The hash of the file at `url`.
    pub hash: Hash,
}

/// A message, before it is sealed and after it is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name, the same as outside.
    pub guid: Guid,
    /// When it was written, to the second: for people, never for ordering.
    pub published: Timestamp,
    /// The text, exactly as given.
    pub text: String,
    /// The item that it answers.
    pub in_reply_to: Option<Guid>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Its place in the log; absent before `encrypt` gives it one.
    pub stream: Option<Stream>,
    /// The conversation, if it is not that of the pair.
    pub conversation: Option<Guid>,
    /// Whether an enclosure is an OpenPGP certificate: such an item is never shown. It is
    /// written as the type of the first attachment's enclosure.
    pub keys: bool,
    /// The writer's new primary key: such an item is never shown either.
    pub transition: Option<Transition>,
}

impl Item {
    /// Writes the item as it is before it is sealed, without padding.
    pub fn write(&self) -> String {
        let mut writer = self.open();
        writer.close("item");
        writer.finish()
    }

    /// Writes the item for other programs that show feeds, under `title` if any: anew, from what was
    /// understood of it, so that nothing else of the writer's octets is passed on. What reorders or
    /// hides text is made visible in the description; `source:markdown` stays exact. An attachment
    /// that is named by a file of this machine is left out.
    pub fn write_plain(&self, title: Option<&str>) -> String {
        let attachments = self.attachments.iter().filter(|file| file.url.parse::<Url>().is_ok());
        let shown = Self { attachments: attachments.cloned().collect(), ..self.clone() };
        let mut writer = shown.open_titled(title, &text::revealed(&self.text));
        writer.close("item");
        writer.finish()
    }

    /// Writes the octets that are sealed, padded. The padding begins with `head`, which must be random:
    /// then no hash of the octets confirms a guess of the text (PROTOCOL §2, §12).
    pub fn octets(&self, head: &Token) -> String {
        close_headed(self.open(), "item", head.as_str())
    }

    /// The item without its end.
    fn open(&self) -> Writer {
        self.open_titled(None, &self.text)
    }

    /// The same with a title, and a description that says `described`.
    fn open_titled(&self, title: Option<&str>, described: &str) -> Writer {
        let mut writer = Writer::fragment();
        let namespaces = [("xmlns:im", NAMESPACE), ("xmlns:source", SOURCE), ("xmlns:thr", THREAD)];
        writer.open("item", &namespaces);
        if let Some(title) = title {
            writer.text("title", &[], title);
        }
        writer.text("guid", &[("isPermaLink", "false")], &self.guid.to_string());
        writer.text("pubDate", &[], &time::rfc_822(self.published));
        writer.text("description", &[], &text::to_html(described));
        writer.text("source:markdown", &[], &self.text);
        if let Some(guid) = &self.in_reply_to {
            writer.empty("thr:in-reply-to", &[("ref", &guid.to_string())]);
        }
        self.write_attachments(&mut writer);
        if let Some(stream) = &self.stream {
            stream.write_to(&mut writer);
        }
        if let Some(guid) = &self.conversation {
            writer.empty("im:conversation", &[("id", &guid.to_string())]);
        }
        if let Some(transition) = &self.transition {
            transition.write_to(&mut writer);
        }
        writer
    }

    fn write_attachments(&self, writer: &mut Writer) {
        // RSS knows one enclosure an item.
        if let Some(first) = self.attachments.first() {
            let kind = if self.keys { KEYS } else { ENCRYPTED };
            let length = first.size.to_string();
            let attributes = [("url", first.url.as_str()), ("length", &length), ("type", kind)];
            writer.empty("enclosure", &attributes);
        }
        for attachment in &self.attachments {
            let attributes = [
                ("url", attachment.url.as_str()),
                ("name", &attachment.name),
                ("type", &attachment.media_type),
                ("size", &attachment.size.to_string()),
                ("hash", &attachment.hash.to_string()),
            ];
            writer.empty("im:attachment", &attributes);
        }
    }

    /// Reads the octets.
    ///
    /// # Errors
    /// [`Error::Critical`] for an unknown critical child; malformed when they are not an item
    /// within the limits, the guid is absent, what may stand once stands twice, or one of our
    /// elements is not canonical.
    pub fn parse(octets: &[u8]) -> Result<Self> {
        let root = Element::parse_octets(octets, "", "item")?;
        root.refuse_unknown_critical(&KNOWN)?;
        let guid = root.once("", "guid")?.map(Element::text);
        let guid = strict_guid(guid.as_deref())?;
        let date = root.named("", "pubDate").next().map(Element::text);
        let published = date.and_then(|date| time::from_rfc_822(&date).ok());
        Ok(Self {
            guid,
            published: time::whole_seconds(published.unwrap_or_else(|| guid.time())),
            text: read_text(&root)?,
            in_reply_to: root
                .named(THREAD, "in-reply-to")
                .find_map(|reply| reply.attribute("ref")?.trim().parse().ok()),
            attachments: root
                .named(NAMESPACE, "attachment")
                .map(Attachment::read)
                .collect::<Result<_>>()?,
            stream: root.once(NAMESPACE, "stream")?.map(Stream::read).transpose()?,
            conversation: root
                .once(NAMESPACE, "conversation")?
                .map(|conversation| conversation.required_as("id"))
                .transpose()?,
            keys: root.named("", "enclosure").any(|file| file.attribute("type") == Some(KEYS)),
            transition: root.once(NAMESPACE, "transition")?.map(Transition::read).transpose()?,
        })
    }
}

fn read_text(item: &Element) -> Result<String> {
    let description = item.once("", "description")?;
    Ok(match (item.once(SOURCE, "markdown")?, description) {
        (Some(markdown), _) => markdown.text(),
        (None, Some(description)) => text::from_html(&description.text()),
        (None, None) => String::new(),
    })
}

impl Stream {
    fn read(element: &Element) -> Result<Self> {
        let sequence = integer::parse(element.required("sequence")?)?;
        let previous = element.optional_as("previous")?;
        if (sequence == 1) != previous.is_none() {
            return Err(Error::malformed(format!(
                "`stream` of sequence {sequence}: all but the first name the previous"
            )));
        }
        Ok(Self { log: element.required_as("log")?, sequence, previous })
    }

    fn write_to(&self, writer: &mut Writer) {
        let (log, sequence) = (self.log.to_string(), self.sequence.to_string());
        let previous = self.previous.map(|hash| hash.to_string());
        let mut attributes = vec![("log", log.as_str()), ("sequence", &sequence)];
        attributes.extend(previous.as_deref().map(|previous| ("previous", previous)));
        writer.empty("im:stream", &attributes);
    }
}

impl Attachment {
    fn read(element: &Element) -> Result<Self> {
        let url = element.required("url")?;
        if !url.starts_with("file:") {
            url.parse::<Url>()?;
        }
        Ok(Self {
            url: url.to_owned(),
            name: element.required("name")?.to_owned(),
            media_type: element.required("type")?.to_owned(),
            size: integer::parse_size(element.required("size")?)?,
            hash: element.required_as("hash")?,
        })
    }
}
