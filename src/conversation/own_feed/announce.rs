//! What stands in our feed once: the introduction and the state.

use super::Rewriting;
use crate::conversation::singles;
use crate::error::{Context, Result};
use crate::protocol::introduction::Introduction;
use crate::protocol::state::State;
use crate::store::octets::{Filed, Octets, Single};

impl Rewriting<'_> {
    /// Seals the introduction, if it is new or the feed has none for this subkey.
    pub(super) fn introduce(&mut self, new: Option<&Introduction>) -> Result<()> {
        let octets = match new {
            Some(introduction) => Some(introduction.write()),
            None => Octets::of(&self.session.home, self.name).single(Single::Introduction)?,
        };
        let Some(octets) = octets else { return Ok(()) };
        if new.is_some() || self.reseal || self.prepared.channel.introduction.is_none() {
            self.prepared.channel.introduction = Some(self.seal(&octets)?);
        }
        self.prepared.introduction = new.map(|_| octets);
        Ok(())
    }

    /// Seals the state, if it says something else than the one in the feed, or the feed has none
    /// for this subkey.
    pub(super) fn tell_state(&mut self, stays: &[Filed]) -> Result<()> {
        let log = self.contact.ours.log;
        let floor = stays.iter().filter(|item| item.log == log).map(|item| item.sequence).min();
        let state = singles::state(self.session, self.name, self.contact, floor, self.at)?;
        let before = self.state_before()?.filter(|before| before.same_children(&state));
        let state = match before {
            Some(before) if self.prepared.channel.state.is_some() && !self.reseal => {
                self.prepared.state = Some(before);
                return Ok(());
            }
            Some(before) => before,
            None => {
                self.contact.ours.state = state.serial;
                state
            }
        };
        self.prepared.channel.state = Some(self.seal(&state.write())?);
        self.prepared.state = Some(state);
        Ok(())
    }

    fn state_before(&self) -> Result<Option<State>> {
        let octets = Octets::of(&self.session.home, self.name).single(Single::State)?;
        let parse = |octets: String| {
            State::parse(octets.as_bytes()).or_cannot(|| "cannot use `octets/state.xml`".to_owned())
        };
        octets.map(parse).transpose()
    }
}
