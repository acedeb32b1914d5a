//! What somebody else on the machine may look at while we run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::common::peer::friends;

#[test]
fn reads_what_a_hook_or_the_publish_command_writes_under_a_mask_that_was_not_the_users() {
    let (john, mary) = friends();
    mary.send(&john, "hello");
    let out = |name: &str| john.file(name).display().to_string();
    john.set("publish", &format!("\"umask > '{}'\"", out("published")));
    let hook = format!("umask > '{}'", out("hooked"));
    let poll = john.command(&["poll", "--exec", &hook]);
    let mut masked = Command::new("sh");
    masked.args(["-c", "umask 0027; exec \"$0\" \"$@\""]).arg(poll.get_program());
    masked.args(poll.get_args());
    for (name, value) in poll.get_envs() {
        match value {
            Some(value) => masked.env(name, value),
            None => masked.env_remove(name),
        };
    }
    assert!(masked.output().unwrap().status.success());
    for name in ["hooked", "published"] {
        let said = fs::read_to_string(john.file(name)).unwrap();
        assert_eq!(said.trim(), "0027", "{name}");
    }
}

#[test]
fn has_put_links_where_the_home_is_written_in_place() {
    let (john, mary) = friends();
    mary.send(&john, "hello");
    let outside = john.file("outside");
    fs::write(&outside, "mine\n").unwrap();
    for name in ["contacts/mary/messages.jsonl", "lock"] {
        let path = john.home().join(name);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&outside, &path).unwrap();
        let refused = john.run(&["poll"]).expect(1);
        assert!(refused.stderr.contains("error: cannot "), "{name}: {}", refused.stderr);
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine\n", "{name}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, kept).unwrap();
    }
}

#[test]
fn finds_a_message_in_the_temporary_folder_while_a_hook_runs_or_after_it_was_killed() {
    let (john, mary) = friends();
    mary.send(&john, "for john alone");
    let folder = john.file("tmp");
    fs::create_dir(&folder).unwrap();
    let out = john.file("out");
    let hook = format!(
        "ls -A \"$TMPDIR\" > '{0}'; echo \"$IM_JSON\" >> '{0}'; cp -p \"$IM_JSON\" '{0}.json'; exit 1",
        out.display()
    );
    let mut command = john.command(&["poll", "--exec", &hook]);
    assert_eq!(command.env("TMPDIR", &folder).output().unwrap().status.code(), Some(1));
    let said = fs::read_to_string(&out).unwrap();
    let path = said.trim();
    assert!(!said.contains('\n') || said.lines().count() == 1, "nothing else was there: {said}");
    assert!(path.starts_with(john.home().to_str().unwrap()), "{path}");
    assert!(!fs::exists(path).unwrap(), "it is gone with the hook");
    let copy = fs::metadata(format!("{}.json", out.display())).unwrap();
    assert_eq!(copy.permissions().mode() & 0o777, 0o600);
    // What a run leaves that is killed goes with the next.
    let left = john.home().join(".new-left");
    fs::write(&left, "for john alone").unwrap();
    john.ok(&["poll", "--exec", "cat >/dev/null", "--retry"]);
    assert!(!left.exists());
}
