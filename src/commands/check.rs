//! `check`: is all well, and what to do.

use clap::Args;

use super::shared::input;
use crate::checking::finding::Finding;
use crate::checking::here::settings::{self, InForce};
use crate::checking::repair::consent::Consent;
use crate::checking::{here, outside, repair};
use crate::cli::Given;
use crate::delivery::output;
use crate::error::{Context, Result};
use crate::session::command::Session;
use crate::session::options::Format;

const EXAMPLES: &str = "\
Examples:
  cloudim check
  cloudim check mary
  cloudim check --repair
  cloudim --format json check | jq -c 'select(.status > 0)'";

/// Check whether all is well, and say what to do
///
/// One line for each thing that was looked at: `ok`, `note` or `wrong`, what it is, how it is, and a
/// hint with what to do. Looks at the messages of each contact (whether some are missing, refused or
/// held, or there twice), at your key, at who may read your files, and at the publish command; from
/// outside, through their public URLs, at your card, key, feeds and attachments, at the feeds of
/// contacts, and at the hosts' time; then at the settings, with where each comes from (all with -v,
/// else those that differ from the default). Without --repair it changes nothing, but notes
/// when your card and key were seen from outside. Ends with the status of the worst, in this order: 5, 4, 1, 7, 3.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Only this contact
    #[arg(value_name = "CONTACT")]
    contact: Option<String>,
    /// Rebuild what can be: key.asc, card, index and WebFinger; feeds, from the octets of what you
    /// wrote; notes that are damaged. Then publish. With CONTACT, a fork of its log counts as seen
    #[arg(long)]
    repair: bool,
    /// Do not ask before what cannot be undone
    #[arg(long, requires = "repair")]
    yes: bool,
}

/// Checks.
///
/// # Errors
/// When there is no such contact; or with `--repair`, when this home may not write or the key cannot be
/// unlocked. What is wrong is no error: the talk is blamed for it.
pub fn run(session: &mut Session, args: CheckArgs, given: &Given) -> Result<()> {
    let only = args.contact.as_deref();
    if args.repair {
        let repaired = repair::repair(&mut session.run, only, Consent { yes: args.yes })?;
        show(session, &repaired)?;
    }
    let now = session.run.clock.now();
    let found = here::look(&session.run.identity, &session.run.keys, now, only)?;
    show(session, &found)?;
    let found = outside::look(&mut session.run, only)?;
    show(session, &found)?;
    if only.is_none() { show_settings(session, given) } else { Ok(()) }
}

/// Prints what was found, and notes how the run ends. A quiet run says only what is wrong.
fn show(session: &mut Session, found: &[Finding]) -> Result<()> {
    let mut lines = Vec::new();
    for finding in found {
        if let Some(kind) = finding.wrongness() {
            session.run.talk.blame(kind);
        } else if session.run.talk.is_quiet() {
            continue;
        }
        if session.run.output.format == Format::Json {
            output::as_json(&mut lines, finding).or_cannot(|| "cannot write".to_owned())?;
        } else {
            lines.extend(finding.line().bytes());
        }
    }
    input::print(session, &lines)
}

/// Prints where the settings come from: as text only of those that are not as usual, or with
/// `--verbose` of all.
fn show_settings(session: &mut Session, given: &Given) -> Result<()> {
    if session.run.talk.is_quiet() {
        return Ok(());
    }
    let mut all: Vec<InForce> = given.options.clone();
    all.extend(settings::of(&session.run.identity)?);
    let mut lines = Vec::new();
    for one in all {
        if session.run.output.format == Format::Json {
            output::as_json(&mut lines, &one).or_cannot(|| "cannot write".to_owned())?;
        } else if !one.is_usual || given.is_verbose {
            lines.extend(one.line().bytes());
        }
    }
    input::print(session, &lines)
}
