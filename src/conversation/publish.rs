//! Publishing: the user's command puts `public/` on the web, and the cloud is told.

use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::session::Session;
use super::singles;
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::cloud;
use crate::store::contact::Contact;
use crate::store::snapshot;

/// How long another process's runs of the command are waited for.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Sees to it that a run of the publish command which started after the last change has
/// succeeded; without such a command, or in a home that only reads, there is nothing to do. Runs it
/// even if nothing changed where `anyway` says so. Never to be called with the home's lock held.
///
/// # Errors
/// [`Kind::Unpublished`] when the command failed.
pub fn publish(session: &mut Session, anyway: bool) -> Result<()> {
    let Some(command) = session.config.publish.clone() else { return Ok(()) };
    if session.config.read_only {
        return Ok(());
    }
    let target = snapshot::changed(&session.home)?;
    if !anyway && is_done(session, target)? {
        return Ok(());
    }
    let _publishing = session.home.publishing(PATIENCE)?;
    // While we waited, another's run may have started after our change: then it is there.
    if !anyway && is_done(session, target)? {
        return Ok(());
    }
    let lock = session.home.lock()?;
    if anyway {
        // Also what was there before the command was set counts as published from now on.
        snapshot::about_to_change(&session.home)?;
    }
    let number = snapshot::changed(&session.home)?;
    let copy = snapshot::take(&session.home)?;
    drop(lock);
    run(&command, copy.path())?;
    snapshot::has_published(&session.home, number)
}

fn is_done(session: &Session, target: u64) -> Result<bool> {
    let published = snapshot::published(&session.home)?;
    Ok(published >= target && published <= snapshot::changed(&session.home)?)
}

fn run(command: &str, folder: &std::path::Path) -> Result<()> {
    let failed =
        || Error::new(Kind::Unpublished, format!("the publish command `{command}` failed"));
    let retry = "what you wrote is kept, do not send it again: cloudim publish";
    // The command's output is talk: stdout is for data.
    let talk = std::io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .or_cannot(|| "cannot use stderr".to_owned())?;
    let status = Command::new("sh")
        .arg("-c")
        .arg(command.replace("{}", "\"$IM_PUBLIC\""))
        .env("IM_PUBLIC", folder)
        .stdin(Stdio::null())
        .stdout(talk)
        .status()
        .map_err(|cause| failed().because(cause).hint(retry))?;
    if status.success() {
        return Ok(());
    }
    let cause = status.code().map_or("it was killed".to_owned(), |code| format!("status {code}"));
    Err(failed().because(anyhow::anyhow!(cause)).hint(retry))
}

/// Publishes, and tells the cloud of the feeds for the contacts called `changed`, and of those among
/// `names` of which it has yet to be told. A failure is reported, not returned: what was read and
/// written before stands.
///
/// # Errors
/// When a contact cannot be read or written.
pub fn tell(session: &mut Session, mut changed: Vec<String>, names: &[String]) -> Result<()> {
    if let Err(error) = publish(session, false) {
        session.report(&error);
        return Ok(());
    }
    if session.config.read_only || cloud_of(session)?.is_none() {
        return Ok(());
    }
    for name in names {
        if !changed.contains(name) && Contact::load(&session.home, name)?.ours.unpinged {
            changed.push(name.clone());
        }
    }
    changed.iter().try_for_each(|name| ping(session, name))
}

/// Tells the cloud, if there is one, that our feed for the contact called `name` changed. A cloud
/// that cannot be reached is a warning: the next `poll` tries again.
///
/// # Errors
/// When the contact cannot be read or written.
pub fn ping(session: &mut Session, name: &str) -> Result<()> {
    if cloud_of(session)?.is_none() {
        return Ok(());
    }
    let token = Contact::load(&session.home, name)?.ours.token;
    let told = ping_feed(session, &token);
    if let Err(error) = &told {
        session.warn(&format!("the cloud was not told: {error}"));
    }
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    if contact.ours.unpinged == told.is_err() {
        return Ok(());
    }
    contact.ours.unpinged = told.is_err();
    contact.save(&session.home, name)
}

fn ping_feed(session: &Session, token: &crate::protocol::token::Token) -> Result<()> {
    let Some(register) = cloud_of(session)? else { return Ok(()) };
    let url = register.join("ping")?;
    let feed = singles::feed_url(session, token)?;
    let failed = || Error::new(Kind::Network, format!("cannot ping {}", url.authority()));
    let answer = session.client()?.post_form(&url, &[("url", feed.as_str())]);
    let answer = answer.map_err(|cause| failed().because(cause))?;
    cloud::verdict(&answer).map_err(|words| failed().because(anyhow::anyhow!(words)))
}

fn cloud_of(session: &Session) -> Result<Option<crate::protocol::url::Url>> {
    if session.config.base_url.is_none() {
        return Ok(None);
    }
    Ok(singles::cloud(&session.config, false)?.map(|(_, url)| url))
}
