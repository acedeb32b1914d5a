//! A change that was announced: how often it is looked for, until it is to be seen.

use std::time::{Duration, Instant};

/// The first pause after a look that found nothing; each later one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks for one announcement: the last comes about two minutes after the first.
const LOOKS: u32 = 8;

/// Announcements in a row that may lead to nothing and are still followed at once: two changes in
/// quick succession are often found by one look.
const VAIN: u32 = 8;

/// The record of a contact's announcements. Anybody who knows the callback can announce. So
/// announcements that lead to nothing again and again are slowed down; those that lead to news are
/// not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Announcement {
    /// How many looks in a row have found nothing of what is awaited; none if nothing is.
    fruitless: Option<u32>,
    /// How many announcements came since a change was found last.
    vain: u32,
    last: Option<Instant>,
}

impl Announcement {
    /// A change was announced at `now`. Returns when to look for it.
    pub fn comes(&mut self, now: Instant) -> Instant {
        self.fruitless = Some(0);
        self.vain = self.vain.saturating_add(1);
        let earliest = self.last.and_then(|last| last.checked_add(PAUSE));
        earliest.filter(|earliest| self.vain > VAIN && *earliest > now).unwrap_or(now)
    }

    /// A look at `now` found a change, or not. Returns when to look again, if at all.
    pub fn looked(&mut self, found: bool, now: Instant) -> Option<Instant> {
        self.last = Some(now);
        if found {
            self.vain = 0;
        }
        let looks = self.fruitless.filter(|_| !found);
        self.fruitless = looks.map(|looks| looks.saturating_add(1)).filter(|looks| *looks < LOOKS);
        let doublings = self.fruitless?.saturating_sub(1);
        now.checked_add(PAUSE.saturating_mul(1 << doublings.min(LOOKS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_looked_for_with_growing_pauses() {
        let (mut announcement, mut now) = (Announcement::default(), Instant::now());
        let start = now;
        assert_eq!(announcement.comes(now), now);
        let mut pauses = Vec::new();
        while let Some(next) = announcement.looked(false, now) {
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!((now - start).as_secs(), 127);
        assert_eq!(announcement.looked(false, now), None, "nothing is awaited any more");
    }

    #[test]
    fn what_is_found_is_not_looked_for_again() {
        let (mut announcement, now) = (Announcement::default(), Instant::now());
        announcement.comes(now);
        assert_eq!(announcement.looked(true, now), None);
        assert_eq!(announcement.comes(now), now, "the next is looked for at once");
    }

    #[test]
    fn announcements_of_nothing_are_followed_once_a_second_in_the_end() {
        let (mut announcement, now) = (Announcement::default(), Instant::now());
        for _ in 0..VAIN {
            assert_eq!(announcement.comes(now), now);
            announcement.looked(false, now);
        }
        for milliseconds in [0, 10, 900] {
            let again = now + Duration::from_millis(milliseconds);
            assert_eq!(announcement.comes(again), now + PAUSE);
        }
        let later = now + 2 * PAUSE;
        assert_eq!(announcement.comes(later), later);
        announcement.looked(true, later);
        assert_eq!(announcement.comes(later), later, "a change was found since");
    }

    #[test]
    fn a_look_that_nobody_asked_for_starts_nothing() {
        let mut announcement = Announcement::default();
        assert_eq!(announcement.looked(false, Instant::now()), None);
    }
}
