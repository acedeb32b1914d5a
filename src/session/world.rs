//! The world of a run: what it takes from outside.

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rand::{RngCore, SeedableRng};

use crate::protocol::Random;
use crate::store::disk::refusals::Refusals;

/// The world of a run: what it takes from outside, so that a test can be the outside.
pub struct World {
    /// The present time.
    pub now: Clock,
    /// The source of all that we draw: keys, session keys, salts, guids, tokens, padding. The `pgp`
    /// crate has none of its own. TLS has, and the names of temporary files, which last for a moment.
    pub randomness: Randomness,
    /// The folder for what is to be known of a home outside of it; nothing where there is none.
    pub state: Option<PathBuf>,
    /// What the disk refuses; by itself nothing.
    pub refusals: Refusals,
    /// How many feeds are fetched at once. With one, all that happens comes in one order.
    pub at_once: usize,
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

/// Randomness that several may draw from: each takes a stream of its own.
#[derive(Clone)]
pub struct Randomness(Arc<dyn Fn() -> Random + Send + Sync>);

impl Randomness {
    /// The randomness of which each stream is what `stream` says.
    pub fn new(stream: impl Fn() -> Random + Send + Sync + 'static) -> Self {
        Self(Arc::new(stream))
    }

    /// All randomness that follows from `seed`: the first stream, the second, and so on. Whoever knows
    /// the seed knows every key and all that is sealed, so it is for tests alone.
    pub fn of_seed(seed: u64) -> Self {
        let seeds = Mutex::new(Random::seed_from_u64(seed));
        let next = move || seeds.lock().unwrap_or_else(PoisonError::into_inner).next_u64();
        Self::new(move || Random::seed_from_u64(next()))
    }

    /// A stream that nobody else has.
    pub fn stream(&self) -> Random {
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
    fn streams_of_one_seed_differ_and_come_again_with_the_seed() {
        let drawn = |seed| {
            let randomness = Randomness::of_seed(seed);
            let (mut first, mut second) = (randomness.stream(), randomness.clone().stream());
            [first.next_u64(), first.next_u64(), second.next_u64(), second.next_u64()]
        };
        let numbers = drawn(1);
        assert_eq!(numbers, drawn(1));
        assert!(numbers.iter().enumerate().all(|(at, one)| !numbers[..at].contains(one)));
        assert!(drawn(2).iter().all(|other| !numbers.contains(other)));
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
