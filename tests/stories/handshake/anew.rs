//! A contact starts anew: it lost its disk and kept its key, or kept both and stands elsewhere.

use std::fs;

use crate::calls::story::{invited, listening};
use crate::common::host::{Host, until};
use crate::common::peer::{Peer, befriend, friends, in_hours, tree};
use crate::common::static_host::{Behaviour, StaticHost};
use crate::handshake::story::{accept, contacts, invitation, one_conversation, waiting};

/// Two people who have agreed by files.
fn agreed(mary_had_invited: bool) -> (Peer, Peer) {
    let (john, mary) = (Peer::john(), Peer::mary());
    if mary_had_invited {
        befriend(&mary, &john)
    } else {
        befriend(&john, &mary)
    }
    mary.ok(&["poll"]);
    (john, mary)
}

/// Lets John, who listens, and Mary agree.
fn agree_by_call(john: &Host, mary: &Peer, mary_had_invited: bool) {
    if mary_had_invited {
        mary.ok(&["handshake", "invite", &john.url]);
        invited(&john.peer, "mary");
        john.peer.ok(&["handshake", "accept", "mary"]);
        mary.ok(&["poll"]);
    } else {
        let file = john.peer.ok(&["handshake", "invite", &mary.address(), "-o", "-"]);
        mary.feed(&["handshake", "accept", "--input", "-"], file).expect(0);
    }
    until("they agree", || contacts(&john.peer).len() == 1);
}

/// Lets `peer` lose its disk, but for the secret key, and begin again at the same address. With
/// `web` the host still serves what was published.
fn loses_its_disk(peer: &Peer, web: bool) {
    begins_again(peer, &exported(peer), web);
}

/// A backup of the secret key.
fn exported(peer: &Peer) -> String {
    peer.ok(&["key", "export", "--secret", "--no-passphrase"])
}

/// The same, by a backup of the secret key that may be old.
fn begins_again(peer: &Peer, secret: &str, web: bool) {
    let lost = peer.file("lost");
    fs::rename(peer.home(), &lost).unwrap();
    let url = peer.address();
    let args = ["keygen", "--name", &peer.name, "--base-url", &url, "--no-passphrase"];
    peer.feed(&[&args[..], &["--import", "-"]].concat(), secret).expect(0);
    if web {
        for file in fs::read_dir(lost.join("public/f")).unwrap().map(|file| file.unwrap()) {
            let folder = peer.home().join("public/f");
            fs::create_dir_all(&folder).unwrap();
            if !folder.join(file.file_name()).exists() {
                fs::copy(file.path(), folder.join(file.file_name())).unwrap();
            }
        }
    }
}

/// Each reads what the other has under way, and they go on as one conversation.
#[track_caller]
fn all_arrives(john: &Peer, mary: &Peer, to_mary: &[&str], to_john: &[&str]) {
    assert_eq!(mary.poll(), to_mary);
    assert_eq!(john.poll(), to_john);
    for peer in [john, mary, john, mary] {
        peer.ok(&["poll"]);
    }
    let talk = |from: &Peer, to: &Peer, text: &str| {
        from.send(to, text);
        assert_eq!(to.poll(), [text], "from {} to {}", from.name, to.name);
    };
    talk(john, mary, "good to hear");
    talk(mary, john, "and from you");
    assert_eq!((contacts(john).len(), contacts(mary).len()), (1, 1));
    assert!(waiting(john).is_empty() && waiting(mary).is_empty());
}

#[test]
fn by_a_file_whoever_had_invited_and_with_messages_under_way() {
    for mary_had_invited in [false, true] {
        let (john, mary) = agreed(mary_had_invited);
        john.send(&mary, "unread by Mary");
        mary.send(&john, "unread by John");
        loses_its_disk(&mary, true);
        let anew = invitation(&mary, &[&john.address()]);
        let ran = john.feed(&["handshake", "accept", "-i", "-"], &anew).expect(0);
        let words =
            "`mary` is your contact already, and is read where it says that it stands now\n";
        assert_eq!(ran.stderr, words);
        mary.send_after_poll(&john, "I am back");
        all_arrives(&john, &mary, &[], &["unread by John", "I am back"]);
        assert!(mary.ok(&["read"]).contains("unread by Mary"));
        // The same again changes nothing.
        let before = tree(&john.home());
        let again = john.feed(&["handshake", "receive"], &anew).expect(0).stderr;
        assert!(again.contains("there is nothing to decide"), "{again}");
        assert_eq!(tree(&john.home()), before);
    }
}

#[test]
fn by_a_key_from_before_a_rotation_whoever_had_invited_by_a_file_and_by_a_call() {
    for (mary_had_invited, by_call) in [(false, false), (false, true), (true, false), (true, true)]
    {
        let ((host, _at_john), mary) = (listening("John"), Peer::mary());
        let john = &host.peer;
        let secret = exported(&mary);
        agree_by_call(&host, &mary, mary_had_invited);
        mary.ok(&["key", "rotate"]);
        john.ok(&["poll"]);
        mary.ok(&["poll"]);
        mary.send(john, "unread by John");
        john.send(&mary, "unread by Mary");
        begins_again(&mary, &secret, true);
        let feed = contacts(john)[0]["feed"].clone();
        if by_call {
            mary.ok(&["handshake", "invite", &host.url]);
        } else {
            let file = invitation(&mary, &[&host.url]);
            john.feed(&["handshake", "receive"], file).expect(0);
        }
        until("John follows", || contacts(john)[0]["feed"] != feed);
        all_arrives(john, &mary, &["unread by Mary"], &["unread by John"]);
    }
}

trait AfterPoll {
    fn send_after_poll(&self, to: &Peer, text: &str);
}

impl AfterPoll for Peer {
    /// Looks for the answer, and sends.
    fn send_after_poll(&self, to: &Peer, text: &str) {
        self.ok(&["poll"]);
        self.send(to, text);
    }
}

#[test]
fn who_is_left_invites_the_other_again_whoever_had_invited() {
    for mary_had_invited in [false, true] {
        let (john, mary) = agreed(mary_had_invited);
        john.send(&mary, "unread by Mary");
        mary.send(&john, "unread by John");
        loses_its_disk(&mary, true);
        let path = john.file("again.rss");
        let invite = ["handshake", "invite", &mary.address(), "-o", path.to_str().unwrap()];
        let said = john.run(&invite).expect(0).stderr;
        assert!(said.contains("`mary` is your contact already"), "{said}");
        // Said again it is the same, and a poll does not take it back.
        let first = fs::read(&path).unwrap();
        john.ok(&["poll", "--peek"]);
        john.ok(&invite);
        assert!(fs::read(&path).unwrap() == first);
        mary.ok(&["handshake", "accept", "--input", path.to_str().unwrap()]);
        assert_eq!(john.poll(), ["unread by John"]);
        all_arrives(&john, &mary, &["unread by Mary"], &[]);
    }
}

#[test]
fn by_a_call_whoever_had_invited() {
    for mary_had_invited in [false, true] {
        let ((john, _at_john), mary) = (listening("John"), Peer::mary());
        agree_by_call(&john, &mary, mary_had_invited);
        mary.ok(&["poll"]);
        john.peer.ok(&["poll"]);
        mary.send(&john.peer, "unread by John");
        john.peer.send(&mary, "unread by Mary");
        loses_its_disk(&mary, true);
        let feed = contacts(&john.peer)[0]["feed"].clone();
        mary.ok(&["handshake", "invite", &john.url]);
        until("John follows", || contacts(&john.peer)[0]["feed"] != feed);
        all_arrives(&john.peer, &mary, &["unread by Mary"], &["unread by John"]);
    }
}

/// Moves `peer` to another host; the old one is gone.
fn moves(peer: &Peer) -> StaticHost {
    let host = StaticHost::serve(&peer.home().join("public"));
    peer.set("base_url", &format!("{:?}", host.url()));
    peer.set("former_base_urls", &format!("[{:?}]", peer.address()));
    peer.ok(&["publish"]);
    peer.host.set(Behaviour::Down);
    host
}

#[test]
fn who_moved_while_the_old_host_is_gone_says_so_by_a_file_whoever_had_invited() {
    for mary_had_invited in [false, true] {
        for receives in [false, true] {
            let (john, mary) = agreed(mary_had_invited);
            mary.send(&john, "unread by John");
            john.send(&mary, "unread by Mary");
            let host = moves(&mary);
            john.run(&["poll"]);
            let file = invitation(&mary, &[&john.address()]);
            assert!(!file.contains("<item>") && !file.contains("<im:state>"), "{file}");
            let args = ["handshake", if receives { "receive" } else { "accept" }];
            let input: &[&str] = if receives { &[] } else { &["-i", "-"] };
            let said = john.feed(&[&args, input].concat(), &file).expect(0).stderr;
            assert!(said.contains("is read where it says that it stands now"), "{said}");
            let feed = contacts(&john)[0]["feed"].clone();
            assert!(feed.as_str().unwrap().starts_with(&host.url()), "{feed}");
            all_arrives(&john, &mary, &["unread by Mary"], &["unread by John"]);
            one_conversation(&john, &mary);
        }
    }
}

#[test]
fn who_moved_while_the_old_host_is_gone_says_so_by_a_call() {
    let ((john, _at_john), mary) = (listening("John"), Peer::mary());
    agree_by_call(&john, &mary, false);
    mary.ok(&["poll"]);
    mary.send(&john.peer, "unread by John");
    let host = moves(&mary);
    mary.ok(&["handshake", "invite", &john.url]);
    until("John follows", || {
        contacts(&john.peer)[0]["feed"].as_str().unwrap().starts_with(&host.url())
    });
    all_arrives(&john.peer, &mary, &[], &["unread by John"]);
}

#[test]
fn who_cannot_be_reached_for_long_is_said_to_have_moved_perhaps() {
    let (john, mary) = friends();
    mary.host.set(Behaviour::Down);
    john.run(&["poll"]);
    let told = john.at(&in_hours(25), &["poll"], "").stderr;
    assert!(told.contains("if mary has moved: ask for an invitation"), "{told}");
}

#[test]
fn a_stranger_moves_nobody() {
    let (john, mary) = friends();
    let eve = Peer::new("Mary", &[]);
    let before = contacts(&john);
    // Her own key is another person, however she calls herself.
    let file = invitation(&eve, &[&john.address()]);
    let said = john.feed(&["handshake", "receive"], &file).expect(0).stderr;
    assert!(said.contains("invites you"), "{said}");
    // What Mary has signed for somebody else, and what she signed before, is nothing to John.
    let anna = Peer::new("Anna", &[]);
    befriend(&mary, &anna);
    let other = invitation(&mary, &[&anna.address()]);
    john.feed(&["handshake", "receive"], &other).expect(1);
    let old = invitation(&mary, &[&john.address()]);
    let later = invitation(&mary, &[&john.address(), "--note", "again"]);
    john.feed(&["handshake", "receive"], later).expect(0);
    let followed = john.feed(&["handshake", "receive"], old).expect(0).stderr;
    assert!(followed.contains("there is nothing to decide"), "{followed}");
    assert_eq!(contacts(&john)[0]["feed"], before[0]["feed"]);
    // A blocked contact moves nowhere.
    john.ok(&["contact", "block", "mary"]);
    let host = moves(&mary);
    let moved = invitation(&mary, &[&john.address()]);
    for args in [&["handshake", "receive"][..], &["handshake", "accept", "-i", "-"]] {
        john.feed(args, &moved).expect(0);
        assert_eq!(contacts(&john)[0]["feed"], before[0]["feed"]);
    }
    drop(host);
}

#[test]
fn who_lost_the_key_as_well_is_held_until_the_user_decides_and_loses_nothing() {
    for by_call in [false, true] {
        let (host, _listening) = listening("John");
        let (john, mary) = (&host.peer, Peer::mary());
        let file = john.ok(&["handshake", "invite", &mary.address(), "-o", "-"]);
        mary.feed(&["handshake", "accept", "--input", "-"], file).expect(0);
        john.ok(&["poll"]);
        mary.ok(&["poll"]);
        john.send(&mary, "unread by Mary");
        mary.send(john, "unread by John");
        // The host still has what was published, and no more than that.
        let (lost, url) = (mary.file("lost"), mary.address());
        fs::rename(mary.home(), &lost).unwrap();
        mary.ok(&["keygen", "--name", "Mary", "--base-url", &url, "--no-passphrase"]);
        for file in fs::read_dir(lost.join("public/f")).unwrap().map(|file| file.unwrap()) {
            let folder = mary.home().join("public/f");
            fs::create_dir_all(&folder).unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
        let key = mary.ok(&["--format", "json", "key", "show"]);
        let key: serde_json::Value = serde_json::from_str(&key).unwrap();
        let key = key["fingerprint"].as_str().unwrap();
        if by_call {
            mary.ok(&["handshake", "invite", &host.url]);
            invited(john, "mary-2");
        } else {
            let file = invitation(&mary, &[&host.url]);
            john.feed(&["handshake", "receive"], file).expect(0);
        }
        let refused = john.fails(&["handshake", "accept", "mary-2"], 4);
        let hint = format!("cloudim contact trust mary {key}");
        assert!(refused.contains(&hint), "{refused}");
        let asked = john.run(&["contact", "trust", "mary"]).expect(4);
        assert!(asked.stdout.contains("offered\t"), "{asked:?}");
        john.fails(&["contact", "trust", "mary", &"0".repeat(40)], 4);
        john.ok(&["contact", "trust", "mary", key]);
        assert!(john.ok(&["contact", "list"]).contains(&format!("mary\tverified\t{key}")));
        mary.ok(&["poll"]);
        assert!(mary.ok(&["read"]).contains("unread by Mary"));
        all_arrives(john, &mary, &[], &["unread by John"]);
    }
}

#[test]
fn an_acceptance_written_to_a_file_serves_who_lost_the_disk() {
    let (john, mary) = friends();
    mary.ok(&["poll"]);
    loses_its_disk(&mary, false);
    let answer = accept(&john, &invitation(&mary, &[&john.address()]));
    accept(&mary, &answer);
    all_arrives(&john, &mary, &[], &[]);
}
