//! An identity is there whole, or it says what is wrong: whatever else runs, whatever is killed.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use crate::common::peer::Peer;

#[test]
fn of_two_keygens_at_once_one_wins_and_the_other_says_so() {
    for _ in 0..5 {
        let peer = Peer::without_identity("x");
        let url = peer.address();
        let start = |name: &str| {
            let args = ["keygen", "--name", name, "--base-url", &url, "--no-passphrase"];
            let mut command = peer.command(&args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let ends = [start("One"), start("Two")].map(|child| child.wait_with_output().unwrap());
        let mut statuses = ends.each_ref().map(|end| end.status.code().unwrap());
        let loser = usize::from(statuses[1] != 0);
        statuses.sort_unstable();
        assert_eq!(statuses, [0, 1]);
        let stderr = String::from_utf8_lossy(&ends[loser].stderr);
        assert!(stderr.contains("exists already, and is never overwritten"), "{stderr}");
        // Key, card and settings are of one and the same.
        let winner = String::from_utf8_lossy(&ends[1 - loser].stdout).trim().to_owned();
        let card = fs::read_to_string(peer.home().join("public/card.rss")).unwrap();
        assert!(card.contains(&winner), "{card}");
        let name = ["One", "Two"][1 - loser];
        assert!(card.contains(&format!("<title>{name}</title>")), "{card}");
        peer.ok(&["publish"]);
    }
}

#[test]
fn a_keygen_that_is_killed_leaves_nothing_or_says_what_is_missing_or_is_whole() {
    let begin = Instant::now();
    drop(Peer::john());
    let whole = begin.elapsed();
    let mut killed = 0;
    for round in 0..36 {
        let peer = Peer::without_identity("John");
        let url = peer.address();
        let args = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
        let mut command = peer.command(&args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * round / 30);
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let home = peer.home();
        let has = |name: &str| home.join(name).exists();
        if has("config.toml") {
            for name in ["secret.asc", "revocation.asc", "public/key.asc", "public/card.rss"] {
                assert!(has(name), "{name} is missing, and nobody is told");
            }
            assert!(has("public/index.html") && has("public/.well-known/webfinger"));
            peer.ok(&["publish"]);
            Peer::mary().ok(&["handshake", "invite", &url, "-o", "-"]);
        } else if has("secret.asc") {
            let stderr = peer.fails(&["status"], 1);
            assert!(stderr.contains("is half-written: `config.toml` is missing\nhint: restore it from a backup, or move the folder away"), "{stderr}");
            let stderr = peer.fails(&args, 1);
            assert!(stderr.contains("secret.asc` exists already"), "{stderr}");
            fs::rename(&home, peer.file("away")).unwrap();
            peer.ok(&args);
        } else {
            let stderr = peer.fails(&["status"], 1);
            assert!(stderr.contains("there is no identity in"), "{stderr}");
            assert!(stderr.contains("hint: cloudim keygen --name NAME --base-url URL"), "{stderr}");
            peer.ok(&args);
        }
    }
    assert!(killed > 0, "no kill was in time");
}

#[test]
fn each_half_of_an_identity_is_told() {
    for (lost, missing) in [
        (&["config.toml"][..], "config.toml"),
        (&["public/key.asc", "secret.asc"], "public/key.asc"),
    ] {
        let john = Peer::john();
        for name in lost {
            fs::remove_file(john.home().join(name)).unwrap();
        }
        for args in [&["status"][..], &["poll"], &["send", "mary", "-m", "x"], &[]] {
            let stderr = john.fails(args, 1);
            assert!(stderr.contains(&format!("half-written: `{missing}` is missing")), "{stderr}");
            assert!(stderr.contains("hint: "), "{stderr}");
        }
    }
    let john = Peer::john();
    fs::remove_file(john.home().join("secret.asc")).unwrap();
    let stderr = john.fails(&["handshake", "invite", "-o", "-"], 1);
    assert!(stderr.contains("secret.asc` is missing\nhint: restore it from a backup"), "{stderr}");
}
