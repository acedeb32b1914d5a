//! What somebody else on the machine writes into our home, or owns there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use crate::common::peer::{Peer, friends};

const SOMEBODY: u32 = 65_534;

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A publish command that leaves a mark, as another user would have written it.
fn planted(john: &Peer) -> std::path::PathBuf {
    let mark = john.file("mark");
    john.set("publish", &format!("\"touch '{}'\"", mark.display()));
    mark
}

#[test]
fn writes_a_command_into_settings_that_others_can_write() {
    let (john, _mary) = friends();
    let mark = planted(&john);
    let home = john.home();
    for (path, mode, may) in [
        (home.clone(), 0o777, 0o700),
        (home.clone(), 0o770, 0o700),
        (home.join("config.toml"), 0o666, 0o600),
        (home.join("config.toml"), 0o660, 0o600),
        (home.join("secret.asc"), 0o620, 0o600),
    ] {
        allow(&path, mode);
        for args in [&["send", "mary", "-m", "x"][..], &["publish"], &["poll"], &["check"], &[]] {
            let refused = john.run(args).expect(1);
            let words = format!(
                "error: cannot trust `{}`: others can write it (mode {mode:o})\nhint: chmod go-w '{0}'\n",
                path.display()
            );
            assert!(refused.stderr.starts_with(&words), "{args:?}: {}", refused.stderr);
            assert!(refused.stderr.contains("umask=077"), "what a mount has to say: {refused:?}");
            assert_eq!(refused.stdout, "");
        }
        assert!(!mark.exists(), "the command was not run");
        // The cure works.
        allow(&path, mode & !0o022);
        john.ok(&["status"]);
        allow(&path, may);
    }
    john.ok(&["send", "mary", "-m", "x"]);
    assert!(mark.exists());
}

#[test]
fn owns_the_settings_of_a_home_that_we_use() {
    let john = Peer::john();
    if fs::metadata(john.home()).unwrap().uid() != 0 {
        // Only root can give files away; what is judged is tried where it is.
        return;
    }
    let mark = planted(&john);
    for name in ["", "config.toml", "secret.asc"] {
        let path = john.home().join(name);
        chown(&path, Some(SOMEBODY), None).unwrap();
        let refused = john.run(&["publish"]).expect(1);
        let words = "it belongs to another user (uid 65534)\nhint: run cloudim as that user; ";
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        chown(&path, Some(0), None).unwrap();
    }
    assert!(!mark.exists());
    john.ok(&["publish"]);
    assert!(mark.exists());
}

#[test]
fn makes_the_folder_in_which_a_home_is_to_be() {
    let john = Peer::without_identity("John");
    fs::create_dir(john.home()).unwrap();
    allow(&john.home(), 0o777);
    let refused = john.run(&["keygen", "--name", "John", "--no-passphrase"]).expect(1);
    assert!(refused.stderr.contains("others can write it (mode 777)"), "{}", refused.stderr);
    assert!(!john.home().join("secret.asc").exists());
}
