//! The small XML writer: deterministic, and well-formed whatever text it is given.

use super::chars::is_xml_char;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Writes elements in the order in which it is told to, with the escapes of PROTOCOL §1.
///
/// Names are written as they are: they are constants of this program, never data. Characters
/// that XML 1.0 lacks become U+FFFD.
#[derive(Clone, Debug, PartialEq)]
pub struct Writer {
    out: String,
    depth: usize,
    layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Document,
    Element,
    Tight,
}

impl Writer {
    /// A whole document: a declaration, two spaces of indentation, a line feed at the end.
    pub fn document() -> Self {
        Self { out: DECLARATION.to_owned(), depth: 0, layout: Layout::Document }
    }

    /// One element on its own: two spaces of indentation, neither declaration nor line feed at
    /// the end.
    pub fn element() -> Self {
        Self { out: String::new(), depth: 0, layout: Layout::Element }
    }

    /// The octets of a sealed object: no declaration, no white space between elements.
    pub fn fragment() -> Self {
        Self { out: String::new(), depth: 0, layout: Layout::Tight }
    }

    /// Starts the element `name`, which will hold others.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line();
        self.tag(name, attributes);
        self.out.push('>');
        self.depth = self.depth.saturating_add(1);
    }

    /// Ends the element `name`.
    pub fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line();
        self.end(name);
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line();
        self.tag(name, attributes);
        self.out.push_str("/>");
    }

    /// An element that holds exactly `text`.
    pub fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.line();
        self.tag(name, attributes);
        self.out.push('>');
        self.escape(text, false);
        self.end(name);
    }

    /// An element that is XML already, as it is.
    pub fn raw(&mut self, xml: &str) {
        self.line();
        self.out.push_str(xml);
    }

    /// Returns what was written.
    pub fn finish(mut self) -> String {
        if self.layout == Layout::Document {
            self.out.push('\n');
        }
        self.out
    }

    fn line(&mut self) {
        if self.layout == Layout::Tight || self.out.is_empty() {
            return;
        }
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.escape(value, true);
            self.out.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn escape(&mut self, text: &str, attribute: bool) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                // Always, so that `]]>` cannot arise.
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#13;"),
                '"' if attribute => self.out.push_str("&quot;"),
                '\t' if attribute => self.out.push_str("&#9;"),
                '\n' if attribute => self.out.push_str("&#10;"),
                c if is_xml_char(c) => self.out.push(c),
                _ => self.out.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::xml::Element;

    fn sample(mut writer: Writer) -> String {
        writer.open("a", &[("b", "c")]);
        writer.empty("d", &[]);
        writer.text("e", &[], "");
        writer.raw("<f/>");
        writer.close("a");
        writer.finish()
    }

    #[test]
    fn the_three_layouts() {
        assert_eq!(
            sample(Writer::document()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"c\">\n  <d/>\n  <e></e>\n  <f/>\n</a>\n"
        );
        assert_eq!(sample(Writer::element()), "<a b=\"c\">\n  <d/>\n  <e></e>\n  <f/>\n</a>");
        assert_eq!(sample(Writer::fragment()), "<a b=\"c\"><d/><e></e><f/></a>");
    }

    #[test]
    fn escapes_are_those_of_the_protocol() {
        let mut writer = Writer::fragment();
        writer.text("a", &[("b", "\t\n\r\"'<&>")], "\t\n\r\"'<&]]>\0\u{FFFE}");
        let expected = "<a b=\"&#9;&#10;&#13;&quot;'&lt;&amp;&gt;\">\
                        \t\n&#13;\"'&lt;&amp;]]&gt;\u{FFFD}\u{FFFD}</a>";
        assert_eq!(writer.finish(), expected);
    }

    proptest! {
        #[test]
        fn every_text_that_xml_can_hold_reads_back(
            text in crate::protocol::xml::hostile_text(), value in crate::protocol::xml::hostile_text()
        ) {
            for writer in [Writer::document(), Writer::element(), Writer::fragment()] {
                let mut writer = writer;
                writer.text("a", &[("b", &value)], &text);
                let written = writer.finish();
                let read = Element::parse(written.as_bytes()).unwrap();
                prop_assert_eq!(read.text(), &*text);
                prop_assert_eq!(read.attribute("b"), Some(&*value));
            }
        }
    }
}
