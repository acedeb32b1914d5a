//! The passphrase, asked for on a terminal.

use std::fs;

use crate::common::peer::{Peer, befriend};
use crate::common::tty::Terminal;

const KEYGEN: &str = "\"$CLOUDIM\" keygen --name John --base-url";
const FIRST: &str = "Passphrase for the new key (empty for none): ";
const AGAIN: &str = "The same again: ";

fn keygen(peer: &Peer, first: &str, again: &str) -> (i32, String) {
    let mut terminal = Terminal::run(peer, &format!("{KEYGEN} {}", peer.address()));
    terminal.answer(FIRST, first);
    terminal.answer(AGAIN, again);
    terminal.end()
}

fn is_locked(peer: &Peer) -> bool {
    let secret = fs::read(peer.home().join("secret.asc")).unwrap();
    cloudim::openpgp::secret_key::SecretKey::parse(&secret).unwrap().is_locked()
}

#[test]
fn the_passphrase_is_typed_twice_and_never_shown() {
    let john = Peer::without_identity("John");
    let (status, screen) = keygen(&john, "swordfish", "swordfish");
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains("swordfish"), "{screen}");
    assert!(is_locked(&john));
    let file = john.file("passphrase");
    fs::write(&file, "swordfish").unwrap();
    john.ok(&["publish", "--passphrase-file", file.to_str().unwrap()]);
}

#[test]
fn two_that_differ_are_refused_and_nothing_is_written() {
    let john = Peer::without_identity("John");
    let (status, screen) = keygen(&john, "swordfish", "swordfisch");
    assert_eq!(status, 1, "{screen}");
    assert!(screen.contains("error: the two passphrases differ"), "{screen}");
    assert!(!john.home().exists());
}

#[test]
fn an_empty_one_leaves_the_key_unlocked() {
    let john = Peer::without_identity("John");
    assert_eq!(keygen(&john, "", "").0, 0);
    assert!(!is_locked(&john));
}

#[test]
fn a_locked_key_is_opened_by_what_is_typed_while_the_message_comes_by_a_pipe() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    assert_eq!(keygen(&john, "swordfish", "swordfish").0, 0);
    let file = john.file("passphrase");
    fs::write(&file, "swordfish").unwrap();
    john.set("passphrase_command", &format!("\"cat '{}'\"", file.display()));
    befriend(&john, &mary);
    john.set("passphrase_command", "\"exit 1\"");
    let config = fs::read_to_string(john.home().join("config.toml")).unwrap();
    let without: Vec<&str> =
        config.lines().filter(|line| !line.contains("passphrase_command")).collect();
    fs::write(john.home().join("config.toml"), without.join("\n")).unwrap();

    let shell = "echo 'from the pipe' | \"$CLOUDIM\" send mary";
    let mut terminal = Terminal::run(&john, shell);
    terminal.answer("Passphrase: ", "swordfish");
    let (status, screen) = terminal.end();
    assert_eq!(status, 0, "{screen}");
    assert_eq!(mary.poll(), ["from the pipe\n"]);

    let mut terminal = Terminal::run(&john, shell);
    terminal.answer("Passphrase: ", "catfish");
    let (status, screen) = terminal.end();
    assert_eq!(status, 1);
    assert!(screen.contains("the passphrase is wrong"), "{screen}");
    assert_eq!(mary.poll(), [""; 0]);
}

#[test]
fn a_background_job_is_told_and_not_stopped() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    assert_eq!(keygen(&john, "swordfish", "swordfish").0, 0);
    drop(mary);
    // A stopped job would end `wait` with a signal's status; the shell is in the foreground.
    let shell = "set -m; \"$CLOUDIM\" publish & wait $!; echo \"status $?\"";
    let (_, screen) = Terminal::run(&john, shell).end();
    assert!(screen.contains("status 1"), "{screen}");
    assert!(screen.contains("the secret key is locked, and there is no terminal"), "{screen}");
    assert!(screen.contains("hint: --passphrase-file FILE"), "{screen}");
}
