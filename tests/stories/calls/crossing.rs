//! Two people who call each other end with one conversation.

use super::story::{agreed, listening};
use crate::common::host::until;
use crate::handshake::story::{contacts, one_conversation};

#[test]
fn crossing_calls_end_with_one_conversation() {
    let ((john, _at_john), (mary, _at_mary)) = (listening("John"), listening("Mary"));
    // Mary's call to John finds his invitation to her: that settles it, nobody need accept.
    john.peer.ok(&["handshake", "invite", &mary.url]);
    mary.peer.ok(&["handshake", "invite", &john.url]);
    until("they agree", || {
        for peer in [&john.peer, &mary.peer] {
            peer.ok(&["poll"]);
        }
        contacts(&john.peer).len() == 1 && contacts(&mary.peer).len() == 1
    });
    one_conversation(&john.peer, &mary.peer);
}

#[test]
fn calls_at_the_same_moment_end_with_one_conversation() {
    let ((john, _at_john), (mary, _at_mary)) = (listening("John"), listening("Mary"));
    let invite = |peer: &crate::common::peer::Peer, url: &str| {
        peer.command(&["handshake", "invite", url]).spawn().unwrap()
    };
    for mut child in [invite(&john.peer, &mary.url), invite(&mary.peer, &john.url)] {
        assert!(child.wait().unwrap().success());
    }
    until("they agree", || {
        for peer in [&john.peer, &mary.peer] {
            peer.ok(&["poll"]);
        }
        contacts(&john.peer).len() == 1 && contacts(&mary.peer).len() == 1
    });
    agreed(&john.peer, 1);
    one_conversation(&john.peer, &mary.peer);
}
