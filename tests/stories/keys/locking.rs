//! The passphrase is changed, removed and given.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use cloudim::openpgp::secret_key::SecretKey;

use crate::common::host::{Host, OFTEN, RARELY, until};
use crate::common::peer::{PASSPHRASE, Peer, befriend};
use crate::common::tty::Terminal;

const NEW: &str = "another one altogether";

/// A file of `peer` with that passphrase.
fn file(peer: &Peer, passphrase: &str) -> String {
    let path = peer.file(&passphrase.replace(' ', "-"));
    fs::write(&path, format!("{passphrase}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn secret(peer: &Peer) -> Vec<u8> {
    fs::read(peer.home().join("secret.asc")).unwrap()
}

fn is_locked(peer: &Peer) -> bool {
    SecretKey::parse(&secret(peer)).unwrap().is_locked()
}

#[test]
fn the_new_one_opens_and_the_old_one_does_not() {
    let (john, old) = Peer::locked("John", &[]);
    let mary = Peer::mary();
    john.set("passphrase_command", &format!("\"cat '{old}'\""));
    befriend(&john, &mary);
    let new = file(&john, NEW);
    let ran = john.run(&["key", "passphrase", "--new-passphrase-file", &new]).expect(0);
    let hint = format!("hint: from now on `cat '{old}'` must print the new one\n");
    assert_eq!(ran.stderr, format!("the passphrase is changed\n{hint}"));
    assert!(is_locked(&john));
    let path = john.home().join("secret.asc");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let stderr = john.fails(&["send", "mary", "-m", "x"], 1);
    assert!(stderr.contains("the passphrase is wrong"), "{stderr}");
    john.ok(&["send", "mary", "-m", "with the new one", "--passphrase-file", &new]);
    assert_eq!(mary.poll(), ["with the new one"]);
}

#[test]
fn a_wrong_old_one_changes_no_byte() {
    let (john, _) = Peer::locked("John", &[]);
    let (wrong, new, before) = (file(&john, "wrong"), file(&john, NEW), secret(&john));
    let change = ["key", "passphrase", "--passphrase-file", &wrong, "--new-passphrase-file", &new];
    assert!(john.fails(&change, 1).contains("the passphrase is wrong"));
    assert!(john.fails(&["key", "passphrase", "--no-passphrase"], 1).contains("no terminal"));
    assert_eq!(secret(&john), before);
}

#[test]
fn it_is_removed_and_given_again_also_by_two_pipes() {
    let (john, old) = Peer::locked("John", &[]);
    let ran = john.run(&["key", "passphrase", "--passphrase-file", &old, "--no-passphrase"]);
    assert_eq!(ran.expect(0).stderr, "the secret key lies on disk without a passphrase\n");
    assert!(!is_locked(&john));
    john.ok(&["publish"]);
    john.ok(&["key", "passphrase", "--new-passphrase-file", &old]);
    assert!(is_locked(&john));
    let script = "echo \"$OLD\" | { echo \"$NEW\" | \"$CLOUDIM\" key passphrase \
                  --passphrase-file /dev/fd/3 --new-passphrase-file /dev/stdin; } 3<&0";
    let program = john.command(&[]).get_program().to_owned();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .env("CLOUDIM", program)
        .env("CLOUDIM_HOME", john.home())
        .env("XDG_STATE_HOME", john.file("state-home"));
    assert!(shell.env("OLD", PASSPHRASE).env("NEW", NEW).status().unwrap().success());
    john.ok(&["publish", "--passphrase-file", &file(&john, NEW)]);
}

#[test]
fn on_a_terminal_the_old_one_is_asked_for_once_and_the_new_one_twice() {
    let (john, _) = Peer::locked("John", &[]);
    let mut terminal = Terminal::run(&john, "\"$CLOUDIM\" key passphrase");
    terminal.answer("Passphrase: ", PASSPHRASE);
    terminal.answer("New passphrase (empty for none): ", NEW);
    terminal.answer("The same again: ", NEW);
    let (status, screen) = terminal.end();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains(NEW), "{screen}");
    john.ok(&["publish", "--passphrase-file", &file(&john, NEW)]);
    let before = secret(&john);
    let mut terminal = Terminal::run(&john, "\"$CLOUDIM\" key passphrase");
    terminal.answer("Passphrase: ", NEW);
    terminal.answer("New passphrase (empty for none): ", "one");
    terminal.answer("The same again: ", "two");
    let (status, screen) = terminal.end();
    assert!(status == 1 && screen.contains("error: the two passphrases differ"), "{screen}");
    assert_eq!(secret(&john), before);
}

#[test]
fn listen_asks_once_for_all_that_it_does() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let given = file(&john.peer, PASSPHRASE);
    john.peer.ok(&["key", "passphrase", "--new-passphrase-file", &given]);
    let asked = john.peer.file("asked");
    let command = format!("'echo $PPID >> \"{}\"; cat \"{given}\"'", asked.display());
    john.peer.set("passphrase_command", &command);
    let listening = john.listen(&["--print", OFTEN]);
    let hers = mary.listen(&["--print", RARELY]);
    mary.peer.ok(&["handshake", "invite", &john.url]);
    until("the invitation is there", || john.peer.ok(&["handshake", "list"]).contains("mary"));
    john.peer.ok(&["handshake", "accept", "mary"]);
    until("mary has heard of it", || mary.peer.ok(&["contact", "list"]).contains("john"));
    for text in ["one", "two"] {
        mary.peer.ok(&["send", "john", "-m", text]);
        listening.prints(text);
    }
    drop(hers);
    let id = listening.child.id().to_string();
    let asked = fs::read_to_string(&asked).unwrap();
    assert_eq!(asked.lines().filter(|line| *line == id).count(), 1, "{id} in {asked}");
    listening.end("-TERM");
}

#[test]
fn a_quiet_poll_says_once_that_the_key_is_locked() {
    let ((john, file), mary) = (Peer::locked("John", &[]), Peer::mary());
    let unlocked = |args: &[&str]| john.ok(&[&["--passphrase-file", &file], args].concat());
    let invitation = john.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    unlocked(&["handshake", "invite", &mary.address(), "--output", path]);
    mary.ok(&["handshake", "accept", "--input", path]);
    unlocked(&["poll"]);
    mary.send(&john, "waiting");
    let first = john.run_unattended(&["--quiet", "poll"]).expect(1);
    assert!(first.stderr.starts_with("error: the secret key is locked"), "{}", first.stderr);
    for _ in 0..3 {
        let again = john.run_unattended(&["--quiet", "poll"]).expect(1);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    }
    let loud = john.run_unattended(&["poll"]).expect(1);
    assert!(loud.stderr.starts_with("error: the secret key is locked"), "{}", loud.stderr);
    assert!(unlocked(&["poll"]).ends_with("  mary  waiting\n"));
}
