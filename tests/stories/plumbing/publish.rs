//! The publish command: it sees what does not change, and exit 0 means that it ran after the message
//! was kept.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::common::peer::{Peer, friends};

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
