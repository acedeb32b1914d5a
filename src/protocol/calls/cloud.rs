//! rssCloud: what a subscriber asks of a cloud, and what a cloud answers.

#[cfg(test)]
pub(in crate::protocol) mod tests;

use super::cloud_calling::unusable;
use crate::protocol::values::url::Url;
use crate::protocol::{Error, Result};

pub use super::answer::{Form, verdict};
pub use super::cloud_calling::{Procedure, Protocol};

/// The answer to a registration that worked.
pub const REGISTERED: &str = "Thanks for the registration. It worked. When the resource updates \
    we'll notify you. Don't forget to re-register after 24 hours, your subscription will expire \
    in 25. Keep on truckin!";
/// The answer to a registration whose callback did not answer as it must.
pub const CALL_FAILED: &str =
    "The subscription was cancelled because the call failed when we tested the handler.";
/// The answer to a ping that was taken.
pub const THANKS: &str = "Thanks for the ping.";

/// The answer to a registration for calls by XML-RPC at another address than the caller's.
pub const ELSEWHERE: &str = "Can't accept the subscription because nobody is challenged by XML-RPC: \
    the handler must be at the address that you call from. Leave the domain out, or use http-post.";
/// The answer to a registration by a caller who makes too many.
pub const TOO_MANY: &str = "Can't accept the subscription because too many came from your address. \
    Try again in an hour.";
/// The answer to a ping for a feed that could not be read before the answer had to go.
pub const TOO_LATE: &str =
    "The ping was cancelled because the resource could not be read in time. Try again later.";
/// The answer to a ping by a caller who sends too many.
pub const TOO_MANY_PINGS: &str =
    "The ping was cancelled because too many came from your address. Try again in an hour.";

/// Feeds that one request may name.
const FEEDS: usize = 10;
const FEEDS_EXCEEDED: &str =
    "Can't accept the subscription because it names more than 10 resources.";

/// The answer to a registration for a feed that cannot be read.
pub fn unreadable(feed: &str) -> String {
    format!(
        "The subscription was cancelled because there was an error reading the resource at URL \
         {feed}."
    )
}

/// The answer to a ping for a feed that cannot be read.
pub fn ping_unreadable(feed: &str) -> String {
    format!("The ping was cancelled because there was an error reading the resource at URL {feed}.")
}

/// `pleaseNotify`: "tell this callback when one of these feeds changes".
#[derive(Clone, Debug, PartialEq)]
pub struct PleaseNotify {
    /// The callback's port, not 0.
    pub port: u16,
    /// The callback's path, from its slash on, perhaps with a query.
    pub path: String,
    /// How it wants to be called.
    pub protocol: Protocol,
    /// The callback's host, IPv6 in brackets; without one it is the caller's address.
    pub domain: Option<String>,
    /// The feeds, each once.
    pub feeds: Vec<Url>,
}

impl PleaseNotify {
    /// Reads the fields of the form. Feeds that are no canonical URL are left out, as long as one
    /// is.
    ///
    /// # Errors
    /// In the words that clouds answer with, where there are such.
    pub fn from_form(fields: &[(String, String)]) -> Result<Self> {
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let (port, path, protocol) = match (field("port"), field("path"), field("protocol")) {
            (Some(port), Some(path), Some(protocol)) => (port, path, protocol),
            _ => return Err(missing(&["port", "path", "protocol"], field)),
        };
        let procedure = || match field("notifyProcedure") {
            Some(procedure) => procedure.parse(),
            None => Err(missing(&["notifyProcedure"], field)),
        };
        let this = Self {
            protocol: Protocol::named(protocol, procedure)?,
            port: port_of(port)?,
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
            domain: field("domain").map(host).transpose()?,
            feeds: feeds(fields)?,
        };
        // The part after the host must not reach into it, whatever the host will be.
        this.callback("callback.invalid")?;
        Ok(this)
    }

    /// The fields of the form.
    pub fn to_form(&self) -> Vec<(String, String)> {
        let procedure = self.protocol.procedure().unwrap_or_default();
        let mut fields = vec![
            ("notifyProcedure".to_owned(), procedure.to_owned()),
            ("port".to_owned(), self.port.to_string()),
            ("path".to_owned(), self.path.clone()),
            ("protocol".to_owned(), self.protocol.to_string()),
        ];
        for (number, feed) in (1..).zip(&self.feeds) {
            fields.push((format!("url{number}"), feed.to_string()));
        }
        fields.extend(self.domain.clone().map(|domain| ("domain".to_owned(), domain)));
        fields
    }

    /// Returns whether the callback must answer a challenge, since the caller named another host
    /// than its own. By XML-RPC nobody is challenged: the protocol knows of a test call alone.
    pub fn is_challenged(&self) -> bool {
        self.domain.is_some() && self.protocol.procedure().is_none()
    }

    /// Returns whether it aims calls by XML-RPC, which no challenge goes before, at another address
    /// than `caller`, which it came from. A name is another address: where it leads is up to whoever
    /// has it.
    pub fn is_elsewhere(&self, caller: &str) -> bool {
        let is_caller = |domain: &String| host(caller).is_ok_and(|caller| caller == *domain);
        let is_called = self.protocol.procedure().is_some();
        is_called && self.domain.as_ref().is_some_and(|domain| !is_caller(domain))
    }

    /// The URL to call, for a request that came from the address `caller`.
    ///
    /// # Errors
    /// When the parts make no URL.
    pub fn callback(&self, caller: &str) -> Result<Url> {
        let https = self.protocol == Protocol::HttpsPost || self.port == 443;
        let scheme = if https { "https" } else { "http" };
        let domain = self.domain.clone().map_or_else(|| host(caller), Ok)?;
        if self.path.contains('#') {
            return Err(unusable("path", &self.path));
        }
        let (port, path) = (self.port, &self.path);
        Url::normalized(&format!("{scheme}://{domain}:{port}{path}"))
    }
}

/// The URL that asks whether `callback` wants to hear of `feed`: it must answer `challenge`.
///
/// # Errors
/// When that is longer than a URL may be.
pub fn challenge_url(callback: &Url, feed: &Url, challenge: &str) -> Result<Url> {
    callback.with_query(&[("url", feed.as_str()), ("challenge", challenge)])
}

/// The feed that a ping names.
///
/// # Errors
/// In the words that clouds answer with, when it names none.
pub fn pinged(fields: &[(String, String)]) -> Result<&str> {
    let found = fields.iter().find(|(name, value)| name == "url" && !value.is_empty());
    found.map(|(_, value)| value.as_str()).ok_or_else(|| missing(&["url"], |_| None))
}

/// The answer to `rssCloud.hello`, and its media type.
pub fn hello_result() -> (&'static str, String) {
    Form::XmlRpc.write("", Ok(""))
}

/// The answer to a registration, or the words of its refusal; and the media type.
pub fn notify_result(
    outcome: std::result::Result<(), String>,
    form: Form,
) -> (&'static str, String) {
    form.write("notifyResult", outcome.as_ref().map(|()| REGISTERED).map_err(String::as_str))
}

/// The answer to a ping, or the words of its refusal; and the media type. By XML-RPC a ping that
/// names one thing is never refused.
pub fn ping_result(outcome: std::result::Result<(), String>, form: Form) -> (&'static str, String) {
    let outcome = if form == Form::XmlRpc { Ok(()) } else { outcome };
    form.write("result", outcome.as_ref().map(|()| THANKS).map_err(String::as_str))
}

fn missing<'a>(names: &[&str], field: impl Fn(&str) -> Option<&'a str>) -> Error {
    let names: Vec<&str> = names.iter().copied().filter(|name| field(name).is_none()).collect();
    Error::malformed(format!(
        "The following parameters were missing from the request body: {}.",
        names.join(", ")
    ))
}

fn port_of(text: &str) -> Result<u16> {
    let port = crate::protocol::values::integer::parse(text)
        .ok()
        .and_then(|port| u16::try_from(port).ok());
    port.ok_or_else(|| unusable("port", text))
}

/// `text` if it is a host and nothing else, as a URL spells it.
fn host(text: &str) -> Result<String> {
    let is_bare_v6 = text.contains(':') && !text.starts_with('[');
    let spelled = if is_bare_v6 { format!("[{text}]") } else { text.to_owned() };
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    let url = Url::normalized(&format!("http://{spelled}/")).ok();
    // A port would show in the authority, were it not the scheme's own.
    let has_port = spelled.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    match url {
        Some(url) if !has_port && spelled.chars().all(harmless) => Ok(url.host().to_owned()),
        _ => Err(unusable("domain", text)),
    }
}

/// The feeds that stand in the fields whose name begins with `url`.
fn feeds(fields: &[(String, String)]) -> Result<Vec<Url>> {
    let begins = |name: &str| name.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("url"));
    let named: Vec<&str> =
        fields.iter().filter(|(name, _)| begins(name)).map(|(_, value)| value.as_str()).collect();
    let Some(first) = named.first() else {
        return Err(Error::malformed("No resources specified."));
    };
    if named.len() > FEEDS {
        return Err(Error::malformed(FEEDS_EXCEEDED));
    }
    let mut feeds: Vec<Url> = Vec::new();
    for feed in named.iter().filter_map(|text| text.parse().ok()) {
        if !feeds.contains(&feed) {
            feeds.push(feed);
        }
    }
    if feeds.is_empty() {
        return Err(Error::malformed(unreadable(first)));
    }
    Ok(feeds)
}
