//! A disk that refuses: a test may say of each change below a home whether it can be made.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::atomic;
use crate::store::error::Result;

type Asked = dyn Fn(&Path) -> io::Result<()> + Send + Sync;

/// What is asked before a file of a home is written, put into its place, or removed. The disk itself may
/// refuse as well, at any call; this is for a world in which the same change fails each time.
#[derive(Clone, Default)]
pub struct Refusals(Option<Arc<Asked>>);

impl Refusals {
    /// Has `asked` say, by the path, whether a change can be made, and if not, why.
    pub fn by(asked: impl Fn(&Path) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(asked)))
    }

    /// Lets the change of the file at `path` be made.
    ///
    /// # Errors
    /// When it is refused.
    pub(in crate::store) fn expect_none(&self, path: &Path) -> Result<()> {
        let Some(asked) = &self.0 else { return Ok(()) };
        asked(path).map_err(|error| atomic::cannot_write(path, error))
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusals").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use super::*;
    use crate::store::disk::home::Home;

    #[test]
    fn what_is_refused_is_not_changed_and_nothing_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
        let refused = paths[1].clone();
        let refuses = Refusals::by(move |path| match path == refused {
            true => Err(ErrorKind::StorageFull.into()),
            false => Ok(()),
        });
        let staged = |home: &Home| {
            let locked = home.lock().unwrap();
            paths.iter().map(|path| locked.stage(path, b"new").unwrap()).collect::<Vec<_>>()
        };
        let all = staged(&home);
        let strict = home.clone().with_refusals(refuses);
        let there = || paths.iter().map(|path| path.exists()).collect::<Vec<_>>();
        let locked = strict.lock().unwrap();
        assert!(locked.write(&paths[1], b"new").is_err());
        assert!(locked.put(all).is_err());
        assert_eq!(there(), [true, false, false]);
        drop(locked);
        let all = staged(&home);
        home.lock().unwrap().put(all).unwrap();
        let locked = strict.lock().unwrap();
        assert!(locked.remove(&paths[1]).is_err() && locked.remove_all(&paths).is_err());
        assert_eq!(there(), [false, true, true]);
        assert_eq!(fs::read(&paths[2]).unwrap(), b"new");
    }
}
