//! A stub that subscribes: notes what it is told, and answers as the test wants it to.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use cloudim::protocol::xmlrpc::{self, Value};
use tiny_http::{Header, Method, Request, Response, Server};
use url::form_urlencoded::parse;

use crate::common::host::PATIENCE;

/// A request to the subscriber: its path, and the fields of its query or form. By XML-RPC these
/// are `url`, the one parameter, beside the procedure.
pub struct Call {
    pub is_post: bool,
    pub path: String,
    pub procedure: Option<String>,
    pub fields: HashMap<String, String>,
}

/// Status, body, and where it redirects to.
pub type Reply = (u16, String, Option<String>);

/// Procedure, path and feed.
type Told = (Option<String>, String, String);

/// A server on loopback; each call is answered on a thread of its own.
pub struct Subscriber {
    server: Arc<Server>,
    told: Receiver<Told>,
    asked: Arc<AtomicUsize>,
}

impl Subscriber {
    /// One that answers as it must.
    pub fn honest() -> Self {
        Self::answering(honest)
    }

    /// One that answers by `answer`.
    pub fn answering(answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let (sender, told) = channel();
        let (ours, answer) = (Arc::clone(&server), Arc::new(answer));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for mut request in ours.incoming_requests() {
                count.fetch_add(1, Ordering::SeqCst);
                let (sender, answer) = (sender.clone(), Arc::clone(&answer));
                thread::spawn(move || {
                    let call = Call::read(&mut request);
                    let (status, body, location) = answer(&call);
                    if call.is_post {
                        let feed = call.fields["url"].clone();
                        let _ = sender.send((call.procedure, call.path, feed));
                    }
                    let mut response = Response::from_string(body).with_status_code(status);
                    if let Some(location) = location {
                        response.add_header(Header::from_bytes("location", location).unwrap());
                    }
                    // The cloud may not wait.
                    let _ = request.respond(response);
                });
            }
        });
        Self { server, told, asked }
    }

    /// Requests so far, of whatever kind.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub fn port(&self) -> u16 {
        self.server.server_addr().to_ip().unwrap().port()
    }

    /// The path and feed of the next notification, which is a form; also of one that was answered
    /// with a failure.
    #[track_caller]
    pub fn told(&self) -> (String, String) {
        let (procedure, path, feed) = self.told.recv_timeout(PATIENCE).expect("a notification");
        assert_eq!(procedure, None);
        (path, feed)
    }

    /// Procedure, path and feed of the next notification, which is by XML-RPC.
    #[track_caller]
    pub fn called(&self) -> (String, String, String) {
        let (procedure, path, feed) = self.told.recv_timeout(PATIENCE).expect("a notification");
        (procedure.expect("a call by XML-RPC"), path, feed)
    }

    /// Asserts that no notification came, or comes at once.
    #[track_caller]
    pub fn was_not_told(&self) {
        let more = self.told.recv_timeout(Duration::from_millis(300));
        assert!(more.is_err(), "{more:?}");
    }
}

impl Call {
    fn read(request: &mut Request) -> Self {
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body).unwrap();
        let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
        let is_post = *request.method() == Method::Post;
        let kind = request.headers().iter().find(|header| header.field.equiv("content-type"));
        let kind = kind.map(|header| header.value.as_str()).unwrap_or_default();
        let (procedure, fields) = match kind {
            "text/xml" => {
                assert!(body.contains("<param><value>http://"), "without a type: {body}");
                let call = xmlrpc::Call::parse(body.as_bytes()).unwrap();
                let [Value::Text(url)] = &call.parameters[..] else { panic!("{call:?}") };
                (Some(call.method), HashMap::from([("url".to_owned(), url.clone())]))
            }
            _ => {
                let text = if is_post { &body } else { query };
                (None, parse(text.as_bytes()).into_owned().collect())
            }
        };
        Self { is_post, path: path.to_owned(), procedure, fields }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

/// The answer that the protocol wants.
pub fn honest(call: &Call) -> Reply {
    (200, call.fields.get("challenge").cloned().unwrap_or_default(), None)
}
