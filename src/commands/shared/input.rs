//! The data that commands take from stdin or a file, and how they write data.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use clap::Args;

use crate::error::{Context, Error, Result};
use crate::protocol::sealed::item::Item;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::{limits, text, time};
use crate::session::command::Session;
use crate::session::world::World;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Record;
use crate::writing::attachment;

/// A message as it is given on the command line.
#[derive(Debug, Args)]
pub struct MessageArgs {
    /// The text [default: stdin]
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,
    /// A file to go with it, sealed as well; may be given several times
    #[arg(long = "attach", short = 'a', value_name = "FILE")]
    pub attachments: Vec<std::path::PathBuf>,
    /// The message that it answers: a guid, or `last`
    #[arg(long, value_name = "GUID")]
    pub reply_to: Option<String>,
}

impl MessageArgs {
    /// The text and the attachments, checked, as an item that answers nothing yet.
    ///
    /// # Errors
    /// When the text is empty or none, or a file cannot be read.
    pub fn item(&self, session: &mut Session, guid: Option<Guid>) -> Result<Item> {
        let bytes = match &self.message {
            Some(text) => text.clone().into_bytes(),
            None => stdin(session, limits::SEALED)?,
        };
        let text = text::message(&bytes).map_err(|cause| {
            Error::cannot("the message cannot be sent")
                .because(cause)
                .hint("other files can be attached: -a FILE")
        })?;
        if text.is_empty() && self.attachments.is_empty() {
            return Err(Error::cannot("the message is empty: nothing was sent")
                .hint("give it on stdin, or by -m TEXT"));
        }
        let attachments = self
            .attachments
            .iter()
            .map(|path| attachment::describe(path))
            .collect::<Result<_>>()?;
        let now = session.run.clock.now();
        Ok(Item {
            guid: guid.unwrap_or_else(|| Guid::new(now, &mut session.run.keys.rng)),
            published: time::whole_seconds(now),
            text,
            in_reply_to: None,
            attachments,
            stream: None,
            conversation: None,
            keys: false,
            transition: None,
        })
    }

    /// The guid that `--reply-to` means; `last` is the newest message by the contact called `name`.
    ///
    /// # Errors
    /// When it is no guid, or there is no such message.
    pub fn answered(&self, session: &Session, name: Option<&str>) -> Result<Option<Guid>> {
        let Some(reply_to) = &self.reply_to else { return Ok(None) };
        if reply_to != "last" {
            let guid = Guid::from_user(reply_to);
            return guid
                .map(Some)
                .map_err(|cause| Error::usage("cannot use --reply-to").because(cause));
        }
        let name = name
            .ok_or_else(|| Error::usage("--reply-to last needs a contact").hint("give the guid"))?;
        match last_received(session, name)? {
            Some(record) => Ok(record.guid()),
            None => Err(Error::cannot(format!("`{name}` has not written anything to reply to"))),
        }
    }
}

fn last_received(session: &Session, name: &str) -> Result<Option<Record>> {
    let mut last = None;
    Messages::of(&session.run.identity.home, name).backwards(|record| {
        let is_of_pair = record.entry().is_some_and(|entry| entry.conversation.is_none());
        if record.is_received_message() && is_of_pair {
            last = Some(record);
        }
        last.is_none()
    })?;
    Ok(last)
}

/// The fingerprint that `--fingerprint` gives.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when it is none.
pub fn fingerprint(given: Option<&str>) -> Result<Option<Fingerprint>> {
    let told = given.map(Fingerprint::from_user).transpose();
    told.map_err(|cause| Error::usage("cannot use --fingerprint").because(cause))
}

/// All of stdin.
///
/// # Errors
/// When it cannot be read, or is larger than `limit` bytes.
pub fn stdin(session: &mut Session, limit: usize) -> Result<Vec<u8>> {
    all(&mut session.stdin, limit, "stdin")
}

/// All of the file at `path`; `-` is stdin.
///
/// # Errors
/// As [`stdin`].
pub fn file(session: &mut Session, path: &Path, limit: usize) -> Result<Vec<u8>> {
    open(&mut session.stdin, path, limit)
}

/// The same where there is no identity yet.
///
/// # Errors
/// As [`stdin`].
pub fn file_in(world: &mut World, path: &Path, limit: usize) -> Result<Vec<u8>> {
    open(&mut world.stdin, path, limit)
}

fn open(stdin: &mut dyn Read, path: &Path, limit: usize) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return all(stdin, limit, "stdin");
    }
    let mut file = File::open(path).or_cannot(|| format!("cannot read `{}`", path.display()))?;
    all(&mut file, limit, &path.display().to_string())
}

fn all(from: &mut dyn Read, limit: usize, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .or_cannot(|| format!("cannot read `{what}`"))?;
    if bytes.len() > limit {
        return Err(Error::cannot(format!("`{what}` is larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Writes data to stdout. A reader that went away is no failure.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(session: &mut Session, data: &[u8]) -> Result<()> {
    let stdout = &mut session.run.output.stdout;
    match stdout.write_all(data).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.or_cannot(|| "cannot write to stdout".to_owned()),
    }
}

/// Writes data to a file, or to stdout for `-`.
///
/// # Errors
/// When it cannot be written.
pub fn output(session: &mut Session, path: &Path, data: &[u8]) -> Result<()> {
    if path == Path::new("-") {
        return print(session, data);
    }
    std::fs::write(path, data).or_cannot(|| format!("cannot write `{}`", path.display()))
}
