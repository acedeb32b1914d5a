//! Clouds in the wild.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tiny_http::{Header, Response, Server};

use super::host::PATIENCE;

/// Status, body, and where it redirects to.
pub type Reply = (u16, String, Option<String>);

/// A cloud on loopback that notes what it is asked.
pub struct Stub {
    server: Arc<Server>,
    asked: Receiver<Asked>,
}

struct Asked {
    method: String,
    url: String,
    form: String,
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
                let (method, url) = (request.method().to_string(), request.url().to_owned());
                let _ = sender.send(Asked { method, url, form });
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

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.server.server_addr().to_ip().unwrap().port()
    }

    /// A URL on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority())
    }

    /// Waits for the next that it is asked: the path, query and all, and the form.
    #[track_caller]
    pub fn next(&self) -> (String, String) {
        let asked = self.asked.recv_timeout(PATIENCE).expect("a request");
        (asked.url, asked.form)
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        let line = |Asked { method, url, form }| format!("{method} {url} {form}");
        self.asked.try_iter().map(line).collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.unblock();
    }
}
