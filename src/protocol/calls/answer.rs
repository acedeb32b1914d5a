//! The answers to the calls of the rssCloud family: one element, or one JSON object, of `success`
//! and `msg`; by XML-RPC a boolean or a fault.

use serde_json::Value;

use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, xmlrpc};

/// The form of an answer, which depends on how was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One element.
    Xml,
    /// The same in JSON.
    Json,
    /// The boolean 1, or a fault.
    XmlRpc,
}

impl Form {
    /// The form of the answer to a request that came with the header `Accept: accept`: JSON if that
    /// is what it likes best of the two, the first where it does not care, else XML. Nobody is told
    /// that it is not acceptable: the request is carried out by then.
    pub fn accepted(accept: &str) -> Self {
        let (mut best, mut form) = (0.0, Self::Xml);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let named = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/json" => Self::Json,
                "application/xml" | "text/xml" => Self::Xml,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let weight: f32 = weight.unwrap_or(1.0);
            if weight > best {
                (best, form) = (weight, named);
            }
        }
        form
    }

    /// An answer of this form, and its media type: success or refusal with words. `root` is the
    /// name of the element.
    pub fn write(
        self,
        root: &str,
        outcome: std::result::Result<&str, &str>,
    ) -> (&'static str, String) {
        let (success, message) = (outcome.is_ok(), outcome.unwrap_or_else(|words| words));
        match (self, outcome) {
            (Self::Json, _) => {
                let text = serde_json::json!({ "success": success, "msg": message }).to_string();
                ("application/json; charset=utf-8", text)
            }
            (Self::Xml, _) => {
                let mut writer = Writer::document();
                let success = if success { "true" } else { "false" };
                writer.empty(root, &[("success", success), ("msg", message)]);
                (xmlrpc::KIND, writer.finish())
            }
            (Self::XmlRpc, Ok(_)) => (xmlrpc::KIND, xmlrpc::answer(true)),
            (Self::XmlRpc, Err(words)) => (xmlrpc::KIND, xmlrpc::fault(xmlrpc::FAULT, words)),
        }
    }
}

/// Reads another's answer: XML by the attributes of its root, whatever the root is called, that to a
/// call by XML-RPC, or JSON. `msg` may be missing: answers without one are out there.
///
/// # Errors
/// The words of the refusal, fit for a terminal; also when the answer says neither.
pub fn verdict(answer: &[u8]) -> std::result::Result<(), String> {
    let is_json = answer.trim_ascii_start().starts_with(b"{");
    let (success, message) = if is_json { json(answer) } else { xml(answer) };
    match success {
        Some(true) => Ok(()),
        Some(false) => Err(message
            .filter(|words| !words.trim().is_empty())
            .map_or("it gives no reason".to_owned(), |words| Error::malformed(words).to_string())),
        None => Err("it said neither yes nor no".to_owned()),
    }
}

fn json(answer: &[u8]) -> (Option<bool>, Option<String>) {
    let value: Value = serde_json::from_slice(answer).unwrap_or_default();
    let success = match value.get("success") {
        Some(Value::Bool(success)) => Some(*success),
        Some(Value::String(word)) => truth(word),
        _ => None,
    };
    (success, value.get("msg").and_then(Value::as_str).map(str::to_owned))
}

fn xml(answer: &[u8]) -> (Option<bool>, Option<String>) {
    // A line feed before the declaration is against XML, and common.
    let Ok(root) = Element::parse(answer.trim_ascii_start()) else { return (None, None) };
    if root.is("", "methodResponse") {
        return xmlrpc::outcome(&root);
    }
    (root.attribute("success").and_then(truth), root.attribute("msg").map(str::to_owned))
}

fn truth(word: &str) -> Option<bool> {
    match word.trim() {
        word if word.eq_ignore_ascii_case("true") || word == "1" => Some(true),
        word if word.eq_ignore_ascii_case("false") || word == "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_xml_unless_json_is_asked_for() {
        let (kind, xml) = Form::accepted("*/*").write("result", Ok("Thanks & \"bye\"."));
        assert_eq!(kind, xmlrpc::KIND);
        assert!(
            xml.contains("<result success=\"true\" msg=\"Thanks &amp; &quot;bye&quot;.\"/>"),
            "{xml}"
        );
        let (kind, json) = Form::accepted("application/json").write("result", Err("no"));
        assert_eq!(kind, "application/json; charset=utf-8");
        assert_eq!(json, "{\"msg\":\"no\",\"success\":false}");
        assert_eq!(Form::accepted("text/xml").write("result", Ok("")).0, xmlrpc::KIND);
    }

    #[test]
    fn of_two_forms_the_one_that_is_liked_better_is_taken() {
        for (accept, form) in [
            ("", Form::Xml),
            ("*/*", Form::Xml),
            ("text/html", Form::Xml),
            ("text/xml", Form::Xml),
            ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", Form::Xml),
            ("application/json", Form::Json),
            ("Application/JSON; charset=utf-8", Form::Json),
            ("application/json, text/plain, */*", Form::Json),
            ("application/json, application/xml", Form::Json),
            ("text/xml, application/json", Form::Xml),
            ("text/xml;q=0.5, application/json; q=0.6", Form::Json),
            ("application/json;q=0.1, application/xml", Form::Xml),
            ("application/json;q=0", Form::Xml),
            ("application/json;q=x", Form::Json),
            ("application/jsonp", Form::Xml),
        ] {
            assert_eq!(Form::accepted(accept), form, "{accept}");
        }
    }

    #[test]
    fn by_xml_rpc_it_is_a_boolean_or_a_fault() {
        assert_eq!(
            Form::XmlRpc.write("result", Ok("Thanks.")),
            (xmlrpc::KIND, xmlrpc::answer(true))
        );
        let (kind, fault) = Form::XmlRpc.write("result", Err("a < b"));
        assert_eq!(kind, xmlrpc::KIND);
        assert!(fault.contains("<name>faultString</name><value>a &lt; b</value>"), "{fault}");
    }

    #[test]
    fn clouds_in_the_wild_are_understood() {
        for good in [
            "<?xml version=\"1.0\"?>\n<notifyResult success=\"true\" msg=\"Thanks.\"/>",
            "\n<?xml version='1.0'?><pingResult success='True' />",
            "<result success=\"true\">words</result>",
            "{\"success\":true}",
            " {\"msg\":\"Thanks.\",\"success\":\"true\"}",
            &xmlrpc::answer(true),
        ] {
            assert_eq!(verdict(good.as_bytes()), Ok(()), "{good}");
        }
        for (bad, words) in [
            ("<notifyResult success=\"false\" msg=\"No resources specified.\"/>", "No resources"),
            ("<notifyResult success=\"false\"/>", "no reason"),
            ("{\"success\":false,\"msg\":\"\"}", "no reason"),
            ("{\"success\":false,\"msg\":\"a\\u001bb\"}", "a\u{fffd}b"),
            ("{\"msg\":\"x\"}", "neither"),
            (&xmlrpc::fault(4, "No such feed."), "No such feed."),
            (
                &xmlrpc::fault(4, "No such feed.")
                    .replace("<value>No", "<value><string>No")
                    .replace("d.</value>", "d.</string></value>"),
                "No such feed.",
            ),
            (&xmlrpc::answer(false), "no reason"),
            ("<methodResponse><fault/></methodResponse>", "neither"),
            ("<methodResponse/>", "neither"),
            ("<html><body>success=\"true\"</body></html>", "neither"),
            ("{", "neither"),
            ("", "neither"),
        ] {
            let refusal = verdict(bad.as_bytes()).unwrap_err();
            assert!(refusal.contains(words), "{bad}: {refusal}");
        }
    }
}
