//! Hosts that are slow, and clouds that are down.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::host::{Host, OFTEN, RARELY, until};
use crate::common::peer::{Peer, friends};
use crate::common::port;
use crate::common::static_host::Behaviour;
use crate::common::stub::Stub;

/// A cloud that registers anybody without a question, or is down, and tells nobody by itself.
struct Cloud {
    stub: Stub,
    up: Arc<AtomicBool>,
}

impl Cloud {
    fn begin(up: bool) -> Self {
        let up = Arc::new(AtomicBool::new(up));
        let is_up = Arc::clone(&up);
        let stub = Stub::answering(move |_, _| match is_up.load(Ordering::Relaxed) {
            true => (200, "<x success=\"true\"/>".to_owned(), None),
            false => (503, String::new(), None),
        });
        Self { stub, up }
    }

    fn url(&self) -> String {
        self.stub.url("/pleaseNotify")
    }
}

/// John, on a static host with `cloud`, and Mary, who listens; they have agreed.
fn john_and_mary(cloud: &Cloud) -> (Peer, Host) {
    let (john, mary) = (Peer::new("John", &["--cloud", &cloud.url()]), Host::with_cloud("Mary"));
    john.set("third_party_cloud", "true");
    mary.peer.set("third_party_cloud", "true");
    let invitation = john.ok(&["handshake", "invite", "--output", "-"]);
    let acceptance =
        mary.peer.feed(&["handshake", "accept", "-i", "-", "-o", "-"], invitation).expect(0).stdout;
    john.feed(&["handshake", "accept", "-i", "-"], acceptance).expect(0);
    (john, mary)
}

/// Tells Mary that John's feed changed, as a cloud does.
fn notify(mary: &Host, john: &Peer) {
    let lease = mary.lease("john");
    let callback = lease.lines().find_map(|line| line.strip_prefix("callback = ")).unwrap();
    let path = callback.trim_matches('"').trim_start_matches(&mary.url);
    let name = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let answer = mary.post(&format!("/{path}"), &format!("url={}f/{name}", john.address()));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_change_that_is_not_yet_to_be_seen_is_looked_for_until_it_is() {
    let cloud = Cloud::begin(true);
    let (john, mary) = john_and_mary(&cloud);
    let at_mary = mary.listen(&[RARELY, "--print"]);
    mary.registers_with("john");
    john.host.set(Behaviour::Stale);
    john.ok(&["send", "mary", "-m", "in a while"]);
    let before = john.host.requests();
    notify(&mary, &john);
    until("it is looked for twice", || john.host.requests() >= before + 2);
    assert!(at_mary.printed().is_empty());
    john.host.set(Behaviour::Normal);
    at_mary.prints("  john  in a while");
}

#[test]
fn announcements_of_nothing_are_followed_a_few_times() {
    let cloud = Cloud::begin(true);
    let (john, mary) = john_and_mary(&cloud);
    let _at_mary = mary.listen(&[RARELY]);
    mary.registers_with("john");
    let before = john.host.requests();
    for _ in 0..300 {
        notify(&mary, &john);
    }
    john.ok(&["send", "mary", "-m", "real news"]);
    notify(&mary, &john);
    until("the real one is found", || mary.peer.ok(&["read", "john"]).contains("real news"));
    let asked = john.host.requests() - before;
    assert!(asked < 100, "{asked} requests for one change");
}

#[test]
fn a_cloud_that_is_down_costs_promptness_and_no_message() {
    let cloud = Cloud::begin(false);
    let (john, mary) = john_and_mary(&cloud);
    let at_mary = mary.listen(&[OFTEN, "--print"]);
    until("it was tried", || mary.lease("john").contains("failure = "));
    let sent = john.run(&["send", "mary", "-m", "one"]).expect(0);
    assert!(sent.stderr.contains("warning: the cloud was not told"), "{}", sent.stderr);
    at_mary.prints("  john  one");
    let shown = mary.peer.ok(&["status"]);
    assert!(shown.contains("its cloud does not tell us (status 503)"), "{shown}");
    assert_eq!(at_mary.end("-TERM"), Some(0));
    cloud.up.store(true, Ordering::Relaxed);
    mary.lease_is_due("john");
    let _at_mary = mary.listen(&[RARELY]);
    mary.registers_with("john");
    assert!(!mary.peer.ok(&["status"]).contains("its cloud"));
}

#[test]
fn a_ping_that_failed_is_made_again_by_whoever_listens() {
    let cloud = Cloud::begin(false);
    let (john, mary) = john_and_mary(&cloud);
    let sent = john.run(&["send", "mary", "-m", "one"]).expect(0);
    assert!(sent.stderr.contains("warning: the cloud was not told"), "{}", sent.stderr);
    let contact = john.home().join("contacts/mary/contact.toml");
    let is_told = || std::fs::read_to_string(&contact).unwrap().contains("\nunpinged = false\n");
    assert!(!is_told());
    let bind = format!("--bind=127.0.0.1:{}", port::free());
    let mut listen = john.command(&["listen", OFTEN, &bind]);
    let mut listening = listen.stderr(Stdio::null()).spawn().unwrap();
    cloud.up.store(true, Ordering::Relaxed);
    until("the cloud is told", is_told);
    listening.kill().unwrap();
    listening.wait().unwrap();
    mary.peer.ok(&["poll"]);
    until("it is there", || mary.peer.ok(&["read", "john"]).ends_with("  john  one\n"));
}

#[test]
fn a_ping_during_which_the_sender_was_killed_is_made_again() {
    let (john, mary) = friends();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    john.set("cloud", &format!("\"http://{}/pleaseNotify\"", silent.local_addr().unwrap()));
    john.set("third_party_cloud", "true");
    let mut send = john.command(&["send", &mary.name, "-m", "one"]);
    let mut send = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let held = silent.accept().unwrap();
    send.kill().unwrap();
    send.wait().unwrap();
    drop(held);
    let poll = thread::spawn(move || john.run(&["poll"]));
    let mut line = String::new();
    BufReader::new(silent.accept().unwrap().0).read_line(&mut line).unwrap();
    assert_eq!(line, "POST /ping HTTP/1.1\r\n");
    assert_eq!(poll.join().unwrap().status, 0, "a cloud that hangs up is a warning");
}

#[test]
fn what_a_cloud_quotes_is_no_secret_afterwards() {
    let cloud = Cloud {
        stub: Stub::answering(|_, form| {
            (200, format!("{{\"success\": false, \"msg\": \"no: {}\"}}", decoded(form)), None)
        }),
        up: Arc::default(),
    };
    let (john, mary) = john_and_mary(&cloud);
    let sent = john.run(&["send", "mary", "-m", "one"]).expect(0);
    let feed = john.pair_feed().file_stem().unwrap().to_str().unwrap().to_owned();
    assert!(sent.stderr.contains("refused: no: url=http://127.0.0.1:"), "{}", sent.stderr);
    assert!(!sent.stderr.contains(&feed), "{}", sent.stderr);
    let _at_mary = mary.listen(&[RARELY]);
    until("it was tried", || mary.lease("john").contains("failure = "));
    let (status, lease) = (mary.peer.ok(&["status"]), mary.lease("john"));
    let callback = lease.lines().find_map(|line| line.strip_prefix("callback = ")).unwrap();
    let callback = callback.trim_matches('"').rsplit('/').next().unwrap();
    assert!(status.contains("its cloud does not tell us (no: "), "{status}");
    assert!(!status.contains(&feed) && !status.contains(callback), "{status}");
}

/// The fields of a form as they were before they were encoded.
fn decoded(form: &str) -> String {
    let fields = url::form_urlencoded::parse(form.as_bytes());
    fields.map(|(name, value)| format!("{name}={value} ")).collect()
}
