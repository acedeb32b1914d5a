//! The namespaces of a document: how many, how long, and how often they are inherited.

use std::collections::BTreeSet;

use xml::namespace::{NS_XML_URI, NS_XMLNS_URI, Namespace};

use crate::protocol::values::limits;
use crate::protocol::{Error, Result};

/// Prefixes that are declared at one place.
const PREFIXES: usize = 64;
/// What a declaration costs beside its bytes, in bytes.
const DECLARATION: usize = 100;
/// Bytes of declarations, those that are in scope counted for each element anew: what a feed of the
/// largest size and a dozen namespaces needs.
pub(super) const SCOPED: usize = 256 << 20;

/// What was declared so far.
#[derive(Default)]
pub(super) struct Scope {
    namespaces: BTreeSet<String>,
    /// What was declared where the last element stood.
    in_scope: Option<Namespace>,
    /// Bytes of prefixes and namespaces, those of each element: the reader copies what is in scope for
    /// each.
    pub(super) scoped: usize,
}

impl Scope {
    /// Takes note of what is declared where an element stands; only what is not as it was is compared.
    pub(super) fn declare(&mut self, in_scope: Namespace) -> Result<()> {
        let size = |(prefix, uri): (&str, &str)| prefix.len().saturating_add(uri.len());
        let sizes = in_scope.iter().map(size).map(|size| size.saturating_add(DECLARATION));
        self.scoped = sizes.fold(self.scoped, usize::saturating_add);
        if self.in_scope.as_ref() == Some(&in_scope) {
            return self.expect_little_scoped();
        }
        for (_, uri) in in_scope.iter() {
            if matches!(uri, "" | NS_XML_URI | NS_XMLNS_URI) {
                continue;
            }
            if uri.len() > limits::XML_NAMESPACE {
                return Err(Error::malformed("a namespace of more than 512 bytes"));
            }
            if self.namespaces.contains(uri) {
                continue;
            }
            if self.namespaces.len() >= limits::XML_NAMESPACES {
                return Err(Error::malformed("more than 40 namespaces"));
            }
            self.namespaces.insert(uri.to_owned());
        }
        if in_scope.iter().count() > PREFIXES {
            return Err(Error::malformed("more than 64 prefixes at one place"));
        }
        self.in_scope = Some(in_scope);
        self.expect_little_scoped()
    }

    fn expect_little_scoped(&self) -> Result<()> {
        if self.scoped > SCOPED {
            return Err(Error::malformed("too many namespaces for so many elements"));
        }
        Ok(())
    }
}
