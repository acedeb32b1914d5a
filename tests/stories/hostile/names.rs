//! Names that could leave the folder of the contacts, be taken for an option, or for a guid.

use super::story::{Story, assert_unchanged_but, snapshot};
use crate::common::peer::Peer;

const NAMES: [&str; 9] = [
    "../x",
    "..",
    "/tmp/x",
    "a/b",
    "",
    ".hidden",
    "a b",
    "0199f0c2-0000-7000-8000-000000000000",
    "urn:uuid:0199f0c2-0000-7000-8000-000000000000",
];

/// Whether anything stands beside the home that was not there.
fn beside(peer: &Peer) -> Vec<String> {
    let folder = peer.home().parent().unwrap().to_owned();
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_name_that_is_none_is_a_usage_error() {
    let story = Story::begin();
    let paul = Peer::new("Paul", &[]);
    let invitation = paul.file("invitation.rss");
    let file = invitation.to_str().unwrap();
    paul.ok(&["handshake", "invite", &story.john.address(), "--output", file]);
    story.john.ok(&["handshake", "receive", file]);
    let (before, around) = (snapshot(&story.john.home()), beside(&story.john));
    for name in NAMES.into_iter().chain(["-x", "--x"]) {
        let alias = format!("--as={name}");
        for args in [
            &["contact", "rename", "mary", "--", name][..],
            &["handshake", "accept", "paul", &alias],
            &["handshake", "accept", "--input", file, &alias],
            &["handshake", "invite", &paul.address(), &alias],
        ] {
            let refused = story.john.run(args).expect(2);
            let words = format!("error: `{name}` cannot name a contact");
            assert!(refused.stderr.contains(&words), "{args:?}: {}", refused.stderr);
            assert!(refused.stderr.contains("hint: use letters"), "{}", refused.stderr);
        }
    }
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    assert_eq!(beside(&story.john), around);
    story.loses_nothing();
}

#[test]
fn a_contact_whose_name_is_none_does_not_exist() {
    let story = Story::begin();
    let outside = story.john.file("x");
    std::fs::create_dir(&outside).unwrap();
    // What is outside looks like a contact, and is none.
    let real = story.john.home().join("contacts/mary/contact.toml");
    std::fs::copy(real, outside.join("contact.toml")).unwrap();
    let (before, around) = (snapshot(&story.john.home()), beside(&story.john));
    for name in NAMES.into_iter().chain(["../../x", "./mary", "mary/", "mary/../mary"]) {
        for args in [
            &["poll", name][..],
            &["send", name, "-m", "x"],
            &["receive", name, "-"],
            &["status", name],
            &["contact", "show", name],
            &["contact", "block", name],
            &["contact", "remove", "--yes", name],
            &["contact", "rename", name, "somebody"],
            &["contact", "verify", name],
            &["encrypt", "--to", name],
            &["append", name],
            &["decrypt", "--from", name],
            &["handshake", "accept", name],
            &["handshake", "decline", name],
        ] {
            let refused = story.john.feed(args, "<rss version=\"2.0\"><channel/></rss>").expect(1);
            let words = ["there is no contact `", "there is no invitation by `"];
            assert!(
                words.iter().any(|words| refused.stderr.contains(words)),
                "{args:?}: {}",
                refused.stderr
            );
            assert_eq!(refused.stdout, "");
        }
    }
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    assert_eq!(beside(&story.john), around);
    story.loses_nothing();
}

#[test]
fn a_name_like_an_option_is_a_usage_error() {
    let story = Story::begin();
    let before = snapshot(&story.john.home());
    for args in [
        &["poll", "-x"][..],
        &["contact", "rename", "mary", "-x"],
        &["contact", "rename", "mary", "--", "-x"],
        &["handshake", "invite", "http://127.0.0.1:9/", "--as", "-x"],
        &["send", "mary", "--guid", "../x", "-m", "x"],
    ] {
        let refused = story.john.run(args).expect(2);
        assert!(refused.stderr.starts_with("error: "), "{args:?}: {}", refused.stderr);
    }
    assert_unchanged_but(&before, &snapshot(&story.john.home()), &[]);
    story.loses_nothing();
}
