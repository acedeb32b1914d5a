//! The passphrase comes from where nobody sits: a pipe, a credential, a command; and once.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::common::peer::{PASSPHRASE, Peer, befriend};

/// Two who know each other; the first has a locked key, and a command that tells its passphrase
/// and counts.
fn counted() -> (Peer, Peer) {
    let (john, _) = Peer::locked("John", &[]);
    john.set("passphrase_command", &format!("'echo asked >> \"{}\"; {TELL}'", counter(&john)));
    let mary = Peer::mary();
    befriend(&john, &mary);
    (john, mary)
}

const TELL: &str = "echo correct horse battery staple";

fn counter(peer: &Peer) -> String {
    peer.file("counter").to_str().unwrap().to_owned()
}

/// How often the command was asked since the last time.
fn asked(peer: &Peer) -> usize {
    let lines = fs::read_to_string(counter(peer)).unwrap_or_default().lines().count();
    fs::write(counter(peer), "").unwrap();
    lines
}

/// Runs a shell command in which `$CLOUDIM` is the program.
fn shell(peer: &Peer, script: &str, stdin: &str) -> Output {
    let program = peer.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("CLOUDIM", program.get_program());
    command
        .env("CLOUDIM_HOME", peer.home())
        .env("XDG_STATE_HOME", peer.file("state-home"))
        .env("PASSPHRASE", PASSPHRASE);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_descriptor_or_a_pipe_is_a_file_too_and_stdin_stays_for_the_message() {
    let (john, mary) = counted();
    john.set("passphrase_command", "\"exit 1\"");
    let send = "\"$CLOUDIM\" send mary --passphrase-file /dev/fd/3";
    for (message, script) in [
        ("by a file", format!("{send} 3< {}", john.file("passphrase").display())),
        // The pipe is on 3, and what was stdin is it again.
        ("by a pipe", format!("{{ echo \"$PASSPHRASE\" | {send} 3<&0 <&4; }} 4<&0")),
        ("by a here document", format!("{send} 3<<EOF\n$PASSPHRASE\nEOF")),
    ] {
        let output = shell(&john, &script, message);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{script}: {stderr}");
        assert_eq!(mary.poll(), [message]);
    }
    let script = "\"$CLOUDIM\" send mary -m 'by stdin' --passphrase-file /dev/stdin";
    assert!(shell(&john, script, PASSPHRASE).status.success());
    assert_eq!(mary.poll(), ["by stdin"]);
}

#[test]
fn a_service_has_it_as_a_credential() {
    let (john, file) = Peer::locked("John", &[]);
    let mary = Peer::mary();
    let credentials = john.file("credentials");
    fs::create_dir(&credentials).unwrap();
    let kept = credentials.join("cloudim-passphrase");
    let run = |args: &[&str]| {
        let mut command = john.command(args);
        command.env("CREDENTIALS_DIRECTORY", &credentials).output().unwrap()
    };
    let publish = |args: &[&str]| run(&[&["publish"], args].concat()).status.code();
    // The service has other credentials, and not this one.
    assert_eq!(publish(&[]), Some(1));
    assert_eq!(publish(&["--passphrase-file", &file]), Some(0));
    fs::write(&kept, format!("{PASSPHRASE}\n")).unwrap();
    assert_eq!(publish(&[]), Some(0));
    // It is nearer to the run than what goes for every run, and farther than what was asked for.
    john.set("passphrase_command", "\"exit 1\"");
    assert_eq!(publish(&[]), Some(0));
    fs::write(&kept, "another\n").unwrap();
    assert_eq!(publish(&["--passphrase-file", &file]), Some(0));
    let output = run(&["publish"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let shown = kept.display();
    assert!(stderr.contains("secret.asc`: the passphrase is wrong\n"), "{stderr}");
    assert!(stderr.contains(&format!("hint: it came from the credential `{shown}`")), "{stderr}");
    drop(mary);
}

#[test]
fn it_is_asked_for_once_a_run_and_only_where_the_secret_is_needed() {
    let (john, mary) = counted();
    asked(&john);
    mary.send(&john, "one");
    mary.send(&john, "two");
    // Two messages opened, an acknowledgement sealed.
    assert_eq!(john.poll(), ["one", "two"]);
    assert_eq!(asked(&john), 1);
    john.send(&mary, "three");
    assert_eq!(asked(&john), 1);
    john.ok(&["publish"]);
    assert_eq!(asked(&john), 1);
    mary.poll();
    john.poll();
    asked(&john);
    for args in [&["poll"][..], &["read"], &["status"], &["contact", "list"], &[]] {
        john.ok(args);
        assert_eq!(asked(&john), 0, "{args:?}");
    }
}

#[test]
fn what_never_ends_is_no_passphrase() {
    let (john, _) = Peer::locked("John", &[]);
    let stderr = john.fails(&["publish", "--passphrase-file", "/dev/zero"], 1);
    assert!(stderr.contains("from `/dev/zero`: it is larger than 65536 bytes"), "{stderr}");
    john.set("passphrase_command", "\"yes\"");
    let stderr = john.fails(&["publish"], 1);
    assert!(stderr.contains("the passphrase command `yes` failed"), "{stderr}");
}
