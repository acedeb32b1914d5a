//! Talk: what the user is told on stderr, and how a run ends for what was reported.

use std::io::Write;

use super::world::Stream;
use crate::error::{Error, Kind, Result};
use crate::protocol::values::text;

/// The stream for talk, and the worst of what was reported.
pub struct Talk {
    stderr: Stream,
    quiet: bool,
    /// Whether the run goes on by itself, so that what it says once need not be said again.
    goes_on: bool,
    worst: Option<Kind>,
}

impl Talk {
    /// Talk that goes to `stderr`, and is nothing but errors and warnings if it is to be `quiet`.
    pub fn to(stderr: Stream, quiet: bool) -> Self {
        Self { stderr, quiet, goes_on: false, worst: None }
    }

    /// The same for another thread, which has reported nothing yet.
    pub fn beside(&self) -> Self {
        Self { goes_on: self.goes_on, ..Self::to(self.stderr.clone(), self.quiet) }
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
