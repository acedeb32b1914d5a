//! Versions of a file below `public/` can be told apart by their size: tools and servers compare sizes,
//! and a feed is padded, so it often changes without growing. Each change has one line feed more at the
//! end than the one before, up to 15, and then none (PROTOCOL §1).

use std::path::Path;

use super::home::Home;
use super::{mirror, rebuildable};
use crate::protocol::values::token::Token;
use crate::store::error::Result;

/// The number of different endings.
const ENDINGS: usize = 16;

/// The longest file that is told apart, in bytes: longer ones are written once.
const MOST: usize = 1 << 20;

/// `content` as it is to be written to `path`, below `public/`: with another size than what stands there,
/// was shown to the publish command last, and was published last. The same content again is the same
/// bytes, and what was never there is as it is given: archives are written once. An attachment is always as
/// it is given, for its item names its hash.
///
/// # Errors
/// When nothing can be said about the file.
pub(super) fn told_apart(home: &Home, path: &Path, content: &[u8]) -> Result<Vec<u8>> {
    if is_attachment(home, path) {
        return Ok(content.to_vec());
    }
    let shown = mirror::shown(home, path);
    let standing = match rebuildable::read(path, MOST)? {
        Some(standing) => Some(standing),
        None => rebuildable::read(&shown.path, MOST)?,
    };
    let Some(standing) = standing else { return Ok(content.to_vec()) };
    let body = without_end(content);
    if body == without_end(&standing) || body.len() > MOST {
        return Ok(if body.len() > MOST { content.to_vec() } else { standing });
    }
    let mut sizes = shown.sizes;
    sizes.push(standing.len() as u64);
    let before = standing.len().saturating_sub(without_end(&standing).len());
    let endings = (1..ENDINGS).map(|more| before.saturating_add(more) % ENDINGS);
    let size = |ending: &usize| body.len().saturating_add(*ending) as u64;
    let ending = endings.into_iter().find(|ending| !sizes.contains(&size(ending)));
    let mut bytes = body.to_vec();
    bytes.resize(body.len().saturating_add(ending.unwrap_or_default()), b'\n');
    Ok(bytes)
}

fn is_attachment(home: &Home, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.parse().is_ok_and(|token: Token| home.attachment(&token) == path)
}

/// A file without the line feeds at its end: those say nothing.
pub fn without_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_change_has_one_line_feed_more_and_the_same_content_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let path = home.public().join("card.rss");
        let write = |content: &str| {
            home.lock().unwrap().write(&path, content.as_bytes()).unwrap();
            fs::read(&path).unwrap().len() - content.trim_end().len()
        };
        assert_eq!(write("a\n"), 1, "the first is as it is given");
        assert_eq!((write("b\n"), write("b\n"), write("c\n")), (2, 2, 3));
        // It has become shorter by what would come to it.
        assert_eq!(write("longer\n"), 4);
        assert_eq!(write("longe\n"), 6);
        let counts: Vec<usize> = ('d'..='n').map(|c| write(&format!("{c}\n"))).collect();
        assert_eq!(counts, [7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1]);
    }

    #[test]
    fn an_attachment_is_as_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let path = home.attachment(&"a".repeat(26).parse().unwrap());
        for content in ["cut\n", "whole\n\n"] {
            home.lock().unwrap().write(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content.as_bytes());
        }
    }

    #[test]
    fn no_version_has_the_size_of_the_one_that_was_published_last() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let path = home.public().join("card.rss");
        let write = |content: &str| home.lock().unwrap().write(&path, content.as_bytes()).unwrap();
        let size = || fs::metadata(&path).unwrap().len();
        let publishing = home.publishing(Duration::ZERO).unwrap();
        write("aaaaaa\n");
        mirror::update(&home, &publishing, &Default::default()).unwrap();
        mirror::has_published(&home, &publishing).unwrap();
        let published = size();
        // A run fails, another change follows: the host still has the first.
        write("aaaa\n");
        mirror::update(&home, &publishing, &Default::default()).unwrap();
        let failed = size();
        write("aa\n");
        write("aaa\n");
        assert!(size() != published && size() != failed);
        // What is lost meanwhile is remembered by its copy.
        fs::remove_file(&path).unwrap();
        write("aaaaa\n");
        assert!(size() != published && size() != failed, "{}", size());
    }
}
