//! A change of the key that is killed has happened or has not, and the next run completes it.

use std::fs;

use cloudim::openpgp::certificate::{Certificate, Unusable};
use cloudim::openpgp::secret_key::SecretKey;
use jiff::Timestamp;

use crate::common::killer::Killer;
use crate::common::peer::{PASSPHRASE, Peer};

const TIMES: usize = 10;

fn secret(peer: &Peer) -> SecretKey {
    SecretKey::parse(&fs::read(peer.home().join("secret.asc")).unwrap()).unwrap()
}

#[test]
fn one_of_the_two_passphrases_opens_the_key() {
    let (john, old) = Peer::locked("John", &[]);
    let new = john.file("new");
    fs::write(&new, "another").unwrap();
    let new = new.to_str().unwrap();
    let change = |from: &str, to: &str| {
        let change = ["key", "passphrase", "--passphrase-file", from, "--new-passphrase-file", to];
        john.command(&change)
    };
    let mut killer = Killer::new(|| {
        assert!(change(&old, new).output().unwrap().status.success());
        assert!(change(new, &old).output().unwrap().status.success());
    });
    let (mut from, mut to) = ((old.as_str(), PASSPHRASE), (new, "another"));
    for run in 0..TIMES {
        killer.run(change(from.0, to.0), "");
        let opens = |passphrase: &str| secret(&john).unlock(passphrase).is_ok();
        let is_changed = opens(to.1);
        assert_ne!(opens(from.1), is_changed, "run {run}");
        if is_changed {
            (from, to) = (to, from);
        }
        john.ok(&["publish", "--passphrase-file", from.0]);
    }
    // What was left of runs that were killed goes with the next change.
    assert!(change(from.0, to.0).output().unwrap().status.success());
    let names = fs::read_dir(john.home()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_str().unwrap().starts_with(".new-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_revocation_is_published_if_it_was_written() {
    let revoke = ["key", "revoke", "--yes"];
    let other = Peer::john();
    let mut killer = Killer::new(|| drop(other.ok(&revoke)));
    let (mut whole, mut none) = (0, 0);
    for run in 0..TIMES {
        let (john, _) = Peer::locked("John", &[]);
        killer.run(john.command(&revoke), "");
        let now = Timestamp::now();
        let verdict = secret(&john).certificate().usable(now);
        match verdict {
            Ok(()) => none += 1,
            Err(why) => {
                assert_eq!(why, Unusable::Revoked { hard: true }, "run {run}");
                whole += 1;
                // It needs no passphrase, and nor does what comes next.
                john.ok(&["publish"]);
            }
        }
        let published = fs::read(john.home().join("public/key.asc")).unwrap();
        assert_eq!(Certificate::parse(&published).unwrap().usable(now), verdict, "run {run}");
    }
    assert_eq!(whole + none, TIMES);
}
