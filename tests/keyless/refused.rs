//! Homes that are not fit for it.

use std::fs;

use super::beside::Beside;
use crate::common::peer::Peer;

fn refused(beside: &Beside, args: &[&str]) -> String {
    let output = beside.command(args).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{talk}");
    talk
}

#[test]
fn where_the_secret_key_is() {
    let mary = Peer::mary();
    let talk = mary.fails(&["listen", "--keyless"], 1);
    assert!(talk.contains("secret.asc` is here\nhint: without --keyless"), "{talk}");
    assert!(!mary.home().join("inbox").exists());
}

#[test]
fn without_a_certificate_or_settings() {
    let beside = Beside::new();
    let key = beside.home().join("public/key.asc");
    fs::write(&key, "-----BEGIN PGP PUBLIC").unwrap();
    let talk = refused(&beside, &["listen", "--keyless"]);
    assert!(talk.contains("key.asc"), "{talk}");
    fs::remove_file(&key).unwrap();
    let talk = refused(&beside, &["listen", "--keyless"]);
    assert!(talk.contains("`public/key.asc` is missing\nhint: "), "{talk}");
    assert!(talk.contains("for listen --keyless, copy it from the owner"), "{talk}");
}

#[test]
fn with_what_needs_the_key() {
    let beside = Beside::new();
    for option in ["--print", "--exec=cat", "--poll-every=1m"] {
        let output = beside.command(&["listen", "--keyless", option]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{option}");
    }
}
