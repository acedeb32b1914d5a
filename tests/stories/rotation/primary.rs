//! `key rotate --primary`: another key takes our place, and contacts follow or hold.

use std::fs;
use std::io::Read;

use cloudim::protocol::feed::channel::Channel;
use pgp::armor::Dearmor;
use pgp::composed::{ArmorOptions, Deserializable, SignedPublicKey};
use pgp::packet::{Packet, PacketParser};

use super::{feed, published, secret};
use crate::common::killer::Killer;
use crate::common::peer::{Peer, Ran, befriend, friends, in_hours, texts};
use crate::common::waiting::{Kept, while_it_waits};

/// Replaces the key of `peer`; returns the new fingerprint, as it prints it.
#[track_caller]
fn replace(peer: &Peer) -> String {
    let fingerprint = peer.ok(&["key", "rotate", "--primary"]).trim().to_owned();
    assert_eq!(published(peer).fingerprint().to_string(), fingerprint);
    assert_eq!(secret(peer).fingerprint().to_string(), fingerprint);
    fingerprint
}

/// What `peer` reads, whatever it is told beside.
fn poll(peer: &Peer) -> (Vec<String>, Ran) {
    let ran = peer.run(&["--format", "json", "poll"]);
    (texts(&ran.stdout), ran)
}

/// Lets each write to the other, and read it, until nothing is left to be told.
#[track_caller]
fn talk(john: &Peer, mary: &Peer) {
    for (from, to) in [(john, mary), (mary, john), (john, mary)] {
        let text = format!("by {}", from.name);
        from.send(to, &text);
        assert_eq!(to.poll(), [text]);
    }
    for peer in [mary, john, mary, john] {
        peer.ok(&["poll"]);
    }
    for peer in [john, mary] {
        let status = peer.ok(&["status"]);
        assert!(status.ends_with("\tall well\n") && status.lines().count() == 1, "{status}");
    }
}

#[test]
fn a_contact_who_has_not_verified_the_old_key_follows_and_is_told() {
    let (john, mary) = friends();
    let old = published(&mary).fingerprint().to_string();
    john.send(&mary, "sealed to the old key");
    mary.send(&john, "signed by the old key");
    let new = replace(&mary);
    assert_ne!(new, old);
    mary.send(&john, "signed by the new key");
    let (read, ran) = poll(&john);
    assert_eq!(read, ["signed by the old key", "signed by the new key"]);
    let told = format!("its key is now {new}: the one before, {old}, says so");
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    assert_eq!(ran.status, 4, "once");
    assert_eq!(poll(&john).1.stderr, "");
    let shown = john.ok(&["contact", "show", "mary"]);
    assert!(shown.replace(' ', "").contains(&new), "{shown}");
    assert_eq!(mary.poll(), ["sealed to the old key"]);
    talk(&john, &mary);
    // What it says is no message.
    assert!(!john.ok(&["read", "mary"]).contains("My key is now"));
    let plain = john.feed(&["decrypt"], fs::read(mary.pair_feed()).unwrap()).expect(0);
    assert!(!plain.stdout.contains("transition"), "{}", plain.stdout);
    assert!(plain.stdout.contains("signed by the old key"), "{}", plain.stdout);
}

#[test]
fn a_contact_who_has_verified_the_old_key_holds_until_the_user_decides() {
    let (john, mary) = friends();
    let old = published(&mary).fingerprint().to_string();
    john.ok(&["contact", "verify", "mary", &old]);
    mary.send(&john, "signed by the old key");
    let new = replace(&mary);
    mary.send(&john, "signed by the new key");
    let (read, ran) = poll(&john);
    assert_eq!(read, ["signed by the old key"]);
    assert_eq!(ran.status, 4);
    assert!(ran.stderr.contains("which you have verified"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&new), "{}", ran.stderr);
    assert!(john.ok(&["contact", "list"]).contains(&old));
    assert_eq!(poll(&john).0, [""; 0]);
    // Mary reads what is sealed to her old key, and John hears of the rest once he has decided.
    john.send(&mary, "to the old key");
    assert_eq!(poll(&mary).0, ["to the old key"]);
    john.ok(&["contact", "trust", "mary", &new]);
    assert_eq!(poll(&john).0, ["signed by the new key"]);
    assert_eq!(poll(&mary).1.status, 0);
    talk(&john, &mary);
}

#[test]
fn a_key_that_is_known_to_be_revoked_names_no_successor() {
    let (john, mary) = friends();
    // John has heard that the old key may be in other hands.
    let path = john.home().join("contacts/mary/certificate.asc");
    let read = |bytes: &[u8]| SignedPublicKey::from_armor_single(bytes).unwrap().0;
    let mut certificate = read(&fs::read(&path).unwrap());
    let mut revocation = Vec::new();
    let armored = fs::read(mary.home().join("revocation.asc")).unwrap();
    Dearmor::new(&armored[..]).read_to_end(&mut revocation).unwrap();
    let Some(Ok(Packet::Signature(revocation))) = PacketParser::new(&revocation[..]).next() else {
        panic!("no signature");
    };
    certificate.details.revocation_signatures.push(revocation);
    fs::write(&path, certificate.to_armored_string(ArmorOptions::default()).unwrap()).unwrap();

    let old = published(&mary).fingerprint().to_string();
    replace(&mary);
    mary.send(&john, "by whom?");
    let (read, ran) = poll(&john);
    assert_eq!(read, [""; 0]);
    assert_ne!(ran.status, 0);
    assert!(john.ok(&["contact", "list"]).contains(&old), "{}", ran.stderr);
}

#[test]
fn a_successor_counts_only_if_the_pinned_key_and_the_feed_name_it() {
    let (john, mary) = friends();
    let before = feed(&mary);
    replace(&mary);
    let (after, path) = (feed(&mary), mary.pair_feed());
    // The item alone, in a feed that names the old key still: it waits.
    let items = after.items.clone();
    fs::write(&path, Channel { items, ..before.clone() }.write()).unwrap();
    let (_, ran) = poll(&john);
    assert!(ran.stderr.contains("the feed does not name its new key yet"), "{}", ran.stderr);
    // The new key without the item: what comes by it is held.
    fs::write(&path, Channel { items: Vec::new(), ..after.clone() }.write()).unwrap();
    let (_, ran) = poll(&john);
    assert!(ran.stderr.contains("not the one that is pinned"), "{}", ran.stderr);
    assert!(john.ok(&["contact", "list"]).contains(before.key.unwrap().fingerprint.as_str()));
    // Both: it is followed.
    fs::write(&path, after.write()).unwrap();
    let (_, ran) = poll(&john);
    assert!(ran.stderr.contains("says so"), "{}", ran.stderr);
    talk(&john, &mary);
}

#[test]
fn a_locked_key_is_replaced_by_one_with_the_same_passphrase() {
    let mary = Peer::without_identity("Mary");
    let (file, url) = (mary.file("passphrase"), mary.host.url());
    fs::write(&file, "correct horse\n").unwrap();
    let options = ["--passphrase-file", file.to_str().unwrap()];
    mary.ok(&[&options[..], &["keygen", "--name", "Mary", "--base-url", &url]].concat());
    mary.set("passphrase_command", &format!("\"cat '{}'\"", file.display()));
    let john = Peer::john();
    befriend(&john, &mary);
    john.send(&mary, "to the old key");
    replace(&mary);
    let mut key = secret(&mary);
    assert!(key.is_locked());
    key.unlock("correct horse").unwrap();
    assert_eq!(mary.poll(), ["to the old key"]);
    poll(&john);
    talk(&john, &mary);
}

#[test]
fn both_replace_their_keys_whoever_looks_first() {
    for mary_first in [true, false] {
        let (john, mary) = friends();
        john.send(&mary, "from John's old to Mary's old");
        replace(&mary);
        mary.send(&john, "from Mary's new to John's old");
        replace(&john);
        john.send(&mary, "from John's new to Mary's old");
        let order = if mary_first { [&mary, &john] } else { [&john, &mary] };
        let mut read: Vec<String> = order.iter().flat_map(|peer| poll(peer).0).collect();
        read.extend([&john, &mary].iter().flat_map(|peer| poll(peer).0));
        read.sort();
        assert_eq!(
            read,
            [
                "from John's new to Mary's old",
                "from John's old to Mary's old",
                "from Mary's new to John's old"
            ]
        );
        talk(&john, &mary);
    }
}

#[test]
fn a_key_that_is_replaced_twice_between_two_looks_is_followed_to_the_last() {
    let (john, mary) = friends();
    mary.send(&john, "by the first");
    replace(&mary);
    mary.send(&john, "by the second");
    let last = replace(&mary);
    mary.send(&john, "by the third");
    assert_eq!(poll(&john).0, ["by the first", "by the second", "by the third"]);
    assert!(john.ok(&["contact", "list"]).contains(&last));
    talk(&john, &mary);
}

#[test]
fn the_old_secret_is_kept_for_thirty_days_and_its_revocation_for_good() {
    let (john, mary) = friends();
    let old = published(&mary).fingerprint();
    let revocation = fs::read(mary.home().join("revocation.asc")).unwrap();
    john.send(&mary, "long under way");
    replace(&mary);
    let former = mary.home().join("former").join(format!("{old}.asc"));
    assert!(former.exists());
    assert_ne!(fs::read(mary.home().join("revocation.asc")).unwrap(), revocation);
    mary.at(&in_hours(24 * 29), &["poll"], "");
    assert!(former.exists());
    mary.at(&in_hours(24 * 31), &["poll"], "");
    assert!(!former.exists());
    let kept = mary.home().join("former").join(format!("{old}-revocation.asc"));
    assert_eq!(fs::read(kept).unwrap(), revocation);
}

#[test]
fn a_transition_that_is_killed_is_completed_by_whatever_comes_next() {
    let (_john, other) = friends();
    let mut killer = Killer::new(|| drop(replace(&other)));
    const TIMES: usize = 14;
    for n in 0..TIMES {
        let (john, mary) = friends();
        mary.send(&john, "before");
        killer.run(mary.command(&["key", "rotate", "--primary"]), "");
        secret(&mary);
        // The next run is a send, a poll, or a publish.
        match n % 3 {
            0 => drop(mary.send(&john, "after")),
            1 => drop(mary.ok(&["poll"])),
            _ => drop(mary.ok(&["publish"])),
        }
        if n % 3 != 0 {
            mary.send(&john, "after");
        }
        assert_eq!(poll(&john).0, ["before", "after"], "run {n}");
        assert_eq!(secret(&mary).fingerprint(), published(&mary).fingerprint());
        assert_eq!(feed(&mary).key.unwrap().fingerprint, published(&mary).fingerprint());
        john.poll();
        talk(&john, &mary);
    }
    assert!(killer.killed > 0);
}

#[test]
fn a_poll_that_is_killed_while_it_follows_follows_the_next_time() {
    const TIMES: usize = 8;
    let replaced = || {
        let (john, mary) = friends();
        mary.send(&john, "by the old key");
        let new = replace(&mary);
        mary.send(&john, "by the new key");
        (john, mary, new)
    };
    let (other, _mary, _) = replaced();
    let mut killer = Killer::new(|| drop(poll(&other)));
    for n in 0..TIMES {
        let (john, mary, new) = replaced();
        let end = killer.run(john.command(&["--format", "json", "poll"]), "");
        let mut read = texts(end.stdout.rsplit_once('\n').map_or("", |(whole, _)| whole));
        read.extend(poll(&john).0);
        // Between the flush and the note of it a kill makes a message come again.
        read.dedup();
        assert!(read.ends_with(&["by the new key".to_owned()]), "run {n}: {read:?}");
        assert!(read.contains(&"by the old key".to_owned()), "run {n}: {read:?}");
        assert!(john.ok(&["contact", "list"]).contains(&new), "run {n}");
        john.run(&["poll"]).expect(0);
        talk(&john, &mary);
    }
    assert!(killer.killed > 0);
}

#[test]
fn an_invitation_that_waits_is_renewed_and_an_answer_to_the_old_one_counts() {
    for answered_before in [true, false] {
        let (john, mary) = (Peer::john(), Peer::mary());
        let path = john.file("invitation.rss");
        let path = path.to_str().unwrap();
        john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
        if answered_before {
            mary.ok(&["handshake", "accept", "--input", path]);
        }
        replace(&john);
        if !answered_before {
            let again = john.file("again.rss");
            let again = again.to_str().unwrap();
            john.ok(&["handshake", "invite", &mary.address(), "--output", again]);
            mary.ok(&["handshake", "accept", "--input", again]);
        }
        john.ok(&["poll"]);
        assert_eq!(john.ok(&["contact", "list"]).lines().count(), 1);
        poll(&mary);
        talk(&john, &mary);
    }
}

#[test]
fn whom_mary_meets_later_knows_the_new_key_alone() {
    let (john, mary) = friends();
    replace(&mary);
    let eve = Peer::new("Eve", &[]);
    befriend(&eve, &mary);
    poll(&john);
    mary.send(&eve, "well met");
    assert_eq!(eve.poll(), ["well met"]);
    eve.send(&mary, "indeed");
    assert_eq!(mary.poll(), ["indeed"]);
}

#[test]
fn a_message_that_waits_while_the_key_is_replaced_is_signed_by_the_new_one() {
    let (john, mary) = friends();
    let before = Kept::of(&john);
    john.ok(&["key", "rotate", "--primary"]);
    let replaced = Kept::of(&john);
    before.put_back(&john);
    let send = ["send", "mary", "-m", "by the new key"];
    while_it_waits(&john, &send, || replaced.put_back(&john)).expect(0);
    // That the key is another is told as well.
    let polled = mary.run(&["--format", "json", "poll"]).expect(4);
    assert_eq!(texts(&polled.stdout), ["by the new key"], "{}", polled.stderr);
}
