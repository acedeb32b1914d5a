//! A contact is removed, and with it whatever was published for it.

use std::fs;
use std::path::PathBuf;

use crate::common::peer::{Peer, find, friends};
use crate::common::waiting::{Kept, while_it_waits};

const REMOVE: [&str; 4] = ["contact", "remove", "mary", "--yes"];

/// What stands on a home's host for its contacts: feeds, archives and attachments.
fn published(peer: &Peer) -> Vec<PathBuf> {
    let files = fs::read_dir(peer.home().join("public/b")).unwrap().map(|f| f.unwrap().path());
    let sealed = files.filter(|path| path.extension().is_none());
    peer.pair_feeds().into_iter().chain(sealed).collect()
}

fn no_files() -> Vec<PathBuf> {
    Vec::new()
}

/// A file of John's to attach; returns its path.
fn notes(john: &Peer) -> String {
    let path = john.file("notes.txt");
    fs::write(&path, "for Mary's eyes").unwrap();
    path.to_str().unwrap().to_owned()
}

/// Sends until an archive stands beside the feed.
fn fill_an_archive(john: &Peer) {
    let long = "x".repeat(40_000);
    while john.pair_feeds().len() < 2 {
        john.feed(&["send", "mary"], &long).expect(0);
    }
}

#[test]
fn all_that_was_published_for_a_removed_contact_goes_with_it() {
    let (john, _mary) = friends();
    let notes = notes(&john);
    john.ok(&["send", "mary", "-m", "see", "-a", &notes]);
    fill_an_archive(&john);
    // What was sealed by hand, and not appended.
    let plain = john.ok(&["compose", "-m", "see", "-a", &notes]);
    john.feed(&["encrypt", "--to", "mary"], plain).expect(0);
    // An archive that a restored contact.toml does not count.
    let feed = john.pair_feed();
    let token = feed.file_name().unwrap().to_str().unwrap()[..26].to_owned();
    fs::copy(&feed, john.home().join(format!("public/f/{token}.77.rss"))).unwrap();
    assert_eq!(published(&john).len(), 5);
    john.ok(&REMOVE);
    assert_eq!(published(&john), no_files());
}

#[test]
fn what_was_published_for_others_stays() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    crate::common::peer::befriend(&john, &anna);
    let notes = notes(&john);
    john.ok(&["send", "mary", "anna", "-m", "see", "-a", &notes]);
    let guid = mary.ok(&["--format", "json", "poll"]);
    let guid = serde_json::from_str::<serde_json::Value>(&guid).unwrap()["guid"].clone();
    john.ok(&["contact", "remove", "anna", "--yes"]);
    assert_eq!(published(&john).len(), 2);
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    mary.ok(&["read", guid.as_str().unwrap(), "--save", folder.to_str().unwrap()]);
}

#[test]
fn what_is_sent_while_a_removal_waits_goes_with_it() {
    let (john, _mary) = friends();
    let before = Kept::of(&john);
    john.ok(&["send", "mary", "-m", "see", "-a", &notes(&john)]);
    fill_an_archive(&john);
    let sent = Kept::of(&john);
    before.put_back(&john);
    let removed = while_it_waits(&john, &REMOVE, || sent.put_back(&john));
    removed.expect(0);
    assert_eq!(published(&john), no_files());
    assert_eq!(john.ok(&["contact", "list"]), "");
}

#[test]
fn what_is_sealed_while_a_removal_is_under_way_leaves_nothing() {
    let (john, _mary) = friends();
    let plain = john.file("plain.xml");
    fs::write(&plain, john.ok(&["compose", "-m", "see", "-a", &notes(&john)])).unwrap();
    let here = Kept::of(&john);
    john.ok(&REMOVE);
    let removed = Kept::of(&john);
    here.put_back(&john);
    let encrypt = ["encrypt", "--to", "mary"];
    let forget = || {
        removed.put_back(&john);
        fs::remove_dir_all(john.home().join("contacts/mary")).unwrap();
    };
    let ran = crate::common::waiting::while_it_waits_with(&john, &encrypt, &plain, forget);
    assert!(ran.expect(1).stderr.contains("there is no contact `mary`"));
    assert_eq!(published(&john), no_files());
    assert!(!john.home().join("contacts/mary").exists());
}

#[test]
fn an_answer_that_leads_to_the_feed_of_a_removed_contact_goes_with_it() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let (of_john, of_mary) = (john.file("j.rss"), mary.file("m.rss"));
    let [of_john, of_mary] = [&of_john, &of_mary].map(|path| path.to_str().unwrap());
    john.ok(&["handshake", "invite", &mary.address(), "--output", of_john]);
    mary.ok(&["handshake", "invite", &john.address(), "--output", of_mary]);
    john.ok(&["handshake", "accept", "--input", of_mary]);
    mary.ok(&["handshake", "accept", "--input", of_john]);
    for peer in [&john, &mary, &john, &mary] {
        peer.ok(&["poll"]);
    }
    assert_eq!(john.pair_feeds().len(), 2, "the feed, and what leads to it");
    john.ok(&REMOVE);
    assert_eq!(published(&john), no_files());
}

#[test]
fn an_invitation_that_would_bring_a_removed_contact_back_is_withdrawn() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.file("invitation.rss");
    let path = path.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
    let invitation = find(&john.home().join("invitations"), "");
    let waits = fs::read(&invitation).unwrap();
    mary.ok(&["handshake", "accept", "--input", path]);
    john.ok(&["poll"]);
    // As a run leaves it that died before it had noted the answer.
    fs::write(&invitation, waits).unwrap();
    john.ok(&REMOVE);
    john.ok(&["poll"]);
    assert_eq!(john.ok(&["contact", "list"]), "");
    assert_eq!(john.ok(&["handshake", "list"]), "");
    assert_eq!(published(&john), no_files());
}

#[test]
fn an_invitation_that_is_withdrawn_while_its_answer_waits_makes_no_contact() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.file("invitation.rss");
    let path = path.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
    mary.ok(&["handshake", "accept", "--input", path]);
    let invitation = find(&john.home().join("invitations"), "");
    let feed = john.pair_feed();
    let ran = while_it_waits(&john, &["poll"], || {
        fs::remove_file(&invitation).unwrap();
        fs::remove_file(&feed).unwrap();
    });
    ran.expect(0);
    assert_eq!(john.ok(&["contact", "list"]), "");
    assert_eq!(published(&john), no_files());
}

#[test]
fn a_removal_that_was_killed_is_completed_by_the_next_round() {
    for then in ["poll", "publish"] {
        let (john, _mary) = friends();
        john.ok(&["send", "mary", "-m", "see", "-a", &notes(&john)]);
        let contacts = john.home().join("contacts");
        let token = john.pair_feed().file_stem().unwrap().to_str().unwrap().to_owned();
        fs::rename(contacts.join("mary"), contacts.join(format!(".removed-{token}"))).unwrap();
        assert_eq!(john.ok(&["contact", "list"]), "");
        john.ok(&[then]);
        assert_eq!(published(&john), no_files());
        assert_eq!(fs::read_dir(&contacts).unwrap().count(), 0, "what was said is gone");
    }
}

#[test]
fn a_hook_that_removes_its_contact_leaves_nothing_of_it() {
    let (john, mary) = friends();
    mary.send(&john, "spam");
    let program = env!("CARGO_BIN_EXE_cloudim");
    let hook = format!("'{program}' contact remove \"$IM_CONTACT\" --yes");
    john.ok(&["poll", "--exec", &hook]);
    assert_eq!(published(&john), no_files());
    assert_eq!(fs::read_dir(john.home().join("contacts")).unwrap().count(), 0);
}
