//! The secret stays in memory: no log, no dump.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use pgp::composed::{Deserializable, SignedSecretKey};
use pgp::types::{KeyDetails, Password, SecretParams};

use crate::common::ending;
use crate::common::host::{Host, RARELY};
use crate::common::peer::{PASSPHRASE, Peer};

/// A signal that dumps core, and that no background job inherits as ignored.
const SIGABRT: i32 = 6;

/// Every secret octet of `peer`'s key, in hexadecimal, component by component.
pub fn secrets(peer: &Peer) -> Vec<String> {
    let armored = fs::read_to_string(peer.home().join("secret.asc")).unwrap();
    let mut key = SignedSecretKey::from_string(&armored).unwrap().0;
    let password = Password::from(PASSPHRASE);
    key.primary_key.remove_password(&password).unwrap();
    for subkey in &mut key.secret_subkeys {
        subkey.key.remove_password(&password).unwrap();
    }
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params());
    let all = std::iter::once(key.primary_key.secret_params()).chain(subkeys);
    let hexadecimal = |params: &SecretParams| {
        let mut plain = Vec::new();
        params.to_writer(&mut plain, key.version()).unwrap();
        plain.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    all.map(hexadecimal).collect()
}

#[test]
fn what_is_told_in_detail_tells_no_secret() {
    let (john, file) = Peer::locked("John", &[]);
    let mary = Peer::mary();
    let mut talk = String::new();
    let mut run = |args: &[&str]| {
        let ran = john.run(&[args, &["-vv", "--passphrase-file", &file]].concat()).expect(0);
        talk += &ran.stderr.to_lowercase();
        ran.stdout
    };
    let invitation = run(&["handshake", "invite", &mary.address(), "-o", "-"]);
    mary.feed(&["handshake", "accept", "-i", "-"], invitation).expect(0);
    run(&["poll"]);
    run(&["send", "mary", "-m", "x"]);
    mary.poll();
    mary.send(&john, "y");
    run(&["poll"]);
    assert!(!talk.is_empty(), "nothing is told, so that this shows nothing");
    assert!(!talk.contains("horse") && !talk.contains("private key block"), "{talk}");
    let secrets = secrets(&john);
    assert_eq!(secrets.len(), 3);
    for secret in secrets {
        assert!(secret.len() >= 64);
        for place in (0..secret.len() - 16).step_by(2) {
            assert!(!talk.contains(&secret[place..place + 16]), "{talk}");
        }
    }
}

#[test]
fn a_crash_leaves_no_core_dump() {
    let john = Host::new("John");
    let mut command = Command::new("sh");
    // As generous as can be, and where a dump would be seen.
    let script = "ulimit -c unlimited; exec \"$0\" listen \"$1\"";
    command.args(["-c", script]).arg(john.peer.command(&[]).get_program()).arg(RARELY);
    command
        .env("CLOUDIM_HOME", john.peer.home())
        .env("XDG_STATE_HOME", john.peer.file("state-home"))
        .current_dir(john.peer.file("."));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    talk.read_line(&mut first).unwrap();
    assert!(first.starts_with("listening on "), "{first}");
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let core: Vec<&str> = core.split_whitespace().skip(4).collect();
    assert_eq!(core[0], "0", "{core:?}");
    let status = ending::end(&mut child, "-ABRT");
    assert_eq!((status.signal(), status.core_dumped()), (Some(SIGABRT), false));
}
