//! Talk: what the user is told on stderr, and how a run ends for what was reported.

use std::io::Write;

use super::memory::Memory;
use super::world::Stream;
use crate::error::{Error, Kind, Result};
use crate::protocol::values::text;
use crate::store::identity::own::Identity;

/// The stream for talk, and the worst of what was reported.
pub struct Talk {
    stderr: Stream,
    quiet: bool,
    /// Whether the run goes on by itself, so that what it says once need not be said again.
    goes_on: bool,
    worst: Option<Kind>,
    /// What was told lately. Without it everything is news.
    memory: Option<Memory>,
}

impl Talk {
    /// Talk that goes to `stderr`, and is nothing but errors and warnings if it is to be `quiet`.
    pub fn to(stderr: Stream, quiet: bool) -> Self {
        Self { stderr, quiet, goes_on: false, worst: None, memory: None }
    }

    /// The same, which knows by `memory` what was told lately.
    #[must_use]
    pub fn with(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// The same for another thread, which has reported nothing yet.
    pub fn beside(&self) -> Self {
        let (goes_on, memory) = (self.goes_on, self.memory.clone());
        Self { goes_on, memory, ..Self::to(self.stderr.clone(), self.quiet) }
    }

    /// The run goes on by itself from now on, as `listen` does: a trouble that may pass is mentioned
    /// when it begins, and not at each look.
    pub fn go_on(&mut self) {
        self.goes_on = true;
    }

    /// Whether only what is wrong is to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says something to the user, unless it is to be quiet.
    pub fn say(&mut self, talk: &str) {
        if !self.quiet {
            self.tell(&format!("{}\n", text::visible(talk)));
        }
    }

    /// Passes on what a command of the user's has printed, as it is.
    pub fn pass_on(&mut self, printed: &[u8]) {
        let _ = self.stderr.write_all(printed);
    }

    /// Talk that cannot be heard must not stop the work.
    fn tell(&mut self, talk: &str) {
        let _ = self.stderr.write_all(talk.as_bytes());
    }

    /// Warns of something that does not change what was done.
    pub fn warn(&mut self, warning: &str) {
        self.tell(&format!("warning: {}\n", text::visible(warning)));
    }

    /// Warns of a trouble that may pass by itself, unless it is to be quiet. `is_news` says whether it
    /// has just begun.
    pub fn mention(&mut self, warning: &str, is_news: bool) {
        if !self.quiet && (is_news || !self.goes_on) {
            self.warn(warning);
        }
    }

    /// Warns as [`Talk::warn`] does of what may be so at the next run as well. Where nobody looks on, it is
    /// said once a day.
    pub fn warn_daily(&mut self, warning: &str) {
        if self.is_news(warning) {
            self.warn(warning);
        }
    }

    /// Reports as [`Talk::report`] does what may be so at the next run as well. Where nobody looks on, it is
    /// said once a day; the run ends with the same status all the same.
    pub fn report_daily(&mut self, error: &Error) {
        if self.is_news(&error.to_string()) {
            self.report(error);
        } else {
            self.blame(error.kind);
        }
    }

    /// Returns whether `trouble` is to be told: a user who looks on is told each time. One who is not there
    /// is told once a day: by a quiet run, as cron has it, which remembers what those before it have told,
    /// and by a run that goes on.
    pub fn is_news(&self, trouble: &str) -> bool {
        let memory = self.memory.as_ref().filter(|_| self.quiet || self.goes_on);
        memory.is_none_or(|memory| memory.is_news(trouble, self.quiet))
    }

    /// Returns whether `trouble` would not be told, since it is no news.
    pub fn knows(&self, trouble: &str) -> bool {
        let memory = self.memory.as_ref().filter(|_| self.quiet || self.goes_on);
        memory.is_some_and(|memory| memory.knows(trouble, self.quiet))
    }

    /// Keeps for the runs after this one what it has told, if it is quiet.
    pub fn remember(&self, identity: &Identity) {
        if let Some(memory) = self.memory.as_ref().filter(|_| self.quiet) {
            memory.keep(identity);
        }
    }

    /// Reports a failure after which the run goes on; its end has the worst status of them.
    pub fn report(&mut self, error: &Error) {
        if !error.message.is_empty() {
            self.tell(&format!("error: {}\n", text::visible(&error.to_string())));
        }
        self.blame(error.kind);
    }

    /// Notes that the run will not end with 0.
    pub fn blame(&mut self, kind: Kind) {
        self.worst = self.worst.max(Some(kind));
    }

    /// Forgets what was reported, so that the run ends with 0.
    pub fn forgive(&mut self) {
        self.worst = None;
    }

    /// How the run ends: with an error without words if anything was reported.
    ///
    /// # Errors
    /// The worst kind of what was reported.
    pub fn verdict(&self) -> Result<()> {
        match self.worst {
            Some(kind) => Err(Error::new(kind, "")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::session::testing::Person;

    #[test]
    fn a_run_ends_with_the_worst_of_what_was_reported() {
        let mut talk = Talk::to(Stream::to(io::sink()), true);
        assert!(talk.verdict().is_ok());
        for (kind, worst) in [
            (Kind::Network, Kind::Network),
            (Kind::Integrity, Kind::Integrity),
            (Kind::Trust, Kind::Integrity),
        ] {
            talk.report(&Error::new(kind, "it failed"));
            assert_eq!(talk.verdict().unwrap_err().kind, worst);
        }
        assert!(talk.beside().verdict().is_ok());
        talk.forgive();
        assert!(talk.verdict().is_ok());
    }

    #[test]
    fn what_may_pass_is_mentioned_each_time_once_or_never() {
        let said = |quiet: bool, goes_on: bool| {
            let heard = Arc::new(Mutex::new(Vec::new()));
            let mut talk = Talk::to(Stream::to(Heard(Arc::clone(&heard))), quiet);
            if goes_on {
                talk.go_on();
            }
            [true, false].map(|is_news| {
                talk.mention("away", is_news);
                talk.beside().mention("away", is_news);
                std::mem::take(&mut *heard.lock().unwrap()).len() / "warning: away\n".len()
            })
        };
        assert_eq!(said(false, false), [2, 2]);
        assert_eq!(said(false, true), [2, 0]);
        assert_eq!(said(true, false), [0, 0]);
    }

    #[test]
    fn what_lasts_is_told_once_a_day_where_nobody_looks_on() {
        let mut john = Person::called("John");
        let said = |john: &mut Person, quiet: bool, goes_on: bool| {
            let heard = Arc::new(Mutex::new(Vec::new()));
            let memory = Memory::of(&john.home(), &john.run.clock);
            let mut talk = Talk::to(Stream::to(Heard(Arc::clone(&heard))), quiet).with(memory);
            if goes_on {
                talk.go_on();
            }
            for _ in 0..2 {
                talk.warn_daily("parked");
                talk.beside().report_daily(&Error::cannot("damaged"));
                talk.report_daily(&Error::cannot("damaged"));
                assert!(talk.verdict().is_err(), "the status is the same");
            }
            talk.remember(&john.run.identity);
            john.wait(1);
            String::from_utf8(std::mem::take(&mut *heard.lock().unwrap())).unwrap().lines().count()
        };
        assert_eq!(said(&mut john, false, false), 6, "whoever looks on is told each time");
        assert_eq!(said(&mut john, false, true), 2);
        assert_eq!([true, true].map(|quiet| said(&mut john, quiet, false)), [2, 0]);
        assert_eq!(
            said(&mut john, false, true),
            2,
            "what another run has told is news to this one"
        );
        john.wait(24);
        assert_eq!(said(&mut john, true, false), 2);
    }

    struct Heard(Arc<Mutex<Vec<u8>>>);

    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
