//! `rotate_every`: what `poll` and `listen` do by themselves.

use std::fs;
use std::sync::Barrier;
use std::thread;

use cloudim::openpgp::SecretKey;
use jiff::Timestamp;

use super::{published, secret, subkeys};
use crate::common::host::{Host, OFTEN, until};
use crate::common::peer::{Peer, Ran, friends, in_hours};
use crate::common::port;
use crate::common::static_host::Behaviour;

/// Runs the program as if it were so many days later.
fn on_day(peer: &Peer, day: i64, args: &[&str]) -> Ran {
    peer.at(&in_hours(24 * day), args, "")
}

#[test]
fn a_poll_rotates_when_it_is_due_and_forgets_thirty_days_later() {
    let mary = Peer::mary();
    for (day, secrets, public) in [
        (29, 2, 2),
        (31, 4, 4),
        (32, 4, 4),
        (60, 4, 4),
        // The first ended 31 days ago.
        (62, 4, 6),
        // And now over 60.
        (92, 4, 6),
        (123, 4, 6),
    ] {
        assert_eq!(on_day(&mary, day, &["poll"]).expect(0).stderr, "", "day {day}");
        assert_eq!(subkeys(&secret(&mary).certificate()), secrets, "secrets on day {day}");
        assert_eq!(subkeys(&published(&mary)), public, "published on day {day}");
    }
}

#[test]
fn never_is_never_and_too_often_is_refused() {
    let mary = Peer::mary();
    mary.set("rotate_every", "\"never\"");
    on_day(&mary, 300, &["poll"]).expect(0);
    assert_eq!(subkeys(&published(&mary)), 2);
    mary.set("rotate_every", "\"1h\"");
    let refused = mary.fails(&["poll"], 1);
    assert!(refused.contains("`1h` is too often"), "{refused}");
}

#[test]
fn two_polls_at_once_rotate_once() {
    let (mary, barrier) = (Peer::mary(), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                on_day(&mary, 31, &["poll"]).expect(0);
            });
        }
    });
    assert_eq!((subkeys(&published(&mary)), subkeys(&secret(&mary).certificate())), (4, 4));
}

#[test]
fn a_locked_key_is_told_of_once_a_day_unless_its_passphrase_is_at_hand() {
    let mary = Peer::without_identity("Mary");
    let file = mary.file("passphrase");
    fs::write(&file, "correct horse\n").unwrap();
    let (path, url) = (file.to_str().unwrap(), mary.host.url());
    mary.ok(&["--passphrase-file", path, "keygen", "--name", "Mary", "--base-url", &url]);
    let told = on_day(&mary, 31, &["poll"]).expect(0).stderr;
    assert!(told.contains("warning: ") && told.contains("cloudim key rotate"), "{told}");
    assert!(told.contains("hint: with passphrase_command"), "{told}");
    assert_eq!(on_day(&mary, 31, &["poll"]).expect(0).stderr, "");
    assert_eq!(on_day(&mary, 33, &["poll"]).expect(0).stderr, told);
    assert_eq!(subkeys(&published(&mary)), 2);

    mary.set("passphrase_command", &format!("\"cat '{path}'\""));
    assert_eq!(on_day(&mary, 33, &["poll"]).expect(0).stderr, "");
    assert_eq!(subkeys(&published(&mary)), 4);
    let mut key: SecretKey = secret(&mary);
    assert!(key.is_locked());
    key.unlock("correct horse").unwrap();
    // Secrets are deleted of a locked key, too.
    mary.set("passphrase_command", "\"false\"");
    on_day(&mary, 65, &["poll"]);
    assert_eq!(subkeys(&secret(&mary).certificate()), 2);
}

#[test]
fn a_home_that_only_reads_leaves_the_key_alone() {
    let (john, mary) = friends();
    mary.set("read_only", "true");
    let before = fs::read(mary.home().join("secret.asc")).unwrap();
    on_day(&mary, 400, &["poll"]).expect(0);
    assert_eq!(fs::read(mary.home().join("secret.asc")).unwrap(), before);
    assert!(!john.home().join("key.toml").exists());
}

#[test]
fn who_listens_rotates_and_notices_when_another_process_does() {
    let peer = Peer::without_identity("Mary");
    let mary = Host { url: format!("http://127.0.0.1:{}/", port::free()), peer };
    let month_ago = in_hours(-24 * 31);
    let file = mary.peer.file("passphrase");
    fs::write(&file, "correct horse\n").unwrap();
    let options = ["--passphrase-file", file.to_str().unwrap()];
    let keygen = ["keygen", "--name", "Mary", "--base-url", &mary.url];
    mary.peer.at(&month_ago, &[&options[..], &keygen].concat(), "").expect(0);
    mary.peer.set("passphrase_command", &format!("\"cat '{}'\"", file.display()));
    let john = Peer::john();
    let path = john.file("invitation.rss");
    let path = path.to_str().unwrap();
    let listening = mary.listen(&[OFTEN, "--print"]);
    until("it rotates", || subkeys(&published(&mary.peer)) == 4);
    john.ok(&["handshake", "invite", &mary.url, "--output", path]);
    mary.peer.ok(&["handshake", "accept", "--input", path]);
    john.ok(&["poll"]);
    for text in ["to the second", "to the third", "to the fourth"] {
        john.send(&mary.peer, text);
        listening.prints(text);
        mary.peer.ok(&["key", "rotate"]);
        let newest = published(&mary.peer).newest_signature(Timestamp::now());
        until("its second comes", || Timestamp::now() > newest);
        john.ok(&["poll"]);
    }
    assert_eq!(listening.end("-TERM"), Some(0));
}

/// Two people who know subkeys of each other that expire after a year.
fn friends_for_a_year() -> (Peer, Peer) {
    let (john, mary) = friends();
    for peer in [&john, &mary] {
        on_day(peer, 1, &["key", "rotate"]).expect(0);
    }
    for peer in [&john, &mary, &john] {
        on_day(peer, 1, &["poll"]).expect(0);
    }
    (john, mary)
}

/// Lets each write to the other, and read it.
#[track_caller]
fn talk(john: &Peer, mary: &Peer, day: i64) {
    for (from, to) in [(john, mary), (mary, john)] {
        on_day(from, day, &["send", &to.name, "-m", &format!("by {}", from.name)]).expect(0);
        let polled = on_day(to, day, &["poll"]).expect(0);
        assert_eq!((polled.stdout.lines().count(), polled.stderr.as_str()), (1, ""));
        assert!(polled.stdout.contains(&format!("by {}", from.name)), "{}", polled.stdout);
    }
}

#[test]
fn who_was_away_for_longer_than_a_subkey_lives_looks_before_writing() {
    let (john, mary) = friends_for_a_year();
    for day in [300, 350] {
        on_day(&mary, day, &["poll"]).expect(0);
    }
    mary.host.set(Behaviour::Down);
    let refused = on_day(&john, 400, &["send", "mary", "-m", "lost"]).expect(4);
    assert!(refused.stderr.contains("no usable encryption subkey"), "{}", refused.stderr);
    assert!(refused.stderr.contains("cloudim poll"), "{}", refused.stderr);
    mary.host.set(Behaviour::Normal);
    // An hour after the look that failed, sending itself looks again.
    john.at(&in_hours(400 * 24 + 2), &["send", "mary", "-m", "I am back"], "").expect(0);
    for peer in [&john, &mary, &john] {
        on_day(peer, 400, &["poll"]).expect(0);
    }
    talk(&john, &mary, 400);
}

#[test]
fn two_who_were_both_away_find_each_other_again() {
    let (john, mary) = friends_for_a_year();
    for peer in [&john, &mary, &john, &mary] {
        on_day(peer, 400, &["poll"]);
    }
    talk(&john, &mary, 401);
    for (peer, of) in [(&john, "mary"), (&mary, "john")] {
        on_day(peer, 401, &["poll"]).expect(0);
        assert_eq!(on_day(peer, 401, &["status"]).expect(0).stdout, format!("{of}\tall well\n"));
    }
}

#[test]
fn what_was_sent_before_two_rotations_is_read_after_them() {
    let (john, mary) = friends();
    on_day(&john, 0, &["send", "mary", "-m", "long under way"]).expect(0);
    for day in [31, 62, 93] {
        on_day(&mary, day, &["key", "rotate"]).expect(0);
    }
    // Its subkey's secret is gone: John's next look seals it again.
    on_day(&john, 93, &["poll"]).expect(0);
    let polled = on_day(&mary, 93, &["poll"]).expect(0);
    assert!(polled.stdout.contains("long under way"), "{}", polled.stdout);
    assert_eq!(polled.stderr, "");
}
