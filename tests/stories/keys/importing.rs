//! A key that another program made becomes an identity.

use std::fs;
use std::path::PathBuf;

use cloudim::openpgp::secret_key::SecretKey;
use cloudim::store::disk::home::Home;
use cloudim::store::identity::config::Config;
use pgp::composed::{EncryptionCaps, KeyType, SecretKeyParamsBuilder, SubkeyParamsBuilder};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::ser::Serialize;
use pgp::types::KeyVersion;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::common::peer::{PASSPHRASE, Peer, befriend};

const CV25519: KeyType = KeyType::ECDH(ECCCurve::Curve25519Legacy);

/// What a key of another program is made of.
struct Made {
    version: KeyVersion,
    primary: KeyType,
    signs: bool,
    subkeys: Vec<KeyType>,
    passphrase: Option<String>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            version: KeyVersion::V4,
            primary: KeyType::Ed25519Legacy,
            signs: true,
            subkeys: vec![CV25519],
            passphrase: None,
        }
    }
}

impl Made {
    fn bytes(&self) -> Vec<u8> {
        let mut rng = StdRng::seed_from_u64(7);
        let mut key = SecretKeyParamsBuilder::default();
        key.version(self.version).key_type(self.primary.clone()).can_certify(true);
        key.can_sign(self.signs).passphrase(self.passphrase.clone());
        key.primary_user_id("Mary Smith <mary@example.org>".to_owned());
        key.user_ids(vec!["Mary (work) <mary@work.example>".to_owned()]);
        for kind in &self.subkeys {
            let mut subkey = SubkeyParamsBuilder::default();
            subkey.version(self.version).key_type(kind.clone());
            subkey.passphrase(self.passphrase.clone());
            match kind {
                KeyType::Ed25519Legacy | KeyType::Ed25519 => subkey.can_sign(true),
                _ => subkey.can_encrypt(EncryptionCaps::All),
            };
            key.subkey(subkey.build().unwrap());
        }
        let key = key.build().unwrap().generate(&mut rng).unwrap();
        key.to_bytes().unwrap()
    }
}

/// Mary, with that key in a file, and no identity yet.
fn mary(made: &Made) -> (Peer, PathBuf) {
    let mary = Peer::without_identity("Mary");
    let file = mary.file("exported");
    fs::write(&file, made.bytes()).unwrap();
    (mary, file)
}

fn keygen(mary: &Peer, file: &std::path::Path) -> Vec<String> {
    let (url, file) = (mary.address(), file.to_str().unwrap());
    ["keygen", "--base-url", &url, "--import", file].map(str::to_owned).to_vec()
}

fn import(mary: &Peer, file: &std::path::Path, args: &[&str]) -> crate::common::peer::Ran {
    let keygen = keygen(mary, file);
    mary.run(&[&keygen.iter().map(String::as_str).collect::<Vec<_>>(), args].concat())
}

/// Messages go both ways, one of them with a picture.
#[track_caller]
fn assert_talks(mary: &Peer) {
    let john = Peer::john();
    befriend(&john, mary);
    let picture = john.file("cat.png");
    fs::write(&picture, [0, 1, 2]).unwrap();
    john.ok(&["send", "mary", "-m", "dinner?", "-a", picture.to_str().unwrap()]);
    assert_eq!(mary.poll(), ["dinner?"]);
    mary.send(&john, "gladly");
    assert_eq!(john.poll(), ["gladly"]);
    assert!(john.ok(&["status"]).contains("all well"), "what mary has is acknowledged");
}

#[test]
fn it_is_called_as_its_user_id_says_and_speaks_at_once() {
    let (mary, file) = mary(&Made::default());
    let ran = import(&mary, &file, &["--no-passphrase"]).expect(0);
    let home = Home::at(mary.home());
    let config = Config::load(&home).unwrap();
    assert_eq!((config.name.as_str(), config.rotate_every), ("Mary Smith", None));
    let told = "published with it: Mary Smith <mary@example.org>, Mary (work) <mary@work.example>";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    let certificate = mary.ok(&["key", "export"]);
    assert_eq!(mary.ok(&["key", "show"]).matches("user id\t").count(), 2);
    assert_eq!(certificate, fs::read_to_string(home.key()).unwrap());
    assert!(fs::read_to_string(home.revocation()).unwrap().contains("PUBLIC KEY BLOCK"));
    let john = Peer::john();
    befriend(&john, &mary);
    assert!(john.ok(&["contact", "list"]).starts_with("mary-smith\t"));
}

#[test]
fn it_signs_with_a_subkey_and_is_of_version_six() {
    let signing = vec![KeyType::Ed25519Legacy, CV25519];
    for made in [
        Made { subkeys: signing.clone(), ..Made::default() },
        Made { subkeys: signing, signs: false, ..Made::default() },
        Made {
            version: KeyVersion::V6,
            primary: KeyType::Ed25519,
            subkeys: vec![KeyType::X25519],
            ..Made::default()
        },
    ] {
        let (mary, file) = mary(&made);
        import(&mary, &file, &["--no-passphrase", "--name", "Mary"]).expect(0);
        assert_talks(&mary);
    }
}

#[test]
fn a_locked_one_keeps_its_passphrase_and_is_locked_in_our_way() {
    let (mary, file) = mary(&Made { passphrase: Some(PASSPHRASE.to_owned()), ..Made::default() });
    let given = mary.file("passphrase");
    fs::write(&given, "wrong").unwrap();
    let path = given.to_str().unwrap();
    let ran = import(&mary, &file, &["--passphrase-file", path]).expect(1);
    assert!(ran.stderr.contains("exported`: the passphrase is wrong\nhint: it came from `"));
    assert!(import(&mary, &file, &[]).expect(1).stderr.contains("there is no terminal to ask"));
    assert!(!mary.home().exists());
    fs::write(&given, PASSPHRASE).unwrap();
    // A pipe can be read only once, and is.
    let command = format!("cat '{path}'");
    import(&mary, &file, &["--passphrase-command", &command, "--name", "Mary"]).expect(0);
    let secret = fs::read(mary.home().join("secret.asc")).unwrap();
    assert!(SecretKey::parse(&secret).unwrap().is_locked());
    assert!(mary.ok(&["key", "show"]).ends_with("locked by a passphrase\n"));
    assert_talks(&mary);
}

#[test]
fn an_open_one_gets_the_passphrase_that_is_given_for_it() {
    let (mary, _) = mary(&Made::default());
    let given = mary.file("passphrase");
    fs::write(&given, PASSPHRASE).unwrap();
    let given = given.to_str().unwrap();
    let stdin = Made::default().bytes();
    mary.feed(&["keygen", "--import", "-", "--passphrase-file", given], stdin).expect(0);
    assert!(mary.ok(&["key", "show"]).ends_with("locked by a passphrase\n"));
    mary.ok(&["key", "export", "--secret", "--passphrase-file", given]);
}

#[test]
fn what_cannot_be_used_is_named_with_a_cure_and_nothing_is_written() {
    let rsa = Made { primary: KeyType::Rsa(2048), subkeys: Vec::new(), ..Made::default() };
    let silent = Made { signs: false, ..Made::default() };
    let bare = Made { subkeys: Vec::new(), ..Made::default() };
    let (one, other) = (Made::default(), bare.bytes());
    for (bytes, why, cure) in [
        (rsa.bytes(), "a secret key of kind RSA is not taken", "gpg --local-user "),
        (rsa.bytes(), "a secret key of kind RSA is not taken", " | cloudim key merge -"),
        (silent.bytes(), "the key has nothing to sign with", " ed25519 sign 2y"),
        (bare.bytes(), "the key has no usable encryption subkey", " cv25519 encr 2y"),
        ([one.bytes(), other].concat(), "there are several keys in it", "--export-secret-keys F"),
        (
            b"nonsense".to_vec(),
            "it does not begin with the expected armor",
            "--export-secret-keys F",
        ),
        (Vec::new(), "it does not begin with the expected armor", "--export-secret-keys F"),
    ] {
        let mary = Peer::without_identity("Mary");
        let import = ["keygen", "--import", "-", "--no-passphrase"];
        let stderr = mary.feed(&import, bytes).expect(1).stderr;
        assert!(stderr.contains(&format!("error: cannot use `-` as the key: {why}")), "{stderr}");
        let mut hints = stderr.lines().filter(|line| line.starts_with("hint: "));
        assert!(hints.any(|hint| hint.contains(cure)), "{stderr}");
        assert!(!mary.home().exists());
    }
    let mary = Peer::without_identity("Mary");
    let both = ["keygen", "--import", "x", "--profile", "classic"];
    assert!(mary.fails(&both, 2).contains("cannot be used with"));
    assert!(mary.fails(&["keygen", "--import", "gone"], 1).contains("cannot read `gone`"));
}

#[test]
fn what_of_it_is_not_used_is_told() {
    let extra = vec![CV25519, KeyType::Rsa(2048)];
    let (mary, file) = mary(&Made { subkeys: extra, ..Made::default() });
    let ran = import(&mary, &file, &["--no-passphrase"]).expect(0);
    let left_out: Vec<_> = ran.stderr.lines().filter(|line| line.contains("left out: ")).collect();
    assert_eq!(left_out.len(), 1, "{}", ran.stderr);
    assert!(left_out[0].ends_with(": a secret key of kind RSA is not taken"), "{left_out:?}");
    assert_eq!(mary.ok(&["key", "show"]).matches("subkey\t").count(), 1);
}
