//! The text of old messages leaves the disk; their lines stay, with all that order and completeness
//! are judged by.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::log_entry::Place;
use super::messages::Messages;
use super::record::{Direction, Record, What};
use crate::protocol::values::guid::Guid;
use crate::store::disk::atomic;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

/// How the line of a trimmed record ends: this is the last thing written.
const TRIMMED: &[u8] = b"\"trimmed\":true}";

impl Messages {
    /// Takes the text, and what came with it, out of each message for which `is_over` says so. A
    /// reader meanwhile sees the old file or the new one.
    ///
    /// # Errors
    /// When the file cannot be read or written; the old one is then still there.
    pub fn trim(&self, locked: &Locked<'_>, is_over: impl Fn(&Record) -> bool) -> Result<()> {
        self.change(locked, |record| {
            let is_to_go = record.is_message() && is_over(record);
            if is_to_go {
                record.trim();
            }
            is_to_go
        })
    }

    /// Gives the items that we have sent other places in the log: those of which `places` has one.
    ///
    /// # Errors
    /// As [`Messages::trim`].
    pub fn move_to(&self, locked: &Locked<'_>, places: &HashMap<Guid, Place>) -> Result<()> {
        self.change(locked, |record| {
            let is_ours = record.direction == Direction::Sent;
            let place = record.guid().filter(|_| is_ours).and_then(|guid| places.get(&guid));
            place.is_some_and(|place| move_to(record, *place))
        })
    }

    /// Writes each record that is not trimmed as `change` makes it, who says whether it changed any.
    fn change(&self, locked: &Locked<'_>, change: impl Fn(&mut Record) -> bool) -> Result<()> {
        let Some(before) = atomic::read(&self.path)? else { return Ok(()) };
        let mut after = Vec::with_capacity(before.len());
        let mut is_any = false;
        for line in before.split_inclusive(|byte| *byte == b'\n') {
            // A torn last line is nothing, as ever.
            let Some(whole) = line.strip_suffix(b"\n") else { break };
            // Most lines of a long history, and not worth reading again each day.
            if whole.ends_with(TRIMMED) {
                after.extend_from_slice(line);
                continue;
            }
            let mut record: Record = serde_json::from_slice(whole).or_cannot_read(&self.path)?;
            if change(&mut record) {
                is_any = true;
                serde_json::to_writer(&mut after, &record).or_cannot("write a record")?;
                after.push(b'\n');
            } else {
                after.extend_from_slice(line);
            }
        }
        let Some(folder) = self.path.parent() else { return Ok(()) };
        remove_leftovers(folder)?;
        if is_any { locked.home.write(&self.path, &after) } else { Ok(()) }
    }
}

/// Gives the item that `record` is about another place. Returns whether that changed anything.
fn move_to(record: &mut Record, place: Place) -> bool {
    match &mut record.what {
        What::Message { entry, .. } | What::Key(entry) if entry.place != place => {
            entry.place = place;
            true
        }
        _ => false,
    }
}

/// Removes what a trimming by an earlier version that was killed has left in `folder`, where nobody else
/// makes such files.
fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(".new-")) {
            atomic::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contact::history::messages::tests::{append, some, texts};
    use crate::store::disk::home::Home;
    use crate::store::testing::locked;

    fn trim(folder: &tempfile::TempDir, is_over: impl Fn(&Record) -> bool) -> Result<()> {
        let home = Home::at(folder.path());
        locked(&home, |locked| Messages::of(&home, "mary").trim(locked, is_over))
    }

    #[test]
    fn what_is_over_loses_its_text_and_keeps_its_place() {
        let (folder, messages) = some(&["one", "two", "three"]);
        let mine = messages.path.parent().unwrap();
        std::fs::write(mine.join(".new-killed"), "one").unwrap();
        trim(&folder, |record| record.number < 3).unwrap();
        let all = messages.all().unwrap();
        assert_eq!(texts(&all), ["", "", "three"]);
        assert_eq!(all.iter().map(Record::is_trimmed).collect::<Vec<_>>(), [true, true, false]);
        trim(&folder, |record| record.number < 3 && panic!("it has no text any more")).unwrap();
        append(&folder, "four");
        assert_eq!(messages.last_number().unwrap(), 4);
        assert_eq!(std::fs::read_dir(mine).unwrap().count(), 1, "no copy is left");
    }

    #[test]
    fn where_nothing_is_over_the_file_stays_as_it_is() {
        let (folder, messages) = some(&["one", "two"]);
        let path = messages.path.clone();
        let torn = [&std::fs::read(&path).unwrap()[..], b"{\"v\":1"].concat();
        std::fs::write(&path, &torn).unwrap();
        trim(&folder, |_| false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), torn);
        trim(&folder, |record| record.number == 1).unwrap();
        assert_eq!(texts(&messages.all().unwrap()), ["", "two"]);
        std::fs::write(&path, "{\"v\":1}\n").unwrap();
        assert!(trim(&folder, |_| true).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"{\"v\":1}\n");
    }
}
