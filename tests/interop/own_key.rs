//! Our own key goes to GnuPG and Sequoia, and theirs become ours.

use std::path::Path;
use std::process::Command;

use crate::common::peer::{PASSPHRASE, Peer, befriend, in_hours};

use super::hand::newest;
use super::tools::{self, Gpg};

/// How GnuPG is given a passphrase without a terminal.
const LOOPBACK: [&str; 2] = ["--pinentry-mode", "loopback"];

/// Exports the secret key called `name`, locked with `passphrase` if that is not empty.
fn exported(gpg: &Gpg, name: &str, passphrase: &str) -> String {
    let given = ["--passphrase", passphrase, "--armor", "--export-secret-keys", name];
    gpg.ok(&[&LOOPBACK[..], &given].concat(), "")
}

/// Generates a key called `name` of `kind` for `usage`; returns its fingerprint.
fn generate(gpg: &Gpg, name: &str, kind: &str, usage: &str, passphrase: &str) -> String {
    let given = ["--passphrase", passphrase, "--quick-generate-key", name, kind, usage, "2y"];
    gpg.ok(&[&LOOPBACK[..], &given].concat(), "");
    gpg.listed("fpr", name)[9].clone()
}

fn add(gpg: &Gpg, key: &str, kind: &str, usage: &str, passphrase: &str) {
    let given = ["--passphrase", passphrase, "--quick-add-key", key, kind, usage, "1y"];
    gpg.ok(&[&LOOPBACK[..], &given].concat(), "");
}

/// Somebody whose identity is the key in `armored`.
fn adopted(armored: &str, args: &[&str]) -> Peer {
    let mary = Peer::without_identity("Mary");
    let url = mary.address();
    let keygen = ["keygen", "--name", "Mary", "--base-url", &url, "--import", "-"];
    mary.feed(&[&keygen, args].concat(), armored).expect(0);
    mary
}

#[track_caller]
fn assert_talks(mary: &Peer, args: &[&str]) -> Peer {
    let john = Peer::new("John", &["--profile", "classic"]);
    let invitation = john.ok(&["handshake", "invite", &mary.address(), "-o", "-"]);
    mary.feed(&[&["handshake", "accept", "-i", "-"], args].concat(), invitation).expect(0);
    john.ok(&["poll"]);
    john.send(mary, "dinner?");
    mary.ok(&[&["poll"], args].concat());
    mary.ok(&[&["send", "john", "-m", "gladly"], args].concat());
    assert_eq!(john.poll(), ["gladly"]);
    john
}

#[test]
#[ignore = "needs gpg"]
fn a_locked_key_of_gpg_becomes_an_identity_and_gpg_reads_along() {
    let gpg = Gpg::new();
    let key = generate(&gpg, "Mary <mary@example.org>", "ed25519", "cert,sign", PASSPHRASE);
    for (kind, usage) in [("cv25519", "encr"), ("ed25519", "sign"), ("ed25519", "auth")] {
        add(&gpg, &key, kind, usage, PASSPHRASE);
    }
    let armored = exported(&gpg, "Mary", PASSPHRASE);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, PASSPHRASE).unwrap();
    let given = ["--passphrase-file", file.path().to_str().unwrap()];
    let mary = adopted(&armored, &given);
    assert!(mary.ok(&["key", "show"]).contains(&format!("primary\t{key}\tEd25519\tcertify, sign")));
    let john = assert_talks(&mary, &given);
    let opened = gpg
        .run(&[&LOOPBACK[..], &["--passphrase", PASSPHRASE, "--decrypt"]].concat(), newest(&john));
    assert!(opened.stdout.contains("dinner?"), "{opened:?}");
}

#[test]
#[ignore = "needs gpg"]
fn keys_of_gpg_that_cannot_be_used_are_mended_by_what_the_hints_say() {
    let gpg = Gpg::new();
    let refused = |armored: &str| {
        let mary = Peer::without_identity("Mary");
        mary.feed(&["keygen", "--import", "-", "--no-passphrase"], armored).expect(1).stderr
    };
    // The cures, as the hints show them: run to the letter.
    let cure = |stderr: &str| {
        for hint in stderr.lines().filter_map(|line| line.strip_prefix("hint: gpg ")) {
            let args: Vec<&str> = hint.split(' ').map(|arg| arg.trim_matches('\'')).collect();
            gpg.ok(&[&LOOPBACK[..], &["--passphrase", ""], &args].concat(), "");
        }
    };
    let key = generate(&gpg, "Bare", "ed25519", "cert", "");
    let stderr = refused(&exported(&gpg, "Bare", ""));
    assert!(stderr.contains("no usable encryption subkey"), "{stderr}");
    cure(&stderr);
    let stderr = refused(&exported(&gpg, "Bare", ""));
    assert!(stderr.contains("nothing to sign with"), "{stderr}");
    cure(&stderr);
    assert_talks(&adopted(&exported(&gpg, &key, ""), &["--no-passphrase"]), &[]);

    let weak = ["--cert-digest-algo", "SHA1", "--passphrase", "", "--quick-generate-key"];
    gpg.ok(&[&LOOPBACK[..], &weak, &["Weak", "ed25519", "sign", "2y"]].concat(), "");
    let key = gpg.listed("fpr", "Weak")[9].clone();
    let weak = ["--cert-digest-algo", "SHA1", "--passphrase", "", "--quick-add-key", &key];
    gpg.ok(&[&LOOPBACK[..], &weak, &["cv25519", "encr", "1y"]].concat(), "");
    let stderr = refused(&exported(&gpg, "Weak", ""));
    assert!(stderr.contains("signed with a hash that is broken"), "{stderr}");
    cure(&stderr);
    assert_talks(&adopted(&exported(&gpg, "Weak", ""), &["--no-passphrase"]), &[]);
}

#[test]
#[ignore = "needs gpg"]
fn an_rsa_key_certifies_ours() {
    let gpg = Gpg::new();
    let rsa = generate(&gpg, "Old Mary", "rsa2048", "cert,sign", "");
    let mary = Peer::mary();
    let import = ["keygen", "--import", "-", "--no-passphrase"];
    let other = Peer::without_identity("Other");
    let stderr = other.feed(&import, exported(&gpg, "Old", "")).expect(1).stderr;
    assert!(stderr.contains("a secret key of kind RSA is not taken"), "{stderr}");
    gpg.ok(&["--import"], mary.ok(&["key", "export"]));
    let shown: serde_json::Value =
        serde_json::from_str(&mary.ok(&["--format", "json", "key", "show"])).unwrap();
    let ours = shown["fingerprint"].as_str().unwrap();
    let sign = ["--passphrase", "", "--local-user", &rsa, "--quick-sign-key", ours];
    gpg.ok(&[&LOOPBACK[..], &sign].concat(), "");
    let certified = gpg.ok(&["--armor", "--export", ours], "");
    mary.feed(&["key", "merge", "-"], certified).expect(0);
    // Another who has the old key sees in the published certificate that it vouches for the new.
    let anna = Gpg::new();
    anna.ok(&["--import"], gpg.ok(&["--armor", "--export", &rsa], ""));
    anna.import(&mary.home().join("public/key.asc"));
    let checked = anna.ok(&["--with-colons", "--check-sigs", ours], "");
    let by = format!(":{}:", &rsa[rsa.len() - 16..]);
    assert!(checked.lines().any(|line| line.starts_with("sig:!:") && line.contains(&by)));
}

#[test]
#[ignore = "needs gpg"]
fn the_subkeys_of_a_key_whose_primary_is_elsewhere_are_enough() {
    let gpg = Gpg::new();
    // RSA, which we do not hold, and do not need to.
    for (name, kind) in [("Old", "rsa2048"), ("New", "ed25519")] {
        let key = generate(&gpg, name, kind, "cert", "");
        add(&gpg, &key, "ed25519", "sign", "");
        add(&gpg, &key, "cv25519", "encr", "");
        let subkeys = ["--passphrase", "", "--armor", "--export-secret-subkeys", &key];
        let subkeys = gpg.ok(&[&LOOPBACK[..], &subkeys].concat(), "");
        let mary = adopted(&subkeys, &["--no-passphrase"]);
        assert_talks(&mary, &[]);
        assert!(!mary.home().join("revocation.asc").exists());
        assert!(mary.ok(&["key", "show"]).ends_with("that of the primary key is elsewhere\n"));
        for change in [&["key", "extend"][..], &["key", "rotate"]] {
            let stderr = mary.fails(change, 1);
            let hint = format!("hint: gpg --export {key} | cloudim key merge -\n");
            assert!(stderr.ends_with(&hint), "{stderr}");
        }
        // What is changed where the primary key is becomes ours.
        for part in [&[][..], &["*"]] {
            let extend = ["--passphrase", "", "--quick-set-expire", &key, "9y"];
            gpg.ok(&[&LOOPBACK[..], &extend, part].concat(), "");
        }
        mary.feed(&["key", "merge", "-"], gpg.ok(&["--armor", "--export", &key], "")).expect(0);
        let late = in_hours(24 * 365 * 8);
        let shown = mary.at(&late, &["key", "show"], "").expect(0).stdout;
        assert_eq!(shown.matches("\tvalid\n").count(), 3, "{shown}");
        // And so is its end.
        let exported = mary.ok(&["key", "export", "--secret", "--no-passphrase"]);
        let other = Gpg::new();
        let told = other.run(&["--import"], exported);
        assert!(told.stderr.contains("[GNUPG:] IMPORT_OK 17 "), "{}", told.stderr);
        let (revocation, path) = (revocation(&gpg, &key), mary.home().join("revocation.asc"));
        std::fs::write(path, revocation).unwrap();
        mary.ok(&["key", "revoke", "--yes"]);
        assert!(mary.ok(&["key", "show"]).contains("\tis revoked\n"));
    }
}

/// What `gpg --gen-revoke` writes, which GnuPG keeps for each key that it makes.
fn revocation(gpg: &Gpg, key: &str) -> String {
    let kept = gpg.file(&format!("openpgp-revocs.d/{key}.rev"));
    // A colon before the armor keeps it from being taken in by mistake.
    kept[kept.find("-----BEGIN").unwrap()..].to_owned()
}

#[test]
#[ignore = "needs gpg"]
fn gpg_imports_our_secret_key_and_opens_what_was_sealed_to_it() {
    for (profile, locked) in [("classic", true), ("classic", false), ("default", true)] {
        let john = Peer::new("John", &["--profile", "classic"]);
        let (mary, file) = Peer::locked("Mary", &["--profile", profile]);
        mary.set("passphrase_command", &format!("\"cat '{file}'\""));
        befriend(&john, &mary);
        john.send(&mary, "dinner?");
        let gpg = Gpg::new();
        let export = ["key", "export", "--secret"];
        let export: &[&str] =
            if locked { &export } else { &["key", "export", "--secret", "--no-passphrase"] };
        let given = ["--passphrase", PASSPHRASE, "--import"];
        let told = gpg.run(&[&LOOPBACK[..], &given].concat(), mary.ok(export));
        assert!(told.stderr.contains("[GNUPG:] IMPORT_OK 17 "), "{}", told.stderr);
        if profile == "default" {
            // GnuPG 2.2 has no ML-KEM, which is what John encrypts to.
            assert_eq!(gpg.listed("sub", "Mary")[3], "18");
            continue;
        }
        let given = ["--passphrase", if locked { PASSPHRASE } else { "" }, "--decrypt"];
        let opened = gpg.run(&[&LOOPBACK[..], &given].concat(), newest(&john));
        assert!(opened.stdout.contains("dinner?"), "{opened:?}");
    }
}

#[test]
#[ignore = "needs gpg"]
fn with_an_expired_key_nothing_is_sent_until_it_is_extended() {
    let gpg = Gpg::new();
    let key = generate(&gpg, "Mary", "ed25519", "cert,sign", "");
    add(&gpg, &key, "cv25519", "encr", "");
    let mary = adopted(&exported(&gpg, "Mary", ""), &["--no-passphrase"]);
    let john = assert_talks(&mary, &[]);
    let late = in_hours(24 * 800);
    let ran = mary.at(&late, &["send", "john", "-m", "too late"], "").expect(4);
    assert!(ran.stderr.contains("error: your own key expired on 2"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("nothing is signed with it\nhint: cloudim key extend\n"));
    let ran = john.at(&late, &["send", "mary", "-m", "too late"], "").expect(4);
    assert!(ran.stderr.contains("ask mary to extend it (cloudim key extend)"), "{}", ran.stderr);
    mary.at(&late, &["key", "extend"], "").expect(0);
    mary.at(&late, &["send", "john", "-m", "in time"], "").expect(0);
    john.at(&late, &["poll"], "").expect(0);
    let read = john.at(&late, &["read", "mary", "-n", "1"], "").expect(0).stdout;
    assert!(read.contains("in time"), "{read}");
    john.at(&late, &["send", "mary", "-m", "so are you"], "").expect(0);
}

#[test]
#[ignore = "needs gpg"]
fn gpg_sees_a_later_end_and_the_last_one() {
    let gpg = Gpg::new();
    let key = generate(&gpg, "Mary", "ed25519", "cert,sign", "");
    add(&gpg, &key, "cv25519", "encr", "");
    let mary = adopted(&exported(&gpg, "Mary", ""), &["--no-passphrase"]);
    let end = |kind: &str| gpg.listed(kind, "Mary")[6].parse::<i64>().unwrap();
    let before = (end("pub"), end("sub"));
    mary.ok(&["key", "extend", "1000d"]);
    gpg.import(&mary.home().join("public/key.asc"));
    assert!(end("pub") > before.0 && end("sub") > before.1 && end("pub") == end("sub"));
    // And what gpg extends is ours by a merge, which takes no secret.
    gpg.ok(&[&LOOPBACK[..], &["--passphrase", "", "--quick-set-expire", &key, "9y"]].concat(), "");
    let later = end("pub");
    mary.feed(&["key", "merge", "-"], gpg.ok(&["--armor", "--export", &key], "")).expect(0);
    let shown = mary.ok(&["key", "show"]);
    let day = jiff::Timestamp::from_second(later).unwrap().strftime("%Y-%m-%d").to_string();
    assert!(shown.lines().nth(1).unwrap().contains(&format!("until {day}\tvalid")), "{shown}");
    mary.ok(&["key", "revoke", "--yes", "--reason", "retired"]);
    gpg.import(&mary.home().join("public/key.asc"));
    assert_eq!(gpg.listed("pub", "Mary")[1], "r");
}

#[test]
#[ignore = "needs sq"]
fn a_key_of_sq_becomes_an_identity_and_sq_reads_along() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, public) = (folder.path().join("key"), folder.path().join("cert"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let sq = |args: &[&str], stdin: &str| tools::run(Command::new("sq").args(args), stdin);
    sq(&["key", "generate", "--userid", "Mary", "--export", &text(&secret)], "").ok();
    let mary = adopted(&std::fs::read_to_string(&secret).unwrap(), &["--no-passphrase"]);
    let john = assert_talks(&mary, &[]);
    let opened = sq(&["decrypt", "--recipient-key", &text(&secret)], &newest(&john));
    assert!(opened.stdout.contains("dinner?"), "{opened:?}");
    std::fs::write(&public, mary.ok(&["key", "export"])).unwrap();
    let inspected = sq(&["inspect", &text(&public)], "").ok();
    assert!(inspected.contains("Key flags: signing") && !inspected.contains("Invalid"));
    // Our secret key, exported, is one for sq too.
    let ours = folder.path().join("ours");
    std::fs::write(&ours, mary.ok(&["key", "export", "--secret", "--no-passphrase"])).unwrap();
    let opened = sq(&["decrypt", "--recipient-key", &text(&ours)], &newest(&john));
    assert!(opened.stdout.contains("dinner?"), "{opened:?}");
}
