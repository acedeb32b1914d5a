//! Invitations and acceptances that travel as files.

use std::fs;
use std::process::Command;

use cloudim::openpgp::dearmored_hash;
use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::values::hash::SealedHash;
use cloudim::store::contact::entry::Contact;
use cloudim::store::disk::home::Home;

use super::story::{accept, contacts, in_days, invitation, one_conversation, waiting};
use crate::common::peer::{Peer, find};

#[test]
fn an_invitation_travels_as_a_file_and_the_answer_is_found_by_poll() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = john.file("invitation.rss");
    let path = file.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--note", "it's John", "--output", path]);
    let ran = mary.run(&["handshake", "accept", "--input", path]).expect(0);
    assert!(ran.stderr.contains("`john` is your contact now, with the key "), "{}", ran.stderr);
    assert!(ran.stderr.contains("cloudim contact verify john"), "{}", ran.stderr);
    assert_eq!(john.run(&["poll"]).expect(0).stderr, "mary: accepted your invitation\n");
    one_conversation(&john, &mary);
    assert_eq!(super::story::times_accepted(&john, &mary), 1);
}

#[test]
fn a_pipe_shakes_hands_in_one_line() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let script = "\"$C\" --home \"$JOHN\" handshake invite -o - \
        | \"$C\" --home \"$MARY\" handshake accept -i - -o - \
        | \"$C\" --home \"$JOHN\" handshake accept -i -";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).env("C", john.command(&[]).get_program());
    let output = command.env("JOHN", john.home()).env("MARY", mary.home()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("`john` is your contact now"), "{stderr}");
    assert!(stderr.contains("`mary` is your contact now"), "{stderr}");
    assert_eq!(output.stdout, b"", "stdout of the last is data, and there is none");
    one_conversation(&john, &mary);
}

#[test]
fn what_was_received_is_listed_and_then_accepted_by_name() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address(), "--note", "it's John\n  \u{1b}[31mred"]);
    let ran = mary.feed(&["handshake", "receive"], &file).expect(0);
    assert!(ran.stderr.contains("`john` invites you: cloudim handshake accept john"));
    let list = mary.ok(&["handshake", "list"]);
    assert!(list.contains("  received  john  "), "{list}");
    assert!(list.contains(&format!("{}card.rss\n    ", john.address())), "{list}");
    assert!(list.contains("\n    it's John\n      "), "the note stands indented: {list}");
    assert!(!list.contains('\u{1b}'), "{list:?}");
    let json = waiting(&mary);
    assert_eq!(json.len(), 1);
    assert_eq!((&json[0]["direction"], &json[0]["name"]), (&"received".into(), &"john".into()));
    assert_eq!(json[0]["card_confirmed"], true);
    assert_eq!(json[0]["note"], "it's John\n  \u{fffd}[31mred", "XML has no such character");
    assert!(mary.ok(&[]).contains("`john` invites you: cloudim handshake accept john"));
    let made = waiting(&john);
    assert_eq!((&made[0]["direction"], &made[0]["name"]), (&"made".into(), &"mary".into()));
    mary.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

/// The hash of the introduction that stands in the feed of `writer`, and of the one that `reader`
/// has seen there.
fn introductions(writer: &Peer, reader: &Peer) -> (SealedHash, Option<SealedHash>) {
    let feed = Channel::parse(&fs::read(writer.pair_feed()).unwrap()).unwrap();
    let contact = Contact::load(&Home::at(reader.home()), &writer.name).unwrap();
    let seen = contact.theirs.introduction.unwrap().sealed;
    (dearmored_hash(&feed.introduction.unwrap()).unwrap(), seen)
}

#[test]
fn an_introduction_that_waited_and_was_accepted_is_not_opened_again() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    mary.ok(&["handshake", "accept", "john"]);
    let (stands, seen) = introductions(&john, &mary);
    assert_eq!(seen, Some(stands));
}

#[test]
fn an_invitation_that_an_earlier_version_kept_is_opened_once_more() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    let kept = find(&mary.home().join("invitations"), "");
    let text = fs::read_to_string(&kept).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("sealed = "));
    let before: String = lines.map(|line| format!("{line}\n")).collect();
    assert_eq!(text.len() - before.len(), "sealed = \"sha256:\"\n".len() + 64);
    fs::write(&kept, before).unwrap();
    mary.ok(&["handshake", "accept", "john"]);
    assert_eq!(introductions(&john, &mary).1, None);
    john.ok(&["poll"]);
    mary.ok(&["poll"]);
    let (stands, seen) = introductions(&john, &mary);
    assert_eq!(seen, Some(stands));
    one_conversation(&john, &mary);
}

#[test]
fn a_contact_may_have_another_name_than_it_claims() {
    let (mut john, mut mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address(), "--as", "marie"]);
    mary.feed(&["handshake", "receive", "-"], &file).expect(0);
    mary.ok(&["handshake", "accept", "john", "--as", "Johnny.S"]);
    john.ok(&["poll"]);
    (john.name, mary.name) = ("Johnny.S".to_owned(), "marie".to_owned());
    one_conversation(&john, &mary);
}

#[test]
fn names_that_are_none_or_taken_are_refused_before_anything_happens() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    crate::common::peer::befriend(&bob, &mary);
    let file = invitation(&john, &[&mary.address()]);
    for (name, status, why) in [
        ("../x", 2, "`../x` cannot name a contact\nhint: use letters"),
        ("", 2, "`` cannot name a contact"),
        (".hidden", 2, "cannot name a contact"),
        ("a b", 2, "cannot name a contact"),
        ("bob", 1, "there is a contact `bob` already\nhint: choose another name: --as NAME"),
    ] {
        let stderr = mary.feed(&["handshake", "accept", "-i", "-", "--as", name], &file);
        let stderr = stderr.expect(status).stderr;
        assert!(stderr.contains(why), "{name}: {stderr}");
        let address = john.address();
        mary.fails(&["handshake", "invite", &address, "--as", name, "-o", "-"], status);
    }
    assert_eq!((contacts(&mary).len(), waiting(&mary).len()), (1, 0));
    accept(&mary, &file);
}

#[test]
fn two_who_call_themselves_the_same_get_two_names() {
    let (john, other, mary) = (Peer::john(), Peer::john(), Peer::mary());
    for peer in [&john, &other] {
        accept(&mary, &invitation(peer, &[&mary.address()]));
        peer.ok(&["poll"]);
    }
    let names: Vec<_> = contacts(&mary).iter().map(|c| c["contact"].clone()).collect();
    assert_eq!(names, ["john", "john-2"]);
    mary.ok(&["send", "john-2", "-m", "to the second"]);
    assert_eq!((john.poll(), other.poll()), (vec![], vec!["to the second".to_owned()]));
}

#[test]
fn a_name_made_to_leave_the_folder_does_not() {
    let (john, eve) = (Peer::john(), Peer::mary());
    eve.set("name", "\"../../evil\"");
    eve.ok(&["publish"]);
    // A card without a title gives no name either.
    let card = eve.home().join("public/card.rss");
    let text = fs::read_to_string(&card).unwrap();
    fs::write(&card, text.replace("<title>../../evil</title>", "<title></title>")).unwrap();
    fs::create_dir_all(john.home().join("contacts")).unwrap();
    let file = invitation(&john, &[&eve.address()]);
    accept(&eve, &file);
    john.ok(&["poll"]);
    assert_eq!(contacts(&john)[0]["contact"], "evil");
    assert!(!john.file("evil").exists() && !john.home().join("evil").exists());
}

#[test]
fn without_a_base_url_one_can_look_but_not_answer() {
    let john = Peer::john();
    let mary = Peer::without_identity("Mary");
    mary.ok(&["keygen", "--name", "Mary", "--no-passphrase"]);
    mary.set("allow", "[\"127.0.0.0/8\"]");
    let file = invitation(&john, &[]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    for args in [&["handshake", "accept", "john"][..], &["handshake", "invite", "-o", "-"]] {
        let stderr = mary.fails(args, 1);
        assert!(stderr.contains("this identity has no address on the web\nhint: set base_url in config.toml to where public/ stands, and run cloudim publish"), "{stderr}");
    }
    assert_eq!((contacts(&mary).len(), waiting(&mary).len()), (0, 1));
}

#[test]
fn an_invitation_waits_for_90_days_on_either_side() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    assert_eq!(john.pair_feeds().len(), 1);
    let ran = mary.at(&in_days(91), &["handshake", "accept", "-i", "-"], &file).expect(1);
    assert!(ran.stderr.contains("has expired\nhint: invitations wait for 90 days"), "{ran:?}");
    john.at(&in_days(89), &["poll"], "").expect(0);
    assert_eq!(waiting(&john).len(), 1);
    let ran = john.at(&in_days(91), &["poll"], "").expect(0);
    let withdrawn = "the invitation to `mary` was not answered in 90 days, and is withdrawn";
    assert!(ran.stderr.contains(withdrawn), "{ran:?}");
    assert_eq!((waiting(&john).len(), john.pair_feeds().len()), (0, 0));
    let late = accept(&mary, &file);
    let stderr = super::story::refuses(&john, &late, 1);
    assert!(stderr.contains("this answers no invitation of ours\nhint: it may have expired"));
}

#[test]
fn an_answer_in_time_counts_even_if_nobody_looked_for_months() {
    let (john, mary) = (Peer::john(), Peer::mary());
    accept(&mary, &invitation(&john, &[&mary.address()]));
    john.at(&in_days(120), &["poll"], "").expect(0);
    assert_eq!(contacts(&john)[0]["contact"], "mary");
}

#[test]
fn what_is_no_invitation_is_refused_with_the_reason() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    let file = invitation(&john, &[&mary.address()]);
    let begin = file.find("<im:certificate>").unwrap();
    let end = file.find("</im:certificate>").unwrap() + "</im:certificate>".len();
    let without = format!("{}{}", &file[..begin], &file[end..]);
    let eve = invitation(&bob, &[&mary.address()]);
    let (from, to) =
        (eve.find("<im:certificate>").unwrap(), eve.find("</im:certificate>").unwrap());
    let swapped = file.replace(&file[begin..end - "</im:certificate>".len()], &eve[from..to]);
    let card = fs::read_to_string(john.home().join("public/card.rss")).unwrap();
    for (document, status, why) in [
        ("", 1, "this is no invitation"),
        ("hello", 1, "this is no invitation"),
        ("<html/>", 1, "this is no invitation"),
        (&card, 1, "this is no invitation: there is no certificate in it\nhint: "),
        (&without, 1, "this is no invitation: there is no certificate in it"),
        (&swapped, 4, "cannot open the introduction"),
    ] {
        let stderr = super::story::refuses(&mary, document, status);
        assert!(stderr.contains(why), "{stderr}");
    }
    let stderr = super::story::refuses(&bob, &file, 1);
    assert!(stderr.contains("cannot open the introduction"), "not for bob: {stderr}");
    let stderr = super::story::refuses(&john, &invitation(&john, &[]), 1);
    assert!(stderr.contains("the introduction is our own"), "{stderr}");
    assert!(contacts(&mary).is_empty() && contacts(&bob).is_empty());
}

#[test]
fn an_invitation_may_come_by_mail() {
    let quoted = |file: &str| file.replace('=', "=3D").replace("<channel>", "<chan=\r\nnel>");
    let plain = |file: &str| file.to_owned();
    for (encoding, encode) in [("8bit", plain as fn(&str) -> String), ("quoted-printable", quoted)]
    {
        let (john, mary) = (Peer::john(), Peer::mary());
        let body = encode(&invitation(&john, &[&mary.address(), "--note", "it's John"]));
        let mail = format!(
            "From: John <john@john.example>\nSubject: cloudim\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: {encoding}\n\nDear Mary,\n\n{body}\n-- \nJohn\n"
        );
        let received = mary.feed(&["handshake", "receive"], &mail).expect(0);
        assert_eq!(received.stderr, "`john` invites you: cloudim handshake accept john\n");
        mary.ok(&["handshake", "accept", "john"]);
        john.ok(&["poll"]);
        one_conversation(&john, &mary);
    }
}
