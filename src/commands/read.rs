//! `read`: what was said.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::shared::input;
use crate::delivery::output::{self, Shown};
use crate::error::{Context, Error, Result};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::time;
use crate::session::command::Session;
use crate::session::options::Format;
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Record, What};
use crate::writing::attachment;

const EXAMPLES: &str = "\
Examples:
  cloudim read mary -n 20
  cloudim read --since 7d
  cloudim read urn:uuid:0199f0c2-8d5c-7a11-b0d5-1f0a8d7c2e11 > text
  cloudim read 0199f0c2-8d5c-7a11-b0d5-1f0a8d7c2e11 --save .";

const PAUSE: Duration = Duration::from_millis(300);

/// Show the history
///
/// With a guid: exactly the bytes of that message's text. No network, and nothing is marked as
/// delivered.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReadArgs {
    /// Whose messages, or which one [default: all]
    #[arg(value_name = "CONTACT|GUID")]
    what: Option<String>,
    /// Only the last so many
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Only those since a time (2026-11-22, 2026-11-22T19:02:11Z) or so long ago (7d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Go on with what comes
    #[arg(long)]
    follow: bool,
    /// Fetch the attachments of the message into this folder
    #[arg(long, value_name = "DIR", requires = "what", conflicts_with_all = ["follow", "since", "limit"])]
    save: Option<PathBuf>,
}

/// Shows.
///
/// # Errors
/// When there is no such contact or message.
pub fn run(session: &mut Session, args: ReadArgs) -> Result<()> {
    if let Some(guid) = args.what.as_deref().and_then(|what| Guid::from_user(what).ok()) {
        return one(session, guid, &args);
    }
    if args.save.is_some() {
        return Err(Error::usage("--save goes with the guid of one message"));
    }
    let names = match &args.what {
        Some(name) => {
            Contact::load(&session.run.identity.home, name)?;
            vec![name.clone()]
        }
        None => contacts::list(&session.run.identity.home)?,
    };
    let since =
        args.since.as_deref().map(|since| moment(since, session.run.clock.now())).transpose()?;
    let (mut shown, ends) = history(session, names, since)?;
    if let Some(limit) = args.limit {
        shown.drain(..shown.len().saturating_sub(limit));
    }
    if !write(session, &shown)? || !args.follow {
        return Ok(());
    }
    follow(session, ends)
}

fn one(session: &mut Session, guid: Guid, args: &ReadArgs) -> Result<()> {
    for name in contacts::list(&session.run.identity.home)? {
        let Some(record) = Messages::of(&session.run.identity.home, &name).find(guid)? else {
            continue;
        };
        if record.is_trimmed() {
            return Err(Error::cannot(format!("the text of `{guid}` is here no more"))
                .hint("history in config.toml says how long it stays"));
        }
        let contact = Contact::load(&session.run.identity.home, &name)?;
        if record.is_received_message() {
            trust_policy::expect_shown(&session.run.identity.config, &name, &contact)?;
        }
        if let Some(folder) = &args.save {
            let written =
                attachment::save(&mut session.run.keys, &session.run.network, &record, folder)?;
            let lines: String =
                written.iter().map(|path| format!("{}\n", path.display())).collect();
            return input::print(session, lines.as_bytes());
        }
        if session.run.output.format == Format::Text {
            return input::print(session, record.text.as_bytes());
        }
        return write(session, &[Shown::of(&name, &contact, record)]).map(drop);
    }
    Err(Error::cannot(format!("there is no message `{guid}` here"))
        .hint("cloudim poll fetches what is new"))
}

/// Contacts, and the number of the last record that was looked at.
type Ends = Vec<(String, u64)>;

/// The messages of all `names`, in the order of their arrival, and how far they go; those that are held
/// are left out, and that is reported.
fn history(
    session: &mut Session,
    names: Vec<String>,
    since: Option<Timestamp>,
) -> Result<(Vec<Shown>, Ends)> {
    let (mut shown, mut ends) = (Vec::new(), Vec::new());
    for name in names {
        let contact = Contact::load(&session.run.identity.home, &name)?;
        let records = Messages::of(&session.run.identity.home, &name).all()?;
        let end = records.last().map_or(0, |last| last.number);
        let wanted = records.into_iter().filter(|record| {
            is_shown(record) && since.is_none_or(|since| record.received >= since)
        });
        let held = trust_policy::expect_shown(&session.run.identity.config, &name, &contact).err();
        let (left_out, wanted): (Vec<_>, Vec<_>) =
            wanted.partition(|record| held.is_some() && record.is_received_message());
        if let Some(held) = held.filter(|_| !left_out.is_empty()) {
            session.run.talk.report(&held);
        }
        shown.extend(wanted.into_iter().map(|record| Shown::of(&name, &contact, record)));
        ends.push((name, end));
    }
    shown.sort_by_key(|shown| shown.record.received);
    Ok((shown, ends))
}

fn is_shown(record: &Record) -> bool {
    match record.what {
        What::Message { trimmed, .. } => !trimmed,
        What::Accepted | What::Notice { .. } => true,
        What::Receipt { .. } | What::Key(_) => false,
    }
}

/// Writes; returns whether the reader is still there.
fn write(session: &mut Session, shown: &[Shown]) -> Result<bool> {
    let format = session.run.output.format;
    let stdout = &mut session.run.output.stdout;
    match output::write(stdout, format, shown).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.or_cannot(|| "cannot write to stdout".to_owned()).map(|()| true),
    }
}

fn follow(session: &mut Session, mut ends: Ends) -> Result<()> {
    loop {
        thread::sleep(PAUSE);
        for (name, end) in &mut ends {
            for record in Messages::of(&session.run.identity.home, name).after(*end)? {
                let contact = Contact::load(&session.run.identity.home, name)?;
                if record.is_received_message()
                    && trust_policy::holds(&session.run.identity.config, &contact)
                {
                    break;
                }
                *end = record.number;
                let shown = Shown::of(name, &contact, record);
                if is_shown(&shown.record) && !write(session, &[shown])? {
                    return Ok(());
                }
            }
        }
    }
}

/// The moment that `text` means: a time, a date in our zone, or a duration before `now`.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let midnight = |date: Date| date.to_zoned(TimeZone::system()).map(|zoned| zoned.timestamp());
    if let Some(time) = text.parse::<Date>().ok().and_then(|date| midnight(date).ok()) {
        return Ok(time);
    }
    let ago = time::duration(text).ok().and_then(|ago| now.checked_sub(ago).ok());
    ago.ok_or_else(|| {
        Error::usage(format!("`{text}` is no time"))
            .hint("like 2026-11-22, 2026-11-22T19:02:11Z or 7d")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_a_date_and_a_while_ago_are_understood() {
        let now: Timestamp = "2026-11-22T19:02:11Z".parse().unwrap();
        assert_eq!(moment("2026-11-22T19:02:11Z", now).unwrap(), now);
        assert_eq!(moment("1h", now).unwrap().to_string(), "2026-11-22T18:02:11Z");
        assert!(moment("2026-11-22", now).is_ok());
        assert!(moment("yesterday", now).is_err());
    }
}
