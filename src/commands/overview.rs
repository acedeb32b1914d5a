//! Bare `cloudim`: how this home stands, and what to do next.

use super::input;
use crate::conversation::session::{Options, Session, World};
use crate::conversation::standing::Standing;
use crate::error::Result;
use crate::store::contacts;
use crate::store::home::Home;
use crate::store::invitations::{self, Decision};
use crate::store::snapshot;
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
    let mut session = Session::open(home, options, world)?;
    let mut lines = urgent(&mut session)?;
    if lines.is_empty() {
        lines.push(calm(&session)?);
    }
    lines.truncate(LINES);
    input::print(&mut session, (lines.join("\n") + "\n").as_bytes())?;
    session.verdict()
}

fn urgent(session: &mut Session) -> Result<Vec<String>> {
    let mut standings = Vec::new();
    for name in contacts::list(&session.home)? {
        match Standing::of(&session.home, &name, session.now()) {
            Ok(standing) => standings.push(standing),
            Err(error) => session.report(&error),
        }
    }
    let mut lines = Vec::new();
    let mut add = |wanted: fn(&Standing) -> bool, line: fn(&Standing) -> String| {
        lines.extend(standings.iter().filter(|standing| wanted(standing)).map(line));
    };
    add(
        |s| s.held > 0,
        |s| {
            format!(
                "{} held by `{}`: cloudim status {}",
                count(s.held, "item"),
                s.contact,
                s.contact
            )
        },
    );
    add(
        |s| s.parked,
        |s| {
            format!(
                "the hook for `{}` is parked: cloudim poll {} --retry --exec CMD",
                s.contact, s.contact
            )
        },
    );
    add(
        |s| s.undelivered > 0,
        |s| {
            format!(
                "{} by `{}`: cloudim poll {}",
                count(s.undelivered, "new message"),
                s.contact,
                s.contact
            )
        },
    );
    for received in
        invitations::received(&session.home)?.iter().filter(|i| i.decision == Decision::Pending)
    {
        lines.push(format!(
            "`{}` invites you: cloudim handshake accept {}",
            received.name, received.name
        ));
    }
    if session.config.publish.is_some() && !snapshot::is_published(&session.home)? {
        lines.push("not everything is published: cloudim publish".to_owned());
    }
    for standing in standings.iter().filter(|standing| standing.failing_since.is_some()) {
        lines.push(format!(
            "`{}` is out of reach: cloudim poll {}",
            standing.contact, standing.contact
        ));
    }
    for made in invitations::made(&session.home)? {
        let name = made.name.unwrap_or_else(|| "somebody".to_owned());
        lines.push(format!("`{name}` has not answered your invitation: cloudim poll"));
    }
    for standing in standings.iter().filter(|standing| standing.unacknowledged > 0) {
        let unread = usize::try_from(standing.unacknowledged).unwrap_or(usize::MAX);
        lines.push(format!(
            "`{}` has yet to read {}: cloudim poll",
            standing.contact,
            count(unread, "message")
        ));
    }
    Ok(lines)
}

fn calm(session: &Session) -> Result<String> {
    Ok(if session.config.base_url.is_none() {
        "nobody can find you: set base_url in config.toml, then cloudim publish".to_owned()
    } else if contacts::list(&session.home)?.is_empty() {
        "nobody to talk to yet: cloudim handshake invite ADDRESS".to_owned()
    } else {
        "all is well: cloudim poll".to_owned()
    })
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
