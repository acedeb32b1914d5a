//! `handshake invite`: an invitation.

use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Error, Result};
use crate::handshake::invitation::{self, Draft};
use crate::handshake::invitation_feed;
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::run::Run;
use crate::store::contact::contacts;

/// Invite somebody
///
/// ADDRESS is the URL of a card, of a feed or page that leads to one, or like mary@mary.example.
/// Without it the invitation is for whoever gets the file and answers first, if you confirm it. A
/// contact is invited again if it lost what was agreed, or if you moved and it cannot find you.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// Whom to invite
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
    /// What to call the contact
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Words that come with the invitation
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The fingerprint that the address must lead to; the contact will be verified by it
    #[arg(long, value_name = "FPR")]
    fingerprint: Option<String>,
    /// Write the invitation to a file, or to stdout for -
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Invites.
///
/// # Errors
/// When the address leads nowhere, or the invitation cannot be written.
pub fn invite(session: &mut Session, args: &InviteArgs) -> Result<()> {
    let fingerprint = input::fingerprint(args.fingerprint.as_deref())?;
    if args.address.is_none() && args.output.is_none() {
        return Err(Error::usage("whom do you invite?")
            .hint("an ADDRESS; or --output FILE for whoever gets the file"));
    }
    let draft = Draft {
        address: args.address.as_deref(),
        name: args.name.as_deref(),
        note: args.note.as_deref(),
        fingerprint: fingerprint.as_ref(),
    };
    let now = session.now();
    let Run { identity, keys, network, talk, .. } = &mut session.run;
    let made = invitation::make(identity, keys, network, now, &draft)?;
    if let Some(to) = &made.to {
        let key = to.fingerprint.grouped();
        talk.say(&format!("the card is {} with the key {key}", to.card));
    }
    if let Some(name) = contacts::reader_of(&identity.home, &made.token)? {
        talk.say(&format!(
            "`{name}` is your contact already: this says again who and where you are"
        ));
    }
    let Some(path) = &args.output else {
        run::publish(identity, talk, now)?;
        return invitation::call(identity, network, talk, &made);
    };
    // First the file: a publish command that fails must not cost it.
    let file = invitation_feed::file(&identity.home, keys, now, &made)?;
    input::output(session, path, file.as_bytes())?;
    run::publish(&session.run.identity, &mut session.run.talk, now)
}
