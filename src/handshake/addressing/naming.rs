//! The name of a new contact: as the user says, else out of what it calls itself.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::lookalike;
use crate::store::contact::contacts;
use crate::store::disk::home::Home;
use crate::store::disk::names;
use crate::store::waiting::invitations::{self, Addressee, Made};

/// Checks that `name` may be given to a new contact.
///
/// # Errors
/// When it is no name, or taken.
pub fn free(home: &Home, name: &str) -> Result<String> {
    names::check_new(name)?;
    if contacts::is_taken(home, name) {
        return Err(Error::cannot(format!("there is a contact `{name}` already"))
            .hint("choose another name: --as NAME"));
    }
    Ok(name.to_owned())
}

/// A free name made out of what somebody calls himself: none that is taken, or looks like one that
/// is.
///
/// # Errors
/// When the contacts or the invitations cannot be read.
pub fn unused(home: &Home, claimed: &str) -> Result<String> {
    let known: BTreeSet<String> =
        known(home)?.iter().map(|name| lookalike::skeleton(name)).collect();
    let taken =
        |name: &str| contacts::is_taken(home, name) || known.contains(&lookalike::skeleton(name));
    Ok(names::unique(&names::safe(claimed), taken))
}

/// The names that others have, contacts first.
fn known(home: &Home) -> Result<Vec<String>> {
    let mut known = contacts::list(home)?;
    known.extend(invitations::made(home)?.into_iter().filter_map(|made| made.name));
    known.extend(invitations::received(home)?.into_iter().map(|received| received.name));
    Ok(known)
}

/// What is odd about how somebody calls himself, who is called `name` here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Oddity {
    /// The name of another that it looks like without being the same.
    pub looks_like: Option<String>,
    /// Whether its letters are of scripts that nobody mixes.
    pub mixed_scripts: bool,
}

/// What is odd about `claimed`, by which somebody calls himself who is called `name` here.
///
/// # Errors
/// As [`unused`].
pub fn oddity(home: &Home, claimed: &str, name: &str) -> Result<Oddity> {
    let called = names::safe(claimed);
    let skeleton = lookalike::skeleton(&called);
    let is_like = |other: &String| {
        *other != called && other != name && lookalike::skeleton(other) == skeleton
    };
    let looks_like = known(home)?.into_iter().find(is_like);
    Ok(Oddity { looks_like, mixed_scripts: lookalike::is_mixed(&called) })
}

impl Oddity {
    /// The words for it, about the one who is called `name`; nothing if nothing is odd.
    pub fn told(&self, name: &str) -> Option<String> {
        let mixed = self.mixed_scripts.then_some("mixes letters of several scripts");
        let like =
            self.looks_like.as_ref().map(|other| format!("looks like `{other}`, and is another"));
        let words: Vec<String> = like.into_iter().chain(mixed.map(str::to_owned)).collect();
        (!words.is_empty()).then(|| format!("the name of `{name}` {}", words.join("; it ")))
    }
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
            ("M\u{430}ry", "m\u{430}ry-2"),
            ("rnary", "rnary-2"),
            ("Ma\u{200b}ry", "mary-2"),
        ] {
            assert_eq!(unused(&john.home(), claimed).unwrap(), name);
        }
    }

    #[test]
    fn a_name_that_looks_like_anothers_is_told() {
        let (john, _) = people();
        for (claimed, looks_like, mixed_scripts) in [
            ("M\u{430}ry", Some("mary"), true),
            ("rnary", Some("mary"), false),
            ("Ev\u{430}", Some("eva"), true),
            ("B\u{3bf}b", None, true),
            ("Mary", None, false),
            ("Bob", None, false),
        ] {
            let expected = Oddity { looks_like: looks_like.map(str::to_owned), mixed_scripts };
            assert_eq!(oddity(&john.home(), claimed, "x").unwrap(), expected, "{claimed}");
        }
        let odd = oddity(&john.home(), "M\u{430}ry", "x").unwrap().told("x").unwrap();
        assert!(
            odd.starts_with("the name of `x` looks like `mary`, and is another; it mixes"),
            "{odd}"
        );
        assert_eq!(Oddity::default().told("x"), None);
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
