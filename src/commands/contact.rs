//! `contact`: the address book.

mod trust;

use std::fs;
use std::io::IsTerminal;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::input;
use crate::conversation::session::{Format, Session};
use crate::conversation::{output, publish};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::{limits, time};
use crate::store::atomic;
use crate::store::contact::{Contact, Trust};
use crate::store::contacts;
use crate::store::lock::{Lock, PATIENCE};

const EXAMPLES: &str = "\
Examples:
  cloudim contact list
  cloudim contact show mary --certificate | gpg --import
  cloudim contact verify mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"
  gpg --export mary | cloudim contact verify mary -";

const LIST: &str = "\
Examples:
  cloudim contact list
  cloudim --format json contact list | jq -r 'select(.trust != \"verified\") | .contact'";

const SHOW: &str = "\
Examples:
  cloudim contact show mary
  cloudim contact show mary --certificate | gpg --import";

const VERIFY: &str = "\
Examples:
  cloudim contact verify mary
  cloudim contact verify mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"
  gpg --export mary | cloudim contact verify mary -";

const TRUST: &str = "\
Examples:
  cloudim contact trust mary
  cloudim contact trust mary \"0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\"";

const RENAME: &str = "\
Examples:
  cloudim contact rename mary mary-smith";

const BLOCK: &str = "\
Examples:
  cloudim contact block mary";

const UNBLOCK: &str = "\
Examples:
  cloudim contact unblock mary";

const REMOVE: &str = "\
Examples:
  cloudim contact remove mary
  cloudim contact remove mary --yes";

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
    #[command(after_help = LIST)]
    List,
    /// Show what is known of a contact
    #[command(after_help = SHOW)]
    Show {
        /// The contact
        name: String,
        /// Write its certificate, armored, instead
        #[arg(long)]
        certificate: bool,
    },
    /// Compare a contact's fingerprint, and call it verified if it is the same
    ///
    /// Without a fingerprint: shows the two that people compare, the contact's and ours. Status 4
    /// if they differ.
    #[command(after_help = VERIFY)]
    Verify {
        /// The contact
        name: String,
        /// The fingerprint that the contact tells you; - reads its certificate from stdin
        fingerprint: Option<String>,
    },
    /// Decide on the key that a contact's feed names instead of the pinned one
    ///
    /// Shows both. With the fingerprint that the contact tells you, or with --yes, the new key is
    /// pinned, and what was held is judged anew.
    #[command(after_help = TRUST)]
    Trust {
        /// The contact
        name: String,
        /// The fingerprint of the new key
        fingerprint: Option<String>,
        /// Pin it without comparing
        #[arg(long, conflicts_with = "fingerprint")]
        yes: bool,
    },
    /// Give a contact another name
    ///
    /// The name is yours alone: the contact does not see it.
    #[command(after_help = RENAME)]
    Rename {
        /// The contact
        name: String,
        /// Its new name
        new: String,
    },
    /// Hear no more of a contact
    ///
    /// The contact is not told. What was said stays.
    #[command(after_help = BLOCK)]
    Block {
        /// The contact
        name: String,
    },
    /// Hear of a contact again
    #[command(after_help = UNBLOCK)]
    Unblock {
        /// The contact
        name: String,
    },
    /// Remove a contact, its messages, and our feed for it
    ///
    /// Asks on the terminal; elsewhere it wants --yes.
    #[command(after_help = REMOVE)]
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
    match args.action.unwrap_or(Action::List) {
        Action::List => list(session),
        Action::Show { name, certificate } => show(session, &name, certificate),
        Action::Verify { name, fingerprint } => verify(session, &name, fingerprint.as_deref()),
        Action::Trust { name, fingerprint, yes } => {
            trust::run(session, &name, fingerprint.as_deref(), yes)
        }
        Action::Rename { name, new } => {
            Contact::load(&session.home, &name)?;
            // A hook that is running notes how far it has got under the old name.
            let _delivery = Lock::take(&session.home.contact(&name), PATIENCE)?;
            let _lock = session.lock()?;
            contacts::rename(&session.home, &name, &new)
        }
        Action::Block { name } => set_blocked(session, &name, true),
        Action::Unblock { name } => set_blocked(session, &name, false),
        Action::Remove { name, yes } => remove(session, &name, yes),
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    contact: &'a str,
    claimed_name: Option<&'a str>,
    fingerprint: &'a Fingerprint,
    trust: &'a str,
    blocked: bool,
    since: String,
    feed: &'a str,
    card: Option<&'a str>,
}

fn shown<'a>(name: &'a str, contact: &'a Contact) -> Shown<'a> {
    Shown {
        contact: name,
        claimed_name: contact.claimed_name.as_deref(),
        fingerprint: &contact.fingerprint,
        trust: contact.trust.as_str(),
        blocked: contact.blocked,
        since: time::canonical(contact.since),
        feed: contact.feed.as_str(),
        card: contact.card.as_ref().map(|card| card.as_str()),
    }
}

fn list(session: &mut Session) -> Result<()> {
    let mut lines = Vec::new();
    for name in contacts::list(&session.home)? {
        let contact = match Contact::load(&session.home, &name) {
            Ok(contact) => contact,
            Err(error) => {
                session.report(&error);
                continue;
            }
        };
        if session.options.format == Format::Json {
            output::as_json(&mut lines, &shown(&name, &contact))
                .or_cannot(|| "cannot write".to_owned())?;
            continue;
        }
        let blocked = if contact.blocked { "  blocked" } else { "" };
        let card = contact.card.as_ref().unwrap_or(&contact.feed);
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

fn show(session: &mut Session, name: &str, certificate: bool) -> Result<()> {
    let contact = Contact::load(&session.home, name)?;
    if certificate {
        let armored = contacts::certificate(&session.home, name)?.to_armored();
        return input::print(session, armored.as_bytes());
    }
    let shown = shown(name, &contact);
    if session.options.format == Format::Json {
        let mut line = Vec::new();
        output::as_json(&mut line, &shown).or_cannot(|| "cannot write".to_owned())?;
        return input::print(session, &line);
    }
    let claimed = shown.claimed_name.map(output::visible).unwrap_or_default().replace('\n', " ");
    let blocked = if contact.blocked { "\nblocked      yes" } else { "" };
    let text = format!(
        "contact      {name}\ncalls itself {claimed}\nfingerprint  {}\ntrust        {}\nsince        {}\ncard         {}\nfeed         {}\nour feed     public/f/{}.rss{blocked}\n",
        contact.fingerprint.grouped(),
        shown.trust,
        output::local(contact.since),
        shown.card.unwrap_or("-"),
        contact.feed,
        contact.ours.token,
    );
    input::print(session, text.as_bytes())
}

fn verify(session: &mut Session, name: &str, told: Option<&str>) -> Result<()> {
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

fn set_blocked(session: &mut Session, name: &str, blocked: bool) -> Result<()> {
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    contact.blocked = blocked;
    contact.save(&session.home, name)
}

fn remove(session: &mut Session, name: &str, yes: bool) -> Result<()> {
    // Our feed for the contact goes with it.
    session.expect_writable()?;
    let contact = Contact::load(&session.home, name)?;
    if !yes && !confirmed(session, name)? {
        return Err(
            Error::cannot(format!("`{name}` is still there")).hint("--yes removes without asking")
        );
    }
    let lock = session.lock()?;
    session.about_to_change_public()?;
    let token = &contact.ours.token;
    atomic::remove(&session.home.feed(token))?;
    for archive in &contact.ours.archives {
        atomic::remove(&session.home.archive(token, archive.number))?;
    }
    // Out of sight first, so that a crash leaves no half of a contact.
    let hidden = session.home.contacts().join(format!(".removed-{}", token.as_str()));
    let failed = || format!("cannot remove `{name}`");
    fs::rename(session.home.contact(name), &hidden).or_cannot(failed)?;
    fs::remove_dir_all(&hidden).or_cannot(failed)?;
    drop(lock);
    publish::publish(session, false)
}

fn confirmed(session: &mut Session, name: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    session.say(&format!("Remove `{name}` with all messages? Type its name: "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).or_cannot(|| "cannot read the answer".to_owned())?;
    Ok(answer.trim() == name)
}
