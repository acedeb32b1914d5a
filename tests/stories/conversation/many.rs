//! Many contacts at once, and some of their hosts are broken.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::peer::{Peer, befriend};
use crate::common::static_host::Behaviour;

#[test]
fn one_poll_of_twenty_brings_what_the_good_hosts_have() {
    let john = Peer::john();
    let others: Vec<Peer> = (0..20).map(|n| Peer::new(&format!("peer{n:02}"), &[])).collect();
    for other in &others {
        befriend(other, &john);
        other.send(&john, &format!("by {}", other.name));
    }
    others[3].host.set(Behaviour::Down);
    others[7].host.set(Behaviour::Endless);
    let garbled = others[11].pair_feed();
    let feed = fs::read(&garbled).unwrap();
    fs::write(&garbled, "this is no feed").unwrap();
    others[15].host.set(Behaviour::Slow(0));
    let started = Instant::now();
    let ran = john.run(&["--timeout", "8s", "--format", "json", "poll"]).expect(0);
    assert!(started.elapsed() < Duration::from_secs(24), "{:?}", started.elapsed());
    let mut arrived = crate::common::peer::texts(&ran.stdout);
    arrived.sort();
    let good = others.iter().enumerate().filter(|(n, _)| ![3, 7, 11, 15].contains(n));
    assert_eq!(arrived, good.map(|(_, peer)| format!("by {}", peer.name)).collect::<Vec<_>>());
    for says in [
        "warning: cannot fetch the feed of `peer03`: ",
        "warning: cannot fetch the feed of `peer07`: ",
        "warning: cannot read the feed of `peer11`: ",
        "warning: cannot fetch the feed of `peer15`: ",
    ] {
        assert_eq!(ran.stderr.matches(says).count(), 1, "{says}\n{}", ran.stderr);
    }
    for n in [3, 7, 15] {
        others[n].host.set(Behaviour::Normal);
    }
    fs::write(&garbled, feed).unwrap();
    let mut later = john.poll();
    later.sort();
    assert_eq!(later, ["by peer03", "by peer07", "by peer11", "by peer15"]);
}
