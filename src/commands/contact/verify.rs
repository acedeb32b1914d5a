//! `contact verify`: two people compare, and call a key verified.

use serde::Serialize;

use crate::commands::shared::input;
use crate::commands::status::standing::Standing;
use crate::delivery::output;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::keyring::{self, Listed};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::{limits, text};
use crate::session::command::Session;
use crate::session::options::Format;
use crate::store::contact::entry::{Contact, Trust};

/// Compares, or shows what two people compare.
///
/// # Errors
/// [`Kind::Trust`] when the contact has another key.
pub fn verify(session: &mut Session, name: &str, told: Option<&str>) -> Result<()> {
    let contact = Contact::load(&session.run.identity.home, name)?;
    let Some(told) = told else { return show(session, name, &contact) };
    if told != "-" {
        let told = Fingerprint::from_user(told)
            .map_err(|cause| Error::usage("that is no fingerprint").because(cause))?;
        return compare(session, name, &[told]);
    }
    let bytes = input::stdin(session, limits::FEED)?;
    let listed =
        keyring::certificates(&bytes).or_cannot(|| "stdin is no certificate".to_owned())?;
    let told: Vec<Fingerprint> = listed.iter().map(|listed| listed.fingerprint.clone()).collect();
    compare(session, name, &told)?;
    if let Some(fits) = listed.iter().find(|listed| listed.fingerprint == contact.fingerprint) {
        session.run.talk.say(&fitting(fits, listed.len()));
    }
    Ok(())
}

/// Says which of so many certificates fits.
fn fitting(fits: &Listed, of: usize) -> String {
    let calls_itself = match &fits.user_id {
        Some(user_id) => format!(", which calls itself `{}`", text::visible(user_id)),
        None => String::new(),
    };
    let among = if of == 1 { "it fits" } else { "the one that fits is" };
    format!("{among} {}{calls_itself}", fits.fingerprint.grouped())
}

/// Calls the key of the contact called `name` verified, if it is one of those that the user was
/// `told` of.
///
/// # Errors
/// [`Kind::Trust`] when it is not.
pub fn compare(session: &mut Session, name: &str, told: &[Fingerprint]) -> Result<()> {
    let locked = session.run.identity.lock(session.run.clock.now())?;
    // Only now: its key may have changed while we waited.
    let mut contact = Contact::load(&locked.home, name)?;
    if !told.contains(&contact.fingerprint) {
        let told: Vec<String> = told.iter().map(Fingerprint::grouped).collect();
        return Err(Error::new(
            Kind::Trust,
            format!("`{name}` has another key here: {}", contact.fingerprint.grouped()),
        )
        .hint(format!(
            "you were told {}: do not write to {name} before you know why",
            told.join(", ")
        )));
    }
    let held = Standing::of(session, name)?.withheld;
    contact.trust = Trust::Verified;
    contact.save(&locked, name)?;
    session.run.talk.say(&format!("the key of `{name}` is verified"));
    if held > 0 {
        session.run.talk.say(&format!("cloudim poll {name} delivers what was held"));
    }
    Ok(())
}

#[derive(Serialize)]
struct Pair<'a> {
    contact: &'a str,
    fingerprint: &'a Fingerprint,
    own_fingerprint: &'a Fingerprint,
    trust: &'a str,
}

/// Shows both fingerprints, the lower one first: both people have the same lines on their screens.
fn show(session: &mut Session, name: &str, contact: &Contact) -> Result<()> {
    let ours = session.run.keys.certificate()?.fingerprint();
    if session.run.output.format == Format::Json {
        let pair = Pair {
            contact: name,
            fingerprint: &contact.fingerprint,
            own_fingerprint: &ours,
            trust: contact.trust.as_str(),
        };
        let mut line = Vec::new();
        output::as_json(&mut line, &pair).or_cannot(|| "cannot write".to_owned())?;
        return input::print(session, &line);
    }
    let mut lines = [(&contact.fingerprint, name), (&ours, "you")];
    lines.sort();
    let text: String =
        lines.iter().map(|(key, whose)| format!("{}\t{whose}\n", key.grouped())).collect();
    input::print(session, text.as_bytes())?;
    if contact.trust == Trust::Verified {
        session.run.talk.say(&format!("the key of `{name}` is verified already"));
        return Ok(());
    }
    session.run.talk.say(&format!(
        "by phone, say, read these lines to each other: {name} sees the same by cloudim contact verify, in the same order"
    ));
    session
        .run
        .talk
        .say(&format!("if they are the same: cloudim contact verify {name} FINGERPRINT"));
    Ok(())
}
