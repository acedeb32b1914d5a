//! Attachments: files that lie sealed beside the feed (PROTOCOL §4).

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::content::sealing::cannot_seal;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::begins_encrypted;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::seal;
use crate::protocol;
use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store;
use crate::store::contact::history::log_entry::Attached;
use crate::store::contact::history::record::Record;
use crate::store::contact::offered::attachments;
use crate::store::disk::atomic::{self, Staged};
use crate::store::disk::home::Home;
use crate::store::disk::names;
use crate::store::identity::own::{Identity, Locked};
use crate::transport::client::{Answer, Conditions, Document, Failure};

const SCHEME: &str = "file://";

/// Describes the file at `path`, which is not sealed yet.
///
/// # Errors
/// When it cannot be read, or is too large.
pub fn describe(path: &Path) -> Result<Attachment> {
    let path =
        fs::canonicalize(path).or_cannot(|| format!("cannot attach `{}`", path.display()))?;
    let bytes = content(&path)?;
    let shown = path.to_str().ok_or_else(|| {
        Error::cannot(format!("cannot attach `{}`: its name is not UTF-8", path.display()))
    })?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("attachment").to_owned();
    Ok(Attachment {
        url: format!("{SCHEME}{shown}"),
        media_type: media_type(&name).to_owned(),
        name,
        size: bytes.len() as u64,
        hash: Hash::of(&bytes),
    })
}

/// Seals the files that `item` names, as it names them from then on. They are not beside the feed yet:
/// [`publish`] puts them there once the item's octets are kept.
///
/// # Errors
/// When a file changed since it was described, or cannot be sealed or written.
pub fn seal_files(
    locked: &Locked<'_>,
    keys: &mut Keys,
    item: &mut Item,
    to: &Certificate,
) -> Result<Vec<Staged>> {
    let mut sealed_files = Vec::new();
    for attachment in &mut item.attachments {
        let Some(path) = attachment.url.strip_prefix(SCHEME).map(PathBuf::from) else { continue };
        let bytes = content(&path)?;
        if Hash::of(&bytes) != attachment.hash {
            return Err(Error::cannot(format!(
                "`{}` has changed since it was attached",
                path.display()
            )));
        }
        let (own, now) = (keys.certificate()?.clone(), locked.now);
        let sealed = seal::seal_file(&bytes, &own, &[to], now, &mut keys.rng)
            .map_err(|cause| cannot_seal(keys, cause))?;
        let token = Token::new(&mut keys.rng);
        attachment.url = locked.config.base()?.join(&format!("b/{token}"))?.to_string();
        (attachment.size, attachment.hash) = (sealed.len() as u64, Hash::of(&sealed));
        sealed_files.push(locked.home.stage(&locked.home.attachment(&token), &sealed)?);
    }
    Ok(sealed_files)
}

/// Lays sealed files beside the feed. The octets that name them are on disk: otherwise nothing would
/// find what a run leaves that dies.
///
/// # Errors
/// When one cannot be put there.
pub fn publish(locked: &Locked<'_>, files: Vec<Staged>) -> store::error::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    locked.about_to_change_public()?;
    locked.home.put(files)
}

/// Puts the attachment `token` back as it was `announced`, out of the copy that the publish command saw last.
/// Returns whether that has it.
///
/// # Errors
/// When the copy cannot be read, or the file not written.
pub fn put_back(locked: &Locked<'_>, token: &Token, announced: &Attachment) -> Result<bool> {
    let Some(bytes) = attachments::copied(&locked.home, token, announced)? else {
        return Ok(false);
    };
    replace(locked, token, &bytes)?;
    Ok(true)
}

/// Writes `bytes` in the place of the attachment `token`, which was damaged.
///
/// # Errors
/// When they cannot be written.
pub fn replace(locked: &Locked<'_>, token: &Token, bytes: &[u8]) -> Result<()> {
    locked.about_to_change_public()?;
    Ok(locked.home.write(&locked.home.attachment(token), bytes)?)
}

/// Refuses an item whose attachments are not beside the feed any more, or not as it announces them.
///
/// # Errors
/// When one that is named as ours is not there.
pub fn expect_published(identity: &Identity, item: &Item) -> Result<()> {
    let folder = identity.config.base()?.join("b/")?;
    for attachment in &item.attachments {
        let token = attachment.url.strip_prefix(folder.as_str()).and_then(|t| t.parse().ok());
        let Some(token) = token else { continue };
        if !attachments::is_whole(&identity.home, &token, attachment)? {
            let name = attachment.name.escape_debug();
            return Err(Error::cannot(format!("the attachment `{name}` is here no more"))
                .hint("it was to be appended within a day: seal it again by cloudim encrypt"));
        }
    }
    Ok(())
}

/// Fetches what came with `record`, and writes it into `folder`, overwriting nothing. Returns the
/// files written.
///
/// # Errors
/// When it cannot be fetched, is not what was announced, or cannot be opened.
pub fn save(
    keys: &mut Keys,
    network: &Network,
    record: &Record,
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    keys.unlock()?;
    let mut written = Vec::new();
    for attached in record.attachments() {
        let sealed = fetch_sealed(network, attached)?;
        let plain = keys.unseal_file(&sealed).or_cannot(|| {
            format!("cannot open the attachment `{}`", attached.name.escape_debug())
        })?;
        written.push(write(folder, &names::of_file(&attached.name), &plain)?);
    }
    Ok(written)
}

/// Returns whether what lies sealed beside our feed as `attached` was made from a file of this
/// hash. Nothing speaks against it if the file has left, or only its reader can open it.
///
/// # Errors
/// When the file cannot be read, or the secret key is locked.
pub fn is_sealed_from(
    home: &Home,
    keys: &mut Keys,
    attached: &Attached,
    content: Hash,
) -> Result<bool> {
    let Some(token) = attachments::token_of(&attached.url) else { return Ok(false) };
    let Some(sealed) = atomic::read(&home.attachment(&token))? else { return Ok(true) };
    let opened = keys.unseal_file(&sealed).ok();
    Ok(opened.is_none_or(|plain| Hash::of(&plain) == content))
}

/// The sealed file, as it was announced. What a cache on the way, or a host that fails, gives in its place
/// is asked for once more.
fn fetch_sealed(network: &Network, attached: &Attached) -> Result<Vec<u8>> {
    let shown = format!("the attachment `{}`", attached.name.escape_debug());
    let url: Url = attached.url.parse().or_cannot(|| format!("cannot fetch {shown}"))?;
    let client = network.client()?;
    let get = |conditions| match client.get(&url, limits::ATTACHMENT + limits::SEALED, &conditions)
    {
        Ok(Answer::Document(document)) => Ok(document),
        // Nothing was asked for under a condition.
        Ok(Answer::Unchanged) => Err(out_of_reach(&shown, Failure::Status(304))),
        Err(failure) => Err(out_of_reach(&shown, failure)),
    };
    let mut document = get(Conditions::default())?;
    if Hash::of(&document.bytes) != attached.hash {
        document = get(Conditions::past_caches())?;
    }
    if Hash::of(&document.bytes) == attached.hash {
        return Ok(document.bytes);
    }
    Err(not_it(&shown, attached, &document))
}

/// The host gives nothing, or nothing of use: that may pass.
fn out_of_reach(shown: &str, failure: Failure) -> Error {
    let is_answer = failure.is_answer();
    let error = fetch::failed(shown, failure);
    if is_answer { Error { kind: Kind::Network, ..error } } else { error }
}

/// `document` came in the place of `attached`. Only a whole message is another file than was sent: a page
/// to log in at, or half a file, says no more than that the host fails.
fn not_it(shown: &str, attached: &Attached, document: &Document) -> Error {
    let (bytes, size) = (&document.bytes, document.bytes.len());
    if begins_encrypted(bytes) && size as u64 >= attached.size {
        return Error::new(Kind::Integrity, format!("{shown} is not the file that was sent"));
    }
    let kind = document.media_type.as_deref().map(|kind| format!("{kind}, ")).unwrap_or_default();
    let seen = format!("its host sends something else ({kind}{size} bytes)");
    Error::new(Kind::Network, format!("cannot fetch {shown}"))
        .because(protocol::Error::malformed(seen))
        .hint("it is asked for anew each time: try again later")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let (stem, extension) = name
        .rsplit_once('.')
        .map_or((name, String::new()), |(stem, rest)| (stem, format!(".{rest}")));
    let unused = |name: &str| folder.join(name).exists();
    let stem = names::unique(stem, |stem| unused(&format!("{stem}{extension}")));
    let path = folder.join(format!("{stem}{extension}"));
    let mut file =
        File::create_new(&path).or_cannot(|| format!("cannot write `{}`", path.display()))?;
    std::io::Write::write_all(&mut file, bytes)
        .or_cannot(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

fn content(path: &Path) -> Result<Vec<u8>> {
    let failed = || format!("cannot attach `{}`", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).or_cannot(failed)?;
    file.take(limits::ATTACHMENT as u64 + 1).read_to_end(&mut bytes).or_cannot(failed)?;
    if bytes.len() > limits::ATTACHMENT {
        return Err(Error::cannot(format!("{}: it is larger than 25 MiB", failed())));
    }
    Ok(bytes)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "txt" | "md" | "log" => "text/plain",
        "html" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::folder;
    use crate::writing::testing::{acquainted, item, keep, write_with_file};

    #[test]
    fn a_file_that_changed_since_it_was_described_is_not_sent() {
        let (mut john, _) = acquainted();
        let folder = folder();
        let path = folder.path().join("note.txt");
        fs::write(&path, "one").unwrap();
        let attachments = vec![describe(&path).unwrap()];
        let message = Item { attachments, ..item(&mut john, "a note") };
        fs::write(&path, "two").unwrap();
        let before = john.files();
        let refused = keep(&mut john, "mary", message, false).unwrap_err();
        assert!(refused.message.contains("has changed"), "{refused}");
        assert!(john.files() == before);
        assert_eq!(write_with_file(&mut john, "mary", &path), 1);
    }

    #[test]
    fn what_is_saved_overwrites_nothing() {
        let folder = folder();
        for (content, name) in [("one", "a.txt"), ("two", "a-2.txt"), ("three", "a-3.txt")] {
            let path = write(folder.path(), "a.txt", content.as_bytes()).unwrap();
            assert_eq!(path, folder.path().join(name));
        }
        assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), "one");
    }
}
