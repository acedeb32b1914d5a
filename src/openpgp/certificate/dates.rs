//! The dates in a certificate: a signature that changes it must be later than those that count.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pgp::packet::Signature;
use pgp::types::KeyDetails;

use super::signature_policy::Moment;
use super::{Certificate, ahead};
use crate::openpgp::seconds::{seconds, timestamp};

impl Certificate {
    /// The date of the newest signature in it that counts at `now`, whoever made it, or of its primary
    /// key: a signature that changes it must be dated later. What is dated over 24 hours ahead does not
    /// count yet.
    pub fn newest_signature(&self, now: Timestamp) -> Timestamp {
        let latest = Moment::now(now).latest;
        let made = self.inner.primary_key.created_at().as_secs();
        let newest = self.dates().filter(|date| *date <= latest).max();
        timestamp(newest.unwrap_or_default().max(made))
    }

    /// The dates of its keys and signatures.
    fn dates(&self) -> impl Iterator<Item = u32> {
        let details = &self.inner.details;
        let users = details.users.iter().flat_map(|user| &user.signatures);
        let subkeys = self.inner.public_subkeys.iter().flat_map(|subkey| &subkey.signatures);
        let all = details.revocation_signatures.iter().chain(&details.direct_signatures);
        let signed = all.chain(users).chain(subkeys).filter_map(Signature::created);
        let born = self.inner.public_subkeys.iter().map(|subkey| subkey.key.created_at());
        let made = [self.inner.primary_key.created_at()];
        signed.chain(born).chain(made).map(|date| date.as_secs())
    }

    /// The dates of its keys and signatures that are later than `time`, by a day at most, in order.
    pub(in crate::openpgp) fn dates_within_a_day(&self, time: Timestamp) -> Vec<Timestamp> {
        let (earliest, latest) = (seconds(time), Moment::now(time).latest);
        let within = self.dates().filter(|date| *date > earliest && *date <= latest);
        let dates: BTreeSet<u32> = within.collect();
        dates.into_iter().map(timestamp).collect()
    }

    /// The date of its primary key.
    pub fn created(&self) -> Timestamp {
        timestamp(self.inner.primary_key.created_at().as_secs())
    }

    /// The latest date, over 24 hours ahead of `now`, that stands on a part which should be valid by now:
    /// one that has been made, and whose signatures are all of the future. A clock that was ahead has
    /// signed it, or ours is behind.
    pub fn signed_ahead(&self, now: Timestamp) -> Option<Timestamp> {
        ahead::dates(&self.inner, Moment::now(now)).max().map(timestamp)
    }
}
