//! All files are put back under a running `listen`, those outside of the home as well: no file tells.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::common::ending;
use crate::common::host::{OFTEN, until};
use crate::common::kept_folder::KeptFolder;
use crate::common::peer::{Peer, texts};
use crate::common::static_host::Behaviour;
use crate::crash::restored::{RESTORED, apart, at_mary};

/// A `listen`, and the file with what it says.
struct Listening {
    child: Child,
    talk: PathBuf,
}

impl Listening {
    fn begin(peer: &Peer, often: &str) -> Self {
        let talk = peer.file("talk");
        let mut command = peer.command(&["listen", "--bind", "127.0.0.1:0", often]);
        let child = command.stdout(Stdio::null()).stderr(File::create(&talk).unwrap()).spawn();
        let listening = Self { child: child.unwrap(), talk };
        until("it listens", || listening.says().contains("listening on"));
        listening
    }

    fn says(&self) -> String {
        fs::read_to_string(&self.talk).unwrap()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All files of somebody, as they are.
struct Disk([KeptFolder; 2]);

impl Disk {
    fn of(peer: &Peer) -> Self {
        let _lock = locked(peer);
        Self([peer.home(), peer.file("state-home")].map(|folder| KeptFolder::of(&folder)))
    }

    fn put_back(&self) {
        self.0.iter().for_each(KeptFolder::put_back);
    }
}

/// The lock of the home: nobody writes meanwhile.
fn locked(peer: &Peer) -> File {
    let lock = File::open(peer.home().join("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Waits until all that was written is acknowledged and published: then nothing is left to be done.
fn settled(peer: &Peer) {
    until("all is acknowledged", || !peer.ok(&["status"]).contains("unacknowledged"));
    published(peer);
}

/// Waits until all is published that was written.
fn published(peer: &Peer) {
    let number = |name| fs::read(peer.home().join(name)).unwrap();
    until("all is published", || number("changed") == number("published"));
}

/// John, whose `listen` runs, and Mary, who has read a message of his.
fn under_way() -> (Peer, Peer, Listening) {
    let (john, mary) = apart();
    let listening = Listening::begin(&john, OFTEN);
    john.send(&mary, "one");
    assert_eq!(mary.poll(), ["one"]);
    (john, mary, listening)
}

#[test]
fn a_program_that_runs_knows_how_far_it_was_and_goes_on_in_a_new_log() {
    let (john, mary, listening) = under_way();
    let disk = Disk::of(&john);
    john.send(&mary, "two");
    mary.send(&john, "hello");
    until("it is read", || john.ok(&["read", "mary"]).contains("hello"));
    published(&john);
    {
        let _lock = locked(&john);
        disk.put_back();
    }
    until("it is noticed", || listening.says().contains(RESTORED));
    let said = listening.says();
    assert!(said.contains("1 message that it had sent is here again"), "{said}");
    until("it is read again", || john.ok(&["read", "mary"]).contains("hello"));
    john.send(&mary, "three");
    let polled = mary.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(texts(&polled.stdout), ["two", "three"]);
    settled(&john);
    assert_eq!(john.poll(), ["hello"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn what_waited_to_be_published_then_does_not_take_the_place_of_what_is_newer() {
    let (john, mary, listening) = under_way();
    settled(&john);
    let disk = Disk::of(&john);
    john.send(&mary, "two");
    // Its next round sees how far this was.
    let asked = mary.host.requests();
    until("it goes on", || mary.host.requests() > asked + 2);
    john.host.set(Behaviour::Down);
    {
        let _lock = locked(&john);
        disk.put_back();
        // The copy was made between a change and its publication.
        fs::write(john.home().join("published"), "1\n").unwrap();
    }
    let must_see = "hint: this home was copied or restored: before it writes";
    until("it is noticed", || listening.says().contains(must_see));
    john.host.set(Behaviour::Normal);
    until("it has seen it", || listening.says().contains(RESTORED));
    assert_eq!(mary.poll(), ["two"]);
}

#[test]
fn a_number_that_another_program_has_used_twice_meanwhile_is_a_fork_and_both_messages_are_shown() {
    let (john, mary, listening) = under_way();
    settled(&john);
    let disk = Disk::of(&john);
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["two"]);
    settled(&john);
    {
        let _lock = locked(&john);
        ending::signal(&listening.child, "-STOP");
        disk.put_back();
    }
    john.send(&mary, "another two");
    ending::signal(&listening.child, "-CONT");
    let polled = mary.run(&["--format", "json", "poll"]).expect(5);
    assert_eq!(texts(&polled.stdout), ["another two"]);
    let fork = "the log is forked: there are two messages at sequence 2";
    assert!(polled.stderr.contains(fork), "{}", polled.stderr);
    let fork = "the contact has read another message than ours at sequence 2";
    let is_told = || {
        let polled = john.run(&["poll"]);
        polled.status == 5 && polled.stderr.contains(fork)
    };
    until("the other side is told", is_told);
    john.send(&mary, "three");
    assert_eq!(texts(&mary.run(&["--format", "json", "poll"]).stdout), ["three"]);
    assert_eq!(at_mary(&mary), ["one", "two", "another two", "three"]);
    mary.send(&john, "all is here");
    until("it is read", || john.ok(&["read", "mary"]).contains("all is here"));
    settled(&john);
    mary.ok(&["poll"]);
    let status = mary.ok(&["status"]);
    assert!(status.contains("its log is forked at sequence 2"), "{status}");
    mary.ok(&["check", "john", "--repair", "--yes"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}
