//! `contact remove`: a contact, its messages and our feed for it.

use std::io::{IsTerminal, stdin};

use crate::error::{Context, Error, Result};
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::user::terminal;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::verdicts::Verdicts;
use crate::store::disk::home::Home;
use crate::writing::removal;

/// Removes.
///
/// # Errors
/// When it is not there, was not confirmed, or cannot be removed.
pub fn remove(session: &mut Session, name: &str, yes: bool) -> Result<()> {
    // Our feed for the contact goes with it.
    session.run.identity.expect_writable()?;
    // Whoever says it again after a run that died has no contact of that name any more.
    if removal::resume(&session.run.identity, session.run.clock.now())? {
        session.run.talk.say("what an earlier removal had left is removed");
        publish(session)?;
    }
    Contact::load(&session.run.identity.home, name)?;
    let unread = unread(&session.run.identity.home, name);
    if !yes && !confirmed(name, unread.as_deref())? {
        let still = format!("`{name}` is still there");
        let error = match unread {
            None => Error::cannot(still),
            Some(unread) => Error::cannot(format!("{still}, with {unread}"))
                .hint(format!("to read: cloudim poll {name}")),
        };
        return Err(error.hint("--yes removes without asking"));
    }
    if let Some(unread) = unread {
        session.run.talk.warn(&format!("`{name}` is removed with {unread}"));
    }
    removal::remove(&session.run.identity, session.run.clock.now(), name)?;
    publish(session)
}

fn publish(session: &mut Session) -> Result<()> {
    let now = session.now();
    run::publish(&session.run.identity, &mut session.run.talk, now)
}

/// Says how many messages of the contact called `name` nobody has read, if there are any. What cannot be
/// read holds up no removal.
fn unread(home: &Home, name: &str) -> Option<String> {
    let delivered = Delivered::load(home, name).unwrap_or_default().by_either();
    let unread = Messages::of(home, name).after(delivered).unwrap_or_default();
    let unread = unread.iter().filter(|record| record.is_deliverable()).count();
    let held = Verdicts::held(home, name).unwrap_or_default();
    match unread.saturating_add(held) {
        0 => None,
        1 => Some("1 message that you have not read".to_owned()),
        many => Some(format!("{many} messages that you have not read")),
    }
}

fn confirmed(name: &str, unread: Option<&str>) -> Result<bool> {
    if !stdin().is_terminal() || !terminal::is_ours() {
        return Ok(false);
    }
    let answer = terminal::ask(&format!(
        "Remove `{name}` with all messages{}? Type its name: ",
        unread.map(|unread| format!(", and {unread}")).unwrap_or_default()
    ));
    Ok(answer.or_cannot(|| "cannot ask on the terminal".to_owned())? == name)
}
