//! What the web sees of `public/`, as a client would ask.

use std::fs;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use cloudim::listen::hosting::public::Hosting;
use cloudim::protocol::feed::webfinger;
use cloudim::transport::server::{Body, Limits, Request, Response};

use crate::server::wire::Server;

const RSS: &[u8] = b"<rss version=\"2.0\"/>\n";
/// The largest attachment.
const LARGE: usize = 26 << 20;

/// A home with a public folder.
struct Site {
    _home: tempfile::TempDir,
    public: PathBuf,
    hosting: Hosting,
}

impl Site {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let public = home.path().join("public");
        for folder in ["f", "b", ".well-known"] {
            fs::create_dir_all(public.join(folder)).unwrap();
        }
        fs::write(home.path().join("secret.asc"), "secret").unwrap();
        for (name, content) in [
            ("index.html", "<!DOCTYPE html>"),
            ("f/index.html", "<!DOCTYPE html>\n<title>Nothing to list</title>"),
            ("key.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            (".nojekyll", ""),
            ("empty.txt", ""),
        ] {
            fs::write(public.join(name), content).unwrap();
        }
        fs::write(public.join("f/a.rss"), RSS).unwrap();
        fs::write(public.join("b/attached"), b"0123456789").unwrap();
        let card = "https://mary.example/card.rss".parse().unwrap();
        let answer = webfinger::write("acct:mary@mary.example", &card);
        fs::write(public.join(".well-known/webfinger"), answer).unwrap();
        Self { hosting: Hosting::new(public.clone()), public, _home: home }
    }

    fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let (path, query) = target.split_once('?').map_or((target, None), |(a, b)| (a, Some(b)));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.hosting.answer(&Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.map(ToOwned::to_owned),
            headers: fields.iter().map(owned).collect(),
            body: Vec::new(),
            peer: Ipv4Addr::LOCALHOST.into(),
        })
    }

    fn get(&self, target: &str) -> Response {
        self.ask("GET", target, &[])
    }
}

fn field<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

fn octets(response: Response) -> Vec<u8> {
    match response.body {
        Body::Octets(octets) => octets,
        Body::File { file, length } => {
            let mut octets = Vec::new();
            file.take(length).read_to_end(&mut octets).unwrap();
            octets
        }
    }
}

fn replace(path: &Path, content: &[u8]) {
    let next = path.with_extension("next");
    fs::write(&next, content).unwrap();
    fs::rename(next, path).unwrap();
}

#[test]
fn files_have_their_types() {
    let site = Site::new();
    for (target, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/f/", "text/html; charset=utf-8"),
        ("/f/a.rss", "application/rss+xml; charset=utf-8"),
        ("/f/a.rss?x=y", "application/rss+xml; charset=utf-8"),
        ("/%66/a%2erss", "application/rss+xml; charset=utf-8"),
        ("/key.asc", "application/pgp-keys"),
        ("/b/attached", "application/pgp-encrypted"),
    ] {
        let response = site.get(target);
        assert_eq!(response.status, 200, "{target}");
        assert_eq!(field(&response, "content-type"), Some(kind), "{target}");
    }
    assert_eq!(octets(site.get("/f/a.rss")), RSS);
    assert_eq!(octets(site.get("/empty.txt")), b"");
}

#[test]
fn nothing_is_listed_and_nothing_outside_is_there() {
    let site = Site::new();
    for target in [
        "/b/",
        "/b",
        "/missing",
        "/f/a.rss/",
        "/f/a.rss/x",
        "/.nojekyll",
        "/../secret.asc",
        "/%2e%2e/secret.asc",
        "/f/..%2f..%2fsecret.asc",
        "/..\\secret.asc",
        "//secret.asc",
        "/f/a.rss%00",
        "*",
        "",
    ] {
        let response = site.get(target);
        assert_eq!(response.status, 404, "{target}");
        assert_eq!(octets(response), b"not found\n");
    }
    let folder = site.get("/f");
    assert_eq!((folder.status, field(&folder, "location")), (301, Some("/f/")));
}

#[test]
fn other_methods_are_refused() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
        let response = Site::new().ask(method, "/f/a.rss", &[]);
        assert_eq!((response.status, field(&response, "allow")), (405, Some("GET, HEAD")));
    }
}

#[test]
fn asking_again_costs_nothing_until_the_bytes_change() {
    let site = Site::new();
    let first = site.get("/f/a.rss");
    let etag = field(&first, "etag").unwrap().to_owned();
    let modified = field(&first, "last-modified").unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.len() == 66);
    for condition in [
        ("if-none-match", etag.clone()),
        ("if-none-match", format!("W/{etag}")),
        ("if-modified-since", modified),
    ] {
        let response = site.ask("GET", "/f/a.rss", &[(condition.0, &condition.1)]);
        assert_eq!((response.status, response.body.length()), (304, 0), "{condition:?}");
        assert_eq!(field(&response, "etag"), Some(&*etag));
    }
    // As long, and within the same second.
    replace(&site.public.join("f/a.rss"), &RSS.to_ascii_uppercase());
    let response = site.ask("GET", "/f/a.rss", &[("if-none-match", &etag)]);
    assert_eq!((response.status, octets(response)), (200, RSS.to_ascii_uppercase()));
    replace(&site.public.join("f/a.rss"), RSS);
    assert_eq!(site.ask("GET", "/f/a.rss", &[("if-none-match", &etag)]).status, 304);
}

#[test]
fn an_attachment_comes_in_parts() {
    let site = Site::new();
    let etag = field(&site.get("/b/attached"), "etag").unwrap().to_owned();
    let weak = format!("W/{etag}");
    for (fields, status, range, body) in [
        (&[("range", "bytes=2-4")][..], 206, Some("bytes 2-4/10"), &b"234"[..]),
        (&[("range", "bytes=-3")], 206, Some("bytes 7-9/10"), b"789"),
        (&[("range", "bytes=8-"), ("if-range", &etag)], 206, Some("bytes 8-9/10"), b"89"),
        (&[("range", "bytes=8-"), ("if-range", &weak)], 200, None, b"0123456789"),
        (&[("range", "bytes=8-"), ("if-range", "\"other\"")], 200, None, b"0123456789"),
        (&[("range", "bytes=0-1,4-5")], 200, None, b"0123456789"),
        (&[("range", "bytes=10-")], 416, Some("bytes */10"), b"there is no such range\n"),
        (&[("range", "bytes=0-"), ("if-match", "\"other\"")], 412, None, b"the file is another\n"),
        (&[("range", "bytes=0-"), ("if-none-match", &etag)], 304, None, b""),
    ] {
        let response = site.ask("GET", "/b/attached", fields);
        assert_eq!(response.status, status, "{fields:?}");
        assert_eq!(field(&response, "content-range"), range, "{fields:?}");
        assert_eq!(octets(response), body, "{fields:?}");
    }
    assert_eq!(site.ask("HEAD", "/b/attached", &[("range", "bytes=2-4")]).status, 200);
}

#[test]
fn webfinger_speaks_of_whom_it_is() {
    let site = Site::new();
    let ask = |query: &str| site.get(&format!("/.well-known/webfinger{query}"));
    let response = ask("?rel=x&resource=acct%3Amary%40mary.example");
    assert_eq!(field(&response, "content-type"), Some("application/jrd+json"));
    assert_eq!(field(&response, "access-control-allow-origin"), Some("*"));
    assert!(webfinger::parse(&octets(response), "acct:mary@mary.example").is_ok());
    for (query, status) in [
        ("?resource=acct:eve@mary.example", 404),
        ("?resource=", 404),
        ("?resource", 404),
        ("", 400),
        ("?rel=x", 400),
    ] {
        assert_eq!(ask(query).status, status, "{query}");
    }
}

#[test]
fn the_largest_attachment_crosses_the_wire() {
    let site = Site::new();
    let content: Vec<u8> = (0..LARGE).map(|at| (at % 251) as u8).collect();
    fs::write(site.public.join("b/large"), &content).unwrap();
    let hosting = Hosting::new(site.public.clone());
    let server = Server::start(Limits::default(), move |request: Request| hosting.answer(&request));
    let mut client = server.connect();
    for (range, status, expected) in
        [("", 200, &content[..]), ("Range: bytes=20000000-\r\n", 206, &content[20_000_000..])]
    {
        client.send(format!("GET /b/large HTTP/1.1\r\nHost: x\r\n{range}\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status(), status);
        assert!(reply.body == expected);
    }
    client.0.write_all(b"HEAD /b/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let head = String::from_utf8(client.rest()).unwrap();
    assert!(head.contains(&format!("content-length: {LARGE}\r\n")) && head.ends_with("\r\n\r\n"));
    assert!(server.get("/../secret.asc").status() == 404);
}
