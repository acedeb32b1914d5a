//! The standing of a contact, which `status` shows, and bare `cloudim` sums up.

use jiff::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::reading::look;
use crate::session::command::Session;
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::failing::Failing;
use crate::store::contact::fork::Fork;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::ranges::SequenceRange;
use crate::store::contact::verdicts::{Verdict, Verdicts};
use crate::writing::content::retention;

/// A part of a feed that stands there once and is refused.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedPart {
    /// Its name: `introduction`, `state` or `key`.
    pub part: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

impl From<&Verdict> for RefusedPart {
    fn from(verdict: &Verdict) -> Self {
        let Verdict { guid, since, reason, .. } = verdict.clone();
        Self { part: guid, since, reason }
    }
}

/// The standing of one contact.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The name that the user gave it.
    pub contact: String,
    /// Messages that it has not acknowledged.
    pub unacknowledged: usize,
    /// For how many seconds the oldest of them has waited.
    pub oldest_unacknowledged: Option<i64>,
    /// Messages that are stored, and neither printed nor taken by a hook, although they may be.
    pub undelivered: usize,
    /// Messages that are stored, and are withheld until its key is verified.
    pub withheld: usize,
    /// Whether the hook has failed too often.
    pub parked: bool,
    /// Items that wait for a decision, a key or the clock.
    pub held: usize,
    /// Objects of its feed that wait, since so much else in it came to nothing.
    pub put_off: usize,
    /// How many refusals there are beyond those that are remembered.
    pub dropped: usize,
    /// Items that cannot be opened: they are sealed to a key that is not here.
    pub unopened: usize,
    /// When its feed was last seen, if that is over 30 days ago: its key may have changed since.
    pub unseen_since: Option<Timestamp>,
    /// Since when something is missing, or the feed's copies are old.
    pub behind_since: Option<Timestamp>,
    /// What of it is missing, as ranges of sequences.
    pub missing: Vec<SequenceRange>,
    /// The forks of its logs that nobody has looked at yet.
    pub forks: Vec<Fork>,
    /// The parts of its feed that are refused: introduction, state or key.
    pub refused_parts: Vec<RefusedPart>,
    /// Items that are refused, and remembered as such.
    pub refused: usize,
    /// Since when its feed is out of reach.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
    /// How its certificate is out of reach, although its feed announces another.
    pub key_failing: Option<Failing>,
    /// How an archive of its feed is out of reach.
    pub archive_failing: Option<Failing>,
    /// Until when the cloud of its feed tells us of changes, if it ever agreed to.
    pub lease_until: Option<Timestamp>,
    /// Why that cloud did not agree the last time.
    pub lease_failure: Option<String>,
    /// Why nothing can be sealed to its key.
    pub unusable: Option<String>,
    /// Whether the user wants to hear of it no more.
    pub blocked: bool,
    /// How sure we are of its key.
    pub trust: &'static str,
    /// The policy on what it may do before it is verified.
    pub policy: &'static str,
    /// The key that its feed names instead of the pinned one, until the user decides.
    pub offered: Option<Fingerprint>,
}

impl Standing {
    /// The standing of the contact called `name` now. No lock, no network.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn of(session: &Session, name: &str) -> Result<Self> {
        let (home, now) = (&session.run.identity.home, session.run.clock.now());
        let contact = Contact::load(home, name)?;
        let key = contacts::certificate(home, name)?;
        let delivered = Delivered::load(home, name)?;
        let waiting = Messages::of(home, name).after(delivered.by_either())?;
        let waiting = waiting.iter().filter(|record| record.is_deliverable()).count();
        let holds = trust_policy::holds(&session.run.identity.config, &contact);
        let verdicts = Verdicts::kept(home, name)?;
        let items = Octets::of(home, name).items()?;
        let oldest = retention::oldest_unacknowledged(&items, &contact, now);
        Ok(Self {
            contact: name.to_owned(),
            unacknowledged: retention::unacknowledged(&items, &contact.ours),
            oldest_unacknowledged: oldest.map(|age| age.as_secs()),
            undelivered: if holds { 0 } else { waiting },
            withheld: if holds { waiting } else { 0 },
            parked: delivered.is_parked(),
            held: verdicts.held_items(),
            put_off: contact.theirs.put_off,
            dropped: contact.theirs.dropped,
            unopened: verdicts.unopened().count(),
            refused: verdicts.refused_items(),
            refused_parts: verdicts.refused_parts().into_iter().map(RefusedPart::from).collect(),
            unseen_since: look::unseen_since(&contact, now),
            behind_since: contact.theirs.behind_since,
            failing_since: contact.http.failing_since,
            lease_until: contact.lease.as_ref().and_then(|lease| lease.until),
            unusable: key.encryption_subkey(now).err().map(|why| why.to_string()),
            blocked: contact.blocked,
            trust: contact.trust.as_str(),
            policy: contact.policy_or(session.run.identity.config.trust).as_str(),
            offered: contact.theirs.offered,
            missing: contact.theirs.missing,
            forks: contact.theirs.forks,
            key_failing: contact.key_failing,
            archive_failing: contact.archive_failing,
            failure: contact.http.failure,
            lease_failure: contact.lease.and_then(|lease| lease.failure),
        })
    }
}
