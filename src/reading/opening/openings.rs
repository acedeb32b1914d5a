//! What was opened of a contact's feed in one round, each thing once, within a budget of work that
//! comes to nothing.
//!
//! A host that knows only our certificate can fill a feed with what has to be opened in vain. What
//! exceeds the budget is put off, and the order is another each time, so that what was put first keeps
//! nothing out for ever.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::rc::Rc;

use jiff::Timestamp;

use super::documents::Sealed;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::cost::{Budget, Cost};
use crate::openpgp::message::open::Opened;
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::{Hash, SealedHash};
use crate::session::keys::Keys;

/// Octets that are held in memory until they are stored: more than any feed that we write has.
const HELD: usize = 64 << 20;

/// Why a sealed object was not opened.
#[derive(Clone, Debug)]
pub enum Closed {
    /// It is not to be opened, or not to be believed.
    Refused(Refusal),
    /// It was not tried: so much was in vain already.
    PutOff,
}

impl From<Refusal> for Closed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// One attempt: by which key of the contact, what came of it, and what it took.
struct Attempt {
    by: Fingerprint,
    opened: Result<Rc<Opened>, Refusal>,
    cost: Cost,
}

/// What was opened of one contact's feed.
pub struct Openings {
    seed: u64,
    whole: Budget,
    left: Budget,
    /// Our keys by which it was opened.
    keys: Option<Hash>,
    attempts: HashMap<SealedHash, Vec<Attempt>>,
    put_off: HashSet<SealedHash>,
    held: usize,
}

impl Openings {
    /// Nothing yet; `seed` gives the order.
    pub fn new(budget: Budget, seed: u64) -> Self {
        Self {
            seed,
            whole: budget,
            left: budget,
            keys: None,
            attempts: HashMap::new(),
            put_off: HashSet::new(),
            held: 0,
        }
    }

    /// What was tried by other keys of ours than `keys` is tried anew.
    pub fn by_keys(&mut self, keys: Hash) {
        if self.keys.replace(keys) != Some(keys) {
            self.attempts.clear();
            self.held = 0;
        }
    }

    /// What is left of the budget.
    pub fn left(&self) -> Budget {
        self.left
    }

    /// How many objects were put off.
    pub fn put_off(&self) -> usize {
        self.put_off.len()
    }

    /// `sealed` in the order in which it is to be tried: nobody who knows only the feed can tell it.
    pub fn place(&self, sealed: SealedHash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, sealed).hash(&mut hasher);
        hasher.finish()
    }

    /// Opens `sealed` as written by the holder of `by`. What is right costs nothing.
    ///
    /// # Errors
    /// When it is not opened.
    pub fn open(
        &mut self,
        keys: &mut Keys,
        sealed: Sealed<'_>,
        by: &Certificate,
        now: Timestamp,
    ) -> Result<Rc<Opened>, Closed> {
        let by_key = by.fingerprint();
        let before = self.attempts.entry(sealed.hash).or_default();
        if let Some(known) = before.iter().find(|attempt| attempt.by == by_key) {
            return known.opened.clone().map_err(Closed::Refused);
        }
        if self.left.is_spent() || self.held > HELD {
            self.put_off.insert(sealed.hash);
            return Err(Closed::PutOff);
        }
        let mut cost = Cost::default();
        let opened = keys.unseal_at_cost(sealed.text, by, now, &mut cost).map(Rc::new);
        match &opened {
            Ok(opened) => {
                self.held = self.held.saturating_add(opened.octets.len());
                self.put_off.remove(&sealed.hash);
                // What was in vain by one key of the contact was not, if another has signed it.
                before.iter_mut().for_each(|vain| self.left.regain(std::mem::take(&mut vain.cost)));
            }
            Err(_) => self.left.lose(cost),
        }
        before.push(Attempt { by: by_key, opened: opened.clone(), cost });
        opened.map_err(Closed::Refused)
    }

    /// What was opened there is right, and yet of no use where it stands.
    pub fn were_in_vain(&mut self, sealed: SealedHash) {
        for attempt in self.attempts.get_mut(&sealed).into_iter().flatten() {
            if attempt.opened.is_ok() {
                self.left.lose(std::mem::take(&mut attempt.cost));
            }
        }
    }

    /// The contact has shown that it is there: what it wrote by another key is opened anew.
    pub fn begin_again(&mut self) {
        self.left = self.whole;
        self.put_off.clear();
    }
}
