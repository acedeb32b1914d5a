//! Feed readers read the sealed feed as a feed, and the plain one as messages.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::peer::{Peer, friends};

use super::tools::{self, python};

const TEXTS: [&str; 3] = ["dinner at eight?", "<b>bold</b> & \"quoted\" ]]>", "two\nlines 🍝"];

/// What a reader found: guid and content of each item, newest first.
type Found = Vec<(String, String)>;

/// John has written; Mary reads his feed.
struct Story {
    mary: Peer,
    john: Peer,
    /// The guids, newest first.
    guids: Vec<String>,
}

impl Story {
    fn tell() -> Self {
        let (john, mary) = friends();
        let mut guids: Vec<String> = TEXTS.iter().map(|text| john.send(&mary, text)).collect();
        guids.reverse();
        Self { mary, john, guids }
    }

    fn sealed(&self) -> Vec<u8> {
        fs::read(self.john.pair_feed()).unwrap()
    }

    fn plain(&self) -> Vec<u8> {
        self.mary.feed(&["decrypt"], self.sealed()).expect(0).stdout.into_bytes()
    }

    #[track_caller]
    fn assert_sealed(&self, found: &Found) {
        self.assert_guids(found);
        for (_, content) in found {
            assert!(content.contains("-----BEGIN PGP MESSAGE-----"), "{content}");
            assert!(content.contains("-----END PGP MESSAGE-----"), "{content}");
        }
    }

    /// The contents are HTML, as each reader keeps it.
    #[track_caller]
    fn assert_plain(&self, found: &Found) {
        self.assert_guids(found);
        let contents: Vec<_> = found.iter().rev().map(|(_, content)| plain_text(content)).collect();
        assert_eq!(contents, TEXTS);
    }

    #[track_caller]
    fn assert_guids(&self, found: &Found) {
        let guids: Vec<_> = found.iter().map(|(guid, _)| guid.clone()).collect();
        assert_eq!(guids, self.guids);
    }
}

/// What a browser would show of `html`.
fn plain_text(html: &str) -> String {
    let breaks = html.replace('\n', "").replace("<br />", "\n").replace("<br/>", "\n");
    assert!(!breaks.contains('<'), "{html}");
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&amp;", "&")];
    named.iter().fold(breaks, |text, (entity, character)| text.replace(entity, character))
}

fn by_sfeed(feed: &[u8]) -> Found {
    let lines = tools::ok("sfeed", &[], feed);
    let item = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let content = fields[3].replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\");
        assert_eq!(fields[4], "html", "{line}");
        (fields[5].to_owned(), content)
    };
    lines.lines().map(item).collect()
}

fn by_feedparser(feed: &[u8]) -> Found {
    let script = "import feedparser, json, sys\n\
        feed = feedparser.parse(sys.stdin.buffer.read())\n\
        assert not feed.bozo, feed.bozo_exception\n\
        print(json.dumps([(entry.id, entry.description) for entry in feed.entries]))";
    serde_json::from_str(&python(script, feed)).unwrap()
}

/// newsboat with a home of its own: what it says is unread, and what lies in its cache.
fn by_newsboat(feed: &[u8]) -> (String, Found) {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("feed.rss"), feed).unwrap();
    fs::write(path("urls"), format!("file://{}\n", path("feed.rss").display())).unwrap();
    fs::write(path("config"), "").unwrap();
    let newsboat = |order: &str| {
        let mut command = Command::new("newsboat");
        command.env("HOME", home.path()).env("LC_ALL", "C.UTF-8");
        command.arg("-C").arg(path("config")).arg("-u").arg(path("urls"));
        tools::run(command.arg("-c").arg(path("cache.db")).args(["-x", order]), "").ok()
    };
    newsboat("reload");
    (newsboat("print-unread").trim().to_owned(), cached(&path("cache.db")))
}

fn cached(database: &Path) -> Found {
    let script = "import json, sqlite3, sys\n\
        items = sqlite3.connect(sys.stdin.read()).execute(\n\
            'SELECT guid, content FROM rss_item ORDER BY guid DESC')\n\
        print(json.dumps(items.fetchall()))";
    serde_json::from_str(&python(script, database.to_str().unwrap())).unwrap()
}

#[test]
#[ignore = "needs sfeed"]
fn sfeed_reads_the_sealed_feed_and_the_plain_one() {
    let story = Story::tell();
    story.assert_sealed(&by_sfeed(&story.sealed()));
    story.assert_plain(&by_sfeed(&story.plain()));
}

#[test]
#[ignore = "needs Python with feedparser"]
fn feedparser_reads_the_sealed_feed_and_the_plain_one() {
    let story = Story::tell();
    story.assert_sealed(&by_feedparser(&story.sealed()));
    story.assert_plain(&by_feedparser(&story.plain()));
}

#[test]
#[ignore = "needs newsboat, and Python with feedparser"]
fn newsboat_reads_the_sealed_feed_and_the_plain_one() {
    let story = Story::tell();
    let (unread, sealed) = by_newsboat(&story.sealed());
    assert_eq!(unread, "3 unread articles");
    story.assert_sealed(&sealed);
    let (unread, plain) = by_newsboat(&story.plain());
    assert_eq!(unread, "3 unread articles");
    story.assert_plain(&plain);
}

#[test]
#[ignore = "needs sfeed and Python with feedparser"]
fn the_feed_that_poll_writes_is_one_to_every_reader() {
    let story = Story::tell();
    let feed = story.mary.ok(&["--format", "rss", "poll"]);
    story.assert_plain(&by_sfeed(feed.as_bytes()));
    story.assert_plain(&by_feedparser(feed.as_bytes()));
}

#[test]
#[ignore = "needs sfeed"]
fn the_lines_of_tsv_are_those_of_sfeed() {
    let (john, mary) = friends();
    let text = "dinner\tat eight?\nA \\ between\tlines\n";
    let guid = john.send(&mary, text);
    john.send(&mary, "or at nine");
    let lines = mary.ok(&["--format", "tsv", "poll"]);
    let first: Vec<&str> = lines.lines().next().unwrap().split('\t').collect();
    assert_eq!(first.len(), 9);
    assert_eq!((first[4], first[5], first[6]), ("plain", guid.as_str(), "john"));

    let listed = tools::ok("sfeed_plain", &[], &lines);
    let titles: Vec<&str> = listed.lines().collect();
    assert_eq!(titles.len(), 2, "{listed}");
    assert!(titles[0].contains("  dinner at eight?  "), "{listed}");
    assert!(titles[1].contains("  or at nine  "), "{listed}");

    // The content comes out of its escapes as it was given.
    let mut mbox = Command::new("sfeed_mbox");
    let letters = tools::run(mbox.env("SFEED_MBOX_CONTENT", "1"), &lines).ok();
    assert!(letters.contains(text), "{letters}");
    assert!(letters.contains("text/plain"), "{letters}");
}

#[test]
#[ignore = "needs Python with feedparser"]
fn the_lines_of_json_are_objects_to_another_parser() {
    let (john, mary) = friends();
    for text in TEXTS.into_iter().chain(["\u{1f}\u{2028}\u{7f}\\u0041"]) {
        if text.contains('\u{1f}') {
            let refused = john.run(&["send", "mary", "-m", text]).expect(1);
            assert!(refused.stderr.starts_with("error: the message cannot be sent"), "{refused:?}");
            continue;
        }
        john.send(&mary, text);
    }
    john.send(&mary, "\u{2028}\u{7f}\\u0041\u{85}");
    let lines = mary.ok(&["--format", "json", "poll"]);
    let script = "import json, sys\n\
        objects = [json.loads(line) for line in sys.stdin.buffer.read().split(b'\\n') if line]\n\
        print(json.dumps([[o['v'], o['type'], o['contact'], o['text']] for o in objects]))";
    let found: Vec<(u8, String, String, String)> =
        serde_json::from_str(&python(script, lines)).unwrap();
    let texts: Vec<&str> = found.iter().map(|(_, _, _, text)| text.as_str()).collect();
    assert_eq!(texts, [&TEXTS[..], &["\u{2028}\u{7f}\\u0041\u{85}"]].concat());
    assert!(
        found
            .iter()
            .all(|(v, kind, by, _)| (*v, kind.as_str(), by.as_str()) == (1, "message", "john"))
    );
}
