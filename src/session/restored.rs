//! A home that was copied or restored must not write before it has read what it has published:
//! another copy may have gone on, and two that write as one would fork every log (DESIGN §4).

use super::keys::Keys;
use super::run::Run;
use super::web::fetch;
use super::web::network::Network;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::disk::home::Home;
use crate::store::identity::key_state::KeyState;
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::own_urls;
use crate::transport::client::{Answer, Conditions, Failure};
use jiff::Timestamp;

/// How many states a copy is thought to have published at most that this home does not know of.
const SKIPPED: u64 = 1_000;

/// Sees to it that this home may write. One that was copied or restored looks first at what it has
/// published: no lock waits for the network, so the commands that will write call this before.
///
/// # Errors
/// When the home is busy; or when it was copied or restored, and what it has published is newer than
/// what is here, or cannot be read.
pub fn catch_up(run: &mut Run) -> Result<()> {
    let now = run.clock.now();
    if run.identity.lock_although_copied(now)?.is_original()? {
        return Ok(());
    }
    // The network may take its time, and the lock must not.
    let published = compare_published(&run.identity, &run.network)?;
    let mut locked = run.identity.lock_although_copied(now)?;
    skip_serials(&locked)?;
    if let Some(published) = published {
        take_over(&locked, &mut run.keys, &published)?;
    }
    // What was sealed to us since the copy was made may be sealed to a subkey that is lost.
    let state = KeyState::load(&locked.home)?;
    KeyState { restored: Some(now), ..state }.save(&locked)?;
    Ok(locked.record()?)
}

/// Returns whether this home may write: it is no copy that has yet to catch up.
pub fn is_caught_up(identity: &Identity, now: Timestamp) -> bool {
    identity.lock(now).is_ok()
}

/// Leaves room for the states that a lost copy of this home may have published: a serial that
/// comes twice with other octets would be proof of a fork.
fn skip_serials(locked: &Locked<'_>) -> Result<()> {
    for name in contacts::list(&locked.home)? {
        let mut contact = Contact::load(&locked.home, &name)?;
        let state = &mut contact.ours.state;
        state.serial = state.serial.saturating_add(SKIPPED);
        contact.save(locked, &name)?;
    }
    Ok(())
}

/// Checks that nothing newer than what is here has been published. Returns our certificate as it
/// was published, if anybody reads us.
fn compare_published(identity: &Identity, network: &Network) -> Result<Option<Certificate>> {
    let names = contacts::list(&identity.home)?;
    for name in &names {
        let contact = Contact::load(&identity.home, name)?;
        let url = own_urls::feed_url(&identity.config, &contact.ours.token)?;
        let what = format!("our own feed for `{name}`");
        let Some(bytes) = published(network, &url, limits::FEED, &what)? else { continue };
        let channel = Channel::parse(&bytes).or_cannot(|| format!("cannot read {what}"))?;
        expect_nothing_new(&identity.home, name, &channel)?;
    }
    if names.is_empty() {
        return Ok(None);
    }
    let url = identity.config.base()?.join("key.asc")?;
    let bytes = published(network, &url, limits::CERTIFICATE, "our own certificate")?;
    Ok(bytes.map(|bytes| Certificate::parse(&bytes)).transpose()?)
}

/// The file at `url`, where we have put it.
fn published(network: &Network, url: &Url, limit: usize, what: &str) -> Result<Option<Vec<u8>>> {
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    match network.client()?.get(url, limit, &conditions) {
        Ok(Answer::Document(document)) => Ok(Some(document.bytes)),
        Ok(Answer::Unchanged) | Err(Failure::NotFound) => Ok(None),
        Err(failure) => Err(fetch::failed(what, failure).hint(
            "this home was copied or restored: before it writes, it must see what it has published",
        )),
    }
}

/// Takes over what was published of our certificate since the copy was made.
fn take_over(locked: &Locked<'_>, keys: &mut Keys, published: &Certificate) -> Result<()> {
    let ours = keys.certificate()?;
    if ours.fingerprint() != published.fingerprint() {
        return Err(Error::new(
            Kind::Integrity,
            format!(
                "our own certificate is published as {}, and this home has {}",
                published.fingerprint(),
                ours.fingerprint()
            ),
        )
        .hint("this is an older copy of the home: use the newer one"));
    }
    let merged = ours.merged(published, locked.now)?;
    if merged == *ours { Ok(()) } else { keys.replace_certificate(locked, merged) }
}

fn expect_nothing_new(home: &Home, name: &str, published: &Channel) -> Result<()> {
    let messages = Messages::of(home, name);
    for item in published.items.iter().filter(|item| item.is_sealed()) {
        let Ok(guid) = item.guid() else { continue };
        if messages.find(guid)?.is_none() {
            return Err(Error::new(Kind::Integrity, format!("our feed for `{name}` holds a message that this home never wrote: {guid}"))
                .hint("this is an older copy of the home: write from the newer one, or set read_only = true in config.toml"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::channel::FeedItem;
    use crate::protocol::values::guid::Guid;
    use crate::session::testing::Person;
    use crate::store::contact::history::record::{Direction, Record, What};
    use crate::store::testing::{contact, entry};

    #[test]
    fn a_message_that_this_home_never_wrote_tells_that_another_copy_went_on() {
        let john = Person::called("John");
        let home = john.home();
        contact('A').save(&john.lock(), "mary").unwrap();
        let guid: Guid = "urn:uuid:019b0000-0000-7000-8000-000000000001".parse().unwrap();
        let sealed = FeedItem::sealed(guid, "-----BEGIN PGP MESSAGE-----".to_owned());
        let plain = FeedItem { guid: Some(guid.to_string()), ..FeedItem::default() };
        let judge = |item: &FeedItem| {
            let published = Channel { items: vec![item.clone()], ..Channel::default() };
            expect_nothing_new(&home, "mary", &published).err().map(|error| error.kind)
        };
        assert_eq!(judge(&sealed), Some(Kind::Integrity));
        assert_eq!(judge(&plain), None);
        let what = What::Message { entry: entry(guid, guid, 1), trimmed: false };
        let record = Record::new(what, john.now(), "ours");
        let messages = Messages::of(&home, "mary");
        let sent = Record { direction: Direction::Sent, ..record };
        messages.append(&john.lock(), &mut [sent]).unwrap();
        assert_eq!(judge(&sealed), None);
    }

    #[test]
    fn states_leave_room_for_those_that_a_lost_copy_may_have_published() {
        let mut john = Person::called("John");
        contact('A').save(&john.lock(), "mary").unwrap();
        john.update("mary", |mary| mary.ours.state.serial = 7);
        let (locked, _, _) = john.hands();
        skip_serials(&locked).unwrap();
        drop(locked);
        assert_eq!(john.contact("mary").ours.state.serial, 7 + SKIPPED);
    }

    #[test]
    fn what_was_published_of_our_certificate_is_taken_over_and_that_of_another_key_is_not() {
        let mut john = Person::called("John");
        let before = john.certificate();
        john.rotate();
        let published = john.certificate();
        let home = john.home();
        home.write(&home.key(), before.to_armored().as_bytes()).unwrap();
        john.run.keys.forget_certificate();
        let (locked, keys, _) = john.hands();
        take_over(&locked, keys, &published).unwrap();
        let now = locked.now;
        assert_eq!(
            keys.certificate().unwrap().encryption_subkey(now),
            published.encryption_subkey(now)
        );
        let eve = Person::called("Eve").certificate();
        assert_eq!(take_over(&locked, keys, &eve).unwrap_err().kind, Kind::Integrity);
    }
}
