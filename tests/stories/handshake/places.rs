//! The agreed place, where the answer is looked for.

use std::fs;
use std::path::PathBuf;

use super::story::{accept, contacts, invitation, one_conversation, reply_token, waiting};
use crate::common::peer::Peer;
use crate::common::static_host::Behaviour;

/// Where Mary's answer to John's one invitation will be.
fn place(john: &Peer, mary: &Peer) -> PathBuf {
    mary.home().join(format!("public/f/{}.rss", reply_token(john)))
}

fn not_yet(john: &Peer) {
    let ran = john.run(&["poll"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!((contacts(john).len(), waiting(john).len()), (0, 1));
}

#[test]
fn nothing_there_is_not_yet() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let place = place(&john, &mary);
    not_yet(&john);
    let path = format!("/f/{}", place.file_name().unwrap().to_str().unwrap());
    assert!(mary.host.log().contains(&("GET".to_owned(), path, 404)), "{:?}", mary.host.log());
    for behaviour in [Behaviour::Down, Behaviour::Status(500), Behaviour::Status(204)] {
        mary.host.set(behaviour);
        not_yet(&john);
    }
    mary.host.set(Behaviour::Normal);
    accept(&mary, &file);
    assert!(place.exists());
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn garbage_there_is_not_yet() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let place = place(&john, &mary);
    let card = fs::read_to_string(mary.home().join("public/card.rss")).unwrap();
    let own = fs::read_to_string(john.pair_feed()).unwrap();
    for garbage in ["", "Not Found", "<html></html>", card.as_str(), own.as_str()] {
        fs::write(&place, garbage).unwrap();
        not_yet(&john);
    }
    mary.host.set(Behaviour::Endless);
    not_yet(&john);
    mary.host.set(Behaviour::Normal);
    fs::remove_file(&place).unwrap();
    accept(&mary, &file);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn an_acceptance_by_another_key_there_is_not_yet() {
    let (john, mary, eve) = (Peer::john(), Peer::mary(), Peer::new("Eve", &[]));
    let file = invitation(&john, &[&mary.address()]);
    let place = place(&john, &mary);
    // A good acceptance by Eve of an invitation by John, at Mary's place.
    let answer = accept(&eve, &invitation(&john, &[]));
    for document in [&fs::read_to_string(eve.pair_feed()).unwrap(), &answer] {
        fs::write(&place, document).unwrap();
        let ran = john.run(&["poll"]).expect(0);
        assert_eq!(ran.stderr, "");
        assert_eq!((contacts(&john).len(), waiting(&john).len()), (0, 2));
    }
    fs::remove_file(&place).unwrap();
    accept(&mary, &file);
    john.ok(&["poll"]);
    assert_eq!(contacts(&john)[0]["contact"], "mary");
}

#[test]
fn an_answer_to_another_invitation_there_is_not_yet() {
    let (john, mary) = (Peer::john(), Peer::mary());
    accept(&mary, &invitation(&john, &[&mary.address()]));
    let old = fs::read_to_string(place(&john, &mary)).unwrap();
    john.ok(&["poll"]);
    john.ok(&["contact", "remove", "mary", "--yes"]);
    mary.ok(&["contact", "remove", "john", "--yes"]);
    let file = invitation(&john, &[&mary.address()]);
    let place = place(&john, &mary);
    fs::write(&place, old).unwrap();
    not_yet(&john);
    fs::remove_file(&place).unwrap();
    accept(&mary, &file);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn where_the_agreed_name_is_taken_the_file_tells() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let place = place(&john, &mary);
    fs::write(&place, "taken").unwrap();
    let answer = accept(&mary, &file);
    assert_eq!(fs::read(&place).unwrap(), b"taken", "what stood there was overwritten");
    not_yet(&john);
    accept(&john, &answer);
    one_conversation(&john, &mary);
}

#[test]
fn several_invitations_wait_side_by_side() {
    let john = Peer::john();
    let others = ["Ann", "Bob", "Cem"].map(|name| Peer::new(name, &[]));
    let files = others.each_ref().map(|peer| invitation(&john, &[&peer.address()]));
    accept(&others[1], &files[1]);
    others[0].host.set(Behaviour::Down);
    john.ok(&["poll"]);
    assert_eq!((contacts(&john).len(), waiting(&john).len()), (1, 2));
    others[0].host.set(Behaviour::Normal);
    accept(&others[0], &files[0]);
    accept(&others[2], &files[2]);
    john.ok(&["poll"]);
    assert_eq!((contacts(&john).len(), waiting(&john).len()), (3, 0));
    for peer in &others {
        peer.send(&john, "here");
        assert_eq!(john.poll(), ["here"]);
    }
}
