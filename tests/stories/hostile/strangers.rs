//! Addresses that lead to what is no card, or to one that does not hold together: nobody is
//! invited.

use std::fs;
use std::path::PathBuf;

use super::story::{assert_unchanged_but, bounded, snapshot};
use crate::common::peer::Peer;
use crate::common::static_host::{Behaviour, StaticHost};

/// John, and a host with Mary's card on it, which each test spoils.
struct Web {
    john: Peer,
    host: StaticHost,
    folder: PathBuf,
    card: String,
}

impl Web {
    fn begin() -> Self {
        let (john, mary) = (Peer::john(), Peer::mary());
        let (host, folder) = (StaticHost::bind(), john.file("web"));
        fs::create_dir_all(folder.join(".well-known")).unwrap();
        host.root(&folder);
        let public = mary.home().join("public");
        fs::copy(public.join("key.asc"), folder.join("key.asc")).unwrap();
        let card = fs::read_to_string(public.join("card.rss")).unwrap();
        let card = card.replace(&mary.address(), &host.url());
        let web = Self { john, host, folder, card };
        web.put("card.rss", &web.card);
        web
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(path), content).unwrap();
    }

    /// John must not invite whom `path` leads to, and be as he was.
    #[track_caller]
    fn refuses(&self, path: &str, status: i32, words: &str) {
        self.refuses_address(&format!("{}{path}", self.host.url()), status, words);
    }

    #[track_caller]
    fn refuses_address(&self, address: &str, status: i32, words: &str) {
        let before = snapshot(&self.john.home());
        let refused = bounded(&self.john, &["handshake", "invite", address]).expect(status);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
        assert_unchanged_but(&before, &snapshot(&self.john.home()), &[]);
    }

    /// The same host, once nothing is wrong with it.
    #[track_caller]
    fn is_found(&self) {
        self.put("card.rss", &self.card);
        self.john.ok(&["handshake", "invite", &format!("{}card.rss", self.host.url())]);
    }
}

#[test]
fn a_card_that_does_not_name_itself_is_refused() {
    let web = Web::begin();
    let other = format!("card=\"{}other.rss\"", web.host.url());
    let elsewhere = web.card.replace(&format!("card=\"{}card.rss\"", web.host.url()), &other);
    assert_ne!(elsewhere, web.card);
    web.put("card.rss", &elsewhere);
    web.refuses("card.rss", 3, "other.rss: not found");
    // One hop is allowed, and only one: the card at its end names the first again.
    web.put("other.rss", &web.card);
    web.refuses("card.rss", 1, "other.rss does not name itself");
    web.is_found();
}

#[test]
fn a_card_without_key_or_handshake_is_refused() {
    let web = Web::begin();
    let line = |name: &str| web.card.lines().find(|line| line.contains(name)).unwrap().to_owned();
    web.put("card.rss", web.card.replace(&line("<im:handshake"), ""));
    web.refuses("card.rss", 1, "names no card: it has no im:handshake");
    web.put("card.rss", web.card.replace(&line("<im:pgpKey"), ""));
    web.refuses("card.rss", 1, "has no im:pgpKey");
    web.is_found();
}

#[test]
fn a_key_that_is_not_the_one_on_the_card_is_refused() {
    let web = Web::begin();
    let paul = Peer::new("Paul", &[]);
    let paul = fs::read(paul.home().join("public/key.asc")).unwrap();
    let mary = fs::read(web.folder.join("key.asc")).unwrap();
    web.put("key.asc", &paul);
    web.refuses("card.rss", 3, "key.asc is not the file that was announced\nhint: ");
    let hash = web.card.split("hash=\"").nth(1).unwrap().split('"').next().unwrap();
    let hashed =
        web.card.replace(hash, &cloudim::protocol::values::hash::Hash::of(&paul).to_string());
    web.put("card.rss", hashed);
    web.refuses("card.rss", 4, "key.asc holds the key");
    web.put("key.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense");
    let unhashed = web.card.replace(&format!(" hash=\"{hash}\""), "");
    web.put("card.rss", &unhashed);
    web.refuses("card.rss", 1, "cannot use http");
    web.put("key.asc", vec![b'x'; 65 << 10]);
    web.refuses("card.rss", 1, "more than 65536 bytes");
    web.put("key.asc", mary);
    web.is_found();
}

#[test]
fn another_fingerprint_than_was_told_is_refused() {
    let web = Web::begin();
    let address = format!("{}card.rss", web.host.url());
    let other = "0123456789ABCDEF0123456789ABCDEF01234567";
    let before = snapshot(&web.john.home());
    let refused =
        web.john.run(&["handshake", "invite", &address, "--fingerprint", other]).expect(4);
    assert!(refused.stderr.contains("somebody may stand between you"), "{}", refused.stderr);
    assert_unchanged_but(&before, &snapshot(&web.john.home()), &[]);
    web.is_found();
}

#[test]
fn a_page_that_links_to_no_card_is_refused() {
    let web = Web::begin();
    let page = "<!DOCTYPE html><html><head><title>Mary</title></head><body>hello</body></html>";
    web.put("index.html", page);
    web.refuses("", 1, "leads to no card");
    let link = |href: &str| format!("<link rel=alternate type=application/rss+xml href={href}>");
    let head = |links: String| format!("<!DOCTYPE html><html><head>{links}</head><body/></html>");
    let blogs = ["a.rss", "b.rss", "c.rss"];
    for blog in blogs {
        web.put(blog, "<rss version=\"2.0\"><channel><title>b</title></channel></rss>");
    }
    let links = blogs.map(link).concat() + &link("card.rss");
    web.put("index.html", head(links));
    web.refuses("", 1, "hint: the feeds that the page links to have no im:pgpKey and im:handshake");
    assert_eq!(
        web.host.log().iter().filter(|seen| seen.1 == "/card.rss").count(),
        0,
        "three are tried"
    );
    let many = link("/x/").repeat(20_000);
    web.put("index.html", head(many));
    web.refuses("", 1, "more than 256000 bytes");
    web.put("index.html", b"\x00\xff<<<>>><link <head <link rel=alternate");
    web.refuses("", 1, "leads to no card");
    web.is_found();
}

#[test]
fn webfinger_for_somebody_else_is_refused() {
    let web = Web::begin();
    let authority = web.host.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let address = format!("mary@{authority}");
    let answer = |subject: &str, href: &str| {
        let namespace = cloudim::protocol::NAMESPACE;
        format!(
            "{{\"subject\":\"{subject}\",\"links\":[{{\"rel\":\"{namespace}\",\"type\":\"application/rss+xml\",\"href\":\"{href}\"}}]}}"
        )
    };
    let card = format!("{}card.rss", web.host.url());
    for (content, words) in [
        (answer("acct:eve@127.0.0.1", &card), "cannot be found"),
        (answer(&format!("acct:{address}"), "file:///etc/passwd"), "cannot be found"),
        (answer(&format!("acct:{address}"), "javascript:x"), "cannot be found"),
        ("{}".to_owned(), "cannot be found"),
        ("[".repeat(100_000), "cannot be found"),
        ("<html/>".to_owned(), "cannot be found"),
    ] {
        web.put(".well-known/webfinger", content);
        web.refuses_address(&address, 1, words);
    }
    web.put(".well-known/webfinger", answer(&format!("acct:{address}"), &card));
    web.john.ok(&["handshake", "invite", &address]);
}

#[test]
fn a_place_for_answers_on_another_host_is_refused() {
    let web = Web::begin();
    let feeds = format!("feeds=\"{}f/\"", web.host.url());
    for spoiled in [
        "feeds=\"http://127.0.0.1:9/f/\"".to_owned(),
        format!("feeds=\"{}f\"", web.host.url()),
        format!("feeds=\"{}f/?x=/\"", web.host.url()),
        "feeds=\"../f/\"".to_owned(),
    ] {
        let card = web.card.replace(&feeds, &spoiled);
        assert_ne!(card, web.card);
        web.put("card.rss", card);
        web.refuses("card.rss", 1, "leads to no card");
    }
    web.is_found();
}

#[test]
fn a_host_that_never_ends_or_never_answers_is_left() {
    let web = Web::begin();
    web.host.set(Behaviour::Endless);
    web.refuses("card.rss", 1, "more than 256000 bytes");
    web.host.set(Behaviour::Slow(0));
    let address = format!("{}card.rss", web.host.url());
    let ran = bounded(&web.john, &["--timeout", "1s", "handshake", "invite", &address]).expect(3);
    assert!(ran.stderr.contains("it takes too long"), "{}", ran.stderr);
    web.host.set(Behaviour::Slow(1));
    let ran = bounded(&web.john, &["--timeout", "1s", "handshake", "invite", &address]).expect(3);
    assert!(ran.stderr.contains("it takes too long"), "{}", ran.stderr);
    web.host.set(Behaviour::Normal);
    web.is_found();
}

#[test]
fn what_lies_at_the_agreed_place_and_is_no_answer_is_not_yet() {
    let (john, mary) = (Peer::john(), Peer::mary());
    john.ok(&["handshake", "invite", &mary.address()]);
    let invitation =
        fs::read_dir(john.home().join("invitations")).unwrap().next().unwrap().unwrap();
    let toml = fs::read_to_string(invitation.path()).unwrap();
    let reply = toml.lines().find_map(|line| line.strip_prefix("reply = \"")).unwrap();
    let place = mary.home().join("public/f").join(format!("{}.rss", reply.trim_end_matches('"')));
    let own = fs::read(john.pair_feed()).unwrap();
    let before = snapshot(&john.home());
    for content in [b"".to_vec(), b"<rss/>".to_vec(), vec![b' '; 300_000], own, b"\x00".to_vec()] {
        fs::write(&place, content).unwrap();
        let polled = bounded(&john, &["poll"]).expect(0);
        assert_eq!((polled.stdout.as_str(), polled.stderr.as_str()), ("", ""));
        assert_unchanged_but(&before, &snapshot(&john.home()), &[]);
    }
    fs::remove_file(place).unwrap();
    let path = john.file("invitation.rss");
    john.ok(&["handshake", "invite", &mary.address(), "--output", path.to_str().unwrap()]);
    mary.ok(&["handshake", "accept", "--input", path.to_str().unwrap()]);
    john.ok(&["poll"]);
    assert!(john.ok(&["contact", "list"]).starts_with("mary\t"));
}
