//! Two versions of one certificate made into one (PROTOCOL §9).

use jiff::Timestamp;
use pgp::composed::{SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::Signature;
use pgp::types::{KeyDetails, SignedUser};

use super::validity::{self, Moment};

/// How long an expired encryption subkey is kept, in seconds.
const EXPIRED: u32 = 60 * 24 * 60 * 60;

/// What is verified of `ours` and `theirs`, which have the same primary key.
///
/// Whatever is not signed by that key is left out, and so are signatures of the future; they may
/// come again.
pub(super) fn merged(
    ours: &SignedPublicKey,
    theirs: &SignedPublicKey,
    now: Timestamp,
) -> SignedPublicKey {
    let all = union(ours, theirs);
    let moment = Moment::now(now);
    let users = all.details.users.iter().filter_map(|user| user_kept(&all, user, moment));
    let subkeys = all.public_subkeys.iter().filter_map(|subkey| subkey_kept(&all, subkey, moment));
    let details = SignedKeyDetails::new(
        distinct(validity::key_revocations(&all)),
        validity::direct_signature(&all, moment).into_iter().cloned().collect(),
        users.collect(),
        Vec::new(),
    );
    SignedPublicKey::new(ours.primary_key.clone(), details, subkeys.collect())
}

/// Everything in either, one component once, ours first.
fn union(ours: &SignedPublicKey, theirs: &SignedPublicKey) -> SignedPublicKey {
    let mut all = ours.clone();
    all.details.revocation_signatures.extend(theirs.details.revocation_signatures.iter().cloned());
    all.details.direct_signatures.extend(theirs.details.direct_signatures.iter().cloned());
    all.details.users.clear();
    for user in ours.details.users.iter().chain(&theirs.details.users) {
        match all.details.users.iter_mut().find(|known| known.id.id() == user.id.id()) {
            Some(known) => known.signatures.extend(user.signatures.iter().cloned()),
            None => all.details.users.push(user.clone()),
        }
    }
    all.public_subkeys.clear();
    for subkey in ours.public_subkeys.iter().chain(&theirs.public_subkeys) {
        let fingerprint = subkey.key.fingerprint();
        let known = all.public_subkeys.iter_mut().find(|k| k.key.fingerprint() == fingerprint);
        match known {
            Some(known) => known.signatures.extend(subkey.signatures.iter().cloned()),
            None => all.public_subkeys.push(subkey.clone()),
        }
    }
    all
}

fn user_kept(all: &SignedPublicKey, user: &SignedUser, moment: Moment) -> Option<SignedUser> {
    let mut kept = distinct(validity::user_revocations(all, user));
    kept.extend(validity::self_certification(all, user, moment).cloned());
    (!kept.is_empty()).then(|| SignedUser::new(user.id.clone(), kept))
}

fn subkey_kept(
    all: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    moment: Moment,
) -> Option<SignedPublicSubKey> {
    let mut kept = distinct(validity::subkey_revocations(all, subkey));
    if let Some(binding) = validity::newest_binding(all, subkey, moment) {
        let long_ago = moment.at.saturating_sub(EXPIRED);
        if validity::only_encrypts(binding) && validity::expired_before(all, subkey, long_ago) {
            return None;
        }
        kept.push(binding.clone());
    }
    (!kept.is_empty()).then(|| SignedPublicSubKey::new(subkey.key.clone(), kept))
}

/// The signatures that differ in what is signed: anybody can change the rest of one.
fn distinct<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Vec<Signature> {
    let mut kept: Vec<Signature> = Vec::new();
    for signature in signatures {
        let hashed = signature.config().map(|config| &config.hashed_subpackets);
        let known = |other: &Signature| {
            other.config().map(|config| &config.hashed_subpackets) == hashed
                && other.signature() == signature.signature()
        };
        if !kept.iter().any(known) {
            kept.push(signature.clone());
        }
    }
    kept
}
