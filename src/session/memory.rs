//! What was told lately, so that where nobody looks on the same is said once a day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::world::Clock;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::store::identity::told::Told;

/// The troubles that were told lately, by this run and by those before it. All threads of a run share one.
#[derive(Clone)]
pub struct Memory {
    home: Home,
    clock: Clock,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// By runs before this one; absent until it is asked for.
    before: Option<Told>,
    /// By this run.
    now: Told,
}

impl Memory {
    /// The memory of `home`, by the time of `clock`.
    pub fn of(home: &Home, clock: &Clock) -> Self {
        Self { home: home.clone(), clock: clock.clone(), shared: Arc::default() }
    }

    /// Returns whether `trouble` is news: this run has not told it during the last day, nor, if that is to
    /// count, has one `before` it. From now on it is none.
    pub fn is_news(&self, trouble: &str, before: bool) -> bool {
        let is_news = !self.knows(trouble, before);
        if is_news {
            self.shared().now.note(trouble, self.clock.now());
        }
        is_news
    }

    /// Returns whether `trouble` is none, as [`Memory::is_news`] has it. That changes nothing.
    pub fn knows(&self, trouble: &str, before: bool) -> bool {
        let (mut shared, now) = (self.shared(), self.clock.now());
        let known = before && {
            let told = shared.before.get_or_insert_with(|| Told::load(&self.home));
            told.has(trouble, now)
        };
        known || shared.now.has(trouble, now)
    }

    /// Keeps on the disk of `identity` what this run has told. Where that cannot be, it is said again.
    pub fn keep(&self, identity: &Identity) {
        let mut shared = self.shared();
        if shared.now.is_empty() {
            return;
        }
        if let Ok(locked) = identity.lock_although_copied(self.clock.now()) {
            let _ = Told::add(&locked, &shared.now);
            shared.before = None;
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn what_was_told_is_news_again_after_a_day_here_and_to_the_next_run() {
        let mut john = Person::called("John");
        let memory = |john: &Person| Memory::of(&john.home(), &john.run.clock);
        let first = memory(&john);
        assert!(first.is_news("parked", true) && !first.is_news("parked", true));
        assert!(memory(&john).is_news("parked", true), "it is not kept yet");
        first.keep(&john.run.identity);
        assert!(!memory(&john).is_news("parked", true));
        assert!(memory(&john).is_news("parked", false), "only what this run has told counts");
        assert!(memory(&john).is_news("another", true));
        john.wait(24);
        assert!(first.is_news("parked", true) && memory(&john).is_news("parked", true));
    }
}
