//! `status`: what is on its way, and what is not.

pub(super) mod overview;
pub mod standing;
pub mod unreached;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::shared::input;
use crate::delivery::output;
use crate::error::{Context, Result};
use crate::protocol::values::text;
use crate::session::command::Session;
use crate::session::options::Format;
use crate::session::own_key;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::failing::Failing;
use crate::store::contact::fork::Fork;
use crate::store::contact::history::finding;
use crate::store::contact::ranges::SequenceRange;
use crate::store::disk::changes;
use crate::store::waiting::inbox::Inbox;
use crate::store::waiting::invitations;
use standing::{RefusedPart, Standing};
use unreached::Unreached;

const EXAMPLES: &str = "\
Examples:
  cloudim status
  cloudim --format json status mary | jq .unacknowledged";

const LONG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is unacknowledged, undelivered, held, pending or failing
///
/// One line a contact, and one for each subscriber whom the cloud of this home cannot tell that a
/// feed changed. No network, no passphrase.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StatusArgs {
    /// Only this contact
    #[arg(value_name = "CONTACT")]
    contact: Option<String>,
}

/// Shows.
///
/// # Errors
/// When a contact's files cannot be read.
pub fn run(session: &mut Session, args: StatusArgs) -> Result<()> {
    let names = match &args.contact {
        Some(name) => {
            Contact::load(&session.run.identity.home, name)?;
            vec![name.clone()]
        }
        None => contacts::list(&session.run.identity.home)?,
    };
    let mut lines = Vec::new();
    for name in names {
        let standing = match Standing::of(session, &name) {
            Ok(standing) => standing,
            Err(error) => {
                session.run.talk.report(&error);
                continue;
            }
        };
        if session.run.output.format == Format::Json {
            output::as_json(&mut lines, &standing).or_cannot(|| "cannot write".to_owned())?;
        } else {
            lines.extend(line(&standing, session.run.identity.config.read_only).bytes());
        }
        warn(session, &standing);
    }
    for one in Unreached::all(session, args.contact.as_deref())? {
        if session.run.output.format == Format::Json {
            output::as_json(&mut lines, &one).or_cannot(|| "cannot write".to_owned())?;
        } else {
            lines.extend(unreached(&one).bytes());
        }
    }
    if args.contact.is_none() && session.run.output.format != Format::Json {
        lines.extend(pending(session)?.bytes());
    }
    input::print(session, &lines)
}

fn line(standing: &Standing, read_only: bool) -> String {
    let mut facts = Vec::new();
    if standing.unacknowledged > 0 {
        let age = standing
            .oldest_unacknowledged
            .map(|seconds| format!(" (oldest {})", rough(seconds)))
            .unwrap_or_default();
        facts.push(format!("{} unacknowledged{age}", standing.unacknowledged));
    }
    if standing.undelivered > 0 {
        facts.push(format!("{} undelivered", standing.undelivered));
    }
    if standing.withheld > 0 {
        facts.push(format!("{} held until it is verified", standing.withheld));
    }
    if standing.parked {
        facts.push("hook parked".to_owned());
    }
    facts.extend(about_key(standing));
    if standing.held > 0 {
        facts.push(format!("{} held", standing.held));
    }
    if standing.put_off > 0 {
        let waiting = standing.put_off;
        facts.push(format!("{waiting} put off, for so much in its feed comes to nothing"));
    }
    if standing.dropped > 0 {
        facts.push(format!("{} refused beyond those that are remembered", standing.dropped));
    }
    facts.extend(unopened(standing, read_only));
    if let Some(since) = standing.unseen_since {
        let (since, name) = (output::local(since), &standing.contact);
        facts.push(format!("its feed was not seen since {since} (cloudim poll {name})"));
    }
    if let Some(since) = standing.behind_since {
        facts.push(behind(standing, since));
    }
    facts.extend(standing.forks.iter().map(forked));
    for RefusedPart { part, since, reason } in &standing.refused_parts {
        let since = since.map(|since| format!(" since {}", output::local(since)));
        let (since, reason) = (since.unwrap_or_default(), text::visible(reason));
        facts.push(format!("its {part} is refused{since} ({})", reason.replace('\n', " ")));
    }
    if let Some(since) = standing.failing_since {
        facts.push(out_of_reach("", since, standing.failure.as_deref().unwrap_or_default()));
    }
    for (what, failing) in
        [("its key ", &standing.key_failing), ("an archive ", &standing.archive_failing)]
    {
        let fact = |failing: &Failing| out_of_reach(what, failing.since, &failing.seen);
        facts.extend(failing.as_ref().map(fact));
    }
    if let Some(why) = &standing.lease_failure {
        facts.push(format!("its cloud does not tell us ({})", text::visible(why)));
    }
    if standing.blocked {
        facts.push("blocked".to_owned());
    }
    let facts = if facts.is_empty() { "all well".to_owned() } else { facts.join(", ") };
    format!("{}{}\t{facts}\n", standing.contact, output::mark(standing.trust))
}

fn unopened(standing: &Standing, read_only: bool) -> Option<String> {
    let Standing { contact: name, unopened, .. } = standing;
    let cure = match read_only {
        true => own_key::COPY.to_owned(),
        false => format!("ask {name} to run cloudim poll, which looks for your present key"),
    };
    (*unopened > 0).then(|| format!("{unopened} cannot be opened ({cure})"))
}

fn behind(standing: &Standing, since: Timestamp) -> String {
    let missing = SequenceRange::ends(&standing.missing);
    let what = match missing.is_empty() {
        true => "the feed is an old copy".to_owned(),
        false => format!("missing: {}", finding::spelled(&missing)),
    };
    format!("behind since {} ({what})", output::local(since))
}

fn forked(fork: &Fork) -> String {
    let places = match fork.sequences.is_empty() {
        true => String::new(),
        false => format!(" at {}", finding::spelled(&finding::ranges(&fork.sequences))),
    };
    format!("its log is forked{places} since {}", output::local(fork.since))
}

/// Since when `what` is out of reach, and what was `seen` instead.
fn out_of_reach(what: &str, since: Timestamp, seen: &str) -> String {
    let seen = text::visible(seen).replace('\n', " ");
    format!("{what}out of reach since {} ({seen})", output::local(since))
}

fn about_key(standing: &Standing) -> impl Iterator<Item = String> {
    let unusable = standing.unusable.as_ref().map(|why| format!("its key {why}"));
    let offered = standing.offered.is_some().then(|| "its feed names another key".to_owned());
    unusable.into_iter().chain(offered)
}

fn unreached(one: &Unreached) -> String {
    let Unreached { subscriber, feed, failing_since, failure, lease_until, .. } = one;
    format!(
        "{}\tthe subscriber `{subscriber}` is not told of {feed} since {} ({}); tried until {}\n",
        one.contact.as_deref().unwrap_or("-"),
        output::local(*failing_since),
        text::visible(failure).replace('\n', " "),
        output::local(*lease_until)
    )
}

fn warn(session: &mut Session, standing: &Standing) {
    if standing.oldest_unacknowledged.is_some_and(|seconds| seconds > LONG.as_secs()) {
        session
            .run
            .talk
            .warn(&format!("`{}` has acknowledged nothing for over 30 days", standing.contact));
    }
}

fn pending(session: &Session) -> Result<String> {
    let mut lines = String::new();
    if let Some((what, cure)) =
        own_key::concern(session.run.keys.certificate()?, session.run.clock.now())
    {
        lines.push_str(&format!("-\t{what}: {cure}\n"));
    }
    for made in invitations::made(&session.run.identity.home)? {
        let name = made.name.unwrap_or_else(|| "an invitation without address".to_owned());
        lines
            .push_str(&format!("{name}\tinvited {}, no answer yet\n", output::local(made.created)));
    }
    if let Some(Failing { since, seen, .. }) = inbox_failing(session)? {
        lines.push_str(&format!("-\t{}\n", out_of_reach("the inbox is ", since, &seen)));
    }
    if session.run.identity.config.publish.is_some()
        && !changes::is_published(&session.run.identity.home)?
    {
        lines.push_str("-\tnot everything is published: cloudim publish\n");
    }
    Ok(lines)
}

/// How the inbox that the settings name is out of reach, if it is.
fn inbox_failing(session: &Session) -> Result<Option<Failing>> {
    let Some(url) = &session.run.identity.config.inbox else { return Ok(None) };
    Ok(Inbox::load(&session.run.identity.home, url)?.failing)
}

fn rough(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
