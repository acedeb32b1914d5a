//! The introduction: what ties key, feed, log and addressee together (PROTOCOL §6).

use jiff::Timestamp;

use super::padding::close_padded;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::protocol::values::{integer, time};
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

/// The longest name, in characters.
pub const NAME: usize = 200;
/// The longest note, in characters.
pub const NOTE: usize = 2_000;
/// The most older logs that are named.
pub const EARLIER: usize = 8;
/// The children that are read.
const KNOWN: [(&str, &str); 3] =
    [(NAMESPACE, "note"), (NAMESPACE, "earlier"), (NAMESPACE, "padding")];

/// An older log of the same writer that is still offered (PROTOCOL §4).
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The log.
    pub log: LogId,
    /// Its highest sequence.
    pub sequence: u64,
    /// The hash of that item.
    pub hash: OctetsHash,
    /// Whether the writer cannot name all: the log may have items above that one which the writer has
    /// lost, or older logs with items are not listed.
    pub more: bool,
}

/// The octets of a sealed or signed `im:introduction`.
#[derive(Clone, Debug, PartialEq)]
pub struct Introduction {
    /// The log that it opens.
    pub log: LogId,
    /// A counter of its own.
    pub serial: u64,
    /// The fingerprint of the writer's primary key.
    pub fingerprint: Fingerprint,
    /// The name that the writer gives itself, at most 200 characters.
    pub name: Option<String>,
    /// The feed for the addressee.
    pub feed: Url,
    /// The writer's key file.
    pub key: Url,
    /// The writer's card.
    pub card: Option<Url>,
    /// The URL at which the writer answers `pleaseFollow`.
    pub handshake: Option<Url>,
    /// The addressee's card; absent, with the next, if unaddressed.
    pub to: Option<Url>,
    /// The addressee's fingerprint.
    pub to_fingerprint: Option<Fingerprint>,
    /// Names the agreed place for the acceptance; an acceptance has none.
    pub reply: Option<Token>,
    /// The hash of the introduction that this one accepts.
    pub in_reply_to: Option<OctetsHash>,
    /// The writer's former key, which this one replaces: in a transition alone.
    pub replaces: Option<Fingerprint>,
    /// When it was written, to the second.
    pub time: Timestamp,
    /// A word to the addressee, at most 2,000 characters.
    pub note: Option<String>,
    /// Older logs that are still offered, at most 8.
    pub earlier: Vec<Earlier>,
}

impl Introduction {
    /// Writes the octets, padded.
    pub fn write(&self) -> String {
        let mut writer = Writer::fragment();
        let attributes = self.attributes();
        let present =
            attributes.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        writer.open("im:introduction", &present.collect::<Vec<_>>());
        if let Some(note) = &self.note {
            writer.text("im:note", &[], note);
        }
        for Earlier { log, sequence, hash, more } in &self.earlier {
            let (log, sequence, hash) = (log.to_string(), sequence.to_string(), hash.to_string());
            let mut attributes = vec![("log", &*log), ("sequence", &*sequence), ("hash", &*hash)];
            attributes.extend(more.then_some(("more", "true")));
            writer.empty("im:earlier", &attributes);
        }
        close_padded(writer, "im:introduction")
    }

    fn attributes(&self) -> [(&'static str, Option<String>); 16] {
        let url = |url: &Option<Url>| url.as_ref().map(Url::to_string);
        [
            ("xmlns:im", Some(NAMESPACE.to_owned())),
            ("version", Some("1".to_owned())),
            ("log", Some(self.log.to_string())),
            ("serial", Some(self.serial.to_string())),
            ("fingerprint", Some(self.fingerprint.to_string())),
            ("name", self.name.clone()),
            ("feed", Some(self.feed.to_string())),
            ("key", Some(self.key.to_string())),
            ("card", url(&self.card)),
            ("handshake", url(&self.handshake)),
            ("to", url(&self.to)),
            ("toFingerprint", self.to_fingerprint.as_ref().map(Fingerprint::to_string)),
            ("reply", self.reply.as_ref().map(Token::to_string)),
            ("inReplyTo", self.in_reply_to.map(|hash| hash.to_string())),
            ("replaces", self.replaces.as_ref().map(Fingerprint::to_string)),
            ("time", Some(time::canonical(self.time))),
        ]
    }

    /// Reads the octets. The caller must check their claims.
    ///
    /// # Errors
    /// [`Error::Critical`] for a later version or an unknown critical child; malformed when
    /// they are not an introduction within the limits, or any value is missing or not canonical.
    pub fn parse(octets: &[u8]) -> Result<Self> {
        let root = Element::parse_octets(octets, NAMESPACE, "introduction")?;
        root.refuse_later_version()?;
        root.refuse_unknown_critical(&KNOWN)?;
        let introduction = Self {
            log: root.required_as("log")?,
            serial: integer::parse(root.required("serial")?)?,
            fingerprint: root.required_as("fingerprint")?,
            name: root.attribute("name").map(str::to_owned),
            feed: root.required_as("feed")?,
            key: root.required_as("key")?,
            card: root.optional_as("card")?,
            handshake: root.optional_as("handshake")?,
            to: root.optional_as("to")?,
            to_fingerprint: root.optional_as("toFingerprint")?,
            reply: root.optional_as("reply")?,
            in_reply_to: root.optional_as("inReplyTo")?,
            replaces: root.optional_as("replaces")?,
            time: time::from_canonical(root.required("time")?)?,
            note: root.once(NAMESPACE, "note")?.map(Element::text),
            earlier: read_earlier(&root)?,
        };
        introduction.within_limits()?;
        Ok(introduction)
    }

    fn within_limits(&self) -> Result<()> {
        if self.to.is_some() != self.to_fingerprint.is_some() {
            return Err(Error::malformed(
                "an introduction has `to` and `toFingerprint`, or neither",
            ));
        }
        let longer = |text: &Option<String>, most: usize| {
            text.as_ref().is_some_and(|text| text.chars().count() > most)
        };
        if longer(&self.name, NAME) {
            return Err(Error::malformed("the name is longer than 200 characters"));
        }
        if longer(&self.note, NOTE) {
            return Err(Error::malformed("the note is longer than 2,000 characters"));
        }
        Ok(())
    }
}

fn read_earlier(introduction: &Element) -> Result<Vec<Earlier>> {
    let mut all: Vec<Earlier> = Vec::new();
    for element in introduction.named(NAMESPACE, "earlier") {
        let log = element.required_as("log")?;
        if all.len() >= EARLIER {
            return Err(Error::malformed("more than 8 earlier logs"));
        }
        if all.iter().any(|other| other.log == log) {
            return Err(Error::malformed(format!("the earlier log `{log}` stands twice")));
        }
        let sequence = integer::parse(element.required("sequence")?)?;
        let more = element.attribute("more") == Some("true");
        all.push(Earlier { log, sequence, hash: element.required_as("hash")?, more });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::values::limits;
    use crate::protocol::xml::hostile_text;

    const JOHN: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
    const MARY: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF";

    fn log(n: usize) -> LogId {
        format!("urn:uuid:0199f0c2-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn url(path: &str) -> Url {
        format!("https://john.example/{path}").parse().unwrap()
    }

    fn invitation() -> Introduction {
        Introduction {
            log: log(0),
            serial: 1,
            fingerprint: JOHN.parse().unwrap(),
            name: Some("John".to_owned()),
            feed: url("f/6q3k.rss"),
            key: url("key.asc"),
            card: Some(url("card.rss")),
            handshake: Some(url("pleaseFollow")),
            to: Some("https://mary.example/card.rss".parse().unwrap()),
            to_fingerprint: Some(MARY.parse().unwrap()),
            reply: Some("abcdefghijklmnopqrstuvwxyz".parse().unwrap()),
            in_reply_to: None,
            replaces: None,
            time: "2026-11-22T19:00:00Z".parse().unwrap(),
            note: Some("Hi, it's John".to_owned()),
            earlier: Vec::new(),
        }
    }

    fn least() -> Introduction {
        Introduction {
            name: None,
            card: None,
            handshake: None,
            to: None,
            to_fingerprint: None,
            reply: None,
            note: None,
            ..invitation()
        }
    }

    fn read(octets: &str) -> Result<Introduction> {
        Introduction::parse(octets.as_bytes())
    }

    #[test]
    fn octets_have_the_shape_of_the_protocol() {
        let log = log(0);
        let start = format!(
            "<im:introduction xmlns:im=\"{NAMESPACE}\" version=\"1\" log=\"{log}\" serial=\"1\" \
             fingerprint=\"{JOHN}\" name=\"John\" feed=\"https://john.example/f/6q3k.rss\" \
             key=\"https://john.example/key.asc\" card=\"https://john.example/card.rss\" \
             handshake=\"https://john.example/pleaseFollow\" to=\"https://mary.example/card.rss\" \
             toFingerprint=\"{MARY}\" reply=\"abcdefghijklmnopqrstuvwxyz\" time=\"2026-11-22T19:00:00Z\">\
             <im:note>Hi, it's John</im:note><im:padding> "
        );
        let octets = invitation().write();
        assert!(octets.starts_with(&start), "{octets}");
        assert_eq!(octets.len(), 1_024);
        assert_eq!(read(&octets).unwrap(), invitation());
        assert_eq!(read(&least().write()).unwrap(), least());
    }

    #[test]
    fn every_required_attribute_is_required_and_every_value_canonical() {
        let octets = invitation().write();
        for name in ["version", "log", "serial", "fingerprint", "feed", "key", "time"] {
            let absent = octets.replacen(&format!(" {name}=\""), &format!(" {name}x=\""), 1);
            assert!(matches!(read(&absent), Err(Error::Malformed(_))), "{name}");
        }
        for name in [
            "version",
            "log",
            "serial",
            "fingerprint",
            "feed",
            "key",
            "time",
            "card",
            "handshake",
            "to",
            "toFingerprint",
            "reply",
        ] {
            let malformed = octets.replacen(&format!(" {name}=\""), &format!(" {name}=\" "), 1);
            assert!(matches!(read(&malformed), Err(Error::Malformed(_))), "{name}");
        }
        let hash = OctetsHash::of(b"").to_string();
        let accepted =
            |hash: &str| octets.replacen(" reply=", &format!(" inReplyTo=\"{hash}\" reply="), 1);
        assert!(read(&accepted(&hash)).is_ok());
        assert!(read(&accepted(&hash.to_uppercase())).is_err());
    }

    #[test]
    fn the_addressee_is_named_wholly_or_not_at_all() {
        for half in [
            Introduction { to: None, ..invitation() },
            Introduction { to_fingerprint: None, ..invitation() },
        ] {
            assert!(read(&half.write()).is_err());
        }
    }

    #[test]
    fn names_notes_and_earlier_logs_are_limited() {
        let named = |n| Introduction { name: Some("é".repeat(n)), ..invitation() };
        let noted = |n| Introduction { note: Some("é".repeat(n)), ..invitation() };
        let earlier =
            |n| Earlier { log: log(n), sequence: 1, hash: OctetsHash::of(b""), more: n % 2 == 0 };
        let offered = |n| Introduction { earlier: (0..n).map(earlier).collect(), ..invitation() };
        for fine in [named(200), noted(2_000), offered(8)] {
            assert_eq!(read(&fine.write()).unwrap(), fine);
        }
        let twice = Introduction { earlier: vec![earlier(1), earlier(1)], ..invitation() };
        for bad in [named(201), noted(2_001), offered(9), twice] {
            assert!(read(&bad.write()).is_err());
        }
        let note = "<im:note>Hi, it's John</im:note>";
        assert!(read(&invitation().write().replacen(note, &note.repeat(2), 1)).is_err());
    }

    #[test]
    fn a_later_version_or_a_critical_child_is_held() {
        let octets = invitation().write();
        let later = octets.replacen("version=\"1\"", "version=\"2\"", 1);
        let critical =
            octets.replacen("<im:padding>", "<im:oath critical=\"true\"/><im:padding>", 1);
        for held in [later, critical] {
            assert!(matches!(read(&held), Err(Error::Critical(_))));
        }
        assert!(read(&octets.replacen("<im:padding>", "<im:oath/><im:padding>", 1)).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            name in prop::option::of(hostile_text().prop_map(|name| name.chars().take(NAME).collect::<String>())),
            note in prop::option::of(hostile_text()),
            serial in 1..=limits::INTEGER,
            accepts in any::<bool>(),
        ) {
            let in_reply_to = accepts.then(|| OctetsHash::of(b"x"));
            let introduction = Introduction { name, note, serial, in_reply_to, ..invitation() };
            let octets = introduction.write();
            let read = Introduction::parse(octets.as_bytes()).unwrap();
            prop_assert_eq!(&read, &introduction);
            prop_assert_eq!(read.write(), octets);
        }
    }
}
