//! `handshake accept`: an invitation is accepted, or an acceptance confirmed.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::commands::shared::input;
use crate::error::Result;
use crate::handshake::accept::{self, Terms};
use crate::handshake::addressing::{claimed, naming};
use crate::handshake::{acceptance, candidate, received};
use crate::protocol::values::limits;
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::store::waiting::invitations;

/// Accept an invitation, or confirm an acceptance
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME", required_unless_present = "input", conflicts_with = "input")]
    name: Option<String>,
    /// Read the invitation, or the acceptance, from a file, or from stdin for -
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
    /// What to call the contact
    #[arg(long = "as", value_name = "NAME")]
    alias: Option<String>,
    /// The fingerprint that the other must have; the contact is verified by it
    #[arg(long, value_name = "FPR")]
    fingerprint: Option<String>,
    /// Write the acceptance to a file, or to stdout for -
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Accepts.
///
/// # Errors
/// When it is no invitation, or not for us; or the contact cannot be written.
pub fn accept(session: &mut Session, args: &AcceptArgs) -> Result<()> {
    session.run.identity.expect_writable()?;
    session.run.identity.config.base()?;
    if let Some(name) = &args.alias {
        naming::free(&session.run.identity.home, name)?;
    }
    let told = input::fingerprint(args.fingerprint.as_deref())?;
    let terms = Terms { alias: args.alias.as_deref(), fingerprint: told.as_ref() };
    let name = match &args.input {
        Some(path) => from_file(session, path, &terms)?,
        None => from_list(session, args.name.as_deref().unwrap_or_default(), &terms)?,
    };
    claimed::confirm(&mut session.run, std::slice::from_ref(&name))?;
    let now = session.now();
    if let Some(path) = &args.output {
        // First the file: a publish command that fails must not cost it.
        let file = acceptance::file(&session.run.identity.home, &session.run.keys, &name)?;
        input::output(session, path, file.as_bytes())?;
        return run::publish(&session.run.identity, &mut session.run.talk, now);
    }
    run::publish(&session.run.identity, &mut session.run.talk, now)?;
    acceptance::call(&session.run.identity, &session.run.network, &mut session.run.talk, &name)
}

/// Accepts what the file at `path` holds; returns the contact's name.
fn from_file(session: &mut Session, path: &Path, terms: &Terms<'_>) -> Result<String> {
    let document = input::file(session, path, limits::FEED)?;
    let now = session.now();
    let Run { identity, keys, .. } = &mut session.run;
    let candidate = candidate::from_file(identity, keys, now, &document)?;
    let waiting = received::waiting(&identity.home, &candidate)?;
    accept::agree(&mut session.run, candidate, terms, waiting.as_ref())
}

/// Accepts what waits as `name`; returns the contact's name.
fn from_list(session: &mut Session, name: &str, terms: &Terms<'_>) -> Result<String> {
    match invitations::find_received(&session.identity.home, name) {
        Ok(received) => {
            let candidate = accept::stored(&received)?;
            accept::agree(&mut session.run, candidate, terms, Some(&received))
        }
        // Said again, it gives the acceptance again.
        Err(_) if contacts::is_taken(&session.identity.home, name) => {
            session.talk.say(&format!("`{name}` is your contact already"));
            Ok(name.to_owned())
        }
        Err(unknown) => Err(unknown.into()),
    }
}
