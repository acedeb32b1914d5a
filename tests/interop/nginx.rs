//! nginx serves the homes of two people: a web server that has never heard of us is enough.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::common::peer::Peer;
use crate::common::port;

/// nginx with a folder of its own, serving the `public/` of people at two ports of loopback.
pub struct Nginx {
    folder: TempDir,
    server: Child,
}

impl Nginx {
    /// Serves the homes at their locations, like "/~anna/", of their ports.
    fn serve(homes: &[(u16, &str, PathBuf)]) -> Self {
        Self::start(&static_servers(homes), homes[0].0)
    }

    /// Starts nginx with `servers`, in its own words, one of which has `port`.
    pub fn start(servers: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("nginx.conf"), configuration(servers)).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        let server = nginx.spawn().unwrap_or_else(|cause| panic!("`nginx` is needed: {cause}"));
        let nginx = Self { folder, server };
        nginx.wait_for(port);
        nginx
    }

    fn wait_for(&self, port: u16) {
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!(
            "nginx does not answer: {:?}",
            fs::read_to_string(self.folder.path().join("error.log"))
        );
    }

    /// Waits until the log, of lines like "GET /path 200", ends with `lines`: nginx writes them
    /// after it has answered.
    #[track_caller]
    fn expect_log(&self, lines: &[String]) {
        let log = self.log_when(|log| log.ends_with(lines));
        assert!(log.ends_with(lines), "{lines:#?} is not the end of {log:#?}");
    }

    /// The log, as soon as it is `enough`, or in the end.
    fn log_when(&self, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut log = Vec::new();
        for _ in 0..250 {
            let text = fs::read_to_string(self.folder.path().join("access.log")).unwrap();
            log = text.lines().map(str::to_owned).collect();
            if enough(&log) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        log
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One process without workers: there is nobody else to end.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn static_servers(homes: &[(u16, &str, PathBuf)]) -> String {
    let mut ports: Vec<u16> = homes.iter().map(|(port, _, _)| *port).collect();
    ports.dedup();
    let mut servers = String::new();
    for port in ports {
        servers.push_str(&format!("server {{ listen 127.0.0.1:{port};\n"));
        for (_, at, home) in homes.iter().filter(|(other, _, _)| *other == port) {
            servers.push_str(&format!("location {at} {{ alias {}/public/; }}\n", home.display()));
        }
        servers.push_str("}\n");
    }
    servers
}

fn configuration(servers: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"))
        .concat();
    // As a host would have it, but for one process and its own folder; the log line is ours.
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\nhttp {{\n{temporary}\
         types {{ text/html html; application/rss+xml rss; }}\ngzip on;\ngzip_types application/rss+xml;\n\
         log_format plain '$request_method $request_uri $status';\naccess_log access.log plain;\n\
         {servers}}}\n"
    )
}

/// Somebody whose base URL is at `port` of nginx.
fn peer(name: &str, port: u16, at: &str) -> Peer {
    let peer = Peer::without_identity(name);
    let base = format!("http://127.0.0.1:{port}{at}");
    peer.ok(&["keygen", "--name", name, "--base-url", &base, "--no-passphrase"]);
    peer
}

#[test]
#[ignore = "needs nginx"]
fn a_handshake_and_a_conversation_work_between_homes_that_nginx_serves() {
    let (one, two) = (port::free(), port::free());
    let mary = peer("Mary", one, "/");
    let john = peer("John", two, "/");
    let anna = peer("Anna", two, "/~anna/");
    let bert = peer("Bert", two, "/some/where/bert/");
    let nginx = Nginx::serve(&[
        (one, "/", mary.home()),
        (two, "/", john.home()),
        (two, "/~anna/", anna.home()),
        (two, "/some/where/bert/", bert.home()),
    ]);

    let account = format!("mary@127.0.0.1:{one}");
    let card = format!("http://127.0.0.1:{one}/card.rss");
    let page = format!("http://127.0.0.1:{one}/");
    for (friend, address) in [(&john, &account), (&anna, &card), (&bert, &page)] {
        let invitation = friend.ok(&["handshake", "invite", address, "--output", "-"]);
        assert_eq!(friend.ok(&["poll"]), "", "not yet is no failure");
        mary.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
        let ran = friend.run(&["poll"]).expect(0);
        assert!(ran.stderr.contains("mary: accepted your invitation"), "{}", ran.stderr);
        friend.send(&mary, &format!("it is {}", friend.name));
    }
    let mut heard = mary.poll();
    heard.sort();
    assert_eq!(heard, ["it is anna", "it is bert", "it is john"]);
    for friend in [&john, &anna, &bert] {
        mary.send(friend, &format!("hello {}", friend.name));
        assert_eq!(friend.poll(), [format!("hello {}", friend.name)]);
    }
    mary.ok(&["poll"]);
    for friend in [&john, &anna, &bert] {
        friend.ok(&["poll"]);
        assert_eq!(friend.ok(&["status"]), "mary\tall well\n");
    }
    let status = mary.ok(&["status"]);
    assert_eq!(status.matches("all well").count(), 3, "{status}");

    let asked = ["GET /.well-known/webfinger?resource=acct", "GET /card.rss 200", "GET / 200"];
    let all =
        |log: &[String]| asked.iter().all(|line| log.iter().any(|logged| logged.starts_with(line)));
    let log = nginx.log_when(all);
    assert!(all(&log), "{log:#?}");
}

#[test]
#[ignore = "needs nginx"]
fn nginx_is_asked_for_what_changed_only() {
    let (one, two) = (port::free(), port::free());
    let (mary, john) = (peer("Mary", one, "/"), peer("John", two, "/"));
    let nginx = Nginx::serve(&[(one, "/", mary.home()), (two, "/", john.home())]);
    let invite = ["handshake", "invite", &format!("http://127.0.0.1:{one}/"), "--output", "-"];
    let invitation = john.ok(&invite);
    mary.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
    john.ok(&["poll"]);
    john.send(&mary, "dinner at eight?");
    // The tag is made of the second in which the file was written, and proves nothing while that lasts.
    let written = std::fs::File::options().write(true).open(john.pair_feed()).unwrap();
    written.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(9)).unwrap();
    assert_eq!(mary.poll(), ["dinner at eight?"]);
    mary.run(&["poll", "--fail-empty"]).expect(6);
    let feed = format!("GET /f/{}", john.pair_feed().file_name().unwrap().display());
    nginx.expect_log(&[format!("{feed} 200"), format!("{feed} 304")]);
    john.send(&mary, "or at nine?");
    assert_eq!(mary.poll(), ["or at nine?"]);
    nginx.expect_log(&[format!("{feed} 304"), format!("{feed} 200")]);
}

#[test]
#[ignore = "needs nginx"]
fn what_changes_within_a_second_and_keeps_its_size_is_seen() {
    let (one, two) = (port::free(), port::free());
    let (mary, john) = (peer("Mary", one, "/"), peer("John", two, "/"));
    let _nginx = Nginx::serve(&[(one, "/", mary.home()), (two, "/", john.home())]);
    let page = format!("http://127.0.0.1:{one}/");
    let invitation = john.ok(&["handshake", "invite", &page, "--output", "-"]);
    mary.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
    john.ok(&["poll"]);
    // The acknowledgement replaces another of the same length; to nginx a version is size and second.
    for text in ["one", "two", "three", "four", "five"] {
        john.send(&mary, text);
        assert_eq!(mary.poll(), [text]);
        john.ok(&["poll"]);
        assert_eq!(john.ok(&["status"]), "mary\tall well\n", "after {text}");
    }
}

#[test]
#[ignore = "needs nginx"]
fn nginx_lists_no_folder_and_shows_nothing_but_public() {
    let (one, two) = (port::free(), port::free());
    let mary = peer("Mary", one, "/");
    let john = peer("John", two, "/");
    let nginx = Nginx::serve(&[(one, "/", mary.home()), (two, "/", john.home())]);
    for (path, status) in [
        ("f/", 200),
        ("b/", 200),
        ("key.asc", 200),
        ("secret.asc", 404),
        ("config.toml", 404),
        ("f/..%2fsecret.asc", 404),
    ] {
        let url = format!("http://127.0.0.1:{one}/{path}");
        john.run(&["fetch", &url]).expect(if status == 200 { 0 } else { 3 });
        nginx.expect_log(&[format!("GET /{path} {status}")]);
    }
}
