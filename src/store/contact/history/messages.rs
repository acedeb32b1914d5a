//! `messages.jsonl`: what was received and sent, one JSON object a line, in order of arrival.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::record::Record;
use crate::protocol::values::guid::Guid;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::disk::ours;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

const BLOCK: u64 = 64 << 10;

/// The messages of one contact.
#[derive(Debug)]
pub struct Messages {
    pub(super) path: PathBuf,
}

impl Messages {
    /// The messages of the contact called `name`.
    pub fn of(home: &Home, name: &str) -> Self {
        Self { path: home.contact(name).join("messages.jsonl") }
    }

    /// Appends `records`, numbered, with one fsync; all of them or, after a crash, a prefix.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn append(&self, locked: &Locked<'_>, records: &mut [Record]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        locked.home.expect_change(&self.path)?;
        let failed = |error| atomic::cannot_write(&self.path, error);
        let existed = self.path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = ours::in_place(&mut options).open(&self.path).map_err(failed)?;
        let end = whole_lines(&mut file).map_err(failed)?;
        let mut number = self.last_number()?;
        let mut lines = Vec::new();
        for record in records {
            number = number.saturating_add(1);
            record.number = number;
            serde_json::to_writer(&mut lines, record).or_cannot("write a record")?;
            lines.push(b'\n');
        }
        let written = file
            .set_len(end)
            .and_then(|()| file.seek(SeekFrom::Start(end)))
            .and_then(|_| file.write_all(&lines));
        if let Err(error) = written.and_then(|()| file.sync_all()) {
            // Half a line is cut off by the next append; a whole one would be taken for stored.
            let _ = file.set_len(end);
            return Err(failed(error));
        }
        if existed { Ok(()) } else { atomic::sync_folder_of(&self.path) }
    }

    /// The number of the last record; 0 if there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_number(&self) -> Result<u64> {
        let mut last = 0;
        self.backwards(|record| {
            last = record.number;
            false
        })?;
        Ok(last)
    }

    /// The records with a higher number than `number`, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn after(&self, number: u64) -> Result<Vec<Record>> {
        let mut found = Vec::new();
        self.backwards(|record| {
            let newer = record.number > number;
            if newer {
                found.push(record);
            }
            newer
        })?;
        found.reverse();
        Ok(found)
    }

    /// All records, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn all(&self) -> Result<Vec<Record>> {
        self.after(0)
    }

    /// The newest record about the item `guid`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, guid: Guid) -> Result<Option<Record>> {
        let mut found = None;
        self.backwards(|record| {
            if record.guid() == Some(guid) {
                found = Some(record);
            }
            found.is_none()
        })?;
        Ok(found)
    }

    /// Shows `visit` every record from the newest back, until it says false. Reads only as much of
    /// the file as that takes. A torn last line is passed over.
    ///
    /// # Errors
    /// When the file cannot be read, or a whole line of it is no record.
    pub fn backwards(&self, mut visit: impl FnMut(Record) -> bool) -> Result<()> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).or_cannot_read(&self.path),
        };
        let mut position = whole_lines(&mut file).or_cannot_read(&self.path)?;
        let mut rest: Vec<u8> = Vec::new();
        while position > 0 {
            let start = position.saturating_sub(BLOCK);
            let mut block = Vec::new();
            file.seek(SeekFrom::Start(start)).or_cannot_read(&self.path)?;
            Read::by_ref(&mut file)
                .take(position - start)
                .read_to_end(&mut block)
                .or_cannot_read(&self.path)?;
            block.append(&mut rest);
            let whole = if start == 0 {
                0
            } else {
                block.iter().position(|b| *b == b'\n').map_or(block.len(), |at| at + 1)
            };
            rest = block.drain(..whole).collect();
            for line in block.split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty()) {
                if !visit(serde_json::from_slice(line).or_cannot_read(&self.path)?) {
                    return Ok(());
                }
            }
            position = start;
        }
        Ok(())
    }
}

/// The offset at which the last whole line of `file` ends.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file).take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::contact::history::examples;
    use crate::store::testing::locked;

    pub fn some(texts: &[&str]) -> (tempfile::TempDir, Messages) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        std::fs::create_dir_all(home.contact("mary")).unwrap();
        let messages = Messages::of(&home, "mary");
        texts.iter().for_each(|text| append(&folder, text));
        (folder, messages)
    }

    pub fn append(folder: &tempfile::TempDir, text: &str) {
        let home = Home::at(folder.path());
        let messages = Messages::of(&home, "mary");
        locked(&home, |locked| messages.append(locked, &mut [message(text)])).unwrap();
    }

    pub fn message(text: &str) -> Record {
        examples::message(1, text)
    }

    pub fn texts(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.text.as_str()).collect()
    }

    #[test]
    fn records_come_back_in_order_with_their_numbers() {
        let long = "x".repeat(3 * BLOCK as usize);
        let (folder, messages) = some(&["one", &long, "three\nlines\nlong"]);
        append(&folder, "four");
        let all = messages.all().unwrap();
        assert_eq!(texts(&all), ["one", &long, "three\nlines\nlong", "four"]);
        assert_eq!(all.iter().map(|record| record.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(texts(&messages.after(2).unwrap()), ["three\nlines\nlong", "four"]);
    }

    #[test]
    fn only_their_owner_may_read_them() {
        let (_folder, messages) = some(&["one"]);
        let mode = std::fs::metadata(&messages.path).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }

    #[test]
    fn a_torn_last_line_is_passed_over_and_then_cut_off() {
        let (folder, messages) = some(&["one", "two"]);
        let whole = std::fs::read(&messages.path).unwrap();
        for torn in [&b"{"[..], &whole[..whole.len() / 2 - 1]] {
            std::fs::write(&messages.path, [&whole[..], torn].concat()).unwrap();
            assert_eq!(texts(&messages.all().unwrap()), ["one", "two"]);
            append(&folder, "three");
            let all = messages.all().unwrap();
            assert_eq!((texts(&all), all[2].number), (vec!["one", "two", "three"], 3));
        }
    }

    #[test]
    fn numbers_go_on_where_trimming_left_a_line() {
        let (folder, messages) = some(&["one", "two", "three"]);
        let text = std::fs::read_to_string(&messages.path).unwrap();
        std::fs::write(&messages.path, text.lines().last().unwrap().to_owned() + "\n").unwrap();
        append(&folder, "four");
        assert_eq!(messages.last_number().unwrap(), 4);
    }
}
