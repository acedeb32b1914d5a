//! The world of a run: what it takes from outside.

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// The world of a run: what it takes from outside, so that a test can be the outside.
pub struct World {
    /// The present time.
    pub now: Clock,
    /// The folder for what is to be known of a home outside of it; nothing where there is none.
    pub state: Option<PathBuf>,
    /// The source of messages.
    pub stdin: Box<dyn Read + Send>,
    /// The stream for data.
    pub stdout: Stream,
    /// The stream for talk: shared, since the error that ends a run is told after the session is
    /// gone.
    pub stderr: Stream,
}

/// A clock that several may look at.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that shows what `now` says.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// A stream that several may write to. What is written by one `write_all` stays together.
#[derive(Clone)]
pub struct Stream {
    out: Arc<Mutex<dyn Write + Send>>,
    broken: Arc<AtomicBool>,
}

impl Stream {
    /// A stream that goes to `out`.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Arc::new(Mutex::new(out)), broken: Arc::default() }
    }

    /// Returns whether its reader has gone.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn inner(&self) -> MutexGuard<'_, dyn Write + Send + 'static> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn noted<T>(&self, written: io::Result<T>) -> io::Result<T> {
        if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            self.broken.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner().write(bytes);
        self.noted(written)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.inner().write_all(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.inner().flush();
        self.noted(written)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // In small pieces, as a pipe may take them.
            let some = bytes.get(..3).unwrap_or(bytes);
            self.0.lock().unwrap().extend(some);
            Ok(some.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_written_at_once_stays_together() {
        let kept = Kept::default();
        let stream = Stream::to(kept.clone());
        thread::scope(|scope| {
            for letter in ["a", "b", "c"] {
                let mut stream = stream.clone();
                let line = letter.repeat(50) + "\n";
                scope.spawn(move || {
                    (0..100).for_each(|_| stream.write_all(line.as_bytes()).unwrap())
                });
            }
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 300);
        assert!(text.lines().all(|line| *line == line[..1].repeat(50)), "{text}");
    }
}
