//! `contact verify`: two people compare, and call a key verified.

use crate::commands::input;
use crate::conversation::session::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::limits;
use crate::store::contact::{Contact, Trust};

/// Compares.
///
/// # Errors
/// [`Kind::Trust`] when the contact has another key.
pub fn verify(session: &mut Session, name: &str, told: Option<&str>) -> Result<()> {
    let contact = Contact::load(&session.home, name)?;
    let Some(told) = told else {
        let ours = session.certificate()?.fingerprint();
        let text = format!("{name}\t{}\nyou\t{}\n", contact.fingerprint.grouped(), ours.grouped());
        input::print(session, text.as_bytes())?;
        session.say(&format!("ask {name} for the first by another way; then: cloudim contact verify {name} FINGERPRINT"));
        return Ok(());
    };
    let told = if told == "-" {
        let bytes = input::stdin(session, limits::CERTIFICATE)?;
        Certificate::parse(&bytes).or_cannot(|| "stdin is no certificate".to_owned())?.fingerprint()
    } else {
        Fingerprint::from_user(told)
            .map_err(|cause| Error::usage("that is no fingerprint").because(cause))?
    };
    if told != contact.fingerprint {
        return Err(Error::new(
            Kind::Trust,
            format!("`{name}` has another key here: {}", contact.fingerprint.grouped()),
        )
        .hint(format!(
            "you were told {}: do not write to {name} before you know why",
            told.grouped()
        )));
    }
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    contact.trust = Trust::Verified;
    contact.save(&session.home, name)?;
    session.say(&format!("the key of `{name}` is verified"));
    Ok(())
}
