//! Clocks differ, and keys are dated by them.

use std::fs;

use cloudim::openpgp::Certificate;
use jiff::Timestamp;

use crate::common::peer::{Peer, friends, in_hours, texts};

#[test]
fn somebody_whose_clock_is_ahead_is_met_all_the_same() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    let (ahead, url) = (in_hours(2), john.host.url());
    let keygen = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    john.at(&ahead, &keygen, "").expect(0);
    let invitation = mary.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    mary.ok(&["handshake", "invite", &john.address(), "--output", path]);
    john.at(&ahead, &["handshake", "accept", "--input", path], "").expect(0);
    john.at(&ahead, &["send", "mary", "-m", "well met"], "").expect(0);
    assert_eq!(mary.poll(), ["well met"]);
    mary.send(&john, "indeed");
    let polled = john.at(&ahead, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["indeed"]);
}

#[test]
fn a_rotation_by_a_clock_that_is_ahead_is_followed() {
    let (john, mary) = friends();
    let ahead = in_hours(2);
    mary.at(&ahead, &["key", "rotate"], "").expect(0);
    assert_eq!(john.poll(), [""; 0]);
    let later: Timestamp = in_hours(3).parse().unwrap();
    let chosen = |certificate: &[u8]| {
        Certificate::parse(certificate).unwrap().encryption_subkey(later).unwrap()
    };
    let known = john.ok(&["contact", "show", "mary", "--certificate"]);
    let published = fs::read(mary.home().join("public/key.asc")).unwrap();
    assert_eq!(chosen(known.as_bytes()), chosen(&published));
    john.send(&mary, "to the new subkey");
    let polled = mary.at(&ahead, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["to the new subkey"]);
}

#[test]
fn a_clock_that_is_days_ahead_is_not_believed() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    let (ahead, url) = (in_hours(48), john.host.url());
    let keygen = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    john.at(&ahead, &keygen, "").expect(0);
    let told = mary.fails(&["handshake", "invite", &john.address()], 4);
    assert!(told.contains("is not yet valid"), "{told}");
}
