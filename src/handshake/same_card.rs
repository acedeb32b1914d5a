//! A card that we know comes with another key: whoever took over a host could pretend to be somebody
//! new, and be invited or accepted as the same.

use crate::error::{Error, Kind, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::url::Url;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::waiting::invitations;
use jiff::Timestamp;

/// Whom we know by `card` or invited by `address`, contact or not yet, with another key than that
/// with this fingerprint.
///
/// # Errors
/// When contacts or invitations cannot be read.
pub fn holder(
    home: &Home,
    now: Timestamp,
    card: &Url,
    address: Option<&str>,
    key: &Fingerprint,
) -> Result<Option<String>> {
    let same = |by: Option<&Url>, invited: &Option<String>, with: &Fingerprint| {
        let by_address = address.is_some() && invited.as_deref() == address;
        with != key && (by == Some(card) || by_address)
    };
    for name in contacts::list(home)? {
        let contact = Contact::load(home, &name)?;
        if same(contact.card.as_ref(), &contact.reader().invited, &contact.fingerprint) {
            return Ok(Some(name));
        }
    }
    let invited = invitations::made(home)?.into_iter().filter(|made| {
        let to = made.to.as_ref().filter(|_| !made.is_expired(now));
        to.is_some_and(|to| same(Some(&to.card), &to.address, &to.fingerprint))
    });
    Ok(invited.map(|made| made.name.unwrap_or_else(|| card.to_string())).next())
}

/// What to say when `card`, or what led to it, is how `name` is known, and comes with another key.
pub fn another_key(card: &Url, name: &str, key: &Fingerprint) -> Error {
    let text = format!("this leads to `{name}`, whose key is another than {key} of {card}");
    Error::new(Kind::Trust, text).hint(format!(
        "somebody may have taken over the host: ask {name} by another way; if that is the key: --fingerprint {key}"
    ))
}
