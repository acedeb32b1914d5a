//! Certificates and revocations go to GnuPG and come back from it.

use crate::common::peer::{Peer, befriend};

use super::tools::Gpg;

const PROFILES: [&str; 2] = ["classic", "default"];

/// The fingerprint that keygen printed, as the program shows it to its user.
fn fingerprint(peer: &Peer, of: &str) -> String {
    let shown = peer.ok(&["contact", "verify", of]);
    let line = shown.lines().find(|line| line.ends_with(of)).unwrap();
    line.trim_end_matches(of).replace(['\t', ' '], "")
}

#[test]
#[ignore = "needs gpg"]
fn gpg_imports_the_published_certificate_and_learns_of_its_revocation() {
    for profile in PROFILES {
        let mary = Peer::new("Mary", &["--profile", profile]);
        let gpg = Gpg::new();
        let told = gpg.import(&mary.home().join("public/key.asc"));
        assert!(told.contains("[GNUPG:] IMPORT_OK 1 "), "{told}");
        assert_eq!(gpg.listed("uid", "Mary")[9], "Mary");
        assert_ne!(gpg.listed("pub", "Mary")[1], "r");
        gpg.import(&mary.home().join("revocation.asc"));
        assert_eq!(gpg.listed("pub", "Mary")[1], "r", "{profile}");
    }
}

#[test]
#[ignore = "needs gpg"]
fn a_revocation_is_of_one_key_only() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let gpg = Gpg::new();
    gpg.import(&john.home().join("public/key.asc"));
    gpg.import(&mary.home().join("public/key.asc"));
    gpg.import(&mary.home().join("revocation.asc"));
    assert_eq!(gpg.listed("pub", "Mary")[1], "r");
    assert_ne!(gpg.listed("pub", "John")[1], "r");
}

#[test]
#[ignore = "needs gpg"]
fn a_contact_goes_to_gpg_and_is_verified_by_what_gpg_exports() {
    for profile in PROFILES {
        let (john, mary) = (Peer::john(), Peer::new("Mary", &["--profile", profile]));
        befriend(&john, &mary);
        let gpg = Gpg::new();
        let certificate = john.ok(&["contact", "show", "mary", "--certificate"]);
        let told = gpg.run(&["--import"], certificate);
        let expected = format!("[GNUPG:] IMPORT_OK 1 {}", fingerprint(&john, "mary"));
        assert!(told.stderr.contains(&expected), "{expected} in {}", told.stderr);
        gpg.import(&john.home().join("public/key.asc"));

        let other = exported(&gpg, "John");
        let ran = john.feed(&["contact", "verify", "mary", "-"], other).expect(4);
        assert!(ran.stderr.contains("`mary` has another key here"), "{}", ran.stderr);
        assert!(john.ok(&["contact", "list"]).contains("\tfirst-use\t"));

        let both = [exported(&gpg, "John"), exported(&gpg, "Mary")].concat();
        let ran = john.feed(&["contact", "verify", "mary", "-"], both).expect(0);
        let (verified, which) = ran.stderr.split_once('\n').unwrap();
        assert_eq!(verified, "the key of `mary` is verified");
        assert!(which.contains("which calls itself `Mary`"), "{which}");
        assert!(john.ok(&["contact", "list"]).contains("\tverified\t"));
    }
}

/// What `gpg --export` writes: binary, and so to a file here.
fn exported(gpg: &Gpg, name: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    gpg.ok(&["--yes", "--output", file.path().to_str().unwrap(), "--export", name], "");
    std::fs::read(file.path()).unwrap()
}
