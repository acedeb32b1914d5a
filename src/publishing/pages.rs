//! The files below `public/` that do not depend on anybody: card, index page, WebFinger.

use crate::error::Result;
use crate::protocol::feed::channel::HandshakeElement;
use crate::protocol::feed::{card, webfinger};
use crate::protocol::values::text;
use crate::protocol::values::url::Url;
use crate::session::run::Session;
use crate::store::disk::{atomic, names};
use crate::writing::frame;

const EMPTY: &str = "<!DOCTYPE html>\n<title>Nothing to list</title>\n";

/// Writes them anew from the settings, those that changed. Without a base URL there are only the
/// pages that keep web servers from listing folders. The caller holds the home's lock.
///
/// # Errors
/// When a file cannot be written.
pub fn write(session: &Session) -> Result<()> {
    let mut files = vec![
        (".nojekyll", String::new()),
        ("f/index.html", EMPTY.to_owned()),
        ("b/index.html", EMPTY.to_owned()),
    ];
    if let Some(base) = &session.config.base_url {
        files.push(("card.rss", card(session, base)?));
        files.push(("index.html", index(session, base)));
        files.push((
            ".well-known/webfinger",
            webfinger::write(&account(session, base), &base.join("card.rss")?),
        ));
    }
    for (name, content) in files {
        let path = session.home.public().join(name);
        if atomic::read(&path)?.as_deref() != Some(content.as_bytes()) {
            session.about_to_change_public()?;
            session.home.write(&path, content.as_bytes())?;
        }
    }
    Ok(())
}

/// What `mary@mary.example` is for this identity.
pub fn account(session: &Session, base: &Url) -> String {
    format!("acct:{}@{}", names::safe(&session.config.name), base.authority())
}

fn card(session: &Session, base: &Url) -> Result<String> {
    let handshake = HandshakeElement {
        url: session.config.handshake()?,
        card: base.join("card.rss")?,
        feeds: Some(base.join("f/")?),
    };
    let key = frame::key_element(session)?;
    let (cloud, source) = frame::cloud(&session.config, true)?.unzip();
    Ok(card::channel(&session.config.name, base, key, handshake, cloud, source, None).write())
}

fn index(session: &Session, base: &Url) -> String {
    let name = text::to_html(&session.config.name);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <link rel=\"alternate\" type=\"application/rss+xml\" title=\"{name}\" href=\"card.rss\">\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p>To write to me privately: <code>cloudim handshake invite {base}</code></p>\n\
         <p><a href=\"card.rss\">My card</a>, <a href=\"key.asc\">my OpenPGP certificate</a></p>\n</body>\n</html>\n"
    )
}
