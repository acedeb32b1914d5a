//! Homes that are not fit for it.

use std::fs;
use std::net::TcpListener;

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
fn what_should_not_be_there_is_named_and_not_looked_at() {
    let beside = Beside::new();
    let config = fs::read_to_string(beside.config()).unwrap();
    let ran = beside.home().join("ran");
    let command = format!("passphrase_command = \"touch '{}'\"\n", ran.display());
    fs::write(beside.config(), config + &command).unwrap();
    fs::write(beside.home().join("revocation.asc"), "x").unwrap();
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = here.local_addr().unwrap().to_string();
    let args = ["--passphrase-file", "/nowhere", "listen", "--keyless", "--bind", &taken];
    let talk = refused(&beside, &args);
    for what in
        ["revocation.asc` is", "passphrase_command in config.toml is", "a passphrase file is"]
    {
        assert!(talk.contains(&format!("{what} of no use here")), "{talk}");
    }
    assert!(talk.contains("cannot listen on"), "{talk}");
    assert!(!ran.exists());
}

#[test]
fn with_what_needs_the_key() {
    let beside = Beside::new();
    for option in ["--print", "--exec=cat", "--poll-every=1m"] {
        let output = beside.command(&["listen", "--keyless", option]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{option}");
    }
}
