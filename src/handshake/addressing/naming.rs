//! The name of a new contact: as the user says, else out of what it calls itself.

use crate::error::{Error, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::store::contact::contacts;
use crate::store::disk::home::Home;
use crate::store::disk::names;
use crate::store::waiting::invitations::{self, Addressee, Made};

/// Checks that `name` may be given to a new contact.
///
/// # Errors
/// When it is no name, or taken.
pub fn free(home: &Home, name: &str) -> Result<String> {
    names::check(name)?;
    if contacts::is_taken(home, name) {
        return Err(Error::cannot(format!("there is a contact `{name}` already"))
            .hint("choose another name: --as NAME"));
    }
    Ok(name.to_owned())
}

/// A free name made out of what somebody calls himself.
///
/// # Errors
/// When the invitations cannot be read.
pub fn unused(home: &Home, claimed: &str) -> Result<String> {
    let made = invitations::made(home)?.into_iter().filter_map(|made| made.name);
    let received = invitations::received(home)?.into_iter().map(|received| received.name);
    let waiting: Vec<String> = made.chain(received).collect();
    let taken =
        |name: &str| contacts::is_taken(home, name) || waiting.iter().any(|other| other == name);
    Ok(names::unique(&names::safe(claimed), taken))
}

/// The name that the user wants for the one with this fingerprint, as an invitation of ours says.
///
/// # Errors
/// When the invitations cannot be read.
pub fn planned(home: &Home, fingerprint: &Fingerprint) -> Result<Option<String>> {
    let to = |made: &Made| made.to.as_ref().is_some_and(|to| to.fingerprint == *fingerprint);
    Ok(invitations::made(home)?.into_iter().find(to).and_then(|made| made.name))
}

/// The name that `to` will have if the user does not say: as in the invitation by which they wait
/// for us already, else as their card has it.
///
/// # Errors
/// When the invitations cannot be read.
pub fn usual(home: &Home, to: &Addressee) -> Result<Option<String>> {
    let mut received = invitations::received(home)?.into_iter();
    match received.find(|received| received.fingerprint == to.fingerprint) {
        Some(received) => Ok(Some(received.name)),
        None => to.claimed_name.as_deref().map(|name| unused(home, name)).transpose(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, invite};
    use crate::session::testing::Person;
    use crate::store::waiting::invitations::Invitation;
    use crate::writing::testing::acquainted;

    /// John, who has the contact `mary`, and Eve, whom he invited as `eva`.
    fn people() -> (Person, Person) {
        let ((mut john, _), eve) = (acquainted(), Person::called("Eve"));
        let made = invite(&mut john, Some(addressee(&eve)));
        let made = Made { name: Some("eva".to_owned()), ..made };
        invitations::save(&john.lock(), &Invitation::Made(Box::new(made))).unwrap();
        (john, eve)
    }

    #[test]
    fn the_user_gives_any_name_that_is_one_and_is_free() {
        let (john, _) = people();
        assert_eq!(free(&john.home(), "Mary").unwrap(), "Mary");
        assert_eq!(free(&john.home(), "eva").unwrap(), "eva", "an invitation takes no name");
        for bad in ["mary", "../mary", ".x", ""] {
            assert!(free(&john.home(), bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_made_of_what_a_stranger_says_is_harmless_and_nobody_elses() {
        let (john, _) = people();
        for (claimed, name) in [
            ("Mary", "mary-2"),
            ("Eva", "eva-2"),
            ("Bob", "bob"),
            ("../../etc", "etc"),
            ("\u{7}", "contact"),
        ] {
            assert_eq!(unused(&john.home(), claimed).unwrap(), name);
        }
    }

    #[test]
    fn whom_we_invited_is_called_as_we_said_then() {
        let (john, eve) = people();
        let (eve, john_himself) =
            (eve.certificate().fingerprint(), john.certificate().fingerprint());
        assert_eq!(planned(&john.home(), &eve).unwrap().as_deref(), Some("eva"));
        assert_eq!(planned(&john.home(), &john_himself).unwrap(), None);
    }

    #[test]
    fn the_usual_name_is_the_one_on_the_card_if_it_is_free() {
        let (john, eve) = people();
        let to = addressee(&eve);
        assert_eq!(usual(&john.home(), &to).unwrap().as_deref(), Some("eve"));
        let called = Addressee { claimed_name: Some("Mary".to_owned()), ..to.clone() };
        assert_eq!(usual(&john.home(), &called).unwrap().as_deref(), Some("mary-2"));
        let nameless = Addressee { claimed_name: None, ..to };
        assert_eq!(usual(&john.home(), &nameless).unwrap(), None);
    }
}
