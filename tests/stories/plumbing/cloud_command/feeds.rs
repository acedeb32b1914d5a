//! Feeds that name clouds, and what these are asked.

use std::fs;

use url::form_urlencoded::Serializer;

use crate::common::peer::Peer;
use crate::common::stub::Stub;

/// A feed of `peer` that names `cloud`.
pub fn feed_naming(cloud: &Stub, peer: &Peer) -> String {
    feed(peer, &element("127.0.0.1", cloud.port(), "http-post"))
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
