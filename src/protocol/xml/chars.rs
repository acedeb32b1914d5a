//! The characters that a document may hold.

/// Returns whether XML 1.0 has the character (its production `Char`).
pub fn is_xml_char(c: char) -> bool {
    xml::common::is_xml10_char(c)
}
