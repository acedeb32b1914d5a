//! The values that a call hands over, and that an answer hands back.

use crate::protocol::xml::{Element, Node, Writer};
use crate::protocol::{Error, Result};

/// A value. No method of ours takes one of another type (`double`, `dateTime.iso8601`, `base64`,
/// `struct`): it is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `string`, which is also what a value without a type is.
    Text(String),
    /// `i4` or `int`.
    Integer(i32),
    /// `boolean`.
    Boolean(bool),
    /// `array`.
    Array(Vec<Value>),
}

/// Writes `<value>` with `what`.
pub fn value(writer: &mut Writer, what: &Value) {
    let typed = match what {
        Value::Text(text) => return writer.text("value", &[], text),
        Value::Integer(number) => ("i4", number.to_string()),
        Value::Boolean(boolean) => ("boolean", u8::from(*boolean).to_string()),
        Value::Array(values) => return array(writer, values),
    };
    writer.open("value", &[]);
    writer.text(typed.0, &[], &typed.1);
    writer.close("value");
}

fn array(writer: &mut Writer, values: &[Value]) {
    for name in ["value", "array", "data"] {
        writer.open(name, &[]);
    }
    for one in values {
        value(writer, one);
    }
    for name in ["data", "array", "value"] {
        writer.close(name);
    }
}

/// The value in `<value>`. The reader bounds how deep arrays stand in each other.
pub fn read(element: &Element) -> Result<Value> {
    let mut inner = element.elements();
    let Some(typed) = inner.next() else { return Ok(Value::Text(element.text())) };
    let stray = |node: &Node| matches!(node, Node::Text(text) if !text.trim().is_empty());
    if inner.next().is_some() || element.children.iter().any(stray) {
        return Err(Error::malformed("a value has more than one content"));
    }
    let text = typed.text();
    let unusable = || Error::malformed(format!("`{text}` is not of the type {}", typed.name));
    match (typed.namespace.as_str(), typed.name.as_str()) {
        ("", "string") if typed.elements().next().is_none() => Ok(Value::Text(text)),
        ("", "i4" | "int") => text.trim().parse().map(Value::Integer).map_err(|_| unusable()),
        ("", "boolean") => match text.trim() {
            "0" => Ok(Value::Boolean(false)),
            "1" => Ok(Value::Boolean(true)),
            _ => Err(unusable()),
        },
        ("", "array") => {
            let data = typed.once("", "data")?.ok_or_else(unusable)?;
            data.named("", "value").map(read).collect::<Result<_>>().map(Value::Array)
        }
        _ => Err(Error::malformed(format!("a value is of the type `{}`", typed.name))),
    }
}
