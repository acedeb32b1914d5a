//! A card that we know comes with another key: somebody who took over a host could pretend to be a
//! new person, and be invited or accepted as the same.

use crate::error::{Error, Kind, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::url::Url;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::waiting::invitations;
use jiff::Timestamp;

/// A person whom we know by a card.
pub struct Holder {
    /// The name, or the card of an invitation without one.
    pub name: String,
    /// Whether that is a contact, and not only invited.
    pub is_contact: bool,
}

/// The person whom we know by `card` or invited by `address`, contact or not yet, with
/// another key than that with this fingerprint. An invitation without a name gives `card`.
///
/// # Errors
/// When contacts or invitations cannot be read.
pub fn holder(
    home: &Home,
    now: Timestamp,
    card: &Url,
    address: Option<&str>,
    key: &Fingerprint,
) -> Result<Option<Holder>> {
    let same = |by: Option<&Url>, invited: &Option<String>, with: &Fingerprint| {
        let by_address = address.is_some() && invited.as_deref() == address;
        with != key && (by == Some(card) || by_address)
    };
    for name in contacts::list(home)? {
        let contact = Contact::load(home, &name)?;
        // Anybody can claim a card.
        let card = contact.card.as_ref().filter(|_| contact.card_confirmed);
        if same(card, &contact.reader().invited, &contact.fingerprint) {
            return Ok(Some(Holder { name, is_contact: true }));
        }
    }
    let invited = invitations::made(home)?.into_iter().filter(|made| {
        let to = made.to.as_ref().filter(|_| !made.is_expired(now));
        to.is_some_and(|to| same(Some(&to.card), &to.address, &to.fingerprint))
    });
    let names = invited.map(|made| made.name.unwrap_or_else(|| card.to_string()));
    Ok(names.map(|name| Holder { name, is_contact: false }).next())
}

/// The error when `card`, or what led to it, is how `holder` is known, and comes with another key.
pub fn another_key(card: &Url, holder: &Holder, key: &Fingerprint) -> Error {
    let name = &holder.name;
    let text = format!("this leads to `{name}`, whose key is another than {key} of {card}");
    let error = Error::new(Kind::Trust, text).hint(format!(
        "somebody may have taken over the host: ask {name} by another way; if that is the key: --fingerprint {key}"
    ));
    if !holder.is_contact {
        return error;
    }
    error.hint(format!(
        "if {name} has lost the key that you know, and has invited you by that one: cloudim contact trust {name} {key}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, invite};
    use crate::session::testing::Person;
    use crate::store::waiting::invitations::Addressee;
    use crate::writing::testing::acquainted;

    fn fingerprint(letter: &str) -> Fingerprint {
        letter.repeat(40).parse().unwrap()
    }

    fn card(host: &str) -> Url {
        format!("https://{host}/card.rss").parse().unwrap()
    }

    fn held(john: &Person, card: &Url, address: Option<&str>, key: &Fingerprint) -> Option<String> {
        let holder = holder(&john.home(), john.now(), card, address, key).unwrap();
        holder.map(|holder| holder.name)
    }

    #[test]
    fn a_card_that_is_only_claimed_locks_nobody_out() {
        let mut john = Person::called("John");
        let mut eve = Person::at("Eve", "https://mary.example/");
        crate::handshake::testing::accepted(
            &mut john,
            &crate::handshake::testing::invitation(&mut eve, None),
        );
        let (card, mary) = (card("mary.example"), fingerprint("A"));
        assert_eq!(john.contact("eve").card, Some(card.clone()));
        assert_eq!(held(&john, &card, None, &mary), None);
        john.update("eve", |eve| eve.card_confirmed = true);
        assert_eq!(held(&john, &card, None, &mary).as_deref(), Some("eve"));
    }

    #[test]
    fn a_contact_holds_its_card_against_every_other_key() {
        let (john, mary) = acquainted();
        let (hers, other) = (mary.certificate().fingerprint(), fingerprint("A"));
        let mine = card("mary.example");
        assert_eq!(held(&john, &mine, None, &other).as_deref(), Some("mary"));
        assert_eq!(held(&john, &mine, None, &hers), None);
        assert_eq!(held(&john, &card("eve.example"), None, &other), None);
    }

    #[test]
    fn an_address_that_once_led_to_a_contact_leads_to_nobody_else() {
        let (john, _) = acquainted();
        let (there, other) = (card("elsewhere.example"), fingerprint("A"));
        let address = Some("mary@mary.example");
        assert_eq!(held(&john, &there, address, &other), None);
        john.update("mary", |mary| mary.reader_mut().invited = address.map(str::to_owned));
        assert_eq!(held(&john, &there, address, &other).as_deref(), Some("mary"));
        assert_eq!(held(&john, &there, Some("eve@mary.example"), &other), None);
        assert_eq!(held(&john, &there, None, &other), None);
    }

    #[test]
    fn whom_we_invited_holds_the_card_as_long_as_the_invitation_waits() {
        let (mut john, eve) = (Person::called("John"), Person::called("Eve"));
        let to = Addressee { address: Some("eve@eve.example".to_owned()), ..addressee(&eve) };
        invite(&mut john, Some(to));
        let (hers, other) = (eve.certificate().fingerprint(), fingerprint("A"));
        let (mine, there) = (card("eve.example"), card("elsewhere.example"));
        let name = Some("eve");
        assert_eq!(held(&john, &mine, None, &other).as_deref(), name);
        assert_eq!(held(&john, &there, Some("eve@eve.example"), &other).as_deref(), name);
        assert_eq!(held(&john, &mine, None, &hers), None);
        john.wait(24 * 90 + 1);
        assert_eq!(held(&john, &mine, None, &other), None);
    }
}
