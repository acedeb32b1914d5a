//! What of ours stands on the web: each file, where it lies here, and its URL.

use std::path::PathBuf;

use crate::error::Result;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::url::{self, Url};
use crate::publishing::pages;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::octets::Octets;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Made};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The card, by which others find us.
    Card,
    /// Our certificate.
    Key,
    /// The answer to who asks for `name@host`.
    WebFinger,
    /// A feed for a contact.
    Feed,
    /// An older part of such a feed.
    Archive,
    /// An attachment.
    Attachment,
}

impl Role {
    /// The most that is read of such a file.
    pub fn limit(self) -> usize {
        match self {
            Self::Card | Self::WebFinger => limits::STRANGER,
            Self::Key => limits::CERTIFICATE,
            Self::Feed | Self::Archive => limits::FEED,
            Self::Attachment => limits::ATTACHMENT,
        }
    }

    /// How many such files are asked for at once: large ones wait in memory.
    pub fn at_once(self) -> usize {
        if self == Self::Attachment { 3 } else { 16 }
    }
}

/// A file of ours.
#[derive(Clone, Debug)]
pub struct File {
    /// What it is for.
    pub role: Role,
    /// Its path below `public/`, with its token shortened.
    pub name: String,
    /// Its place here.
    pub path: PathBuf,
    /// Its URL.
    pub url: Url,
    /// The contact that it is for, if it is for one.
    pub contact: Option<String>,
    /// The hash that its item announces, if it is an attachment.
    pub announced: Option<Hash>,
}

/// The files by which others find us.
///
/// # Errors
/// When there is no base URL, or it is too long.
pub fn pages(identity: &Identity) -> Result<Vec<File>> {
    let (home, base) = (&identity.home, identity.config.base()?);
    let file = |role, name: &str, url| {
        let (name, path) = (name.to_owned(), home.public().join(name));
        File { role, name, path, url, contact: None, announced: None }
    };
    let mut files = vec![
        file(Role::Card, "card.rss", base.join("card.rss")?),
        file(Role::Key, "key.asc", base.join("key.asc")?),
    ];
    files.extend(
        finger(&identity.config, base)?
            .map(|url| file(Role::WebFinger, ".well-known/webfinger", url)),
    );
    Ok(files)
}

/// The URL that answers for `name@host`. A host is asked at its root alone.
fn finger(config: &Config, base: &Url) -> Result<Option<Url>> {
    if base.path() != "/" {
        return Ok(None);
    }
    let asked = format!("/.well-known/webfinger?resource={}", pages::account(config, base));
    Ok(Some(base.join(&asked)?))
}

/// The files for the contact called `name`, the feed first, those that are there. What cannot be read is
/// told by another check.
pub fn of_contact(identity: &Identity, name: &str) -> Vec<File> {
    let mut files = feeds(identity, name).unwrap_or_default();
    files.retain(|file| file.announced.is_some() || file.path.is_file());
    files
}

fn feeds(identity: &Identity, name: &str) -> Result<Vec<File>> {
    let (home, config) = (&identity.home, &identity.config);
    let ours = Contact::load(home, name)?.ours;
    let file = |role, path: PathBuf, url: Url| {
        let below = path.strip_prefix(home.public()).unwrap_or(&path).display().to_string();
        let (name, contact) = (url::shortened(&below), Some(name.to_owned()));
        File { role, name, path, url, contact, announced: None }
    };
    let mut files = Vec::new();
    for token in std::iter::once(&ours.token).chain(&ours.answers) {
        files.push(file(Role::Feed, home.feed(token), own_urls::feed_url(config, token)?));
    }
    for archive in &ours.archives {
        let path = home.archive(&ours.token, archive.number);
        let url = own_urls::archive_url(config, &ours.token, archive.number)?;
        files.push(file(Role::Archive, path, url));
    }
    for (token, announced) in Octets::of(home, name).announced()? {
        let url = config.base()?.join(&format!("b/{token}"))?;
        let file = file(Role::Attachment, home.attachment(&token), url);
        files.push(File { announced: Some(announced.hash), ..file });
    }
    Ok(files)
}

/// The feeds of the invitations that wait for an answer, those that are there.
pub fn of_invitations(identity: &Identity) -> Vec<File> {
    let made = invitations::made(&identity.home).unwrap_or_default();
    let file = |made: &Made| {
        let path = identity.home.feed(&made.token);
        let url = own_urls::feed_url(&identity.config, &made.token).ok()?;
        let name = url::shortened(&format!("f/{}.rss", made.token));
        // Once a contact has it, it is among those for that contact.
        let is_pending = contacts::reader_of(&identity.home, &made.token).ok()?.is_none();
        let is_there = is_pending && path.is_file();
        is_there.then_some(File {
            role: Role::Feed,
            name,
            path,
            url,
            contact: None,
            announced: None,
        })
    };
    made.iter().filter_map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::writing::testing::{acquainted, write, write_with_file};

    fn names(files: &[File]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn an_address_like_an_account_s_is_asked_for_at_the_root_alone() {
        let john = Person::called("John");
        let files = pages(&john.run.identity).unwrap();
        assert_eq!(names(&files), ["card.rss", "key.asc", ".well-known/webfinger"]);
        let asked = "https://john.example/.well-known/webfinger?resource=acct:john@john.example";
        assert_eq!(files[2].url.as_str(), asked);
        let below = Person::at("John", "https://john.example/im/");
        assert_eq!(names(&pages(&below.run.identity).unwrap()), ["card.rss", "key.asc"]);
    }

    #[test]
    fn of_a_contact_it_is_what_is_there_and_tokens_are_not_told() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        write_with_file(&mut john, "mary", std::path::Path::new("Cargo.toml"));
        let files = of_contact(&john.run.identity, "mary");
        let roles: Vec<Role> = files.iter().map(|file| file.role).collect();
        assert_eq!(roles, [Role::Feed, Role::Attachment]);
        let token = john.contact("mary").ours.token;
        assert!(files[0].url.as_str().ends_with(&format!("/f/{token}.rss")));
        assert!(!files[0].name.contains(token.as_str()), "{}", files[0].name);
        std::fs::remove_file(&files[1].path).unwrap();
        assert_eq!(of_contact(&john.run.identity, "mary").len(), 2, "its hash is known");
        std::fs::remove_file(&files[0].path).unwrap();
        assert_eq!(of_contact(&john.run.identity, "mary").len(), 1);
    }
}
