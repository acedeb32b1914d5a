//! `contact trust`: what a contact may do, and a key that changed without proof: the user decides.

use clap::Args;
use serde::Serialize;

use super::verify;
use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::options::Format;
use crate::session::run::Run;
use crate::store::contact::entry::{Contact, Trust};
use crate::store::identity::policy::Policy;
use crate::sync::pinning::{self, Offer};

const DEFAULT: &str = "default";

#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The contact
    name: String,
    /// The fingerprint of the new key, which the feed names, or by which it has invited you
    fingerprint: Option<String>,
    /// Pin it without comparing
    #[arg(long, conflicts_with = "fingerprint")]
    yes: bool,
    /// Keep the pinned key, and drop what is held of the other
    #[arg(long, conflicts_with_all = ["fingerprint", "yes"])]
    reject: bool,
    /// What the contact may do while its key is not verified; `default` is as in config.toml
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["fingerprint", "yes", "reject"],
        value_parser = [Policy::FirstUse.as_str(), Policy::Ask.as_str(), Policy::Verified.as_str(), DEFAULT])]
    policy: Option<String>,
}

/// The keys to decide between.
#[derive(Serialize)]
struct Keys<'a> {
    contact: &'a str,
    pinned: &'a Fingerprint,
    offered: &'a Fingerprint,
}

/// Decides.
///
/// # Errors
/// [`Kind::Trust`] when the key is not the one that the user was told of, or was not decided on.
pub fn run(session: &mut Session, args: &TrustArgs) -> Result<()> {
    if let Some(policy) = &args.policy {
        return set_policy(session, &args.name, policy);
    }
    if args.reject {
        return reject(session, &args.name);
    }
    session.run.identity.expect_writable()?;
    let told = args.fingerprint.as_deref().map(Fingerprint::from_user).transpose();
    let told = told.map_err(|cause| Error::usage("that is no fingerprint").because(cause))?;
    let Run { identity, network, clock, .. } = &session.run;
    let offer = match pinning::offer_by_invitation(&identity.home, &args.name, told.as_ref())? {
        Some(offer) => Some(offer),
        None => pinning::offer(&identity.home, network, clock.now(), &args.name)?,
    };
    match offer {
        Some(offer) => decide(session, args, told.as_ref(), &offer),
        None => undisputed(session, &args.name, told),
    }
}

/// The feed names the pinned key: a fingerprint can only be compared with that.
fn undisputed(session: &mut Session, name: &str, told: Option<Fingerprint>) -> Result<()> {
    match told {
        Some(told) => verify::compare(session, name, &[told]),
        None => {
            session.run.talk.say(&format!(
                "the feed of `{name}` names the key that is pinned: there is nothing to decide"
            ));
            Ok(())
        }
    }
}

/// Shows both keys, and pins the one that is offered if the user says so.
fn decide(
    session: &mut Session,
    args: &TrustArgs,
    told: Option<&Fingerprint>,
    offer: &Offer,
) -> Result<()> {
    let name = &args.name;
    let contact = Contact::load(&session.run.identity.home, name)?;
    let offered = offer.certificate.fingerprint();
    show(session, &Keys { contact: name, pinned: &contact.fingerprint, offered: &offered })?;
    let must_compare = contact.policy_or(session.run.identity.config.trust) == Policy::Verified;
    let why = match told {
        Some(told) if *told == contact.fingerprint => {
            Some("another key than that, which is pinned")
        }
        Some(told) if *told != offered => {
            let text = format!("`{name}` offers another key than you were told of");
            return Err(Error::new(Kind::Trust, text).hint(format!(
                "somebody may have taken over the host: ask {name} by another way"
            )));
        }
        Some(_) => None,
        None if contact.theirs.rejected.contains(&offered) => Some("a key that you have rejected"),
        None if args.yes && must_compare => Some("another key, which must be compared"),
        None if args.yes => None,
        None => Some("another key, without proof"),
    };
    if let Some(why) = why {
        return Err(undecided(name, why));
    }
    let trust = if told.is_some() { Trust::Verified } else { Trust::FirstUse };
    pinning::pin(&mut session.run, name, offer, trust)?;
    session.run.talk.say(&format!(
        "the new key of `{name}` is pinned; cloudim poll {name} judges anew what was held"
    ));
    let now = session.now();
    run::publish(&session.run.identity, &mut session.run.talk, now)
}

fn show(session: &mut Session, keys: &Keys<'_>) -> Result<()> {
    let (pinned, offered) = (keys.pinned.grouped(), keys.offered.grouped());
    let mut lines = Vec::new();
    if session.run.output.format == Format::Json {
        output::as_json(&mut lines, keys).or_cannot(|| "cannot write".to_owned())?;
    } else {
        lines.extend(format!("pinned\t{pinned}\noffered\t{offered}\n").bytes());
    }
    input::print(session, &lines)
}

fn undecided(name: &str, why: &str) -> Error {
    let tell = format!("cloudim contact trust {name} FINGERPRINT");
    Error::new(Kind::Trust, format!("`{name}` offers {why}"))
        .hint(format!("ask {name} for its fingerprint; then: {tell}"))
        .hint(format!("to keep the pinned key: cloudim contact trust {name} --reject"))
}

/// Keeps the pinned key. Anything held of another is dropped, and is not told of again.
fn reject(session: &mut Session, name: &str) -> Result<()> {
    let (offered, dropped) =
        pinning::reject(&session.run.identity, &session.run.keys, session.run.clock.now(), name)?;
    session.run.talk.say(&match offered {
        Some(offered) => {
            format!("the key {} is rejected; what was held of it is dropped", offered.grouped())
        }
        None if dropped > 0 => "what was held of unknown keys is dropped".to_owned(),
        None => format!("nothing by `{name}` is held for another key: there is nothing to reject"),
    });
    Ok(())
}

fn set_policy(session: &mut Session, name: &str, word: &str) -> Result<()> {
    let locked = session.run.identity.lock(session.run.clock.now())?;
    let mut contact = Contact::load(&locked.home, name)?;
    contact.policy = Policy::ALL.into_iter().find(|policy| policy.as_str() == word);
    Ok(contact.save(&locked, name)?)
}
