//! `contact`: the address book.

mod examples;
mod remove;
mod show;
mod trust;
mod verify;

use clap::{Args, Subcommand};

use crate::error::Result;
use crate::session::command::Session;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered;
use crate::store::disk::lock::PATIENCE;
use crate::sync::restored;

const EXAMPLES: &str = "\
Examples:
  cloudim contact list
  cloudim contact show mary --certificate | gpg --import
  cloudim contact verify mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"
  gpg --export mary | cloudim contact verify mary -";

/// The address book
///
/// Without a command: the list.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct ContactArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the contacts
    ///
    /// One a line, separated by tabs: name, trust, fingerprint, card.
    #[command(after_help = examples::LIST)]
    List,
    /// Show what is known of a contact
    #[command(after_help = examples::SHOW)]
    Show {
        /// The contact
        name: String,
        /// Write its certificate, armored, instead
        #[arg(long)]
        certificate: bool,
    },
    /// Compare a contact's fingerprint, and call it verified if it is the same
    ///
    /// Without a fingerprint: shows the two that people compare, the contact's and ours, in the
    /// same order as on the contact's screen. Status 4 if they differ.
    #[command(after_help = examples::VERIFY)]
    Verify {
        /// The contact
        name: String,
        /// The fingerprint that the contact tells you, or the OPENPGP4FPR: text of its QR code; -
        /// reads its certificate from stdin, armored or not, also among others
        fingerprint: Option<String>,
    },
    /// Decide on the key that a contact's feed names instead of the pinned one, or on what may pass
    ///
    /// Shows both keys. With the fingerprint that the contact tells you, or with --yes, the new key
    /// is pinned, and what was held is judged anew. --policy decides what the contact may do while
    /// its key is not verified, as `trust` in config.toml does for all: with `first-use` the same as
    /// any other; with `ask` what it writes is shown, and send asks before it writes to it; with
    /// `verified` nothing is sent to it, and what it writes is held.
    #[command(after_help = examples::TRUST)]
    Trust(trust::TrustArgs),
    /// Give a contact another name
    ///
    /// The name is yours alone: the contact does not see it.
    #[command(after_help = examples::RENAME)]
    Rename {
        /// The contact
        name: String,
        /// Its new name
        new: String,
    },
    /// Hear no more of a contact
    ///
    /// The contact is not told. What was said stays.
    #[command(after_help = examples::BLOCK)]
    Block {
        /// The contact
        name: String,
    },
    /// Hear of a contact again
    #[command(after_help = examples::UNBLOCK)]
    Unblock {
        /// The contact
        name: String,
    },
    /// Remove a contact, its messages, and our feed for it
    ///
    /// Asks on the terminal; elsewhere it wants --yes. Says whether there are messages that you have not
    /// read.
    #[command(after_help = examples::REMOVE)]
    Remove {
        /// The contact
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Looks into, or changes, the address book.
///
/// # Errors
/// When there is no such contact, or something cannot be written.
pub fn run(session: &mut Session, args: ContactArgs) -> Result<()> {
    let action = args.action.unwrap_or(Action::List);
    if !matches!(action, Action::List | Action::Show { .. }) {
        restored::catch_up(&mut session.run)?;
    }
    match action {
        Action::List => show::list(session),
        Action::Show { name, certificate } => show::show(session, &name, certificate),
        Action::Verify { name, fingerprint } => {
            verify::verify(session, &name, fingerprint.as_deref())
        }
        Action::Trust(args) => trust::run(session, &args),
        Action::Rename { name, new } => {
            Contact::load(&session.run.identity.home, &name)?;
            // A hook that is running notes how far it has got under the old name.
            let home = &session.run.identity.home;
            let _delivery = delivered::lock_within(home, &name, PATIENCE)?;
            let locked = session.run.identity.lock(session.run.clock.now())?;
            Ok(contacts::rename(&locked, &name, &new)?)
        }
        Action::Block { name } => set_blocked(session, &name, true),
        Action::Unblock { name } => set_blocked(session, &name, false),
        Action::Remove { name, yes } => remove::remove(session, &name, yes),
    }
}

fn set_blocked(session: &mut Session, name: &str, blocked: bool) -> Result<()> {
    let locked = session.run.identity.lock(session.run.clock.now())?;
    let mut contact = Contact::load(&locked.home, name)?;
    contact.blocked = blocked;
    Ok(contact.save(&locked, name)?)
}
