//! Files that go with a message.

use std::fs;

use crate::common::peer::{Peer, friends, in_hours, tree};
use crate::common::static_host::Behaviour;
use crate::common::waiting::Kept;

/// Sends a file of this name and content; returns the guid.
fn attach(john: &Peer, name: &str, bytes: &[u8]) -> String {
    let path = john.file(name);
    fs::write(&path, bytes).unwrap();
    john.ok(&["send", "mary", "-m", "see", "-a", path.to_str().unwrap()]).trim().to_owned()
}

/// The sealed attachments on a home's host.
fn sealed(peer: &Peer) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(peer.home().join("public/b")).unwrap().map(|f| f.unwrap().path());
    files.filter(|path| path.extension().is_none()).collect()
}

#[test]
fn a_file_arrives_as_it_was_and_is_sealed_on_the_host() {
    let (john, mary) = friends();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| (n % 251).to_le_bytes()).collect();
    let guid = attach(&john, "cat.png", &bytes);
    let text = mary.ok(&["poll"]);
    assert!(text.contains("\n    [attachment: cat.png, 12"), "{text}");
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    let saved = mary.ok(&["read", &guid, "--save", folder.to_str().unwrap()]);
    assert_eq!(saved, format!("{}\n", folder.join("cat.png").display()));
    assert!(fs::read(folder.join("cat.png")).unwrap() == bytes);
    let on_host = fs::read(&sealed(&john)[0]).unwrap();
    assert!(!on_host.windows(64).any(|window| window == &bytes[5_000..5_064]));
    assert!(!String::from_utf8_lossy(&fs::read(john.pair_feed()).unwrap()).contains("cat.png"));
}

#[test]
fn saving_overwrites_nothing() {
    let (john, mary) = friends();
    let guid = attach(&john, "notes.txt", b"theirs");
    mary.ok(&["poll"]);
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let save = || mary.ok(&["read", &guid, "--save", folder.to_str().unwrap()]);
    assert!(save().ends_with("notes-2.txt\n"));
    assert!(save().ends_with("notes-3.txt\n"));
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(folder.join("notes-3.txt")).unwrap(), "theirs");
}

#[test]
fn a_name_that_leads_elsewhere_is_harmless() {
    let (john, mary) = friends();
    let path = john.file("x");
    fs::write(&path, "payload").unwrap();
    let item = john.ok(&["compose", "-m", "see", "-a", path.to_str().unwrap()]);
    for (name, becomes) in [("../x", "x"), ("/etc/x", "x-2"), ("..", "attachment"), (".rc", "rc")] {
        let guid_of = |item: &str| {
            item.split("isPermaLink=\"false\">urn:uuid:").nth(1).unwrap()[..36].to_owned()
        };
        let old = guid_of(&item);
        let fresh = guid_of(&john.ok(&["compose", "-m", "fresh guid"]));
        let item = item.replace("name=\"x\"", &format!("name=\"{name}\"")).replace(&old, &fresh);
        let sealed = john.feed(&["encrypt", "--to", "mary"], item).expect(0).stdout;
        john.feed(&["append", "mary"], sealed).expect(0);
        mary.ok(&["poll"]);
        let folder = mary.file("saved/in/here");
        fs::create_dir_all(&folder).unwrap();
        let saved = mary.ok(&["read", &fresh, "--save", folder.to_str().unwrap()]);
        assert_eq!(saved, format!("{}\n", folder.join(becomes).display()), "{name}");
        assert_eq!(fs::read_to_string(folder.join(becomes)).unwrap(), "payload");
    }
}

#[test]
fn a_file_that_was_tampered_with_is_not_saved() {
    let (john, mary) = friends();
    let guid = attach(&john, "notes.txt", b"the truth");
    mary.ok(&["poll"]);
    let path = &sealed(&john)[0];
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    let save = ["read", &guid, "--save", folder.to_str().unwrap()];
    let said = mary.fails(&save, 5);
    assert_eq!(said, "error: the attachment `notes.txt` is not the file that was sent\n");
    john.host.set(Behaviour::Status(404));
    let said = mary.fails(&save, 3);
    assert!(said.starts_with("error: cannot fetch the attachment `notes.txt`: "), "{said}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_host_that_gives_no_file_of_ours_is_out_of_reach_and_asked_again() {
    let (john, mary) = friends();
    let guid = attach(&john, "notes.txt", b"the truth");
    mary.ok(&["poll"]);
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    let save = ["read", &guid, "--save", folder.to_str().unwrap()];
    let page = |kind| Behaviour::Says(("Content-Type", kind), b"<title>Log in</title>".to_vec());
    let half = fs::read(&sealed(&john)[0]).unwrap()[..200].to_vec();
    let loops = Behaviour::Redirect("/again".to_owned());
    for lie in [
        page("text/html"),
        page("application/octet-stream"),
        Behaviour::Says(("Content-Type", "application/octet-stream"), half),
        Behaviour::Says(("Content-Type", "application/octet-stream"), Vec::new()),
        Behaviour::Says(("Content-Encoding", "br"), b"?".to_vec()),
        loops,
    ] {
        john.host.set(lie);
        let said = mary.fails(&save, 3);
        assert!(said.starts_with("error: cannot fetch the attachment `notes.txt`: "), "{said}");
    }
    john.host.set(page("text/html"));
    let said = mary.fails(&save, 3);
    assert!(said.contains("its host sends something else (text/html, 21 bytes)\nhint: "), "{said}");
    john.host.set(Behaviour::Normal);
    mary.ok(&save);
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "the truth");
}

#[test]
fn a_cache_that_has_a_page_in_the_place_of_a_file_is_asked_past() {
    let (john, mary) = friends();
    let guid = attach(&john, "notes.txt", b"the truth");
    mary.ok(&["poll"]);
    let path = sealed(&john).remove(0);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "<title>Log in</title>").unwrap();
    john.host.set(Behaviour::Cached);
    fs::write(&path, whole).unwrap();
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    mary.ok(&["read", &guid, "--save", folder.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "the truth");
}

#[test]
fn a_file_alone_is_a_message_and_a_file_that_is_not_there_is_none() {
    let (john, mary) = friends();
    let path = john.file("cat.png");
    let args = ["send", "mary", "-m", "", "-a", path.to_str().unwrap()];
    let said = john.fails(&args, 1);
    assert!(said.starts_with("error: cannot attach `"), "{said}");
    fs::write(&path, "").unwrap();
    let guid = john.ok(&args);
    assert_eq!(mary.poll(), [""]);
    let folder = mary.file(".");
    mary.ok(&["read", guid.trim(), "--save", folder.to_str().unwrap()]);
    assert_eq!(fs::read(folder.join("cat.png")).unwrap(), b"");
}

#[test]
fn attachments_leave_the_host_with_their_message() {
    let (john, mary) = friends();
    attach(&john, "notes.txt", b"for a while");
    john.send(&mary, "the head");
    mary.poll();
    john.poll();
    assert_eq!(sealed(&john).len(), 1);
    john.at(&in_hours(24 * 8), &["poll"], "").expect(0);
    assert_eq!(sealed(&john).len(), 0);
}

#[test]
fn a_message_that_is_refused_leaves_no_file_on_the_host() {
    let (john, _mary) = friends();
    let path = john.file("notes.txt");
    fs::write(&path, "for Mary's eyes").unwrap();
    let path = path.to_str().unwrap();
    let long = "x".repeat(100_000);
    let ran = john.feed(&["send", "mary", "-a", path], &long).expect(1);
    assert!(ran.stderr.contains("the message is too long"), "{}", ran.stderr);
    let plain = john.feed(&["compose", "-a", path], "see").expect(0).stdout;
    let plain = plain.replace("see", &long);
    let ran = john.feed(&["encrypt", "--to", "mary"], plain).expect(1);
    assert!(ran.stderr.contains("the message is too long"), "{}", ran.stderr);
    john.at(&in_hours(72), &["send", "mary", "-m", "from the future"], "").expect(0);
    let said = john.fails(&["send", "mary", "-m", "see", "-a", path], 1);
    assert!(said.contains("we have signed at"), "{said}");
    assert_eq!(sealed(&john).len(), 0);
}

/// John's file, sealed into an item for Mary that is not appended.
fn encrypted(john: &Peer) -> String {
    let path = john.file("notes.txt");
    fs::write(&path, "for Mary's eyes").unwrap();
    let plain = john.ok(&["compose", "-m", "see", "-a", path.to_str().unwrap()]);
    john.feed(&["encrypt", "--to", "mary"], plain).expect(0).stdout
}

#[test]
fn what_was_sealed_and_not_appended_within_a_day_leaves_the_host() {
    let (john, mary) = friends();
    let item = encrypted(&john);
    let attached = attach(&john, "other.txt", b"this was sent");
    assert_eq!(sealed(&john).len(), 2);
    john.at(&in_hours(25), &["publish"], "").expect(0);
    assert_eq!(sealed(&john).len(), 1);
    let said = john.at(&in_hours(25), &["append", "mary"], &item).expect(1).stderr;
    assert!(said.contains("seal it again"), "{said}");
    mary.poll();
    let folder = mary.file(".");
    mary.ok(&["read", &attached, "--save", folder.to_str().unwrap()]);
}

#[test]
fn an_append_that_died_and_is_said_again_keeps_its_file() {
    let (john, mary) = friends();
    john.send(&mary, "first");
    let item = encrypted(&john);
    let before = Kept::of(&john);
    john.feed(&["append", "mary"], &item).expect(0);
    // It died when it had filed the item, and not counted it.
    let octets = john.home().join("contacts/mary/octets");
    let filed = tree(&octets);
    before.put_back(&john);
    for (path, bytes) in filed {
        fs::write(path, bytes).unwrap();
    }
    john.ok(&["publish"]);
    john.feed(&["append", "mary"], &item).expect(0);
    let line = mary.ok(&["--format", "json", "poll"]);
    let last: serde_json::Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    let folder = mary.file("saved");
    fs::create_dir(&folder).unwrap();
    let guid = last["guid"].as_str().unwrap();
    mary.ok(&["read", guid, "--save", folder.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "for Mary's eyes");
    assert!(!john.home().join("contacts/mary/outbox").exists());
}

#[test]
fn a_send_that_died_before_it_counted_leaves_no_file_after_the_next_rewriting() {
    let (john, mary) = friends();
    john.send(&mary, "first");
    let before = Kept::of(&john);
    attach(&john, "notes.txt", b"for Mary's eyes");
    let filed = tree(&john.home().join("contacts/mary/octets"));
    let files = tree(&john.home().join("public/b"));
    before.put_back(&john);
    for (path, bytes) in filed.into_iter().chain(files) {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(sealed(&john).len(), 1);
    john.send(&mary, "second");
    assert_eq!(sealed(&john).len(), 0);
    assert_eq!(mary.poll(), ["first", "second"]);
}
