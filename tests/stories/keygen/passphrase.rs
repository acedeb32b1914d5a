//! The passphrase, where nobody sits at a terminal.

use std::fs;

use pgp::composed::{Deserializable, SignedSecretKey};
use pgp::types::{KeyDetails, Password, S2kParams, SecretParams, StringToKey};

use crate::common::peer::{PASSPHRASE, Peer, befriend};

fn secret(peer: &Peer) -> SignedSecretKey {
    let armored = fs::read_to_string(peer.home().join("secret.asc")).unwrap();
    SignedSecretKey::from_string(&armored).unwrap().0
}

fn params(key: &SignedSecretKey) -> Vec<SecretParams> {
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params().clone());
    std::iter::once(key.primary_key.secret_params().clone()).chain(subkeys).collect()
}

#[test]
fn a_locked_key_is_locked_by_argon2_and_no_secret_octet_is_in_the_file() {
    let (peer, _) = Peer::locked("John", &[]);
    let mut key = secret(&peer);
    for params in params(&key) {
        let SecretParams::Encrypted(encrypted) = &params else { panic!("a component is unlocked") };
        let S2kParams::Aead { s2k: StringToKey::Argon2 { t, p, m_enc, .. }, .. } =
            encrypted.string_to_key_params()
        else {
            panic!("not Argon2: {:?}", encrypted.string_to_key_params());
        };
        assert_eq!((*t, *p, *m_enc), (3, 4, 16), "3 passes, 4 lanes, 64 MiB");
    }
    let bytes = pgp::ser::Serialize::to_bytes(&key).unwrap();
    let password = Password::from(PASSPHRASE);
    key.primary_key.remove_password(&password).unwrap();
    for subkey in &mut key.secret_subkeys {
        subkey.key.remove_password(&password).unwrap();
    }
    for params in params(&key) {
        let mut plain = Vec::new();
        params.to_writer(&mut plain, key.version()).unwrap();
        assert!(plain.len() >= 32);
        for piece in plain.windows(16).step_by(8) {
            let there = bytes.windows(16).any(|window| window == piece);
            assert!(!there, "octets of the secret lie open in secret.asc");
        }
    }
}

#[test]
fn without_passphrase_the_key_lies_open_by_choice() {
    let john = Peer::john();
    assert!(params(&secret(&john)).iter().all(|params| !params.is_encrypted()));
}

#[test]
fn an_empty_first_line_is_the_empty_passphrase() {
    let peer = Peer::without_identity("John");
    let file = peer.file("passphrase");
    fs::write(&file, "\n").unwrap();
    peer.ok(&["keygen", "--name", "J", "--passphrase-file", file.to_str().unwrap()]);
    assert!(params(&secret(&peer)).iter().all(|params| !params.is_encrypted()));
}

#[test]
fn without_terminal_and_without_option_nothing_is_written() {
    let peer = Peer::without_identity("John");
    let mut command = std::process::Command::new("setsid");
    command.arg("-w").arg(peer.command(&[]).get_program());
    command
        .args(["keygen", "--name", "John"])
        .env("CLOUDIM_HOME", peer.home())
        .env("XDG_STATE_HOME", peer.file("state-home"));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: there is no terminal to ask for a passphrase\n"), "{stderr}");
    assert!(
        stderr
            .contains("hint: --passphrase-file FILE, --passphrase-command CMD, or --no-passphrase")
    );
    assert!(!peer.home().exists());
}

#[test]
fn a_passphrase_that_cannot_be_had_leaves_nothing() {
    let peer = Peer::without_identity("John");
    let gone = peer.file("gone");
    let stderr =
        peer.fails(&["keygen", "--name", "J", "--passphrase-file", gone.to_str().unwrap()], 1);
    assert!(stderr.contains("cannot read the passphrase from"), "{stderr}");
    let stderr = peer.fails(&["keygen", "--name", "J", "--passphrase-command", "exit 3"], 1);
    assert!(stderr.contains("the passphrase command `exit 3` failed"), "{stderr}");
    let bad = peer.file("bad");
    fs::write(&bad, b"\xff\xfe\n").unwrap();
    let stderr =
        peer.fails(&["keygen", "--name", "J", "--passphrase-file", bad.to_str().unwrap()], 1);
    assert!(stderr.contains("`: it is not UTF-8"), "{stderr}");
    let both = ["keygen", "--name", "J", "--passphrase-command", "true", "--no-passphrase"];
    assert!(peer.fails(&both, 2).contains("cannot be used with"));
    assert!(!peer.home().exists());
}

#[test]
fn a_command_gives_the_passphrase_now_and_later() {
    let peer = Peer::without_identity("John");
    fs::write(peer.file("store"), format!("{PASSPHRASE}\n")).unwrap();
    let command = format!("cat '{}'", peer.file("store").display());
    let url = peer.address();
    peer.ok(&["keygen", "--name", "John", "--base-url", &url, "--passphrase-command", &command]);
    assert!(params(&secret(&peer)).iter().all(SecretParams::is_encrypted));
    let config = fs::read_to_string(peer.home().join("config.toml")).unwrap();
    assert!(config.contains(&format!("\npassphrase_command = \"{command}\"\n")), "{config}");
    let mary = Peer::mary();
    befriend(&peer, &mary);
    peer.send(&mary, "unlocked by the command");
    assert_eq!(mary.poll(), ["unlocked by the command"]);
    fs::remove_file(peer.file("store")).unwrap();
    let stderr = peer.fails(&["send", "mary", "-m", "x"], 1);
    assert!(stderr.contains("the passphrase command `cat "), "{stderr}");
}

#[test]
fn a_locked_key_needs_its_passphrase_and_says_how_to_give_it() {
    let (john, file) = Peer::locked("John", &[]);
    let mary = Peer::mary();
    let with = |args: &[&str]| john.run(&[args, &["--passphrase-file", &file]].concat()).expect(0);
    let invitation = with(&["handshake", "invite", &mary.address(), "-o", "-"]).stdout;
    mary.feed(&["handshake", "accept", "-i", "-"], invitation).expect(0);

    // The answer is there: a poll that cannot open it says so, and the next one finds it.
    let stderr = john.fails(&["poll"], 1);
    assert!(stderr.contains("the secret key is locked, and there is no terminal"), "{stderr}");
    with(&["poll"]);

    let stderr = john.fails(&["send", "mary", "-m", "x"], 1);
    assert!(stderr.contains("error: the secret key is locked, and there is no terminal to ask for its passphrase\nhint: --passphrase-file FILE, or passphrase_command in config.toml\n"), "{stderr}");
    fs::write(john.file("wrong"), "Correct horse battery staple").unwrap();
    let wrong = john.file("wrong");
    let stderr =
        john.fails(&["send", "mary", "-m", "x", "--passphrase-file", wrong.to_str().unwrap()], 1);
    assert!(stderr.contains("secret.asc`: the passphrase is wrong"), "{stderr}");
    assert!(!stderr.contains("horse"), "{stderr}");
    with(&["send", "mary", "-m", "open sesame"]);
    let mut command = john.command(&["send", "mary", "-m", "by variable"]);
    assert!(command.env("CLOUDIM_PASSPHRASE_FILE", &file).output().unwrap().status.success());
    assert_eq!(mary.poll(), ["open sesame", "by variable"]);
}

#[test]
fn what_needs_no_secret_does_not_ask_for_the_passphrase() {
    let (john, _) = Peer::locked("John", &[]);
    for args in
        [&["status"][..], &["contact", "list"], &["handshake", "list"], &["read"], &["poll"], &[]]
    {
        john.ok(args);
    }
}
