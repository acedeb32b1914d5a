//! What a new user reads who mistypes, forgets, or begins in the middle.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::peer::{Peer, friends};

#[test]
fn without_an_identity_every_command_says_how_to_make_one() {
    let john = Peer::without_identity("John");
    let first = john.ok(&[]);
    assert!(first.ends_with("yet: cloudim keygen --name NAME --base-url URL\n"), "{first}");
    for args in [&["poll"][..], &["send", "mary", "-m", "hi"], &["contact"], &["status"]] {
        let said = john.fails(args, 1);
        assert!(said.contains("there is no identity in"), "{args:?}: {said}");
        assert!(said.contains("hint: cloudim keygen"), "{args:?}: {said}");
    }
}

#[test]
fn a_mistyped_command_option_or_contact_is_usage_or_a_guess() {
    let (john, _mary) = friends();
    let said = john.fails(&["pol"], 2);
    assert!(said.contains("a similar subcommand exists: 'poll'"), "{said}");
    let said = john.fails(&["poll", "--peak"], 2);
    assert!(said.contains("a similar argument exists: '--peek'"), "{said}");
    let said = john.fails(&["send", "marry", "-m", "hi"], 1);
    assert!(said.contains("there is no contact `marry`\nhint: did you mean `mary`?"), "{said}");
}

#[test]
fn half_an_address_is_refused_before_anything_is_fetched() {
    let john = Peer::john();
    for address in ["mary@", "@mary.example", "mary@mary.example/card.rss", "mary@a@b", ""] {
        let said = john.fails(&["handshake", "invite", address, "--output", "-"], 2);
        assert!(said.contains(&format!("`{address}` is no address")), "{said}");
        assert!(said.contains("hint: an address is a URL, or like mary@mary.example"), "{said}");
    }
}

#[test]
fn the_hint_after_a_failed_hook_can_be_typed_as_it_stands() {
    let (john, mary) = friends();
    john.send(&mary, "dinner at eight?");
    let said = mary.fails(&["poll", "--exec", "exit 1"], 1);
    assert!(said.contains("at once: cloudim poll --retry --exec CMD"), "{said}");
    assert_eq!(mary.ok(&["poll", "--retry", "--exec", "cat"]), "dinner at eight?");
}

#[test]
fn a_home_that_others_may_enter_keeps_the_history_to_its_owner() {
    let john = Peer::without_identity("John");
    fs::create_dir(john.home()).unwrap();
    fs::set_permissions(john.home(), fs::Permissions::from_mode(0o755)).unwrap();
    let url = john.address();
    john.ok(&["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"]);
    let mary = Peer::mary();
    crate::common::peer::befriend(&john, &mary);
    john.send(&mary, "dinner at eight?");
    let contacts = fs::metadata(john.home().join("contacts")).unwrap();
    assert_eq!(contacts.permissions().mode() & 0o777, 0o700);
    let messages = fs::metadata(john.home().join("contacts/mary/messages.jsonl")).unwrap();
    assert_eq!(messages.permissions().mode() & 0o777, 0o600);
}
