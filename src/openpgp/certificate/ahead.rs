//! What a clock that was ahead has signed: parts that have been made, and are not valid yet.

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::Signature;
use pgp::types::{KeyDetails, SignedUser};

use super::signature_policy::Moment;
use super::validity;

/// The dates of the signatures that alone hold up a part of `certificate` which has been made by
/// `moment`, and that are of the future then.
pub fn dates(certificate: &SignedPublicKey, moment: Moment) -> impl Iterator<Item = u32> {
    let users = &certificate.details.users;
    let users = users.iter().filter_map(move |user| of_user(certificate, user, moment));
    let subkeys = certificate.public_subkeys.iter();
    let subkeys = subkeys.filter_map(move |subkey| of_subkey(certificate, subkey, moment));
    let all = users.chain(subkeys).chain(of_primary(certificate, moment));
    all.filter_map(|signature| Some(signature.created()?.as_secs()))
}

/// The self-signature of `user`, if it is of the future.
pub fn of_user<'a>(
    certificate: &SignedPublicKey,
    user: &'a SignedUser,
    moment: Moment,
) -> Option<&'a Signature> {
    if !is_born(&certificate.primary_key, moment)
        || validity::self_certification(certificate, user, moment).is_some()
    {
        return None;
    }
    validity::self_certification(certificate, user, moment.or_later())
}

/// The direct-key signature, if it is of the future.
pub fn of_primary(certificate: &SignedPublicKey, moment: Moment) -> Option<&Signature> {
    if !is_born(&certificate.primary_key, moment)
        || validity::direct_signature(certificate, moment).is_some()
    {
        return None;
    }
    validity::direct_signature(certificate, moment.or_later())
}

/// The binding of `subkey`, if it is of the future, and the subkey is not.
pub fn of_subkey<'a>(
    certificate: &SignedPublicKey,
    subkey: &'a SignedPublicSubKey,
    moment: Moment,
) -> Option<&'a Signature> {
    if !is_born(&subkey.key, moment)
        || validity::newest_binding(certificate, subkey, moment).is_some()
    {
        return None;
    }
    validity::newest_binding(certificate, subkey, moment.or_later())
}

fn is_born(key: &impl KeyDetails, moment: Moment) -> bool {
    key.created_at().as_secs() <= moment.born
}
