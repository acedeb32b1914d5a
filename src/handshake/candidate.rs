//! An introduction by somebody who is no contact yet, checked as far as it can be (PROTOCOL §6).

use std::time::Duration;

use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::open::{self, Opened, sealed_hash};
use crate::openpgp::message::refusal::{Refusal, Treatment};
use crate::protocol::feed::channel::Channel;
use crate::protocol::feed::{mail, strangers};
use crate::protocol::sealed::handshake::{self, Found, Us};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};
use crate::session::keys::Keys;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Trust;
use crate::store::disk::home::Home;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use jiff::Timestamp;

/// A checked introduction and the certificate that signed it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The introduction.
    pub introduction: Introduction,
    /// Its octets.
    pub octets: String,
    /// The hash of the sealed object it came in, where that is known.
    pub sealed: Option<SealedHash>,
    /// When it was signed, where that is known.
    pub signed: Option<Timestamp>,
    /// The certificate that signed it.
    pub certificate: Certificate,
    /// The hash of the key file, as the feed names it.
    pub key_hash: Option<Hash>,
    /// Whether its card was read, names itself, and carries its key.
    pub card_confirmed: bool,
    /// How sure we are of the certificate: the user may have been told its fingerprint.
    pub trust: Trust,
}

impl Candidate {
    /// The hash of the octets, by which an answer names it.
    pub fn hash(&self) -> OctetsHash {
        OctetsHash::of(self.octets.as_bytes())
    }
}

/// Reads an invitation file or acceptance file, or a mail with one in it: the certificate is the
/// one enclosed.
///
/// # Errors
/// When it is none, not for us, or not signed by that certificate.
pub fn from_file(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    document: &[u8],
) -> Result<Candidate> {
    let channel = Channel::parse(&mail::feed_in(document))
        .or_cannot(|| "this is no invitation".to_owned())?;
    let enclosed = channel.certificate.as_deref().ok_or_else(|| {
        Error::cannot("this is no invitation: there is no certificate in it")
            .hint("cloudim handshake invite --output FILE makes one")
    })?;
    let certificate = Certificate::parse_reduced(enclosed.as_bytes(), now)
        .or_cannot(|| "cannot use the certificate in the invitation".to_owned())?;
    let certificate = with_what_is_known(&identity.home, now, certificate)?;
    let sealed = introduction_of(&channel)?;
    let signed = open::open_signed(&sealed, &certificate, now);
    let is_signed_only = signed.is_ok();
    let opened = match signed {
        Ok(opened) => opened,
        Err(refusal) if refusal.treatment() != Treatment::Failed => return Err(refused(&refusal)),
        Err(_) => unseal(keys, now, &sealed, &certificate)?,
    };
    let candidate = checked(&identity.config, keys, now, &channel, &sealed, opened, certificate)?;
    if is_signed_only && candidate.introduction.to_fingerprint.is_some() {
        return Err(Error::cannot("this invitation is addressed, and yet not sealed"));
    }
    if !is_signed_only && candidate.introduction.to_fingerprint.is_none() {
        return Err(Error::cannot("this invitation is sealed, and yet not addressed"));
    }
    Ok(candidate)
}

/// `certificate`, which must be usable, as we know it: an old copy of a contact's certificate must not
/// undo what we know of it.
fn with_what_is_known(
    home: &Home,
    now: Timestamp,
    certificate: Certificate,
) -> Result<Certificate> {
    certificate.usable(now).map_err(|why| {
        Error::new(Kind::Trust, format!("the certificate in the invitation {why}"))
            .hint("ask its owner for a new one")
    })?;
    let Some(name) = contacts::contact_with(home, &certificate.fingerprint())? else {
        return Ok(certificate);
    };
    let known = contacts::certificate(home, &name)?;
    Ok(known.merged(&certificate, now).unwrap_or(known))
}

/// Reads the introduction of a feed that was fetched, which `certificate` must have signed for us.
///
/// # Errors
/// When there is none, or it does not fit.
pub fn from_feed(
    config: &Config,
    keys: &mut Keys,
    now: Timestamp,
    document: &[u8],
    certificate: Certificate,
) -> Result<Candidate> {
    let channel = strangers::channel(document)?;
    let sealed = introduction_of(&channel)?;
    let opened = unseal(keys, now, &sealed, &certificate)?;
    let candidate = checked(config, keys, now, &channel, &sealed, opened, certificate)?;
    if candidate.introduction.to_fingerprint.is_none() {
        return Err(Error::cannot("the introduction is addressed to nobody"));
    }
    Ok(candidate)
}

fn introduction_of(channel: &Channel) -> Result<String> {
    channel.introduction.clone().ok_or_else(|| Error::cannot("there is no introduction in it"))
}

fn unseal(
    keys: &mut Keys,
    now: Timestamp,
    sealed: &str,
    certificate: &Certificate,
) -> Result<Opened> {
    keys.unlock()?;
    keys.unseal(sealed, certificate, now).map_err(|refusal| refused(&refusal))
}

fn refused(refusal: &Refusal) -> Error {
    let kind = match refusal.treatment() {
        _ if refusal.is_of_trust() => Kind::Trust,
        Treatment::Forged => Kind::Integrity,
        Treatment::Held | Treatment::Failed => Kind::Cannot,
    };
    Error::new(kind, "cannot open the introduction").because(refusal.clone())
}

fn checked(
    config: &Config,
    keys: &Keys,
    now: Timestamp,
    channel: &Channel,
    sealed: &str,
    opened: Opened,
    certificate: Certificate,
) -> Result<Candidate> {
    let introduction = Introduction::parse(&opened.octets)?;
    let signed = Some(opened.signed);
    let octets = String::from_utf8(opened.octets)
        .or_cannot(|| "the introduction is not UTF-8".to_owned())?;
    let signer = certificate.fingerprint();
    let key = channel.key.as_ref();
    let found = Found { signer: &signer, key: key.map(|key| &key.url) };
    let (ours, cards) = (keys.fingerprints()?, config.cards());
    handshake::check(&introduction, &found, &Us { fingerprints: &ours, cards: &cards })?;
    let network = Network::of(config, Duration::ZERO);
    handshake::check_urls(&introduction, |url| network.permits(url))?;
    expect_log_of_the_past(&introduction, now)?;
    let key_hash = key.and_then(|key| key.hash);
    Ok(Candidate {
        introduction,
        octets,
        sealed: Some(sealed_hash(sealed)),
        signed,
        certificate,
        key_hash,
        card_confirmed: false,
        trust: Trust::FirstUse,
    })
}

/// Refuses a log that is dated over 24 hours ahead: nothing in it would be read until then.
fn expect_log_of_the_past(introduction: &Introduction, now: Timestamp) -> Result<()> {
    if !introduction.log.is_ahead_of(now) {
        return Ok(());
    }
    Err(Error::new(Kind::Trust, "the log of the introduction is of the future").hint(
        "one of your clocks is wrong: set it; if it is the other's, ask for another invitation",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, candidate, invitation};
    use crate::openpgp::message::seal;
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::session::testing::Person;

    fn john_and_mary() -> (Person, Person) {
        (Person::called("John"), Person::called("Mary"))
    }

    /// The invitation `document` with what `change` makes of it.
    fn changed(document: &str, change: impl FnOnce(&mut Channel)) -> String {
        let mut channel = Channel::parse(document.as_bytes()).unwrap();
        change(&mut channel);
        channel.write()
    }

    fn refused(reader: &mut Person, document: &str) -> Error {
        candidate(reader, document).unwrap_err()
    }

    #[test]
    fn an_invitation_is_by_whom_it_says_with_the_certificate_that_signed_it() {
        let (mut john, mut mary) = john_and_mary();
        for to in [None, Some(addressee(&john))] {
            let document = invitation(&mut mary, to);
            let by_mary = candidate(&mut john, &document).unwrap();
            assert_eq!(by_mary.certificate.fingerprint(), mary.certificate().fingerprint());
            assert_eq!(by_mary.introduction.name.as_deref(), Some("Mary"));
            assert_eq!(by_mary.trust, Trust::FirstUse);
        }
    }

    #[test]
    fn a_feed_without_certificate_or_introduction_is_no_invitation() {
        let (mut john, mut mary) = john_and_mary();
        let document = invitation(&mut mary, None);
        for (what, document) in [
            ("is no invitation", "<html/>".to_owned()),
            ("no certificate in it", changed(&document, |it| it.certificate = None)),
            ("no introduction in it", changed(&document, |it| it.introduction = None)),
        ] {
            let refused = refused(&mut john, &document);
            assert!(refused.message.contains(what), "{refused}");
        }
    }

    #[test]
    fn an_invitation_that_another_key_signed_than_the_one_in_it_is_refused() {
        let (mut john, mut mary) = john_and_mary();
        let eve = Person::called("Eve").certificate().to_armored();
        for to in [None, Some(addressee(&john))] {
            let document = invitation(&mut mary, to);
            let document = changed(&document, |it| it.certificate = Some(eve.clone()));
            assert_eq!(refused(&mut john, &document).kind, Kind::Trust);
        }
    }

    #[test]
    fn an_invitation_by_a_key_that_ended_is_refused() {
        let (mut john, mut mary) = john_and_mary();
        let document = invitation(&mut mary, None);
        mary.change_key(|key, now, rng| key.revoked(Reason::Retired, now, rng).unwrap());
        let ended = mary.certificate().to_armored();
        let document = changed(&document, |it| it.certificate = Some(ended));
        let refused = refused(&mut john, &document);
        assert_eq!(refused.kind, Kind::Trust);
        assert!(refused.message.contains("is revoked"), "{refused}");
    }

    #[test]
    fn an_old_copy_of_a_certificate_does_not_undo_what_is_known_of_a_contact() {
        let (mut john, mut mary) = john_and_mary();
        let document = invitation(&mut mary, None);
        accepted(&mut john, &document);
        mary.rotate();
        contacts::pin(&john.lock(), "mary", &mary.certificate()).unwrap();
        let again = candidate(&mut john, &document).unwrap();
        let subkey = |certificate: &Certificate| certificate.encryption_subkey(john.now());
        assert_eq!(subkey(&again.certificate), subkey(&mary.certificate()));
    }

    #[test]
    fn an_invitation_to_somebody_else_is_refused() {
        let (mut john, mut mary) = john_and_mary();
        let eve = Person::called("Eve");
        let document = invitation(&mut mary, Some(addressee(&eve)));
        assert_eq!(refused(&mut john, &document).kind, Kind::Cannot);
    }

    #[test]
    fn an_invitation_of_our_own_is_refused() {
        let mut john = Person::called("John");
        let document = invitation(&mut john, None);
        let refused = refused(&mut john, &document);
        assert!(refused.message.contains("is our own"), "{refused}");
    }

    #[test]
    fn what_names_somebody_is_sealed_and_what_names_nobody_is_not() {
        let (mut john, mut mary) = john_and_mary();
        let (to_john, to_anybody) =
            (invitation(&mut mary, Some(addressee(&john))), invitation(&mut mary, None));
        let addressed = candidate(&mut john, &to_john).unwrap().octets;
        let unaddressed = candidate(&mut john, &to_anybody).unwrap().octets;
        let (now, reader) = (mary.now(), john.certificate());
        let (secret, rng) = mary.run.keys.secret().unwrap();
        let signed = seal::sign(addressed.as_bytes(), secret, now, rng).unwrap();
        let sealed = seal::seal(unaddressed.as_bytes(), secret, &[&reader], now, rng).unwrap();
        for (words, introduction) in
            [("addressed, and yet not sealed", &signed), ("sealed, and yet not addressed", &sealed)]
        {
            let document = changed(&to_john, |it| it.introduction = Some(introduction.clone()));
            let refused = refused(&mut john, &document);
            assert!(refused.message.contains(words), "{refused}");
        }
        let feed = changed(&to_john, |it| it.introduction = Some(sealed));
        let (config, keys) = (&john.run.identity.config, &mut john.run.keys);
        let taken = from_feed(config, keys, now, feed.as_bytes(), mary.certificate());
        assert!(taken.unwrap_err().message.contains("addressed to nobody"));
    }

    #[test]
    fn an_invitation_in_a_feed_with_another_key_file_is_refused() {
        let (mut john, mut mary) = john_and_mary();
        let document = invitation(&mut mary, None);
        let elsewhere = "https://eve.example/key.asc".parse().unwrap();
        let document = changed(&document, |it| it.key.as_mut().unwrap().url = elsewhere);
        let refused = refused(&mut john, &document);
        assert!(refused.message.contains("different key files"), "{refused}");
    }
}
