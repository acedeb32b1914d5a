//! Another's answer to a call of ours.

use super::value::{Value, read};
use crate::protocol::xml::Element;

/// The outcome that `response`, a `methodResponse`, reports: its boolean, or false and the words of
/// the fault. A value of another type is as good as true, for it is no fault.
pub fn outcome(response: &Element) -> (Option<bool>, Option<String>) {
    if let Some(fault) = inside(response, &["fault", "value", "struct"]) {
        let names_words = |member: &&Element| {
            inside(member, &["name"]).is_some_and(|name| name.text().trim() == "faultString")
        };
        let value = fault.named("", "member").find(names_words);
        let value = value.and_then(|member| inside(member, &["value"])).map(read);
        return match value {
            Some(Ok(Value::Text(words))) => (Some(false), Some(words)),
            _ => (Some(false), None),
        };
    }
    match inside(response, &["params", "param", "value"]).map(read) {
        Some(Ok(Value::Boolean(boolean))) => (Some(boolean), None),
        Some(_) => (Some(true), None),
        None => (None, None),
    }
}

fn inside<'a>(element: &'a Element, path: &[&str]) -> Option<&'a Element> {
    path.iter().try_fold(element, |here, name| here.named("", name).next())
}
