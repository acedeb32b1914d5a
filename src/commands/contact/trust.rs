//! `contact trust`: a key changed without proof, and the user decides.

use crate::commands::input;
use crate::conversation::session::Session;
use crate::conversation::{pinning, publish};
use crate::error::{Error, Kind, Result};
use crate::protocol::fingerprint::Fingerprint;
use crate::store::contact::{Contact, Trust};

/// Shows the key that is offered, or pins it.
///
/// # Errors
/// [`Kind::Trust`] when it is not the one that the user was told of, or was not decided on.
pub fn run(session: &mut Session, name: &str, told: Option<&str>, yes: bool) -> Result<()> {
    session.expect_writable()?;
    let told = told.map(Fingerprint::from_user).transpose();
    let told = told.map_err(|cause| Error::usage("that is no fingerprint").because(cause))?;
    let pinned = Contact::load(&session.home, name)?.fingerprint;
    let Some(offer) = pinning::offer(session, name)? else {
        session.say(&format!(
            "the feed of `{name}` names the key that is pinned: there is nothing to decide"
        ));
        return Ok(());
    };
    let offered = offer.certificate.fingerprint();
    let text = format!("pinned\t{}\noffered\t{}\n", pinned.grouped(), offered.grouped());
    input::print(session, text.as_bytes())?;
    if told.as_ref().is_some_and(|told| *told != offered) {
        return Err(Error::new(
            Kind::Trust,
            format!("`{name}` offers another key than you were told of"),
        )
        .hint(format!("somebody may have taken over the host: ask {name} by another way")));
    }
    if told.is_none() && !yes {
        return Err(Error::new(Kind::Trust, format!("`{name}` offers another key, without proof"))
            .hint(format!(
                "ask {name} for its fingerprint; then: cloudim contact trust {name} FINGERPRINT"
            )));
    }
    let trust = if told.is_some() { Trust::Verified } else { Trust::FirstUse };
    pinning::pin(session, name, &offer, trust)?;
    session.say(&format!(
        "the new key of `{name}` is pinned; cloudim poll {name} judges anew what was held"
    ));
    publish::publish(session, false)
}
