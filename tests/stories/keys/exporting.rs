//! Our key goes to other programs, and the secret one nowhere unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pgp::composed::{Deserializable, SignedSecretKey};
use pgp::types::{Password, S2kParams, SecretParams, StringToKey};

use crate::common::peer::{PASSPHRASE, Peer};
use crate::common::tty::Terminal;

fn secrets(armored: &str) -> Vec<SecretParams> {
    let key = SignedSecretKey::from_string(armored).unwrap().0;
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params().clone());
    std::iter::once(key.primary_key.secret_params().clone()).chain(subkeys).collect()
}

#[test]
fn the_certificate_needs_no_passphrase() {
    let (john, _) = Peer::locked("John", &[]);
    let published = fs::read_to_string(john.home().join("public/key.asc")).unwrap();
    assert_eq!(john.ok(&["key", "export"]), published);
    let file = john.file("john.asc");
    assert_eq!(john.ok(&["key", "export", "--output", file.to_str().unwrap()]), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), published);
    let stderr = john.fails(&["key", "export", "-o", file.to_str().unwrap()], 1);
    assert!(stderr.contains("cannot write `") && stderr.contains("File exists"), "{stderr}");
}

#[test]
fn the_secret_key_is_locked_as_old_programs_know_it() {
    let (john, file) = Peer::locked("John", &[]);
    let export = ["key", "export", "--secret", "--passphrase-file", &file];
    let armored = john.ok(&export);
    for secret in secrets(&armored) {
        let SecretParams::Encrypted(ref locked) = secret else { panic!("a part is not locked") };
        let S2kParams::Cfb { s2k: StringToKey::IteratedAndSalted { count: 255, .. }, .. } =
            locked.string_to_key_params()
        else {
            panic!("{:?}", locked.string_to_key_params())
        };
    }
    let mut key = SignedSecretKey::from_string(&armored).unwrap().0;
    key.primary_key.remove_password(&Password::from(PASSPHRASE)).unwrap();
    let open = john.ok(&[&export[..], &["--no-passphrase"]].concat());
    assert!(secrets(&open).iter().all(|secret| !secret.is_encrypted()));
    assert!(john.fails(&["key", "export", "--secret"], 1).contains("no terminal to ask"));
    assert!(john.fails(&["key", "export", "--no-passphrase"], 2).contains("--secret"));
}

#[test]
fn without_a_passphrase_it_goes_out_only_by_that_word() {
    let john = Peer::john();
    let stderr = john.fails(&["key", "export", "--secret"], 1);
    assert!(stderr.contains("hint: --no-passphrase exports it as it is"), "{stderr}");
    let file = john.file("key.asc");
    let path = file.to_str().unwrap();
    john.ok(&["key", "export", "--secret", "--no-passphrase", "--output", path]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let exported = fs::read_to_string(&file).unwrap();
    assert_eq!(exported, fs::read_to_string(john.home().join("secret.asc")).unwrap());
}

#[test]
fn a_terminal_does_not_show_it_unasked() {
    let john = Peer::john();
    let export = "\"$CLOUDIM\" key export --secret --no-passphrase";
    let (status, screen) = Terminal::run(&john, export).end();
    assert_eq!(status, 1);
    assert!(!screen.contains("PRIVATE KEY"), "{screen}");
    assert!(screen.contains("hint: --output FILE, a pipe, or --output - to show it"), "{screen}");
    let (status, screen) = Terminal::run(&john, &format!("{export} --output -")).end();
    assert!(status == 0 && screen.contains("BEGIN PGP PRIVATE KEY BLOCK"), "{screen}");
}
