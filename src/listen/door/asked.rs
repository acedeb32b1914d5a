//! The purpose of a request to a server of ours: told once, from its method and its path alone.
//!
//! The three servers differ in what they take. Each is one `match` on [`Asked`], so that a place
//! which is added cannot be forgotten by one of them.

use super::base_path::BasePath;
use crate::cloud_client::register::NOTIFY;
use crate::transport::server::{Request, Response};

/// The folder of the inbox that a keyless server keeps, below the base URL.
pub const INBOX: &str = "i/";

/// The purpose of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// GET `notify/<token>`: a cloud tries our callback. The token may be anything.
    Challenge(String),
    /// POST `notify/<token>`: a cloud says that a feed changed. The token may be anything.
    Notification(String),
    /// POST `pleaseFollow`: a stranger calls, by form.
    PleaseFollow,
    /// POST `pleaseNotify`: a subscriber registers with our cloud, by form.
    PleaseNotify,
    /// POST `ping`: a feed of our cloud's has changed, by form.
    Ping,
    /// POST `RPC2`: one of these four, or another, by XML-RPC.
    Rpc,
    /// A place that takes other methods.
    Wrongly(Place),
    /// `i/<name>`, by any method: a feed of an inbox, or a file. The name may be anything.
    Inbox(String),
    /// Any other path, by any method: a file, or nothing.
    File,
}

/// A place that is asked for more than its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `notify/<token>`.
    Notify,
    /// `pleaseFollow`.
    PleaseFollow,
    /// `pleaseNotify`.
    PleaseNotify,
    /// `ping`.
    Ping,
    /// `RPC2`.
    Rpc,
}

impl Asked {
    /// Returns what `request` asks of a server at `base`. The request comes back with the path that
    /// it has below that: a proxy may leave the path of the base URL on a request, or take it off.
    pub fn of(mut request: Request, base: &BasePath) -> (Self, Request) {
        request.path = base.take_off(request.path);
        (Self::at(&request.method, &request.path), request)
    }

    /// Returns what `method` asks at `path`. Both are as they were sent: case counts, escapes are
    /// not read.
    fn at(method: &str, path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or_default();
        if let Some(token) = path.strip_prefix(NOTIFY) {
            return match method {
                "GET" => Self::Challenge(token.to_owned()),
                "POST" => Self::Notification(token.to_owned()),
                _ => Self::Wrongly(Place::Notify),
            };
        }
        if let Some(name) = path.strip_prefix(INBOX) {
            return Self::Inbox(name.to_owned());
        }
        let (posted, place) = match path {
            "pleaseFollow" => (Self::PleaseFollow, Place::PleaseFollow),
            "pleaseNotify" => (Self::PleaseNotify, Place::PleaseNotify),
            "ping" => (Self::Ping, Place::Ping),
            "RPC2" => (Self::Rpc, Place::Rpc),
            _ => return Self::File,
        };
        if method == "POST" { posted } else { Self::Wrongly(place) }
    }
}

impl Place {
    /// The answer to a method that this place does not take.
    pub fn refusal(self) -> Response {
        match self {
            Self::Notify => Response::text(405, "only GET and POST").with("allow", "GET, POST"),
            Self::PleaseFollow | Self::PleaseNotify | Self::Ping | Self::Rpc => {
                Response::text(405, "only POST").with("allow", "POST")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::transport::server::Body;

    const METHODS: [&str; 9] =
        ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "CONNECT", "get", ""];

    /// Returns what is asked of a server at `base`, and the path that is left.
    fn asked_at(base: &str, method: &str, path: &str) -> (Asked, String) {
        let base = base.parse().unwrap();
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Some("path=/ping".to_owned()),
            headers: Vec::new(),
            body: b"path=/ping".to_vec(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        let (asked, request) = Asked::of(request, &BasePath::of(Some(&base)));
        assert_eq!(request.method, method);
        (asked, request.path)
    }

    fn asked(method: &str, path: &str) -> Asked {
        asked_at("https://a.example/", method, path).0
    }

    #[test]
    fn what_is_posted_is_told_by_the_place_and_all_else_there_is_asked_wrongly() {
        for (path, posted, place) in [
            ("/pleaseFollow", Asked::PleaseFollow, Place::PleaseFollow),
            ("/pleaseNotify", Asked::PleaseNotify, Place::PleaseNotify),
            ("/ping", Asked::Ping, Place::Ping),
            ("/RPC2", Asked::Rpc, Place::Rpc),
        ] {
            for method in METHODS {
                let expected =
                    if method == "POST" { posted.clone() } else { Asked::Wrongly(place) };
                assert_eq!(asked(method, path), expected, "{method} {path}");
            }
        }
    }

    #[test]
    fn a_callback_is_tried_by_get_and_told_by_post() {
        for token in ["abc", "", "a/b", "%61", "/", "notify/x"] {
            for method in METHODS {
                let expected = match method {
                    "GET" => Asked::Challenge(token.to_owned()),
                    "POST" => Asked::Notification(token.to_owned()),
                    _ => Asked::Wrongly(Place::Notify),
                };
                assert_eq!(asked(method, &format!("/notify/{token}")), expected);
            }
        }
    }

    #[test]
    fn the_inbox_and_files_are_told_whatever_the_method() {
        for method in METHODS {
            for name in ["abc.rss", "", "a/b", "/ping"] {
                let expected = Asked::Inbox(name.to_owned());
                assert_eq!(asked(method, &format!("/i/{name}")), expected);
            }
            for path in ["/", "/card.rss", "/f/a.rss", "/.well-known/webfinger"] {
                assert_eq!(asked(method, path), Asked::File, "{method} {path}");
            }
        }
    }

    #[test]
    fn what_only_resembles_a_place_is_a_file() {
        for path in [
            "",
            "*",
            "ping",
            "notify/x",
            "//ping",
            "/ping/",
            "/Ping",
            "/PING",
            "/rpc2",
            "/RPC2/",
            "/%70ing",
            "/ping%20",
            "/ping?x",
            "/./ping",
            "/a/../ping",
            "/pleasefollow",
            "/pleaseFollowing",
            "/notify",
            "/Notify/x",
            "//notify/x",
            "/i",
            "/I/x",
            "/x/i/y",
        ] {
            for method in METHODS {
                assert_eq!(asked(method, path), Asked::File, "{method} {path}");
            }
        }
    }

    #[test]
    fn the_folder_of_the_base_url_may_be_there_or_not() {
        let base = "https://a.example/im/";
        for (path, expected, left) in [
            ("/im/ping", Asked::Ping, "/ping"),
            ("/ping", Asked::Ping, "/ping"),
            ("/im/notify/x", Asked::Notification("x".to_owned()), "/notify/x"),
            ("/im/i/x", Asked::Inbox("x".to_owned()), "/i/x"),
            ("/im/", Asked::File, "/"),
            ("/im", Asked::File, "/im"),
            ("/im/im/ping", Asked::File, "/im/ping"),
            ("/imping", Asked::File, "/imping"),
            ("/IM/ping", Asked::File, "/IM/ping"),
            ("im/ping", Asked::File, "im/ping"),
            ("/other/ping", Asked::File, "/other/ping"),
        ] {
            assert_eq!(asked_at(base, "POST", path), (expected, left.to_owned()), "{path}");
        }
        for path in ["/im/ping", "/f/a%20b.rss", "", "*", "//x"] {
            assert_eq!(asked_at("https://a.example/", "GET", path).1, path);
        }
    }

    #[test]
    fn a_refusal_names_the_methods_that_the_place_takes() {
        for (place, line, allow) in [
            (Place::Notify, "only GET and POST\n", "GET, POST"),
            (Place::PleaseFollow, "only POST\n", "POST"),
            (Place::PleaseNotify, "only POST\n", "POST"),
            (Place::Ping, "only POST\n", "POST"),
            (Place::Rpc, "only POST\n", "POST"),
        ] {
            let refusal = place.refusal();
            let Body::Octets(octets) = refusal.body else { unreachable!() };
            assert_eq!((refusal.status, octets.as_slice()), (405, line.as_bytes()));
            let plain = ("content-type".to_owned(), "text/plain; charset=utf-8".to_owned());
            assert_eq!(refusal.headers, [plain, ("allow".to_owned(), allow.to_owned())]);
        }
    }
}
