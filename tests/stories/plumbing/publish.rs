//! The publish command: it sees what does not change, and exit 0 means that it ran after the message
//! was kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::peer::{Peer, attachments, friends};

/// Lets `peer` publish by this shell command.
fn publish_by(peer: &Peer, command: &str) {
    peer.set("publish", &format!("'''{command}'''"));
}

/// Lets the host serve what was published only; returns the command that does it.
fn publishing(peer: &Peer) -> (String, PathBuf) {
    let published = peer.file("published");
    peer.host.root(&published);
    let out = published.display();
    (
        format!(
            "rm -rf '{out}.new' && cp -r {{}} '{out}.new' && rm -rf '{out}' && mv '{out}.new' '{out}'"
        ),
        published,
    )
}

#[test]
fn exit_0_means_that_the_world_has_it() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    publish_by(&john, &format!("{command} && echo published && test \"$IM_PUBLIC\" = {{}}"));
    let ran = john.run(&["--quiet", "send", "mary", "-m", "there"]).expect(0);
    assert_eq!(ran.stderr, "published\n", "its stdout is talk");
    assert!(ran.stdout.starts_with("urn:uuid:") && ran.stdout.lines().count() == 1);
    assert_eq!(mary.poll(), ["there"]);
    assert_eq!(john.run(&["poll"]).expect(0).stderr, "", "nothing of ours changed");
    mary.send(&john, "an answer");
    let ran = john.run(&["poll"]).expect(0);
    assert_eq!(ran.stderr, "published\n", "our acknowledgement did");
    mary.poll();
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn the_copy_may_be_named_between_quotes() {
    let john = Peer::john();
    let web = john.file("web");
    let copies = [
        format!("sh -c 'mkdir -p {0}; cp -r {{}}/. {0}'", web.display()),
        format!("sh -c \"cp -r {{}}/. {0}\" && cp {{}}/card.rss {0}/again", web.display()),
    ];
    for command in copies {
        publish_by(&john, &command);
        john.run(&["publish"]).expect(0);
        let card = fs::read(john.home().join("public/card.rss"));
        assert_eq!(fs::read(web.join("card.rss")).unwrap(), card.unwrap(), "{command}");
        fs::remove_file(web.join("card.rss")).unwrap();
    }
    assert!(web.join("again").exists());
}

#[test]
fn what_could_not_be_published_is_kept_and_not_to_be_sent_again() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    publish_by(&john, "exit 9");
    let ran = john.run(&["--quiet", "send", "mary", "-m", "patience"]).expect(7);
    assert!(ran.stdout.starts_with("urn:uuid:"), "{}", ran.stdout);
    assert_eq!(
        ran.stderr,
        "error: the publish command `exit 9` failed: status 9\nhint: what you wrote is kept, do not send it again: cloudim publish\n"
    );
    assert!(john.ok(&[]).starts_with("not everything is published: cloudim publish\n"));
    assert!(john.ok(&["status"]).ends_with("-\tnot everything is published: cloudim publish\n"));
    john.fails(&["publish"], 7);
    let guid = ran.stdout.trim();
    let again = ["send", "mary", "--guid", guid, "-m", "patience"];
    assert_eq!(john.run(&again).expect(7).stdout.trim(), guid);
    publish_by(&john, &command);
    assert_eq!(john.ok(&again).trim(), guid, "the retry finishes what was left");
    assert_eq!(mary.poll(), ["patience"]);
    publish_by(&john, "exit 9");
    john.run(&["send", "mary", "-m", "more"]).expect(7);
    publish_by(&john, &command);
    john.ok(&["publish"]);
    assert!(!john.ok(&[]).contains("not everything"));
    assert_eq!(mary.poll(), ["more"]);
}

/// Starts a `send`, and waits until it has printed its guid.
fn start(john: &Peer, text: &str) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut command = john.command(&["send", "mary", "-m", text]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut guid = String::new();
    stdout.read_line(&mut guid).unwrap();
    (child, stdout, guid)
}

#[test]
fn ten_sends_make_two_runs_while_one_is_running_and_each_sees_what_does_not_change() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    let folder = john.file(".");
    let out = folder.display();
    // Each run waits for the file `go`, a minute at most, and compares what it sees before and after.
    publish_by(
        &john,
        &format!(
            "echo run >> '{out}/runs'; cat {{}}/f/*.rss > '{out}/before'; n=0; \
             while [ ! -e '{out}/go' ] && [ $n -lt 1200 ]; do sleep 0.05; n=$((n+1)); done; \
             cat {{}}/f/*.rss | cmp - '{out}/before' && {command}"
        ),
    );
    let sends: Vec<_> = (0..10).map(|n| start(&john, &n.to_string())).collect();
    assert!(sends.iter().all(|(_, _, guid)| guid.starts_with("urn:uuid:")));
    assert_eq!(fs::read_to_string(john.file("runs")).unwrap(), "run\n", "the first still runs");
    fs::write(john.file("go"), "").unwrap();
    for (child, _stdout, _) in sends {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(fs::read_to_string(john.file("runs")).unwrap(), "run\nrun\n");
    assert_eq!(mary.poll(), (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    let left = fs::read_dir(john.home()).unwrap().map(|f| f.unwrap().file_name());
    assert_eq!(left.filter(|name| name.to_str().unwrap().starts_with(".snapshot")).count(), 0);
}

/// A shell command that waits for the file at `path`, a minute at most.
fn until(path: &Path) -> String {
    let path = path.display();
    format!("n=0; while [ ! -e '{path}' ] && [ $n -lt 1200 ]; do sleep 0.05; n=$((n+1)); done")
}

/// Waits until `is_so`, a minute at most.
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "it has not come about");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_command_that_edits_what_it_sees_edits_nothing_of_ours() {
    let (john, mary) = friends();
    let (command, published) = publishing(&john);
    let edit = "for f in {}/f/*.rss {}/index.html; do echo '<!-- x -->' >> $f; done; \
                rm {}/card.rss; mkdir {}/.state; ln {}/key.asc {}/hard";
    publish_by(&john, &format!("test ! -e {{}}/.state && {edit} && {command}"));
    let index = fs::read(john.home().join("public/index.html")).unwrap();
    for text in ["one", "two", "three"] {
        john.send(&mary, text);
        assert_eq!(mary.poll(), [text]);
    }
    assert!(fs::read(john.home().join("public/index.html")).unwrap() == index);
    let seen = fs::read_to_string(published.join("index.html")).unwrap();
    assert_eq!(seen.matches("<!-- x -->").count(), 1, "it sees each time what is in public/");
    assert!(!john.home().join("public/hard").exists());
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn each_version_of_a_file_is_copied_once_and_what_leaves_public_leaves_the_copy() {
    let (john, mary) = friends();
    let seen = john.file("seen");
    publish_by(
        &john,
        &format!("cd {{}} && find . -type f | sort | xargs ls -i > '{}'", seen.display()),
    );
    let inodes = || -> BTreeMap<String, String> {
        let seen = fs::read_to_string(&seen).unwrap();
        let pairs = seen.lines().map(|line| line.trim().split_once(' ').unwrap());
        pairs.map(|(inode, name)| (name.to_owned(), inode.to_owned())).collect()
    };
    let extra = john.home().join("public/extra.txt");
    fs::write(&extra, "x").unwrap();
    john.send(&mary, "one");
    let before = inodes();
    fs::remove_file(&extra).unwrap();
    john.send(&mary, "two");
    let after = inodes();
    for (name, inode) in &before {
        match name.as_str() {
            "./extra.txt" => assert_eq!(after.get(name), None),
            feed if feed.ends_with(".rss") && feed.starts_with("./f/") => {
                assert_ne!(after.get(name), Some(inode));
            }
            _ => assert_eq!(after.get(name), Some(inode), "{name}"),
        }
    }
}

#[test]
fn a_run_that_has_nothing_new_and_fails_leaves_published_what_is() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    // As `git commit` does.
    let news = john.file("news");
    let news = news.display();
    publish_by(
        &john,
        &format!(
            "cat {{}}/f/*.rss > '{news}.new'; ! cmp -s '{news}.new' '{news}' && mv '{news}.new' '{news}' && {command}"
        ),
    );
    john.send(&mary, "one");
    let stderr = john.run(&["publish"]).expect(0).stderr;
    assert!(stderr.contains("nothing was new, and the publish command"), "{stderr}");
    assert!(!john.ok(&["status"]).contains("not everything"));
    john.ok(&["poll"]);
    // Where something is new, a failure is one.
    fs::write(john.home().join("public/robots.txt"), "x").unwrap();
    john.fails(&["publish"], 7);
    assert!(john.ok(&["status"]).contains("not everything"));
    assert_eq!(mary.poll(), ["one"]);
}

#[test]
fn a_run_that_goes_on_after_its_send_was_killed_is_waited_for() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    let (started, go) = (john.file("started"), john.file("go"));
    let wait = until(&go);
    publish_by(&john, &format!("touch '{}'; {wait}; {command}", started.display()));
    let mut send = john.command(&["send", "mary", "-m", "one"]);
    let mut send = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| started.exists());
    send.kill().unwrap();
    send.wait().unwrap();
    publish_by(&john, &format!("test -e '{}' && {command}", go.display()));
    let (child, _stdout, _) = start(&john, "two");
    fs::write(&go, "").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(mary.poll(), ["one", "two"], "the older copy is not put over the newer");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn what_a_command_leaves_in_the_background_holds_up_nobody() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    let (pid, over) = (john.file("pid"), john.file("over"));
    let left =
        format!("(until [ -e '{}' ]; do sleep 0.05; done) >/dev/null 2>&1 &", over.display());
    publish_by(&john, &format!("{command}; {left} echo $! > '{}'", pid.display()));
    john.send(&mary, "one");
    john.send(&mary, "two");
    let pid = fs::read_to_string(&pid).unwrap();
    assert!(Path::new("/proc").join(pid.trim()).exists(), "it is not ended either");
    fs::write(&over, "").unwrap();
    assert_eq!(mary.poll(), ["one", "two"]);
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_has_started() {
    let (john, mary) = friends();
    let (pids, late) = (john.file("pids"), john.file("late"));
    let (shown, late) = (pids.display(), late.display());
    publish_by(
        &john,
        &format!(
            "sleep 600 & echo $! > '{shown}'; sh -c 'echo $$ >> \"{shown}\"; sleep 600'; touch '{late}'"
        ),
    );
    john.set("publish_timeout", "\"1s\"");
    let ran = john.run(&["send", "mary", "-m", "kept"]).expect(7);
    assert!(
        ran.stderr.contains("failed: it took longer than 1s\nhint: what you wrote is kept"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("publish_timeout in config.toml"), "{}", ran.stderr);
    let pids = fs::read_to_string(&pids).unwrap();
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        // A process that nobody has waited for yet is a zombie.
        let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        wait_until(|| {
            state().rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.contains(" Z "))
        });
    }
    assert!(!john.file("late").exists());
    let (command, _) = publishing(&john);
    publish_by(&john, &command);
    john.ok(&["publish"]);
    assert_eq!(mary.poll(), ["kept"]);
}

#[test]
fn what_a_command_leaves_in_the_background_keeps_no_pipe_of_ours() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    let (pid, over, said) = (john.file("pid"), john.file("over"), john.file("said"));
    // As `ssh -f` does it: it has the stdout and stderr that the command had, and writes there later.
    let left = format!(
        "(until [ -e '{}' ]; do sleep 0.05; done; echo later; echo later >&2 && touch '{}') &",
        over.display(),
        said.display()
    );
    publish_by(&john, &format!("{command}; echo now; {left} echo $! > '{}'", pid.display()));
    // Whoever reads all that is printed until its end, as cron does, comes to that end.
    let ran = john.run(&["--quiet", "send", "mary", "-m", "one"]).expect(0);
    assert_eq!(ran.stderr, "now\n");
    let process = Path::new("/proc").join(fs::read_to_string(&pid).unwrap().trim());
    assert!(process.exists(), "it is not ended");
    fs::write(&over, "").unwrap();
    wait_until(|| said.exists());
    assert_eq!(mary.poll(), ["one"], "and what it says later ends it neither");
}

#[test]
fn a_run_without_end_whose_send_was_killed_is_ended_by_the_next() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    let (started, late) = (john.file("started"), john.file("late"));
    let (shown, late) = (started.display(), late.display());
    let (noted, lock) = (john.file("noted"), john.home().join("publishing"));
    let note = format!("cat '{}' > '{}'", lock.display(), noted.display());
    publish_by(&john, &format!("{note}; touch '{shown}'; sleep 600; touch '{late}'; {command}"));
    john.set("publish_timeout", "\"1s\"");
    let mut send = john.command(&["send", "mary", "-m", "one"]);
    let mut send = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| started.exists());
    send.kill().unwrap();
    send.wait().unwrap();
    // From its first moment on it is known whom to end.
    assert!(fs::read_to_string(noted).unwrap().starts_with("group "));
    publish_by(&john, &command);
    // It waits for as long as a run may take, and a little more.
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    assert!(!john.file("late").exists());
}

#[test]
fn an_attachment_that_was_damaged_is_put_back_before_it_is_published() {
    let (john, mary) = friends();
    let (command, published) = publishing(&john);
    publish_by(&john, &command);
    let file = john.file("cat.png");
    fs::write(&file, "a cat").unwrap();
    let guid = john.ok(&["send", "mary", "-m", "see", "-a", file.to_str().unwrap()]);
    let sealed = attachments(&john).remove(0);
    let whole = fs::read(&sealed).unwrap();
    fs::write(&sealed, &whole[..whole.len() / 2]).unwrap();
    let ran = john.run(&["send", "mary", "-m", "more"]).expect(0);
    assert!(ran.stderr.contains("the attachment `cat.png` for `mary` was damaged"), "{ran:?}");
    assert!(fs::read(&sealed).unwrap() == whole);
    let there = published.join("b").join(sealed.file_name().unwrap());
    assert!(fs::read(&there).unwrap() == whole);
    // Where no copy is left, half a file takes the place of none.
    fs::write(&sealed, "cut").unwrap();
    fs::remove_dir_all(john.home().join("mirror")).unwrap();
    let ran = john.run(&["send", "mary", "-m", "even more"]).expect(0);
    assert!(ran.stderr.contains("is damaged, and is not published\nhint: cloudim check mary"));
    assert!(!there.exists());
    let said = john.run(&["--quiet", "publish"]).expect(0).stderr;
    assert!(said.contains("is damaged"), "{said}");
    assert_eq!(john.run(&["--quiet", "publish"]).expect(0).stderr, "", "once a day");
    mary.poll();
    let folder = mary.file(".");
    mary.fails(&["read", guid.trim(), "--save", folder.to_str().unwrap()], 3);
    fs::write(&sealed, &whole).unwrap();
    john.ok(&["publish"]);
    mary.ok(&["read", guid.trim(), "--save", folder.to_str().unwrap()]);
}

#[test]
fn a_home_that_is_busy_before_the_command_runs_is_no_reason_to_send_again() {
    let (john, mary) = friends();
    let (command, _) = publishing(&john);
    publish_by(&john, &command);
    john.ok(&["publish"]);
    let held = |name: &str| {
        let file = fs::File::open(john.home().join(name)).unwrap();
        file.lock().unwrap();
        file
    };
    let publishing = held("publishing");
    let (child, _stdout, guid) = start(&john, "kept");
    assert!(guid.starts_with("urn:uuid:"), "{guid}");
    let lock = held("lock");
    drop(publishing);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("do not send it again") && !said.contains("nothing was done"), "{said}");
    drop(lock);
    john.ok(&["publish"]);
    assert_eq!(mary.poll(), ["kept"]);
}
