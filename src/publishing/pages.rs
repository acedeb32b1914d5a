//! The files below `public/` that do not depend on anybody: card, index page, WebFinger.

use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::{Channel, HandshakeElement};
use crate::protocol::feed::{card, webfinger};
use crate::protocol::values::url::Url;
use crate::protocol::values::{limits, text};
use crate::session::keys::Keys;
use crate::store::disk::versions::without_end;
use crate::store::disk::{names, rebuildable};
use crate::store::identity::config::Config;
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::own_certificate;
use crate::writing::content::frame;
use jiff::Timestamp;

const EMPTY: &str = "<!DOCTYPE html>\n<title>Nothing to list</title>\n";

const CARD: &str = "card.rss";
const INDEX: &str = "index.html";
const WEBFINGER: &str = ".well-known/webfinger";

/// Those that say nothing of anybody.
const PLAIN: [(&str, &str); 3] =
    [(".nojekyll", ""), ("f/index.html", EMPTY), ("b/index.html", EMPTY)];

/// Writes them anew from the settings, those that changed. Without a base URL there are only the
/// pages that keep web servers from listing folders.
///
/// # Errors
/// When a file cannot be written.
pub fn write(locked: &Locked<'_>, keys: &Keys) -> Result<()> {
    write_where(locked, keys, |_, there, content| {
        there.map(without_end) != Some(without_end(content.as_bytes()))
    })
}

/// Writes anew those that are lost or damaged, our certificate with them. What the settings say now
/// and did not before waits for the user.
///
/// # Errors
/// When a file cannot be read or written, or the home is busy.
pub fn mend(identity: &Identity, keys: &Keys, now: Timestamp) -> Result<()> {
    if identity.config.read_only || are_whole(identity)? {
        return Ok(());
    }
    let locked = identity.lock(now)?;
    own_certificate::mend(&locked)?;
    write_where(&locked, keys, |name, there, _| !is_whole(name, there))
}

/// How a page differs from what it should be; its name below `public/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there, or nobody can read it.
    Lost(&'static str),
    /// It is what the settings said before.
    Outdated(&'static str),
}

/// How the pages differ from what the settings say now.
///
/// # Errors
/// When one is there and nothing can be said about it.
pub fn differences(identity: &Identity, keys: &Keys) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for (name, content) in contents(identity, keys)? {
        let there = rebuildable::read(&identity.home.public().join(name), limits::STRANGER)?;
        let is_same = |there: &[u8]| there.trim_ascii_end() == content.trim_ascii_end().as_bytes();
        if !is_whole(name, there.as_deref()) {
            differences.push(Difference::Lost(name));
        } else if !there.as_deref().is_some_and(is_same) {
            differences.push(Difference::Outdated(name));
        }
    }
    Ok(differences)
}

/// The pages as the settings say, by their names.
fn contents(identity: &Identity, keys: &Keys) -> Result<Vec<(&'static str, String)>> {
    let mut files: Vec<_> = PLAIN.map(|(name, content)| (name, content.to_owned())).into();
    let config = &identity.config;
    if let Some(base) = &config.base_url {
        files.push((CARD, card(identity, keys, base)?));
        files.push((INDEX, index(config, base)));
        files.push((WEBFINGER, webfinger::write(&account(config, base), &base.join(CARD)?)));
    }
    Ok(files)
}

fn write_where(
    locked: &Locked<'_>,
    keys: &Keys,
    is_due: impl Fn(&str, Option<&[u8]>, &str) -> bool,
) -> Result<()> {
    for (name, content) in contents(locked, keys)? {
        let path = locked.home.public().join(name);
        let there = rebuildable::read(&path, limits::STRANGER)?;
        if is_due(name, there.as_deref(), &content) {
            locked.about_to_change_public()?;
            locked.home.write(&path, content.as_bytes())?;
        }
    }
    Ok(())
}

/// Whether all of them, and our certificate, are there and can be read.
fn are_whole(identity: &Identity) -> Result<bool> {
    let home = &identity.home;
    let names =
        if identity.config.base_url.is_some() { &[CARD, INDEX, WEBFINGER][..] } else { &[] };
    for name in PLAIN.iter().map(|(name, _)| name).chain(names) {
        let there = rebuildable::read(&home.public().join(name), limits::STRANGER)?;
        if !is_whole(name, there.as_deref()) {
            return Ok(false);
        }
    }
    Ok(rebuildable::read(&home.key(), limits::CERTIFICATE)?
        .is_some_and(|bytes| Certificate::parse(&bytes).is_ok()))
}

fn is_whole(name: &str, there: Option<&[u8]>) -> bool {
    let Some(there) = there else { return false };
    match name {
        CARD => Channel::parse(there).is_ok(),
        WEBFINGER => webfinger::is_whole(there),
        INDEX => there.trim_ascii_end().ends_with(b"</html>"),
        _ => PLAIN.iter().any(|(plain, content)| {
            *plain == name && there.trim_ascii_end() == content.trim_ascii_end().as_bytes()
        }),
    }
}

/// The account of this identity, as `acct:mary@mary.example` is Mary's.
pub fn account(config: &Config, base: &Url) -> String {
    format!("acct:{}@{}", names::safe(&config.name), base.authority())
}

fn card(identity: &Identity, keys: &Keys, base: &Url) -> Result<String> {
    let handshake = HandshakeElement {
        url: identity.config.handshake()?,
        card: base.join("card.rss")?,
        feeds: Some(base.join("f/")?),
    };
    let key = frame::key_element(identity, keys)?;
    let (cloud, source) = frame::cloud(&identity.config, true)?.unzip();
    Ok(card::channel(&identity.config.name, base, key, handshake, cloud, source, None).write())
}

fn index(config: &Config, base: &Url) -> String {
    let name = text::to_html(&config.name);
    // In an attribute a quote would end it.
    let quoted = name.replace('"', "&quot;");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <link rel=\"alternate\" type=\"application/rss+xml\" title=\"{quoted}\" href=\"card.rss\">\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p>To write to me privately: <code>cloudim handshake invite {base}</code></p>\n\
         <p><a href=\"card.rss\">My card</a>, <a href=\"key.asc\">my OpenPGP certificate</a></p>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_quote_in_a_name_ends_no_attribute() {
        let settings = "name = 'John \" onload=\"x <b>'";
        let config = Config::parse(settings, Path::new("config.toml")).unwrap();
        let page = index(&config, &"https://john.example/".parse().unwrap());
        assert!(page.contains("title=\"John &quot; onload=&quot;x &lt;b&gt;\" href"), "{page}");
        assert!(page.contains("<h1>John \" onload=\"x &lt;b&gt;</h1>"), "{page}");
    }
}
