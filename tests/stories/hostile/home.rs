//! Homes that are not as they should be: not ours to write, half-written, damaged, or there to read
//! only.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::story::{Story, assert_unchanged_but, snapshot};
use crate::common::hand::Hand;
use crate::common::peer::{Peer, Ran, befriend, texts, tree};

/// Somebody who may read a home and not write it.
const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

/// Gives everybody the right to read all below `folder`, and nobody but root to write it.
fn readable(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            readable(&path);
        } else {
            fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
}

/// Gives it back, so that it can be cleared away.
fn writable(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            writable(&path)
        } else {
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap()
        }
    }
}

/// Runs the program as somebody who may only read the home.
fn as_reader(peer: &Peer, program: &Path, args: &[&str], stdin: Option<&Path>) -> Ran {
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(NOBODY).arg(program);
        command
    } else {
        Command::new(program)
    };
    let stdin = stdin.map_or(Stdio::null(), |path| fs::File::open(path).unwrap().into());
    command
        .args(args)
        .env("CLOUDIM_HOME", peer.home())
        .env("XDG_STATE_HOME", peer.file("state-home"))
        .env("TZ", "UTC")
        .stdin(stdin);
    let output = command.output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn in_a_home_that_cannot_be_written_reading_goes_on() {
    let story = Story::begin();
    story.mary.send(&story.john, "unheard");
    // Nothing can be run where homes lie in memory.
    let elsewhere = tempfile::tempdir().unwrap();
    for folder in [story.john.home().parent().unwrap(), elsewhere.path()] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    let program: PathBuf = elsewhere.path().join("cloudim");
    // By another process: what a child of this one holds open for writing cannot be run.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_cloudim")).arg(&program).status();
    assert!(copied.unwrap().success());
    let before = snapshot(&story.john.home());
    readable(&story.john.home());
    let run = |args: &[&str]| as_reader(&story.john, &program, args, None);
    for args in [&["poll"][..], &["send", "mary", "-m", "x"], &["contact", "block", "mary"]] {
        let refused = run(args).expect(1);
        assert!(refused.stderr.contains("error: cannot write `"), "{args:?}: {}", refused.stderr);
        let hint = "hint: the home must be yours to write: see --home and $CLOUDIM_HOME";
        assert!(refused.stderr.contains(hint), "{args:?}: {}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
    assert!(run(&["read"]).expect(0).stdout.ends_with("mary  hello\n"));
    assert_eq!(run(&["status"]).expect(0).stdout, "mary\tall well\n");
    assert!(run(&["contact", "list"]).expect(0).stdout.starts_with("mary\t"));
    assert!(run(&["contact", "show", "mary"]).expect(0).stdout.contains("calls itself Mary"));
    assert!(run(&[]).expect(0).stdout.starts_with("all is well: cloudim poll\n"));
    let feed = story.mary.pair_feed();
    let plain =
        as_reader(&story.john, &program, &["decrypt", "--from", "mary"], Some(&feed)).expect(0);
    assert!(plain.stdout.contains("unheard") && plain.stdout.contains("hello"), "{}", plain.stdout);
    writable(&story.john.home());
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    assert_eq!(story.john.poll(), ["unheard"]);
    story.loses_nothing();
}

#[test]
fn a_half_written_home_names_what_is_missing() {
    let story = Story::begin();
    let home = story.john.home();
    story.mary.send(&story.john, "still to come");
    let (missing, words) = (
        "config.toml",
        "is half-written: `config.toml` is missing\nhint: restore it from a backup",
    );
    let kept = fs::read(home.join(missing)).unwrap();
    fs::remove_file(home.join(missing)).unwrap();
    let before = snapshot(&home);
    for args in
        [&["poll"][..], &["send", "mary", "-m", "x"], &["status"], &["read"], &["publish"], &[]]
    {
        let refused = story.john.run(args).expect(1);
        assert!(refused.stderr.contains(words), "{args:?}: {}", refused.stderr);
    }
    assert_unchanged_but(&before, &snapshot(&home), &[]);
    fs::write(home.join(missing), kept).unwrap();
    // What the secret key says as well is missed by nobody.
    fs::remove_file(home.join("public/key.asc")).unwrap();
    story.john.ok(&["status"]);
    assert_eq!(story.john.poll(), ["still to come"]);
    story.loses_nothing();
}

#[test]
fn without_the_secret_key_what_needs_none_goes_on() {
    let story = Story::begin();
    let secret = story.john.home().join("secret.asc");
    let kept = fs::read(&secret).unwrap();
    story.mary.send(&story.john, "still to come");
    let spoilt = [None, Some(&b""[..]), Some(b"no key"), Some(&kept[..kept.len() / 2])];
    for content in spoilt {
        match content {
            Some(content) => fs::write(&secret, content).unwrap(),
            None => fs::remove_file(&secret).unwrap(),
        }
        let before = snapshot(&story.john.home());
        for args in [&["poll"][..], &["send", "mary", "-m", "x"]] {
            let refused = story.john.run(args).expect(1);
            assert!(
                refused.stderr.contains("secret.asc` is missing\nhint: restore it from a backup")
                    || refused.stderr.contains("secret.asc`: "),
                "{args:?}: {}",
                refused.stderr
            );
            assert_eq!(refused.stdout, "");
        }
        assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
        assert!(story.john.ok(&["read"]).ends_with("hello\n"));
        assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    }
    let keygen = story.john.run(&["keygen", "--name", "John", "--no-passphrase"]).expect(1);
    assert!(keygen.stderr.contains("never overwritten"), "{}", keygen.stderr);
    fs::write(&secret, kept).unwrap();
    assert_eq!(story.john.poll(), ["still to come"]);
    story.loses_nothing();
}

#[test]
fn damaged_settings_are_named_with_their_line() {
    let story = Story::begin();
    let config = story.john.home().join("config.toml");
    let kept = fs::read_to_string(&config).unwrap();
    for (spoilt, words) in [
        (String::new(), "missing field `name`"),
        (kept[..kept.len() / 3].to_owned() + "\nretention = 7", "retention"),
        ("\u{0}\u{1b}[2J".to_owned(), "line 1"),
        (format!("{kept}\nallow = [\"10.0.0.0/99\"]\n"), "10.0.0.0/99"),
        (format!("{kept}\nno_such_key = 1\n"), "no_such_key"),
    ] {
        fs::write(&config, spoilt).unwrap();
        let refused = story.john.run(&["poll"]).expect(1);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        assert!(!refused.stderr.contains('\u{1b}'));
    }
    fs::write(&config, kept).unwrap();
    story.loses_nothing();
}

/// John, Mary and Paul, both of whom have written to John.
fn two_friends() -> (Story, Peer) {
    let story = Story::begin();
    let paul = Peer::new("Paul", &[]);
    let invitation = paul.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    paul.ok(&["handshake", "invite", &story.john.address(), "--output", path]);
    story.john.ok(&["handshake", "accept", "--input", path]);
    paul.ok(&["poll"]);
    story.mary.send(&story.john, "by mary");
    paul.send(&story.john, "by paul");
    (story, paul)
}

#[test]
fn the_damaged_files_of_one_contact_stop_nobody_else() {
    let (story, paul) = two_friends();
    let mary = story.john.home().join("contacts/mary");
    let whole = fs::read_to_string(mary.join("contact.toml")).unwrap();
    let torn = &whole[..whole.find("token").unwrap()];
    for (round, spoilt) in
        ["", torn, "\u{1b}garbage", "fingerprint = \"x\""].into_iter().enumerate()
    {
        fs::write(mary.join("contact.toml"), spoilt).unwrap();
        let polled = story.john.run(&["--format", "json", "poll"]).expect(1);
        let words = "contacts/mary/contact.toml`: ";
        assert!(polled.stderr.contains(words), "{}", polled.stderr);
        assert!(
            polled.stderr.contains("hint: it is damaged: restore it from a backup"),
            "{}",
            polled.stderr
        );
        let expected: &[&str] = if round == 0 { &["by paul"] } else { &[] };
        assert_eq!(texts(&polled.stdout), expected);
        for args in [&["status"][..], &["contact", "list"]] {
            let ran = story.john.run(args).expect(1);
            assert!(
                ran.stderr.contains(words) && ran.stdout.contains("paul\t"),
                "{args:?}: {}{}",
                ran.stdout,
                ran.stderr
            );
        }
        assert!(story.john.run(&[]).expect(1).stderr.contains(words));
        story.john.ok(&["send", "paul", "-m", "are you there?"]);
        let refused = story.john.run(&["send", "mary", "-m", "x"]).expect(1);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_eq!(paul.poll().len(), 4);
    fs::write(mary.join("contact.toml"), whole).unwrap();
    assert_eq!(story.john.poll(), ["by mary"]);
    story.loses_nothing();
}

#[test]
fn a_missing_certificate_is_named_and_nothing_is_believed_without_it() {
    let (story, _paul) = two_friends();
    let path = story.john.home().join("contacts/mary/certificate.asc");
    let kept = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let polled = story.john.run(&["--format", "json", "poll"]).expect(1);
    let words = "contacts/mary/certificate.asc` is missing\nhint: restore it from a backup\n";
    assert!(polled.stderr.contains(words), "{}", polled.stderr);
    assert_eq!(texts(&polled.stdout), ["by paul"]);
    fs::write(&path, "garbage").unwrap();
    let polled = story.john.run(&["poll"]).expect(1);
    assert!(polled.stderr.contains("contacts/mary/certificate.asc`: "), "{}", polled.stderr);
    fs::write(&path, kept).unwrap();
    assert_eq!(story.john.poll(), ["by mary"]);
    story.loses_nothing();
}

#[test]
fn damaged_cursors_are_named_and_lose_no_message() {
    let (story, _paul) = two_friends();
    let path = story.john.home().join("contacts/mary/delivered");
    let kept = fs::read(&path).unwrap();
    fs::write(&path, "\u{1b}gar\nbage").unwrap();
    let polled = story.john.run(&["--format", "json", "poll"]).expect(1);
    assert!(polled.stderr.contains("contacts/mary/delivered`: "), "{}", polled.stderr);
    let hint = "hint: without it all messages are delivered once more\n";
    assert!(polled.stderr.contains(hint), "{}", polled.stderr);
    assert_eq!(texts(&polled.stdout), ["by paul"]);
    fs::write(&path, kept).unwrap();
    assert_eq!(story.john.poll(), ["by mary"], "stored meanwhile, and delivered now");
    fs::remove_file(&path).unwrap();
    assert_eq!(story.john.poll(), ["hello", "by mary"], "as the hint says");
    story.loses_nothing();
}

#[test]
fn a_torn_last_line_costs_no_message() {
    let story = Story::begin();
    let contact = story.john.home().join("contacts/mary");
    let keep = |name: &str| fs::read(contact.join(name)).unwrap();
    // As a power cut leaves it: half of the line is there, and nothing that would come after it.
    let (counters, cursors, before) =
        (keep("contact.toml"), keep("delivered"), keep("messages.jsonl"));
    story.mary.send(&story.john, "torn in two");
    assert_eq!(story.john.poll(), ["torn in two"]);
    let whole = keep("messages.jsonl");
    let line = whole.len() - before.len();
    for half in [1, line / 2, line - 1] {
        fs::write(contact.join("messages.jsonl"), &whole[..before.len() + half]).unwrap();
        fs::write(contact.join("contact.toml"), &counters).unwrap();
        fs::write(contact.join("delivered"), &cursors).unwrap();
        assert!(story.john.ok(&["read", "mary"]).ends_with("mary  hello\n"));
        assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
        assert_eq!(story.john.poll(), ["torn in two"], "it comes again, whole");
        assert_eq!(story.john.poll(), [""; 0]);
        let records = String::from_utf8(keep("messages.jsonl")).unwrap();
        assert_eq!(records.matches("torn in two").count(), 1, "{records}");
    }
    story.loses_nothing();
}

#[test]
fn a_torn_line_of_a_sent_message_costs_no_message() {
    let story = Story::begin();
    let contact = story.john.home().join("contacts/mary");
    let before = fs::read(contact.join("messages.jsonl")).unwrap();
    let feed = fs::read(story.john.pair_feed()).unwrap();
    story.john.send(&story.mary, "sent, I think");
    let whole = fs::read(contact.join("messages.jsonl")).unwrap();
    let half = before.len() + (whole.len() - before.len()) / 2;
    // The line is written before the feed, so the power cut left the old feed.
    fs::write(contact.join("messages.jsonl"), &whole[..half]).unwrap();
    fs::write(story.john.pair_feed(), feed).unwrap();
    story.john.send(&story.mary, "and another");
    assert_eq!(story.mary.poll(), ["sent, I think", "and another"]);
    let history = texts(&story.john.ok(&["--format", "json", "read", "mary"]));
    assert_eq!(history, ["hello", "sent, I think", "and another"]);
}

#[test]
fn a_read_only_home_stores_and_delivers_and_writes_nothing_to_the_world() {
    let story = Story::begin();
    story.john.set("read_only", "true");
    let ran = story.john.file("published");
    story.john.set("publish", &format!("\"touch {}\"", ran.display()));
    story.mary.send(&story.john, "read me");
    let before = snapshot(&story.john.home());
    assert_eq!(story.john.poll(), ["read me"]);
    assert_eq!(story.john.poll(), [""; 0]);
    assert!(story.john.ok(&["read"]).ends_with("read me\n"));
    for args in [
        &["send", "mary", "-m", "x"][..],
        &["encrypt", "--to", "mary"],
        &["append", "mary"],
        &["publish"],
        &["handshake", "invite", &story.mary.address()],
        &["handshake", "accept", "paul"],
        &["contact", "remove", "mary", "--yes"],
    ] {
        let refused = story.john.run(args).expect(1);
        assert!(
            refused.stderr.starts_with("error: this home is read-only: "),
            "{args:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.contains("\nhint: use the home that writes"), "{}", refused.stderr);
    }
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &["contacts/mary/"]);
    let mary = Hand::of(&story.mary, &story.john);
    story.mary.ok(&["poll"]);
    assert!(story.mary.ok(&["status"]).contains("1 unacknowledged"), "{:?}", mary.contact.ours);
    assert!(!ran.exists(), "the publish command never ran");
}

#[test]
fn an_old_copy_of_a_home_reads_once_it_is_read_only() {
    let story = Story::begin();
    let copy = Peer::without_identity("John");
    assert!(
        Command::new("cp")
            .arg("-r")
            .arg(story.john.home())
            .arg(copy.home())
            .status()
            .unwrap()
            .success()
    );
    story.john.send(&story.mary, "written after the copy");
    story.mary.send(&story.john, "for both");
    copy.set("read_only", "true");
    let before = tree(&copy.home().join("public"));
    assert_eq!(copy.poll(), ["for both"]);
    assert!(tree(&copy.home().join("public")) == before, "it writes nothing to the world");
    assert_eq!(story.john.poll(), ["for both"]);
}

#[test]
fn an_acceptance_that_could_not_be_written_can_be_repeated() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.file("invitation.rss");
    john.ok(&["handshake", "invite", &mary.address(), "--output", path.to_str().unwrap()]);
    // What is left if the power fails in the middle.
    fs::create_dir_all(mary.home().join("contacts/john/octets")).unwrap();
    befriend(&john, &mary);
    assert!(mary.ok(&["contact", "list"]).starts_with("john\t"));
}
