//! Files that go with a message.

use std::fs;

use crate::common::peer::{Peer, friends, in_hours};
use crate::common::static_host::Behaviour;

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
