//! The items of a contact's feed are judged, from the head down (PROTOCOL §2 to §4).

use super::intake::Intake;
use crate::openpgp::message::open::{Opened, sealed_hash};
use crate::protocol;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::limits;
use crate::store::contact::log_entry::Place;
use crate::store::contact::record::{About, Direction, Record};
use crate::store::contact::verdicts::Why;

impl Intake<'_> {
    /// Whether `item` is sealed and has yet to be opened. A known guid costs no decryption.
    pub(super) fn is_new(&self, item: &FeedItem) -> bool {
        let Some(sealed) = item.description.as_deref().filter(|_| item.is_sealed()) else {
            return false;
        };
        let known = item.guid().is_ok_and(|guid| self.known.has(guid));
        !known && !self.is_settled(&item.shown_guid(), sealed_hash(sealed))
    }

    /// Judges every new item of `channel`.
    pub(super) fn items(&mut self, channel: &Channel) {
        for item in &channel.items {
            if self.is_new(item) {
                self.item(item);
            }
        }
    }

    fn item(&mut self, outer: &FeedItem) {
        let guid = outer.shown_guid();
        let what = format!("item {guid}");
        let sealed = outer.description.as_deref().unwrap_or_default();
        let hash = sealed_hash(sealed);
        let outer_guid = match outer.guid() {
            Ok(guid) => guid,
            Err(error) => return self.note(&what, &guid, hash, Why::Failed, error.to_string()),
        };
        let opened = match self.unseal_item(sealed) {
            Ok(opened) => opened,
            Err(refusal) => return self.refuse(&what, &guid, hash, &refusal),
        };
        match self.read(outer_guid, &opened) {
            Ok((item, stream)) => {
                if let Some((why, reason)) = self.waits_for_key(&item, &stream) {
                    return self.note(&what, &guid, hash, why, reason);
                }
                self.verdicts.forget(&guid, hash);
                self.take(&item, &stream, OctetsHash::of(&opened.octets));
            }
            Err((why, reason)) => self.note(&what, &guid, hash, why, reason),
        }
    }

    /// Reads an authentic item, and judges whether it may be taken now.
    pub(super) fn read(
        &self,
        guid: Guid,
        opened: &Opened,
    ) -> Result<(Item, Stream), (Why, String)> {
        let (item, stream) = read_item(guid, opened, Some(&self.contact.theirs.logs))?;
        if self.is_backdated(opened, &stream) {
            let reason =
                format!("it was signed at {}, long before what is known already", opened.signed);
            return Err((Why::Early, reason));
        }
        Ok((item, stream))
    }

    /// A key that was retired may have been stolen since: an item above all that we verified and
    /// signed long before counts only if a state or a later item gives its hash.
    fn is_backdated(&self, opened: &Opened, stream: &Stream) -> bool {
        let theirs = &self.contact.theirs;
        let newest = theirs.signed.map_or(0, |time| time.as_second());
        let old = opened.signed.as_second().saturating_add(limits::AHEAD) < newest;
        let above = stream.sequence > self.known.highest(stream.log);
        let hash = OctetsHash::of(&opened.octets);
        old && above
            && theirs.head.as_ref().is_none_or(|head| head.hash != hash)
            && !self.known.vouches_for(hash)
    }

    fn take(&mut self, item: &Item, stream: &Stream, hash: OctetsHash) {
        self.check_links(stream, hash);
        let record = Record::of_item(item, Place::of(stream, hash), Direction::Received, self.now)
            .about(&self.contact);
        self.known.add(&record);
        self.records.push(record);
    }

    /// Tells of proof that the log was forked: two items at one place, or a wrong `previous`.
    fn check_links(&mut self, stream: &Stream, hash: OctetsHash) {
        let (log, sequence) = (stream.log, stream.sequence);
        if self.known.at(log, sequence).iter().any(|link| link.hash != hash) {
            self.tell(
                About::Integrity,
                format!("the log is forked: there are two messages at sequence {sequence}"),
            );
            return;
        }
        let before = self.known.at(log, sequence.saturating_sub(1));
        let follows =
            before.is_empty() || before.iter().any(|link| Some(link.hash) == stream.previous);
        let after = self.known.at(log, sequence.saturating_add(1));
        let followed = after.is_empty() || after.iter().any(|link| link.previous == Some(hash));
        if !follows || !followed {
            self.tell(
                About::Integrity,
                format!("the log is forked: sequence {sequence} does not fit its neighbours"),
            );
        }
    }
}

/// Reads the octets of an authentic item that stands under `guid` in a feed which opened `logs`.
///
/// # Errors
/// When it is no item, of another guid, or of another log.
pub fn read_item(
    guid: Guid,
    opened: &Opened,
    logs: Option<&[LogId]>,
) -> Result<(Item, Stream), (Why, String)> {
    let item = Item::parse(&opened.octets).map_err(|error| match error {
        protocol::Error::Malformed(what) => (Why::Failed, what),
        protocol::Error::Critical(what) => (Why::Held, what),
    })?;
    if item.guid != guid {
        return Err((Why::Failed, format!("its guid differs inside: `{}`", item.guid)));
    }
    let stream = item.stream.clone().ok_or((Why::Failed, "it has no place in a log".to_owned()))?;
    if logs.is_some_and(|logs| !logs.contains(&stream.log)) {
        return Err((Why::Foreign, "it is of a log that this feed has not opened".to_owned()));
    }
    Ok((item, stream))
}
