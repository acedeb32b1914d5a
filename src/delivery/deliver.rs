//! Delivering: what is stored goes to stdout or to the hook, once, in the order of arrival.

use std::io::{self, ErrorKind, Write};

use super::news::news;
use super::output::Shown;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::values::text;
use crate::session::options::Format;
use crate::session::run::Output;
use crate::session::talk::Talk;
use crate::session::user::trust_policy;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::{self, Delivered};
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{About, What};
use crate::store::disk::home::Home;
use crate::store::disk::lock::Lock;
use crate::store::identity::own::Identity;
use jiff::Timestamp;

/// The place that messages are delivered to.
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
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
    output: &mut Output,
    names: &[String],
    target: &Target,
    limit: Option<usize>,
) -> Result<usize> {
    match target {
        Target::Stdout => to_stdout(identity, talk, now, output, names, limit, true),
        Target::Peek => to_stdout(identity, talk, now, output, names, limit, false),
        Target::Hook { command, retry } => {
            let mut taken = 0;
            for name in names {
                let left = limit.map(|limit| limit.saturating_sub(taken));
                match to_hook(identity, talk, now, name, command, *retry, left) {
                    Ok(count) => taken += count,
                    Err(error) => talk.report_daily(&error),
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
    /// The things that the contact called `name` has waiting, `limit` messages at most.
    fn of(
        identity: &Identity,
        now: Timestamp,
        name: &str,
        limit: usize,
    ) -> Result<Option<(Self, Vec<Shown>)>> {
        let Some(lock) = delivered::lock(&identity.home, name)? else { return Ok(None) };
        let cursors = Delivered::load(&identity.home, name)?;
        let records = Messages::of(&identity.home, name).after(cursors.stdout)?;
        if records.is_empty() {
            return Ok(None);
        }
        let contact = Contact::load(&identity.home, name)?;
        let mut waiting = Self { name: name.to_owned(), cursors, _lock: lock };
        if trust_policy::holds(&identity.config, &contact) {
            let shown = super::held::untold(now, name, &contact, records, &mut waiting.cursors);
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
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
    output: &mut Output,
    names: &[String],
    limit: Option<usize>,
    moves: bool,
) -> Result<usize> {
    let (mut shown, mut waiting, mut count) = (Vec::new(), Vec::new(), 0);
    for name in names {
        let left = limit.map_or(usize::MAX, |limit| limit.saturating_sub(count));
        match Waiting::of(identity, now, name, left) {
            Ok(Some((contact, news))) => {
                count += news.iter().filter(|news| news.record.is_deliverable()).count();
                shown.extend(news);
                waiting.push(contact);
            }
            Ok(None) => {}
            Err(error) => talk.report_daily(&error),
        }
    }
    if output.format == Format::Rss || !shown.is_empty() {
        match print(output, &shown) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(count),
            printed => printed.or_cannot(|| "cannot write to stdout".to_owned())?,
        }
    }
    tell(talk, &shown);
    for contact in waiting.iter().filter(|_| moves) {
        contact.cursors.save(&identity.home, &contact.name)?;
    }
    Ok(count)
}

fn print(output: &mut Output, shown: &[Shown]) -> io::Result<()> {
    let format = output.format;
    // In one piece: others may print at the same time.
    let mut data = Vec::new();
    super::output::write(&mut data, format, shown)?;
    output.stdout.write_all(&data)?;
    output.stdout.flush()
}

fn to_hook(
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    command: &str,
    retry: bool,
    limit: Option<usize>,
) -> Result<usize> {
    let Some(_lock) = delivered::lock(&identity.home, name)? else { return Ok(0) };
    let mut cursors = Delivered::load(&identity.home, name)?;
    if retry {
        cursors.resume();
    }
    if !may_run(talk, now, name, &cursors) {
        return Ok(0);
    }
    if cursors.hook.is_none() {
        // What is printed from now on is news to the hook all the same.
        cursors.taken(cursors.hook_cursor());
        cursors.save(&identity.home, name)?;
    }
    let contact = Contact::load(&identity.home, name)?;
    let records = Messages::of(&identity.home, name).after(cursors.hook_cursor())?;
    if trust_policy::holds(&identity.config, &contact) {
        let untold = super::held::untold(now, name, &contact, records, &mut cursors);
        tell(talk, &untold);
        cursors.save(&identity.home, name)?;
        return Ok(0);
    }
    let shown = records.into_iter().map(|record| Shown::of(name, &contact, record));
    hand_over_all(&identity.home, talk, now, command, shown, &mut cursors, limit)
}

/// Hands over one after the other, until the hook does not take one; returns how many it took.
fn hand_over_all(
    home: &Home,
    talk: &mut Talk,
    now: Timestamp,
    command: &str,
    shown: impl Iterator<Item = Shown>,
    cursors: &mut Delivered,
    limit: Option<usize>,
) -> Result<usize> {
    let mut taken = 0;
    for shown in shown {
        let is_message = shown.record.is_deliverable();
        if is_message && limit.is_some_and(|limit| taken >= limit)
            || !hand_over(home, talk, now, command, shown, cursors)?
        {
            break;
        }
        taken += usize::from(is_message);
    }
    Ok(taken)
}

fn may_run(talk: &mut Talk, now: Timestamp, name: &str, cursors: &Delivered) -> bool {
    let may_run = cursors.may_run(now);
    if cursors.is_parked() {
        talk.warn_daily(&format!(
            "the hook for `{name}` failed too often and is parked\nhint: cloudim poll --retry --exec CMD"
        ));
        talk.blame(Kind::Cannot);
    }
    may_run
}

/// Hands a message to the hook, or tells of what is none; returns whether the next may follow.
fn hand_over(
    home: &Home,
    talk: &mut Talk,
    now: Timestamp,
    command: &str,
    shown: Shown,
    cursors: &mut Delivered,
) -> Result<bool> {
    let (name, number) = (shown.contact.clone(), shown.record.number);
    let mut is_taken = true;
    if shown.record.is_deliverable() {
        is_taken = super::hook::run(home, command, &shown)?;
        if !is_taken {
            cursors.failed(now);
            talk.report(&refused(&shown, cursors));
        }
    } else if number > cursors.told {
        tell(talk, &[shown]);
    }
    if is_taken {
        cursors.taken(number);
    }
    cursors.save(home, &name)?;
    Ok(is_taken)
}

fn refused(shown: &Shown, cursors: &Delivered) -> Error {
    let guid = shown.record.guid().map(|guid| guid.to_string()).unwrap_or_default();
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
fn tell(talk: &mut Talk, shown: &[Shown]) {
    for Shown { contact, record } in shown {
        let told = format!("{contact}: {}", text::visible(&record.text).replace('\n', " "));
        match record.what {
            What::Message { .. } | What::Receipt { .. } | What::Key(_) => {}
            What::Accepted | What::Notice { healed: true, .. } => talk.say(&told),
            What::Notice { about, healed: false, .. } => {
                talk.warn(&told);
                talk.blame(match about {
                    About::Trust => Kind::Trust,
                    About::Integrity => Kind::Integrity,
                });
            }
        }
    }
}
