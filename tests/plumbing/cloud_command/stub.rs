//! Clouds in the wild, and feeds that name them.

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tiny_http::{Header, Response, Server};
use url::form_urlencoded::Serializer;

use crate::common::peer::Peer;

/// Status, body, and where it redirects to.
pub type Reply = (u16, String, Option<String>);

/// A cloud on loopback that notes what it is asked.
pub struct Stub {
    server: Arc<Server>,
    asked: Receiver<String>,
}

impl Stub {
    /// One that answers each request, a path and a form, by `answer`.
    pub fn answering(answer: impl Fn(&str, &str) -> Reply + Send + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let (sender, asked) = channel();
        let ours = Arc::clone(&server);
        thread::spawn(move || {
            for mut request in ours.incoming_requests() {
                let mut form = String::new();
                request.as_reader().read_to_string(&mut form).unwrap();
                let (status, body, location) = answer(request.url(), &form);
                let mut response = Response::from_string(body).with_status_code(status);
                if let Some(location) = location {
                    response.add_header(Header::from_bytes("location", location).unwrap());
                }
                // The test may be over.
                let _ = sender.send(format!("{} {} {form}", request.method(), request.url()));
                let _ = request.respond(response);
            }
        });
        Self { server, asked }
    }

    /// One that always says the same.
    pub fn saying(status: u16, body: &str) -> Self {
        let body = body.to_owned();
        Self::answering(move |_, _| (status, body.clone(), None))
    }

    /// `HOST:PORT`.
    pub fn authority(&self) -> String {
        self.server.server_addr().to_string()
    }

    /// A feed of `peer` that names it.
    pub fn feed_of(&self, peer: &Peer) -> String {
        let port = self.server.server_addr().to_ip().unwrap().port();
        feed(peer, &element("127.0.0.1", port, "http-post"))
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

/// `<cloud>`.
pub fn element(domain: &str, port: u16, protocol: &str) -> String {
    format!(
        "<cloud domain=\"{domain}\" port=\"{port}\" path=\"/pleaseNotify\" registerProcedure=\"\" \
         protocol=\"{protocol}\"/>"
    )
}

/// A feed on the host of `peer` that is none of cloudim's, with `inside` in its channel.
pub fn feed(peer: &Peer, inside: &str) -> String {
    let rss = format!(
        "<rss version=\"2.0\" xmlns:source=\"http://source.scripting.com/\"><channel>\
         <title>A blog</title>{inside}</channel></rss>"
    );
    document(peer, &rss)
}

/// The URL of a document on the host of `peer`.
pub fn document(peer: &Peer, text: &str) -> String {
    fs::write(peer.home().join("public/blog.rss"), text).unwrap();
    format!("{}blog.rss", peer.address())
}

/// The ping for `feed` at `path`.
pub fn ping(path: &str, feed: &str) -> String {
    let form = Serializer::new(String::new()).append_pair("url", feed).finish();
    format!("POST {path} {form}")
}
