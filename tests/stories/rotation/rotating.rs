//! `key rotate`: what changes, and what does not.

use std::fs;

use cloudim::protocol::values::hash::Hash;
use jiff::Timestamp;

use super::{feed, published, secret};
use crate::common::peer::{Peer, befriend, friends, in_hours};

#[test]
fn messages_cross_a_rotation_in_both_directions() {
    for (of_john, of_mary) in
        [("default", "default"), ("default", "classic"), ("classic", "default")]
    {
        let john = Peer::new("John", &["--profile", of_john]);
        let mary = Peer::new("Mary", &["--profile", of_mary]);
        befriend(&john, &mary);
        messages_cross_a_rotation(&john, &mary);
    }
}

fn messages_cross_a_rotation(john: &Peer, mary: &Peer) {
    let to_old = john.send(mary, "sealed to the old subkey");
    let from_old = mary.send(john, "before");
    let hour = in_hours(1);
    let said = mary.at(&hour, &["key", "rotate"], "").expect(0);
    assert!(said.stderr.contains("kept for 30 days"), "{}", said.stderr);
    // Each reads what was under way, and then what goes to the new subkey.
    assert_eq!(mary.at(&hour, &["poll"], "").expect(0).stdout.lines().count(), 1);
    let polled = john.at(&hour, &["poll"], "").expect(0);
    assert!(polled.stdout.contains("before") && polled.stdout.lines().count() == 1);
    let again = john.at(&hour, &["send", "mary", "-m", "to the new one"], "").expect(0);
    let polled = mary.at(&hour, &["poll"], "").expect(0);
    assert!(polled.stdout.contains("to the new one"), "{}", polled.stdout);
    assert_eq!(polled.stderr, "");
    for guid in [to_old.as_str(), again.stdout.trim()] {
        mary.ok(&["read", guid]);
    }
    john.ok(&["read", &from_old]);
    for (peer, of) in [(john, "mary"), (mary, "john")] {
        assert_eq!(peer.at(&hour, &["poll"], "").expect(0).stdout, "");
        let status = peer.at(&hour, &["status"], "").expect(0).stdout;
        assert_eq!(status, format!("{of}\tall well\n"));
    }
}

#[test]
fn the_feed_tells_of_the_new_key_in_both_forms_and_seals_nothing_anew() {
    let (john, mary) = friends();
    mary.send(&john, "hello");
    let before = feed(&mary);
    mary.at(&in_hours(1), &["key", "rotate"], "").expect(0);
    let after = feed(&mary);
    let key = fs::read(mary.home().join("public/key.asc")).unwrap();
    assert_eq!(after.key.as_ref().unwrap().hash, Some(Hash::of(&key)));
    assert_eq!((&after.introduction, &after.state), (&before.introduction, &before.state));
    let [notice, hello] = &after.items[..] else { panic!("{:?}", after.items) };
    assert_eq!(hello, &before.items[0]);
    let enclosure = notice.enclosure.as_ref().unwrap();
    assert_eq!(
        (enclosure.media_type.as_str(), enclosure.length),
        ("application/pgp-keys", key.len() as u64)
    );
    assert_eq!(enclosure.url, format!("{}key.asc", mary.host.url()));
    // It shows in no conversation, and goes with the retention.
    assert_eq!(john.at(&in_hours(1), &["poll"], "").expect(0).stdout.lines().count(), 1);
    mary.at(&in_hours(2), &["send", "john", "-m", "still there"], "").expect(0);
    assert_eq!(feed(&mary).items.len(), 3);
    assert!(feed(&mary).items[1].is_key(), "between the two messages");
    mary.at(&in_hours(24 * 8), &["send", "john", "-m", "a week later"], "").expect(0);
    assert!(!feed(&mary).items.iter().any(|item| item.is_key()));
    let archived = mary.ok(&["read", "john"]);
    assert!(!archived.contains("certificate"), "{archived}");
}

#[test]
fn a_locked_key_is_locked_again_with_its_passphrase() {
    let mary = Peer::without_identity("Mary");
    let (passphrase, url) = (mary.file("passphrase"), mary.host.url());
    fs::write(&passphrase, "correct horse\n").unwrap();
    let passphrase = passphrase.to_str().unwrap();
    let options = ["--passphrase-file", passphrase];
    mary.ok(&[&options[..], &["keygen", "--name", "Mary", "--base-url", &url]].concat());
    let john = Peer::john();
    let invitation = john.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
    mary.ok(&[&options[..], &["handshake", "accept", "--input", path]].concat());
    john.ok(&["poll"]);

    let refused = mary.fails(&["key", "rotate"], 1);
    assert!(refused.contains("--passphrase-file"), "{refused}");
    let before = secret(&mary);
    let hour = in_hours(1);
    mary.at(&hour, &[&options[..], &["key", "rotate"]].concat(), "").expect(0);
    let mut after = secret(&mary);
    assert!(after.is_locked() && after.certificate() != before.certificate());
    after.unlock("correct horse").unwrap();
    john.at(&hour, &["poll"], "").expect(0);
    john.at(&hour, &["send", "mary", "-m", "to the new subkey"], "").expect(0);
    let polled = mary.at(&hour, &[&options[..], &["poll"]].concat(), "").expect(0);
    assert!(polled.stdout.contains("to the new subkey"), "{}", polled.stdout);
}

#[test]
fn a_home_that_only_reads_and_one_without_address() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    mary.set("read_only", "true");
    let before = fs::read(mary.home().join("secret.asc")).unwrap();
    let refused = mary.fails(&["key", "rotate"], 1);
    assert!(refused.contains("read-only"), "{refused}");
    assert_eq!(fs::read(mary.home().join("secret.asc")).unwrap(), before);

    let home = john.file("elsewhere");
    let elsewhere = ["--home", home.to_str().unwrap()];
    john.ok(&[&elsewhere[..], &["keygen", "--name", "J", "--no-passphrase"]].concat());
    john.ok(&[&elsewhere[..], &["key", "rotate"]].concat());
}

#[test]
fn each_rotation_of_a_second_takes_over_from_the_one_before() {
    let mary = Peer::mary();
    let later: Timestamp = in_hours(1).parse().unwrap();
    let mut seen = vec![published(&mary).encryption_subkey(later).unwrap()];
    for _ in 0..3 {
        mary.ok(&["key", "rotate"]);
        let chosen = published(&mary).encryption_subkey(later).unwrap();
        assert!(!seen.contains(&chosen));
        seen.push(chosen);
    }
    assert_eq!(secret(&mary).certificate().encryption_subkey(later).unwrap(), seen[3]);
}
