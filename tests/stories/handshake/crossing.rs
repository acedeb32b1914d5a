//! Two people who invite each other end with one conversation, whoever does what first.

use super::story::{accept, contacts, invitation, one_conversation, times_accepted};
use crate::common::peer::Peer;

/// Takes steps: J and M accept the other's file, j and m poll.
fn take(steps: &str, john: &Peer, mary: &Peer, of_john: &str, of_mary: &str) {
    for step in steps.chars() {
        match step {
            'J' => drop(accept(john, of_mary)),
            'M' => drop(accept(mary, of_john)),
            'j' => drop(john.ok(&["poll"])),
            _ => drop(mary.ok(&["poll"])),
        }
    }
}

#[test]
fn both_by_address_in_every_order_and_with_one_importing_alone() {
    for steps in ["JM", "MJ", "J", "M", "JmM", "MjJ", "JjMm", "MmJj", "JJMM", "JMJM", "jmJ", "JmmM"]
    {
        println!("steps {steps}");
        let (john, mary) = (Peer::john(), Peer::mary());
        let of_john = invitation(&john, &[&mary.address()]);
        let of_mary = invitation(&mary, &[&john.address()]);
        take(&format!("{steps}mjmj"), &john, &mary, &of_john, &of_mary);
        one_conversation(&john, &mary);
        assert_eq!((times_accepted(&john, &mary), times_accepted(&mary, &john)), (1, 1));
    }
}

#[test]
fn both_at_the_same_moment() {
    for _ in 0..5 {
        let (john, mary) = (Peer::john(), Peer::mary());
        let files = [john.file("j.rss"), mary.file("m.rss")];
        std::fs::write(&files[0], invitation(&john, &[&mary.address()])).unwrap();
        std::fs::write(&files[1], invitation(&mary, &[&john.address()])).unwrap();
        let start = |peer: &Peer, file: &std::path::Path| {
            let args = ["handshake", "accept", "-i", file.to_str().unwrap()];
            peer.command(&args).spawn().unwrap()
        };
        for mut child in [start(&john, &files[1]), start(&mary, &files[0])] {
            assert!(child.wait().unwrap().success());
        }
        one_conversation(&john, &mary);
    }
}

#[test]
fn received_while_the_own_invitation_waits_and_accepted_by_name() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let of_john = invitation(&john, &[&mary.address()]);
    let of_mary = invitation(&mary, &[&john.address()]);
    mary.feed(&["handshake", "receive"], &of_john).expect(1);
    accept(&mary, &of_john);
    john.ok(&["poll"]);
    accept(&john, &of_mary);
    one_conversation(&john, &mary);
}

#[test]
fn one_by_address_the_other_for_whoever_gets_the_file() {
    // A and B hand the acceptances over: John's of Mary's file, and Mary's of John's.
    for steps in ["JA", "JAM", "MJ", "JM", "MJA", "JMA", "MB", "JMB", "MJBA"] {
        println!("steps {steps}");
        let (john, mary) = (Peer::john(), Peer::mary());
        let of_john = invitation(&john, &[&mary.address()]);
        let of_mary = invitation(&mary, &[]);
        hand_over(steps, &john, &mary, &of_john, &of_mary);
    }
}

#[test]
fn both_for_whoever_gets_the_file() {
    for steps in ["JAM", "MBJ", "JMA", "JMB", "JMAB", "MJBA", "JAMB"] {
        println!("steps {steps}");
        let (john, mary) = (Peer::john(), Peer::mary());
        let (of_john, of_mary) = (invitation(&john, &[]), invitation(&mary, &[]));
        hand_over(steps, &john, &mary, &of_john, &of_mary);
    }
}

/// As [`take`], and A and B hand over the acceptance that John and Mary have written.
fn hand_over(steps: &str, john: &Peer, mary: &Peer, of_john: &str, of_mary: &str) {
    let (mut johns, mut marys) = (String::new(), String::new());
    for step in steps.chars() {
        match step {
            'J' => johns = accept(john, of_mary),
            'M' => marys = accept(mary, of_john),
            'A' => drop(accept(mary, &johns)),
            _ => drop(accept(john, &marys)),
        }
    }
    take("mjmjmj", john, mary, "", "");
    for (from, to) in [(john, mary), (mary, john), (john, mary), (mary, john)] {
        from.send(to, "hello");
        assert_eq!(to.poll(), ["hello"], "{steps}: from {}", from.name);
        assert_eq!((contacts(from).len(), contacts(to).len()), (1, 1));
    }
}
