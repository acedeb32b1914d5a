//! The owner's side of the inbox: what came while nobody who could open it was there.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::inbox_turns;
use crate::error::{Error, Kind, Result};
use crate::openpgp::message::open;
use crate::protocol::calls::call::{self, Call};
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::limits;
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::failing::{Failing, Telling};
use crate::store::waiting::inbox::{Entry, Inbox, Waiting};
use crate::transport::client::{Answer, Conditions};

/// How often the user is told that the inbox cannot be read.
const REMINDER: SignedDuration = SignedDuration::from_hours(24);

/// Reads the inbox that the settings name, if they do, and follows the calls in it like those that
/// come directly; by strangers only if the settings have it so. An inbox that cannot be fetched is
/// a warning, once a day, and counts after `unreachable_after`.
///
/// # Errors
/// When there is something new and the secret key cannot be unlocked, or what is remembered cannot
/// be read or written.
pub fn read(run: &mut Run) -> Result<()> {
    let Some(url) = run.identity.config.inbox.clone() else { return Ok(()) };
    if run.identity.config.read_only {
        return Ok(());
    }
    let mut inbox = Inbox::load(&run.identity.home, &url)?;
    match fetched(&run.network, &inbox) {
        Ok(None) => (inbox.told, inbox.failing) = (None, None),
        Ok(Some((channel, conditions))) => {
            (inbox.told, inbox.failing) = (None, None);
            take_in(&mut run.keys, &mut inbox, channel.items)?;
            // Only now, or what could not be opened would not be seen again.
            (inbox.etag, inbox.last_modified) = (conditions.etag, conditions.last_modified);
        }
        Err(error) => {
            let patience = run.identity.config.unreachable_after;
            not_reached(&mut run.talk, run.clock.now(), &mut inbox, error, patience);
        }
    }
    inbox.save(&run.identity.lock_although_copied(run.clock.now())?)?;
    inbox_turns::follow(run, &mut inbox, run.identity.config.fetch_invitations)
}

/// Follows the calls that wait until the user wants to see who called (`fetch_invitations = false`).
///
/// # Errors
/// As [`read`].
pub fn follow_waiting(run: &mut Run) -> Result<()> {
    let Some(url) = run.identity.config.inbox.clone() else { return Ok(()) };
    if run.identity.config.read_only {
        return Ok(());
    }
    let mut inbox = Inbox::load(&run.identity.home, &url)?;
    inbox_turns::follow(run, &mut inbox, true)
}

/// The inbox, and the conditions that it is known by from now on; nothing if it is what it was.
fn fetched(network: &Network, inbox: &Inbox) -> Result<Option<(Channel, Conditions)>> {
    let Some(url) = &inbox.url else { return Ok(None) };
    let (etag, last_modified) = (inbox.etag.clone(), inbox.last_modified.clone());
    let conditions = Conditions { etag, last_modified, no_cache: false };
    let what = format!("the inbox {}", url.shortened());
    match network.client()?.get(url, limits::STRANGER, &conditions) {
        Ok(Answer::Unchanged) => Ok(None),
        Ok(Answer::Document(document)) => {
            let channel = Channel::parse(&document.bytes)
                .map_err(|cause| Error::cannot(format!("cannot read {what}")).because(cause))?;
            let (etag, last_modified) = (document.etag, document.last_modified);
            Ok(Some((channel, Conditions { etag, last_modified, no_cache: false })))
        }
        Err(failure) => Err(fetch::failed(&what, failure)),
    }
}

/// Tells once a day that the inbox cannot be had; after `patience` that counts for the exit status.
fn not_reached(
    talk: &mut Talk,
    now: Timestamp,
    inbox: &mut Inbox,
    error: Error,
    patience: SignedDuration,
) {
    let seen = error.source.as_ref().map(|source| format!("{source:#}")).unwrap_or_default();
    let telling = Failing::note(&mut inbox.failing, seen, now, patience);
    let untold = inbox.told.is_none_or(|told| now.duration_since(told).abs() >= REMINDER);
    if telling == Telling::Due {
        talk.report(&Error { kind: Kind::Network, ..error });
    } else if untold {
        talk.mention(&error.to_string(), true);
    }
    if telling == Telling::Due || untold {
        inbox.told = Some(now);
    }
}

/// Opens what is new among `items`, and forgets what has left.
fn take_in(keys: &mut Keys, inbox: &mut Inbox, items: Vec<FeedItem>) -> Result<()> {
    let sealed = |item: FeedItem| {
        let guid = item.guid().ok().filter(|_| item.is_sealed())?;
        Some((guid, item.description?))
    };
    let items: Vec<(Guid, String)> =
        items.into_iter().filter_map(sealed).take(limits::INBOX).collect();
    inbox.entries.retain(|entry| items.iter().any(|(guid, _)| *guid == entry.guid));
    let mut known: BTreeSet<Guid> = inbox.entries.iter().map(|entry| entry.guid).collect();
    // Oldest first.
    for (guid, sealed) in items.into_iter().rev() {
        if known.insert(guid) {
            keys.unlock()?;
            let waiting = opened(keys, &sealed)?;
            inbox.entries.push(Entry { guid, waiting });
        }
    }
    Ok(())
}

/// The call in an entry; none if it is no entry of ours.
fn opened(keys: &mut Keys, sealed: &str) -> Result<Option<Waiting>> {
    let octets = open::open_unsigned(sealed, keys.secret()?.0, call::OCTETS);
    let octets = octets.map_err(|refusal| refusal.to_string());
    let call = octets.and_then(|octets| Call::parse(&octets).map_err(|error| error.to_string()));
    Ok(match call {
        Ok(call) => Some(call.call.into()),
        Err(why) => {
            log::info!("an entry of the inbox is no call: {why}");
            None
        }
    })
}
