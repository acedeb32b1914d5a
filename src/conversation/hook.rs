//! Hooks: the user's command, once for each message.

use std::io::Write;
use std::process::{Command, Stdio};

use super::output::{self, Shown};
use super::session::Session;
use crate::error::{Context, Result};
use crate::protocol::time;

/// Runs `command` by `sh -c` with the message's text on its stdin; returns whether it took it.
/// Nothing of the message becomes part of the command line.
///
/// # Errors
/// When it cannot be started.
pub fn run(session: &Session, command: &str, shown: &Shown) -> Result<bool> {
    let failed = || format!("cannot run the hook `{command}`");
    let record = &shown.record;
    let mut json = tempfile::NamedTempFile::new().or_cannot(failed)?;
    output::as_json(&mut json, shown).or_cannot(failed)?;
    json.flush().or_cannot(failed)?;
    let guid = record.guid.map(|guid| guid.to_string()).unwrap_or_default();
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env("CLOUDIM_HOME", session.home.root())
        .env("IM_CONTACT", &shown.contact)
        .env("IM_GUID", guid)
        .env("IM_TIME", time::canonical(record.time))
        .env("IM_TRUST", record.trust.as_deref().unwrap_or_default())
        .env("IM_JSON", json.path())
        .stdin(Stdio::piped())
        .spawn()
        .or_cannot(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook need not read: that it closes its end is no failure.
        let _ = stdin.write_all(record.text.as_bytes());
    }
    Ok(child.wait().or_cannot(failed)?.success())
}
