//! Which introduction counts as what (PROTOCOL §6).

use super::introduction::Introduction;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::url::Url;
use crate::protocol::{Error, Result};

/// Our identity, as far as the check of an introduction must know it.
#[derive(Clone, Debug)]
pub struct Us<'a> {
    /// Our fingerprint, and those of our former keys.
    pub fingerprints: &'a [Fingerprint],
    /// Our card's present and former URLs.
    pub cards: &'a [Url],
}

/// The signer of an introduction, and the key URL of its feed.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The fingerprint of the certificate that its signature verifies against.
    pub signer: &'a Fingerprint,
    /// The key URL of the feed that carries it; absent where that has none.
    pub key: Option<&'a Url>,
}

/// The facts of our own pending invitation.
#[derive(Clone, Debug)]
pub struct Pending<'a> {
    /// The hash of our introduction.
    pub hash: OctetsHash,
    /// The card that we invited; absent for a single-use invitation.
    pub card: Option<&'a Url>,
    /// The fingerprint of the certificate that we sealed to; likewise.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// Checks what invitations and acceptances have in common: the introduction is by whom it says, is
/// for us, and stands where it says.
///
/// # Errors
/// With what does not fit.
pub fn check(introduction: &Introduction, found: &Found<'_>, us: &Us<'_>) -> Result<()> {
    if introduction.fingerprint != *found.signer {
        return Err(Error::malformed(
            "the introduction names another key than the one that signed it",
        ));
    }
    if us.fingerprints.contains(&introduction.fingerprint) {
        return Err(Error::malformed("the introduction is our own"));
    }
    if found.key.is_some_and(|key| *key != introduction.key) {
        return Err(Error::malformed("the introduction and its feed name different key files"));
    }
    if introduction.to_fingerprint.as_ref().is_some_and(|to| !us.fingerprints.contains(to)) {
        return Err(Error::malformed("the introduction is addressed to somebody else"));
    }
    if introduction.to.as_ref().is_some_and(|to| !us.cards.contains(to)) {
        return Err(Error::malformed("the introduction is addressed to a card that is not ours"));
    }
    Ok(())
}

/// Checks that each URL in `introduction` that we would ask is one that `permits`: https, or http where
/// that is allowed (PROTOCOL §1).
///
/// # Errors
/// When one is not; the introduction is then refused whole.
pub fn check_urls(introduction: &Introduction, permits: impl Fn(&Url) -> bool) -> Result<()> {
    let Introduction { feed, key, card, handshake, .. } = introduction;
    let named = [("feed", Some(feed)), ("key", Some(key)), ("card", card.as_ref())];
    for (what, url) in named.into_iter().chain([("handshake", handshake.as_ref())]) {
        if let Some(url) = url.filter(|url| !permits(url)) {
            let what = format!("the {what} of the introduction is not https: {}", url.shortened());
            return Err(Error::malformed(what));
        }
    }
    Ok(())
}

/// Returns whether `introduction`, already checked, answers `pending` so that nobody need be asked.
pub fn accepts(introduction: &Introduction, pending: &Pending<'_>) -> bool {
    let invited = pending.card.is_some() && pending.fingerprint.is_some();
    invited
        && introduction.in_reply_to == Some(pending.hash)
        && introduction.card.as_ref() == pending.card
        && Some(&introduction.fingerprint) == pending.fingerprint
}

/// Returns whether `introduction`, already checked, is an invitation by the one whom we invited
/// ourselves.
pub fn crosses(introduction: &Introduction, pending: &Pending<'_>) -> bool {
    // One that names nobody waits for our answer, at no agreed place: ours cannot be it.
    pending.card.is_some()
        && introduction.to_fingerprint.is_some()
        && introduction.in_reply_to.is_none()
        && introduction.card.as_ref() == pending.card
        && Some(&introduction.fingerprint) == pending.fingerprint
}

/// Checks a later introduction by a pinned key: for `us`, by one of our keys, by that key, and in
/// answer to nothing but our own invitation.
///
/// # Errors
/// With what does not fit.
pub fn check_later(
    introduction: &Introduction,
    pinned: &Fingerprint,
    us: &[Fingerprint],
    invitation: Option<OctetsHash>,
) -> Result<()> {
    if introduction.fingerprint != *pinned {
        return Err(Error::malformed("the introduction names another key than the pinned one"));
    }
    if !introduction.to_fingerprint.as_ref().is_some_and(|to| us.contains(to)) {
        return Err(Error::malformed("the introduction is addressed to somebody else"));
    }
    if introduction.in_reply_to.is_some() && introduction.in_reply_to != invitation {
        return Err(Error::malformed("the introduction answers another invitation than ours"));
    }
    Ok(())
}

/// How an object that stands once compares to the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A higher serial of the same log, or a later log.
    Later,
    /// The same.
    Same,
    /// An older copy: to be ignored.
    Earlier,
    /// The same serial with other octets: proof of a fork.
    Fork,
}

/// Compares an introduction or state to the one in force (PROTOCOL §5, §6).
pub fn order(new: (LogId, u64, OctetsHash), in_force: Option<(LogId, u64, OctetsHash)>) -> Order {
    let Some(old) = in_force else { return Order::Later };
    match (new.0, new.1).cmp(&(old.0, old.1)) {
        std::cmp::Ordering::Greater => Order::Later,
        std::cmp::Ordering::Less => Order::Earlier,
        std::cmp::Ordering::Equal if new.2 == old.2 => Order::Same,
        std::cmp::Ordering::Equal => Order::Fork,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::time::from_canonical;

    fn fingerprint(letter: &str) -> Fingerprint {
        letter.repeat(40).parse().unwrap()
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn by_john() -> Introduction {
        Introduction {
            log: "urn:uuid:0199f0c2-0000-7000-8000-000000000001".parse().unwrap(),
            serial: 1,
            fingerprint: fingerprint("A"),
            name: None,
            feed: url("https://john.example/f/x.rss"),
            key: url("https://john.example/key.asc"),
            card: Some(url("https://john.example/card.rss")),
            handshake: None,
            to: Some(url("https://mary.example/card.rss")),
            to_fingerprint: Some(fingerprint("B")),
            reply: None,
            in_reply_to: None,
            replaces: None,
            time: from_canonical("2026-11-22T19:00:00Z").unwrap(),
            note: None,
            earlier: Vec::new(),
        }
    }

    fn judge(change: impl FnOnce(&mut Introduction)) -> Result<()> {
        let (mut introduction, john, mary) = (by_john(), fingerprint("A"), fingerprint("B"));
        let key = introduction.key.clone();
        change(&mut introduction);
        let found = Found { signer: &john, key: Some(&key) };
        check(
            &introduction,
            &found,
            &Us { fingerprints: &[mary], cards: &[url("https://mary.example/card.rss")] },
        )
    }

    #[test]
    fn an_invitation_counts_only_if_all_of_it_fits() {
        assert_eq!(judge(|_| ()), Ok(()));
        type Change = fn(&mut Introduction);
        let bad: [(Change, &str); 5] = [
            (|i| i.fingerprint = "C".repeat(40).parse().unwrap(), "another key"),
            (|i| i.to_fingerprint = Some("C".repeat(40).parse().unwrap()), "somebody else"),
            (|i| i.to = Some("https://eve.example/card.rss".parse().unwrap()), "not ours"),
            (|i| i.key = "https://eve.example/key.asc".parse().unwrap(), "key files"),
            (|i| i.fingerprint = "B".repeat(40).parse().unwrap(), "another key"),
        ];
        for (change, words) in bad {
            let error = judge(change).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn only_the_answer_of_whom_we_invited_is_believed_without_asking() {
        let (john, card, ours) =
            (fingerprint("A"), url("https://john.example/card.rss"), OctetsHash::of(b"ours"));
        let pending = Pending { hash: ours, card: Some(&card), fingerprint: Some(&john) };
        let answer = Introduction { in_reply_to: Some(ours), ..by_john() };
        assert!(accepts(&answer, &pending) && !crosses(&answer, &pending));
        assert!(crosses(&by_john(), &pending) && !accepts(&by_john(), &pending));
        assert!(!accepts(
            &Introduction { in_reply_to: Some(OctetsHash::of(b"other")), ..by_john() },
            &pending
        ));
        assert!(!accepts(&Introduction { card: None, ..answer.clone() }, &pending));
        let single_use = Pending { hash: ours, card: None, fingerprint: None };
        assert!(!accepts(&answer, &single_use) && !crosses(&by_john(), &single_use));
    }

    #[test]
    fn serials_and_logs_only_grow() {
        let log = |last: u8| {
            format!("urn:uuid:0199f0c2-0000-7000-8000-0000000000{last:02}")
                .parse::<LogId>()
                .unwrap()
        };
        let (a, b) = (OctetsHash::of(b"a"), OctetsHash::of(b"b"));
        assert_eq!(order((log(1), 1, a), None), Order::Later);
        assert_eq!(order((log(1), 2, a), Some((log(1), 1, b))), Order::Later);
        assert_eq!(order((log(2), 1, a), Some((log(1), 9, b))), Order::Later);
        assert_eq!(order((log(1), 9, a), Some((log(2), 1, b))), Order::Earlier);
        assert_eq!(order((log(1), 1, a), Some((log(1), 1, a))), Order::Same);
        assert_eq!(order((log(1), 1, a), Some((log(1), 1, b))), Order::Fork);
    }
}
