//! What others certify of our key is published with it.

use cloudim::openpgp::certificate::Certificate;
use pgp::composed::{Deserializable, SignedPublicKey, SignedSecretKey};
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, Password, Tag, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::common::peer::{Peer, Ran, friends};

/// The certificate of `of` with a certification of its User ID by the unlocked key of `by`.
fn certified(of: &Peer, by: &Peer) -> Vec<u8> {
    let (mut key, _) = SignedPublicKey::from_string(&of.ok(&["key", "export"])).unwrap();
    let secret = std::fs::read_to_string(by.home().join("secret.asc")).unwrap();
    let signer = SignedSecretKey::from_string(&secret).unwrap().0.primary_key;
    let rng = StdRng::seed_from_u64(1);
    let mut config = SignatureConfig::from_key(rng, &signer, SignatureType::CertPositive).unwrap();
    let now = Timestamp::now();
    config.hashed_subpackets = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(now)).unwrap(),
        Subpacket::regular(SubpacketData::IssuerFingerprint(signer.fingerprint())).unwrap(),
    ];
    let (none, user) = (Password::empty(), &mut key.details.users[0]);
    let primary = &key.primary_key;
    let signature =
        config.sign_certification_third_party(&signer, &none, primary, Tag::UserId, &user.id);
    user.signatures.push(signature.unwrap());
    key.to_bytes().unwrap()
}

fn fingerprint(peer: &Peer) -> String {
    Certificate::parse(peer.ok(&["key", "export"]).as_bytes()).unwrap().fingerprint().to_string()
}

fn certifiers(peer: &Peer) -> Vec<String> {
    let shown = peer.ok(&["key", "show"]);
    shown
        .lines()
        .filter_map(|line| line.strip_prefix("certified by\t"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_certification_is_merged_published_and_survives_every_change_of_the_key() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    let other = certified(&john, &anna);
    let ran = john.feed(&["key", "merge", "-"], &other).expect(0);
    let by = fingerprint(&anna);
    assert_eq!(ran.stderr, format!("`John` is certified by {by}\n"));
    assert_eq!(certifiers(&john), [by.as_str()]);
    let once = john.ok(&["key", "export"]);
    john.feed(&["key", "merge", "-"], &other).expect(0);
    assert_eq!(john.ok(&["key", "export"]), once, "the same again changes nothing");
    // To contacts nothing of it matters.
    assert_eq!(mary.poll(), [""; 0]);
    mary.send(&john, "still there?");
    assert_eq!(john.poll(), ["still there?"]);
    john.ok(&["key", "rotate"]);
    assert_eq!(certifiers(&john), [by.as_str()]);
    let kept = mary.ok(&["contact", "show", "john", "--certificate"]);
    let kept = SignedPublicKey::from_string(&kept).unwrap().0;
    assert_eq!(kept.details.users[0].signatures.len(), 1);
}

#[test]
fn a_merge_takes_no_passphrase_and_only_whom_it_was_told() {
    let (john, _) = Peer::locked("John", &[]);
    let (anna, eve) = (Peer::new("Anna", &[]), Peer::new("Eve", &[]));
    let merge = |by: &Peer| -> Ran {
        let only = fingerprint(&anna);
        john.feed(&["key", "merge", "-", "--by", &only], certified(&john, by)).expect(0)
    };
    merge(&eve);
    assert_eq!(certifiers(&john), [""; 0]);
    merge(&anna);
    assert_eq!(certifiers(&john), [fingerprint(&anna)]);
}

#[test]
fn what_is_not_our_certificate_is_refused() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let before = john.ok(&["key", "export"]);
    for (other, why) in [
        (mary.ok(&["key", "export"]), "the certificate of `"),
        (std::fs::read_to_string(john.home().join("secret.asc")).unwrap(), "expected armor"),
        ("nonsense".to_owned(), "expected armor"),
    ] {
        let ran = john.feed(&["key", "merge", "-"], other).expect(1);
        assert!(ran.stderr.contains("error: cannot merge `-`: "), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    assert!(john.fails(&["key", "merge", "/nowhere"], 1).contains("cannot read `/nowhere`"));
    assert_eq!(john.ok(&["key", "export"]), before);
}
