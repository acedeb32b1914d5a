//! Two people talk through plain files and feeds.

mod attachments;
mod clocks;
mod contacts;
mod feed;
mod history;
mod keys;
mod many;
mod no_feed;
mod octets;
mod only_sending;
mod output;
mod polling;
mod removal;
mod retention;
mod sending;
mod text;

use crate::common::peer::friends;

#[test]
fn john_and_mary_talk_in_turns() {
    let (john, mary) = friends();
    john.send(&mary, "dinner at eight?");
    assert_eq!(mary.poll(), ["dinner at eight?"]);
    mary.send(&john, "gladly");
    assert_eq!(john.poll(), ["gladly"]);
    assert_eq!(mary.poll(), [""; 0]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}
