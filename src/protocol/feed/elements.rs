//! An object that breaks a rule, and the channel's one-line elements: `im:pgpKey`, `im:handshake` and `<cloud>`.

use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, Result};

/// An object of ours that breaks a rule: it is refused, and not the feed in which it stands
/// (PROTOCOL §1).
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// The name of its element.
    pub name: &'static str,
    /// The reason, for people.
    pub why: String,
    /// Its text, or that of all that stand in its place: by this it is known again.
    pub text: String,
}

/// `im:pgpKey`: the writer's OpenPGP certificate (PROTOCOL §9).
#[derive(Clone, Debug, PartialEq)]
pub struct KeyElement {
    /// The fingerprint of the primary key.
    pub fingerprint: Fingerprint,
    /// The hash of the key file's bytes: tells whether to fetch it.
    pub hash: Option<Hash>,
    /// The URL of the key file.
    pub url: Url,
}

impl KeyElement {
    pub fn read(element: &Element) -> Result<Self> {
        Ok(Self {
            fingerprint: element.required_as("fingerprint")?,
            hash: element.optional_as("hash")?,
            url: element.required_as("url")?,
        })
    }

    pub fn write_to(&self, writer: &mut Writer) {
        let hash = self.hash.map(|hash| hash.to_string());
        let mut attributes = vec![("fingerprint", self.fingerprint.as_str())];
        attributes.extend(hash.as_deref().map(|hash| ("hash", hash)));
        attributes.push(("url", self.url.as_str()));
        writer.empty("im:pgpKey", &attributes);
    }
}

/// `im:handshake`: how to introduce oneself to the writer (PROTOCOL §7, §8).
#[derive(Clone, Debug, PartialEq)]
pub struct HandshakeElement {
    /// The URL at which `pleaseFollow` is answered; absent on a static host.
    pub url: Option<Url>,
    /// The card.
    pub card: Url,
    /// The folder of the agreed place: on the card's origin, ends in `/`, has no query.
    pub feeds: Option<Url>,
}

impl HandshakeElement {
    pub fn read(element: &Element) -> Result<Self> {
        let card: Url = element.required_as("card")?;
        let feeds: Option<Url> = element.optional_as("feeds")?;
        if let Some(feeds) = &feeds {
            let folder = feeds.path().ends_with('/') && !feeds.has_query();
            if !folder || !feeds.same_origin(&card) {
                return Err(Error::malformed(format!(
                    "`{feeds}` is not a folder on the origin of the card `{card}`"
                )));
            }
        }
        Ok(Self { url: element.optional_as("url")?, card, feeds })
    }

    pub fn write_to(&self, writer: &mut Writer) {
        let mut attributes = Vec::with_capacity(3);
        attributes.extend(self.url.as_ref().map(|url| ("url", url.as_str())));
        attributes.push(("card", self.card.as_str()));
        attributes.extend(self.feeds.as_ref().map(|feeds| ("feeds", feeds.as_str())));
        writer.empty("im:handshake", &attributes);
    }
}

/// `<cloud>`: the rssCloud server, as RSS 2.0 spells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    /// The host.
    pub domain: String,
    /// The port; 443 is commonly understood as https.
    pub port: u16,
    /// The path of `pleaseNotify`, perhaps with a query.
    pub path: String,
    /// The XML-RPC procedure, empty for the others.
    pub register_procedure: String,
    /// `http-post`, `https-post` or `xml-rpc`.
    pub protocol: String,
}

impl Cloud {
    /// None if it is of no use: it is not ours to judge.
    pub fn read(element: &Element) -> Option<Self> {
        let text = |name| element.attribute(name).map(|value| value.trim().to_owned());
        Some(Self {
            domain: text("domain").filter(|domain| !domain.is_empty())?,
            port: text("port")?.parse().ok().filter(|port| *port != 0)?,
            path: text("path")?,
            register_procedure: text("registerProcedure").unwrap_or_default(),
            protocol: text("protocol")?,
        })
    }

    pub fn write_to(&self, writer: &mut Writer) {
        let attributes = [
            ("domain", self.domain.as_str()),
            ("port", &self.port.to_string()),
            ("path", &self.path),
            ("registerProcedure", &self.register_procedure),
            ("protocol", &self.protocol),
        ];
        writer.empty("cloud", &attributes);
    }
}

/// The port that says https where there is no place for the scheme.
pub const HTTPS: u16 = 443;

/// RSS has no place for the scheme: by common usage it is told by port or protocol.
pub fn url_of(cloud: &Cloud) -> Option<Url> {
    let scheme = match cloud.protocol.as_str() {
        "http-post" if cloud.port != HTTPS => "http",
        "http-post" | "https-post" => "https",
        _ => return None,
    };
    element_url(cloud, scheme)
}

/// The URL of which the element `cloud` has the parts.
pub fn element_url(cloud: &Cloud, scheme: &str) -> Option<Url> {
    let path = cloud.path.strip_prefix('/').unwrap_or(&cloud.path);
    Url::normalized(&format!("{scheme}://{}:{}/{path}", cloud.domain, cloud.port)).ok()
}
