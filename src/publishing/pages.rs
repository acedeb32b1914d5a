//! The files below `public/` that do not depend on anybody: card, index page, WebFinger.

use crate::error::Result;
use crate::protocol::feed::channel::HandshakeElement;
use crate::protocol::feed::{card, webfinger};
use crate::protocol::values::text;
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::store::disk::{atomic, names};
use crate::store::identity::config::Config;
use crate::store::identity::own::{Identity, Locked};
use crate::writing::content::frame;

const EMPTY: &str = "<!DOCTYPE html>\n<title>Nothing to list</title>\n";

/// Writes them anew from the settings, those that changed. Without a base URL there are only the
/// pages that keep web servers from listing folders.
///
/// # Errors
/// When a file cannot be written.
pub fn write(locked: &Locked<'_>, keys: &Keys) -> Result<()> {
    let mut files = vec![
        (".nojekyll", String::new()),
        ("f/index.html", EMPTY.to_owned()),
        ("b/index.html", EMPTY.to_owned()),
    ];
    if let Some(base) = &locked.config.base_url {
        files.push(("card.rss", card(locked, keys, base)?));
        files.push(("index.html", index(&locked.config, base)));
        files.push((
            ".well-known/webfinger",
            webfinger::write(&account(&locked.config, base), &base.join("card.rss")?),
        ));
    }
    for (name, content) in files {
        let path = locked.home.public().join(name);
        if atomic::read(&path)?.as_deref() != Some(content.as_bytes()) {
            locked.about_to_change_public()?;
            locked.home.write(&path, content.as_bytes())?;
        }
    }
    Ok(())
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
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <link rel=\"alternate\" type=\"application/rss+xml\" title=\"{name}\" href=\"card.rss\">\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p>To write to me privately: <code>cloudim handshake invite {base}</code></p>\n\
         <p><a href=\"card.rss\">My card</a>, <a href=\"key.asc\">my OpenPGP certificate</a></p>\n</body>\n</html>\n"
    )
}
