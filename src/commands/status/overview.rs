//! Bare `cloudim`: how this home stands, and what to do next.

use super::standing::Standing;
use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::Result;
use crate::handshake::room;
use crate::session::command::Session;
use crate::session::options::Options;
use crate::session::own_key;
use crate::session::world::World;
use crate::store::contact::contacts;
use crate::store::disk::changes;
use crate::store::disk::home::Home;
use crate::store::identity::seen_outside;
use crate::store::waiting::calls;
use crate::store::waiting::inbox::Inbox;
use crate::store::waiting::invitations::{self, Decision, Received};
use std::io::Write;

const LINES: usize = 5;

/// Shows at most five lines, the most urgent first, each ending in the command to run next.
///
/// # Errors
/// When a file of the home cannot be read.
pub fn run(home: Home, options: Options, mut world: World) -> Result<()> {
    if !home.secret().exists() && !home.config().exists() {
        let line = format!(
            "no identity in {} yet: cloudim keygen --name NAME --base-url URL\n",
            home.root().display()
        );
        // A reader that went away wants no more lines.
        let _ = world.stdout.write_all(line.as_bytes()).and_then(|()| world.stdout.flush());
        return Ok(());
    }
    let mut session = Session::open(home, &options, world)?;
    let mut lines = urgent(&mut session)?;
    if lines.is_empty() {
        lines.push(calm(&session)?);
    }
    let identity = &session.run.identity;
    if seen_outside::is_unseen(&identity.home, &identity.config) {
        lines.push("nobody has looked at your pages from outside yet: cloudim check".to_owned());
    }
    lines.truncate(LINES);
    input::print(&mut session, (lines.join("\n") + "\n").as_bytes())?;
    session.run.talk.verdict()
}

/// A line, and its place: the lowest comes first.
type Line = (u8, String);

fn urgent(session: &mut Session) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    if let Some((what, cure)) =
        own_key::concern(session.run.keys.certificate()?, session.run.clock.now())
    {
        lines.push((0, format!("{what}: {cure}")));
    }
    for name in contacts::list(&session.run.identity.home)? {
        match Standing::of(session, &name) {
            Ok(standing) => lines.extend(about_contact(&standing)),
            Err(error) => session.run.talk.report(&error),
        }
    }
    lines.extend(about_invitations(session)?);
    if session.run.identity.config.publish.is_some()
        && !changes::is_published(&session.run.identity.home)?
    {
        lines.push((4, "not everything is published: cloudim publish".to_owned()));
    }
    lines.sort_by_key(|(place, _)| *place);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn about_contact(standing: &Standing) -> Vec<Line> {
    let name = &standing.contact;
    let who = format!("`{name}`{}", output::mark(standing.trust));
    let mut lines = Vec::new();
    if let Some(why) = &standing.unusable {
        lines.push((1, format!("the key of {who} {why}: cloudim status {name}")));
    }
    if standing.offered.is_some() {
        lines.push((
            0,
            format!("the feed of {who} names another key: cloudim contact trust {name}"),
        ));
    } else if standing.held > 0 {
        let held = count(standing.held, "item");
        lines.push((0, format!("{held} held by {who}: cloudim status {name}")));
    }
    if !standing.forks.is_empty() {
        lines.push((0, format!("the log of {who} is forked: cloudim status {name}")));
    }
    for refused in &standing.refused_parts {
        lines.push((1, format!("the {} of {who} is refused: cloudim status {name}", refused.part)));
    }
    if standing.put_off > 0 || standing.dropped > 0 {
        lines.push((0, format!("the feed of {who} is full of garbage: cloudim status {name}")));
    }
    if standing.unopened > 0 {
        let unopened = count(standing.unopened, "item");
        lines.push((0, format!("{unopened} by {who} cannot be opened: cloudim status {name}")));
    }
    if standing.unseen_since.is_some() && standing.failing_since.is_none() {
        lines.push((5, format!("the feed of {who} was not seen for long: cloudim poll {name}")));
    }
    if standing.withheld > 0 {
        let waiting = count(standing.withheld, "message");
        let verify = format!("cloudim contact verify {name}");
        lines.push((0, format!("{waiting} by {who} held until you compare its key: {verify}")));
    }
    if standing.parked {
        let resume = format!("cloudim poll {name} --retry --exec CMD");
        lines.push((1, format!("the hook for {who} is parked: {resume}")));
    }
    if standing.undelivered > 0 {
        let new = count(standing.undelivered, "new message");
        lines.push((2, format!("{new} by {who}: cloudim poll {name}")));
    }
    if standing.failing_since.is_some() {
        lines.push((5, format!("{who} is out of reach: cloudim poll {name}")));
    }
    if standing.unacknowledged > 0 {
        let unread = count(standing.unacknowledged, "message");
        lines.push((7, format!("{who} has yet to read {unread}: cloudim poll")));
    }
    lines
}

/// The calls in the inbox that wait until the user wants to see who called.
fn in_inbox(session: &Session) -> Result<usize> {
    let config = &session.run.identity.config;
    match config.inbox.as_ref().filter(|_| !config.fetch_invitations) {
        Some(url) => Ok(Inbox::load(&session.run.identity.home, url)?.waiting()),
        None => Ok(0),
    }
}

fn about_invitations(session: &Session) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut received = invitations::received(&session.run.identity.home)?;
    received.retain(|received| received.decision == Decision::Pending);
    if received.len() >= room::MOST {
        let waiting = count(received.len(), "invitation");
        let few = "as many as can: cloudim handshake list";
        lines.push((3, format!("{waiting} wait, {few}")));
    }
    for Received { name, .. } in received {
        lines.push((3, format!("`{name}` invites you: cloudim handshake accept {name}")));
    }
    if super::inbox_failing(session)?.is_some() {
        lines.push((5, "your inbox is out of reach: cloudim poll".to_owned()));
    }
    let callers =
        calls::load(&session.run.identity.home)?.waiting.len().saturating_add(in_inbox(session)?);
    if callers > 0 {
        let waiting = count(callers, "call");
        lines.push((5, format!("{waiting} by strangers: cloudim handshake list")));
    }
    for made in invitations::made(&session.run.identity.home)? {
        let name = made.name.unwrap_or_else(|| "somebody".to_owned());
        lines.push((6, format!("`{name}` has not answered your invitation: cloudim poll")));
    }
    Ok(lines)
}

fn calm(session: &Session) -> Result<String> {
    Ok(if session.run.identity.config.base_url.is_none() {
        "nobody can find you: set base_url in config.toml, then cloudim publish".to_owned()
    } else if contacts::list(&session.run.identity.home)?.is_empty() {
        "nobody to talk to yet: cloudim handshake invite ADDRESS".to_owned()
    } else {
        "all is well: cloudim poll".to_owned()
    })
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
