//! Strangers who would reach our own machine through us.

use crate::common::peer::Peer;

#[test]
fn is_fetched_from_our_loopback_because_our_hosts_name_begins_with_127() {
    let mary = Peer::mary();
    let john = Peer::without_identity("John");
    for base in ["https://127.evil.example/", "https://127.0.0.1.evil.example/"] {
        let _ = std::fs::remove_dir_all(john.home());
        john.ok(&["keygen", "--name", "John", "--base-url", base, "--no-passphrase"]);
        let asked = mary.host.requests();
        let card = format!("{}card.rss", mary.address());
        let refused = john.fails(&["fetch", &card], 1);
        assert!(refused.contains("is not public (loopback)"), "{refused}");
        let refused = john.fails(&["handshake", "invite", &mary.address(), "-o", "-"], 1);
        assert!(refused.contains("is not public (loopback)"), "{refused}");
        assert_eq!(mary.host.requests(), asked, "not a single request");
    }
}
