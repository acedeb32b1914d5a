//! Every XML file that we write is well-formed to somebody else's parser.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::peer::{Peer, befriend};

use super::tools;

/// Asserts that `path` is well-formed XML.
#[track_caller]
fn check(path: &Path) {
    tools::ok("xmllint", &["--noout", "--nonet", path.to_str().unwrap()], "");
}

/// The files below `folder` that end in ".rss" or ".xml".
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rss" || extension == "xml")
        {
            found.push(path);
        }
    }
}

/// Text that an XML writer can get wrong, and enough of it that a few fill a feed.
fn long_and_awkward() -> String {
    "<&>\"' ]]> <![CDATA[ &amp; --> \r\n\t\r 🍝 \u{2028}\u{85}\u{feff}\n".repeat(400)
}

#[test]
#[ignore = "needs xmllint"]
fn every_feed_archive_card_and_plain_item_is_well_formed() {
    let (mut john, mary) = (Peer::new("John <&\"'>", &[]), Peer::mary());
    john.name = "john".to_owned();
    let invitation = john.file("invitation.rss");
    let acceptance = mary.file("acceptance.rss");
    let (to, path) = (mary.address(), invitation.to_str().unwrap());
    john.ok(&["handshake", "invite", &to, "--note", "<&> it's \"me\" ]]>", "--output", path]);
    let answer = acceptance.to_str().unwrap();
    mary.ok(&["handshake", "accept", "--input", path, "--as", "john", "--output", answer]);
    john.ok(&["poll"]);
    let picture = john.file("<cat> & \"dog\".png");
    fs::write(&picture, "not a picture").unwrap();
    let text = long_and_awkward();
    for _ in 0..4 {
        john.ok(&["send", "mary", "-m", &text, "-a", picture.to_str().unwrap()]);
    }
    assert_eq!(mary.poll(), vec![text.clone(); 4]);

    let mut files = vec![invitation, acceptance];
    for peer in [&john, &mary] {
        documents(&peer.home(), &mut files);
    }
    // Two cards and feeds, at least one archive, and the octets of items and introductions.
    let ends =
        |end: &str| files.iter().filter(|path| path.to_string_lossy().ends_with(end)).count();
    assert!(ends(".1.rss") >= 1, "{files:?}");
    assert_eq!((ends("card.rss"), ends("introduction.1.xml")), (2, 2), "{files:?}");
    assert!(ends(".xml") >= 6, "{files:?}");
    files.iter().for_each(|path| check(path));
}

#[test]
#[ignore = "needs xmllint"]
fn a_decrypted_feed_is_well_formed_whatever_was_written() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    let text = long_and_awkward();
    let guid = john.send(&mary, &text);
    let feed = fs::read(john.pair_feed()).unwrap();
    let plain = mary.feed(&["decrypt", "--from", "john"], feed).expect(0).stdout;
    tools::ok("xmllint", &["--noout", "--nonet", "-"], &plain);
    let found = tools::ok("xmllint", &["--nonet", "--xpath", "string(//item/guid)", "-"], &plain);
    assert_eq!(found.trim(), guid);
    // The text survives another's parser, byte for byte.
    let markdown = "string(//item/*[local-name()='markdown'])";
    let found = tools::ok("xmllint", &["--nonet", "--xpath", markdown, "-"], &plain);
    assert_eq!(found.strip_suffix('\n').unwrap(), text);
    let printed = mary.ok(&["--format", "rss", "poll"]);
    tools::ok("xmllint", &["--noout", "--nonet", "-"], &printed);
}

#[test]
#[ignore = "needs xmllint"]
fn the_items_between_the_plumbing_are_well_formed() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    let plain = john.feed(&["compose"], long_and_awkward()).expect(0).stdout;
    tools::ok("xmllint", &["--noout", "--nonet", "-"], &plain);
    let sealed = john.feed(&["encrypt", "--to", "mary"], &plain).expect(0).stdout;
    tools::ok("xmllint", &["--noout", "--nonet", "-"], &sealed);
}
