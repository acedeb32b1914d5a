//! The commands that write: each with what is there before, and what must hold after it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cloudim::openpgp::certificate::Certificate;
use cloudim::openpgp::secret_key::SecretKey;
use jiff::Timestamp;

use crate::common::peer::{Peer, Ran, find, friends, texts, tree, verify};
use crate::common::port;
use crate::common::sound::stored;
use crate::world::{Case, Said, World, are_private};

/// Hands the names of all of them to a macro.
macro_rules! all {
    ($with:ident) => {
        $with! {
            keygen
            handshake_invite
            handshake_accept
            handshake_accept_call
            handshake_decline
            send_with_a_file
            send_that_archives
            poll_that_brings_messages
            poll_that_finds_an_answer
            poll_that_trims
            publish_of_a_new_name
            publish_by_a_command
            send_by_a_command
            key_rotate
            key_rotate_primary
            key_extend
            contact_rename
            contact_remove
            contact_verify
            contact_trust
            encrypt
            append
            receive
            listen
        }
    };
}
pub(crate) use all;

/// John and Mary, who have said something to each other.
fn friends_who_talk() -> World {
    let (john, mary) = friends();
    john.send(&mary, "hello");
    mary.send(&john, "hello yourself");
    for peer in [&john, &mary, &john] {
        peer.ok(&["poll"]);
    }
    World::new(john, mary)
}

fn strangers() -> World {
    World::new(Peer::john(), Peer::mary())
}

/// The guids among the lines that were printed.
fn guids(printed: &Ran) -> Vec<String> {
    printed.stdout.lines().filter(|line| line.starts_with("urn:uuid:")).map(str::to_owned).collect()
}

fn settle(world: &World, printed: &Ran) {
    world.settle(&Said { guids: guids(printed) });
}

/// What `send` promises by its status 0: it arrives, whatever the writer does next.
fn arrives_at_once(world: &World, ran: &Ran) {
    world.mary.ok(&["poll"]);
    let here = stored(&world.mary, "john");
    for guid in guids(ran) {
        assert!(here.iter().any(|message| message.0 == guid), "{guid} is not there: {here:?}");
    }
}

fn secret(peer: &Peer) -> SecretKey {
    SecretKey::parse(&fs::read(peer.home().join("secret.asc")).unwrap()).unwrap()
}

/// Asserts that the certificate of `peer` that is on the web is that of its secret key.
fn publishes_its_key(peer: &Peer) {
    let published = Certificate::parse(&fs::read(peer.home().join("public/key.asc")).unwrap());
    let (published, own) = (published.unwrap(), secret(peer).certificate());
    assert_eq!(published.fingerprint(), own.fingerprint());
    let now = Timestamp::now();
    let subkey = |certificate: &Certificate| certificate.encryption_subkey(now).unwrap();
    assert_eq!(subkey(&published), subkey(&own));
}

pub fn keygen() -> Case {
    let world = World::new(Peer::without_identity("John"), Peer::mary());
    let url = world.john.address();
    let args = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    Case::new(world, &args, |world, _| {
        let World { john, mary, .. } = world;
        are_private(john);
        if john.run(&["status"]).status == 1 {
            // It says what to do: what is half there is moved away.
            fs::rename(john.home(), john.file("away")).unwrap();
            let url = john.address();
            john.ok(&["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"]);
        }
        john.ok(&["publish"]);
        publishes_its_key(john);
        crate::common::peer::befriend(john, mary);
        world.settle(&Said::default());
    })
    .again(&[0, 1])
}

pub fn handshake_invite() -> Case {
    let world = strangers();
    let file = world.john.file("invitation.rss").display().to_string();
    let address = world.mary.address();
    let args = ["handshake", "invite", &address, "--output", &file];
    Case::new(world, &args, |world, _| {
        let file = world.john.file("invitation.rss").display().to_string();
        world.mary.ok(&["handshake", "accept", "--input", &file]);
        world.john.ok(&["poll"]);
        world.settle(&Said::default());
        assert_eq!(world.john.pair_feeds().len(), 1);
    })
}

/// John has a file by which Mary invites him.
fn invited() -> (World, String) {
    let world = strangers();
    let file = world.john.file("invitation.rss").display().to_string();
    world.mary.ok(&["handshake", "invite", &world.john.address(), "--output", &file]);
    (world, file)
}

fn agrees(world: &World, _: &Ran) {
    world.mary.ok(&["poll"]);
    world.settle(&Said::default());
    assert_eq!(world.john.pair_feeds().len(), 1);
}

pub fn handshake_accept() -> Case {
    let (world, file) = invited();
    Case::new(world, &["handshake", "accept", "--input", &file], agrees)
}

pub fn handshake_accept_call() -> Case {
    let (world, file) = invited();
    world.john.feed(&["handshake", "receive"], fs::read(file).unwrap()).expect(0);
    // Of what is accepted nothing waits.
    Case::new(world, &["handshake", "accept", "mary"], agrees).again(&[0, 1])
}

pub fn handshake_decline() -> Case {
    let (world, file) = invited();
    world.john.feed(&["handshake", "receive"], fs::read(file).unwrap()).expect(0);
    Case::new(world, &["handshake", "decline", "mary"], |world, _| {
        let file = world.john.file("invitation.rss");
        let again = world.john.feed(&["handshake", "receive"], fs::read(&file).unwrap()).expect(0);
        assert!(again.stderr.contains("was declined"), "{again:?}");
        world.john.ok(&["handshake", "accept", "--input", file.to_str().unwrap()]);
        agrees(world, &again);
    })
    .again(&[0, 1])
}

/// A file of John's to attach.
fn notes(john: &Peer) -> String {
    let path = john.file("notes.txt");
    fs::write(&path, "x".repeat(9_000)).unwrap();
    path.display().to_string()
}

/// Asserts that each attachment of John's is named by a message that Mary has, and opens.
fn files_are_whole(world: &World, _: &Ran) {
    let World { john, mary, .. } = world;
    let saved = mary.file("saved");
    fs::create_dir_all(&saved).unwrap();
    let messages = stored(mary, "john");
    let with_file: Vec<_> = messages.iter().filter(|message| message.1 == "see").collect();
    for (guid, _) in &with_file {
        mary.ok(&["read", guid, "--save", saved.to_str().unwrap()]);
    }
    let files = tree(&john.home().join("public/b")).into_keys();
    assert_eq!(files.filter(|path| path.extension().is_none()).count(), with_file.len());
}

pub fn send_with_a_file() -> Case {
    let world = friends_who_talk();
    let notes = notes(&world.john);
    let send = ["send", "mary", "-m", "see", "-a", &notes];
    let case = Case::new(world, &send, |world, printed| {
        settle(world, printed);
        files_are_whole(world, printed);
    });
    case.at_once(arrives_at_once)
}

/// Makes the feed of John so long that what he sends next makes an archive.
fn nearly_archived() -> World {
    let world = friends_who_talk();
    let World { john, mary, .. } = &world;
    let text = "x".repeat(7_000);
    let length = || fs::metadata(john.pair_feed()).unwrap().len();
    let (mut before, mut grows) = (length(), 0);
    while before + grows <= 64_000 {
        john.feed(&["send", "mary"], &text).expect(0);
        (grows, before) = (length() - before, length());
    }
    mary.ok(&["poll"]);
    world
}

pub fn send_that_archives() -> Case {
    let case = Case::new(nearly_archived(), &["send", "mary"], settle);
    case.stdin("y".repeat(7_000)).at_once(arrives_at_once)
}

/// Asserts that the messages that Mary had sent were printed, if not by one run then by the next.
fn hears_all(world: &World, printed: &Ran) {
    let mut heard = texts(&printed.stdout);
    heard.sort();
    heard.dedup();
    assert_eq!(heard, ["one", "two"], "{printed:?}");
    // She learns of it without any more that is said.
    world.mary.ok(&["poll"]);
    assert_eq!(world.mary.ok(&["status"]), "john\tall well\n");
    settle(world, printed);
}

fn mary_has_sent() -> World {
    let world = friends_who_talk();
    world.mary.send(&world.john, "one");
    world.mary.send(&world.john, "two");
    world
}

const POLL: [&str; 3] = ["--format", "json", "poll"];

pub fn poll_that_brings_messages() -> Case {
    Case::new(mary_has_sent(), &POLL, hears_all)
}

pub fn poll_that_trims() -> Case {
    let world = mary_has_sent();
    world.john.set("history", "\"0s\"");
    Case::new(world, &POLL, |world, printed| {
        let mut heard = texts(&printed.stdout);
        heard.sort();
        heard.dedup();
        assert_eq!(heard, ["one", "two"], "{printed:?}");
        world.john.set("history", "\"365d\"");
        world.is_tidy();
        let World { john, mary, .. } = world;
        mary.send(john, "three");
        assert_eq!(john.poll(), ["three"]);
        mary.ok(&["poll"]);
        assert_eq!(mary.ok(&["status"]), "john\tall well\n");
        let folder = tree(&john.home().join("contacts/mary")).into_keys();
        let left = folder.filter(|path| path.to_str().unwrap().contains("/.new-"));
        assert_eq!(left.count(), 0);
    })
}

pub fn poll_that_finds_an_answer() -> Case {
    let world = strangers();
    let file = world.john.file("invitation.rss").display().to_string();
    world.john.ok(&["handshake", "invite", &world.mary.address(), "--output", &file]);
    world.mary.ok(&["handshake", "accept", "--input", &file]);
    Case::new(world, &["poll"], |world, _| {
        world.settle(&Said::default());
        assert_eq!(world.john.pair_feeds().len(), 1);
    })
}

/// Asserts that Mary hears of John's new name, by an introduction that is no fork.
fn is_called_otherwise(world: &World, printed: &Ran) {
    settle(world, printed);
    let shown = world.mary.ok(&["--format", "json", "contact", "show", "john"]);
    assert!(shown.contains("\"Johnny\""), "{shown}");
    // The next change has a serial of its own.
    world.john.set("name", "\"Jack\"");
    world.john.ok(&["publish"]);
    settle(world, printed);
    let shown = world.mary.ok(&["--format", "json", "contact", "show", "john"]);
    assert!(shown.contains("\"Jack\""), "{shown}");
}

pub fn publish_of_a_new_name() -> Case {
    let world = friends_who_talk();
    world.john.set("name", "\"Johnny\"");
    Case::new(world, &["publish"], is_called_otherwise)
}

/// John's host shows what his publish command has put there.
fn published_by_a_command() -> World {
    let world = friends_who_talk();
    let john = &world.john;
    // Another machine.
    let (web, new, old) = ("web", "web.new", "web.old");
    let [web, new, old] = [web, new, old].map(|name| world.mary.file(name));
    let command = format!(
        "rm -rf {new} {old} && cp -r {{}} {new} && (mv {web} {old} || true) && mv {new} {web}",
        web = web.display(),
        new = new.display(),
        old = old.display(),
    );
    john.set("publish", &format!("'''{command} 2>/dev/null'''"));
    john.ok(&["publish"]);
    john.host.root(&web);
    world
}

pub fn publish_by_a_command() -> Case {
    let world = published_by_a_command();
    world.john.set("name", "\"Johnny\"");
    Case::new(world, &["publish"], is_called_otherwise)
}

pub fn send_by_a_command() -> Case {
    let case = Case::new(published_by_a_command(), &["send", "mary", "-m", "there"], settle);
    case.at_once(arrives_at_once)
}

/// Asserts that John's key is whole, and that Mary reads him as ever.
fn has_his_key(world: &World, printed: &Ran) {
    publishes_its_key(&world.john);
    world.mary.ok(&["poll"]);
    settle(world, printed);
    publishes_its_key(&world.john);
}

pub fn key_rotate() -> Case {
    Case::new(friends_who_talk(), &["key", "rotate"], has_his_key)
}

pub fn key_rotate_primary() -> Case {
    let args = ["key", "rotate", "--primary"];
    let case = Case::new(friends_who_talk(), &args, |world, _| {
        let World { john, mary, .. } = world;
        publishes_its_key(john);
        for peer in [mary, john, mary] {
            peer.run(&["poll"]);
        }
        john.send(mary, "by another key");
        let heard = mary.poll();
        assert!(heard.contains(&"by another key".to_owned()), "{heard:?}");
        mary.send(john, "to another key");
        let heard = john.poll();
        assert!(heard.contains(&"to another key".to_owned()), "{heard:?}");
        mary.ok(&["poll"]);
        assert_eq!(mary.ok(&["status"]), "john\tall well\n");
        world.is_tidy();
    });
    case.next(&["poll"])
}

pub fn key_extend() -> Case {
    let world = friends_who_talk();
    // Subkeys that end in a year.
    world.john.ok(&["key", "rotate"]);
    world.mary.ok(&["poll"]);
    Case::new(world, &["key", "extend"], has_his_key)
}

pub fn contact_rename() -> Case {
    let args = ["contact", "rename", "mary", "maria"];
    let case = Case::new(friends_who_talk(), &args, |world, printed| {
        // Under one of the names she is there, and whole.
        world.john.ok(&["contact", "rename", "maria", "mary"]);
        settle(world, printed);
    });
    case.again(&[0, 1])
}

pub fn contact_remove() -> Case {
    let world = friends_who_talk();
    let notes = notes(&world.john);
    world.john.ok(&["send", "mary", "-m", "see", "-a", &notes]);
    let args = ["contact", "remove", "mary", "--yes"];
    let case = Case::new(world, &args, |world, _| {
        let World { john, mary, .. } = world;
        let public = john.home().join("public");
        let is_left = |folder: &str| tree(&public.join(folder)).len() > 1;
        assert!(!is_left("f") && !is_left("b"), "{:?}", tree(&public).keys());
        assert_eq!(john.ok(&["contact", "list"]), "");
        assert!(!john.home().join("contacts/mary").exists());
        world.is_tidy();
        mary.ok(&["contact", "remove", "john", "--yes"]);
        crate::common::peer::befriend(john, mary);
        world.settle(&Said::default());
    });
    case.again(&[0, 1])
}

pub fn contact_verify() -> Case {
    let world = friends_who_talk();
    let certificate = fs::read(world.mary.home().join("public/key.asc")).unwrap();
    let case = Case::new(world, &["contact", "verify", "mary", "-"], |world, printed| {
        let shown = world.john.ok(&["--format", "json", "contact", "show", "mary"]);
        assert!(shown.contains("\"verified\""), "{shown}");
        settle(world, printed);
    });
    case.stdin(certificate)
}

/// Mary has lost her key, and has another that John is to trust.
pub fn contact_trust() -> Case {
    let world = friends_who_talk();
    let World { john, mary, .. } = &world;
    verify(john, mary);
    mary.ok(&["key", "rotate", "--primary"]);
    john.run(&["poll"]);
    let new = secret(mary).certificate().fingerprint().to_string();
    Case::new(world, &["contact", "trust", "mary", &new], |world, _| {
        let World { john, mary, .. } = world;
        for peer in [john, mary, john, mary] {
            peer.run(&["poll"]);
        }
        john.send(mary, "I trust you");
        assert!(mary.poll().contains(&"I trust you".to_owned()));
        mary.send(john, "by a new key");
        assert!(john.poll().contains(&"by a new key".to_owned()));
        world.is_tidy();
    })
    .again(&[0, 1])
}

pub fn encrypt() -> Case {
    let world = friends_who_talk();
    let plain = world.john.ok(&["compose", "-m", "by hand"]);
    let case = Case::new(world, &["encrypt", "--to", "mary"], |world, _| {
        let plain = world.john.ok(&["compose", "-m", "once more"]);
        let sealed = world.john.feed(&["encrypt", "--to", "mary"], plain).expect(0).stdout;
        world.john.feed(&["append", "mary"], sealed).expect(0);
        settle(world, &Ran { status: 0, stdout: String::new(), stderr: String::new() });
        let texts: Vec<_> = stored(&world.mary, "john").into_iter().map(|m| m.1).collect();
        assert_eq!(texts, ["hello", "once more", "after all"]);
    });
    case.stdin(plain)
}

pub fn append() -> Case {
    let world = friends_who_talk();
    let plain = world.john.ok(&["compose", "-m", "by hand"]);
    let sealed = world.john.feed(&["encrypt", "--to", "mary"], plain).expect(0).stdout;
    let case = Case::new(world, &["append", "mary"], |world, printed| {
        settle(world, printed);
        let texts: Vec<_> = stored(&world.mary, "john").into_iter().map(|m| m.1).collect();
        assert_eq!(texts, ["hello", "by hand", "after all"]);
    });
    case.stdin(sealed)
}

/// Listens for one round, which is at its beginning.
pub fn listen() -> Case {
    let world = mary_has_sent();
    let address = format!("127.0.0.1:{}", port::free());
    world.john.set("bind", &format!("\"{address}\""));
    let args = ["--format", "json", "listen", "--print", "--poll-every=1h"];
    let case = Case::new(world, &args, hears_all).next(&POLL);
    case.while_it_runs(|world, running| {
        let folder = world.john.home().join("contacts/mary");
        let has = |name: &str, words: &str| {
            fs::read_to_string(folder.join(name)).is_ok_and(|text| text.contains(words))
        };
        // Stored, and then printed: the cursor moves.
        running.until(|| has("messages.jsonl", "\"two\""));
        let cursors = fs::read(folder.join("delivered")).ok();
        running.until(|| fs::read(folder.join("delivered")).ok() != cursors);
        // Whoever reads it is served.
        if let Some(mut stream) = address_of(&world.john).and_then(|at| TcpStream::connect(at).ok())
        {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let asked = b"GET /card.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(asked);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    })
}

/// Where somebody who listens says that it does.
fn address_of(peer: &Peer) -> Option<String> {
    let noted = fs::read_to_string(peer.home().join("listening")).ok()?;
    Some(noted.trim().to_owned()).filter(|address| !address.is_empty())
}

pub fn receive() -> Case {
    let world = mary_has_sent();
    let feed = fs::read(find(&world.mary.home().join("public/f"), &token_of(&world.mary))).unwrap();
    let args = ["--format", "json", "receive", "mary"];
    Case::new(world, &args, hears_all).stdin(feed)
}

/// The first part of the name of the one feed of `peer`.
fn token_of(peer: &Peer) -> String {
    peer.pair_feed().file_stem().unwrap().to_str().unwrap().to_owned()
}
