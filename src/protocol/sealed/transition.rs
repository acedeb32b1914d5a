//! A transition: what an item in the old key's log says of the new one (PROTOCOL §9).

use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

/// The new key of an item's writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// An introduction that the new key signed, armored. The caller must check its claims.
    pub introduction: String,
    /// The certificate of the new key, armored.
    pub certificate: String,
}

impl Transition {
    /// Reads the `transition` of an item.
    ///
    /// # Errors
    /// When one of its two parts is missing, or stands there twice.
    pub(in crate::protocol) fn read(element: &Element) -> Result<Self> {
        let part = |name: &str| {
            let part = element.once(NAMESPACE, name)?;
            let missing = || Error::malformed(format!("a transition without `{name}`"));
            part.map(Element::text).ok_or_else(missing)
        };
        Ok(Self { introduction: part("introduction")?, certificate: part("certificate")? })
    }

    pub(in crate::protocol) fn write_to(&self, writer: &mut Writer) {
        writer.open("im:transition", &[]);
        writer.text("im:introduction", &[], &self.introduction);
        writer.text("im:certificate", &[], &self.certificate);
        writer.close("im:transition");
    }
}
