//! What keygen writes, for whose eyes, and what it never overwrites.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::peer::Peer;

const KEYGEN: &[&str] = &["keygen", "--name", "John", "--no-passphrase"];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below `folder`, with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read(&entry).unwrap());
            }
        }
    }
    files
}

#[test]
fn all_that_the_web_may_see_is_there_and_nothing_else() {
    let john = Peer::john();
    let names: Vec<String> = contents(&john.home().join("public")).into_keys().collect();
    let expected = [
        ".nojekyll",
        ".well-known/webfinger",
        "b/index.html",
        "card.rss",
        "f/index.html",
        "index.html",
        "key.asc",
    ];
    assert_eq!(names, expected);
    let all: Vec<String> = contents(&john.home()).into_keys().collect();
    assert_eq!(all.len(), expected.len() + 4, "{all:?}");
    for name in ["config.toml", "secret.asc", "revocation.asc", "lock"] {
        assert!(all.contains(&name.to_owned()), "{name} is not in {all:?}");
    }
}

#[test]
fn secrets_are_for_the_owner_and_public_files_for_everybody() {
    let john = Peer::john();
    let home = john.home();
    assert_eq!(mode(&home), 0o700);
    for name in ["secret.asc", "revocation.asc", "config.toml"] {
        assert_eq!(mode(&home.join(name)), 0o600, "{name}");
    }
    for name in ["public", "public/f", "public/b", "public/.well-known"] {
        assert_eq!(mode(&home.join(name)), 0o755, "{name}");
    }
    for name in contents(&home.join("public")).into_keys() {
        assert_eq!(mode(&home.join("public").join(&name)), 0o644, "{name}");
    }
}

#[test]
fn a_strict_umask_hides_nothing_from_the_web_and_a_loose_one_shows_no_secret() {
    for umask in ["077", "000"] {
        let peer = Peer::without_identity("x");
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let cloudim = peer.command(&[]).get_program().to_owned();
        let mut command = std::process::Command::new("sh");
        command
            .arg("-c")
            .arg(script)
            .arg(cloudim)
            .args(KEYGEN)
            .args(["--base-url", "https://x.example"]);
        assert!(
            command
                .env("CLOUDIM_HOME", peer.home())
                .env("XDG_STATE_HOME", peer.file("state-home"))
                .output()
                .unwrap()
                .status
                .success()
        );
        assert_eq!(mode(&peer.home()), 0o700);
        assert_eq!(mode(&peer.home().join("secret.asc")), 0o600);
        for name in ["public", "public/f", "public/b", "public/.well-known"] {
            assert_eq!(mode(&peer.home().join(name)), 0o755, "{name} with umask {umask}");
        }
        assert_eq!(mode(&peer.home().join("public/card.rss")), 0o644);
    }
}

#[test]
fn the_settings_explain_every_key_and_the_program_takes_each_of_them() {
    let john = Peer::john();
    let config = fs::read_to_string(john.home().join("config.toml")).unwrap();
    let keys = [
        "name",
        "base_url",
        "former_base_urls",
        "bind",
        "trusted_proxies",
        "publish",
        "publish_timeout",
        "cloud",
        "third_party_cloud",
        "retention",
        "history",
        "unreachable_after",
        "stale_grace",
        "allow",
        "read_only",
        "passphrase_command",
    ];
    let lines: Vec<&str> = config.lines().collect();
    for key in keys {
        let is_key = |line: &&str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
        let at = lines.iter().position(is_key).unwrap_or_else(|| panic!("no {key}"));
        let before = at.checked_sub(1).and_then(|at| lines.get(at)).unwrap();
        assert!(before.starts_with("# "), "{key} has no comment");
    }
    // The examples in the comments are settings that work.
    let all: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line))
        .filter(|line| keys.iter().any(|key| line.starts_with(&format!("{key} = "))))
        .collect();
    assert_eq!(all.len(), keys.len(), "{all:?}");
    fs::write(john.home().join("config.toml"), all.join("\n")).unwrap();
    // Among them is a publish command, which has not run yet.
    assert_eq!(john.ok(&["status"]), "-\tnot everything is published: cloudim publish\n");
}

#[test]
fn a_second_keygen_is_refused_and_changes_no_byte() {
    let john = Peer::john();
    let before = contents(&john.home());
    let stderr = john.fails(KEYGEN, 1);
    assert!(stderr.contains("secret.asc` exists already, and is never overwritten"), "{stderr}");
    assert!(stderr.contains("hint: choose another home: --home DIR"), "{stderr}");
    fs::rename(john.home().join("secret.asc"), john.file("kept")).unwrap();
    let stderr = john.fails(KEYGEN, 1);
    assert!(stderr.contains("config.toml` exists already, and is never overwritten"), "{stderr}");
    fs::rename(john.file("kept"), john.home().join("secret.asc")).unwrap();
    assert_eq!(contents(&john.home()), before);
}

#[test]
fn a_revocation_or_key_that_lies_there_alone_is_not_overwritten_either() {
    for name in ["revocation.asc", "public/key.asc"] {
        let peer = Peer::without_identity("x");
        let path = peer.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let stderr = peer.fails(KEYGEN, 1);
        assert!(stderr.contains(&format!("{name}` exists already")), "{stderr}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert!(!peer.home().join("secret.asc").exists(), "a key was made in vain");
    }
}

#[test]
fn the_home_is_named_by_option_then_variable_then_the_data_folder() {
    let peer = Peer::without_identity("x");
    let [option, variable, data, user] = ["o", "v", "d", "u"].map(|name| peer.file(name));
    let run = |args: &[&str], variables: &[(&str, &Path)]| {
        let mut command = peer.command(args);
        command.env_remove("CLOUDIM_HOME").env_remove("XDG_DATA_HOME").env("HOME", &user);
        command.envs(variables.iter().copied());
        assert!(command.output().unwrap().status.success());
    };
    let variables: &[(&str, &Path)] = &[("CLOUDIM_HOME", &variable), ("XDG_DATA_HOME", &data)];
    run(&[KEYGEN, &["--home", option.to_str().unwrap()]].concat(), variables);
    assert!(option.join("secret.asc").exists() && !variable.exists() && !data.exists());
    run(KEYGEN, variables);
    assert!(variable.join("secret.asc").exists() && !data.exists());
    run(KEYGEN, &variables[1..]);
    assert!(data.join("cloudim/secret.asc").exists() && !user.exists());
    run(KEYGEN, &[]);
    assert!(user.join(".local/share/cloudim/secret.asc").exists());
}

#[test]
fn a_home_named_by_one_word_is_in_the_folder_that_we_are_in() {
    let peer = Peer::without_identity("John");
    let folder = peer.file("").to_owned();
    let mut command = peer.command(&[&["--home", "john"], KEYGEN].concat());
    assert!(command.current_dir(&folder).output().unwrap().status.success());
    assert!(folder.join("john/secret.asc").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let peer = Peer::without_identity("x");
    fs::write(peer.file("flat"), "").unwrap();
    let below = peer.file("flat").join("home");
    let stderr = peer.fails(&[KEYGEN, &["--home", below.to_str().unwrap()]].concat(), 1);
    assert!(stderr.contains(&format!("cannot write `{}`", below.display())), "{stderr}");
}
