//! `handshake list`: the invitations that wait.

use std::net::IpAddr;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::calls::{self, inbox};
use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::Result;
use crate::handshake::addressing::naming::{self, Oddity};
use crate::handshake::addressing::same_card;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::text;
use crate::session::command::Session;
use crate::session::options::Format;
use crate::store::waiting::invitations::{self, Decision, Invitation, Made, Received};

/// List the invitations that wait
///
/// With `fetch_invitations = false` in config.toml it first fetches those of whoever called since.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Lists.
///
/// # Errors
/// When an invitation cannot be read.
pub fn list(session: &mut Session) -> Result<()> {
    // What waits already is shown even if those who called cannot be looked at.
    for follow in [calls::follow_kept, inbox::follow_waiting] {
        if let Err(error) = follow(session) {
            session.run.talk.report(&error);
        }
    }
    let mut lines = String::new();
    for invitation in invitations::list(&session.run.identity.home)? {
        match &invitation {
            Invitation::Made(made) => {
                lines.push_str(&line_of_made(made, session.run.output.format))
            }
            Invitation::Received(received) if received.decision == Decision::Pending => {
                lines.push_str(&line_of_received(session, received)?);
            }
            Invitation::Received(_) => {}
        }
    }
    input::print(session, lines.as_bytes())
}

fn line_of_made(made: &Made, format: Format) -> String {
    let line = Line {
        direction: "made",
        name: made.name.as_deref().unwrap_or("-"),
        with: made.to.as_ref().map_or("nobody in particular", |to| to.card.as_str()),
        fingerprint: made.to.as_ref().map(|to| &to.fingerprint),
        note: None,
        time: made.created,
        card_confirmed: true,
        card_of: None,
        caller: None,
        odd: Oddity::default(),
    };
    line.write(format)
}

fn line_of_received(session: &Session, received: &Received) -> Result<String> {
    let introduction = Introduction::parse(received.octets.as_bytes())?;
    let card = introduction.card.as_ref();
    let holder = card.map(|card| {
        same_card::holder(
            &session.run.identity.home,
            session.run.clock.now(),
            card,
            None,
            &received.fingerprint,
        )
    });
    let holder = holder.transpose()?.flatten().map(|holder| holder.name);
    let claimed = introduction.name.as_deref().unwrap_or_default();
    let line = Line {
        direction: "received",
        name: &received.name,
        with: card.map_or("no card", |card| card.as_str()),
        fingerprint: Some(&received.fingerprint),
        note: introduction.note.as_deref(),
        time: received.received,
        card_confirmed: received.card_confirmed,
        card_of: holder.as_deref(),
        caller: received.caller,
        odd: naming::oddity(&session.run.identity.home, claimed, &received.name)?,
    };
    Ok(line.write(session.run.output.format))
}

#[derive(Serialize)]
struct Line<'a> {
    direction: &'a str,
    name: &'a str,
    with: &'a str,
    fingerprint: Option<&'a Fingerprint>,
    note: Option<&'a str>,
    time: Timestamp,
    card_confirmed: bool,
    /// The name of the one whom we know by the same card, with another key.
    card_of: Option<&'a str>,
    /// The address, or network, that called.
    caller: Option<IpAddr>,
    #[serde(flatten)]
    odd: Oddity,
}

impl Line<'_> {
    fn write(&self, format: Format) -> String {
        if format == Format::Json {
            let mut line = Vec::new();
            // Memory takes all that is written.
            let _ = output::as_json(&mut line, self);
            return String::from_utf8(line).unwrap_or_default();
        }
        let claimed =
            if self.card_confirmed { "" } else { " (claimed only: the card was not reached)" };
        let another = self.card_of.map(|name| format!(" (the card of `{name}`, with another key)"));
        let mut line = format!(
            "{}  {}  {}  {}{claimed}{}\n",
            output::local(self.time),
            self.direction,
            self.name,
            self.with,
            another.unwrap_or_default()
        );
        if let Some(fingerprint) = self.fingerprint {
            line.push_str(&format!("    {}\n", fingerprint.grouped()));
        }
        if let Some(odd) = self.odd.told(self.name) {
            line.push_str(&format!("    {odd}\n"));
        }
        if let Some(caller) = self.caller {
            line.push_str(&format!("    called from {caller}\n"));
        }
        if let Some(note) = self.note {
            line.push_str(&format!("    {}\n", text::visible(note).replace('\n', "\n    ")));
        }
        line
    }
}
