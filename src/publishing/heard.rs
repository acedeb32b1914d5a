//! What the publish command prints: it is talk, and its last words say why a run failed.
//!
//! It goes into a file without a name, which is read while the command runs. A pipe would hold up whoever
//! reads our stderr for as long as the command has left something in the background, and end that by a
//! signal once we are gone.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::process::Stdio;

use crate::session::talk::Talk;

/// The last of what was printed that is kept, in bytes.
const END: usize = 64 << 10;
/// The last of it that is noted, in lines and in bytes.
const LINES: usize = 3;
const NOTED: usize = 600;
/// What may lie in the file before its room is given back.
const ROOM: u64 = 1 << 20;

/// What a run of the command has printed so far.
pub(super) struct Heard {
    /// Where it lies; absent where it goes to a terminal, in front of the user.
    file: Option<File>,
    /// How much of it was read, and how much of that was given back.
    read: u64,
    freed: u64,
    /// The last of it.
    end: Vec<u8>,
    /// Whether it waits to be told: a quiet run says it once the command has ended.
    waits: bool,
}

impl Heard {
    /// Nothing yet, for a run that is to be told by `talk`.
    pub(super) fn new(talk: &Talk) -> Self {
        let file = if io::stderr().is_terminal() { None } else { tempfile::tempfile().ok() };
        Self { file, read: 0, freed: 0, end: Vec::new(), waits: talk.is_quiet() }
    }

    /// The command's stdout and stderr.
    ///
    /// # Errors
    /// When this process can open no more files.
    pub(super) fn outputs(&self) -> io::Result<[Stdio; 2]> {
        let other = || -> io::Result<Stdio> {
            match &self.file {
                Some(file) => Ok(Stdio::from(file.try_clone()?)),
                // Its stdout is talk as well: our own is for data.
                None => Ok(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?)),
            }
        };
        Ok([other()?, other()?])
    }

    /// Hears what was printed since the last time, and tells it at once unless it waits.
    pub(super) fn listen(&mut self, talk: &mut Talk) {
        let Some(file) = &self.file else { return };
        let mut block = [0; 8 << 10];
        while let Ok(length @ 1..) = file.read_at(&mut block, self.read) {
            let news = block.get(..length).unwrap_or_default();
            self.read = self.read.saturating_add(length as u64);
            if !self.waits {
                talk.pass_on(news);
            }
            self.end.extend_from_slice(news);
            let over = self.end.len().saturating_sub(END);
            self.end.drain(..over);
        }
        if self.read.saturating_sub(self.freed) > ROOM && file.set_len(0).is_ok() {
            // The command goes on at its place: what is before that takes no room.
            self.freed = self.read;
        }
    }

    /// The command has ended. What waits is told, unless the user knows it already; returns its last words.
    pub(super) fn end(mut self, talk: &mut Talk, is_known: bool) -> String {
        self.listen(talk);
        if self.waits && !is_known {
            talk.pass_on(&self.end);
        }
        last_words(&self.end)
    }
}

/// The last lines of `printed` that say something.
fn last_words(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let lines = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
    let mut last: Vec<&str> = lines.rev().take(LINES).collect();
    last.reverse();
    let words = last.join("\n");
    let begin = words.len().saturating_sub(NOTED);
    let begin = (begin..=words.len()).find(|at| words.is_char_boundary(*at)).unwrap_or_default();
    words.get(begin..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn the_last_lines_are_kept_and_no_more_than_that() {
        assert_eq!(last_words(b""), "");
        assert_eq!(last_words(b"one\n\ntwo\r\n  \nthree\nfour"), "two\nthree\nfour");
        assert_eq!(last_words(b"\xff\n"), "\u{fffd}");
        let long = "é".repeat(NOTED);
        assert_eq!(last_words(long.as_bytes()), "é".repeat(NOTED / 2));
    }

    #[test]
    fn what_is_printed_is_told_once_and_its_room_is_given_back() {
        let mut john = Person::called("John");
        let talk = &mut john.run.talk;
        let file = tempfile::tempfile().unwrap();
        let mut command = file.try_clone().unwrap();
        let mut heard =
            Heard { file: Some(file), read: 0, freed: 0, end: Vec::new(), waits: false };
        for line in ["one\n", "two\n"] {
            command.write_all(line.as_bytes()).unwrap();
            heard.listen(talk);
            heard.listen(talk);
        }
        let long = "x".repeat(ROOM as usize);
        command.write_all(long.as_bytes()).unwrap();
        heard.listen(talk);
        assert_eq!(command.metadata().unwrap().len(), 0);
        command.write_all(b"\nthree\n").unwrap();
        assert_eq!(heard.end(talk, false).lines().last(), Some("three"));
        assert!(john.heard() == format!("one\ntwo\n{long}\nthree\n"));
    }

    #[test]
    fn a_quiet_run_tells_it_at_the_end_if_it_is_news() {
        for (is_known, told) in [(false, "failed\n"), (true, "")] {
            let mut john = Person::called("John");
            let talk = &mut john.run.talk;
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"failed\n").unwrap();
            let mut heard =
                Heard { file: Some(file), read: 0, freed: 0, end: Vec::new(), waits: true };
            heard.listen(talk);
            assert_eq!(heard.end(talk, is_known), "failed");
            assert_eq!(john.heard(), told);
        }
    }
}
