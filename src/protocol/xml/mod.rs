//! The one hardened XML reader, and the small writer beside it: the only door to the `xml` crate.

mod chars;
mod scope;
mod spellings;
#[cfg(test)]
mod tests;
mod writer;

use std::str::FromStr;

use xml::ParserConfig;
use xml::common::XmlVersion;
use xml::reader::XmlEvent;

use super::values::limits;
use super::{Error, Result};

pub use chars::is_xml_char;
use scope::Scope;
pub use spellings::SOURCE;
pub use writer::Writer;

/// Elements, attributes and text nodes of a document: each costs some hundred bytes of memory,
/// and may take four of the document.
const NODES: usize = 256_000;
/// A text node, in bytes: an armored sealed object of the largest size fits.
const TEXT: usize = 2 * limits::SEALED;

/// An attribute of an element; namespace declarations are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The namespace of its prefix, empty without one.
    pub namespace: String,
    /// The name without prefix.
    pub name: String,
    /// The value, references resolved.
    pub value: String,
}

/// A node that stands in an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, references resolved, lines ended by LF.
    Text(String),
}

/// An element, with what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The namespace, empty if it has none; `source` in the spelling that we write.
    pub namespace: String,
    /// The name without prefix.
    pub name: String,
    /// The attributes, in the order of the document.
    pub attributes: Vec<Attribute>,
    /// Text and elements, in the order of the document; no comments, no instructions.
    pub children: Vec<Node>,
}

impl Element {
    /// Reads a whole document within the limits of PROTOCOL §11 and gives its root.
    ///
    /// # Errors
    /// When it is not well-formed XML 1.0, or is larger than [`limits::FEED`], deeper than
    /// [`limits::XML_DEPTH`], of more namespaces than [`limits::XML_NAMESPACES`] or longer ones than
    /// [`limits::XML_NAMESPACE`], of more than 256,000 nodes, declares too much for too many elements,
    /// or has a document type or an entity that XML does not define itself.
    pub fn parse(document: &[u8]) -> Result<Self> {
        let mut tree = Tree::default();
        tree.grow(document)?;
        tree.root.ok_or_else(|| Error::malformed("not XML: it has no root element"))
    }

    /// Reads the octets of a sealed object, whose root must be `name` of `namespace`
    /// (PROTOCOL §2).
    ///
    /// # Errors
    /// When they are larger than [`limits::SEALED`], not UTF-8, have another root, or as
    /// [`Element::parse`].
    pub fn parse_octets(octets: &[u8], namespace: &str, name: &str) -> Result<Self> {
        if octets.len() > limits::SEALED {
            return Err(Error::malformed("larger than 1 MiB"));
        }
        if std::str::from_utf8(octets).is_err() {
            return Err(Error::malformed("not XML: not UTF-8"));
        }
        let root = Self::parse(octets)?;
        if root.is(namespace, name) {
            return Ok(root);
        }
        Err(Error::malformed(format!("the root element is `{}`, not `{name}`", root.name)))
    }

    /// Returns whether it is `name` of `namespace`.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// The value of the unprefixed attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.namespace.is_empty() && a.name == name);
        found.map(|attribute| attribute.value.as_str())
    }

    /// The value of an attribute that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.attribute(name)
            .ok_or_else(|| Error::malformed(format!("`{}` has no `{name}`", self.name)))
    }

    /// The canonical value of an attribute that must be there.
    ///
    /// # Errors
    /// When it is not, or not canonical.
    pub fn required_as<T: FromStr<Err = Error>>(&self, name: &str) -> Result<T> {
        self.required(name)?.parse()
    }

    /// The canonical value of an attribute that may be there.
    ///
    /// # Errors
    /// When it is there and not canonical.
    pub fn optional_as<T: FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>> {
        self.attribute(name).map(str::parse).transpose()
    }

    /// The elements directly in this one.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements `name` of `namespace` directly in this one.
    pub fn named<'a>(&'a self, namespace: &str, name: &str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(namespace, name))
    }

    /// The one element `name` of `namespace` directly in this one, if it is there.
    ///
    /// # Errors
    /// When it stands there twice.
    pub fn once(&self, namespace: &str, name: &str) -> Result<Option<&Element>> {
        let mut all = self.elements().filter(|element| element.is(namespace, name));
        let first = all.next();
        if all.next().is_some() {
            return Err(Error::malformed(format!("`{name}` stands twice in `{}`", self.name)));
        }
        Ok(first)
    }

    /// All that it says itself: the values of its attributes, and its own text.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        let values = self.attributes.iter().map(|attribute| attribute.value.clone());
        values.chain(std::iter::once(self.text()))
    }

    /// Its own text, joined.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Element(_) => None,
                Node::Text(text) => Some(text.as_str()),
            })
            .collect()
    }

    /// Refuses to guess at what a later writer calls critical (PROTOCOL §1).
    ///
    /// # Errors
    /// [`Error::Critical`] when an element directly in this one is not among `known`
    /// (namespace, name) and has an unprefixed `critical="true"`.
    pub fn refuse_unknown_critical(&self, known: &[(&str, &str)]) -> Result<()> {
        let unknown = self.elements().find(|element| {
            element.attribute("critical") == Some("true")
                && !known.iter().any(|(namespace, name)| element.is(namespace, name))
        });
        match unknown {
            Some(element) => Err(Error::Critical(format!(
                "`{}` is critical, and this version does not know it",
                element.name
            ))),
            None => Ok(()),
        }
    }

    /// Refuses to guess at a later version of the format (PROTOCOL §1).
    ///
    /// # Errors
    /// [`Error::Critical`] when `version` is above 1; malformed when it is absent or no integer.
    pub fn refuse_later_version(&self) -> Result<()> {
        match super::values::integer::parse(self.required("version")?)? {
            1 => Ok(()),
            version => Err(Error::Critical(format!(
                "`{}` is of version {version}, and this program knows version 1",
                self.name
            ))),
        }
    }
}

fn hardened() -> ParserConfig {
    ParserConfig::new()
        .cdata_to_characters(true)
        .whitespace_to_characters(true)
        .coalesce_characters(true)
        .ignore_comments(true)
        .allow_multiple_root_elements(false)
        .max_entity_expansion_length(64)
        .max_entity_expansion_depth(1)
        .max_attributes(64)
        .max_attribute_length(8 << 10)
        .max_data_length(TEXT)
        .max_name_length(256)
}

fn not_xml(cause: xml::reader::Error) -> Error {
    // It quotes the document, which may be long.
    let cause: String = cause.to_string().chars().take(160).collect();
    Error::malformed(format!("not XML: {cause}"))
}

/// The elements that are still open, and what the limits count.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    scope: Scope,
    nodes: usize,
}

impl Tree {
    fn grow(&mut self, document: &[u8]) -> Result<()> {
        if document.len() > limits::FEED {
            return Err(Error::malformed("larger than 5 MiB"));
        }
        for event in hardened().create_reader(document) {
            self.take(event.map_err(not_xml)?)?;
        }
        Ok(())
    }

    fn take(&mut self, event: XmlEvent) -> Result<()> {
        match event {
            XmlEvent::StartDocument { version: XmlVersion::Version11, .. } => {
                // It would let in characters that XML 1.0 lacks.
                return Err(Error::malformed("not XML 1.0: it says version 1.1"));
            }
            XmlEvent::Doctype { .. } => return Err(Error::malformed("it has a DOCTYPE")),
            XmlEvent::StartElement { name, attributes, namespace } => {
                self.scope.declare(namespace)?;
                self.start(element(name, attributes))?;
            }
            XmlEvent::EndElement { .. } => self.end(),
            XmlEvent::Characters(text) | XmlEvent::CData(text) | XmlEvent::Whitespace(text) => {
                self.count(1)?;
                if let Some(parent) = self.open.last_mut() {
                    parent.children.push(Node::Text(trimmed(text)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, element: Element) -> Result<()> {
        if self.open.len() >= limits::XML_DEPTH {
            return Err(Error::malformed("nested deeper than 32"));
        }
        self.count(element.attributes.len().saturating_add(1))?;
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        element.children.shrink_to_fit();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES {
            return Err(Error::malformed("more than 256,000 elements, attributes and texts"));
        }
        Ok(())
    }
}

fn element(name: xml::name::OwnedName, attributes: Vec<xml::attribute::OwnedAttribute>) -> Element {
    let attribute = |attribute: xml::attribute::OwnedAttribute| Attribute {
        namespace: trimmed(attribute.name.namespace.unwrap_or_default()),
        name: trimmed(attribute.name.local_name),
        value: trimmed(attribute.value),
    };
    let mut attributes: Vec<Attribute> = attributes.into_iter().map(attribute).collect();
    attributes.shrink_to_fit();
    Element {
        namespace: trimmed(spellings::canonical(name.namespace.unwrap_or_default())),
        name: trimmed(name.local_name),
        attributes,
        children: Vec::new(),
    }
}

/// `text` without the room to grow that the parser reserves: it would be most of the memory.
fn trimmed(mut text: String) -> String {
    text.shrink_to_fit();
    text
}

/// Text such as XML, HTML and line-based formats stumble over, for the property tests.
#[cfg(test)]
pub(in crate::protocol) fn hostile_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let nasty = prop::sample::select(vec![
        "",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "]]>",
        "<![CDATA[",
        "&",
        "&amp;",
        "&#13;",
        "<",
        ">",
        "\"",
        "'",
        "<!--",
        "-->",
        "<br/>",
        "</p>",
        "e\u{301}",
        "👩‍👩‍👧",
        "\u{202E}",
        "\u{85}",
        "\u{2028}",
        "\u{FEFF}",
        "\u{FFFD}",
        "-----BEGIN PGP MESSAGE-----",
        "</im:padding>",
        "%s",
        "\u{7F}",
    ]);
    let piece = prop_oneof![
        nasty.prop_map(str::to_owned),
        any::<char>().prop_map(|c| if is_xml_char(c) { c.into() } else { String::new() }),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
