//! XML-RPC as far as rssCloud speaks it: calls, and answers that are a boolean or a fault.

mod response;
#[cfg(test)]
mod tests;
mod value;

use super::xml::{Element, Writer};
use super::{Error, Result};
pub(in crate::protocol) use response::outcome;
pub use value::Value;
use value::{read, value};

/// The media type of an answer.
pub const KIND: &str = "text/xml; charset=utf-8";
/// The code of every fault that rssCloud servers answer.
pub const FAULT: i32 = 4;

const METHOD: usize = 100;
const PARAMETERS: usize = 64;
/// Bytes of a call.
const SIZE: usize = 64 << 10;
/// Tags of a call: anybody may send one, and each costs some hundred bytes while it is read.
const TAGS: usize = 4_096;

/// A call, `methodCall`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name of the procedure, of at most 100 characters.
    pub method: String,
    /// The parameters, at most 64 of them.
    pub parameters: Vec<Value>,
}

impl Call {
    /// Reads a call of at most 64 KiB and 4,096 tags, within the limits of [`Element::parse`].
    ///
    /// # Errors
    /// When it is no call, has a value of a type that we do not know, or is over a limit.
    pub fn parse(document: &[u8]) -> Result<Self> {
        if document.len() > SIZE || document.iter().filter(|byte| **byte == b'<').count() > TAGS {
            return Err(Error::malformed("larger than 64 KiB, or more than 4,096 tags"));
        }
        let root = Element::parse(document)?;
        if !root.is("", "methodCall") {
            return Err(Error::malformed(format!("`{}` is no methodCall", root.name)));
        }
        let method = root.once("", "methodName")?.map(Element::text).unwrap_or_default();
        let method = method.trim();
        if method.is_empty() || method.chars().count() > METHOD {
            return Err(Error::malformed("the name of a method has 1 to 100 characters"));
        }
        let parameters = match root.once("", "params")? {
            Some(parameters) => parameters.named("", "param").map(parameter).collect(),
            None => Ok(Vec::new()),
        };
        let parameters: Vec<Value> = parameters?;
        if parameters.len() > PARAMETERS {
            return Err(Error::malformed("more than 64 parameters"));
        }
        Ok(Self { method: method.to_owned(), parameters })
    }

    /// The document of the call. Text goes without a type, as cloud servers write it.
    pub fn write(&self) -> String {
        let mut writer = Writer::document();
        writer.open("methodCall", &[]);
        writer.text("methodName", &[], &self.method);
        writer.open("params", &[]);
        for parameter in &self.parameters {
            writer.raw(&tight(|writer| {
                writer.open("param", &[]);
                value(writer, parameter);
                writer.close("param");
            }));
        }
        writer.close("params");
        writer.close("methodCall");
        writer.finish()
    }
}

/// The answer to a call that was taken: a boolean.
pub fn answer(boolean: bool) -> String {
    let mut writer = Writer::document();
    writer.open("methodResponse", &[]);
    writer.open("params", &[]);
    writer.raw(&tight(|writer| {
        writer.open("param", &[]);
        value(writer, &Value::Boolean(boolean));
        writer.close("param");
    }));
    writer.close("params");
    writer.close("methodResponse");
    writer.finish()
}

/// The answer to a call that was not: a fault.
pub fn fault(code: i32, text: &str) -> String {
    let mut writer = Writer::document();
    writer.open("methodResponse", &[]);
    writer.open("fault", &[]);
    writer.raw(&tight(|writer| {
        writer.open("value", &[]);
        writer.open("struct", &[]);
        for (name, member) in
            [("faultCode", Value::Integer(code)), ("faultString", Value::Text(text.to_owned()))]
        {
            writer.open("member", &[]);
            writer.text("name", &[], name);
            value(writer, &member);
            writer.close("member");
        }
        writer.close("struct");
        writer.close("value");
    }));
    writer.close("fault");
    writer.close("methodResponse");
    writer.finish()
}

/// The words of the fault for a call of a method that does not exist.
pub fn not_defined(method: &str) -> String {
    format!("Can't make the call because \"{method}\" is not defined.")
}

/// The words of the fault for a call of `method`, named without its prefix, with too few
/// parameters.
pub fn not_enough(method: &str) -> String {
    format!("Can't call \"{method}\" because there aren't enough parameters.")
}

/// The words of the fault for a call of `method`, named without its prefix, with too many
/// parameters.
pub fn too_many(method: &str) -> String {
    format!("Can't call \"{method}\" because there are too many parameters.")
}

/// The XML that `write` writes, without white space: some readers take it for a part of the value.
fn tight(write: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::fragment();
    write(&mut writer);
    writer.finish()
}

fn parameter(element: &Element) -> Result<Value> {
    let value = element.once("", "value")?;
    read(value.ok_or_else(|| Error::malformed("a parameter has no value"))?)
}
