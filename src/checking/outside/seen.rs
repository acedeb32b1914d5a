//! The verdict on a file of ours, by what came for it.

use super::files::Role;
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::feed::webfinger;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;
use crate::transport::client::{Document, Failure};

/// What came for a file.
pub type Got = Result<Document, Failure>;

/// The file as it is here.
pub struct Here<'a> {
    /// What it is for.
    pub role: Role,
    /// The hash that its item announces, if it is an attachment: what is here may be damaged.
    pub announced: Option<Hash>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its URL.
    pub url: &'a Url,
    /// Our keys, and those that were ours.
    pub fingerprints: &'a [Fingerprint],
    /// Whether this home knows the item.
    pub knows: &'a dyn Fn(Guid) -> bool,
}

/// How a file of ours looks from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As it is here.
    AsHere,
    /// As it is here, under a media type that makes others take it for something else.
    WrongType(Option<String>),
    /// A cache between shows another, the host itself what is here.
    StaleCache,
    /// Another copy of ours: an older one.
    Older,
    /// A copy with items that this home never wrote.
    Newer,
    /// It is of another key.
    OtherKey,
    /// Something else, of that media type.
    Replaced(Option<String>),
    /// It is not there.
    Missing,
    /// The host gives nothing.
    Failed(Failure),
}

impl Verdict {
    /// Whether the host has what is here.
    pub fn is_seen(&self) -> bool {
        matches!(self, Self::AsHere | Self::WrongType(_) | Self::StaleCache)
    }

    /// Whether the host is out of reach.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Failed(Failure::Unreachable(_) | Failure::Refused(_)))
    }
}

/// Judges a file by what came for it as any reader asks, and where that was not what is here, by what
/// came `fresh`, past the caches.
pub fn judge(here: &Here<'_>, plain: &Got, fresh: Option<&Got>) -> Verdict {
    let first = by(here, plain);
    match fresh.map(|fresh| by(here, fresh)) {
        _ if first.is_seen() => first,
        Some(second) if second.is_seen() => Verdict::StaleCache,
        Some(second) => second,
        None => first,
    }
}

fn by(here: &Here<'_>, got: &Got) -> Verdict {
    match got {
        Ok(document) => compared(here, document),
        Err(Failure::NotFound) => Verdict::Missing,
        Err(failure) => Verdict::Failed(failure.clone()),
    }
}

fn compared(here: &Here<'_>, document: &Document) -> Verdict {
    let bytes = &document.bytes;
    let is_it = match here.announced {
        Some(announced) => Hash::of(bytes) == announced,
        None => bytes == here.bytes,
    };
    if is_it {
        return typed(here.role, document.media_type.as_deref());
    }
    let other = || Verdict::Replaced(document.media_type.clone());
    let verdict = match here.role {
        Role::Key => certificate(here, bytes),
        Role::WebFinger => answer(here, bytes),
        Role::Card | Role::Feed | Role::Archive => channel(here, bytes),
        Role::Attachment => None,
    };
    match verdict {
        Some(Verdict::AsHere) => typed(here.role, document.media_type.as_deref()),
        verdict => verdict.unwrap_or_else(other),
    }
}

/// The verdict on the right bytes under this media type. A page is what browsers and readers take for
/// no feed; what they guess for themselves does no harm.
fn typed(role: Role, media_type: Option<&str>) -> Verdict {
    let is_page =
        media_type.is_some_and(|kind| kind == "text/html" || kind == "application/xhtml+xml");
    let is_feed = media_type.is_some_and(|kind| kind.ends_with("xml"));
    let fits = match role {
        Role::Card | Role::Feed | Role::Archive => is_feed && !is_page,
        Role::Key | Role::WebFinger => !is_page,
        Role::Attachment => true,
    };
    if fits { Verdict::AsHere } else { Verdict::WrongType(media_type.map(str::to_owned)) }
}

/// The verdict on `bytes` if they are a certificate.
fn certificate(here: &Here<'_>, bytes: &[u8]) -> Option<Verdict> {
    let seen = Certificate::parse(bytes).ok()?;
    if Certificate::parse(here.bytes).is_ok_and(|ours| ours == seen) {
        return Some(Verdict::AsHere);
    }
    let is_ours = here.fingerprints.contains(&seen.fingerprint());
    Some(if is_ours { Verdict::Older } else { Verdict::OtherKey })
}

/// The verdict on `bytes` if they answer for somebody.
fn answer(here: &Here<'_>, bytes: &[u8]) -> Option<Verdict> {
    let account = here.url.as_str().split_once("resource=").map_or("", |(_, account)| account);
    let card = webfinger::parse(bytes, account).ok()?;
    let ours = webfinger::parse(here.bytes, account).ok();
    Some(if ours == Some(card) { Verdict::AsHere } else { Verdict::Older })
}

/// The verdict on `bytes` if they are a feed of somebody who uses this protocol.
fn channel(here: &Here<'_>, bytes: &[u8]) -> Option<Verdict> {
    let seen = Channel::parse_ours(bytes).ok()?;
    if Channel::parse(here.bytes).is_ok_and(|ours| ours == seen) {
        return Some(Verdict::AsHere);
    }
    if seen.key.as_ref().is_some_and(|key| !here.fingerprints.contains(&key.fingerprint)) {
        return Some(Verdict::OtherKey);
    }
    let sealed = seen.items.iter().filter(|item| item.is_sealed());
    let mut guids = sealed.filter_map(|item: &FeedItem| item.guid().ok());
    Some(if guids.all(here.knows) { Verdict::Older } else { Verdict::Newer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::key;
    use crate::protocol::feed::channel::KeyElement;

    const RSS: Option<&str> = Some("application/rss+xml");

    fn got(bytes: impl AsRef<[u8]>, media_type: Option<&str>) -> Got {
        Ok(Document {
            bytes: bytes.as_ref().to_vec(),
            url: url(),
            etag: None,
            last_modified: None,
            media_type: media_type.map(str::to_owned),
        })
    }

    fn url() -> Url {
        "https://john.example/.well-known/webfinger?resource=acct:john@john.example"
            .parse()
            .unwrap()
    }

    fn fingerprint(letter: char) -> Fingerprint {
        letter.to_string().repeat(40).parse().unwrap()
    }

    fn guid(last: u8) -> Guid {
        format!("urn:uuid:019b0000-0000-7000-8000-0000000000{last:02}").parse().unwrap()
    }

    /// A feed by the key `letter` with these items.
    fn feed(letter: char, items: &[u8]) -> String {
        let key = KeyElement {
            fingerprint: fingerprint(letter),
            hash: None,
            url: "https://john.example/key.asc".parse().unwrap(),
        };
        let sealed =
            |last: &u8| FeedItem::sealed(guid(*last), "-----BEGIN PGP MESSAGE-----".to_owned());
        let items = items.iter().map(sealed).collect();
        Channel { title: "x".to_owned(), key: Some(key), items, ..Channel::default() }.write()
    }

    fn judged(role: Role, bytes: &str, plain: Got, fresh: Option<Got>) -> Verdict {
        let here = Here {
            role,
            announced: None,
            bytes: bytes.as_bytes(),
            url: &url(),
            fingerprints: &[fingerprint('A')],
            knows: &|known| known == guid(1) || known == guid(2),
        };
        judge(&here, &plain, fresh.as_ref())
    }

    #[test]
    fn what_is_here_is_compared_with_what_the_host_has() {
        let ours = feed('A', &[2, 1]);
        let of = |plain: Got| judged(Role::Feed, &ours, plain, None);
        assert_eq!(of(got(&ours, RSS)), Verdict::AsHere);
        // White space around it is no other feed.
        assert_eq!(of(got(format!("{ours}\n\n"), RSS)), Verdict::AsHere);
        assert_eq!(of(got(feed('A', &[1]), RSS)), Verdict::Older);
        assert_eq!(of(got(feed('A', &[3, 2, 1]), RSS)), Verdict::Newer);
        assert_eq!(of(got(feed('B', &[2, 1]), RSS)), Verdict::OtherKey);
        for page in ["<html><title>Log in</title>", "", &ours[..ours.len() / 2]] {
            let html = Some("text/html");
            assert_eq!(
                of(got(page, html)),
                Verdict::Replaced(Some("text/html".to_owned())),
                "{page}"
            );
        }
        assert_eq!(of(Err(Failure::NotFound)), Verdict::Missing);
        assert_eq!(of(Err(Failure::Status(500))), Verdict::Failed(Failure::Status(500)));
    }

    #[test]
    fn what_only_a_cache_shows_is_told_from_what_the_host_has() {
        let (ours, old) = (feed('A', &[2, 1]), feed('A', &[1]));
        let of = |plain: Got, fresh: Got| judged(Role::Feed, &ours, plain, Some(fresh));
        assert_eq!(of(got(&old, RSS), got(&ours, RSS)), Verdict::StaleCache);
        assert_eq!(of(Err(Failure::NotFound), got(&ours, RSS)), Verdict::StaleCache);
        assert_eq!(of(got(&old, RSS), got(&old, RSS)), Verdict::Older);
        assert_eq!(of(got(&old, RSS), Err(Failure::NotFound)), Verdict::Missing);
    }

    #[test]
    fn a_media_type_is_wrong_where_it_says_that_the_file_is_something_else() {
        let is_fine = |role, kind| judged(role, "x", got("x", kind), None) == Verdict::AsHere;
        for kind in [RSS, Some("application/xml"), Some("text/xml")] {
            assert!(is_fine(Role::Card, kind) && is_fine(Role::Feed, kind), "{kind:?}");
        }
        for kind in [None, Some("text/plain"), Some("application/octet-stream"), Some("text/html")]
        {
            assert!(!is_fine(Role::Card, kind) && is_fine(Role::Attachment, kind), "{kind:?}");
        }
        assert!(
            is_fine(Role::Key, None) && is_fine(Role::WebFinger, Some("application/octet-stream"))
        );
        assert!(!is_fine(Role::Key, Some("text/html")));
    }

    #[test]
    fn an_attachment_is_seen_by_its_hash_whatever_is_left_of_it_here() {
        let of = |seen: &str| {
            let here = Here {
                role: Role::Attachment,
                announced: Some(Hash::of(b"sealed")),
                bytes: b"cut",
                url: &url(),
                fingerprints: &[],
                knows: &|_| true,
            };
            judge(&here, &got(seen, None), None)
        };
        assert_eq!(of("sealed"), Verdict::AsHere);
        assert_eq!(of("cut"), Verdict::Replaced(None));
    }

    #[test]
    fn a_certificate_of_ours_is_told_from_another_s() {
        let (john, mary) = (key(Profile::Classic, "John"), key(Profile::Classic, "Mary"));
        let (ours, theirs) = (john.certificate(), mary.certificate());
        let armored = ours.to_armored();
        let verdict = |seen: &str| {
            let here = Here {
                role: Role::Key,
                announced: None,
                bytes: armored.as_bytes(),
                url: &url(),
                fingerprints: &[ours.fingerprint()],
                knows: &|_| true,
            };
            judge(&here, &got(seen, None), None)
        };
        assert_eq!(verdict(&format!("\n{}", ours.to_armored())), Verdict::AsHere);
        assert_eq!(verdict(&theirs.to_armored()), Verdict::OtherKey);
        assert_eq!(verdict("<html>"), Verdict::Replaced(None));
    }

    #[test]
    fn an_answer_to_who_asks_for_an_account_counts_by_the_card_that_it_names() {
        let answer =
            |card: &str| webfinger::write("acct:john@john.example", &card.parse().unwrap());
        let ours = answer("https://john.example/card.rss");
        let of = |seen: &str| judged(Role::WebFinger, &ours, got(seen, None), None);
        assert_eq!(of(&ours.replace('\n', " ")), Verdict::AsHere);
        assert_eq!(of(&answer("https://john.example/old.rss")), Verdict::Older);
        assert_eq!(of("{}"), Verdict::Replaced(None));
    }
}
