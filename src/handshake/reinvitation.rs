//! Inviting a contact again: it has lost what was agreed, or cannot find us any more.
//!
//! The invitation is a later introduction of the feed that we write for it already. So it serves one
//! who knows us, and follows, and one who does not, and accepts.

use crate::error::{Error, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Addressee, Invitation, Made};
use crate::writing::content::frame;
use crate::writing::rewriting::feed::{self, Change};

/// Makes an invitation of the contact called `name`, whose card is `to` now, or finds the one that
/// waits for it already. `wanted` is the name that it is to have, `note` the words that come with it.
///
/// # Errors
/// When the contact is blocked, is to have another name, or something cannot be sealed or written.
pub fn make(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    to: Addressee,
    wanted: Option<&str>,
    note: Option<&str>,
) -> Result<Made> {
    let mut pair = Pair::load(locked, name)?;
    expect_as_is(name, &pair.contact, wanted)?;
    merge(locked, &mut pair, &to)?;
    let (waiting, over): (Vec<Made>, Vec<Made>) = invitations::made(&locked.home)?
        .into_iter()
        .filter(|made| made.token == pair.contact.ours.token)
        .partition(|made| is_in_force(locked, &pair, made).unwrap_or_default());
    if let Some(made) = waiting.into_iter().find(|made| !made.is_expired(locked.now)) {
        // What is sealed there may be for a subkey of the past.
        feed::rewrite(locked, keys, &mut pair, Change::default())?;
        return Ok(made);
    }
    let (made, introduction) = later(locked, keys, &mut pair, to, note)?;
    invitations::save(locked, &Invitation::Made(Box::new(made.clone())))?;
    let change = Change { introduction: Some(&introduction), ..Change::default() };
    feed::rewrite(locked, keys, &mut pair, change)?;
    for made in over {
        invitations::remove(locked, made.id)?;
    }
    Ok(made)
}

/// Takes over what the card's certificate says by now: whoever begins again may have another subkey.
fn merge(locked: &Locked<'_>, pair: &mut Pair, to: &Addressee) -> Result<()> {
    let fetched = Certificate::parse(to.certificate.as_bytes())?;
    let merged = pair.certificate.merged(&fetched, locked.now)?;
    if merged != pair.certificate {
        contacts::pin(locked, &pair.name, &merged)?;
        (pair.certificate, pair.contact.key_hash) = (merged, Some(to.key_hash));
    }
    Ok(())
}

fn expect_as_is(name: &str, contact: &Contact, wanted: Option<&str>) -> Result<()> {
    if contact.blocked {
        return Err(Error::cannot(format!("that is your contact `{name}`, which is blocked"))
            .hint(format!("cloudim contact unblock {name}")));
    }
    match wanted.filter(|wanted| *wanted != name) {
        Some(wanted) => Err(Error::cannot(format!("that is your contact `{name}` already"))
            .hint(format!("cloudim contact rename {name} {wanted}"))),
        None => Ok(()),
    }
}

/// Returns whether the feed still introduces us by `made`, and at the place where it stands now.
fn is_in_force(locked: &Locked<'_>, pair: &Pair, made: &Made) -> Result<bool> {
    let serial = pair.contact.ours.introduction.serial;
    let octets = Octets::of(&locked.home, &pair.name).introduction(serial)?.unwrap_or_default();
    let feed = own_urls::feed_url(&locked.config, &made.token)?;
    let is_same = OctetsHash::of(octets.as_bytes()) == made.hash;
    Ok(is_same && Introduction::parse(octets.as_bytes())?.feed == feed)
}

/// The next introduction of the feed for the contact of `pair`, which waits for an answer.
fn later(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    to: Addressee,
    note: Option<&str>,
) -> Result<(Made, Introduction)> {
    let (now, ours) = (locked.now, &mut pair.contact.ours);
    ours.introduction.serial = ours.introduction.serial.saturating_add(1);
    let (token, log, serial) = (ours.token.clone(), ours.log, ours.introduction.serial);
    let mut introduction = frame::introduction(&locked.config, keys, now, &token, log, serial)?;
    let reply = Token::new(&mut keys.rng);
    (introduction.to, introduction.to_fingerprint) =
        (Some(to.card.clone()), Some(to.fingerprint.clone()));
    (introduction.reply, introduction.note) = (Some(reply.clone()), note.map(str::to_owned));
    let octets = introduction.write();
    let made = Made {
        id: Guid::new(now, &mut keys.rng),
        name: Some(pair.name.clone()),
        token,
        log,
        reply,
        hash: OctetsHash::of(octets.as_bytes()),
        octets,
        replaced: Vec::new(),
        to: Some(to),
        sealed: None,
        created: now,
    };
    Ok((made, introduction))
}
