//! `verdicts.toml`: sealed items that were not taken, so that they are neither opened nor told of
//! at each poll, and yet cannot suppress the real item of their guid.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::values::hash::{Hash, SealedHash};
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{Error, Lost, OrCannot, Result};
use crate::store::identity::own::Locked;

const FAILED: usize = 256;
/// Forgeries and proofs that are remembered beside whatever else is refused.
const PROOFS: usize = 64;
const HELD: usize = 64;

/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// It is broken or forged.
    Failed,
    /// It waits for a later version of this program.
    Held,
    /// No key that is pinned signed it: it waits for the contact's certificate, or for the user to
    /// decide on another.
    Unknown,
    /// It waits for the clock, and is judged again at each poll.
    Early,
    /// It is sealed to a key that is not here: its writer has to seal it again.
    Unopened,
    /// Its log is none that the feed opened; it is tried again when the feed opens another.
    Foreign,
    /// Somebody else signed it, or it is by a key that does not count: it cannot be believed.
    Forged,
    /// It is one of two that cannot both be.
    Forked,
    /// It is by a key that is not believed: the user has rejected it, or it was revoked.
    Disbelieved,
}

impl Why {
    /// Whether it is held, and may be taken yet.
    pub fn waits(self) -> bool {
        matches!(self, Self::Held | Self::Unknown | Self::Early)
    }

    /// Whether it is refused for what it is, and not for who signed it.
    pub fn is_refused(self) -> bool {
        !self.waits() && !matches!(self, Self::Disbelieved | Self::Unopened)
    }
}

/// One item that was not taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The guid outside, as it stands in the feed, at most 200 characters.
    pub guid: String,
    /// The hash of the sealed object, or of the description where that is no armor.
    pub sealed: SealedHash,
    /// Why it was not taken.
    pub why: Why,
    /// The same, for people.
    pub reason: String,
    /// How many logs the feed had opened then.
    pub logs: usize,
    /// When that was found first. Absent in what earlier versions wrote.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Whether it is to be judged anew, since a key changed. What comes out the same is no news.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
}

/// The guid of what the contact says of our feed, and cannot be.
pub const OURS: &str = "acknowledged";
/// The guids of what is no item, and stands in a feed once.
pub const PARTS: [&str; 3] = ["introduction", "state", "key"];

/// The items of one contact that were not taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// The hash of the contact's certificate and of ours that they were judged by.
    pub keys: Option<Hash>,
    /// The items.
    #[serde(default, rename = "item")]
    pub items: Vec<Verdict>,
    /// How many refusals did not fit since these were read.
    #[serde(skip)]
    pub dropped: usize,
}

/// What is remembered in a number of its own, so that none pushes out another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Waits,
    Proof,
    Failed,
}

impl Verdict {
    fn class(&self) -> Class {
        match self.why {
            why if why.waits() => Class::Waits,
            Why::Forged | Why::Forked => Class::Proof,
            _ if self.guid == OURS => Class::Proof,
            _ => Class::Failed,
        }
    }
}

impl Verdicts {
    /// Reads the verdicts of the contact called `name`. If `keys` changed since, each is to be judged
    /// anew.
    ///
    /// # Errors
    /// When the file is not ours.
    pub fn load(home: &Home, name: &str, keys: Hash) -> Result<Self> {
        let mut loaded = Self::kept(home, name)?;
        if loaded.keys != Some(keys) {
            loaded.items.iter_mut().for_each(|item| item.anew = true);
        }
        Ok(Self { keys: Some(keys), dropped: 0, ..loaded })
    }

    /// The verdicts on items of the contact called `name`, by whatever keys they were judged.
    ///
    /// # Errors
    /// When the file is not ours.
    pub fn kept(home: &Home, name: &str) -> Result<Self> {
        let path = path(home, name);
        let text = atomic::read_text(&path)?.unwrap_or_default();
        toml::from_str(&text).map_err(|cause| damaged(&path, cause))
    }

    /// How many items of the contact called `name` are held, whoever looks.
    ///
    /// # Errors
    /// When the file is not ours.
    pub fn held(home: &Home, name: &str) -> Result<usize> {
        Ok(Self::kept(home, name)?.held_items())
    }

    /// How many of the items are held.
    pub fn held_items(&self) -> usize {
        self.count(Why::waits)
    }

    /// How many items are refused, of those that are no parts.
    pub fn refused_items(&self) -> usize {
        let refused =
            self.items.iter().filter(|item| !item.why.waits() && item.why != Why::Unopened);
        refused.filter(|item| !PARTS.contains(&item.guid.as_str()) && item.guid != OURS).count()
    }

    /// Which of the parts that stand in a feed once are refused, the first verdict on each. What is
    /// wrong with a key is told of the key.
    pub fn refused_parts(&self) -> Vec<&Verdict> {
        let refused = |part: &&str| {
            self.items.iter().find(|item| item.guid == *part && item.why.is_refused())
        };
        PARTS.iter().filter_map(refused).collect()
    }

    /// Writes the verdicts of the contact called `name`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, locked: &Locked<'_>, name: &str) -> Result<()> {
        let home = &locked.home;
        if self.items.is_empty() {
            return home.remove(&path(home, name));
        }
        let text = toml::to_string(self).or_cannot("write the verdicts")?;
        home.write(&path(home, name), text.as_bytes())
    }

    /// The verdict on an item, if there is one that stands.
    pub fn of(&self, guid: &str, sealed: SealedHash) -> Option<&Verdict> {
        let mut standing = self.items.iter().filter(|item| !item.anew);
        standing.find(|item| item.sealed == sealed && item.guid == guid)
    }

    /// Takes a verdict in; returns whether it is news. What does not fit is dropped and counted: the
    /// item is still in the feed, unacknowledged.
    pub fn note(&mut self, verdict: Verdict) -> bool {
        if let Some(known) =
            self.items.iter_mut().find(|i| i.sealed == verdict.sealed && i.guid == verdict.guid)
        {
            let news = known.why != verdict.why || known.reason != verdict.reason;
            let since = known.since.filter(|_| !news).or(verdict.since);
            *known = Verdict { since, ..verdict };
            return news;
        }
        let most = match verdict.class() {
            Class::Waits => HELD,
            Class::Proof => PROOFS,
            Class::Failed => FAILED,
        };
        let class = verdict.class();
        let fits = self.items.iter().filter(|item| item.class() == class).count() < most;
        if fits {
            self.items.push(verdict);
        } else if class != Class::Waits {
            self.dropped = self.dropped.saturating_add(1);
        }
        fits
    }

    /// Forgets what is said of an item.
    pub fn forget(&mut self, guid: &str, sealed: SealedHash) {
        self.items.retain(|item| item.sealed != sealed || item.guid != guid);
    }

    /// Forgets what was refused under the name `guid`, since another has taken its place; returns whether
    /// there was anything.
    pub fn heal(&mut self, guid: &str) -> bool {
        let was_refused = |item: &Verdict| item.guid == guid && item.why.is_refused();
        let heals = self.items.iter().any(was_refused);
        self.items.retain(|item| item.guid != guid || item.why.waits());
        heals
    }

    /// Forgets what waits under the name `guid`, except for the one that is `present`.
    pub fn forget_waiting(&mut self, guid: &str, present: Option<SealedHash>) {
        self.items
            .retain(|item| item.guid != guid || Some(item.sealed) == present || !item.why.waits());
    }

    /// Forgets the items that wait, or are to be judged anew, unless they are `present` in the feed:
    /// nothing would release them.
    pub fn forget_gone(&mut self, present: impl Fn(&str) -> bool) {
        let stands = |item: &Verdict| !item.why.waits() && !item.anew;
        self.items.retain(|item| stands(item) || present(&item.guid));
    }

    /// Returns whether no more refusals, or no more proofs, can be remembered.
    pub fn are_full(&self) -> bool {
        let count = |class| self.items.iter().filter(|item| item.class() == class).count();
        count(Class::Failed) >= FAILED || count(Class::Proof) >= PROOFS
    }

    /// Forgets the items that were refused, unless they are `present` in the feed as they were.
    pub fn forget_refused(&mut self, present: impl Fn(&str, SealedHash) -> bool) {
        let stands = |item: &Verdict| item.why.waits() || item.why == Why::Unopened;
        self.items.retain(|item| {
            let is_item = !PARTS.contains(&item.guid.as_str()) && item.guid != OURS;
            stands(item) || !is_item || present(&item.guid, item.sealed)
        });
    }

    /// Forgets the items that no key here opens, unless they are `present` as they
    /// were: they were sealed again, or are gone.
    pub fn forget_unopened(&mut self, present: impl Fn(&str, SealedHash) -> bool) {
        self.items.retain(|it| it.why != Why::Unopened || present(&it.guid, it.sealed));
    }

    /// Lets what waits for the user's decision on a key be believed by nobody; returns how much there is.
    pub fn reject_unknown(&mut self) -> usize {
        let mut unknown: Vec<_> =
            self.items.iter_mut().filter(|item| item.why == Why::Unknown).collect();
        unknown.iter_mut().for_each(|item| item.why = Why::Disbelieved);
        unknown.len()
    }

    /// The guids of what no secret key in this home opens.
    pub fn unopened(&self) -> impl Iterator<Item = &str> {
        let unopened = self.items.iter().filter(|item| item.why == Why::Unopened);
        unopened.map(|item| item.guid.as_str())
    }

    /// The guids of what waits for the clock.
    pub fn early(&self) -> impl Iterator<Item = &str> {
        let early = self.items.iter().filter(|item| item.why == Why::Early);
        early.map(|item| item.guid.as_str())
    }

    fn count(&self, class: impl Fn(Why) -> bool) -> usize {
        self.items.iter().filter(|item| class(item.why)).count()
    }
}

fn path(home: &Home, name: &str) -> PathBuf {
    home.contact(name).join("verdicts.toml")
}

fn damaged(path: &Path, cause: toml::de::Error) -> Error {
    Error::Damaged { path: path.to_owned(), cause: cause.into(), lost: Lost::Findings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked;

    fn verdict(number: usize, why: Why) -> Verdict {
        Verdict {
            guid: format!("g{number}"),
            sealed: SealedHash::of(&number.to_be_bytes()),
            why,
            reason: "r".to_owned(),
            logs: 1,
            since: None,
            anew: false,
        }
    }

    #[test]
    fn garbage_cannot_grow_it_nor_push_out_what_is_held() {
        let mut verdicts = Verdicts::default();
        assert!(verdicts.note(verdict(0, Why::Held)));
        let news = (1..1_000).filter(|number| verdicts.note(verdict(*number, Why::Failed))).count();
        assert_eq!(news, FAILED);
        assert!(verdicts.note(verdict(1_000, Why::Early)));
        assert!(!verdicts.note(verdict(0, Why::Held)), "known already");
        assert_eq!(verdicts.count(Why::waits), 2);
    }

    #[test]
    fn garbage_leaves_room_for_forgeries_and_what_does_not_fit_is_counted() {
        let mut verdicts = Verdicts::default();
        assert_eq!(
            (0..300).filter(|number| verdicts.note(verdict(*number, Why::Failed))).count(),
            FAILED
        );
        assert_eq!(verdicts.dropped, 300 - FAILED);
        assert!(
            verdicts.note(verdict(300, Why::Forged)) && verdicts.note(verdict(301, Why::Forked))
        );
        let ours = Verdict { guid: OURS.to_owned(), ..verdict(302, Why::Failed) };
        assert!(verdicts.note(ours));
        assert_eq!(
            (400..500).filter(|number| verdicts.note(verdict(*number, Why::Forged))).count(),
            PROOFS - 3
        );
        assert_eq!(verdicts.dropped, 300 - FAILED + 100 - (PROOFS - 3));
        // What has left the feed makes room; what says something of our feed, or is a part, stays.
        verdicts.note(Verdict { guid: "state".to_owned(), ..verdict(303, Why::Forked) });
        verdicts.note(verdict(304, Why::Held));
        let present = verdict(300, Why::Forged);
        verdicts.forget_refused(|guid, sealed| guid == present.guid && sealed == present.sealed);
        let left: Vec<&str> = verdicts.items.iter().map(|item| item.guid.as_str()).collect();
        assert_eq!(left, ["g300", OURS, "g304"]);
    }

    #[test]
    fn another_key_has_them_judged_anew_and_what_comes_out_the_same_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (old, new) = (Hash::of(b"old"), Hash::of(b"new"));
        let mut verdicts = Verdicts::load(&home, "mary", old).unwrap();
        for (number, why) in [(1, Why::Held), (2, Why::Failed), (3, Why::Failed)] {
            assert!(verdicts.note(verdict(number, why)));
        }
        locked(&home, |locked| verdicts.save(locked, "mary")).unwrap();
        assert_eq!(Verdicts::load(&home, "mary", old).unwrap(), verdicts);
        assert_eq!(Verdicts::held(&home, "mary").unwrap(), 1);
        let mut anew = Verdicts::load(&home, "mary", new).unwrap();
        let of = |verdicts: &Verdicts, number| {
            let Verdict { guid, sealed, .. } = verdict(number, Why::Failed);
            verdicts.of(&guid, sealed).map(|verdict| verdict.why)
        };
        assert_eq!(of(&verdicts, 2), Some(Why::Failed));
        assert_eq!(of(&anew, 2), None, "it may be good now");
        assert!(!anew.note(verdict(2, Why::Failed)));
        assert!(anew.note(verdict(1, Why::Failed)), "it was held");
        anew.forget_gone(|_| false);
        assert_eq!([1, 2, 3].map(|number| of(&anew, number).is_some()), [true, true, false]);
    }

    #[test]
    fn a_part_that_is_refused_stands_until_it_heals() {
        let mut verdicts = Verdicts::default();
        let state = |number, why| Verdict { guid: "state".to_owned(), ..verdict(number, why) };
        verdicts.note(state(1, Why::Held));
        assert!(verdicts.refused_parts().is_empty() && !verdicts.heal("state"));
        verdicts.note(state(2, Why::Forked));
        verdicts.note(verdict(3, Why::Failed));
        assert_eq!(verdicts.refused_parts()[0].why, Why::Forked);
        assert!(verdicts.heal("state") && verdicts.refused_parts().is_empty());
        assert_eq!(verdicts.count(|_| true), 2);
    }
}
