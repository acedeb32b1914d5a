//! The key ends: later, or for ever.

use std::fs;

use crate::common::peer::{Peer, befriend, friends, in_hours, texts};
use crate::common::tty::Terminal;

const DAY: i64 = 24;

#[test]
fn who_is_told_in_time_extends_and_contacts_follow() {
    let (john, mary) = friends();
    // Its subkeys end after a year.
    john.ok(&["key", "rotate"]);
    mary.poll();
    let soon = in_hours(340 * DAY);
    for (args, ends) in [(&[][..], true), (&["status"], true)] {
        let now = john.ok(args);
        assert!(!now.contains("your subkey expires"), "{now}");
        let later = john.at(&soon, args, "").expect(0).stdout;
        assert_eq!(later.contains("your subkey expires: cloudim key extend"), ends, "{later}");
    }
    // What comes from cron says so once a day.
    john.set("rotate_every", "\"never\"");
    for (hours, told) in [(0, 1), (1, 0), (25, 1)] {
        let ran = john.at(&in_hours(340 * DAY + hours), &["-q", "poll"], "").expect(0);
        let warning = "warning: nobody can write to you from 2";
        assert_eq!(ran.stderr.matches(warning).count(), told, "{}", ran.stderr);
    }
    john.at(&soon, &["key", "extend"], "").expect(0);
    let later = john.at(&soon, &["status"], "").expect(0).stdout;
    assert!(!later.contains("your subkey expires"), "{later}");
    // Mary has not looked for long: what she knew has ended, what she finds when she sends has not.
    let after = in_hours(370 * DAY);
    mary.at(&after, &["send", "john", "-m", "in time"], "").expect(0);
    let ran = john.at(&after, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&ran.stdout), ["in time"]);
}

#[test]
fn a_key_that_never_ends_is_not_shortened() {
    let john = Peer::john();
    let before = fs::read(john.home().join("secret.asc")).unwrap();
    let ran = john.run(&["key", "extend", "90d"]).expect(0);
    assert_eq!(ran.stderr, "nothing of the key would end earlier\n");
    assert_eq!(fs::read(john.home().join("secret.asc")).unwrap(), before);
    for (bad, why) in
        [("soon", "not a duration"), ("1h", "of no use"), ("90000d", "lives that long")]
    {
        let stderr = john.fails(&["key", "extend", bad], 2);
        assert!(stderr.contains(why), "{stderr}");
    }
}

#[test]
fn a_revoked_key_signs_nothing_and_contacts_write_to_it_no_more() {
    let (john, mary) = friends();
    mary.poll();
    mary.send(&john, "before");
    let stderr = john.fails(&["key", "revoke"], 1);
    assert_eq!(stderr, "error: the key is not revoked\nhint: --yes revokes without asking\n");
    let ran = john.run(&["key", "revoke", "--yes"]).expect(0);
    assert!(ran.stderr.starts_with("the key is revoked: contacts that look"), "{}", ran.stderr);

    let stderr = john.fails(&["send", "mary", "-m", "x"], 4);
    assert!(stderr.contains("error: your own key is revoked: nothing is signed with it\nhint: for another one: cloudim --home DIR keygen"), "{stderr}");
    for args in [&["handshake", "invite", "-o", "-"][..], &["encrypt", "--to", "mary"]] {
        assert!(john.fails(args, 4).contains("your own key is revoked"), "{args:?}");
    }
    // What came is read all the same, and acknowledged to nobody.
    assert_eq!(john.poll(), ["before"]);
    assert!(john.ok(&[]).starts_with("your own key is revoked: "));
    assert!(john.ok(&["status"]).contains("-\tyour own key is revoked: "));
    john.ok(&["publish"]);

    let stderr = mary.fails(&["poll"], 4);
    assert!(stderr.contains("the key is revoked: nothing is sent to it"), "{stderr}");
    let stderr = mary.fails(&["send", "john", "-m", "x"], 4);
    assert!(stderr.contains("the key of `john` is revoked"), "{stderr}");
    assert!(stderr.contains("hint: ask john for the fingerprint of another"), "{stderr}");
}

#[test]
fn revocation_asc_needs_no_passphrase_and_a_reason_does() {
    let (john, _) = Peer::locked("John", &[]);
    let stderr = john.fails(&["key", "revoke", "--yes", "--reason", "retired"], 1);
    assert!(stderr.contains("the secret key is locked"), "{stderr}");
    assert!(john.ok(&["key", "show"]).contains("valid"));
    john.ok(&["key", "revoke", "--yes"]);
    let shown = john.ok(&["key", "show"]);
    assert!(shown.contains("\tis revoked\n"), "{shown}");
    assert!(shown.contains("locked by a passphrase"), "{shown}");

    let (mary, file) = Peer::locked("Mary", &[]);
    let retire = ["key", "revoke", "--yes", "--reason", "retired"];
    mary.ok(&[&retire[..], &["--passphrase-file", &file]].concat());
    // It is dated after all that is in the key, which may be of this very second.
    let shown = mary.at(&in_hours(1), &["key", "show"], "").expect(0).stdout;
    assert!(shown.contains("\tis revoked\n"), "{shown}");
}

#[test]
fn what_was_signed_before_a_key_was_retired_stays_good_and_else_does_not() {
    for (reason, delivered) in [("retired", true), ("superseded", true), ("compromised", false)] {
        let (john, mary) = friends();
        john.send(&mary, "before");
        // A second later: a key's time counts in seconds.
        let ran = john.at(&in_hours(1), &["key", "revoke", "--yes", "--reason", reason], "");
        ran.expect(0);
        let ran = mary.at(&in_hours(2), &["--format", "json", "poll"], "");
        let expected: &[&str] = if delivered { &["before"] } else { &[] };
        assert_eq!(texts(&ran.stdout), expected, "{reason}: {}", ran.stderr);
    }
}

#[test]
fn without_revocation_asc_the_key_revokes_itself_and_a_wrong_one_is_refused() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.home().join("revocation.asc");
    fs::copy(mary.home().join("revocation.asc"), &path).unwrap();
    let stderr = john.fails(&["key", "revoke", "--yes"], 1);
    assert!(stderr.contains("it does not revoke this key\nhint: it is in `"), "{stderr}");
    assert!(john.ok(&["key", "show"]).contains("valid"));
    fs::remove_file(&path).unwrap();
    john.ok(&["key", "revoke", "--yes"]);
    assert!(john.ok(&["key", "show"]).contains("is revoked"));
}

#[test]
fn a_terminal_asks_before_it_is_too_late() {
    let john = Peer::john();
    for (answer, status, verdict) in [("yes", 1, "valid"), ("revoke", 0, "is revoked")] {
        let mut terminal = Terminal::run(&john, "\"$CLOUDIM\" key revoke");
        terminal.answer_openly("Revoke the key, for ever? Type `revoke`: ", answer);
        assert_eq!(terminal.end().0, status);
        assert!(john.ok(&["key", "show"]).contains(verdict));
    }
}

#[test]
fn a_read_only_home_changes_nothing() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    john.set("read_only", "true");
    for args in [&["key", "revoke", "--yes"][..], &["key", "extend"], &["key", "rotate"]] {
        assert!(john.fails(args, 1).contains("this home is read-only"), "{args:?}");
    }
    assert!(john.ok(&["key", "show"]).contains("valid"));
}
