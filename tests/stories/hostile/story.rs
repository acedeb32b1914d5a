//! The story that each of these tests tells: John reads a feed of Mary's that is not as it should
//! be, is told so once, and loses nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cloudim::protocol::feed::channel::Channel;

use crate::common::hand::Hand;
use crate::common::peer::{Peer, Ran, friends, texts, tree};

/// What the program may have in memory of its own, whatever it is fed, in bytes. A debug build
/// takes about a tenth of it for nothing.
const MEMORY: u64 = 128 << 20;
/// How long it may take, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(45);
/// What may change in a home because a contact's feed was read.
const OWN: [&str; 4] = ["contact.toml", "messages.jsonl", "verdicts.toml", "delivered"];

/// John and Mary, who are friends.
pub struct Story {
    pub john: Peer,
    pub mary: Peer,
}

/// The files of a home by path.
pub type Snapshot = BTreeMap<String, Vec<u8>>;

impl Story {
    /// John has read one message of Mary's.
    pub fn begin() -> Self {
        let (john, mary) = friends();
        mary.send(&john, "hello");
        assert_eq!(john.poll(), ["hello"]);
        Self { john, mary }
    }

    /// Mary's hand, as things stand now.
    pub fn hand(&self) -> Hand {
        Hand::of(&self.mary, &self.john)
    }

    /// Puts `bytes` where Mary's feed stands.
    pub fn serve(&self, bytes: impl AsRef<[u8]>) {
        fs::write(self.mary.pair_feed(), bytes).unwrap();
    }

    /// John reads `feed`, which he must be told of once, with `status` and `words`, and of which
    /// nothing must reach stdout; then nothing is lost.
    #[track_caller]
    pub fn tells_once(&self, feed: &Channel, status: i32, words: &str) {
        self.tells_once_printing(feed, status, words, &[]);
    }

    /// The same, where the messages `new` are good and are delivered.
    #[track_caller]
    pub fn tells_once_printing(&self, feed: &Channel, status: i32, words: &str, new: &[&str]) {
        let honest = fs::read(self.mary.pair_feed()).unwrap();
        let before = snapshot(&self.john.home());
        self.serve(feed.write());
        let told = bounded(&self.john, &["--format", "json", "poll"]).expect(status);
        assert_eq!(told.stderr.matches(words).count(), 1, "{}", told.stderr);
        assert_eq!(texts(&told.stdout), new);
        for again in [self.john.run(&["poll"]), self.receive(feed.write())] {
            assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
            assert_eq!(again.status, 0);
        }
        assert_unchanged_but(
            &before,
            &snapshot(&self.john.home()),
            &["contacts/mary/", "public/f/"],
        );
        self.serve(honest);
        self.loses_nothing();
    }

    /// John reads `document`, which is no feed: that is `words` whenever he looks, by whatever way it
    /// came, and status 3 where it is the host that sends it. Not a byte of his home changes, but for
    /// the note that Mary is out of reach.
    #[track_caller]
    pub fn refuses(&self, document: &[u8], words: &str) {
        let honest = fs::read(self.mary.pair_feed()).unwrap();
        let before = snapshot(&self.john.home());
        self.serve(document);
        let file = self.john.file("feed.xml");
        fs::write(&file, document).unwrap();
        for (args, status, begins) in [
            (&["receive", "mary", file.to_str().unwrap()][..], 1, "error"),
            (&["poll"], 3, "warning"),
            (&["poll", "mary"], 3, "warning"),
        ] {
            let refused = bounded(&self.john, args).expect(status);
            assert!(refused.stderr.contains(words), "{args:?}: {}", refused.stderr);
            let begins = format!("{begins}: cannot read the feed of `mary`");
            assert!(refused.stderr.starts_with(&begins), "{}", refused.stderr);
            assert!(refused.stderr.len() < 600, "{}", refused.stderr);
            assert_eq!(refused.stdout, "");
        }
        let note = ["contacts/mary/contact.toml"];
        assert_unchanged_but(&before, &snapshot(&self.john.home()), &note);
        self.serve(honest);
        self.loses_nothing();
    }

    /// Mary's next message arrives, exactly once, and she hears that it did.
    #[track_caller]
    pub fn loses_nothing(&self) {
        self.mary.send(&self.john, "after all");
        assert_eq!(self.john.poll(), ["after all"]);
        assert_eq!(self.john.poll(), [""; 0]);
        self.mary.ok(&["poll"]);
        assert_eq!(self.mary.ok(&["status"]), "john\tall well\n");
    }

    /// John takes in `document` from stdin.
    pub fn receive(&self, document: impl AsRef<[u8]>) -> Ran {
        self.john.feed(&["receive", "mary"], document)
    }
}

/// Runs the program of `peer` within bounds of memory and time.
pub fn bounded(peer: &Peer, args: &[&str]) -> Ran {
    let program = peer.command(args);
    let mut command = Command::new("prlimit");
    command.arg(format!("--data={MEMORY}")).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let start = Instant::now();
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(start.elapsed() < PATIENCE, "it took {:?}", start.elapsed());
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Every file below `folder`.
pub fn snapshot(folder: &Path) -> Snapshot {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    tree(folder).into_iter().map(|(path, bytes)| (name(&path), bytes)).collect()
}

/// Asserts that only files whose names begin with one of `may` changed, appeared or went, and of
/// a contact's only those that tell how its feed stands.
#[track_caller]
pub fn assert_unchanged_but(before: &Snapshot, after: &Snapshot, may: &[&str]) {
    let names = before.keys().chain(after.keys());
    let changed: Vec<&String> =
        names.filter(|name| before.get(*name) != after.get(*name)).collect();
    for name in changed {
        let file = name.rsplit('/').next().unwrap();
        let own =
            !name.starts_with("contacts/") || OWN.contains(&file) || name.contains("/octets/");
        assert!(own && may.iter().any(|may| name.starts_with(may)), "`{name}` changed");
    }
}
