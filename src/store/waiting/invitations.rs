//! `invitations/`: those we made and those we received, a file for each.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::protocol;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::store::contact::entry::Trust;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{Error, OrCannot, Result};
use crate::store::identity::own::Locked;

/// How long an invitation waits for its answer.
pub const VALID: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An invitation, in either direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "direction", rename_all = "lowercase")]
pub enum Invitation {
    /// We invite.
    Made(Box<Made>),
    /// We are invited.
    Received(Box<Received>),
}

/// An invitation that we made and that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The name of its file.
    pub id: Guid,
    /// The name that the contact will have.
    pub name: Option<String>,
    /// The secret part of our feed's URL.
    pub token: Token,
    /// The log that it opens.
    pub log: LogId,
    /// The token under which the acceptance will be, at the other's place.
    pub reply: Token,
    /// The octets of the introduction.
    pub octets: String,
    /// Their hash, which the acceptance names.
    pub hash: OctetsHash,
    /// The hashes of what stood in their place before: an acceptance may name one of these.
    #[serde(default)]
    pub replaced: Vec<OctetsHash>,
    /// The addressee; absent for a single-use invitation.
    pub to: Option<Addressee>,
    /// The hash of the sealed object that our feed shows. Absent until there is one, and in what earlier
    /// versions kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedHash>,
    /// When it was made.
    pub created: Timestamp,
}

/// The card that was invited, and all that was pinned with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The address that the user gave, if it was one that led here.
    #[serde(default)]
    pub address: Option<String>,
    /// The card's URL.
    pub card: Url,
    /// The fingerprint of its certificate.
    pub fingerprint: Fingerprint,
    /// How sure we are of it: the user may have been told.
    #[serde(default)]
    pub trust: Trust,
    /// The certificate, armored.
    pub certificate: String,
    /// The URL at which that certificate stands.
    pub key: Url,
    /// The hash of the bytes there.
    pub key_hash: Hash,
    /// The URL below which its feeds lie.
    pub feeds: Option<Url>,
    /// The URL at which it takes calls.
    pub handshake: Option<Url>,
    /// The name that it gives itself.
    pub claimed_name: Option<String>,
}

/// The user's decision on an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// None yet.
    Pending,
    /// No.
    Declined,
    /// No, and never again from this key.
    Blocked,
}

/// An invitation that came to us.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Received {
    /// The name of its file.
    pub id: Guid,
    /// The name by which the user calls it.
    pub name: String,
    /// The user's decision on it.
    pub decision: Decision,
    /// The octets of the introduction.
    pub octets: String,
    /// The hash of the sealed object that it came in. Absent in what earlier versions kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedHash>,
    /// When it was signed. Absent in what earlier versions kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Timestamp>,
    /// The fingerprint of its signer's key.
    pub fingerprint: Fingerprint,
    /// The log that it opens.
    pub log: LogId,
    /// The certificate, armored.
    pub certificate: String,
    /// The hash of the key file, where it is known.
    pub key_hash: Option<Hash>,
    /// Whether the card was fetched and carries that certificate.
    pub card_confirmed: bool,
    /// When it came.
    pub received: Timestamp,
    /// The address, or network, that called with it. Absent where it came as a file, or through an
    /// inbox, and in what earlier versions kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<IpAddr>,
}

impl Made {
    /// The URL at which the answer is put, if its addressee has a place for such.
    ///
    /// # Errors
    /// When that URL would be too long.
    pub fn reply_place(&self) -> protocol::Result<Option<Url>> {
        let feeds = self.to.as_ref().and_then(|to| to.feeds.as_ref());
        feeds.map(|feeds| feeds.join(&format!("{}.rss", self.reply))).transpose()
    }

    /// Whether `hash` is, or was, the hash of its introduction.
    pub fn is(&self, hash: OctetsHash) -> bool {
        self.hash == hash || self.replaced.contains(&hash)
    }

    /// The hash by which an acceptance that answers `named` knows it.
    pub fn known_as(&self, named: Option<OctetsHash>) -> OctetsHash {
        named.filter(|hash| self.is(*hash)).unwrap_or(self.hash)
    }

    /// Whether it waits no more at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) > VALID
    }
}

/// Every invitation, oldest first.
///
/// # Errors
/// When the folder or a file of it cannot be read.
pub fn list(home: &Home) -> Result<Vec<Invitation>> {
    let folder = match fs::read_dir(home.invitations()) {
        Ok(folder) => folder,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).or_cannot_read(Path::new("invitations")),
    };
    let mut paths: Vec<_> = folder.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut invitations = Vec::new();
    for path in paths {
        let text = atomic::read_text(&path)?.unwrap_or_default();
        invitations.push(toml::from_str(&text).or_cannot_use(&path)?);
    }
    Ok(invitations)
}

/// The invitations that we made, oldest first.
///
/// # Errors
/// As [`list`].
pub fn made(home: &Home) -> Result<Vec<Made>> {
    let made = |invitation| match invitation {
        Invitation::Made(made) => Some(*made),
        Invitation::Received(_) => None,
    };
    Ok(list(home)?.into_iter().filter_map(made).collect())
}

/// The invitations that came to us, oldest first.
///
/// # Errors
/// As [`list`].
pub fn received(home: &Home) -> Result<Vec<Received>> {
    let received = |invitation| match invitation {
        Invitation::Made(_) => None,
        Invitation::Received(received) => Some(*received),
    };
    Ok(list(home)?.into_iter().filter_map(received).collect())
}

/// The invitation that waits for us under `name`.
///
/// # Errors
/// When there is none.
pub fn find_received(home: &Home, name: &str) -> Result<Received> {
    let all = received(home)?;
    let found = all.into_iter().find(|invitation| invitation.name == name);
    found.ok_or_else(|| Error::UnknownInvitation(name.to_owned()))
}

/// Removes what came from the key `fingerprint`, which needs no decision any more.
///
/// # Errors
/// When it cannot be read or removed.
pub fn settle(locked: &Locked<'_>, fingerprint: &Fingerprint) -> Result<()> {
    let all = received(&locked.home)?;
    all.iter().filter(|i| i.fingerprint == *fingerprint).try_for_each(|i| remove(locked, i.id))
}

/// Writes an invitation.
///
/// # Errors
/// When it cannot be written.
pub fn save(locked: &Locked<'_>, invitation: &Invitation) -> Result<()> {
    let home = &locked.home;
    let id = match invitation {
        Invitation::Made(made) => made.id,
        Invitation::Received(received) => received.id,
    };
    let text = toml::to_string(invitation).or_cannot("write the invitation")?;
    home.write(&home.invitations().join(format!("{}.toml", id.bare())), text.as_bytes())
}

/// Removes an invitation.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(locked: &Locked<'_>, id: Guid) -> Result<()> {
    let home = &locked.home;
    home.remove(&home.invitations().join(format!("{}.toml", id.bare())))
}
