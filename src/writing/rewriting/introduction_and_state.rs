//! The parts that stand in our feed once: the introduction and the state.
//!
//! The contact's file says which sealed bytes the feed should hold. Where it holds others, since a
//! run died or the reader's subkey changed, they are sealed again: the introduction with the same
//! octets, the state under the next serial.

use super::items::Rewriting;
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::sealed::introduction::Introduction;
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::own_feed::Sealed;
use crate::writing::content::state::{self, Offered};
use crate::writing::unwritten::Result;

impl Rewriting<'_> {
    /// Seals the introduction, if it is new or not the one that the feed holds.
    pub(in crate::writing) fn introduce(&mut self, new: Option<&Introduction>) -> Result<()> {
        let octets = match new {
            Some(introduction) => Some(introduction.write()),
            None => {
                let serial = self.contact.ours.introduction.serial;
                Octets::of(&self.locked.home, self.name).introduction(serial)?
            }
        };
        let Some(octets) = octets else { return Ok(()) };
        let sealed = self.prepared.channel.introduction.as_deref().map(sealed_hash);
        if new.is_some()
            || self.anew.once
            || sealed != self.contact.ours.introduction.sealed
            || sealed.is_none()
        {
            let sealed = self.seal(&octets)?;
            self.contact.ours.introduction.sealed = Some(sealed_hash(&sealed));
            self.prepared.channel.introduction = Some(sealed);
        }
        self.prepared.introduction = new.map(|_| octets);
        Ok(())
    }

    /// Seals the state, if it says something new or is not the one that the feed holds.
    pub(in crate::writing) fn tell_state(&mut self, stays: &[Filed]) -> Result<()> {
        let lost = &self.prepared.lost;
        let offered: Vec<Filed> =
            stays.iter().filter(|item| !lost.contains(item)).copied().collect();
        let offered = Offered { items: &offered, holds_unopened: !self.unopened.is_empty() };
        let state = state::state(&self.locked.home, self.name, self.contact, offered, self.at)?;
        let says = Some(state.says());
        let sealed = self.prepared.channel.state.as_deref().map(sealed_hash);
        let counted = &self.contact.ours.state;
        if sealed.is_some() && sealed == counted.sealed && says == counted.says && !self.anew.once {
            return Ok(());
        }
        let armored = self.seal(&state.write())?;
        let sealed = Some(sealed_hash(&armored));
        self.contact.ours.state = Sealed { serial: state.serial, says, sealed };
        self.prepared.channel.state = Some(armored);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sealed::state::State;
    use crate::writing::testing::{acquainted, opened, rewrite};

    #[test]
    fn another_state_than_ours_is_replaced_under_a_serial_that_was_never_used() {
        let (mut john, mut mary) = acquainted();
        let (certificate, hers) = (john.certificate(), mary.feed("john").state);
        for (lost, serial) in [(None, 2), (hers, 3)] {
            let mut feed = john.feed("mary");
            feed.state = lost;
            john.put_feed("mary", &feed);
            assert!(rewrite(&mut john, "mary").unwrap());
            let sealed = john.feed("mary").state.unwrap();
            let octets = opened(&mut mary, &sealed, &certificate);
            assert_eq!(State::parse(octets.as_bytes()).unwrap().serial, serial);
            assert_eq!(john.contact("mary").ours.state.serial, serial);
        }
    }

    #[test]
    fn another_introduction_than_ours_is_replaced_by_the_same_octets_as_before() {
        let (mut john, mut mary) = acquainted();
        let octets = Octets::of(&john.home(), "mary").introduction(1).unwrap().unwrap();
        let (certificate, hers) = (john.certificate(), mary.feed("john").introduction);
        for lost in [None, hers] {
            let mut feed = john.feed("mary");
            feed.introduction = lost;
            john.put_feed("mary", &feed);
            assert!(rewrite(&mut john, "mary").unwrap());
            let sealed = john.feed("mary").introduction.unwrap();
            assert_eq!(opened(&mut mary, &sealed, &certificate), octets);
            assert_eq!(john.contact("mary").ours.introduction.serial, 1);
        }
    }
}
