//! nginx stands before two who listen, as the README has it.

use super::nginx::Nginx;
use crate::common::host::{Host, RARELY, until};
use crate::common::peer::Peer;
use crate::common::port;

/// Somebody who listens behind nginx; the URL is the inner one.
fn behind(name: &str, outside: u16, inside: u16) -> Host {
    let peer = Peer::without_identity(name);
    let base = format!("http://127.0.0.1:{outside}/");
    let keygen = ["--name", name, "--base-url", &base, "--cloud", "self", "--no-passphrase"];
    peer.ok(&[&["keygen"], &keygen[..]].concat());
    peer.set("bind", &format!("\"127.0.0.1:{inside}\""));
    peer.set("trusted_proxies", "[\"127.0.0.1\"]");
    Host { peer, url: format!("http://127.0.0.1:{inside}/") }
}

fn server((outside, inside): (u16, u16)) -> String {
    format!(
        "server {{ listen 127.0.0.1:{outside}; location / {{ proxy_pass http://127.0.0.1:{inside};\n\
         proxy_set_header X-Forwarded-For $remote_addr; }} }}\n"
    )
}

#[test]
#[ignore = "needs nginx"]
fn two_who_listen_behind_nginx_hear_each_other_at_once() {
    let (one, two) = ((port::free(), port::free()), (port::free(), port::free()));
    let (john, mary) = (behind("John", one.0, one.1), behind("Mary", two.0, two.1));
    let _nginx = Nginx::start(&(server(one) + &server(two)), one.0);
    let (at_john, at_mary) = (john.listen(&[RARELY, "--print"]), mary.listen(&[RARELY, "--print"]));
    john.peer.ok(&["handshake", "invite", &format!("http://127.0.0.1:{}/", two.0)]);
    until("the call is followed", || mary.peer.ok(&["handshake", "list"]).contains("john"));
    mary.peer.ok(&["handshake", "accept", "john"]);
    until("the answer is found", || john.peer.ok(&["contact", "list"]).starts_with("mary\t"));
    john.registers_with("mary");
    mary.registers_with("john");
    for round in 0..3 {
        john.peer.ok(&["send", "mary", "-m", &format!("question {round}")]);
        at_mary.prints(&format!("  john  question {round}"));
        mary.peer.ok(&["send", "john", "-m", &format!("answer {round}")]);
        at_john.prints(&format!("  mary  answer {round}"));
    }
    until("all is acknowledged", || john.peer.ok(&["status"]) == "mary\tall well\n");
}
