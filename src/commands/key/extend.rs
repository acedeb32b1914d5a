//! `key extend`: a later end for our key.

use clap::Args;
use jiff::SignedDuration;

use crate::error::{Error, Result};
use crate::keys::change;
use crate::protocol::values::time;
use crate::session::command::Session;
use crate::session::web::witnesses;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key extend
  cloudim key extend 90d
  cloudim key extend never";

/// Let the key expire later
///
/// The primary key, and the subkeys in use. What ends later already stays as it is. Contacts follow by
/// themselves when they next look.
#[derive(Debug, Args)]
pub struct ExtendArgs {
    /// How long from now: 90d, 52w; or `never`
    #[arg(value_name = "DURATION", default_value = "730d", value_parser = lifetime)]
    duration: Lifetime,
    /// Take the clock for right, whatever other clocks say
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Lifetime {
    For(SignedDuration),
    Ever,
}

fn lifetime(text: &str) -> std::result::Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime::Ever);
    }
    let duration = time::duration(text).map_err(|cause| cause.to_string())?;
    match duration < SignedDuration::from_hours(24) {
        true => Err("a key that ends within a day is of no use to contacts".to_owned()),
        false => Ok(Lifetime::For(duration)),
    }
}

/// Extends.
///
/// # Errors
/// When the key cannot be unlocked or written; [`crate::error::Kind::Unpublished`] when the publish
/// command failed.
pub fn run(session: &mut Session, args: ExtendArgs) -> Result<()> {
    let until = match args.duration {
        Lifetime::Ever => None,
        Lifetime::For(duration) => {
            let until = time::whole_seconds(session.run.clock.now()).checked_add(duration);
            // What OpenPGP's four octets cannot count.
            let end = until.ok().filter(|until| until.as_second() < i64::from(u32::MAX));
            Some(end.ok_or_else(|| Error::usage("no key lives that long").hint("never"))?)
        }
    };
    witnesses::expect_right_clock(&session.run, args.yes, "cloudim key extend --yes")?;
    let mut extended = false;
    let rewritten = change::change(&mut session.run, |key, date, rng| {
        let key = key.extended(until, date, rng)?;
        extended = key.is_some();
        Ok(key)
    })?;
    session.run.talk.say(&match (extended, until) {
        (false, _) => "nothing of the key would end earlier".to_owned(),
        (true, None) => "no part of the key in use ever ends".to_owned(),
        (true, Some(until)) => {
            format!("no part of the key in use ends before {}", until.strftime("%Y-%m-%d"))
        }
    });
    change::tell(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        &rewritten,
    )
}
