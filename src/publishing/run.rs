//! Publishing: the user's command puts `public/` on the web.

use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::{Context, Error, Kind, Result};
use crate::store::disk::home::Home;
use crate::store::disk::snapshot;
use crate::store::identity::own::Identity;

/// How long another process's runs of the command are waited for.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Sees to it that a run of the publish command which started after the last change has
/// succeeded; without such a command, or in a home that only reads, there is nothing to do. Runs it
/// even if nothing changed where `anyway` says so. Never to be called with the home's lock held.
///
/// # Errors
/// [`Kind::Unpublished`] when the command failed.
pub fn publish(identity: &Identity, anyway: bool) -> Result<()> {
    let Some(command) = identity.config.publish.clone() else { return Ok(()) };
    if identity.config.read_only {
        return Ok(());
    }
    let target = snapshot::changed(&identity.home)?;
    if !anyway && is_done(&identity.home, target)? {
        return Ok(());
    }
    let _publishing = identity.home.publishing(PATIENCE)?;
    // While we waited, another's run may have started after our change: then it is there.
    if !anyway && is_done(&identity.home, target)? {
        return Ok(());
    }
    let locked = identity.home.lock()?;
    if anyway {
        // Also what was there before the command was set counts as published from now on.
        snapshot::about_to_change(&locked)?;
    }
    let number = snapshot::changed(&locked)?;
    let copy = snapshot::take(&locked)?;
    drop(locked);
    run(&command, copy.path())?;
    Ok(snapshot::has_published(&identity.home, number)?)
}

fn is_done(home: &Home, target: u64) -> Result<bool> {
    let published = snapshot::published(home)?;
    Ok(published >= target && published <= snapshot::changed(home)?)
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
