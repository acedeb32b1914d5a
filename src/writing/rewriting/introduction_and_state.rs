//! The parts that stand in our feed once: the introduction and the state.
//!
//! The contact's file says which sealed bytes the feed should hold. Where it holds others, since a
//! run died or the reader's subkey changed, they are sealed again: the introduction with the same
//! octets, the state under the next serial.

use super::items::Rewriting;
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::hash::Hash;
use crate::store::contact::offered::octets::Filed;
use crate::store::contact::own_feed::Sealed;
use crate::writing::content::introducing;
use crate::writing::content::state::{self, Offered};
use crate::writing::unwritten::Result;

impl Rewriting<'_> {
    /// Seals the introduction, if it is new or not the one that the feed holds.
    pub(in crate::writing) fn introduce(&mut self, new: Option<&Introduction>) -> Result<()> {
        let shown = self.prepared.channel.introduction.as_deref().map(sealed_hash);
        let is_shown = shown.is_some() && shown == self.contact.ours.introduction.sealed;
        if new.is_none() && is_shown && !self.anew.once {
            return Ok(());
        }
        let (octets, is_new) = match new {
            Some(introduction) => (introduction.write(), true),
            None => match self.introduction()? {
                Some(octets) => (octets, false),
                None if self.contact.ours.introduction.sealed.is_none() => return Ok(()),
                None => (self.introduced_anew()?, true),
            },
        };
        let sealed = self.seal(&octets)?;
        let introduction = &mut self.contact.ours.introduction;
        introduction.says = Some(Hash::of(octets.as_bytes()));
        introduction.sealed = Some(sealed_hash(&sealed));
        self.prepared.channel.introduction = Some(sealed);
        self.prepared.introduction = is_new.then_some(octets);
        Ok(())
    }

    /// The octets of the introduction that counts: those that are kept, else those of the copy in the
    /// feed, which is sealed to us as well.
    fn introduction(&mut self) -> Result<Option<String>> {
        if let Some(octets) = introducing::kept(&self.locked.home, self.name, &self.contact.ours)? {
            return Ok(Some(octets));
        }
        let Some(sealed) = self.prepared.channel.introduction.as_deref() else { return Ok(None) };
        let ours = self.keys.certificate()?.clone();
        let opened = self.keys.unseal(sealed, &ours, self.locked.now).ok();
        let octets = opened.and_then(|opened| String::from_utf8(opened.octets).ok());
        Ok(octets.filter(|octets| introducing::is_counted(&self.contact.ours, octets)))
    }

    /// The octets of the next introduction, where those of the one that counts are lost.
    fn introduced_anew(&mut self) -> Result<String> {
        let next = introducing::next(self.locked, self.keys, self.name, self.contact, None)?;
        self.contact.ours.introduction.serial = next.serial;
        Ok(next.write())
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
    use std::fs;

    use super::*;
    use crate::protocol::sealed::state::State;
    use crate::store::contact::offered::octets::Octets;
    use crate::writing::testing::{acquainted, opened, pin, rewrite};

    #[test]
    fn an_introduction_that_is_not_as_it_was_counted_is_never_published() {
        let (mut john, mut mary) = acquainted();
        let certificate = john.certificate();
        let path = john.home().contact("mary").join("octets/introduction.1.xml");
        let octets = fs::read_to_string(&path).unwrap();
        let says = |john: &crate::session::testing::Person, mary: &mut _| {
            opened(mary, &john.feed("mary").introduction.unwrap(), &certificate)
        };
        for damaged in [Some(octets.replacen("name=\"John\"", "name=\"Eve\"", 1)), None] {
            match damaged {
                Some(damaged) => fs::write(&path, damaged).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            // What stands in the feed is sealed again to another subkey, as it is.
            john.wait(1);
            mary.wait(1);
            mary.rotate();
            pin(&john, "mary", &mary);
            assert!(rewrite(&mut john, "mary").unwrap());
            assert_eq!(says(&john, &mut mary), octets);
        }
        // Where that is lost as well, the next introduction takes its place.
        let token = john.contact("mary").ours.token;
        fs::remove_file(john.home().feed(&token)).unwrap();
        assert!(rewrite(&mut john, "mary").unwrap());
        let next = Introduction::parse(says(&john, &mut mary).as_bytes()).unwrap();
        let before = Introduction::parse(octets.as_bytes()).unwrap();
        assert_eq!(next, Introduction { serial: 2, time: next.time, ..before });
        assert!(!rewrite(&mut john, "mary").unwrap());
    }

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
