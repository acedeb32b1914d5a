//! Whose feed it is that is decrypted, and what is known of the writer.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::SealedHash;
use crate::session::command::Session;
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::log_entry::Attached;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Record, What};

/// The writer of a feed, and what is known of it.
pub struct Writer {
    /// The writer's, and those before it.
    pub certificates: Vec<Certificate>,
    /// The logs that the feed opened; absent for our own feed.
    pub logs: Option<Vec<LogId>>,
    pub known: Known,
    /// The messages of the writer's; none for our own feed.
    messages: Option<Messages>,
}

impl Writer {
    /// Finds out whose feed it is: as the user says, by its URL, or by the key it names.
    ///
    /// # Errors
    /// When it is by nobody known, or by somebody of whom nothing is to be shown.
    pub fn of(session: &Session, channel: &Channel, from: Option<&str>) -> Result<Self> {
        let key = channel.key.as_ref().map(|key| &key.fingerprint);
        let own = session.run.keys.certificate()?;
        if from.is_none() && key == Some(&own.fingerprint()) {
            return Ok(Self {
                certificates: vec![own.clone()],
                logs: None,
                known: Known::default(),
                messages: None,
            });
        }
        let name = match from {
            Some(name) => name.to_owned(),
            None => named(session, channel)?.ok_or_else(|| {
                Error::cannot("this feed is by none of your contacts")
                    .hint("cloudim contact list; then --from CONTACT")
            })?,
        };
        Self::contact(session, &name)
    }

    fn contact(session: &Session, name: &str) -> Result<Self> {
        let home = &session.run.identity.home;
        let contact = Contact::load(home, name)?;
        trust_policy::expect_shown(&session.run.identity.config, name, &contact)?;
        let messages = Messages::of(home, name);
        let mut certificates = vec![contacts::certificate(home, name)?];
        for former in &contact.theirs.former {
            certificates.extend(contacts::former(home, name, &former.fingerprint)?);
        }
        Ok(Self {
            certificates,
            logs: Some(contact.theirs.logs),
            known: Known::load(&messages)?,
            messages: Some(messages),
        })
    }

    /// The messages in the history that were verified, by the sealed bytes that they came as.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn verified(&self) -> Result<HashMap<(Guid, SealedHash), Item>> {
        let mut verified = HashMap::new();
        if let Some(messages) = &self.messages {
            messages.backwards(|record| {
                let found = verified_item(&record);
                verified.extend(found.map(|(sealed, item)| ((item.guid, sealed), item)));
                true
            })?;
        }
        Ok(verified)
    }
}

fn named(session: &Session, channel: &Channel) -> Result<Option<String>> {
    let key = channel.key.as_ref().map(|key| &key.fingerprint);
    let mut by_key = None;
    for name in contacts::list(&session.run.identity.home)? {
        let contact = Contact::load(&session.run.identity.home, &name)?;
        if channel.self_link.as_ref() == Some(&contact.feed) {
            return Ok(Some(name));
        }
        if key == Some(&contact.fingerprint) {
            by_key = Some(name);
        }
    }
    Ok(by_key)
}

/// The message that `record` is of, if its text is still there, and the hash of the sealed bytes.
fn verified_item(record: &Record) -> Option<(SealedHash, Item)> {
    let What::Message { entry, trimmed: false } = &record.what else { return None };
    let sealed = entry.sealed.filter(|_| record.is_received_message())?;
    let item = Item {
        guid: entry.guid,
        published: record.time,
        text: record.text.clone(),
        in_reply_to: entry.reply_to,
        attachments: entry.attachments.iter().map(attachment).collect(),
        stream: None,
        conversation: entry.conversation,
        keys: false,
        transition: None,
    };
    Some((sealed, item))
}

fn attachment(attached: &Attached) -> Attachment {
    Attachment {
        url: attached.url.clone(),
        name: attached.name.clone(),
        media_type: attached.media_type.clone(),
        size: attached.size,
        hash: attached.hash,
    }
}
