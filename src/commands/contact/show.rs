//! `contact list` and `contact show`: what is known of whom.

use serde::Serialize;

use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::{Context, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::{text, time};
use crate::session::command::Session;
use crate::session::options::Format;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::policy::Policy;

#[derive(Serialize)]
struct ContactView<'a> {
    contact: &'a str,
    claimed_name: Option<&'a str>,
    fingerprint: &'a Fingerprint,
    trust: &'a str,
    policy: &'a str,
    blocked: bool,
    since: String,
    feed: &'a str,
    card: Option<&'a str>,
    card_confirmed: bool,
}

fn shown<'a>(name: &'a str, contact: &'a Contact, usual: Policy) -> ContactView<'a> {
    ContactView {
        contact: name,
        claimed_name: contact.claimed_name.as_deref(),
        fingerprint: &contact.fingerprint,
        trust: contact.trust.as_str(),
        policy: contact.policy_or(usual).as_str(),
        blocked: contact.blocked,
        since: time::canonical(contact.since),
        feed: contact.feed.as_str(),
        card: contact.card.as_ref().map(|card| card.as_str()),
        card_confirmed: contact.card_confirmed,
    }
}

/// Lists, one contact a line.
///
/// # Errors
/// When the contacts cannot be listed; one whose files are damaged is reported.
pub fn list(session: &mut Session) -> Result<()> {
    let mut lines = Vec::new();
    for name in contacts::list(&session.run.identity.home)? {
        let contact = match Contact::load(&session.run.identity.home, &name) {
            Ok(contact) => contact,
            Err(error) => {
                session.run.talk.report(&error.into());
                continue;
            }
        };
        if session.run.output.format == Format::Json {
            output::as_json(&mut lines, &shown(&name, &contact, session.run.identity.config.trust))
                .or_cannot(|| "cannot write".to_owned())?;
            continue;
        }
        let blocked = if contact.blocked { "  blocked" } else { "" };
        let card = contact.card.as_ref().filter(|_| contact.card_confirmed);
        let card = card.unwrap_or(&contact.feed);
        lines.extend(
            format!(
                "{name}\t{}\t{}\t{}{blocked}\n",
                contact.trust.as_str(),
                contact.fingerprint,
                card.shortened()
            )
            .bytes(),
        );
    }
    input::print(session, &lines)
}

/// Shows one contact, or its certificate.
///
/// # Errors
/// When there is none of that name.
pub fn show(session: &mut Session, name: &str, certificate: bool) -> Result<()> {
    let contact = Contact::load(&session.run.identity.home, name)?;
    if certificate {
        let armored = contacts::certificate(&session.run.identity.home, name)?.to_armored();
        return input::print(session, armored.as_bytes());
    }
    let shown = shown(name, &contact, session.run.identity.config.trust);
    if session.run.output.format == Format::Json {
        let mut line = Vec::new();
        output::as_json(&mut line, &shown).or_cannot(|| "cannot write".to_owned())?;
        return input::print(session, &line);
    }
    let claimed = shown.claimed_name.map(text::visible).unwrap_or_default().replace('\n', " ");
    let blocked = if contact.blocked { "\nblocked      yes" } else { "" };
    let is_claimed = shown.card.is_some() && !shown.card_confirmed;
    let claims = if is_claimed { " (as it claims)" } else { "" };
    let text = format!(
        "contact      {name}\ncalls itself {claimed}\nfingerprint  {}\ntrust        {}\npolicy       {}\nsince        {}\ncard         {}{claims}\nfeed         {}\nour feed     public/f/{}.rss{blocked}\n",
        contact.fingerprint.grouped(),
        shown.trust,
        shown.policy,
        output::local(contact.since),
        shown.card.unwrap_or("-"),
        contact.feed,
        contact.ours.token,
    );
    input::print(session, text.as_bytes())
}
