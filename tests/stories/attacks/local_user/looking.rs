//! What somebody else on the machine may look at while we run.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::peer::friends;

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
