//! Two people talk through plain files and feeds.

mod common;

#[path = "conversation/attachments.rs"]
mod attachments;
#[path = "conversation/clocks.rs"]
mod clocks;
#[path = "conversation/contacts.rs"]
mod contacts;
#[path = "conversation/feed.rs"]
mod feed;
#[path = "conversation/history.rs"]
mod history;
#[path = "conversation/keys.rs"]
mod keys;
#[path = "conversation/many.rs"]
mod many;
#[path = "conversation/output.rs"]
mod output;
#[path = "conversation/polling.rs"]
mod polling;
#[path = "conversation/retention.rs"]
mod retention;
#[path = "conversation/sending.rs"]
mod sending;
#[path = "conversation/text.rs"]
mod text;

use common::peer::friends;

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
