//! What a disk, a backup and `kill -9` do to a rotation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::{published, secret};
use crate::common::host::until;
use crate::common::killer::Killer;
use crate::common::peer::{Peer, Ran, friends, in_hours, texts};

const HOMES: usize = 4;
const TIMES: usize = 5;

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[test]
fn a_backup_from_before_a_rotation_loses_no_message() {
    let (john, mary) = friends();
    mary.send(&john, "before the backup");
    john.poll();
    let backup = mary.file("backup");
    copy(&mary.home(), &backup);
    let (hour, later) = (in_hours(1), in_hours(2));
    mary.at(&hour, &["key", "rotate"], "").expect(0);
    john.at(&hour, &["poll"], "").expect(0);
    john.at(&hour, &["send", "mary", "-m", "sealed to what is lost"], "").expect(0);
    let lost = published(&mary);

    // The disk is gone; what was published is still on the web when the backup is back.
    let web = mary.file("web");
    fs::rename(mary.home().join("public"), &web).unwrap();
    mary.host.root(&web);
    fs::rename(mary.home(), mary.file("broken")).unwrap();
    copy(&backup, &mary.home());
    let first = mary.at(&later, &["--format", "json", "poll"], "");
    assert_eq!(texts(&first.stdout), [""; 0]);
    assert_eq!(first.status, 4, "it comes again, and nobody has lied: {}", first.stderr);
    assert!(first.stderr.contains("sealed to a subkey whose secret is gone"), "{}", first.stderr);
    mary.host.root(&mary.home().join("public"));
    let time: Timestamp = later.parse().unwrap();
    let new = published(&mary);
    assert_ne!(new.encryption_subkey(time), lost.encryption_subkey(time));
    assert_eq!(new.merged(&lost, time).unwrap(), new, "what was published stays known");
    // John follows, and seals it again.
    john.at(&later, &["poll"], "").expect(0);
    let second = mary.at(&later, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&second.stdout), ["sealed to what is lost"]);
    mary.at(&later, &["send", "john", "-m", "I am back"], "").expect(0);
    let polled = john.at(&later, &["poll"], "").expect(0);
    assert!(polled.stdout.contains("I am back") && polled.stderr.is_empty(), "{}", polled.stderr);
    for peer in [&mary, &john] {
        peer.at(&later, &["poll"], "").expect(0);
    }
    for (peer, of) in [(&john, "mary"), (&mary, "john")] {
        let status = peer.at(&later, &["status"], "").expect(0).stdout;
        assert_eq!(status, format!("{of}\tall well\n"));
    }
}

#[test]
fn a_rotation_that_is_killed_leaves_a_home_that_works() {
    let other = Peer::mary();
    let mut killer = Killer::new(|| drop(other.ok(&["key", "rotate"])));
    // A key with many subkeys takes longer: a few for each home.
    for _ in 0..HOMES {
        let (john, mary) = friends();
        for n in 1..=TIMES {
            killer.run(mary.command(&["key", "rotate"]), "");
            goes_on(&john, &mary, n);
        }
        mary.ok(&["key", "rotate"]);
        let files = fs::read_dir(mary.home()).unwrap().map(|file| file.unwrap().path());
        let is_secret =
            |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains("PRIVATE"));
        assert_eq!(files.filter(is_secret).count(), 1);
        assert_eq!(mary.ok(&["status"]), "john\tall well\n");
    }
    killer.was_at_work(HOMES * TIMES);
}

/// Mary's home is whole, and the next run brings what the world sees up to the secret key.
fn goes_on(john: &Peer, mary: &Peer, n: usize) {
    secret(mary);
    let before = published(mary);
    mary.ok(&["poll"]);
    let after = published(mary);
    let newest = after.newest_signature(Timestamp::now());
    until("its second comes", || Timestamp::now() > newest);
    let now = Timestamp::now();
    assert_eq!(after.merged(&before, now).unwrap(), after);
    assert_eq!(after.encryption_subkey(now), secret(mary).certificate().encryption_subkey(now));
    john.ok(&["poll"]);
    john.send(mary, &n.to_string());
    assert_eq!(mary.poll(), [n.to_string()]);
    john.ok(&["poll"]);
}

#[test]
fn what_would_not_fit_is_not_begun() {
    let mary = Peer::mary();
    let mut rotated = 0;
    let refused = loop {
        let ran = mary.run(&["key", "rotate"]);
        if ran.status != 0 {
            break ran.expect(1).stderr;
        }
        rotated += 1;
        assert!(rotated < 100);
    };
    assert!(refused.contains("64 KiB"), "{refused}");
    assert!(rotated > 10);
    assert!(!mary.home().join("key.toml").exists());
    assert!(secret(&mary).certificate().merged(&published(&mary), Timestamp::now()).is_ok());
    mary.ok(&["publish"]);
}

#[test]
fn a_home_that_reads_along_says_what_it_lacks_and_reads_what_waited_once_that_was_copied() {
    let (john, mary) = friends();
    mary.send(&john, "before");
    john.poll();
    let along = john.file("along");
    copy(&john.home(), &along);
    let config = fs::read_to_string(along.join("config.toml")).unwrap();
    let others =
        config.lines().filter(|line| !line.trim_start_matches("# ").starts_with("read_only"));
    let config = others.map(|line| format!("{line}\n")).collect::<String>() + "read_only = true\n";
    fs::write(along.join("config.toml"), config).unwrap();
    let reads = |args: &[&str]| {
        let mut command = john.command(args);
        Ran::of(command.env("CLOUDIM_HOME", &along).output().unwrap())
    };
    assert_eq!(reads(&["poll"]).expect(0).stderr, "");
    john.ok(&["key", "rotate"]);
    mary.poll();
    mary.send(&john, "one");
    let told = reads(&["poll"]).expect(4);
    assert_eq!((told.stdout.as_str(), told.stderr.lines().count()), ("", 1), "{told:?}");
    assert!(told.stderr.contains("this home only reads, and lacks the subkey"), "{told:?}");
    let how =
        "copy secret.asc, key.toml, former/ and public/key.asc here from the home that writes";
    assert!(told.stderr.contains(how), "{told:?}");
    mary.send(&john, "two");
    for _ in 0..2 {
        let again = reads(&["poll"]).expect(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
    }
    let status = reads(&["status"]).expect(0).stdout;
    assert!(status.contains(" cannot be opened (") && status.contains(how), "{status}");
    for name in ["secret.asc", "public/key.asc"] {
        fs::copy(john.home().join(name), along.join(name)).unwrap();
    }
    let read = reads(&["--format", "json", "poll"]).expect(0);
    assert_eq!((texts(&read.stdout), read.stderr.as_str()), (vec!["one".into(), "two".into()], ""));
    assert_eq!(reads(&["status"]).expect(0).stdout, "mary\tall well\n");
}
