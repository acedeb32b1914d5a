//! `trimmed`: when the messages were last trimmed, and how long they were to stay then.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

/// The longest pause that is short enough between two trimmings.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize, Deserialize)]
struct Trimmed {
    at: Timestamp,
    seconds: i64,
}

/// Whether it is time, at `now`, to trim what is older than `history`: once a day, or as often as
/// a shorter `history` ends, and at once if that is another than the last time.
///
/// # Errors
/// When the note cannot be read.
pub fn is_due(home: &Home, history: SignedDuration, now: Timestamp) -> Result<bool> {
    let text = atomic::read_text(&path(home))?.unwrap_or_default();
    let Ok(last) = toml::from_str::<Trimmed>(&text) else { return Ok(true) };
    let age = now.duration_since(last.at);
    Ok(last.seconds != history.as_secs() || age.is_negative() || age >= history.min(PAUSE))
}

/// Notes that what is older than `history` was trimmed now.
///
/// # Errors
/// When it cannot be written.
pub fn note(locked: &Locked<'_>, history: SignedDuration) -> Result<()> {
    let note = Trimmed { at: locked.now, seconds: history.as_secs() };
    let text = toml::to_string(&note).or_cannot("note the trimming")?;
    locked.home.write(&path(&locked.home), text.as_bytes())
}

fn path(home: &Home) -> PathBuf {
    home.root().join("trimmed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked;

    #[test]
    fn it_is_time_once_a_day_and_when_the_settings_or_the_clock_change() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (now, hours) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours);
        let due = |history, later: i64| is_due(&home, hours(history), now + hours(later)).unwrap();
        assert!(due(48, 0));
        locked(&home, |locked| note(locked, hours(48))).unwrap();
        assert_eq!([0, 23, 24].map(|later| due(48, later)), [false, false, true]);
        assert!(due(47, 0) && due(48, -1));
        locked(&home, |locked| note(locked, hours(2))).unwrap();
        assert_eq!([1, 2].map(|later| due(2, later)), [false, true]);
        std::fs::write(home.root().join("trimmed"), "?").unwrap();
        assert!(due(2, 0));
    }
}
