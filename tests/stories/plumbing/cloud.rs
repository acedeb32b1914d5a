//! A cloud is told when a feed changed, and told again if it was not there.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tiny_http::{Response, Server};

use crate::common::peer::{Peer, friends};

/// A cloud that notes what it is asked, and answers as it is told to.
pub struct Cloud {
    pub url: String,
    answer: Arc<Mutex<(u16, &'static str)>>,
    asked: Receiver<String>,
    server: Arc<Server>,
}

const GOOD: &str = "<result success=\"true\" msg=\"Thanks for the ping.\"/>";

impl Cloud {
    pub fn begin() -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let url = format!("http://{}/pleaseNotify", server.server_addr());
        let answer = Arc::new(Mutex::new((200, GOOD)));
        let (sender, asked) = channel();
        let (ours, said) = (Arc::clone(&server), Arc::clone(&answer));
        thread::spawn(move || {
            for mut request in ours.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).unwrap();
                sender.send(format!("{} {} {body}", request.method(), request.url())).unwrap();
                let (status, text) = *said.lock().unwrap();
                request.respond(Response::from_string(text).with_status_code(status)).unwrap();
            }
        });
        Self { url, answer, asked, server }
    }

    pub fn answers(&self, status: u16, text: &'static str) {
        *self.answer.lock().unwrap() = (status, text);
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

/// The ping for John's feed.
pub fn ping(john: &Peer) -> String {
    let token = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let url = format!("{}f/{token}", john.address());
    format!("POST /ping url={}", url.replace(':', "%3A").replace('/', "%2F"))
}

#[test]
fn a_cloud_is_told_of_each_change_and_again_if_it_was_not_there() {
    let ((john, mary), cloud) = (friends(), Cloud::begin());
    john.set("cloud", &format!("{:?}", cloud.url));
    john.set("third_party_cloud", "true");
    john.ok(&["publish"]);
    cloud.asked();
    john.send(&mary, "one");
    assert_eq!(cloud.asked(), [ping(&john)]);
    for (status, text) in [(500, ""), (200, "<result success=\"false\" msg=\"no\"/>")] {
        cloud.answers(status, text);
        let sent = john.run(&["send", "mary", "-m", "two"]).expect(0);
        assert!(sent.stderr.contains("warning: the cloud was not told"), "{}", sent.stderr);
        assert_eq!(cloud.asked().len(), 1);
        john.ok(&["poll"]);
        assert_eq!(cloud.asked().len(), 1, "poll tries again");
        cloud.answers(200, GOOD);
        john.ok(&["poll"]);
        assert_eq!(cloud.asked(), [ping(&john)]);
        john.ok(&["poll"]);
        assert_eq!(cloud.asked(), [""; 0], "nothing changed since");
    }
    assert_eq!(mary.poll(), ["one", "two", "two"]);
}

#[test]
fn a_stranger_s_cloud_learns_no_secret_url_unless_that_is_wanted() {
    let ((john, mary), cloud) = (friends(), Cloud::begin());
    john.set("cloud", &format!("{:?}", cloud.url));
    john.ok(&["publish"]);
    let card = format!("{}card.rss", john.address()).replace(':', "%3A").replace('/', "%2F");
    assert_eq!(cloud.asked(), [format!("POST /ping url={card}")]);
    john.send(&mary, "one");
    assert_eq!(cloud.asked(), [""; 0]);
    let element = "protocol=\"http-post\"";
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert!(!read(john.pair_feed()).contains(element));
    assert!(read(john.home().join("public/card.rss")).contains(element), "the card may name it");
}

#[test]
fn the_path_of_a_cloud_may_be_all_query() {
    let (john, cloud) = (Peer::john(), Cloud::begin());
    let url = cloud.url.replace("pleaseNotify", "?rsscloud=notify");
    john.set("cloud", &format!("{url:?}"));
    john.ok(&["publish"]);
    assert!(cloud.asked()[0].starts_with("POST /ping url="));
    let card = std::fs::read_to_string(john.home().join("public/card.rss")).unwrap();
    assert!(card.contains(" path=\"/?rsscloud=notify\" "), "{card}");
}
