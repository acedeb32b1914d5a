//! A contact's key has expired or was revoked: nothing is sent to it, and the user is told what to
//! ask for.

use jiff::Timestamp;
use pgp::packet::RevocationCode;

use super::changed::write_by_another;
use super::doctor;
use super::trust_lines;
use crate::common::hand::in_hours;
use crate::common::peer::{Peer, befriend, friends, texts};

const DAY: i64 = 24;

/// John's attempts to write to Mary at `time`: all end with 4, leave nothing, and say `words`.
fn refuses(john: &Peer, time: Timestamp, words: &[&str]) {
    let feed = std::fs::read(john.pair_feed()).unwrap();
    let plain = john.ok(&["compose", "-m", "hi"]);
    for args in [&["send", "mary", "-m", "hi"][..], &["encrypt", "--to", "mary"]] {
        let refused = john.at(&time.to_string(), args, &plain).expect(4);
        assert_eq!(refused.stdout, "");
        for words in words {
            assert!(refused.stderr.contains(words), "{}", refused.stderr);
        }
    }
    assert!(std::fs::read(john.pair_feed()).unwrap() == feed);
}

#[test]
fn to_an_expired_key_nothing_is_sent_until_it_is_extended() {
    let (john, mary) = friends();
    doctor::expire(&mary, 10);
    let before = john.at(&in_hours(9 * DAY).to_string(), &["poll"], "").expect(0);
    assert_eq!(before.stderr, "");
    john.at(&in_hours(9 * DAY).to_string(), &["send", "mary", "-m", "in time"], "").expect(0);
    let late = in_hours(11 * DAY);
    refuses(
        &john,
        late,
        &[
            "error: the key of `mary` expired on ",
            "hint: ask mary to extend it (cloudim key extend); then: cloudim poll mary",
        ],
    );
    let at = late.to_string();
    let status = john.at(&at, &["status"], "").expect(0).stdout;
    assert!(status.contains("its key expired on "), "{status}");
    let overview = john.at(&at, &[], "").expect(0).stdout;
    assert!(overview.contains("the key of `mary` expired on "), "{overview}");
    doctor::expire(&mary, 400);
    john.at(&at, &["poll"], "").expect(0);
    john.at(&at, &["send", "mary", "-m", "extended"], "").expect(0);
    let polled = mary.at(&at, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["in time", "extended"]);
}

#[test]
fn a_revoked_key_is_told_of_once_and_nothing_is_sent_to_it() {
    for reason in [RevocationCode::KeyCompromised, RevocationCode::KeyRetired] {
        let (john, mary) = friends();
        mary.send(&john, "before");
        john.poll();
        doctor::revoke(&mary, false, reason, in_hours(0));
        let told = john.run(&["--format", "json", "poll"]).expect(4);
        assert_eq!(trust_lines(&told), ["the key is revoked: nothing is sent to it"]);
        assert_eq!(told.stderr, "warning: mary: the key is revoked: nothing is sent to it\n");
        let again = john.run(&["--format", "json", "poll"]).expect(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
        refuses(
            &john,
            in_hours(0),
            &[
                "error: the key of `mary` is revoked: nothing is sent to it\n",
                "hint: ask mary for the fingerprint of another; then: cloudim contact trust mary",
            ],
        );
        assert_eq!(john.ok(&["status"]), "mary\tits key is revoked\n");
        // What was said is still there.
        assert!(john.ok(&["read", "mary"]).ends_with("  mary  before\n"));
    }
}

#[test]
fn an_old_copy_does_not_undo_a_revocation() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&mary, &john);
    let old_key = std::fs::read(mary.home().join("public/key.asc")).unwrap();
    let old_key = String::from_utf8(old_key).unwrap();
    let backup = john.file("backup");
    copy(&john.home(), &backup);
    doctor::revoke(&mary, false, RevocationCode::KeyCompromised, in_hours(0));
    let new_key = std::fs::read_to_string(mary.home().join("public/key.asc")).unwrap();
    john.run(&["poll"]).expect(4);
    let is_revoked = || {
        assert_eq!(john.ok(&["status"]), "mary\tits key is revoked\n");
        john.fails(&["send", "mary", "-m", "hi"], 4);
    };
    // The host takes it back.
    doctor::put_certificate(&mary, &old_key);
    john.run(&["poll"]).expect(0);
    is_revoked();
    // So does a file that somebody has kept.
    let invitation = mary.file("invitation.rss");
    for command in ["accept", "receive"] {
        let flag = if command == "accept" { &["--input"][..] } else { &[] };
        let args = [&["handshake", command], flag, &[invitation.to_str().unwrap()]].concat();
        john.run(&args);
        is_revoked();
    }
    john.feed(&["contact", "verify", "mary", "-"], &old_key).expect(0);
    john.ok(&["contact", "trust", "mary"]);
    assert!(john.ok(&["contact", "show", "mary", "--certificate"]) != old_key);
    let status = john.ok(&["status"]);
    assert!(status.contains("its key is revoked"), "{status}");
    // A backup does not know, and learns it from an honest host before anything is sent.
    doctor::put_certificate(&mary, &new_key);
    std::fs::remove_dir_all(john.home()).unwrap();
    copy(&backup, &john.home());
    let told = john.run(&["poll"]).expect(4);
    assert!(told.stderr.contains("the key is revoked"), "{}", told.stderr);
    is_revoked();
}

#[test]
fn a_key_that_was_given_up_does_not_come_back_without_its_revocation() {
    let (john, mary) = friends();
    let secret = mary.home().join("secret.asc");
    let [old_secret, old_key, old_feed] =
        [secret.clone(), mary.home().join("public/key.asc"), mary.pair_feed()]
            .map(|path| std::fs::read_to_string(path).unwrap());
    doctor::revoke(&mary, false, RevocationCode::KeyCompromised, in_hours(0));
    john.run(&["poll"]).expect(4);
    std::fs::write(&secret, old_secret).unwrap();
    let new = write_by_another(&mary, &john, "my new key").fingerprint();
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    assert_eq!(john.poll(), ["my new key"]);
    // Whoever stole the old key takes the host over as well.
    std::fs::write(mary.pair_feed(), old_feed).unwrap();
    doctor::put_certificate(&mary, &old_key);
    john.run(&["poll"]).expect(4);
    let refused = john.fails(&["contact", "trust", "mary", "--yes"], 4);
    assert!(refused.contains("is revoked"), "{refused}");
    assert!(john.ok(&["contact", "list"]).contains(new.as_str()));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let done = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

#[test]
fn who_revokes_by_the_program_is_written_to_no_more() {
    let (john, mary) = friends();
    mary.send(&john, "my last word");
    assert_eq!(john.poll(), ["my last word"]);
    mary.ok(&["key", "revoke", "--yes"]);
    let told = john.run(&["--format", "json", "poll"]).expect(4);
    assert!(trust_lines(&told).contains(&"the key is revoked: nothing is sent to it".to_owned()));
    assert!(john.fails(&["send", "mary", "-m", "hi"], 4).contains("the key of `mary` is revoked"));
    assert!(john.ok(&["status"]).contains("its key is revoked"));
}
