//! A stranger: who may call, and whom we do not know.

mod crowding;
mod inviting;
mod pretending;
mod reaching;

use std::fs;
use std::path::PathBuf;

use cloudim::openpgp::{self, Certificate};
use cloudim::protocol::Random;
use cloudim::protocol::calls::call::Call;
use cloudim::protocol::calls::please_follow::PleaseFollow;
use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::values::guid::Guid;
use jiff::Timestamp;
use rand::SeedableRng;

use crate::common::garbage::{By, Garbage, of_children, of_process};
use crate::common::host::{Host, RARELY, until};
use crate::common::peer::Peer;
use crate::common::static_host::StaticHost;

/// The CPU time, in seconds, that one call of a stranger may take in a debug build, in which all is
/// some ten times as slow; it took half a minute once.
const CPU: f64 = 1.5;

/// Eve, at whose host stand a certificate with hundreds of keys that are not hers, and an introduction
/// of some kilobytes that opens to a mebibyte with eight signatures which do not say by whom.
struct Eve {
    host: StaticHost,
    folder: PathBuf,
    feed: String,
    key: String,
    file: Vec<u8>,
    garbage: Garbage,
}

impl Eve {
    /// Eve, who wants work done by whoever has the home of `victim`.
    fn against(victim: &Peer) -> Self {
        let (host, folder) = (StaticHost::bind(), victim.file("eve"));
        fs::create_dir_all(&folder).unwrap();
        host.root(&folder);
        let mut garbage = Garbage::new(3);
        let file = garbage.key_file();
        let (feed, key) = (format!("{}f.rss", host.url()), format!("{}key.asc", host.url()));
        let introduction = garbage.bloated(&certificate(victim), By::Nobody);
        let channel = garbage.feed(introduction, &key, &file);
        fs::write(folder.join("f.rss"), channel.write()).unwrap();
        fs::write(folder.join("key.asc"), &file).unwrap();
        Self { host, folder, feed, key, file, garbage }
    }

    fn call(&self) -> String {
        format!("feed={}&key={}", self.feed, self.key)
    }

    /// Whether the key, which is asked for last, was asked for.
    fn is_followed(&self) -> bool {
        self.host.seen().iter().any(|seen| seen.path == "/key.asc")
    }

    /// The introduction as an invitation file.
    fn invitation(&self) -> Vec<u8> {
        let feed = fs::read(self.folder.join("f.rss")).unwrap();
        let armored = self.garbage.armored(&self.file);
        let channel = Channel { certificate: Some(armored), ..Channel::parse(&feed).unwrap() };
        channel.write().into_bytes()
    }
}

fn certificate(peer: &Peer) -> Certificate {
    Certificate::parse(&fs::read(peer.home().join("public/key.asc")).unwrap()).unwrap()
}

#[test]
fn a_stranger_who_calls_with_signatures_by_nobody_and_hundreds_of_keys_costs_next_to_nothing() {
    let john = Host::new("John");
    let at_john = john.listen(&[RARELY]);
    let eve = Eve::against(&john.peer);
    let before = of_process(at_john.child.id());
    john.post("/pleaseFollow", &eve.call());
    until("the call is followed", || eve.is_followed());
    // An honest call is followed after it: so it is over.
    let mary = Peer::mary();
    mary.ok(&["handshake", "invite", &john.url]);
    until("Mary's call is followed", || {
        let shown = john.peer.ok(&["--format", "json", "handshake", "list"]);
        shown.contains("\"mary\"")
    });
    let spent = of_process(at_john.child.id()) - before;
    assert!(spent < CPU, "{spent} s");
}

#[test]
fn a_stranger_whose_call_was_kept_costs_next_to_nothing_when_the_user_looks() {
    let john = Host::new("John");
    john.peer.set("fetch_invitations", "false");
    let at_john = john.listen(&[RARELY]);
    let eve = Eve::against(&john.peer);
    john.post("/pleaseFollow", &eve.call());
    let kept = john.peer.home().join("invitations/calls.jsonl");
    until("the call is kept", || fs::read_to_string(&kept).unwrap_or_default().contains("f.rss"));
    drop(at_john);
    let before = of_children();
    let listed = john.peer.run(&["handshake", "list"]);
    assert!(eve.is_followed());
    assert_eq!(listed.stdout, "", "{listed:?}");
    assert!(of_children() - before < CPU, "{} s", of_children() - before);
}

#[test]
fn a_stranger_whose_call_stands_in_the_inbox_costs_next_to_nothing_when_it_is_read() {
    let john = Peer::john();
    let (eve, mut rng) = (Eve::against(&john), Random::seed_from_u64(1));
    let call = PleaseFollow {
        feed: eve.feed.parse().unwrap(),
        key: eve.key.parse().unwrap(),
        in_reply_to: None,
    };
    let now = Timestamp::now();
    let octets = Call { call, time: now }.write().unwrap();
    let sealed = openpgp::seal_unsigned(octets.as_bytes(), &certificate(&john), now, &mut rng);
    let guid = Guid::new(now, &mut rng);
    let items = vec![FeedItem::sealed(guid, sealed.unwrap())];
    let inbox = Channel { items, ..Channel::default() };
    fs::write(eve.folder.join("inbox.rss"), inbox.write()).unwrap();
    john.set("inbox", &format!("\"{}inbox.rss\"", eve.host.url()));
    let before = of_children();
    john.ok(&["poll"]);
    assert!(eve.is_followed());
    assert!(of_children() - before < CPU, "{} s", of_children() - before);
}

#[test]
fn a_stranger_whose_invitation_comes_as_a_file_costs_next_to_nothing() {
    let john = Peer::john();
    let eve = Eve::against(&john);
    let before = of_children();
    let refused = john.feed(&["handshake", "accept", "--input", "-"], eve.invitation());
    assert_eq!(refused.expect(1).stdout, "");
    assert!(of_children() - before < CPU, "{} s", of_children() - before);
}
