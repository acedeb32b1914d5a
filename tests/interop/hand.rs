//! What people do by hand who have another program than ours: take the next place in a log, and
//! put an item into the feed.

use std::fs;
use std::path::PathBuf;

use cloudim::protocol::Random;
use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::sealed::item::{Item, Stream};
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::hash::OctetsHash;
use cloudim::protocol::values::time;
use cloudim::store::contact::entry::Contact;
use cloudim::store::disk::home::Home;
use jiff::Timestamp;
use rand::SeedableRng;

use super::tools::Gpg;
use crate::common::peer::{Peer, Ran};

/// Somebody who writes the feed for a contact by hand, and never again by the program.
pub struct Hand<'a> {
    writer: &'a Peer,
    next: Stream,
}

impl<'a> Hand<'a> {
    /// Goes on where `writer` stopped writing to `reader`.
    pub fn of(writer: &'a Peer, reader: &Peer) -> Self {
        let next = Contact::load(&Home::at(writer.home()), &reader.name).unwrap().ours.next();
        Self { writer, next }
    }

    /// Writes `text` as the next item, which `seal` turns into an armored message. Returns the
    /// guid.
    pub fn write(&mut self, text: &str, seal: impl FnOnce(&str) -> String) -> String {
        let now = Timestamp::now();
        let item = Item {
            guid: Guid::new(now, &mut Random::from_entropy()),
            published: time::whole_seconds(now),
            text: text.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
            stream: Some(self.next.clone()),
            conversation: None,
            keys: false,
            transition: None,
        };
        let octets = item.write();
        self.next.sequence += 1;
        self.next.previous = Some(OctetsHash::of(octets.as_bytes()));
        let path = self.writer.pair_feed();
        let mut channel = Channel::parse(&fs::read(&path).unwrap()).unwrap();
        channel.items.insert(0, FeedItem::sealed(item.guid, seal(&octets)));
        fs::write(path, channel.write()).unwrap();
        item.guid.to_string()
    }
}

/// Gives `peer` a key that another program made.
pub fn adopt(peer: &Peer, secret: &str, certificate: &str) {
    fs::write(peer.home().join("secret.asc"), secret).unwrap();
    fs::write(peer.home().join("public/key.asc"), certificate).unwrap();
    peer.ok(&["publish"]);
}

/// Gives `mary` a key that GnuPG made, and which is still there.
pub fn adopt_from_gpg(mary: &Peer) -> Gpg {
    let gpg = Gpg::new();
    gpg.ok(&["--passphrase", "", "--quick-generate-key", "Mary", "ed25519", "sign", "2y"], "");
    let fingerprint = gpg.listed("fpr", "Mary")[9].clone();
    gpg.ok(&["--passphrase", "", "--quick-add-key", &fingerprint, "cv25519", "encr", "1y"], "");
    let secret = gpg.ok(&["--armor", "--export-secret-keys", "Mary"], "");
    adopt(mary, &secret, &gpg.ok(&["--armor", "--export", "Mary"], ""));
    gpg
}

/// The certificate that `peer` has of `other`, as a file.
pub fn certificate_file(peer: &Peer, other: &Peer) -> PathBuf {
    let path = peer.file(&format!("{}.asc", other.name));
    fs::write(&path, peer.ok(&["contact", "show", &other.name, "--certificate"])).unwrap();
    path
}

/// The newest sealed object in the pair feed of `writer`.
pub fn newest(writer: &Peer) -> String {
    let channel = Channel::parse(&fs::read(writer.pair_feed()).unwrap()).unwrap();
    channel.items[0].description.clone().unwrap()
}

/// Asserts that a run has delivered `text` and nothing else, and had nothing to complain of.
#[track_caller]
pub fn assert_delivered(ran: Ran, text: &str, guid: &str) {
    let ran = ran.expect(0);
    assert_eq!(ran.stderr, "");
    let message: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&message["text"], &message["guid"]), (&text.into(), &guid.into()));
    assert_eq!(message["trust"], "first-use");
}
