//! Hooks: the user's command, once for each message.

use std::io::{Seek, Write};
use std::process::Command;

use super::output::{self, Shown};
use crate::error::{Context, Result};
use crate::protocol::values::time;
use crate::store::disk::home::Home;

/// Runs `command` by `sh -c` with the message's text on its stdin; returns whether it took it.
/// Nothing of the message becomes part of the command line.
///
/// # Errors
/// When it cannot be started.
pub fn run(home: &Home, command: &str, shown: &Shown) -> Result<bool> {
    let failed = || format!("cannot run the hook `{command}`");
    let record = &shown.record;
    // In the home: elsewhere others may look, and nobody sweeps up after a run that was killed.
    let mut json = home.passing_file()?;
    output::as_json(&mut json, shown).or_cannot(failed)?;
    json.flush().or_cannot(failed)?;
    let guid = record.guid().map(|guid| guid.to_string()).unwrap_or_default();
    let conversation = record.entry().and_then(|entry| entry.conversation);
    let conversation = conversation.map(|id| id.to_string()).unwrap_or_default();
    // A file, not a pipe: if we die while it runs, the hook still reads the whole text.
    let mut text = tempfile::tempfile_in(home.root()).or_cannot(failed)?;
    text.write_all(record.text.as_bytes()).and_then(|()| text.rewind()).or_cannot(failed)?;
    let mut hook = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env("CLOUDIM_HOME", home.root())
        .env("IM_CONTACT", &shown.contact)
        .env("IM_GUID", guid)
        .env("IM_CONVERSATION", conversation)
        .env("IM_TIME", time::canonical(record.time))
        .env("IM_TRUST", record.trust.as_deref().unwrap_or_default())
        .env("IM_JSON", json.path())
        .stdin(text)
        .spawn()
        .or_cannot(failed)?;
    Ok(hook.wait().or_cannot(failed)?.success())
}
