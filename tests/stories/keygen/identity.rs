//! What the key is made of, what it is called, and where it will stand on the web.

use std::fs;

use cloudim::openpgp::certificate::Certificate;
use cloudim::store::disk::home::Home;
use cloudim::store::identity::config::Config;
use pgp::composed::{Deserializable, SignedPublicKey, SignedSecretKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::types::{KeyDetails, KeyVersion};

use crate::common::peer::Peer;

fn armored(peer: &Peer, name: &str) -> String {
    fs::read_to_string(peer.home().join(name)).unwrap()
}

fn algorithms(peer: &Peer) -> (KeyVersion, Vec<PublicKeyAlgorithm>) {
    let (key, _) = SignedPublicKey::from_string(&armored(peer, "public/key.asc")).unwrap();
    let (secret, _) = SignedSecretKey::from_string(&armored(peer, "secret.asc")).unwrap();
    assert_eq!(secret.fingerprint(), key.fingerprint());
    let subkeys = key.public_subkeys.iter().map(|subkey| subkey.key.algorithm());
    let all = std::iter::once(key.primary_key.algorithm()).chain(subkeys).collect();
    assert_eq!(secret.secret_subkeys.len(), key.public_subkeys.len());
    (key.version(), all)
}

#[test]
fn the_default_identity_is_ready_for_quantum_computers() {
    let kinds = vec![
        PublicKeyAlgorithm::EdDSALegacy,
        PublicKeyAlgorithm::ECDH,
        PublicKeyAlgorithm::MlKem768X25519,
    ];
    assert_eq!(algorithms(&Peer::john()), (KeyVersion::V4, kinds));
}

#[test]
fn a_classic_identity_has_only_what_old_programs_know() {
    let peer = Peer::new("John", &["--profile", "classic"]);
    let kinds = vec![PublicKeyAlgorithm::EdDSALegacy, PublicKeyAlgorithm::ECDH];
    assert_eq!(algorithms(&peer), (KeyVersion::V4, kinds));
}

#[test]
fn the_certificate_has_the_name_as_its_one_user_id_and_keygen_prints_its_fingerprint() {
    let peer = Peer::without_identity("John");
    let printed = peer.ok(&["keygen", "--name", "Zoë <b>", "--no-passphrase"]);
    let (key, _) = SignedPublicKey::from_string(&armored(&peer, "public/key.asc")).unwrap();
    let users: Vec<_> = key.details.users.iter().map(|user| user.id.id().to_vec()).collect();
    assert_eq!(users, ["Zoë <b>".as_bytes()]);
    let certificate = Certificate::parse(armored(&peer, "public/key.asc").as_bytes()).unwrap();
    assert_eq!(printed, format!("{}\n", certificate.fingerprint()));
}

#[test]
fn names_that_look_like_markup_settings_or_paths_stay_what_they_are() {
    for name in [
        "CLOUD",
        "BASE_URL NAME",
        "PASSPHRASE_COMMAND",
        "../../etc/passwd",
        "a \"quoted\" \\ 'name' = [x]",
        "</title><script>alert(1)</script>&amp;",
        "{}\u{202e}gpj.exe",
        "名前",
        "-rf",
    ] {
        let peer = Peer::without_identity("x");
        let url = peer.address();
        let name_is = format!("--name={name}");
        peer.ok(&["keygen", &name_is, "--base-url", &url, "--no-passphrase"]);
        let config = Config::load(&Home::at(peer.home())).unwrap();
        assert_eq!((config.name.as_str(), config.base().unwrap().as_str()), (name, url.as_str()));
        let index = armored(&peer, "public/index.html");
        assert!(!index.contains("<script>"), "{index}");
        // Another can find it: card, key and WebFinger are well-formed.
        let mary = Peer::mary();
        mary.run(&["handshake", "invite", &url, "--output", "-"]).expect(0);
    }
}

#[test]
fn names_that_are_none_are_refused_and_nothing_is_written() {
    let long = "n".repeat(101);
    let wide = "🦀".repeat(70);
    for name in ["", "   ", "a\nb", "a\u{7}b", "\u{85}", long.as_str(), wide.as_str()] {
        let peer = Peer::without_identity("x");
        let name_is = format!("--name={name}");
        let stderr = peer.fails(&["keygen", &name_is, "--no-passphrase"], 2);
        assert!(stderr.contains("cannot be a name"), "{name:?}: {stderr}");
        assert!(!peer.home().exists());
    }
}

#[test]
fn without_a_name_the_login_name_is_taken_and_without_both_it_is_asked_for() {
    let peer = Peer::without_identity("x");
    let mut command = peer.command(&["keygen", "--no-passphrase"]);
    let output = command.env_remove("USER").env_remove("LOGNAME").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("what is your name?\nhint: --name NAME"), "{stderr}");
    let mut command = peer.command(&["keygen", "--no-passphrase"]);
    assert!(command.env("USER", "jsmith").output().unwrap().status.success());
    assert_eq!(Config::load(&Home::at(peer.home())).unwrap().name, "jsmith");
}

#[test]
fn a_base_url_is_a_folder_in_canonical_form() {
    for (given, kept) in [
        ("https://john.example", "https://john.example/"),
        ("https://HOST.Example/~John", "https://host.example/~John/"),
        ("https://john.example/im/#top", "https://john.example/im/"),
        ("https://john.example/im#top", "https://john.example/im/"),
        ("https://john.example:443/", "https://john.example/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ] {
        let peer = Peer::without_identity("x");
        peer.ok(&["keygen", "--name", "J", "--base-url", given, "--no-passphrase"]);
        let config = Config::load(&Home::at(peer.home())).unwrap();
        assert_eq!(config.base().unwrap().as_str(), kept);
        assert!(armored(&peer, "public/card.rss").contains(&format!("card=\"{kept}card.rss\"")));
    }
}

#[test]
fn a_base_url_that_cannot_be_one_is_refused_and_nothing_is_written() {
    for (given, status, why) in [
        ("https://john.example/?x=1", 1, "it has a query"),
        ("john.example", 2, "cannot use --base-url"),
        ("ftp://john.example/", 2, "neither http nor https"),
        ("https://john:secret@john.example/", 2, "it names a user"),
        ("", 2, "cannot use --base-url"),
    ] {
        let peer = Peer::without_identity("x");
        let stderr =
            peer.fails(&["keygen", "--name", "J", "--base-url", given, "--no-passphrase"], status);
        assert!(stderr.contains(why), "{given}: {stderr}");
        assert!(!peer.home().exists());
    }
}

#[test]
fn without_a_base_url_the_identity_says_how_it_can_be_found() {
    let peer = Peer::without_identity("John");
    let ran = peer.run(&["keygen", "--name", "John", "--no-passphrase"]).expect(0);
    assert!(ran.stderr.contains("hint: set base_url in config.toml"), "{}", ran.stderr);
    assert!(!peer.home().join("public/card.rss").exists());
    let mary = Peer::mary();
    let stderr = peer.fails(&["handshake", "invite", &mary.address(), "-o", "-"], 1);
    assert!(stderr.contains("this identity has no address on the web\nhint: set base_url"));
    peer.set("base_url", &format!("{:?}", peer.address()));
    peer.ok(&["publish"]);
    peer.ok(&["handshake", "invite", &mary.address(), "-o", "-"]);
}
