//! Delivering: what is stored goes to stdout or to the hook, once, in the order of arrival.

use std::io::{self, ErrorKind, Write};

use super::news::news;
use super::output::Shown;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::values::text;
use crate::session::options::Format;
use crate::session::run::Session;
use crate::session::trust_policy;
use crate::store::contact::delivered::{self, Delivered};
use crate::store::contact::entry::Contact;
use crate::store::contact::messages::Messages;
use crate::store::contact::record::Type;
use crate::store::disk::lock::Lock;

/// Where messages are delivered to.
#[derive(Clone, Debug)]
pub enum Target {
    /// stdout; the cursor moves after a successful flush.
    Stdout,
    /// stdout, and no cursor moves.
    Peek,
    /// The shell command; the cursor moves after its status 0.
    Hook {
        /// The command.
        command: String,
        /// Try again what failed before, at once.
        retry: bool,
    },
}

/// Delivers what the contacts called `names` have sent, `limit` messages at most. Returns how many
/// there were. A contact whose messages another process is delivering is left to it; one whose files
/// are damaged is reported, and stops nobody else.
///
/// # Errors
/// When stdout cannot be written; a broken pipe is no error, and moves no cursor.
pub fn deliver(
    session: &mut Session,
    names: &[String],
    target: &Target,
    limit: Option<usize>,
) -> Result<usize> {
    match target {
        Target::Stdout => to_stdout(session, names, limit, true),
        Target::Peek => to_stdout(session, names, limit, false),
        Target::Hook { command, retry } => {
            let mut taken = 0;
            for name in names {
                let left = limit.map(|limit| limit.saturating_sub(taken));
                match to_hook(session, name, command, *retry, left) {
                    Ok(count) => taken += count,
                    Err(error) => session.report(&error),
                }
            }
            Ok(taken)
        }
    }
}

struct Waiting {
    name: String,
    /// How far it will have got.
    cursors: Delivered,
    _lock: Lock,
}

impl Waiting {
    /// What the contact called `name` has waiting, `limit` messages at most.
    fn of(session: &Session, name: &str, limit: usize) -> Result<Option<(Self, Vec<Shown>)>> {
        let Some(lock) = delivered::lock(&session.home, name)? else { return Ok(None) };
        let cursors = Delivered::load(&session.home, name)?;
        let records = Messages::of(&session.home, name).after(cursors.stdout)?;
        if records.is_empty() {
            return Ok(None);
        }
        let contact = Contact::load(&session.home, name)?;
        let mut waiting = Self { name: name.to_owned(), cursors, _lock: lock };
        if trust_policy::holds(session, &contact) {
            let shown = super::held::untold(session, name, &contact, records, &mut waiting.cursors);
            return Ok((!shown.is_empty()).then_some((waiting, shown)));
        }
        let (mut count, mut shown) = (0, Vec::new());
        for record in records {
            let is_message = record.is_deliverable();
            if is_message && count >= limit {
                break;
            }
            count += usize::from(is_message);
            waiting.cursors.stdout = record.number;
            if is_message || record.number > waiting.cursors.told {
                shown.extend(news(name, &contact, record));
            }
        }
        Ok(Some((waiting, shown)))
    }
}

fn to_stdout(
    session: &mut Session,
    names: &[String],
    limit: Option<usize>,
    moves: bool,
) -> Result<usize> {
    let (mut shown, mut waiting, mut count) = (Vec::new(), Vec::new(), 0);
    for name in names {
        let left = limit.map_or(usize::MAX, |limit| limit.saturating_sub(count));
        match Waiting::of(session, name, left) {
            Ok(Some((contact, news))) => {
                count += news.iter().filter(|news| news.record.is_deliverable()).count();
                shown.extend(news);
                waiting.push(contact);
            }
            Ok(None) => {}
            Err(error) => session.report(&error),
        }
    }
    if session.options.format == Format::Rss || !shown.is_empty() {
        match print(session, &shown) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(count),
            printed => printed.or_cannot(|| "cannot write to stdout".to_owned())?,
        }
    }
    tell(session, &shown);
    for contact in waiting.iter().filter(|_| moves) {
        contact.cursors.save(&session.home, &contact.name)?;
    }
    Ok(count)
}

fn print(session: &mut Session, shown: &[Shown]) -> io::Result<()> {
    let format = session.options.format;
    // In one piece: others may print at the same time.
    let mut data = Vec::new();
    super::output::write(&mut data, format, shown)?;
    session.world.stdout.write_all(&data)?;
    session.world.stdout.flush()
}

fn to_hook(
    session: &mut Session,
    name: &str,
    command: &str,
    retry: bool,
    limit: Option<usize>,
) -> Result<usize> {
    let Some(_lock) = delivered::lock(&session.home, name)? else { return Ok(0) };
    let mut cursors = Delivered::load(&session.home, name)?;
    if retry {
        cursors.resume();
    }
    if !may_run(session, name, &cursors) {
        return Ok(0);
    }
    if cursors.hook.is_none() {
        // What is printed from now on is news to the hook all the same.
        cursors.taken(cursors.hook_cursor());
        cursors.save(&session.home, name)?;
    }
    let mut taken = 0;
    let contact = Contact::load(&session.home, name)?;
    let records = Messages::of(&session.home, name).after(cursors.hook_cursor())?;
    if trust_policy::holds(session, &contact) {
        let untold = super::held::untold(session, name, &contact, records, &mut cursors);
        tell(session, &untold);
        return cursors.save(&session.home, name).map(|()| 0);
    }
    for record in records {
        let is_message = record.is_deliverable();
        let shown = Shown::of(name, &contact, record);
        if is_message && limit.is_some_and(|limit| taken >= limit)
            || !hand_over(session, command, shown, &mut cursors)?
        {
            break;
        }
        taken += usize::from(is_message);
    }
    Ok(taken)
}

fn may_run(session: &mut Session, name: &str, cursors: &Delivered) -> bool {
    let may_run = cursors.may_run(session.now());
    if cursors.is_parked() {
        session.warn(&format!(
            "the hook for `{name}` failed too often and is parked\nhint: cloudim poll --retry --exec CMD"
        ));
        session.blame(Kind::Cannot);
    }
    may_run
}

/// Hands a message to the hook, or tells of what is none; returns whether the next may follow.
fn hand_over(
    session: &mut Session,
    command: &str,
    shown: Shown,
    cursors: &mut Delivered,
) -> Result<bool> {
    let (name, number) = (shown.contact.clone(), shown.record.number);
    let mut is_taken = true;
    if shown.record.is_deliverable() {
        is_taken = super::hook::run(session, command, &shown)?;
        if !is_taken {
            cursors.failed(session.now());
            session.report(&refused(&shown, cursors));
        }
    } else if number > cursors.told {
        tell(session, &[shown]);
    }
    if is_taken {
        cursors.taken(number);
    }
    cursors.save(&session.home, &name)?;
    Ok(is_taken)
}

fn refused(shown: &Shown, cursors: &Delivered) -> Error {
    let guid = shown.record.guid.map(|guid| guid.to_string()).unwrap_or_default();
    let error = Error::cannot(format!("the hook did not take `{guid}` by `{}`", shown.contact));
    match cursors.retry_at {
        _ if cursors.is_parked() => {
            error.hint("it failed ten times and is parked: cloudim poll --retry --exec CMD")
        }
        Some(at) => error.hint(format!(
            "the next poll after {} tries again; at once: cloudim poll --retry --exec CMD",
            super::output::local(at)
        )),
        None => error,
    }
}

/// Tells of what is no message: on stderr, unless stdout has it as JSON; and by the status.
fn tell(session: &mut Session, shown: &[Shown]) {
    for Shown { contact, record } in shown {
        let talk = format!("{contact}: {}", text::visible(&record.text).replace('\n', " "));
        match record.kind {
            Type::Message | Type::Receipt | Type::Key => {}
            Type::Accepted => session.say(&talk),
            Type::Integrity | Type::Trust if record.healed => session.say(&talk),
            Type::Integrity | Type::Trust => {
                let kind = if record.kind == Type::Trust { Kind::Trust } else { Kind::Integrity };
                session.warn(&talk);
                session.blame(kind);
            }
        }
    }
}
